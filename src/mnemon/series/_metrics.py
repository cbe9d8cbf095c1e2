"""How far forecasts are from what came: errors with and without a scale.

    nmse      sum (t - y)^2 / sum (t - mean t)^2          1 is as bad as the mean
    mase      mean |t - y| / mean |x(k) - x(k - s)|       x: the training part; 1 is as bad as its last season
    smape     mean 2 |t - y| / (|t| + |y|)                0 to 2, not per cent; a step where both are 0 counts 0
    rmse      sqrt(mean (t - y)^2)
    mae       mean |t - y|
    pinball   mean max(q (t - y), (q - 1) (t - y))        of a forecast of the quantile q
    coverage  share of steps that lie within an interval

The denominators of `nmse` and `mase` are 0 for values that do not change; that is refused, in words.

References: Hyndman, Koehler: Another look at measures of forecast accuracy. International Journal of Forecasting 22(4),
679-688, 2006, doi:10.1016/j.ijforecast.2006.03.001 (mase, smape). Koenker, Bassett: Regression quantiles. Econometrica
46(1), 33-50, 1978, doi:10.2307/1913643 (pinball). Weigend, Gershenfeld (eds.): Time series prediction, 1994 (nmse).
"""

from typing import Any

import numpy as np

from .._intake import listing
from ..errors import InvalidInput

Error = float | np.ndarray


def nmse(true: Any, predicted: Any, *, variance_of: Any = None, average: bool = True) -> Error:
    """Squared error over that of the mean.

    Args:
        true, predicted: (time,) or (time, variables).
        variance_of: the values whose mean and variance are meant, such as the training part, (time,) or (time,
            variables); None for `true`.
        average: the mean over the variables; otherwise (variables,).

    Raises:
        InvalidInput: other shapes, values that are not finite, or values that do not change.

    Example:
        >>> from mnemon.series import nmse
        >>> nmse([1.0, 3.0], [2.0, 2.0])
        1.0

    """
    true, predicted = _pair(true, predicted, "nmse")
    spread = true if variance_of is None else _table(variance_of, "nmse: variance_of")
    _same_variables(spread, true, "nmse: variance_of")
    variance = variances(spread, "true values" if variance_of is None else "values of variance_of")
    return _averaged(np.square(true - predicted).mean(axis=0) / variance, average)


def variances(values: np.ndarray, what: str) -> np.ndarray:
    """(variables,) mean squared distance from the mean of `values` (time, variables); refused where it is 0."""
    if (still := np.flatnonzero(np.ptp(values, axis=0) == 0)).size:
        raise InvalidInput(
            f"nmse: the {what} do not change{_which(values, still)}, so there is no variance to compare with; "
            "give more values, or variance_of the training part"
        )
    return np.square(values - values.mean(axis=0)).mean(axis=0)


def mase(true: Any, predicted: Any, training: Any, period: int = 1, *, average: bool = True) -> Error:
    """Absolute error over that of repeating the season before, one step ahead, in the training part.

    Args:
        true, predicted: (time,) or (time, variables).
        training: (time,) or (time, variables), what was known before.
        period: steps of a season; 1 compares with repeating the last value.
        average: the mean over the variables; otherwise (variables,).

    Raises:
        InvalidInput: other shapes, values that are not finite, a training part that is not longer than a season, or
            that repeats itself exactly.

    """
    true, predicted = _pair(true, predicted, "mase")
    known = _table(training, "mase: training")
    _same_variables(known, true, "mase: training")
    return _averaged(np.abs(true - predicted).mean(axis=0) / naive_error(known, period), average)


def naive_error(training: np.ndarray, period: int) -> np.ndarray:
    """(variables,) mean absolute change of `training` (time, variables) over a season; refused where it is 0."""
    if len(training) <= period:
        raise InvalidInput(f"mase: {len(training)} steps of training are not longer than a season of {period}")
    scale = np.abs(training[period:] - training[:-period]).mean(axis=0)
    if (still := np.flatnonzero(scale == 0)).size:
        raise InvalidInput(
            f"mase: the training part repeats itself every {period} steps{_which(training, still)}, so that repeating "
            "it makes no error to compare with; use mae or rmse"
        )
    return scale


def smape(true: Any, predicted: Any, *, average: bool = True) -> Error:
    """Absolute error over the mean size of both, 0 to 2; for `average` and errors, see `mae`."""
    true, predicted = _pair(true, predicted, "smape")
    return _averaged(relative_errors(true, predicted).mean(axis=0), average)


def relative_errors(true: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Step by step, what `smape` is the mean of."""
    size = np.abs(true) + np.abs(predicted)
    return 2 * np.abs(true - predicted) / np.where(size > 0, size, 1.0)


def rmse(true: Any, predicted: Any, *, average: bool = True) -> Error:
    """Root of the mean squared error, in the unit of the series; for `average` and errors, see `mae`."""
    true, predicted = _pair(true, predicted, "rmse")
    return _averaged(np.sqrt(np.square(true - predicted).mean(axis=0)), average)


def mae(true: Any, predicted: Any, *, average: bool = True) -> Error:
    """Mean absolute error, in the unit of the series.

    Args:
        true, predicted: (time,) or (time, variables).
        average: the mean over the variables; otherwise (variables,).

    Raises:
        InvalidInput: other shapes, or values that are not finite.

    """
    true, predicted = _pair(true, predicted, "mae")
    return _averaged(np.abs(true - predicted).mean(axis=0), average)


def pinball(true: Any, predicted: Any, quantile: float, *, average: bool = True) -> Error:
    """Mean loss of a forecast of one quantile (above 0, below 1); for `average` and errors, see `mae`."""
    true, predicted = _pair(true, predicted, "pinball")
    if not 0 < quantile < 1:
        raise InvalidInput(f"pinball: quantile={quantile!r}; expected a number above 0 and below 1")
    short = true - predicted
    return _averaged(np.maximum(quantile * short, (quantile - 1) * short).mean(axis=0), average)


def coverage(true: Any, low: Any, high: Any, *, average: bool = True) -> Error:
    """Share of the steps at which `true` lies within `low` and `high`, both included.

    Raises:
        InvalidInput: as `mae`, and where `low` is above `high`.

    """
    true, below = _pair(true, low, "coverage")
    _, above = _pair(true, high, "coverage")
    if (crossed := np.flatnonzero((below > above).any(axis=1))).size:
        raise InvalidInput(f"coverage: low lies above high at step {listing(crossed)}")
    return _averaged(((below <= true) & (true <= above)).mean(axis=0), average)


def _pair(true: Any, predicted: Any, what: str) -> tuple[np.ndarray, np.ndarray]:
    """Both as (time, variables)."""
    first, second = _table(true, f"{what}: true"), _table(predicted, f"{what}: predicted")
    if first.shape != second.shape:
        raise InvalidInput(f"{what}: expected forecasts of shape {np.shape(true)}, got {np.shape(predicted)}")
    return first, second


def _table(values: Any, what: str) -> np.ndarray:
    try:
        table = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise InvalidInput(f"{what}: expected numbers (time,) or (time, variables)") from None
    if table.ndim not in (1, 2) or table.size == 0:
        raise InvalidInput(f"{what}: expected (time,) or (time, variables), got shape {table.shape}")
    table = table if table.ndim == 2 else table[:, np.newaxis]
    if (bad := np.flatnonzero(~np.isfinite(table).all(axis=1))).size:
        raise InvalidInput(f"{what}: not finite at step {listing(bad)}")
    return table


def _same_variables(values: np.ndarray, true: np.ndarray, what: str) -> None:
    if values.shape[1] != true.shape[1]:
        raise InvalidInput(f"{what}: expected {true.shape[1]} variables, got {values.shape[1]}")


def _which(values: np.ndarray, columns: np.ndarray) -> str:
    return f" (variable {listing(columns)})" if values.shape[1] > 1 else ""


def _averaged(errors: np.ndarray, average: bool) -> Error:
    return float(errors.mean()) if average else errors
