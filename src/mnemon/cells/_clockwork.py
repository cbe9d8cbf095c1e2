"""The clockwork network, whose groups of units step at their own periods: J. Koutnik, K. Greff, F. Gomez and
J. Schmidhuber, "A clockwork RNN", ICML 2014, arXiv:1402.3511.

    h_k(t) = f( W_k x(t) + sum over j >= k of U_kj h_j(t-1) + b_k )     where the period T_k divides t
    h_k(t) = h_k(t-1)                                                   elsewhere

Groups are sorted from fast to slow, and a group is fed by itself and by slower ones; the blocks below the diagonal do
not exist. Steps count from t = 0, so that every group sees the first input.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ._cell import Cell
from ._initialisers import Initialiser, Start
from ._squashing import squashing_function
from ._time_scales import time_scales


class ClockworkState(NamedTuple):
    """The units h, and the number t of the next step."""

    units: Float[Array, "... units"]
    clock: Int[Array, "..."]


class Clockwork(Cell):
    """Clockwork network of `units` units in groups.

    Weights: `input_weights` (units, input_size), `recurrent_weights`, for each group from fast to slow the matrix
    (its units, its units and all slower ones), `bias` (units,) or None. With g groups of k units the recurrent weights
    are k^2 g (g + 1) / 2.

    Args:
        input_size: features of a step.
        units: number of units, at least one a group; where they do not divide evenly, fast groups have one more.
        periods: T of each group; 1, 2, 4 ... 128, as far as there are units, if None.
        squashing: "tanh" or "logistic" (or "relu", "identity").
        bias: whether units have biases.
        initialiser: a `Start`, or one `(key, shape) -> array` for all weights; drawn for the whole recurrent matrix,
            of which the blocks that exist are kept.
        key: random key.

    Raises:
        InvalidInput: an unknown squashing function, periods that are no positive whole numbers, or too few units.

    Example:
        >>> import jax
        >>> from mnemon.cells import Clockwork
        >>> cell = Clockwork(2, 6, periods=(1, 4, 16), key=jax.random.key(0))
        >>> [strip.shape for strip in cell.recurrent_weights]
        [(2, 6), (2, 4), (2, 2)]

    """

    input_weights: Float[Array, "units inputs"]
    recurrent_weights: tuple[Float[Array, "group sources"], ...]
    bias: Float[Array, " units"] | None
    periods: tuple[int, ...] = eqx.field(static=True)
    sizes: tuple[int, ...] = eqx.field(static=True)
    squashing: Callable[[Array], Array] = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        units: int,
        *,
        periods: Sequence[int] | None = None,
        squashing: str = "tanh",
        bias: bool = True,
        initialiser: Initialiser | Start | None = None,
        key: PRNGKeyArray,
    ) -> None:
        self.periods, self.sizes = time_scales("periods", periods, units)
        input_key, recurrent_key, bias_key = jax.random.split(key, 3)
        start = Start.of(initialiser)
        whole = start.recurrent(recurrent_key, (units, units))
        firsts = np.cumsum((0, *self.sizes))
        self.input_weights = start.inputs(input_key, (units, input_size))
        self.recurrent_weights = tuple(whole[a:b, a:] for a, b in pairwise(firsts))
        self.bias = start.bias(bias_key, (units,)) if bias else None
        self.squashing = squashing_function(squashing)
        self.input_size = input_size
        self.output_size = units

    def initial_state(self) -> ClockworkState:
        """Zeros, before step 0."""
        return ClockworkState(jnp.zeros(self.output_size, self.input_weights.dtype), jnp.zeros((), jnp.int32))

    def project(self, xs: Float[Array, "time inputs"]) -> Float[Array, "time units"]:
        """W x + b."""
        drives = xs @ self.input_weights.T
        return drives if self.bias is None else drives + self.bias[None]

    def recur(self, state: ClockworkState) -> Float[Array, " units"]:
        """U h, with the missing blocks as zeros: one product is quicker than many small ones."""
        strips = [jnp.pad(u, ((0, 0), (self.output_size - u.shape[1], 0))) for u in self.recurrent_weights]
        return jnp.concatenate(strips) @ state.units

    def step(self, state: ClockworkState, drive: Float[Array, " units"]) -> ClockworkState:
        """f(drive) for the groups whose turn it is."""
        turn = state.clock % np.repeat(np.asarray(self.periods, np.int32), self.sizes) == 0
        return ClockworkState(jnp.where(turn, self.squashing(drive), state.units), state.clock + 1)

    def output(self, state: ClockworkState) -> Float[Array, " units"]:
        """The units themselves."""
        return state.units
