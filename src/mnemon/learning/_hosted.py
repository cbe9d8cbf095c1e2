"""Hosted learners: one network at a time, driven by Python; closed-form solutions and networks that grow."""

import time
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ..layers import Network
from ._evaluate import judged
from ._examples import Bucket, Examples
from ._population import Population
from ._solution import NONFINITE, SOLVED, Result, Solution
from .losses import Loss


class Hosted(eqx.Module):
    """Base of learners that are not gradient x update: each network is solved for itself."""

    def solve(self, network: Network, buckets: tuple[Bucket, ...], loss: Loss, seed: int) -> Network:
        """The trained network.

        Args:
            network: before training.
            buckets: the padded examples.
            loss: what an answer costs.
            seed: this network's own randomness.

        """
        raise NotImplementedError

    def init(self, network: Network) -> Any:
        """Nothing is remembered from one call to the next."""
        return None

    def for_members(self, members: int, dtype: Any) -> "Hosted":
        """One setting for all networks."""
        return self


def solve_each(
    population: Population, learner: Hosted, data: Examples, loss: Loss, validation: Examples | None
) -> Solution:
    """Solve one network after the other; the history holds the loss after it, as if it were one epoch."""
    begun = time.perf_counter()
    dtype = population.stacked.readout.weights.dtype
    buckets = data.buckets(dtype, 4)
    judges = () if validation is None else validation.buckets(dtype, 4)
    networks, results = [], []
    history: dict[str, Any] = {"loss": [], "validation_loss": [], "validation_score": []}
    for network, seed in zip(population, np.asarray(population.seeds)):
        solved = learner.solve(network, buckets, loss, int(seed))
        arrays = jax.tree.leaves(eqx.filter(solved, eqx.is_inexact_array))
        finite = all(bool(jnp.isfinite(leaf).all()) for leaf in arrays)
        networks.append(solved if finite else network)
        cost, _ = _judge(networks[-1], buckets, loss)
        history["loss"].append(float(cost))
        if judges:
            cost, score = _judge(networks[-1], judges, loss)
            history["validation_loss"].append(float(cost))
            history["validation_score"].append(float(score))
        results.append(Result(SOLVED if finite else NONFINITE, 1, len(data), 1, int(finite), float(cost)))
    told = {"epoch": np.ones(1, int)} | {name: np.array([values]) for name, values in history.items() if values}
    trained = Population(Population.of(networks).stacked, population.seeds)
    seconds = {"compile": 0.0, "train": time.perf_counter() - begun}
    return Solution(trained, tuple(results), told, seconds, None)


@eqx.filter_jit
def _judge(network: Network, buckets: tuple[Bucket, ...], loss: Loss) -> tuple[Array, Array]:
    return judged(network, buckets, loss)
