"""Units in a hierarchy of time scales: the leaky units of M. C. Mozer, "Induction of multiscale temporal structure",
NIPS 4:275-282, 1992, for the hierarchy that S. El Hihi and Y. Bengio, "Hierarchical recurrent neural networks for
long-term dependencies", NIPS 8:493-499, 1996, argue for.

    h(t) = (1 - 1/T) h(t-1) + (1/T) f( W x(t) + U h(t-1) + b )

T is the time scale of a unit, in steps: 1 for an ordinary unit, and twice as long from each level to the next. A slow
unit changes little at a step, so that what it holds, and the error that flows back through it, fades with (1 - 1/T).
The equations are Mozer's; all levels feed each other.
"""

from collections.abc import Sequence

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from ._initialisers import Initialiser, Start
from ._squashed_units import SquashedUnits
from ._time_scales import time_scales


class Hierarchical(SquashedUnits):
    """Network of `units` leaky units in levels of different time scales.

    Weights: `input_weights` (units, input_size), `recurrent_weights` (units, units), `bias` (units,) or None;
    units * (input_size + units + 1) of them with biases. The time scales are fixed.

    Args:
        input_size: features of a step.
        units: number of units, at least one a level; where they do not divide evenly, fast levels have one more.
        scales: T of each level; 1, 2, 4 ... 128, as far as there are units, if None.
        squashing: "tanh" or "logistic" (or "relu", "identity").
        bias: whether units have biases.
        initialiser: a `Start`, or one `(key, shape) -> array` for all weights.
        key: random key.

    Raises:
        InvalidInput: an unknown squashing function, scales that are no positive whole numbers, or too few units.

    Example:
        >>> import jax
        >>> from mnemon.cells import Hierarchical
        >>> Hierarchical(2, 6, scales=(1, 4, 16), key=jax.random.key(0)).sizes
        (2, 2, 2)

    """

    scales: tuple[int, ...] = eqx.field(static=True)
    sizes: tuple[int, ...] = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        units: int,
        *,
        scales: Sequence[int] | None = None,
        squashing: str = "tanh",
        bias: bool = True,
        initialiser: Initialiser | Start | None = None,
        key: PRNGKeyArray,
    ) -> None:
        self.scales, self.sizes = time_scales("scales", scales, units)
        super().__init__(input_size, units, units, squashing=squashing, bias=bias, initialiser=initialiser, key=key)

    def step(self, state: Float[Array, " units"], drive: Float[Array, " units"]) -> Float[Array, " units"]:
        """The equation above."""
        rate = np.repeat(1 / np.asarray(self.scales), self.sizes).astype(state.dtype)
        return state + rate * (self.squashing(drive) - state)

    def output(self, state: Float[Array, " units"]) -> Float[Array, " units"]:
        """The units themselves."""
        return state
