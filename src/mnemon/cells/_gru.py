"""The gated recurrent unit: K. Cho and others, "Learning phrase representations using RNN encoder-decoder for
statistical machine translation", EMNLP 2014, doi:10.3115/v1/D14-1179.

    z(t)  = f( Wz x + Uz h(t-1) + bz )                          update gate: how much is kept
    r(t)  = f( Wr x + Ur h(t-1) + br )                          reset gate
    h~(t) = tanh( Wn x + bn + Un (r(t) * h(t-1)) )              reset before the product, as published
    h~(t) = tanh( Wn x + bn + r(t) * (Un h(t-1) + cn) )         reset after it
    h(t)  = z(t) h(t-1) + (1 - z(t)) h~(t)

Resetting after the product lets one matrix product serve the whole recurrence; it is the form of the common libraries,
and the default. J. Chung and others, arXiv:1412.3555, 2014, reset before it too, and call 1 - z what is z here.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from ..errors import InvalidInput, suggest
from ..kernels import StandardForm
from ._cell import Cell
from ._initialisers import Initialiser, Start
from ._squashing import logistic, tanh

RESETS = ("after", "before")


class GRUDrive(NamedTuple):
    """What drives one step: both gates, and the two halves of the candidate, which the reset gate keeps apart.

    There is no remembered half where the reset comes before the product.
    """

    gates: Float[Array, "... 2*units"]
    candidate: Float[Array, "... units"]
    remembered: Float[Array, "... units"] | None


class GRU(Cell):
    """Gated recurrent unit of `units` units.

    Weights: `input_weights` (3 units, input_size), `recurrent_weights` (3 units, units), rows in the order z, r, n;
    `bias` (3 units,) and `candidate_bias` (units,), the c of the equations, or None where the reset comes before. In
    all 3 units (input_size + units) + 4 units, or + 3 units. With the reset before, the candidate's recurrent product
    waits for the gate and stands in `step`; `recur` is the gates'.

    Args:
        input_size: features of a step.
        units: number of units.
        reset: "after" or "before" the candidate's recurrent product.
        update_bias: added to the start of bz: above 0, units start by keeping what they hold, as an LSTM's forget bias
            makes it (R. Jozefowicz and others, ICML 2015). It decides whether long time lags are learnt at all.
        initialiser: a `Start`, or one `(key, shape) -> array` for all weights.
        key: random key.

    Raises:
        InvalidInput: an unknown place of the reset.

    Example:
        >>> import jax
        >>> from mnemon.cells import GRU
        >>> GRU(2, 8, key=jax.random.key(0)).project(jax.numpy.ones((5, 2))).gates.shape
        (5, 16)

    """

    input_weights: Float[Array, "3*units inputs"]
    recurrent_weights: Float[Array, "3*units units"]
    bias: Float[Array, " 3*units"]
    candidate_bias: Float[Array, " units"] | None
    reset: str = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        units: int,
        *,
        reset: str = "after",
        update_bias: float = 0.0,
        initialiser: Initialiser | Start | None = None,
        key: PRNGKeyArray,
    ) -> None:
        if reset not in RESETS:
            raise InvalidInput(f"reset={reset!r}: {suggest(reset, RESETS)}")
        start = Start.of(initialiser)
        input_key, recurrent_key, bias_key, candidate_key = jax.random.split(key, 4)
        self.input_weights = start.inputs(input_key, (3 * units, input_size))
        self.recurrent_weights = start.recurrent(recurrent_key, (3 * units, units))
        shift = jnp.asarray(np.repeat([update_bias, 0.0, 0.0], units), jnp.result_type(float))
        self.bias = start.bias(bias_key, (3 * units,)) + shift
        self.candidate_bias = start.bias(candidate_key, (units,)) if reset == "after" else None
        self.reset = reset
        self.input_size = input_size
        self.output_size = units

    def initial_state(self) -> Float[Array, " units"]:
        """Zeros."""
        return jnp.zeros(self.output_size, self.recurrent_weights.dtype)

    def project(self, xs: Float[Array, "time inputs"]) -> GRUDrive:
        """W x + b; the remembered half of the candidate holds its own bias c."""
        # Two products instead of one that is cut: neither the drives nor their errors need be copied.
        cut = 2 * self.output_size
        gates = xs @ self.input_weights[:cut].T + self.bias[None, :cut]
        candidate = xs @ self.input_weights[cut:].T + self.bias[None, cut:]
        if self.candidate_bias is None:
            return GRUDrive(gates, candidate, None)
        return GRUDrive(gates, candidate, jnp.broadcast_to(self.candidate_bias[None], candidate.shape))

    def recur(self, state: Float[Array, " units"]) -> GRUDrive:
        """U h."""
        if self.reset == "before":
            return GRUDrive(self.recurrent_weights[: 2 * self.output_size] @ state, jnp.zeros_like(state), None)
        product = self.recurrent_weights @ state
        return GRUDrive(product[: 2 * self.output_size], jnp.zeros_like(state), product[2 * self.output_size :])

    def step(self, state: Float[Array, " units"], drive: GRUDrive) -> Float[Array, " units"]:
        """The equations above."""
        keep, reset = jnp.split(logistic(drive.gates), 2)
        if drive.remembered is None:
            remembered = self.recurrent_weights[2 * self.output_size :] @ (reset * state)
        else:
            remembered = reset * drive.remembered
        candidate = tanh(drive.candidate + remembered)
        return candidate + keep * (state - candidate)  # the same, with less to remember for the backward pass

    def output(self, state: Float[Array, " units"]) -> Float[Array, " units"]:
        """The units themselves."""
        return state

    def standard(self) -> StandardForm | None:
        """See `Cell`; none where the reset comes before the product, which then waits for the gate."""
        if type(self).step is not GRU.step or self.candidate_bias is None:
            return None
        cut = 2 * self.output_size
        return StandardForm(
            "gru",
            jnp.concatenate([self.input_weights[cut:], self.input_weights[:cut]]),
            self.recurrent_weights,
            jnp.concatenate([self.bias[cut:], self.bias[:cut], self.candidate_bias]),
            enter=lambda state: (state, state[..., :0]), leave=lambda sources, cells: sources,
        )  # fmt: skip
