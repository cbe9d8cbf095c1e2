"""Evolino, the evolution of recurrent weights below a readout that is solved for: J. Schmidhuber, D. Wierstra,
M. Gagliolo and F. Gomez, "Training recurrent networks by Evolino", Neural Computation 19(3):757-779, 2007,
doi:10.1162/neco.2007.19.3.757.

The evolution is enforced subpopulations: F. Gomez and R. Miikkulainen, Adaptive Behavior 5:317-342, 1997,
doi:10.1177/105971239700500305.

A subpopulation for each unit holds candidates for the weights into it. In every generation

    form       networks of one candidate of each subpopulation, drawn so that each takes part `rounds` times
    judge      a network by the loss that is left once its readout is solved in closed form (`Ridge`)
    credit     a candidate with the least loss of the networks that it took part in
    breed      the best quarter, one-point crossover with another of it, Cauchy noise on some weights; children take
               the places of the worse half
    burst      where nothing got better for `patience` generations, all candidates are drawn anew around the best
               network: Cauchy noise on all weights

Settled here: units are told apart by the rows of weight matrices (row modulo the number of units of the topmost layer,
as gates are piled up; what does not divide is one more subpopulation), and the loss that is left is that on the very
sequences that the readout was solved on, with the network given their true past (no feedback of its own answers).
"""

from collections.abc import Iterator

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from ..cells import trainable
from ..layers import Network
from ._examples import Bucket
from ._hosted import Generation, Hosted, judge
from ._ridge import Ridge
from .losses import Loss
from .updates._candidates import as_vector, check_counts, check_numbers


class Evolino(Hosted):
    """Evolution of what is below the readout, each network by itself; an epoch is a generation.

    The network is the best one tried, with its readout.

    Args:
        candidates: of each subpopulation, at least 4.
        rounds: networks that each candidate takes part in, in a generation.
        start: scale of the Cauchy numbers that candidates differ by from the network at the start, and after a burst.
        mutation: chance of a child's weight to be moved.
        deviation: scale of its Cauchy noise.
        patience: generations without a better network before a burst.
        penalty: of the readout's `Ridge`.

    Raises:
        InvalidInput: a number that makes no sense; (by `train`) a readout that squashes.

    Example:
        >>> from mnemon.learning import Evolino
        >>> learner = Evolino(40, patience=20)

    """

    candidates: int = eqx.field(static=True, default=40)
    rounds: int = eqx.field(static=True, default=1)
    start: float = eqx.field(static=True, default=0.1)
    mutation: float = eqx.field(static=True, default=0.4)
    deviation: float = eqx.field(static=True, default=0.1)
    patience: int = eqx.field(static=True, default=20)
    penalty: float = eqx.field(static=True, default=1e-8)

    def __check_init__(self) -> None:
        check_counts(self, candidates=4, rounds=1, patience=1)
        check_numbers(self, "start", "deviation")
        check_numbers(self, "mutation", zero=True, most=1)
        Ridge(self.penalty)

    def generations(self, network: Network, buckets: tuple[Bucket, ...], loss: Loss, seed: int) -> Iterator[Generation]:
        """See `Hosted`."""
        random, ridge = np.random.default_rng(seed), Ridge(self.penalty)
        vector, rebuild = as_vector(network, readout=False)
        unit_of = subpopulations(network)
        units = int(unit_of.max()) + 1
        least, best, waited = np.inf, network, 0
        pool = self._around(random, np.asarray(vector, float))

        while True:
            credit = np.full((self.candidates, units), np.inf)
            before = least
            for _ in range(self.rounds):
                chosen = np.stack([random.permutation(self.candidates) for _ in range(units)], axis=1)
                for row in chosen:
                    weights = pool[row[unit_of], np.arange(pool.shape[1])]
                    formed = ridge.solve(rebuild(jnp.asarray(weights, vector.dtype)), buckets, loss, seed)
                    cost = float(judge(formed, buckets, loss)[0])
                    cost = cost if np.isfinite(cost) else np.inf
                    places = row, np.arange(units)
                    credit[places] = np.minimum(credit[places], cost)
                    if cost < least:
                        least, best = cost, formed
            yield Generation(best, least, self.candidates * self.rounds)
            waited = 0 if least < before else waited + 1
            if waited >= self.patience:
                pool, waited = self._around(random, np.asarray(as_vector(best, readout=False)[0], float)), 0
            else:
                pool = self._bred(random, pool, credit, unit_of)

    def _around(self, random: np.random.Generator, weights: np.ndarray) -> np.ndarray:
        """Candidates for all units around these weights, which are the first."""
        noise = self.start * random.standard_cauchy((self.candidates, weights.size))
        noise[0] = 0
        return weights + noise

    def _bred(
        self, random: np.random.Generator, pool: np.ndarray, credit: np.ndarray, unit_of: np.ndarray
    ) -> np.ndarray:
        """The next candidates: in each subpopulation, the worse half replaced by children of the best quarter."""
        pool = pool.copy()
        elite, children = max(self.candidates // 4, 2), self.candidates // 2
        for unit in range(credit.shape[1]):
            mine = np.flatnonzero(unit_of == unit)
            ranked = pool[np.argsort(credit[:, unit], kind="stable")][:, mine]
            first = np.arange(children) % elite
            second = (first + random.integers(1, elite, children)) % elite
            behind = np.arange(mine.size) >= random.integers(0, mine.size + 1, (children, 1))
            made = np.where(behind, ranked[second], ranked[first])
            moved = random.random(made.shape) < self.mutation
            ranked[self.candidates - children :] = made + moved * self.deviation * random.standard_cauchy(made.shape)
            pool[:, mine] = ranked
        return pool


def subpopulations(network: Network) -> np.ndarray:
    """The subpopulation of each weight below the readout, numbered from 0."""
    units, numbers = network.layers.output_size, []
    for leaf in jax.tree.leaves(trainable(network.layers)):
        rows = leaf.shape[0] if leaf.ndim else 1
        unit = np.arange(rows) % units if rows % units == 0 else np.full(rows, units)
        numbers.append(np.repeat(unit, leaf.size // max(rows, 1)))
    return np.unique(np.concatenate(numbers), return_inverse=True)[1]
