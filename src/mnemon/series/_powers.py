"""Logarithm and powers, for series whose changes grow with their level.

    Log      z = log(x + c)
    BoxCox   z = ((x + c)^l - 1) / l, or log(x + c) where l = 0; l by maximum likelihood

Reference: Box, Cox: An analysis of transformations. Journal of the Royal Statistical Society B 26, 211-252, 1964,
doi:10.1111/j.2517-6161.1964.tb00553.x.
"""

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from scipy import special, stats

from .._intake import listing
from ..errors import InvalidInput
from ._transformation import Transformation, unfitted


@dataclass(frozen=True)
class Log(Transformation):
    """The logarithm; `offset` is added before it, 0 where None.

    `fit` and `apply` raise `InvalidInput` for values that are not positive with the offset, and name the rows.

    Example:
        >>> import numpy as np
        >>> from mnemon.series import Log
        >>> y = np.array([[1.0], [10.0]])
        >>> fitted = Log().fit(y)
        >>> fitted.continue_(fitted.apply(y)).round(9).tolist()
        [[1.0], [10.0]]

    """

    offset: float | None = None

    def fit(self, values: np.ndarray) -> Self:
        _positive(values, self.offset or 0.0, "Log")
        return self

    def apply(self, values: np.ndarray) -> np.ndarray:
        return np.log(_positive(values, self.offset or 0.0, "Log"))

    def continue_(self, future: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):  # a forecast beyond all numbers is infinite
            return np.exp(future) - (self.offset or 0.0)


@dataclass(frozen=True)
class BoxCox(Transformation):
    """The power of each variable under which it is most nearly normal.

    A forecast outside what a power can come from is set to the border: 0 for positive `lmbda`, infinity for negative.

    Attributes:
        lmbda: the power; None for maximum likelihood, variable by variable, 1 for one that never changes.
        offset: added before it, 0 where None.
        powers: (variables,) after `fit`.

    `fit` and `apply` raise `InvalidInput` for values that are not positive with the offset, and name the rows.

    """

    lmbda: float | None = None
    offset: float | None = None
    powers: np.ndarray = field(default_factory=unfitted, repr=False, compare=False)

    def fit(self, values: np.ndarray) -> Self:
        moved = _positive(values, self.offset or 0.0, "BoxCox")
        likeliest = [_likeliest(column) if self.lmbda is None else self.lmbda for column in moved.T]
        return replace(self, powers=np.array(likeliest, np.float64))

    def apply(self, values: np.ndarray) -> np.ndarray:
        return special.boxcox(_positive(values, self.offset or 0.0, "BoxCox"), self.powers)

    def continue_(self, future: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            border = -1 / self.powers
            inside = np.where(self.powers > 0, np.maximum(future, border), future)
            inside = np.where(self.powers < 0, np.minimum(future, border), inside)
            return special.inv_boxcox(inside, self.powers) - (self.offset or 0.0)


def _positive(values: np.ndarray, offset: float, name: str) -> np.ndarray:
    """`values` and the offset, where all of it is positive; NaN passes."""
    moved = np.asarray(values, np.float64) + offset
    if (rows := np.flatnonzero((moved <= 0).any(axis=-1))).size:
        least = float(np.nanmin(values))
        raise InvalidInput(
            f"{name}: values above {0.0 - offset:g} are needed, but those of row {listing(rows)} are not (the least is "
            f"{least:g}); give an offset above {0.0 - least:g}, or leave this transformation out"
        )
    return moved


def _likeliest(column: np.ndarray) -> float:
    known = column[~np.isnan(column)]
    if np.all(known == known[:1]):
        return 1.0
    scaled = known / np.exp(np.mean(np.log(known)))  # the same maximum, and no power overflows
    return float(np.asarray(stats.boxcox_normmax(scaled, method="mle")))
