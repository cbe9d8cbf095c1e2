"""The simple recurrent network: J. L. Elman, "Finding structure in time", Cognitive Science 14:179-211, 1990,
doi:10.1207/s15516709cog1402_1.

    h(t) = f( W x(t) + U h(t-1) + b )

f is the logistic function in the paper and in the segmented-memory networks; tanh is what most use today.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ._cell import Cell
from ._initialisers import Initialiser, Start
from ._squashing import squashing_function


class Elman(Cell):
    """Simple recurrent network of `units` fully connected units.

    Weights: `input_weights` (units, input_size), `recurrent_weights` (units, units), `bias` (units,) or None;
    units * (input_size + units + 1) of them with biases.

    Args:
        input_size: features of a step.
        units: number of units.
        squashing: "tanh" or "logistic" (or "relu", "identity").
        bias: whether units have biases (the published segmented-memory equations have none).
        initialiser: a `Start`, or one `(key, shape) -> array` for all weights.
        key: random key.

    Raises:
        InvalidInput: an unknown squashing function.

    Example:
        >>> import jax
        >>> from mnemon.cells import Elman
        >>> cell = Elman(2, 8, squashing="logistic", key=jax.random.key(0))
        >>> cell.output(cell.initial_state()).shape
        (8,)

    """

    input_weights: Float[Array, "units inputs"]
    recurrent_weights: Float[Array, "units units"]
    bias: Float[Array, " units"] | None
    squashing: Callable[[Array], Array] = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        units: int,
        *,
        squashing: str = "tanh",
        bias: bool = True,
        initialiser: Initialiser | Start | None = None,
        key: PRNGKeyArray,
    ) -> None:
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
        """f(drive)."""
        return self.squashing(drive)

    def output(self, state: Float[Array, " units"]) -> Float[Array, " units"]:
        """The units themselves."""
        return state
