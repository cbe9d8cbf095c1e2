"""The fully recurrent network, every unit fed by every unit and input: R. J. Williams and D. Zipser, "A learning
algorithm for continually running fully recurrent neural networks", Neural Computation 1(2):270-280, 1989,
doi:10.1162/neco.1989.1.2.270.

    y(t) = f( W x(t) + U y(t-1) + b ),    of which the first `outputs` units are the outputs

There is no layer above: a target may be given for an output unit at any step. f is logistic in the paper; tanh is what
most use today.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ..errors import InvalidInput
from ._cell import Cell
from ._initialisers import Initialiser, Start
from ._squashing import squashing_function


class FullyRecurrent(Cell):
    """Fully recurrent network of `units` units, of which the first `outputs` are seen from outside.

    Weights: `input_weights` (units, input_size), `recurrent_weights` (units, units), `bias` (units,) or None;
    units * (input_size + units + 1) of them with biases.

    Args:
        input_size: features of a step.
        units: number of units.
        outputs: how many of them are outputs; all if None.
        squashing: "tanh" or "logistic" (or "relu", "identity").
        bias: whether units have biases.
        initialiser: a `Start`, or one `(key, shape) -> array` for all weights.
        key: random key.

    Raises:
        InvalidInput: an unknown squashing function, or more outputs than units.

    Example:
        >>> import jax
        >>> from mnemon.cells import FullyRecurrent
        >>> cell = FullyRecurrent(2, 8, outputs=3, squashing="logistic", key=jax.random.key(0))
        >>> cell.output(cell.initial_state()).shape
        (3,)

    """

    input_weights: Float[Array, "units inputs"]
    recurrent_weights: Float[Array, "units units"]
    bias: Float[Array, " units"] | None
    squashing: Callable[[Array], Array] = eqx.field(static=True)
    units: int = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        units: int,
        *,
        outputs: int | None = None,
        squashing: str = "tanh",
        bias: bool = True,
        initialiser: Initialiser | Start | None = None,
        key: PRNGKeyArray,
    ) -> None:
        outputs = units if outputs is None else outputs
        if not 1 <= outputs <= units:
            raise InvalidInput(f"outputs={outputs}; expected 1 to {units}, the number of units")
        input_key, recurrent_key, bias_key = jax.random.split(key, 3)
        start = Start.of(initialiser)
        self.input_weights = start.inputs(input_key, (units, input_size))
        self.recurrent_weights = start.recurrent(recurrent_key, (units, units))
        self.bias = start.bias(bias_key, (units,)) if bias else None
        self.squashing = squashing_function(squashing)
        self.units = units
        self.input_size = input_size
        self.output_size = outputs

    def initial_state(self) -> Float[Array, " units"]:
        """Zeros."""
        return jnp.zeros(self.units, self.recurrent_weights.dtype)

    def project(self, xs: Float[Array, "time inputs"]) -> Float[Array, "time units"]:
        """W x + b."""
        drives = xs @ self.input_weights.T
        return drives if self.bias is None else drives + self.bias[None]

    def recur(self, state: Float[Array, " units"]) -> Float[Array, " units"]:
        """U y."""
        return self.recurrent_weights @ state

    def step(self, state: Float[Array, " units"], drive: Float[Array, " units"]) -> Float[Array, " units"]:
        """f(drive)."""
        return self.squashing(drive)

    def output(self, state: Float[Array, " units"]) -> Float[Array, " outputs"]:
        """The first units."""
        return state[: self.output_size]
