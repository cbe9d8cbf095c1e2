"""The slope of a loss from the ranks of random pairs of networks: T. Salimans, J. Ho, X. Chen, S. Sidor and
I. Sutskever, "Evolution strategies as a scalable alternative to reinforcement learning", arXiv:1703.03864, 2017.

    g = 1 / (2 m s) sum_k ( u(w + s z_k) - u(w - s z_k) ) z_k,    z_k normal,    k = 1 ... m
    u = rank among all 2 m losses, from -1/2 (least) to 1/2 (largest)

It estimates the slope of the loss smoothed by the noise, needs no derivative, and is followed by any update. Ranks
make it deaf to the loss's scale and to single large losses; equal losses have equal ranks.
"""

from typing import Any, NamedTuple, Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ...cells import trainable
from ...errors import InvalidInput
from ...layers import Network
from ._candidates import Search, as_vector, check_counts, check_numbers, costs_of, randomness, spread
from ._update import Update


class AntitheticMemory(NamedTuple):
    """What the update that follows the slope remembers, and how many networks were tried."""

    update: Any
    tried: Int[Array, ""]


class AntitheticEvolution(Search):
    """An update by the slope that pairs of networks show.

    Args:
        update: what follows the slope, such as `Optax("adam", 0.01)`.
        deviation: s, how far the pairs lie from the network; or one a network of the population.
        pairs: m, in one call.

    Raises:
        InvalidInput: an update that needs more than a gradient; a deviation that is not positive, or no pairs.

    Example:
        >>> from mnemon.learning import AntitheticEvolution, Batch, Learner, NoGradient, Optax
        >>> learner = Learner(NoGradient(), AntitheticEvolution(Optax("adam", 0.01), 0.05, pairs=32), Batch(None))

    """

    update: Update
    deviation: Any = 0.05
    pairs: int = eqx.field(static=True, default=16)

    def __check_init__(self) -> None:
        if self.update.needs != frozenset({"gradient"}):
            raise InvalidInput(
                f"AntitheticEvolution gives a gradient alone, and {type(self.update).__name__} needs "
                f"{', '.join(sorted(self.update.needs)) or 'none'}; give it an update such as Optax('adam', 0.01)"
            )
        check_numbers(self, "deviation")
        check_counts(self, pairs=1)

    @property
    def evaluations(self) -> int:
        """The pairs, and the network itself."""
        return 2 * self.pairs + 1

    def for_members(self, members: int, dtype: Any) -> Self:
        """See `Update`."""
        inner = self.update.for_members(members, dtype)
        return eqx.tree_at(lambda u: u.update, spread(self, ["deviation"], members, dtype), inner)

    def init(self, network: Network) -> AntitheticMemory:
        """The update's own memory."""
        return AntitheticMemory(self.update.init(network), jnp.zeros((), jnp.int32))

    def learn(
        self, memory: AntitheticMemory, network: Network, gradient: Any, carry: Any, loss: Any, chunk: Any
    ) -> tuple[AntitheticMemory, Network, Any, Float[Array, ""]]:
        """See `Update`."""
        mean, rebuild = as_vector(network)
        noise = jax.random.normal(randomness(chunk, memory.tried), (self.pairs, mean.size), mean.dtype)
        away = self.deviation * noise
        value, *_ = costs = costs_of(
            jnp.concatenate([mean[None], mean[None] + away, mean[None] - away]), rebuild, loss, chunk
        )
        ahead, back = jnp.split(ranks(costs[1:]), 2)
        slope = (ahead - back) @ noise / (2 * self.pairs * self.deviation)
        inner, network = self.update.step(memory.update, network, trainable(rebuild(slope)))
        return AntitheticMemory(inner, memory.tried + 2 * self.pairs), network, carry, value


def ranks(costs: Float[Array, " some"]) -> Float[Array, " some"]:
    """From -1/2 for the least to 1/2 for the largest; equal ones share the mean of theirs."""
    one, other = costs[:, None], costs[None]
    below = jnp.where(other < one, 1.0, 0.0).sum(axis=1) + 0.5 * (jnp.where(other == one, 1.0, 0.0).sum(axis=1) - 1)
    return (below / max(len(costs) - 1, 1) - 0.5).astype(costs.dtype)
