"""The input-output hidden Markov model: Y. Bengio and P. Frasconi, "An input output HMM architecture", NIPS 7:427-434,
1995, and "Input-output HMMs for sequence processing", IEEE Trans. Neural Networks 7(5):1231-1249, 1996,
doi:10.1109/72.536317.

    phi_ij(t) = softmax over i of ( W_j x(t) + b_j )_i              how probable a step from state j to state i is
    zeta_i(t) = sum over j  phi_ij(t) zeta_j(t-1)                   the distribution over states; zeta(0) = softmax(s)

    classes:    y_k(t) = log sum over i  zeta_i(t) softmax over k of ( V_i x(t) + c_i )_k
    values:     y(t)   = sum over i  zeta_i(t) ( V_i x(t) + c_i ),  with deviations exp(d_i) about each state's mean

The state is a distribution, whose step is linear with the input at the wheel: what is stored leaks only where the
transitions are uncertain. `mnemon.learning.ExpectationMaximisation` trains it as a model of probabilities; any gradient
rule can train it, too.
"""

from typing import Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ..errors import InvalidInput, suggest
from ._cell import Cell
from ._initialisers import Initialiser, Start

Says = Literal["classes", "values", "states"]
SAYS = ("classes", "values", "states")


class InputOutputHMMState(NamedTuple):
    """The distribution over states, and what is said of it (None where that is the distribution itself)."""

    states: Float[Array, "... states"]
    said: Float[Array, "... outputs"] | None


class InputOutputHMMDrive(NamedTuple):
    """What a step's input decides: the answers of each state, and the probabilities from state (row) to state."""

    answers: Float[Array, "... states outputs"] | None
    transitions: Float[Array, "... states states"]


class InputOutputHMM(Cell):
    """Input-output hidden Markov model of `units` states, whose transitions and outputs are affine in the input.

    Weights: `transition_weights` (units, units, input_size) and `transition_bias` (units, units), from state (first)
    to state; `start` (units,); `output_weights` V (units, outputs, input_size), `output_bias` c (units, outputs) and,
    of values, `log_deviations` d (units, outputs), on which no answer depends, so that they have no slope.

    Args:
        input_size: features of a step.
        units: number of states.
        outputs: number of classes or values; None: the cell says the distribution over its states.
        says: "classes" (logarithms of probabilities) or "values" (means).
        stay: added to the biases of staying in a state, so that what is stored is kept from the start.
        initialiser: a `Start`, or one `(key, shape) -> array` for all weights.
        key: random key.

    Raises:
        InvalidInput: something else to say, or nothing that could be said.

    Example:
        A readout that hands on what the cell says, so that cross-entropy is the likelihood of the classes.

        >>> import jax
        >>> from mnemon.cells import InputOutputHMM, identity
        >>> from mnemon.layers import Network, Readout
        >>> key = jax.random.key(0)
        >>> cell = InputOutputHMM(1, 4, outputs=2, key=key)
        >>> network = Network(cell, Readout(2, 2, bias=False, initialiser=identity(), key=key))
        >>> said = network(jax.numpy.ones((5, 20, 1))).values
        >>> bool((abs(jax.numpy.exp(said).sum(axis=-1) - 1) < 1e-5).all())
        True

    """

    transition_weights: Float[Array, "states states inputs"]
    transition_bias: Float[Array, "states states"]
    start: Float[Array, " states"]
    output_weights: Float[Array, "states outputs inputs"] | None
    output_bias: Float[Array, "states outputs"] | None
    log_deviations: Float[Array, "states outputs"] | None
    says: Says = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        units: int,
        *,
        outputs: int | None = None,
        says: Says = "classes",
        stay: float = 0.0,
        initialiser: Initialiser | Start | None = None,
        key: PRNGKeyArray,
    ) -> None:
        if says not in SAYS:
            raise InvalidInput(f"InputOutputHMM: says={says!r}: {suggest(str(says), SAYS)}")
        if outputs is None or says == "states":
            outputs, says = None, "states"
        elif outputs < 1:
            raise InvalidInput(f"InputOutputHMM: outputs={outputs}; expected at least 1, or None")
        keys = jax.random.split(key, 5)
        draw = Start.of(initialiser)
        self.transition_weights = draw.inputs(keys[0], (units * units, input_size)).reshape(units, units, input_size)
        bias = draw.bias(keys[1], (units * units,)).reshape(units, units)
        self.transition_bias = bias + stay * jnp.eye(units, dtype=bias.dtype)
        self.start = draw.bias(keys[2], (units,))
        self.output_weights = self.output_bias = self.log_deviations = None
        if outputs is not None:
            weights = draw.inputs(keys[3], (units * outputs, input_size))
            self.output_weights = weights.reshape(units, outputs, input_size)
            self.output_bias = draw.bias(keys[4], (units * outputs,)).reshape(units, outputs)
            self.log_deviations = jnp.zeros_like(self.output_bias) if says == "values" else None
        self.says = says
        self.input_size = input_size
        self.output_size = units if outputs is None else outputs

    def initial_state(self) -> InputOutputHMMState:
        """Zeros; the first step puts zeta(0) there, so that it is seen to be of weights by rules that go forward."""
        said = None if self.says == "states" else jnp.zeros(self.output_size, self.start.dtype)
        return InputOutputHMMState(jnp.zeros_like(self.start), said)

    def project(self, xs: Float[Array, "time inputs"]) -> InputOutputHMMDrive:
        """All that the inputs decide, which is all but the state."""
        return InputOutputHMMDrive(self.answers(xs), jnp.exp(self.log_transitions(xs)))

    def step(self, state: InputOutputHMMState, drive: InputOutputHMMDrive) -> InputOutputHMMState:
        """The equations above; probabilities count as at least the smallest number, so that logarithms stay finite."""
        # what is missing of a whole distribution: all of it before the first step, and then nothing but rounding
        missing = 1 - state.states.sum()
        states = (state.states + missing * jax.nn.softmax(self.start)) @ drive.transitions
        if drive.answers is None:
            return InputOutputHMMState(states, None)
        if self.says == "values":
            return InputOutputHMMState(states, states @ drive.answers)
        logs = jnp.log(jnp.maximum(states, jnp.finfo(states.dtype).tiny))
        return InputOutputHMMState(states, jax.nn.logsumexp(logs[:, None] + drive.answers, axis=0))

    def output(self, state: InputOutputHMMState) -> Float[Array, " outputs"]:
        """Logarithms of the classes' probabilities, mean values, or the distribution over states."""
        return state.states if state.said is None else state.said

    def log_transitions(self, xs: Float[Array, "*time inputs"]) -> Float[Array, "*time states states"]:
        """Log phi at each step, from state (rows) to state."""
        return jax.nn.log_softmax(_affine(xs, self.transition_weights, self.transition_bias), axis=-1)

    def answers(self, xs: Float[Array, "*time inputs"]) -> Float[Array, "*time states outputs"] | None:
        """What each state by itself says at each step: logarithms of probabilities, or means."""
        if self.output_weights is None or self.output_bias is None:
            return None
        said = _affine(xs, self.output_weights, self.output_bias)
        return jax.nn.log_softmax(said, axis=-1) if self.says == "classes" else said


def _affine(
    xs: Float[Array, "*time inputs"],
    weights: Float[Array, "states outputs inputs"],
    bias: Float[Array, "states outputs"],
) -> Float[Array, "*time states outputs"]:
    """W_i x + b_i of each state i."""
    nets = jnp.einsum("...f,iof->...io", xs, weights)
    return nets + bias.reshape((1,) * (xs.ndim - 1) + bias.shape)
