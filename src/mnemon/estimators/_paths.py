"""Into the future: networks go on from their own answers, once as they are expected, or drawn many times.

    v(t) = x(t) where it is known, else draw( z(t-1), noise(t-1) )        z(t) = network( v(t), covariates(t) )

What is drawn follows from what the networks say: an answer and one of the errors that they made before (residual
bootstrap), a number from a normal distribution, or one between quantiles. The networks of a population each go their
own way.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ..layers import Network, OwnAnswers, unfold
from ..learning import Population
from ._told import Told


class PathState(NamedTuple):
    """The network's state, and the value that was drawn from its answer."""

    network: Any
    value: Float[Array, "... fed"]


class Path(OwnAnswers):
    """A network that reads its own answers where values are missing; inputs are values, covariates and noise.

    Args:
        network: a causal network.
        told: what its answers mean.
        whole: whether it says the network's whole answers, and not what was drawn.

    """

    told: Told = eqx.field(static=True)
    whole: bool = eqx.field(static=True)

    def __init__(self, network: Network, told: Told, *, whole: bool = False) -> None:
        super().__init__(network, network.input_size + told.fed)
        self.told = told
        self.whole = whole
        self.output_size = network.output_size if whole else told.fed

    def initial_state(self) -> PathState:
        """The network's, and zeros."""
        start = self.cell.initial_state()
        return PathState(start, jnp.zeros(self.told.fed, start.answer.dtype))

    def step(self, state: PathState, drive: Float[Array, " inputs"]) -> PathState:
        """The equations above."""
        fed, inputs = self.told.fed, self.cell.input_size
        given, others, noise = drive[:fed], drive[fed:inputs], drive[inputs:]
        seen = jnp.where(jnp.isnan(given), state.value, given)
        network = self.cell.step(state.network, jnp.concatenate([seen, others]))
        return PathState(network, self.told.draw(network.answer, noise))

    def output(self, state: PathState) -> Float[Array, " outputs"]:
        """What was drawn, or the whole answer."""
        return state.network.answer if self.whole else state.value


@eqx.filter_jit
def read(
    population: Population, told: Told, xs: Float[Array, "batch time inputs"], lengths: Int[Array, " batch"], state: Any
) -> Any:
    """States (members, batch, ...) after reading so many steps; from such states, or from the beginning (None)."""

    def one(network: Network, before: Any) -> Any:
        noise = jnp.full((*xs.shape[:2], told.fed), told.quiet, xs.dtype)
        return _walk(Path(network, told), xs, noise, before, lengths)[1]

    return eqx.filter_vmap(one)(population.stacked, state)


@eqx.filter_jit
def expected(
    population: Population, told: Told, state: Any, xs: Float[Array, "batch time inputs"]
) -> Float[Array, "members batch time answers"]:
    """What each network says of the steps to come, from its state, when nothing is drawn: whole answers."""

    def one(network: Network, before: Any) -> Array:
        noise = jnp.full((*xs.shape[:2], told.fed), told.quiet, xs.dtype)
        return _walk(Path(network, told, whole=True), xs, noise, before)[0]

    return eqx.filter_vmap(one)(population.stacked, state)


@eqx.filter_jit
def drawn(
    population: Population,
    told: Told,
    state: Any,
    xs: Float[Array, "batch time inputs"],
    residuals: Float[Array, "members rows fed"] | None,
    paths: int,
    key: PRNGKeyArray,
) -> Float[Array, "members paths batch time fed"]:
    """So many futures of each network, each drawn for itself."""
    batch, time = xs.shape[:2]

    def one(network: Network, before: Any, errors: Array | None, key: PRNGKeyArray) -> Array:
        # A step's noise does not depend on how many there are: a longer horizon begins with the shorter.
        keys = jax.vmap(lambda step: jax.random.fold_in(key, step))(jnp.arange(time))
        noise = jnp.moveaxis(jax.vmap(lambda k: told.noise(k, (paths, batch), errors, xs.dtype))(keys), 0, 2)
        spread = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf[None], (paths, *leaf.shape)), before)
        both = jnp.broadcast_to(xs[None], (paths, *xs.shape))
        return _walk(Path(network, told), both, noise, spread)[0]

    keys = jax.random.split(key, len(population))
    return eqx.filter_vmap(one)(population.stacked, state, residuals, keys)


def _walk(cell: Path, xs: Array, noise: Array, state: Any, lengths: Array | None = None) -> Any:
    return unfold(cell, jnp.concatenate([xs, noise], axis=-1), state=state, lengths=lengths, engine="plain")


def pooled(steps: int) -> int:
    """Steps to compile for: round numbers, so that other horizons seldom compile anew."""
    return int(2 ** np.ceil(np.log2(max(steps, 1)))) if steps <= 64 else -(-steps // 64) * 64
