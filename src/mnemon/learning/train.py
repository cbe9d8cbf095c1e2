"""The only training loop: populations of networks, any learner, until a criterion, with checkpoints."""

import dataclasses
import time
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from ..cells import trainable
from ..errors import InvalidInput
from ..layers import Network
from ..targets import StepTargets
from ._blocks import dissolve_blocks, in_places, own_blocks, start_blocks, to_device, to_host
from ._epoch import Member, Record, run_epoch
from ._evaluate import steps_worth_compiling
from ._examples import Bucket, Examples, check_own
from ._fresh import Fresh
from ._hosted import Hosted, solve_each
from ._learner import Learner
from ._parts import Parts
from ._population import Population
from ._progress import Progress, Watcher
from ._solution import Solution, Until
from ._store import Saved, Store, fingerprint
from .losses import Loss

# Small networks are trained in blocks of this width: one operation serves all of them. Many are trained in wider ones,
# which by AVX-512 are whole vectors: an epoch of 100 on the latching problem takes 22 ms instead of 30 on one core
# (benchmarks/uses.py); without the kernels 74 instead of 80. Fewer would leave cores and places of a block idle.
BLOCK, WIDE_BLOCK, WIDE_FROM = 8, 16, 64
# A network of more weights runs fastest alone: its own products fill the machine (benchmarks/population.py).
ALONE_FROM = 1000
# How many epochs a bucket has to win back its compilation (not the budget, which may be raised on resuming).
NOMINAL_EPOCHS = 100


def train(
    networks: Population | Network | Sequence[Network],
    learner: Learner | Hosted,
    data: Examples | Sequence[Examples] | Fresh,
    *,
    loss: Loss,
    until: Until,
    validation: Examples | None = None,
    store: Store | None = None,
    seed: int = 0,
    width: int | None = None,
    buckets: int | None = None,
    progress: Watcher | None = None,
    memory: Any = None,
) -> Solution:
    """Train a population.

    Args:
        networks: a population; or one network, or several of one structure.
        learner: gradient x update x moment; or a `Hosted` one. Numbers of an update may be one a member.
        data: what to learn from; or one `Examples` a network, all with as many sequences; or `Fresh`, new ones for
            every epoch.
        loss: what an answer costs.
        until: budget, criterion, patience.
        validation: data to judge by after every epoch; needed to restore best weights.
        store: keeps checkpoints; a store that holds one of this very training goes on from there. A hosted learner
            begins anew, whatever is given here.
        seed: order of the batches, the same for all members; members' own randomness comes with the population.
        width: networks mapped together; a member's numbers are bit-equal within one width and machine, whoever else
            is trained. None: 1 for a lone network or networks of many weights, else 8, or 16 in a population of 64
            and more, padded.
        buckets: most length buckets; each is compiled for itself. None: at most 4, and only those that save more
            time in 100 epochs than their compilation takes.
        progress: called with a `Progress` after every epoch; where it returns True, training stops.
        memory: the updates' memories from an earlier `Solution`, to go on with.

    Returns:
        The trained networks and how each ended. A member whose loss or weights become non-finite stops with the
        weights it had before; the others go on.

    Raises:
        InvalidInput: numbers that do not fit the population, targets that do not fit the loss and the network, or a
            store of another training.

    """
    population = Population.of(networks, seed)
    dtype = population.stacked.dtype
    fresh = data if isinstance(data, Fresh) else None
    if isinstance(data, Fresh):
        shared, everyone = None, [data.examples(seed, 0) for seed in np.asarray(population.seeds)]
    else:
        shared, everyone = (data, [data]) if isinstance(data, Examples) else (None, list(data))
    for examples in (*everyone, validation):
        if examples is not None:
            loss.check_targets(examples.targets, population.stacked.output_size)
    if shared is None:
        check_own(everyone, len(population))
    if isinstance(learner, Hosted):
        if shared is None:
            raise InvalidInput(f"{type(learner).__name__} solves all networks on the same data; give one Examples")
        return solve_each(population, learner, shared, loss, validation, until, progress)
    size = learner.moment.size
    weights = sum(leaf.size for leaf in jax.tree.leaves(trainable(population.stacked))) // len(population)
    if width is None:
        alone = len(population) == 1 or weights >= ALONE_FROM
        width = 1 if alone else WIDE_BLOCK if len(population) >= WIDE_FROM else BLOCK
    elif width < 1:
        raise InvalidInput(f"width={width}: expected at least 1")
    most, least = buckets or 4, 0.0
    if buckets is None:  # of one block: a member's batches do not depend on how many others there are
        least = steps_worth_compiling(weights * width, passes=6 * NOMINAL_EPOCHS)
    if shared is None:
        longest = max(int(one.xs.lengths.max()) for one in everyone) if fresh is None else fresh.problem.longest
        own = (own_blocks([one.buckets(dtype, 1, length=longest)[0] for one in everyone], width=width),)
        train_buckets = everyone[0].buckets(dtype, 1, length=longest)
    else:
        own, train_buckets = None, shared.buckets(dtype, 1 if size is None else most, least=least)
    judges = () if validation is None else validation.buckets(dtype, most, least=least)
    rows = tuple(_batch_rows(bucket, size) for bucket in train_buckets)
    if until.score is not None and not judges:
        raise InvalidInput(f"Until(score={until.score}) is judged on validation data, and there are none")
    best = until.restore_best and bool(judges)
    blocks = start_blocks(population, learner, memory, width=width, keep_best=best, limit=until.loss)
    # The budget is this loop's and the limits are the members': no other number is compiled anew.
    criterion = dataclasses.replace(until, epochs=1, loss=None if until.loss is None else 0.0)

    history: dict[str, list[np.ndarray]] = {"loss": [], "validation_loss": [], "validation_score": []}
    first, mark, seconds = 0, "", {"compile": 0.0, "train": 0.0}
    if store is not None:
        shapes = [f"{leaf.dtype}{leaf.shape}" for leaf in jax.tree.leaves(eqx.filter(blocks, eqx.is_array))]
        settings = (criterion, until.loss, seed, width, buckets, memory, shapes, *(() if fresh is None else (fresh,)))
        mark = _mark(population, learner, (*everyone, validation), loss, *settings)
        saved = store.load(mark)
        if saved is not None:
            leaves, structure = jax.tree.flatten(eqx.filter(blocks, eqx.is_array))
            restored = [to_device(new, old) for new, old in zip(saved.arrays, leaves, strict=True)]
            blocks = eqx.combine(jax.tree.unflatten(structure, restored), blocks)
            own = in_places(own, blocks)
            history = {name: list(rows) for name, rows in saved.history.items()}
            first, seconds = saved.epoch, dict(saved.seconds)

    # The update's numbers are the members': as part of the program they would compile it anew.
    watched = eqx.tree_at(lambda one: one.update, learner, None, is_leaf=lambda leaf: leaf is None)
    members, durations, stopped = len(population), [], False
    own_data = own is not None
    with Parts(blocks, own) as parts:
        for epoch in range(first, until.epochs):
            if not parts.active().any():
                break
            begun = time.perf_counter()
            plan, now = _plan(train_buckets, rows, seed, epoch), jnp.asarray(epoch, jnp.int32)
            parts.pack()
            if fresh is not None and epoch:
                seeds, numbers = np.asarray(population.seeds), parts.numbers()
                places = np.minimum(numbers.reshape(-1), members - 1)  # blocks are filled up
                drawn = fresh.buckets(seeds[places], parts.active().reshape(-1), epoch, dtype)
                parts.give((own_blocks(drawn, width=width),))

            def run(part: Member, data: Any, plan: Any = plan, now: Any = now) -> tuple[Member, Record]:
                given = data if own_data else train_buckets
                return run_epoch(part, given, judges, plan, now, watched, loss, criterion, rows, own_data)

            for name, values in _by_member(parts.run(run), parts.numbers(), members).items():
                history[name].append(values)
            durations.append(time.perf_counter() - begun)
            if progress is not None:
                told = _progress(history, epoch + 1, until.epochs, parts, members, sum(durations), bool(judges))
                stopped = progress(told) is True
            if store is not None and (store.due() or epoch + 1 == until.epochs):
                store.save(mark, _saved(parts.blocks(), history, epoch + 1, _seconds(seconds, durations)))
            if stopped:
                break
        blocks = parts.blocks()
    if store is not None and durations:
        store.save(mark, _saved(blocks, history, first + len(durations), _seconds(seconds, durations)))
    spent = _seconds(seconds, durations)
    return dissolve_blocks(population, blocks, history, spent, validated=bool(judges), stopped=stopped)


def _batch_rows(bucket: Bucket, size: int | None) -> int:
    """Rows of each batch of a bucket: the wanted size, evened out so that no batch is a small rest."""
    if size is None:
        return bucket.rows
    return -(-bucket.rows // -(-bucket.rows // size))


def _plan(buckets: tuple[Bucket, ...], rows: tuple[int, ...], seed: int, epoch: int) -> jax.Array:
    """Bucket and number of each batch of an epoch, mixed."""
    plan = [(b, k) for b, (bucket, size) in enumerate(zip(buckets, rows)) for k in range(-(-bucket.rows // size))]
    order = np.random.default_rng([seed, epoch]).permutation(len(plan))
    return jax.device_put(np.array(plan, np.int32)[order])


def _by_member(record: dict[str, np.ndarray], numbers: np.ndarray, members: int) -> dict[str, np.ndarray]:
    places = np.argsort(numbers.reshape(-1))[:members]
    return {name: values.reshape(-1)[places] for name, values in record.items()}


def _seconds(before: dict[str, float], durations: list[float]) -> dict[str, float]:
    """Compilation is what the first epoch took longer than the quickest later one."""
    if not durations:
        return before
    compiling = durations[0] - min(durations[1:]) if len(durations) > 1 else 0.0
    compiling = max(compiling, 0.0)
    return {"compile": before["compile"] + compiling, "train": before["train"] + sum(durations) - compiling}


def _saved(blocks: Member, history: dict[str, list[np.ndarray]], epoch: int, seconds: dict[str, float]) -> Saved:
    arrays = [to_host(leaf) for leaf in jax.tree.leaves(eqx.filter(blocks, eqx.is_array))]
    return Saved(arrays, {name: np.array(rows) for name, rows in history.items()}, epoch, seconds)


def _mark(population: Population, learner: Learner, examples: Any, loss: Loss, *settings: Any) -> str:
    """Fingerprint of a training; the budget of epochs is left out, so that it can be raised."""
    everything = (population, learner, loss, settings)
    arrays, static = eqx.partition(everything, lambda leaf: isinstance(leaf, jax.Array | np.ndarray))
    arrays = [np.asarray(leaf) for leaf in jax.tree.leaves(arrays)]
    for some in examples:
        if some is not None:
            targets = some.targets.values if isinstance(some.targets, StepTargets) else some.targets
            arrays += [some.xs.values, np.asarray(some.xs.lengths), np.asarray(targets)]
            arrays += [np.zeros(0) if some.weights is None else some.weights]
            arrays += [np.zeros(0) if some.xs.boundaries is None else some.xs.flat_boundaries]
    return fingerprint(arrays, static)


def _progress(
    history: dict[str, list[np.ndarray]],
    epoch: int,
    epochs: int,
    parts: Parts,
    members: int,
    seconds: float,
    validated: bool,
) -> Progress:
    def mean(name: str) -> float:
        values = history[name][-1]
        values = values[np.isfinite(values)]
        return float(values.mean()) if values.size else float("nan")

    active = int(parts.active().sum())
    return Progress(
        epoch,
        epochs,
        mean("loss"),
        mean("validation_loss") if validated else None,
        mean("validation_score") if validated else None,
        active,
        members,
        seconds,
    )
