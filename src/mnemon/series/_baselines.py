"""What a forecast has to beat: the last value, the last season, the straight line through the ends.

    Naive          y(T + h) = y(T)
    SeasonalNaive  y(T + h) = y(T + h - s), the last time that season was seen
    Drift          y(T + h) = y(T) + h (y(T) - y(1)) / (T - 1)

Reference: Hyndman, Athanasopoulos: Forecasting, principles and practice. OTexts 2021, 3rd edition, section 5.2.
"""

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, Self

import numpy as np

from ..errors import InvalidInput
from ._covariates import covariates
from ._read import MeasuredSeries, one_series
from ._timeline import Timeline


class Baseline(ABC):
    """A forecaster of one series, its variables each for itself.

    Attributes:
        exogenous_: (time, columns) what was seen beside it, or None.

    """

    least = 1  # steps that a series must have

    def fit(self, y: Any, X: Any = None) -> Self:
        """Measure on a series.

        Args:
            y: one series, as `as_series` takes it.
            X: exogenous values at its steps, as `covariates` takes them; used where the method can.

        Raises:
            InvalidInput, InvalidType: as `as_series` and `covariates`, and for too short a series.

        """
        measured = one_series(y, least=self.least)
        self._series = measured
        self._columns: tuple[Any, ...] | None = None
        self.exogenous_ = None
        if X is not None:
            known = covariates(X, measured.timeline)
            self.exogenous_, self._columns = known.values, known.names
        self._learn()
        return self

    def update(self, y: Any, X: Any = None) -> Self:
        """Take new observations right behind those seen; nothing is estimated again."""
        seen = self._known()
        new = one_series(y, like=seen)
        timeline = seen.timeline.followed_by(new.timeline)
        beside = self._beside(X, new.timeline)
        if self.exogenous_ is not None and beside is not None:
            self.exogenous_ = np.concatenate([self.exogenous_, beside])
        self._series = replace(seen, values=np.concatenate([seen.values, new.values]), timeline=timeline)
        return self

    @property
    def values_(self) -> np.ndarray:
        """What was seen, (time, variables)."""
        return self._known().values

    @property
    def timeline_(self) -> Timeline:
        """Where it stands."""
        return self._known().timeline

    def predict(self, horizon: int, X: Any = None) -> np.ndarray:
        """Forecasts of the next `horizon` steps, (horizon, variables).

        Args:
            horizon: steps ahead.
            X: exogenous values at those steps, (horizon, columns), where `fit` had some.

        Raises:
            InvalidInput: a horizon below 1, or exogenous values that are missing, too many, or other than at `fit`.

        """
        steps = len(self.timeline_.positions(horizon))
        return self._forecast(steps, self._beside(X, self.timeline_.continued(steps)))

    def _known(self) -> MeasuredSeries:
        if not hasattr(self, "_series"):
            raise InvalidInput(f"{type(self).__name__} knows no series yet; call fit first")
        return self._series

    def _beside(self, X: Any, timeline: Timeline) -> np.ndarray | None:
        """The exogenous values at `timeline`, where there are to be some."""
        if self._columns is None:
            if X is not None:
                raise InvalidInput("X: exogenous values came, but there were none at fit; give them there too")
            return None
        if X is None:
            raise InvalidInput(
                f"X: no exogenous values came, but there were some at fit; give them for {timeline.label(0)} to "
                f"{timeline.label(-1)}"
            )
        return covariates(X, timeline, columns=self._columns).values

    def _learn(self) -> None:  # noqa: B027 (some have nothing to estimate)
        """Estimate what there is to estimate."""

    @abstractmethod
    def _forecast(self, horizon: int, beside: np.ndarray | None) -> np.ndarray:
        """(horizon, variables), with the exogenous values `beside` (horizon, columns)."""


class Naive(Baseline):
    """The last value, for ever.

    Example:
        >>> from mnemon.series import Naive
        >>> Naive().fit([1.0, 2.0, 4.0]).predict(2).tolist()
        [[4.0], [4.0]]

    """

    def _forecast(self, horizon: int, beside: np.ndarray | None) -> np.ndarray:
        return np.repeat(self.values_[-1:], horizon, axis=0)


class SeasonalNaive(Baseline):
    """The last season, again and again.

    Args:
        period: steps of a season; None for what the index suggests (12 for months, ...), which is `period_` after
            `fit`.

    """

    def __init__(self, period: int | None = None) -> None:
        self.period = period

    def _learn(self) -> None:
        self.period_ = season(self.period, self.timeline_)
        if len(self.values_) < self.period_:
            raise InvalidInput(
                f"SeasonalNaive: {len(self.values_)} steps are less than one season of {self.period_}; give a longer "
                "series or a shorter period"
            )

    def _forecast(self, horizon: int, beside: np.ndarray | None) -> np.ndarray:
        return self.values_[-self.period_ :][np.arange(horizon) % self.period_]


def season(period: int | None, timeline: Timeline) -> int:
    """The steps of a season: those given, or what the timeline suggests."""
    if period is None:
        return timeline.period
    if isinstance(period, bool) or not isinstance(period, int | np.integer) or period < 1:
        raise InvalidInput(f"period={period!r}; expected a whole number of at least 1")
    return int(period)


class Drift(Baseline):
    """From the last value on with the mean change, which is that of the straight line from the first to the last.

    Attributes:
        slope_: (variables,) change a step, as estimated by `fit`.

    """

    least = 2

    def _learn(self) -> None:
        self.slope_ = (self.values_[-1] - self.values_[0]) / (len(self.values_) - 1)

    def _forecast(self, horizon: int, beside: np.ndarray | None) -> np.ndarray:
        return self.values_[-1] + np.arange(1, horizon + 1)[:, np.newaxis] * self.slope_
