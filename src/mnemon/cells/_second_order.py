"""The second-order network, whose input symbol picks the transition of the state: C. L. Giles, C. B. Miller, D. Chen,
H. H. Chen, G. Z. Sun and Y. C. Lee, "Learning and extracting finite state automata with second-order recurrent neural
networks", Neural Computation 4(3):393-405, 1992, doi:10.1162/neco.1992.4.3.393.

    S_i(t) = f( sum over j, k of W_ijk S_j(t-1) x_k(t) ),    S_1 = 1 and all others 0 before the first step

With symbols as one-hot inputs, symbol k moves the state by its own matrix W_k. In the paper f is logistic and units
have no biases; tanh, the default, keeps errors alive over more steps.
"""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ._cell import Cell
from ._initialisers import Initialiser, Start
from ._squashing import squashing_function


class SecondOrderDrive(NamedTuple):
    """What drives one step: the inputs, and the product of the state with each input's matrix."""

    inputs: Float[Array, "... inputs"]
    products: Float[Array, "... inputs*units"]


class SecondOrder(Cell):
    """Second-order network of `units` units.

    Weights: `recurrent_weights` (input_size units, units), one square block an input, and `bias` (units,) or None;
    units^2 input_size of them without biases.

    Args:
        input_size: features of a step; usually one a symbol.
        units: number of units; the first starts at 1.
        squashing: "tanh" or "logistic" (or "relu", "identity").
        bias: whether units have biases.
        initialiser: a `Start`, or one `(key, shape) -> array` for all weights.
        key: random key.

    Raises:
        InvalidInput: an unknown squashing function.

    Example:
        >>> import jax
        >>> from mnemon.cells import SecondOrder
        >>> SecondOrder(2, 5, key=jax.random.key(0)).recurrent_weights.shape
        (10, 5)

    """

    recurrent_weights: Float[Array, "inputs*units units"]
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
        bias: bool = False,
        initialiser: Initialiser | Start | None = None,
        key: PRNGKeyArray,
    ) -> None:
        recurrent_key, bias_key = jax.random.split(key)
        start = Start.of(initialiser)
        self.recurrent_weights = start.recurrent(recurrent_key, (input_size * units, units))
        self.bias = start.bias(bias_key, (units,)) if bias else None
        self.squashing = squashing_function(squashing)
        self.input_size = input_size
        self.output_size = units

    def initial_state(self) -> Float[Array, " units"]:
        """1 for the first unit: without it the state of a network that is odd about 0 would stay there."""
        return jnp.zeros(self.output_size, self.recurrent_weights.dtype).at[0].set(1)

    def project(self, xs: Float[Array, "time inputs"]) -> SecondOrderDrive:
        """The inputs themselves, and room for the products."""
        return SecondOrderDrive(xs, jnp.zeros((xs.shape[0], self.recurrent_weights.shape[0]), xs.dtype))

    def recur(self, state: Float[Array, " units"]) -> SecondOrderDrive:
        """W_k S for every input k."""
        return SecondOrderDrive(jnp.zeros(self.input_size, state.dtype), self.recurrent_weights @ state)

    def step(self, state: Float[Array, " units"], drive: SecondOrderDrive) -> Float[Array, " units"]:
        """The products, weighted by the inputs and squashed."""
        net = drive.inputs @ drive.products.reshape(self.input_size, self.output_size)
        return self.squashing(net if self.bias is None else net + self.bias)

    def output(self, state: Float[Array, " units"]) -> Float[Array, " units"]:
        """The units themselves."""
        return state
