"""Units in a hierarchy of time scales: the leaky units of M. C. Mozer, "Induction of multiscale temporal structure",
NIPS 4:275-282, 1992, for the hierarchy that S. El Hihi and Y. Bengio, "Hierarchical recurrent neural networks for
long-term dependencies", NIPS 8:493-499, 1996, argue for.

    h(t) = (1 - 1/T) h(t-1) + (1/T) f( W x(t) + U h(t-1) + b )

T is the time scale of a unit, in steps: 1 for an ordinary unit, and twice as long from each level to the next. A slow
unit changes little at a step, so that what it holds, and the error that flows back through it, fades with (1 - 1/T).
The equations are Mozer's; all levels feed each other.
"""

from collections.abc import Callable, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from ._cell import Cell
from ._initialisers import Initialiser, Start
from ._squashing import squashing_function
from ._time_scales import time_scales


class Hierarchical(Cell):
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

    input_weights: Float[Array, "units inputs"]
    recurrent_weights: Float[Array, "units units"]
    bias: Float[Array, " units"] | None
    scales: tuple[int, ...] = eqx.field(static=True)
    sizes: tuple[int, ...] = eqx.field(static=True)
    squashing: Callable[[Array], Array] = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

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
        input_key, recurrent_key, bias_key = jax.random.split(key, 3)
        start = Start.of(initialiser)
        self.input_weights = start.inputs(input_key, (units, input_size))
        self.recurrent_weights = start.recurrent(recurrent_key, (units, units))
        self.bias = start.bias(bias_key, (units,)) if bias else None
        self.squashing = squashing_function(squashing)
        self.input_size = input_size
        self.output_size = units

    def initial_state(self) -> Float[Array, " units"]:
        """Zeros."""
        return jnp.zeros(self.output_size, self.recurrent_weights.dtype)

    def project(self, xs: Float[Array, "time inputs"]) -> Float[Array, "time units"]:
        """W x + b."""
        drives = xs @ self.input_weights.T
        return drives if self.bias is None else drives + self.bias[None]

    def recur(self, state: Float[Array, " units"]) -> Float[Array, " units"]:
        """U h."""
        return self.recurrent_weights @ state

    def step(self, state: Float[Array, " units"], drive: Float[Array, " units"]) -> Float[Array, " units"]:
        """The equation above."""
        rate = np.repeat(1 / np.asarray(self.scales), self.sizes).astype(state.dtype)
        return state + rate * (self.squashing(drive) - state)

    def output(self, state: Float[Array, " units"]) -> Float[Array, " units"]:
        """The units themselves."""
        return state
