"""The Mackey-Glass equation: M. Mackey and L. Glass, Oscillation and chaos in physiological control systems,
Science 197(4300):287-289, 1977, doi:10.1126/science.267326.

    dx/dt = a x(t - tau) / (1 + x(t - tau)^power) - b x(t),    x(t) = start for t <= 0

With a = 0.2, b = 0.1 and power 10 it is chaotic for tau above about 16.8; forecasts are compared at tau 17 and 30.

The method is Runge and Kutta's of order four. What it asks of the past at half a step is interpolated by the cubic that
has the values and the slopes of both ends, which is of order four too; kinks of the solution (at 0, tau, 2 tau ...)
stand on ends of steps. During one tau nothing but the known past enters nonlinearly, so that all of its steps are one
linear recurrence,

    x' = R x + h/6 (P g(t) + Q g(t + h/2) + g(t + h)),   g = a x(. - tau) / (1 + x(. - tau)^power),   z = b h
    R = 1 - z + z^2/2 - z^3/6 + z^4/24,   P = 1 - z + z^2/2 - z^3/4,   Q = 4 - 2 z + z^2/2
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import PRNGKeyArray
from scipy.signal import lfilter

from ._problem import check_numbers, generator
from ._series import check_bounded, check_points, check_positive, steps_in


@dataclass(frozen=True)
class MackeyGlass:
    """Values of the Mackey-Glass equation at regular times.

    Args:
        tau: the delay.
        a: strength of production.
        b: rate of decay.
        power: how sharply production falls.
        start: the value until time 0.
        spacing: time between two points.
        step: time between two steps of integration; tau and spacing are multiples of it.
        washout: points thrown away first, so that the series is on its attractor; with 0 it begins with `start`.

    Raises:
        InvalidInput: constants that are not above 0, or times that are no multiples of the step.

    Example:
        >>> from mnemon.problems import MackeyGlass
        >>> MackeyGlass(tau=17).series(1000).shape
        (1000, 1)

    """

    tau: float = 17.0
    a: float = 0.2
    b: float = 0.1
    power: float = 10.0
    start: float = 1.2
    spacing: float = 1.0
    step: float = 0.1
    washout: int = 1000

    def __post_init__(self) -> None:
        names = ("tau", "a", "b", "power", "start", "spacing", "step")
        check_positive("MackeyGlass", **{name: getattr(self, name) for name in names})
        check_numbers("MackeyGlass", washout=(self.washout, 0))
        steps_in("MackeyGlass", self.step, tau=self.tau)
        steps_in("MackeyGlass", self.step, spacing=self.spacing)

    @property
    def channels(self) -> tuple[str, ...]:
        """The value."""
        return ("x",)

    @property
    def reference(self) -> str:
        """Where the equation is from."""
        return "M. Mackey and L. Glass, Science 197(4300):287-289, 1977"

    def series(self, n: int, key: PRNGKeyArray | None = None) -> np.ndarray:
        """`n` points (n, 1), `spacing` apart. A key draws the value until time 0, from half to three halves of `start`.

        Raises:
            InvalidInput: fewer than one, or constants by which the method has no bounds (too long a step).

        """
        check_points(self, n)
        start = self.start if key is None else self.start * generator(key).uniform(0.5, 1.5)
        every = steps_in("MackeyGlass", self.step, spacing=self.spacing)
        values = self._steps(start, (self.washout + n - 1) * every + 1)[::every, None]
        return check_bounded(self, values)[self.washout :]

    def _steps(self, start: float, count: int) -> np.ndarray:
        """The solution at `count` steps from time 0."""
        delay, h, b = steps_in("MackeyGlass", self.step, tau=self.tau), self.step, self.b
        z = b * h
        keep = 1 - z + z**2 / 2 - z**3 / 6 + z**4 / 24
        first, middle = 1 - z + z**2 / 2 - z**3 / 4, 4 - 2 * z + z**2 / 2
        past, past_middles = np.full(delay + 1, start), np.full(delay, start)  # one tau: ends of steps, their middles
        blocks = [past[:1]]
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(-(-(count - 1) // delay)):
                ends, middles = self._production(past), self._production(past_middles)
                drive = h / 6 * (first * ends[:-1] + middle * middles + ends[1:])
                now = lfilter([1.0], [1.0, -keep], drive, zi=[keep * past[-1]])[0]
                past = np.concatenate([past[-1:], now])
                slopes = ends - b * past
                past_middles = (past[:-1] + past[1:]) / 2 + h / 8 * (slopes[:-1] - slopes[1:])
                blocks.append(now)
        return np.concatenate(blocks)[:count]

    def _production(self, past: np.ndarray) -> np.ndarray:
        """What is produced, given the value a delay ago."""
        return self.a * past / (1 + past**self.power)
