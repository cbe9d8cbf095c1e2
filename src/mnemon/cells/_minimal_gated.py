"""The minimal gated unit, one gate for both of a GRU: G.-B. Zhou, J. Wu, C.-L. Zhang and Z.-H. Zhou, "Minimal gated
unit for recurrent neural networks", Int. J. Automation and Computing 13(3):226-234, 2016, arXiv:1603.09420,
doi:10.1007/s11633-016-1006-2.

    f(t)  = f( Wf x + Uf h(t-1) + bf )                      forget gate: how much is replaced
    h~(t) = tanh( Wh x + bh + Uh (f(t) h(t-1)) )
    h(t)  = (1 - f(t)) h(t-1) + f(t) h~(t)
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ._cell import Cell
from ._initialisers import Initialiser, Start
from ._squashing import logistic, tanh


class MinimalGated(Cell):
    """Minimal gated unit of `units` units.

    Weights: `input_weights` (2 units, input_size), `recurrent_weights` (2 units, units), rows in the order f, h;
    `bias` (2 units,). In all 2 units (input_size + units + 1). The candidate's recurrent product waits for the gate and
    stands in `step`; `recur` is the gate's.

    Args:
        input_size: features of a step.
        units: number of units.
        initialiser: a `Start`, or one `(key, shape) -> array` for all weights.
        key: random key.

    Example:
        >>> import jax
        >>> from mnemon.cells import MinimalGated
        >>> MinimalGated(2, 8, key=jax.random.key(0)).recurrent_weights.shape
        (16, 8)

    """

    input_weights: Float[Array, "2*units inputs"]
    recurrent_weights: Float[Array, "2*units units"]
    bias: Float[Array, " 2*units"]
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        units: int,
        *,
        initialiser: Initialiser | Start | None = None,
        key: PRNGKeyArray,
    ) -> None:
        input_key, recurrent_key, bias_key = jax.random.split(key, 3)
        start = Start.of(initialiser)
        self.input_weights = start.inputs(input_key, (2 * units, input_size))
        self.recurrent_weights = start.recurrent(recurrent_key, (2 * units, units))
        self.bias = start.bias(bias_key, (2 * units,))
        self.input_size = input_size
        self.output_size = units

    def initial_state(self) -> Float[Array, " units"]:
        """Zeros."""
        return jnp.zeros(self.output_size, self.recurrent_weights.dtype)

    def project(self, xs: Float[Array, "time inputs"]) -> Float[Array, "time rows"]:
        """W x + b."""
        return xs @ self.input_weights.T + self.bias[None]

    def recur(self, state: Float[Array, " units"]) -> Float[Array, " rows"]:
        """U h of the gate; nothing for the candidate."""
        return jnp.concatenate([self.recurrent_weights[: self.output_size] @ state, jnp.zeros_like(state)])

    def step(self, state: Float[Array, " units"], drive: Float[Array, " rows"]) -> Float[Array, " units"]:
        """The equations above."""
        replaced = logistic(drive[: self.output_size])
        seen = self.recurrent_weights[self.output_size :] @ (replaced * state)
        candidate = tanh(drive[self.output_size :] + seen)
        return state + replaced * (candidate - state)

    def output(self, state: Float[Array, " units"]) -> Float[Array, " units"]:
        """The units themselves."""
        return state
