"""Transformations of a series, variable by variable, that are undone on its forecasts; and several in a row."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import reduce
from typing import Self

import numpy as np


class Transformation(ABC):
    """From the units of a series to those that a model sees, and back.

    The parts are immutable: `fit` and `advance` return copies. Arrays are float64, and NaN stays NaN.
    """

    @property
    def lost(self) -> int:
        """First steps without a transformed value, which `apply` leaves NaN."""
        return 0

    @abstractmethod
    def fit(self, values: np.ndarray) -> Self:
        """A copy that is measured on, and stands at the end of, `values` (time, variables)."""

    @abstractmethod
    def apply(self, values: np.ndarray) -> np.ndarray:
        """A whole series `values` (time, variables) transformed, NaN in the first `lost` steps."""

    @abstractmethod
    def continue_(self, future: np.ndarray) -> np.ndarray:
        """Transformed forecasts (..., horizon, variables) behind the last values seen, back in the series' units."""

    def follow(self, values: np.ndarray) -> tuple[np.ndarray, Self]:
        """New observations (steps, variables) transformed, none lost, and a copy that stands behind them."""
        return self.apply(values), self

    def advance(self, values: np.ndarray) -> Self:
        """A copy that stands behind new observations (steps, variables); nothing is measured again."""
        return self.follow(values)[1]

    def at(self, values: np.ndarray) -> Self:
        """A copy that stands at the end of another series, or an earlier part of it; nothing is measured again."""
        return self

    def undo(self, foretold: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Each of the last steps of `values` (time, variables), foretold from those before it, back in their units.

        Args:
            foretold: (steps, variables) what `apply` was expected to make of these steps, at most time - `lost`.
            values: what came.

        """
        return self.continue_(foretold)


def unfitted() -> np.ndarray:
    """What stands in a field that `fit` fills."""
    return np.empty(0)


@dataclass(frozen=True)
class Chain(Transformation):
    """Transformations one after another, undone from the last to the first; none of them changes nothing.

    Example:
        >>> import numpy as np
        >>> from mnemon.series import Chain, Difference, Log
        >>> y = np.array([[1.0], [2.0], [4.0], [8.0]])
        >>> chain = Chain(Log(), Difference()).fit(y)
        >>> chain.continue_(np.log([[2.0], [2.0]])).round(9).tolist()
        [[16.0], [32.0]]

    """

    parts: tuple[Transformation, ...]

    def __init__(self, *parts: Transformation) -> None:
        object.__setattr__(self, "parts", parts)

    @property
    def lost(self) -> int:
        return sum(part.lost for part in self.parts)

    def fit(self, values: np.ndarray) -> Self:
        parts = []
        for part in self.parts:
            parts.append(part.fit(values))
            values = parts[-1].apply(values)
        return type(self)(*parts)

    def apply(self, values: np.ndarray) -> np.ndarray:
        return reduce(lambda seen, part: part.apply(seen), self.parts, np.asarray(values, np.float64))

    def continue_(self, future: np.ndarray) -> np.ndarray:
        return reduce(lambda seen, part: part.continue_(seen), reversed(self.parts), np.asarray(future, np.float64))

    def follow(self, values: np.ndarray) -> tuple[np.ndarray, Self]:
        moved = []
        for part in self.parts:
            values, part = part.follow(values)
            moved.append(part)
        return np.asarray(values, np.float64), type(self)(*moved)

    def at(self, values: np.ndarray) -> Self:
        return type(self)(*(part.at(seen) for part, seen in zip(self.parts, self._stages(values), strict=True)))

    def undo(self, foretold: np.ndarray, values: np.ndarray) -> np.ndarray:
        for part, seen in zip(reversed(self.parts), reversed(self._stages(values)), strict=True):
            foretold = part.undo(foretold, seen)
        return np.asarray(foretold, np.float64)

    def _stages(self, values: np.ndarray) -> list[np.ndarray]:
        """What each of the parts is given of a series."""
        stages = []
        for part in self.parts:
            stages.append(values)
            values = part.apply(values)
        return stages
