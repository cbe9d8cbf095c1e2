"""Differences, for series that wander or have a season.

    Difference           z(t) = x(t) - x(t - 1), once or several times
    SeasonalDifference   z(t) = x(t) - x(t - s)

Reference: Box, Jenkins: Time series analysis, forecasting and control. Holden-Day, San Francisco 1970.
"""

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from ..errors import InvalidInput
from ._transformation import Chain, Transformation, unfitted


@dataclass(frozen=True)
class SeasonalDifference(Transformation):
    """The change since the same step of the season before, `period` steps back.

    Attributes:
        period: steps of a season.
        last: (period, variables) the last values seen, after `fit`.

    `fit` raises `InvalidInput` for a series that is not longer than a season.

    """

    period: int
    last: np.ndarray = field(default_factory=unfitted, repr=False, compare=False)

    @property
    def lost(self) -> int:
        return self.period

    def fit(self, values: np.ndarray) -> Self:
        if isinstance(self.period, bool) or not isinstance(self.period, int | np.integer) or self.period < 1:
            raise InvalidInput(f"SeasonalDifference: period={self.period!r}; expected a whole number of at least 1")
        known = int((~np.isnan(values).any(axis=1)).sum())  # an earlier difference leaves its first steps empty
        if known <= self.period:
            raise InvalidInput(
                f"a difference over {self.period} needs more than {self.period} steps, but only {known} are there"
            )
        return replace(self, last=np.array(values[-self.period :], np.float64))

    def apply(self, values: np.ndarray) -> np.ndarray:
        values = np.asarray(values, np.float64)
        changes = np.full(values.shape, np.nan)
        changes[self.period :] = values[self.period :] - values[: -self.period]
        return changes

    def continue_(self, future: np.ndarray) -> np.ndarray:
        future = np.asarray(future, np.float64)
        *axes, horizon, variables = future.shape
        seasons = -(-horizon // self.period)
        whole = np.zeros((*axes, seasons * self.period, variables))
        whole[..., :horizon, :] = future
        sums = np.cumsum(whole.reshape(*axes, seasons, self.period, variables), axis=-3) + self.last
        return sums.reshape(whole.shape)[..., :horizon, :]

    def at(self, values: np.ndarray) -> Self:
        return replace(self, last=np.array(values[-self.period :], np.float64))

    def undo(self, foretold: np.ndarray, values: np.ndarray) -> np.ndarray:
        end = len(values) - self.period
        return foretold + values[end - len(foretold) : end]

    def follow(self, values: np.ndarray) -> tuple[np.ndarray, Self]:
        both = np.concatenate([self.last, np.asarray(values, np.float64)])
        return both[self.period :] - both[: -self.period], replace(self, last=both[-self.period :])


@dataclass(frozen=True)
class Difference(Transformation):
    """The change since the step before, `order` times.

    Attributes:
        order: how often; 0 changes nothing.
        steps: the differences one after another, after `fit`.

    `fit` raises `InvalidInput` for a series of `order` steps or fewer.

    Example:
        >>> import numpy as np
        >>> from mnemon.series import Difference
        >>> Difference().fit(np.array([[1.0], [4.0]])).continue_(np.array([[3.0], [3.0]])).tolist()
        [[7.0], [10.0]]

    """

    order: int = 1
    steps: Chain = field(default_factory=Chain, repr=False, compare=False)

    @property
    def lost(self) -> int:
        return self.order

    def fit(self, values: np.ndarray) -> Self:
        if isinstance(self.order, bool) or not isinstance(self.order, int | np.integer) or self.order < 0:
            raise InvalidInput(f"Difference: order={self.order!r}; expected a whole number of at least 0")
        return replace(self, steps=Chain(*[SeasonalDifference(1)] * self.order).fit(values))

    def apply(self, values: np.ndarray) -> np.ndarray:
        return self.steps.apply(values)

    def continue_(self, future: np.ndarray) -> np.ndarray:
        return self.steps.continue_(future)

    def at(self, values: np.ndarray) -> Self:
        return replace(self, steps=self.steps.at(values))

    def undo(self, foretold: np.ndarray, values: np.ndarray) -> np.ndarray:
        return self.steps.undo(foretold, values)

    def follow(self, values: np.ndarray) -> tuple[np.ndarray, Self]:
        changes, steps = self.steps.follow(values)
        return changes, replace(self, steps=steps)
