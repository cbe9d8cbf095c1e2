"""One scale for all variables: z = (x - m) / s, and back."""

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from .._statistics import mean_and_deviation
from ..errors import InvalidInput
from ._transformation import Transformation, unfitted


@dataclass(frozen=True)
class Standardise(Transformation):
    """Each variable to mean 0 and standard deviation 1; one that never changes to 0.

    Attributes:
        mean, deviation: (variables,) after `fit`.

    """

    mean: np.ndarray = field(default_factory=unfitted, repr=False, compare=False)
    deviation: np.ndarray = field(default_factory=unfitted, repr=False, compare=False)

    def fit(self, values: np.ndarray) -> Self:
        mean, deviation = mean_and_deviation(np.asarray(values))
        return replace(self, mean=mean, deviation=np.where(deviation > 0, deviation, 1.0))

    def apply(self, values: np.ndarray) -> np.ndarray:
        return (values - self.mean) / self.deviation

    def continue_(self, future: np.ndarray) -> np.ndarray:
        return future * self.deviation + self.mean


@dataclass(frozen=True)
class MinMax(Transformation):
    """Each variable from its range to `low` ... `high`; one that never changes stands in the middle.

    Attributes:
        low, high: the new range.
        middle, scale: (variables,) after `fit`.

    """

    low: float = -1.0
    high: float = 1.0
    middle: np.ndarray = field(default_factory=unfitted, repr=False, compare=False)
    scale: np.ndarray = field(default_factory=unfitted, repr=False, compare=False)

    def fit(self, values: np.ndarray) -> Self:
        if not self.low < self.high:
            raise InvalidInput(f"MinMax: low={self.low!r} has to be below high={self.high!r}")
        least, most = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
        scale = (most - least) / (self.high - self.low)
        return replace(self, middle=least + (most - least) / 2, scale=np.where(scale > 0, scale, 1.0))

    def apply(self, values: np.ndarray) -> np.ndarray:
        return (values - self.middle) / self.scale + (self.low + self.high) / 2

    def continue_(self, future: np.ndarray) -> np.ndarray:
        return (future - (self.low + self.high) / 2) * self.scale + self.middle
