"""Hosted learners: one network at a time, driven by Python; closed-form solutions, searches, and networks that grow."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..errors import InvalidInput
from ..layers import Network
from ._evaluate import judged
from ._examples import Bucket, Examples
from ._population import Population
from ._progress import Progress, Watcher
from ._solution import BUDGET, NONFINITE, REACHED, RUNNING, SOLVED, STALLED, STOPPED, Result, Solution, Until
from .losses import Loss
from .updates._candidates import as_vector, in_slices


class Generation(NamedTuple):
    """What a search has reached.

    Attributes:
        network: the best so far.
        loss: its weighted mean loss.
        evaluations: networks tried since the last one.

    """

    network: Network
    loss: float
    evaluations: int


class Hosted(eqx.Module):
    """Base of learners that are not gradient x update: each network is solved for itself.

    One that has a closed form writes `solve`. One that searches writes `generations`, which go on until they are asked
    for no more: budget, criterion and patience are `train`'s, and an epoch is a generation.
    """

    def solve(self, network: Network, buckets: tuple[Bucket, ...], loss: Loss, seed: int) -> Network:
        """The trained network, of a learner with a closed form.

        Args:
            network: before training.
            buckets: the padded examples.
            loss: what an answer costs.
            seed: this network's own randomness.

        """
        raise NotImplementedError

    def generations(
        self, network: Network, buckets: tuple[Bucket, ...], loss: Loss, seed: int
    ) -> Iterator[Generation] | None:
        """What a search has reached, again and again; ends where nothing more is to be found. None: there is `solve`.

        Arguments as of `solve`.
        """
        return None

    def init(self, network: Network) -> Any:
        """Nothing is remembered from one call to the next."""
        return None

    def for_members(self, members: int, dtype: Any) -> "Hosted":
        """One setting for all networks."""
        return self


def solve_each(
    population: Population,
    learner: Hosted,
    data: Examples,
    loss: Loss,
    validation: Examples | None,
    until: Until,
    progress: Watcher | None,
) -> Solution:
    """Train one network after the other.

    The history holds the loss after each generation; of a closed form, as if it were one epoch.

    Raises:
        InvalidInput: a criterion that a search cannot be ended by.

    """
    begun = time.perf_counter()
    dtype = population.stacked.dtype
    buckets = data.buckets(dtype, 4)
    judges = () if validation is None else validation.buckets(dtype, 4)
    limits = _limits(until, len(population))
    logs: list[_Log] = []
    networks, stopped = [], False

    for network, seed in zip(population, np.asarray(population.seeds)):
        log = _Log(len(data))
        logs.append(log)
        found = learner.generations(network, buckets, loss, int(seed))
        if found is None:
            networks.append(_solved(learner, network, buckets, judges, loss, int(seed), log))
            continue
        _check_criterion(learner, until, judges)
        best = network
        while not stopped and log.code == RUNNING:
            now = next(found, None)
            if now is None:
                log.code = STALLED
            elif not np.isfinite(now.loss):
                log.code = NONFINITE
            else:
                judgement = tuple(map(float, judge(now.network, judges, loss))) if judges else ()
                better = log.add(now, judgement, until, limits[len(networks)])
                network = now.network
                best = network if better else best
                if progress is not None:
                    seconds = time.perf_counter() - begun
                    stopped = progress(log.told(until.epochs, len(population), len(networks), seconds)) is True
        if log.code == RUNNING:
            log.code = STOPPED
        restore = until.restore_best and bool(judges) and log.best_epoch > 0 and log.code != REACHED
        networks.append(best if restore else network)

    told = {name: _columns([log.history[name] for log in logs]) for name in _NAMES[: 3 if judges else 1]}
    told = {"epoch": np.arange(1, len(told["loss"]) + 1), **told}
    trained = Population(Population.of(networks).stacked, population.seeds)
    seconds = {"compile": 0.0, "train": time.perf_counter() - begun}
    return Solution(trained, tuple(log.result() for log in logs), told, seconds, None)


@eqx.filter_jit
def judge(network: Network, buckets: tuple[Bucket, ...], loss: Loss) -> tuple[Array, Array]:
    """Weighted mean loss, and mean score."""
    return judged(network, buckets, loss)


@eqx.filter_jit
def candidate_costs(
    network: Network,
    vectors: Float[Array, "candidates weights"],
    buckets: tuple[Bucket, ...],
    loss: Loss,
    readout: bool,
) -> Float[Array, " candidates"]:
    """The weighted mean loss of networks, given as vectors of weights (`as_vector`); infinite where not finite."""
    _, rebuild = as_vector(network, readout)

    def cost(vector: Array) -> Float[Array, ""]:
        value, _ = judged(rebuild(vector), buckets, loss)
        return jnp.where(jnp.isfinite(value), value, jnp.inf)

    largest = max(buckets, key=lambda bucket: bucket.rows * jax.tree.leaves(bucket.xs)[0].shape[1])
    return in_slices(cost, vectors, largest)


_NAMES = ("loss", "validation_loss", "validation_score")


@dataclass
class _Log:
    """What one network has used and reached."""

    sequences: int
    history: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in _NAMES})
    code: int = RUNNING
    evaluations: int = 0
    best: float = np.inf
    best_epoch: int = 0

    def add(self, now: Generation, judgement: tuple[float, ...], until: Until, limit: float) -> bool:
        """One more epoch; says whether it is the best, and sets the code where it is the last."""
        for name, value in zip(_NAMES, (now.loss, *judgement)):
            self.history[name].append(value)
        self.evaluations += now.evaluations
        epoch = len(self.history["loss"])
        watched = now.loss
        if judgement and until.monitor != "loss":
            watched = judgement[0] if until.monitor == "validation_loss" else -judgement[1]
        better = watched < self.best
        if better:
            self.best, self.best_epoch = watched, epoch
        if now.loss < limit or (until.score is not None and judgement[1] >= until.score):
            self.code = REACHED
        elif until.patience is not None and epoch - self.best_epoch >= until.patience:
            self.code = STALLED
        elif epoch == until.epochs:
            self.code = BUDGET
        return better

    def told(self, epochs: int, members: int, done: int, seconds: float) -> Progress:
        """What a watcher is told."""
        loss, cost, score = (values[-1] if values else None for values in self.history.values())
        assert loss is not None  # told after an epoch
        return Progress(len(self.history["loss"]), epochs, loss, cost, score, members - done, members, seconds)

    def result(self) -> Result:
        """How it ended."""
        epochs, shown = len(self.history["loss"]), self.evaluations * self.sequences
        return Result(self.code, epochs, shown, self.evaluations, self.best_epoch, float(self.best))


def _solved(
    learner: Hosted,
    network: Network,
    buckets: tuple[Bucket, ...],
    judges: tuple[Bucket, ...],
    loss: Loss,
    seed: int,
    log: _Log,
) -> Network:
    """A network by its closed form, or as it was where that is not finite."""
    solved = learner.solve(network, buckets, loss, seed)
    arrays = jax.tree.leaves(eqx.filter(solved, eqx.is_inexact_array))
    finite = all(np.isfinite(np.asarray(leaf)).all() for leaf in arrays)
    network = solved if finite else network
    cost = float(judge(network, buckets, loss)[0])
    judgement = tuple(map(float, judge(network, judges, loss))) if judges else ()
    for name, value in zip(_NAMES, (cost, *judgement)):
        log.history[name].append(value)
    log.code, log.evaluations, log.best_epoch = (SOLVED if finite else NONFINITE), 1, int(finite)
    log.best = judgement[0] if judgement else cost
    return network


def _limits(until: Until, members: int) -> np.ndarray:
    """The loss that is success, one a member; of nothing where it is no criterion."""
    each = np.asarray(-np.inf if until.loss is None else until.loss, float)
    if each.ndim and each.shape != (members,):
        raise InvalidInput(f"Until(loss=...): got {each.size} numbers for a population of {members} networks")
    return np.broadcast_to(each, (members,))


def _check_criterion(learner: Hosted, until: Until, judges: tuple[Bucket, ...]) -> None:
    if until.streak is not None:
        raise InvalidInput(
            f"Until(streak=...) counts answers before each update, and {type(learner).__name__} tries whole networks; "
            "give it loss= instead"
        )
    if until.score is not None and not judges:
        raise InvalidInput(f"Until(score={until.score}) is judged on validation data, and there are none")


def _columns(each: list[list[float]]) -> np.ndarray:
    """Numbers of members (epochs, members); NaN after a member has ended."""
    table = np.full((max(len(one) for one in each), len(each)), np.nan)
    for k, one in enumerate(each):
        table[: len(one), k] = one
    return table
