"""What one-step errors still know of each other: a model that has taken everything out of a series leaves noise.

    r_k = sum_t e(t) e(t - k) / sum_t e(t)^2         with the mean of e taken off; within 1.96 / sqrt(n) of 0 for noise
    Q   = n (n + 2) sum_{k <= m} r_k^2 / (n - k)     chi-squared with m - p degrees of freedom, p numbers being fitted

Reference: Ljung, Box: On a measure of lack of fit in time series models. Biometrika 65(2), 297-303, 1978,
doi:10.1093/biomet/65.2.297.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from .._intake import listing
from .._statistics import CONFIDENCE
from ..errors import InvalidInput


@dataclass(frozen=True)
class Residuals:
    """The autocorrelation of one-step errors.

    Attributes:
        autocorrelation: (lags, variables), at lags 1, 2 ...
        bound: within which 95 of 100 values lie for noise, below and above 0.
        statistic: (variables,) Q of Ljung and Box over all these lags.
        p_value: (variables,) how often noise has a Q as large.
        freedom: degrees of freedom of Q.

    """

    autocorrelation: np.ndarray
    bound: float
    statistic: np.ndarray
    p_value: np.ndarray
    freedom: int

    @property
    def beyond(self) -> tuple[int, ...]:
        """Lags at which the autocorrelation of a variable lies beyond the bound."""
        outside = (np.abs(self.autocorrelation) > self.bound).any(axis=1)
        return tuple(int(lag) + 1 for lag in np.flatnonzero(outside))

    @property
    def verdict(self) -> str:
        """A sentence that says whether the errors look like noise."""
        least = float(self.p_value.min())
        variables = len(self.p_value)
        if least >= (1 - CONFIDENCE) / variables:  # the least of several is small by chance more often
            return f"The errors look like noise: noise is as correlated in {100 * least:.2g} of 100 cases."
        where = f", most clearly at lag {int(np.argmax(np.abs(self.autocorrelation).max(axis=1))) + 1}"
        return (
            f"The errors are not noise: they are correlated{where}, so the series holds something that the model "
            f"leaves out (Ljung-Box p = {least:.2g})."
        )


def residuals(errors: Any, *, lags: int | None = None, fitted: int = 0) -> Residuals:
    """The autocorrelation of one-step errors, and the test of Ljung and Box.

    Args:
        errors: (time,) or (time, variables), true minus foretold, in order of time.
        lags: how many; None for 10 log10(time), or a fifth of the errors where less, above `fitted` at least.
        fitted: numbers of the model that take degrees of freedom from the test, p + q of ARIMA.

    Raises:
        InvalidInput: other shapes, values that are not finite, errors that never change, or lags that are too many or
            not more than `fitted`.

    Example:
        >>> import numpy as np
        >>> from mnemon.series import residuals
        >>> residuals(np.tile([1.0, -1.0], 50), lags=3).verdict.split(":")[0]
        'The errors are not noise'

    """
    values = np.asarray(errors, np.float64)
    values = values[:, np.newaxis] if values.ndim == 1 else values
    if values.ndim != 2 or values.size == 0:
        raise InvalidInput(f"errors: expected (time,) or (time, variables), got shape {np.shape(errors)}")
    if (bad := np.flatnonzero(~np.isfinite(values).all(axis=1))).size:
        raise InvalidInput(f"errors: not finite at step {listing(bad)}")
    n = len(values)
    most = max(min(int(10 * np.log10(n)), n // 5), fitted + 1) if lags is None else lags
    if fitted < 0 or not fitted < most < n:
        raise InvalidInput(f"lags={most}: expected more than fitted={fitted} and fewer than the {n} errors")
    if (still := np.flatnonzero(np.ptp(values, axis=0) == 0)).size:
        raise InvalidInput(f"errors: variable {listing(still)} never changes, so it has no autocorrelation")
    around = values - values.mean(axis=0)
    power = np.square(around).sum(axis=0)
    each = np.stack([(around[k:] * around[:-k]).sum(axis=0) / power for k in range(1, most + 1)])
    weight = n - np.arange(1, most + 1)[:, np.newaxis]
    statistic = n * (n + 2) * (np.square(each) / weight).sum(axis=0)
    bound = float(stats.norm.ppf((1 + CONFIDENCE) / 2) / np.sqrt(n))
    p_value = np.asarray(stats.chi2.sf(statistic, most - fitted))
    return Residuals(each, bound, statistic, p_value, most - fitted)
