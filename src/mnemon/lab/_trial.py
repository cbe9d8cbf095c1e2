"""A population on the latching problem: its strings, its training, and what it knows of new strings afterwards."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax

from ..learning import Examples, Learner, Population, SquaredError, Store, Until, answers, train
from ..problems import Latching, Sample
from ._records import records_of
from ._results import Record

_TRAINING, _TEST = 0, 1


def own_strings(problem: Latching, seed: int, members: Sequence[int], count: int) -> list[Sample]:
    """`count` training strings for each network, the same for a number whatever the others are."""
    key = _key(problem, seed, _TRAINING)
    return [problem.sample(jax.random.fold_in(key, member), count) for member in members]


def shared_strings(problem: Latching, seed: int, count: int) -> Sample:
    """`count` training strings for all networks."""
    return problem.sample(_key(problem, seed, _TRAINING), count)


def trial(
    problem: Latching,
    population: Population,
    learner: Learner,
    strings: Sample | list[Sample],
    *,
    members: Sequence[int],
    until: Until,
    test: int,
    seed: int,
    width: int,
    checkpoint: Path | None,
) -> list[Record]:
    """Train on the squared error, and test on `test` strings, the same for all: a record a network.

    Args:
        problem: where test strings are from.
        population: untrained networks. members: their numbers.
        learner: how. until: how long, and the error that is success.
        strings: training strings, each network's own or shared.
        test: how many test strings. seed: of everything. width: of the blocks of the population.
        checkpoint: where what is half done is kept.

    """
    if isinstance(strings, list):
        examples: Examples | list[Examples] = [Examples(sample.xs, sample.targets) for sample in strings]
    else:
        examples = Examples(strings.xs, strings.targets)
    solution = train(
        population,
        learner,
        examples,
        loss=SquaredError(),
        until=until,
        store=None if checkpoint is None else Store(checkpoint, every=20),
        seed=seed,
        width=width,
    )
    new = problem.sample(_key(problem, seed, _TEST), test)
    right = problem.right(answers(solution.networks, new.xs), new.targets).mean(axis=-1)
    return records_of(
        members,
        solution,
        epochs=[result.epochs for result in solution.results],
        training_error=[_last(errors) for errors in solution.history["loss"].T],
        test_accuracy=[round(float(share), 6) for share in right],
    )


def _key(problem: Latching, seed: int, part: int) -> jax.Array:
    return jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), problem.length), part)


def _last(errors: Any) -> float:
    known = errors[errors == errors]
    return float(known[-1]) if len(known) else float("nan")
