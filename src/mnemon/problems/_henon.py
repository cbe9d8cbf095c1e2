"""The Henon map: M. Henon, A two-dimensional mapping with a strange attractor, Communications in Mathematical Physics
50(1):69-77, 1976, doi:10.1007/BF01608556.

    x(k+1) = 1 - a x(k)^2 + y(k),    y(k+1) = b x(k)
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import PRNGKeyArray

from ._problem import check_numbers, generator
from ._series import check_bounded, check_points, check_reals


@dataclass(frozen=True)
class Henon:
    """Both variables of the Henon map.

    Args:
        a: how much it folds.
        b: how much of an area is left by each step.
        start: x and y at first.
        washout: points thrown away first; with 0 the series begins with `start`.

    Raises:
        InvalidInput: constants that are not finite.

    Example:
        >>> from mnemon.problems import Henon
        >>> Henon(washout=0).series(3)[:, 0].tolist()
        [0.0, 1.0, -0.3999999999999999]

    """

    a: float = 1.4
    b: float = 0.3
    start: tuple[float, float] = (0.0, 0.0)
    washout: int = 100

    def __post_init__(self) -> None:
        check_reals("Henon", a=self.a, b=self.b, **dict(zip("xy", self.start)))
        check_numbers("Henon", washout=(self.washout, 0))

    @property
    def channels(self) -> tuple[str, ...]:
        """Both variables."""
        return ("x", "y")

    @property
    def reference(self) -> str:
        """Where the map is from."""
        return "M. Henon, Communications in Mathematical Physics 50(1):69-77, 1976"

    def series(self, n: int, key: PRNGKeyArray | None = None) -> np.ndarray:
        """`n` points (n, 2). A key moves each variable of the start by at most 0.1.

        Raises:
            InvalidInput: fewer than one, or constants (or a start) from which the map has no bounds.

        """
        check_points(self, n)
        move = np.zeros(2) if key is None else generator(key).uniform(-0.1, 0.1, 2)
        x, y = (float(value) for value in np.asarray(self.start) + move)
        values = np.empty((self.washout + n, 2))
        for k in range(len(values)):
            values[k] = x, y
            x, y = 1 - self.a * x * x + y, self.b * x
        return check_bounded(self, values)[self.washout :]
