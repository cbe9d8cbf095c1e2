"""Exponential smoothing and ARIMA, as statsmodels has them: needed only where these are asked for.

References: Hyndman, Koehler, Ord, Snyder: Forecasting with exponential smoothing, the state space approach. Springer
2008, doi:10.1007/978-3-540-71918-2. Box, Jenkins: Time series analysis, forecasting and control. Holden-Day 1970.
"""

import importlib
import warnings
from typing import Any

import numpy as np

from ..errors import InvalidInput, suggest
from ._baselines import Baseline, season

_SHAPES = ("auto", "none", "add", "mul")


class ETS(Baseline):
    """Exponential smoothing with additive errors, variable by variable.

    Args:
        trend: "add", "mul", "none", or "auto": the least corrected criterion of Akaike among none, additive, and
            additive damped.
        seasonal: "add", "mul", "none", or "auto": additive where there is a season and two of them were seen.
        damped: whether a trend that is given is damped.
        period: steps of a season; None for what the index suggests.

    Exogenous values are not used. `fit` raises `InvalidInput` without statsmodels, and where no form can be fitted.

    """

    least = 3

    def __init__(
        self, trend: str = "auto", seasonal: str = "auto", *, damped: bool = False, period: int | None = None
    ) -> None:
        self.trend = trend
        self.seasonal = seasonal
        self.damped = damped
        self.period = period

    def _learn(self) -> None:
        self._models = _part("statsmodels.tsa.exponential_smoothing.ets", "ETS")
        for name in ("trend", "seasonal"):
            if getattr(self, name) not in _SHAPES:
                raise InvalidInput(f"ETS: {name}={getattr(self, name)!r}: {suggest(str(getattr(self, name)), _SHAPES)}")
        self.period_ = season(self.period, self.timeline_)
        trends = [(None, False), ("add", False), ("add", True)]
        if self.trend != "auto":
            trends = [(None if self.trend == "none" else self.trend, self.damped and self.trend != "none")]
        seasonal = None if self.seasonal == "none" else self.seasonal
        if seasonal == "auto":
            seasonal = "add" if self.period_ > 1 and len(self.values_) >= 2 * self.period_ else None
        elif seasonal is not None and self.period_ < 2:
            raise InvalidInput(f"ETS: seasonal={seasonal!r} needs a period of at least 2 steps; give period=...")
        forms = [
            {"trend": trend, "damped_trend": damped, "seasonal": seasonal}
            | ({} if seasonal is None else {"seasonal_periods": self.period_})
            for trend, damped in trends
        ]
        self.forms_, self._weights = zip(*(self._best(y, forms) for y in self.values_.T))

    def _best(self, y: np.ndarray, forms: list[dict[str, Any]]) -> tuple[dict[str, Any], np.ndarray]:
        """The form of the least criterion and its estimates."""
        found, reasons = [], []
        for form in forms:
            try:
                with _quiet():
                    fitted = self._models.ETSModel(y, error="add", **form).fit(disp=False)
                criterion = fitted.aicc if np.isfinite(fitted.aicc) else fitted.aic
                found.append((criterion if np.isfinite(criterion) else np.inf, len(found), form, fitted.params))
            except (ValueError, ArithmeticError, np.linalg.LinAlgError) as problem:
                reasons.append(str(problem))
        if not found:
            raise InvalidInput(f"ETS: cannot be fitted to {len(y)} steps: {reasons[0]}")
        return min(found)[2:]

    def _forecast(self, horizon: int, beside: np.ndarray | None) -> np.ndarray:
        told = []
        for y, form, weights in zip(self.values_.T, self.forms_, self._weights):
            with _quiet():
                told.append(self._models.ETSModel(y, error="add", **form).smooth(weights).forecast(horizon))
        return np.stack(told, axis=1)


class ARIMA(Baseline):
    """Autoregressive integrated moving average, with exogenous values where there are some, variable by variable.

    Args:
        order: (p, d, q).
        seasonal: (P, D, Q); None for (0, 1, 1) where there is a season and three of them were seen, else none.
        period: steps of a season; None for what the index suggests.

    `fit` raises `InvalidInput` without statsmodels, and where it cannot be fitted.

    """

    least = 3

    def __init__(
        self,
        order: tuple[int, int, int] = (1, 1, 1),
        seasonal: tuple[int, int, int] | None = None,
        *,
        period: int | None = None,
    ) -> None:
        self.order = order
        self.seasonal = seasonal
        self.period = period

    def _learn(self) -> None:
        models = _part("statsmodels.tsa.arima.model", "ARIMA")
        self.period_ = season(self.period, self.timeline_)
        seasonal = self.seasonal
        if seasonal is None:
            seasonal = (0, 1, 1) if self.period_ > 1 and len(self.values_) >= 3 * self.period_ else (0, 0, 0)
        seasons = (*seasonal, self.period_ if any(seasonal) else 0)
        try:
            with _quiet():
                self._fitted = [
                    models.ARIMA(y, exog=self.exogenous_, order=self.order, seasonal_order=seasons).fit()
                    for y in self.values_.T
                ]
        except (ValueError, IndexError, np.linalg.LinAlgError) as problem:
            raise InvalidInput(f"ARIMA: cannot be fitted to {len(self.values_)} steps: {problem}") from None

    def _forecast(self, horizon: int, beside: np.ndarray | None) -> np.ndarray:
        told = []
        for y, fitted in zip(self.values_.T, self._fitted):
            with _quiet():
                now = fitted if len(y) == fitted.nobs else fitted.apply(y, exog=self.exogenous_)
                told.append(np.asarray(now.forecast(horizon, exog=beside)))
        return np.stack(told, axis=1)


def _part(name: str, what: str) -> Any:
    """A module of statsmodels."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise InvalidInput(f'{what}: needs statsmodels: pip install "mnemon[forecast]"') from None


def _quiet() -> Any:
    """Without the warnings of an optimiser that stops early: a baseline is what it is."""
    return warnings.catch_warnings(action="ignore")
