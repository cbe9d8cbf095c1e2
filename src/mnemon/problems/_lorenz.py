"""The Lorenz system: E. Lorenz, Deterministic nonperiodic flow, Journal of the Atmospheric Sciences 20(2):130-141,
1963, doi:10.1175/1520-0469(1963)020<0130:DNF>2.0.CO;2.

    dx/dt = sigma (y - x),    dy/dt = x (rho - z) - y,    dz/dt = x y - beta z

by Runge and Kutta's method of order four.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import PRNGKeyArray

from ._problem import check_numbers, generator
from ._series import check_bounded, check_points, check_positive, check_reals, steps_in


@dataclass(frozen=True)
class Lorenz:
    """The three variables of the Lorenz system at regular times.

    Args:
        sigma: Prandtl's number.
        rho: Rayleigh's number over the critical one.
        beta: of the shape of the cells.
        start: x, y and z at time 0.
        spacing: time between two points.
        step: time between two steps of integration; spacing is a multiple of it.
        washout: points thrown away first; with 0 the series begins with `start`.

    Raises:
        InvalidInput: constants that are not finite, times that are not above 0, a spacing that is no multiple of the
            step.

    Example:
        >>> from mnemon.problems import Lorenz
        >>> Lorenz().series(1000).shape
        (1000, 3)

    """

    sigma: float = 10.0
    rho: float = 28.0
    beta: float = 8 / 3
    start: tuple[float, float, float] = (1.0, 1.0, 1.0)
    spacing: float = 0.02
    step: float = 0.005
    washout: int = 1000

    def __post_init__(self) -> None:
        check_reals("Lorenz", sigma=self.sigma, rho=self.rho, beta=self.beta, **dict(zip("xyz", self.start)))
        check_positive("Lorenz", spacing=self.spacing, step=self.step)
        check_numbers("Lorenz", washout=(self.washout, 0))
        steps_in("Lorenz", self.step, spacing=self.spacing)

    @property
    def channels(self) -> tuple[str, ...]:
        """Convection, and two differences of temperature."""
        return ("x", "y", "z")

    @property
    def reference(self) -> str:
        """Where the system is from."""
        return "E. Lorenz, Journal of the Atmospheric Sciences 20(2):130-141, 1963"

    def series(self, n: int, key: PRNGKeyArray | None = None) -> np.ndarray:
        """`n` points (n, 3), `spacing` apart. A key moves each variable of the start by at most 1.

        Raises:
            InvalidInput: fewer than one, or constants by which the system has no bounds.

        """
        check_points(self, n)
        move = np.zeros(3) if key is None else generator(key).uniform(-1, 1, 3)
        x, y, z = (float(value) for value in np.asarray(self.start) + move)
        every = steps_in("Lorenz", self.step, spacing=self.spacing)
        values = np.full((self.washout + n, 3), np.nan)
        values[0] = x, y, z
        try:
            for k in range(1, len(values)):
                for _ in range(every):
                    x, y, z = self._step(x, y, z)
                values[k] = x, y, z
        except OverflowError:
            pass  # what follows stays NaN, which is told
        return check_bounded(self, values)[self.washout :]

    def _step(self, x: float, y: float, z: float) -> tuple[float, float, float]:
        """One step of integration; in plain numbers, since arrays of three are slow."""
        sigma, rho, beta, h = self.sigma, self.rho, self.beta, self.step
        half = h / 2
        x1, y1, z1 = sigma * (y - x), x * (rho - z) - y, x * y - beta * z
        u, v, w = x + half * x1, y + half * y1, z + half * z1
        x2, y2, z2 = sigma * (v - u), u * (rho - w) - v, u * v - beta * w
        u, v, w = x + half * x2, y + half * y2, z + half * z2
        x3, y3, z3 = sigma * (v - u), u * (rho - w) - v, u * v - beta * w
        u, v, w = x + h * x3, y + h * y3, z + h * z3
        x4, y4, z4 = sigma * (v - u), u * (rho - w) - v, u * v - beta * w
        sixth = h / 6
        return (
            x + sixth * (x1 + 2 * x2 + 2 * x3 + x4),
            y + sixth * (y1 + 2 * y2 + 2 * y3 + y4),
            z + sixth * (z1 + 2 * z2 + 2 * z3 + z4),
        )
