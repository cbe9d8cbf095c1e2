"""Evolution with a covariance matrix that adapts: N. Hansen and A. Ostermeier, "Completely derandomized
self-adaptation in evolution strategies", Evolutionary Computation 9(2):159-195, 2001, doi:10.1162/106365601750190398.

    w_k = m + s N(0, C),    k = 1 ... lambda,    the better half, weighted by rank, moves m, s and C

The arithmetic is that of the package `cmaes` (M. Nomura and M. Shibata, arXiv:2402.01373), in double precision.
"""

from collections.abc import Iterator
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from ..errors import InvalidInput
from ..layers import Network
from ._examples import Bucket
from ._hosted import Generation, Hosted, candidate_costs
from .losses import Loss
from .updates._candidates import as_vector, check_counts, check_numbers

NEEDED = 'CmaEs: needs the package cmaes: pip install "mnemon[evolution]"'


class CmaEs(Hosted):
    """CMA-ES: for up to some hundred weights, where no gradient helps; each network by itself, an epoch a generation.

    The network is the best one tried, the one it began with among them. Work and memory grow as the square of the
    number of weights. The search ends by itself where its distribution has shrunk to a point.

    Args:
        deviation: of the first generation, in each weight.
        offspring: networks in a generation; None: 4 + 3 log(weights).
        readout: whether the readout's weights evolve too; see `RandomGuessing`.

    Raises:
        InvalidInput: a number that makes no sense; (by `train`) the package is not installed.

    Example:
        >>> from mnemon.learning import CmaEs
        >>> learner = CmaEs(0.3)

    """

    deviation: float = eqx.field(static=True, default=0.3)
    offspring: int | None = eqx.field(static=True, default=None)
    readout: bool = eqx.field(static=True, default=True)

    def __check_init__(self) -> None:
        check_numbers(self, "deviation")
        if self.offspring is not None:
            check_counts(self, offspring=2)

    def generations(self, network: Network, buckets: tuple[Bucket, ...], loss: Loss, seed: int) -> Iterator[Generation]:
        """See `Hosted`."""
        try:
            import cmaes
        except ImportError:
            raise InvalidInput(NEEDED) from None
        return self._search(cmaes, network, buckets, loss, seed)

    def _search(
        self, cmaes: Any, network: Network, buckets: tuple[Bucket, ...], loss: Loss, seed: int
    ) -> Iterator[Generation]:
        best, rebuild = as_vector(network, self.readout)
        dtype = best.dtype

        def costs(vectors: list[np.ndarray]) -> np.ndarray:
            return np.asarray(
                candidate_costs(network, jnp.asarray(np.array(vectors), dtype), buckets, loss, self.readout)
            )

        mean = np.asarray(best, np.float64)
        strategy = cmaes.CMA(mean, float(self.deviation), seed=seed, population_size=self.offspring)
        least, extra = float(costs([mean])[0]), 1
        while True:
            tried = [strategy.ask() for _ in range(strategy.population_size)]
            values = costs(tried)
            # where a loss is not finite, the largest number there is stands for it
            strategy.tell(list(zip(tried, np.nan_to_num(values.astype(float), posinf=np.finfo(float).max))))
            if values.min() < least:
                least, best = float(values.min()), jnp.asarray(tried[int(values.argmin())], dtype)
            yield Generation(rebuild(best), least, len(tried) + extra)
            extra = 0
            if strategy.should_stop():
                return
