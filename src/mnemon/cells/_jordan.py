"""The network that remembers what it said: M. I. Jordan, "Serial order: a parallel distributed processing approach",
ICS Report 8604, 1986; reprinted in Advances in Psychology 121:471-495, 1997, doi:10.1016/S0166-4115(97)80111-2.

    s(t) = mu s(t-1) + y(t-1)                     context: a fading trace of the outputs
    h(t) = f( W x(t) + U s(t) + b )               hidden units
    y(t) = g( V h(t) + c )                        outputs

Both are zero before the first step. The outputs are units of the cell, so that they can feed back; a readout may
stand above them. The report has logistic units; tanh is what most use today.
"""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ..errors import InvalidInput
from ._cell import Cell
from ._initialisers import Initialiser, Start
from ._squashing import squashing_function


class JordanState(NamedTuple):
    """The context s and the outputs y of a step."""

    context: Float[Array, "... outputs"]
    outputs: Float[Array, "... outputs"]


class Jordan(Cell):
    """Network of `units` hidden units that are fed by a trace of the outputs.

    Weights: `input_weights` (units, input_size), `recurrent_weights` (units, outputs), `bias` (units,),
    `output_weights` (outputs, units), `output_bias` (outputs,); units (input_size + outputs + 1) + outputs (units + 1)
    of them with biases.

    Args:
        input_size: features of a step.
        units: number of hidden units.
        outputs: number of outputs; as many as units if None.
        decay: mu, how much of the context stays from one step to the next, in [0, 1).
        squashing: f, "tanh" or "logistic" (or "relu", "identity").
        output_squashing: g; the same as f if None.
        bias: whether units have biases.
        initialiser: a `Start`, or one `(key, shape) -> array` for all weights.
        key: random key.

    Raises:
        InvalidInput: an unknown squashing function, or a decay outside [0, 1).

    Example:
        >>> import jax
        >>> from mnemon.cells import Jordan
        >>> Jordan(2, 8, outputs=3, decay=0.7, key=jax.random.key(0)).output_size
        3

    """

    input_weights: Float[Array, "units inputs"]
    recurrent_weights: Float[Array, "units outputs"]
    bias: Float[Array, " units"] | None
    output_weights: Float[Array, "outputs units"]
    output_bias: Float[Array, " outputs"] | None
    decay: float = eqx.field(static=True)
    squashing: Callable[[Array], Array] = eqx.field(static=True)
    output_squashing: Callable[[Array], Array] = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        units: int,
        *,
        outputs: int | None = None,
        decay: float = 0.5,
        squashing: str = "tanh",
        output_squashing: str | None = None,
        bias: bool = True,
        initialiser: Initialiser | Start | None = None,
        key: PRNGKeyArray,
    ) -> None:
        if not 0 <= decay < 1:
            raise InvalidInput(f"decay={decay}; expected a number in [0, 1)")
        outputs = units if outputs is None else outputs
        input_key, recurrent_key, bias_key, output_key, output_bias_key = jax.random.split(key, 5)
        start = Start.of(initialiser)
        self.input_weights = start.inputs(input_key, (units, input_size))
        self.recurrent_weights = start.recurrent(recurrent_key, (units, outputs))
        self.bias = start.bias(bias_key, (units,)) if bias else None
        self.output_weights = start.inputs(output_key, (outputs, units))
        self.output_bias = start.bias(output_bias_key, (outputs,)) if bias else None
        self.decay = decay
        self.squashing = squashing_function(squashing)
        self.output_squashing = squashing_function(squashing if output_squashing is None else output_squashing)
        self.input_size = input_size
        self.output_size = outputs

    def initial_state(self) -> JordanState:
        """Zeros."""
        nothing = jnp.zeros(self.output_size, self.recurrent_weights.dtype)
        return JordanState(nothing, nothing)

    def project(self, xs: Float[Array, "time inputs"]) -> Float[Array, "time units"]:
        """W x + b."""
        drives = xs @ self.input_weights.T
        return drives if self.bias is None else drives + self.bias[None]

    def recur(self, state: JordanState) -> Float[Array, " units"]:
        """U s, of the context that the state leads to."""
        return self.recurrent_weights @ self._context(state)

    def step(self, state: JordanState, drive: Float[Array, " units"]) -> JordanState:
        """The equations above; the output product stands here, since it needs the hidden units."""
        said = self.output_weights @ self.squashing(drive)
        said = said if self.output_bias is None else said + self.output_bias
        return JordanState(self._context(state), self.output_squashing(said))

    def output(self, state: JordanState) -> Float[Array, " outputs"]:
        """The outputs y."""
        return state.outputs

    def _context(self, before: JordanState) -> Float[Array, " outputs"]:
        return self.decay * before.context + before.outputs
