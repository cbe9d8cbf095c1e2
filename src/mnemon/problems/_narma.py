"""Nonlinear autoregressive moving averages: A. Atiya and A. Parlos, New results on recurrent network training, IEEE
Trans. Neural Networks 11(3):697-709, 2000, doi:10.1109/72.846741; of order 30 in the literature on reservoirs.

    y(k+1) = c1 y(k) + c2 y(k) sum_i y(k-i) + c3 u(k-order+1) u(k) + c4,   i = 0 ... order-1,   u uniform in [0, 0.5]

    order 10    c = 0.3, 0.05, 1.5, 0.1
    order 30    c = 0.2, 0.04, 1.5, 0.001

The sum can run away, seldom and then for good. A sequence of inputs during which an output leaves [-10, 10] is drawn
anew, so that inputs are not quite independent: those that explode are missing.
"""

from dataclasses import dataclass

import numpy as np

from ..errors import InvalidInput
from ._driven import Driven, check_lengths
from ._problem import check_numbers
from ._series import check_reals

CONSTANTS = {10: (0.3, 0.05, 1.5, 0.1), 30: (0.2, 0.04, 1.5, 0.001)}
LARGEST = 10.0
MOST_DRAWS = 100


@dataclass(frozen=True)
class Narma(Driven):
    """The NARMA system of order 10 or 30: what it says next is to be told from its inputs.

    Args:
        order: how far it remembers.
        constants: c1 ... c4; those of the order if None.
        length: steps of a sequence of `sample`.
        washout: steps that are not asked for (`sample`), or thrown away (`series`).

    Raises:
        InvalidInput: an order without published constants where none are given, or sequences that are all washout.

    Example:
        >>> import jax
        >>> from mnemon.problems import Narma
        >>> sample = Narma(10).sample(jax.random.key(0), 4)
        >>> sample.xs
        Sequences(4 sequences, 1 channel, 400 steps)
        >>> Narma(10).series(1000).shape  # u and y
        (1000, 2)

    """

    order: int = 10
    constants: tuple[float, float, float, float] | None = None
    length: int = 400
    washout: int = 100

    def __post_init__(self) -> None:
        check_numbers("Narma", order=(self.order, 1))
        check_lengths("Narma", self.length, self.washout)
        if self.constants is None and self.order not in CONSTANTS:
            raise InvalidInput(f"Narma: order={self.order}; there are constants for 10 and 30, give yours for others")
        if self.constants is not None:
            if len(self.constants) != 4:
                raise InvalidInput(f"Narma: constants={self.constants!r}; expected four numbers")
            check_reals("Narma", **{f"c{k}": value for k, value in enumerate(self.constants, 1)})

    @property
    def reference(self) -> str:
        """Where the system is from."""
        return "A. Atiya and A. Parlos, IEEE Trans. Neural Networks 11(3):697-709, 2000"

    def respond(self, inputs: np.ndarray) -> np.ndarray:
        """What follows each input of a system at rest, y(1) ... (sequences, time), for inputs u(0) ... of that shape.

        Not finite from where it has run away.
        """
        c1, c2, c3, c4 = CONSTANTS[self.order] if self.constants is None else self.constants
        order, (count, steps) = self.order, inputs.shape
        drive = np.zeros((steps, count))  # the part that needs no output
        drive[order - 1 :] = c3 * inputs.T[: steps - order + 1] * inputs.T[order - 1 :]
        drive += c4
        outputs = np.zeros((order + steps, count))  # the last of the first `order` is y(0)
        with np.errstate(over="ignore", invalid="ignore"):
            for k in range(steps):
                past = outputs[k : k + order]
                outputs[k + order] = past[-1] * (c1 + c2 * past.sum(axis=0)) + drive[k]
        return outputs[order:].T.copy()

    def draw(self, random: np.random.Generator, count: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """See `Driven`; sequences that run away are drawn anew.

        Raises:
            InvalidInput: they do again and again.

        """
        inputs = random.uniform(0, 0.5, (count, steps))
        responses = self.respond(inputs)
        for _ in range(MOST_DRAWS):
            gone = ~(abs(responses) < LARGEST).all(axis=1)
            if not gone.any():
                return inputs, responses
            inputs[gone] = random.uniform(0, 0.5, (int(gone.sum()), steps))
            responses[gone] = self.respond(inputs[gone])
        raise InvalidInput(
            f"{self!r} ran away in each of {MOST_DRAWS} draws of {steps} steps; choose other constants, or fewer steps"
        )
