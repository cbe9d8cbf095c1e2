"""The evolution strategy (mu/mu_w, lambda) with one step size, adapted by the length of its path: A. Ostermeier,
A. Gawelczyk and N. Hansen, "Step-size adaptation based on non-local use of selection information", PPSN III, LNCS
866:189-198, 1994, doi:10.1007/3-540-58484-6_263; constants as in N. Hansen, "The CMA evolution strategy: a tutorial",
arXiv:1604.00772, whose covariance matrix here is the unit matrix.

    w_k = m + s z_k,    z_k normal,    k = 1 ... lambda                            offspring, ranked by their loss
    y = sum_(i <= mu) a_i z_(i),    a_i ~ log((lambda + 1) / 2) - log i,    sum a = 1
    m <- m + s y
    p <- (1 - c) p + sqrt(c (2 - c) mu_w) y,    s <- s exp( c/d ( |p| / E|N(0,I)| - 1 ) )
    mu_w = 1 / sum a^2,    c = (mu_w + 2) / (n + mu_w + 5),    d = 1 + 2 max(0, sqrt((mu_w - 1)/(n + 1)) - 1) + c

Steps that go on in one direction make a path longer than chance does, and the step size grows; steps that undo each
other make it fall.
"""

import math
from typing import Any, NamedTuple, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ...layers import Network
from ._candidates import Search, as_vector, check_counts, check_numbers, costs_of, randomness, spread


class EvolutionMemory(NamedTuple):
    """The step size s, the path p, and how many networks were tried."""

    deviation: Float[Array, ""]
    path: Float[Array, " weights"]
    tried: Int[Array, ""]


class EvolutionStrategy(Search):
    """The network is the mean of the distribution that its offspring are drawn from; one generation a call.

    The value in the history is the mean's, before it moves, as with gradients. An offspring whose loss is not finite
    is never selected.

    Args:
        deviation: s at the start; or one a network of the population.
        offspring: lambda, at least 2; the better half is selected.
        readout: whether the readout's weights evolve too; see `RandomGuessing`.

    Raises:
        InvalidInput: a deviation that is not positive, or too few offspring.

    Example:
        >>> from mnemon.learning import Batch, EvolutionStrategy, Learner, NoGradient
        >>> learner = Learner(NoGradient(), EvolutionStrategy(0.1, offspring=32), Batch(None))

    """

    deviation: Any = 0.1
    offspring: int = eqx.field(static=True, default=32)
    readout: bool = eqx.field(static=True, default=True)

    def __check_init__(self) -> None:
        check_numbers(self, "deviation")
        check_counts(self, offspring=2)

    @property
    def evaluations(self) -> int:
        """The offspring, and their mean."""
        return self.offspring + 1

    def for_members(self, members: int, dtype: Any) -> Self:
        """See `Update`."""
        return spread(self, ["deviation"], members, dtype)

    def init(self, network: Network) -> EvolutionMemory:
        """No path yet."""
        mean, _ = as_vector(network, self.readout)
        return EvolutionMemory(jnp.asarray(self.deviation, mean.dtype), jnp.zeros_like(mean), jnp.zeros((), jnp.int32))

    def learn(
        self, memory: EvolutionMemory, network: Network, gradient: Any, carry: Any, loss: Any, chunk: Any
    ) -> tuple[EvolutionMemory, Network, Any, Float[Array, ""]]:
        """See `Update`."""
        mean, rebuild = as_vector(network, self.readout)
        key = randomness(chunk, memory.tried)
        noise = jax.random.normal(key, (self.offspring, mean.size), mean.dtype)
        tried = mean[None] + memory.deviation * noise
        value, *_ = costs = costs_of(jnp.concatenate([mean[None], tried]), rebuild, loss, chunk)
        order = jnp.argsort(costs[1:])
        shares = jnp.where(jnp.isfinite(costs[1:][order]), jnp.asarray(selection(self.offspring), mean.dtype), 0)
        shares = shares / jnp.maximum(shares.sum(), jnp.finfo(mean.dtype).tiny)
        move = shares @ noise[order]
        deviation, path = adapted(memory.deviation, memory.path, move, self.offspring)
        after = EvolutionMemory(deviation, path, memory.tried + self.offspring)
        return after, rebuild(mean + memory.deviation * move), carry, value


def selection(offspring: int) -> np.ndarray:
    """The weights a_i of all ranks: 0 for the worse half."""
    ranks = np.arange(1, offspring + 1)
    shares = np.where(ranks <= offspring // 2, np.log((offspring + 1) / 2) - np.log(ranks), 0)
    return shares / shares.sum()


def adapted(deviation: Array, path: Array, move: Array, offspring: int) -> tuple[Array, Array]:
    """The step size and the path after a move y."""
    n, effective = path.size, float(1 / np.square(selection(offspring)).sum())
    c = (effective + 2) / (n + effective + 5)
    damping = 1 + 2 * max(0.0, math.sqrt((effective - 1) / (n + 1)) - 1) + c
    path = (1 - c) * path + math.sqrt(c * (2 - c) * effective) * move
    chance = math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n**2))  # the mean length of n normal numbers
    return deviation * jnp.exp(c / damping * (jnp.sqrt(jnp.square(path).sum()) / chance - 1)), path
