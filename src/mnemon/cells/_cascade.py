"""Simple recurrent networks in cascade, each fed by the one below: the stacked recurrent network of R. Pascanu,
C. Gulcehre, K. Cho and Y. Bengio, "How to construct deep recurrent neural networks", ICLR 2014, arXiv:1312.6026.

    h_1(t) = f( W_1 x(t) + U_1 h_1(t-1) + b_1 )
    h_l(t) = f( W_l h_(l-1)(t) + U_l h_l(t-1) + b_l )        l = 2 ... levels

Every level steps at every symbol and none is ever reset. With two levels it has the weights of the segmented-memory
network and none of its segments, so that the two together show what the segments do.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ..errors import InvalidInput
from ._cell import Cell
from ._elman import Elman
from ._initialisers import Initialiser, Start

Levels = tuple[Float[Array, " units"], ...]


class Cascade(Cell):
    """Cascade of `levels` simple recurrent networks of `units` units each.

    Weights: those of the `Elman` cells in `networks`, from the input up;
    units (input_size + units + 1) + (levels - 1) units (2 units + 1) of them with biases.

    Args:
        input_size: features of a step.
        units: number of units of each level.
        levels: how many networks, at least 1.
        squashing: "tanh" or "logistic" (or "relu", "identity").
        bias: whether units have biases.
        initialiser: a `Start`, or one `(key, shape) -> array` for all weights.
        key: random key.

    Raises:
        InvalidInput: an unknown squashing function, or no level.

    Example:
        >>> import jax
        >>> from mnemon.cells import Cascade
        >>> len(Cascade(2, 8, levels=3, key=jax.random.key(0)).initial_state())
        3

    """

    networks: tuple[Elman, ...]
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        units: int,
        *,
        levels: int = 2,
        squashing: str = "tanh",
        bias: bool = True,
        initialiser: Initialiser | Start | None = None,
        key: PRNGKeyArray,
    ) -> None:
        if levels < 1:
            raise InvalidInput(f"levels={levels}; expected at least 1")
        sizes = (input_size, *(units for _ in range(levels - 1)))
        self.networks = tuple(
            Elman(size, units, squashing=squashing, bias=bias, initialiser=initialiser, key=level_key)
            for size, level_key in zip(sizes, jax.random.split(key, levels))
        )
        self.input_size = input_size
        self.output_size = units

    def initial_state(self) -> Levels:
        """Zeros at every level."""
        return tuple(network.initial_state() for network in self.networks)

    def project(self, xs: Float[Array, "time inputs"]) -> tuple[Float[Array, "time units"], ...]:
        """W x + b of the first level; the others wait for what the level below says."""
        first = self.networks[0].project(xs)
        return (first, *(jnp.zeros_like(first) for _ in self.networks[1:]))

    def recur(self, state: Levels) -> Levels:
        """U h of each level."""
        return tuple(network.recur(h) for network, h in zip(self.networks, state))

    def step(self, state: Levels, drive: Levels) -> Levels:
        """From the first level up."""
        said = [self.networks[0].step(state[0], drive[0])]
        for network, before, own in zip(self.networks[1:], state[1:], drive[1:]):
            said.append(network.step(before, own + network.project(said[-1][None])[0]))
        return tuple(said)

    def output(self, state: Levels) -> Float[Array, " units"]:
        """The last level."""
        return state[-1]
