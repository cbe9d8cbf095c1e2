"""Plants to be identified: K. Narendra and K. Parthasarathy, Identification and control of dynamical systems using
neural networks, IEEE Trans. Neural Networks 1(1):4-27, 1990, doi:10.1109/72.80202, examples 1 to 4 of section V.

    1   y(k+1) = 0.3 y(k) + 0.6 y(k-1) + f(u(k)),   f(u) = 0.6 sin(pi u) + 0.3 sin(3 pi u) + 0.1 sin(5 pi u)
    2   y(k+1) = y(k) y(k-1) (y(k) + 2.5) / (1 + y(k)^2 + y(k-1)^2) + u(k)
    3   y(k+1) = y(k) / (1 + y(k)^2) + u(k)^3
    4   y(k+1) = (y(k) y(k-1) y(k-2) u(k-1) (y(k-2) - 1) + u(k)) / (1 + y(k-1)^2 + y(k-2)^2)

They are learned from inputs uniform in [-1, 1] (1 and 4) or [-2, 2] (2 and 3), and tested with

    1   sin(2 pi k / 250) for k < 250, then 0.5 sin(2 pi k / 250) + 0.5 sin(2 pi k / 25)
    2   sin(2 pi k / 25)
    3   sin(2 pi k / 25) + sin(2 pi k / 10)
    4   sin(2 pi k / 250) for k < 500, then 0.8 sin(2 pi k / 250) + 0.2 sin(2 pi k / 25)

Settled here, from memory of the paper and as later papers quote it: the ranges of training inputs, and the steps at
which mixed inputs set in. The rest is its equations.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..errors import InvalidInput
from ._driven import Driven, check_lengths
from ._series import check_points, check_positive

Waves = tuple[tuple[float, int], ...]


class _Example(NamedTuple):
    """One of the paper's plants.

    Attributes:
        next: y(k+1) from (y(k), y(k-1), y(k-2)) and (u(k), u(k-1)).
        reach: the largest training input.
        waves: the test input, as heights and periods; `then`: from step `until` on.

    """

    next: Callable[[np.ndarray, np.ndarray], np.ndarray]
    reach: float
    waves: Waves
    then: Waves = ((0.0, 1),)
    until: float = float("inf")


def _first(y: np.ndarray, u: np.ndarray) -> np.ndarray:
    f = 0.6 * np.sin(np.pi * u[0]) + 0.3 * np.sin(3 * np.pi * u[0]) + 0.1 * np.sin(5 * np.pi * u[0])
    return 0.3 * y[0] + 0.6 * y[1] + f


def _second(y: np.ndarray, u: np.ndarray) -> np.ndarray:
    return y[0] * y[1] * (y[0] + 2.5) / (1 + y[0] ** 2 + y[1] ** 2) + u[0]


def _third(y: np.ndarray, u: np.ndarray) -> np.ndarray:
    return y[0] / (1 + y[0] ** 2) + u[0] ** 3


def _fourth(y: np.ndarray, u: np.ndarray) -> np.ndarray:
    return (y[0] * y[1] * y[2] * u[1] * (y[2] - 1) + u[0]) / (1 + y[1] ** 2 + y[2] ** 2)


EXAMPLES = {
    1: _Example(_first, 1.0, ((1.0, 250),), ((0.5, 250), (0.5, 25)), 250),
    2: _Example(_second, 2.0, ((1.0, 25),)),
    3: _Example(_third, 2.0, ((1.0, 25), (1.0, 10))),
    4: _Example(_fourth, 1.0, ((1.0, 250),), ((0.8, 250), (0.2, 25)), 500),
}


@dataclass(frozen=True)
class Plant(Driven):
    """One of four plants: what it says next is to be told from its inputs, which are random.

    Args:
        number: of the example, 1 to 4.
        reach: inputs are uniform in [-reach, reach]; as given above if None.
        length: steps of a sequence of `sample`.
        washout: steps that are not asked for (`sample`), or thrown away (`series`); from rest, all is known without.

    Raises:
        InvalidInput: another number, a reach that is not above 0, or sequences that are all washout.

    Example:
        >>> from mnemon.problems import Plant
        >>> plant = Plant(3)
        >>> plant.series(500).shape  # u and y, random inputs
        (500, 2)
        >>> u = plant.test_inputs(100)  # the paper's
        >>> plant.respond(u[None]).shape
        (1, 100)

    """

    number: int = 1
    reach: float | None = None
    length: int = 200
    washout: int = 0

    def __post_init__(self) -> None:
        if self.number not in EXAMPLES:
            raise InvalidInput(f"Plant: number={self.number!r}; expected 1, 2, 3 or 4")
        check_lengths("Plant", self.length, self.washout)
        if self.reach is not None:
            check_positive("Plant", reach=self.reach)

    @property
    def reference(self) -> str:
        """Where the plants are from."""
        return f"K. Narendra and K. Parthasarathy, IEEE Trans. Neural Networks 1(1):4-27, 1990, example {self.number}"

    def respond(self, inputs: np.ndarray) -> np.ndarray:
        """What follows each input of a plant at rest, y(1) ... (sequences, time), for inputs u(0) ... of that shape."""
        step = EXAMPLES[self.number].next
        u = np.concatenate([np.zeros((len(inputs), 1)), inputs], axis=1).T
        y = np.zeros((len(u) + 2, len(inputs)))  # y(-2), y(-1), y(0), then what is to be found
        for k in range(1, len(u)):
            y[k + 2] = step(y[k - 1 : k + 2][::-1], u[k - 1 : k + 1][::-1])
        return y[3:].T.copy()

    def draw(self, random: np.random.Generator, count: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """See `Driven`."""
        reach = EXAMPLES[self.number].reach if self.reach is None else self.reach
        inputs = random.uniform(-reach, reach, (count, steps))
        return inputs, self.respond(inputs)

    def test_inputs(self, n: int) -> np.ndarray:
        """The first n of the inputs that the paper tests with, (n,).

        Raises:
            InvalidInput: fewer than one.

        """
        check_points(self, n)
        example, k = EXAMPLES[self.number], np.arange(n)
        return np.where(k < example.until, _waves(example.waves, k), _waves(example.then, k))


def _waves(waves: Waves, k: np.ndarray) -> np.ndarray:
    """A sum of sines, each by its height and its period."""
    return np.sum([height * np.sin(2 * np.pi * k / period) for height, period in waves], axis=0)
