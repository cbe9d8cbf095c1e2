"""What networks of squashed sums share: every unit sums its weighted inputs and sources, drive = W x + U h + b.

What becomes of the drive, and which of the units are seen from outside, is each network's own.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ._cell import Cell
from ._initialisers import Initialiser, Start
from ._squashing import squashing_function


class SquashedUnits(Cell):
    """Base of cells of `units` fully connected units. A subclass writes `step` and `output`."""

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
        output_size: int,
        *,
        squashing: str,
        bias: bool,
        initialiser: Initialiser | Start | None,
        key: PRNGKeyArray,
    ) -> None:
        input_key, recurrent_key, bias_key = jax.random.split(key, 3)
        start = Start.of(initialiser)
        self.input_weights = start.inputs(input_key, (units, input_size))
        self.recurrent_weights = start.recurrent(recurrent_key, (units, units))
        self.bias = start.bias(bias_key, (units,)) if bias else None
        self.squashing = squashing_function(squashing)
        self.input_size = input_size
        self.output_size = output_size

    def initial_state(self) -> Float[Array, " units"]:
        """Zeros."""
        return jnp.zeros(self.recurrent_weights.shape[1], self.recurrent_weights.dtype)

    def project(self, xs: Float[Array, "time inputs"]) -> Float[Array, "time units"]:
        """W x + b."""
        drives = xs @ self.input_weights.T
        return drives if self.bias is None else drives + self.bias[None]

    def recur(self, state: Float[Array, " units"]) -> Float[Array, " units"]:
        """U h."""
        return self.recurrent_weights @ state
