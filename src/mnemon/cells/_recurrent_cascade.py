"""The network of recurrent cascade-correlation: S. Fahlman, "The recurrent cascade-correlation architecture", NIPS
3:190-196, 1991.

    h_k(t) = f( w_k . [ x(t), h_1(t) ... h_(k-1)(t) ] + u_k h_k(t-1) + b_k )        k = 1 ... units

Each unit sees the input, the units before it at the same step, and of the past itself alone. Units are meant to be
added one at a time (`mnemon.learning.RecurrentCascadeCorrelation`); those that are not yet there are inert: they say 0
and have no slope, so that networks of one shape may have grown to different sizes. The cell is an ordinary one, too,
all of whose weights can be trained together.

In the published network the outputs see the inputs beside all units (`Readout(sees_input=...)`), and an output has no
memory of its own. With n inputs, k units and m outputs it has k (n + 2) + k (k - 1) / 2 + m (n + k + 1) weights.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from ._cell import Cell
from ._frozen import Frozen
from ._initialisers import Initialiser, Start
from ._squashing import squashing_function


class RecurrentCascade(Cell):
    """Cascade of `units` units, each of which sees those before it and its own past.

    Weights: `input_weights` (units, input_size), `cascade_weights` (units (units - 1) / 2,), row after row of the
    triangle below the diagonal, `recurrent_weights` u (units,), `bias` (units,). `present` (units,), which is `Frozen`,
    is 1 for the units that are there: all of them, unless a learner grows the network.

    Args:
        input_size: features of a step.
        units: number of units, or the most to which the network may grow.
        squashing: "tanh" or "logistic" (or "relu", "identity").
        initialiser: a `Start`, or one `(key, shape) -> array` for all weights; a unit's own weight is drawn as that of
            its one source.
        key: random key.

    Raises:
        InvalidInput: an unknown squashing function.

    Example:
        >>> import jax
        >>> from mnemon.cells import RecurrentCascade
        >>> cell = RecurrentCascade(7, 9, key=jax.random.key(0))
        >>> cell.cascade_weights.shape, cell.installed
        ((36,), 9)

    """

    input_weights: Float[Array, "units inputs"]
    cascade_weights: Float[Array, " pairs"]
    recurrent_weights: Float[Array, " units"]
    bias: Float[Array, " units"]
    present: Frozen
    squashing: Callable[[Array], Array] = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        units: int,
        *,
        squashing: str = "tanh",
        initialiser: Initialiser | Start | None = None,
        key: PRNGKeyArray,
    ) -> None:
        input_key, cascade_key, recurrent_key, bias_key = jax.random.split(key, 4)
        start = Start.of(initialiser)
        self.input_weights = start.inputs(input_key, (units, input_size))
        self.cascade_weights = start.inputs(cascade_key, (units, units))[np.tril_indices(units, -1)]
        self.recurrent_weights = start.inputs(recurrent_key, (units, 1))[:, 0]
        self.bias = start.bias(bias_key, (units,))
        self.present = Frozen(jnp.ones(units, self.bias.dtype))
        self.squashing = squashing_function(squashing)
        self.input_size = input_size
        self.output_size = units

    @property
    def installed(self) -> int:
        """How many units are there. Not for compiled code."""
        return int(self.present.value.sum())

    def initial_state(self) -> Float[Array, " units"]:
        """Zeros."""
        return jnp.zeros(self.output_size, self.bias.dtype)

    def project(self, xs: Float[Array, "time inputs"]) -> Float[Array, "time units"]:
        """W x + b."""
        return xs @ self.input_weights.T + self.bias[None]

    def recur(self, state: Float[Array, " units"]) -> Float[Array, " units"]:
        """Each unit's own product, u h."""
        return self.recurrent_weights * state

    def step(self, state: Float[Array, " units"], drive: Float[Array, " units"]) -> Float[Array, " units"]:
        """From the first unit on; what a unit sees of the others stands here, since it needs them at this step."""
        said: list[Array] = []
        present = jax.lax.stop_gradient(self.present.value)
        for k in range(self.output_size):
            net = drive[k]
            if said:
                net = net + self.cascade_weights[_row(k)] @ jnp.stack(said)
            said.append(present[k] * self.squashing(net))
        return jnp.stack(said)

    def output(self, state: Float[Array, " units"]) -> Float[Array, " units"]:
        """The units themselves, 0 where there is none."""
        return state

    def install(
        self,
        inputs: Float[Array, " inputs"],
        others: Float[Array, " units"],
        own: Float[Array, ""],
        bias: Float[Array, ""],
    ) -> "RecurrentCascade":
        """The cell with one unit more; what is installed stays as it is. Not for compiled code.

        Args:
            inputs: its weights from the input.
            others: its weights from all units; those from units that are not there yet are passed over.
            own: its weight from itself at the step before.
            bias: its bias.

        """
        k = self.installed
        return eqx.tree_at(
            lambda c: (c.input_weights, c.cascade_weights, c.recurrent_weights, c.bias, c.present.value),
            self,
            (
                self.input_weights.at[k].set(inputs),
                self.cascade_weights.at[_row(k)].set(others[:k]),
                self.recurrent_weights.at[k].set(own),
                self.bias.at[k].set(bias),
                self.present.value.at[k].set(1),
            ),
        )

    def empty(self) -> "RecurrentCascade":
        """The cell before the first unit is installed: all weights 0."""
        arrays, rest = eqx.partition(self, eqx.is_array)
        return eqx.combine(jax.tree.map(jnp.zeros_like, arrays), rest)

    def cut(self) -> "RecurrentCascade":
        """The cell of the installed units alone, at least one. Not for compiled code."""
        k = max(self.installed, 1)
        smaller = eqx.tree_at(
            lambda c: (c.input_weights, c.cascade_weights, c.recurrent_weights, c.bias, c.present.value),
            self,
            (
                self.input_weights[:k],
                self.cascade_weights[: k * (k - 1) // 2],
                self.recurrent_weights[:k],
                self.bias[:k],
                self.present.value[:k],
            ),
        )
        object.__setattr__(smaller, "output_size", k)
        return smaller


def _row(k: int) -> slice:
    """Where the weights of unit k (from 0) stand among those of the triangle."""
    return slice(k * (k - 1) // 2, k * (k + 1) // 2)
