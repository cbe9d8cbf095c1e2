"""Hidden units and outputs that feed each other, as in the networks of random weight guessing: J. Schmidhuber,
S. Hochreiter and Y. Bengio, "Evaluating benchmark problems by random guessing", in J. Kolen and S. Kremer (eds.), A
Field Guide to Dynamical Recurrent Networks, IEEE Press, 2001; first in S. Hochreiter and J. Schmidhuber, NIPS 9, 1996.

    h(t) = f( W x(t) + U h(t-1) + F y(t-1) + b )            hidden units
    y(t) = f( V x(t) + S y(t-1) + c + H h(t) )              outputs, from the new hidden units

Both are zero before the first step. What feeds what differs: in the network A1 all feeds all, and only hidden units
have biases; in A2 a hidden unit sees the input, the output and itself alone (U is a diagonal), the output does not see
itself, and all have biases. Without the diagonal parity is guessed ten times sooner.
"""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ..errors import InvalidInput, suggest
from ._cell import Cell
from ._initialisers import Initialiser, Start
from ._squashing import squashing_function

AMONG = ("all", "self", "none")


class OutputLoopState(NamedTuple):
    """The hidden units h and the outputs y of a step; as a drive, what enters each of them."""

    hidden: Float[Array, "... units"]
    outputs: Float[Array, "... outputs"]


class OutputLoop(Cell):
    """Network of `units` hidden units and of outputs that feed each other.

    Weights: `input_weights` W (units, input_size), `recurrent_weights` U (units, units), or (units,) where each unit
    feeds only itself, or None; `feedback_weights` F (units, outputs), `bias` b (units,); `direct_weights` V (outputs,
    input_size), `output_recurrent_weights` S (outputs, outputs) or None, `output_weights` H (outputs, units),
    `output_bias` c (outputs,) or None.

    Args:
        input_size: features of a step.
        units: number of hidden units.
        outputs: number of outputs; as many as units if None.
        among: which hidden units a hidden unit sees: "all", "self" or "none".
        outputs_see_outputs: whether the outputs see the outputs of the step before.
        output_bias: whether the outputs have biases.
        squashing: f, "logistic" (or "tanh", "relu", "identity").
        initialiser: a `Start`, or one `(key, shape) -> array` for all weights.
        key: random key.

    Raises:
        InvalidInput: an unknown squashing function, or another `among`.

    Example:
        The three networks that guess parity. The outputs are the answers: a readout hands them on.

        >>> import jax
        >>> from mnemon.cells import OutputLoop, identity
        >>> from mnemon.layers import Network, Readout
        >>> key = jax.random.key(0)
        >>> a1 = OutputLoop(1, 1, outputs=1, output_bias=False, key=key)
        >>> a2 = OutputLoop(1, 10, outputs=1, among="self", outputs_see_outputs=False, key=key)
        >>> sparse_a2 = OutputLoop(1, 10, outputs=1, among="none", outputs_see_outputs=False, key=key)
        >>> network = Network(a1, Readout(1, 1, bias=False, initialiser=identity(), key=key))
        >>> network(jax.numpy.ones((4, 20, 1))).values.shape
        (4, 1)

    """

    input_weights: Float[Array, "units inputs"]
    recurrent_weights: Float[Array, "units units"] | Float[Array, " units"] | None
    feedback_weights: Float[Array, "units outputs"]
    bias: Float[Array, " units"]
    direct_weights: Float[Array, "outputs inputs"]
    output_recurrent_weights: Float[Array, "outputs outputs"] | None
    output_weights: Float[Array, "outputs units"]
    output_bias: Float[Array, " outputs"] | None
    squashing: Callable[[Array], Array] = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        units: int,
        *,
        outputs: int | None = None,
        among: str = "all",
        outputs_see_outputs: bool = True,
        output_bias: bool = True,
        squashing: str = "logistic",
        initialiser: Initialiser | Start | None = None,
        key: PRNGKeyArray,
    ) -> None:
        if among not in AMONG:
            raise InvalidInput(f"OutputLoop: among={among!r}: {suggest(among, AMONG)}")
        outputs = units if outputs is None else outputs
        keys = jax.random.split(key, 8)
        start = Start.of(initialiser)
        self.input_weights = start.inputs(keys[0], (units, input_size))
        if among == "all":
            self.recurrent_weights = start.recurrent(keys[1], (units, units))
        else:  # a unit's own weight is drawn as that of its one source
            self.recurrent_weights = start.inputs(keys[1], (units, 1))[:, 0] if among == "self" else None
        self.feedback_weights = start.inputs(keys[2], (units, outputs))
        self.bias = start.bias(keys[3], (units,))
        self.direct_weights = start.inputs(keys[4], (outputs, input_size))
        self.output_recurrent_weights = start.recurrent(keys[5], (outputs, outputs)) if outputs_see_outputs else None
        self.output_weights = start.inputs(keys[6], (outputs, units))
        self.output_bias = start.bias(keys[7], (outputs,)) if output_bias else None
        self.squashing = squashing_function(squashing)
        self.input_size = input_size
        self.output_size = outputs

    def initial_state(self) -> OutputLoopState:
        """Zeros."""
        outputs, units = self.output_weights.shape
        dtype = self.input_weights.dtype
        return OutputLoopState(jnp.zeros(units, dtype), jnp.zeros(outputs, dtype))

    def project(self, xs: Float[Array, "time inputs"]) -> OutputLoopState:
        """W x + b and V x + c."""
        outputs = xs @ self.direct_weights.T
        if self.output_bias is not None:
            outputs = outputs + self.output_bias[None]
        return OutputLoopState(xs @ self.input_weights.T + self.bias[None], outputs)

    def recur(self, state: OutputLoopState) -> OutputLoopState:
        """U h + F y and S y, of the step before."""
        hidden = self.feedback_weights @ state.outputs
        if self.recurrent_weights is not None:
            own = self.recurrent_weights
            hidden = hidden + (own * state.hidden if own.ndim == 1 else own @ state.hidden)
        if self.output_recurrent_weights is None:
            return OutputLoopState(hidden, jnp.zeros_like(state.outputs))
        return OutputLoopState(hidden, self.output_recurrent_weights @ state.outputs)

    def step(self, state: OutputLoopState, drive: OutputLoopState) -> OutputLoopState:
        """First the hidden units, then the outputs; their product stands here, since it needs the new hidden units."""
        hidden = self.squashing(drive.hidden)
        return OutputLoopState(hidden, self.squashing(drive.outputs + self.output_weights @ hidden))

    def output(self, state: OutputLoopState) -> Float[Array, " outputs"]:
        """The outputs y."""
        return state.outputs
