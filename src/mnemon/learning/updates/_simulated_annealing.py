"""Simulated annealing of the weights: S. Kirkpatrick, C. Gelatt and M. Vecchi, "Optimization by simulated annealing",
Science 220:671-680, 1983, doi:10.1126/science.220.4598.671.

    w' = w + width z                                        a proposal, z normal or Cauchy
    w <- w'   with probability  min(1, exp(-(E(w') - E(w)) / T))        N. Metropolis and others, 1953

At a constant temperature T the weights visited follow exp(-E / T). With k proposals made, the temperature is

    geometric      T(k) = T 2^(-k / halved)
    fast           T(k) = T / (1 + k / halved)              Cauchy proposals, whose width falls as T does: H. Szu and
                                                            R. Hartley, Physics Letters A 122:157-162, 1987
    logarithmic    T(k) = T / (1 + log2(1 + k / halved))    S. and D. Geman, IEEE Trans. PAMI 6:721-741, 1984
"""

from typing import Any, NamedTuple, Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from ...errors import InvalidInput, suggest
from ...layers import Network
from ._candidates import Search, as_vector, check_counts, check_numbers, costs_of, randomness, spread

FALLS = {
    "geometric": lambda age: 2.0**-age,
    "fast": lambda age: 1 / (1 + age),
    "logarithmic": lambda age: 1 / (1 + jnp.log2(1 + age)),
}
STEPS = {"gaussian": jax.random.normal, "cauchy": jax.random.cauchy}


class AnnealingMemory(NamedTuple):
    """Where the search is: its weights, which may be worse than the best; and proposals made and accepted."""

    weights: Float[Array, " weights"]
    tried: Int[Array, ""]
    accepted: Int[Array, ""]


class SimulatedAnnealing(Search):
    """Moves of all weights at once, worse ones accepted as the temperature has it.

    The network is the best one visited; what the walk itself has reached is in the memory. Both are judged anew on
    each chunk, so that chunks may differ; the value in the history is the best one's, after the call.

    Args:
        temperature: T at the start, in units of the loss; 0: never accept what is worse. It may be one a network of the
            population, as `width` and `halved` may.
        width: of a proposal, in each weight.
        halved: proposals after which the temperature is half of that at the start; None: it stays.
        fall: "geometric", "fast" or "logarithmic".
        draw: "gaussian" or "cauchy" proposals.
        narrowing: whether the width falls as the temperature does.
        proposals: in one call, one after the other.
        readout: whether the readout's weights move too; see `RandomGuessing`.

    Raises:
        InvalidInput: an unknown fall or draw, or a number that makes no sense.

    Example:
        >>> from mnemon.learning import Batch, Learner, NoGradient, SimulatedAnnealing
        >>> fast = SimulatedAnnealing(1.0, 1.0, halved=100, fall="fast", draw="cauchy", narrowing=True)
        >>> learner = Learner(NoGradient(), fast, Batch(None))

    """

    temperature: Any = 0.1
    width: Any = 0.1
    halved: Any = 1000.0
    fall: str = eqx.field(static=True, default="geometric", kw_only=True)
    draw: str = eqx.field(static=True, default="gaussian", kw_only=True)
    narrowing: bool = eqx.field(static=True, default=False, kw_only=True)
    proposals: int = eqx.field(static=True, default=32, kw_only=True)
    readout: bool = eqx.field(static=True, default=True, kw_only=True)

    def __check_init__(self) -> None:
        if self.fall not in FALLS:
            raise InvalidInput(f"SimulatedAnnealing(fall={self.fall!r}): {suggest(self.fall, FALLS)}")
        if self.draw not in STEPS:
            raise InvalidInput(f"SimulatedAnnealing(draw={self.draw!r}): {suggest(self.draw, STEPS)}")
        check_numbers(self, "temperature", zero=True)
        check_numbers(self, "width", *([] if self.halved is None else ["halved"]))
        check_counts(self, proposals=1)

    @property
    def evaluations(self) -> int:
        """The proposals, and another look at where the walk is and at the best."""
        return self.proposals + 2

    def for_members(self, members: int, dtype: Any) -> Self:
        """See `Update`."""
        names = ["temperature", "width", *([] if self.halved is None else ["halved"])]
        return spread(self, names, members, dtype)

    def init(self, network: Network) -> AnnealingMemory:
        """The walk starts at the network."""
        nothing = jnp.zeros((), jnp.int32)
        return AnnealingMemory(as_vector(network, self.readout)[0], nothing, nothing)

    def learn(
        self, memory: AnnealingMemory, network: Network, gradient: Any, carry: Any, loss: Any, chunk: Any
    ) -> tuple[AnnealingMemory, Network, Any, Float[Array, ""]]:
        """See `Update`; the value is the best network's."""
        best, rebuild = as_vector(network, self.readout)
        costs = costs_of(jnp.stack([memory.weights, best]), rebuild, loss, chunk)
        dtype = best.dtype

        def propose(now: Any, number: Array) -> tuple[Any, None]:
            weights, cost, best, least, accepted = now
            step_key, chance_key = jax.random.split(jax.random.fold_in(key, number))
            share = jnp.ones((), dtype)
            if self.halved is not None:
                share = jnp.asarray(FALLS[self.fall]((memory.tried + number).astype(dtype) / self.halved), dtype)
            width = self.width * share if self.narrowing else self.width
            proposal = weights + width * STEPS[self.draw](step_key, best.shape, dtype)
            (new,) = costs_of(proposal[None], rebuild, loss, chunk)
            chance = jnp.exp(-(new - cost) / (self.temperature * share))  # 0, or no number, at temperature 0
            moves = jnp.isfinite(new) & ((new <= cost) | (jax.random.uniform(chance_key, (), dtype) < chance))
            better = new < least
            return (
                jnp.where(moves, proposal, weights),
                jnp.where(moves, new, cost),
                jnp.where(better, proposal, best),
                jnp.where(better, new, least),
                accepted + moves.astype(jnp.int32),
            ), None

        key = randomness(chunk, memory.tried)
        ahead = costs[0] < costs[1]  # on this chunk, where the walk is may be better than what was best
        start = (
            memory.weights,
            costs[0],
            jnp.where(ahead, memory.weights, best),
            jnp.minimum(costs[0], costs[1]),
            memory.accepted,
        )
        numbers = jnp.arange(self.proposals, dtype=jnp.int32)
        (weights, _, best, least, accepted), _ = lax.scan(propose, start, numbers)
        return AnnealingMemory(weights, memory.tried + self.proposals, accepted), rebuild(best), carry, least
