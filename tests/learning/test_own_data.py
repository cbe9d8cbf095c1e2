"""Each network of a population may have data of its own, and learns from nothing else."""

import dataclasses

import equinox as eqx
import jax
import numpy as np
import pytest
from toys import (
    CLASSES,
    FEATURES,
    UNITS,
    assert_near,
    assert_same,
    by,
    differ,
    fit,
    members,
    population,
    recall,
    weights,
)

from mnemon.cells import Elman
from mnemon.errors import InvalidInput
from mnemon.layers import Network, Readout
from mnemon.learning import Examples, Optax, Population, Ridge, StepTargets, Store, Until
from mnemon.sequences import Sequences

LEARNER, UNTIL, MEMBERS = by(Optax("adam", 0.05), 4), Until(epochs=3), 5


def symbols(seed):
    """Letters of which the first tells the class."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, FEATURES, (12, 5))
    return Examples(Sequences(codes, alphabet="abc"), (codes[:, 0] > 0).astype(int))


def steps(seed):
    """A label at each step."""
    xs = recall(12, uneven=True, seed=seed).xs
    return Examples(xs, StepTargets((xs.values[:, 0] > 0).astype(int), xs.lengths))


def weighted(seed):
    return dataclasses.replace(recall(12, seed=seed), weights=np.random.default_rng(seed).random(12) + 0.1)


def lengths(seed):
    """Set 0 is of full length; the others hold shorter sequences, too."""
    return recall(12, uneven=seed > 0, seed=seed)


KINDS = {"floats": lengths, "symbols": symbols, "steps": steps, "weights": weighted}


def networks(kind):
    def at_steps(key):
        below, above = jax.random.split(key)
        return Network(Elman(FEATURES, UNITS, key=below), Readout(UNITS, CLASSES, at="steps", key=above))

    return Population.make(at_steps, MEMBERS, 0) if kind == "steps" else population(MEMBERS)


def member(many, k):
    """The population of one member."""
    arrays, rest = eqx.partition(many, eqx.is_array)
    return eqx.combine(jax.tree.map(lambda leaf: leaf[k : k + 1], arrays), rest)


def sets(kind, *seeds):
    return [KINDS[kind](seed) for seed in seeds]


@pytest.fixture(scope="module", params=KINDS)
def trained(request):
    kind = request.param
    return kind, fit(networks(kind), LEARNER, sets(kind, *range(MEMBERS)), until=UNTIL, width=4)


def test_a_member_learns_from_its_own_data_whatever_the_others_have(trained):
    kind, solution = trained
    others = sets(kind, 0, 11, 2, 13, 4)
    again = fit(networks(kind), LEARNER, others, until=UNTIL, width=4)
    for k in range(MEMBERS):
        if k in (0, 2, 4):
            assert_same(members(again, k), members(solution, k))
            assert_same([again.history["loss"][:, k]], [solution.history["loss"][:, k]])
            assert again.results[k] == solution.results[k]
        else:
            assert differ(members(again, k), members(solution, k))


def test_it_is_trained_as_a_lone_network_is(trained):
    kind, solution = trained
    for k in (0, 3):
        alone = fit(member(networks(kind), k), LEARNER, KINDS[kind](k), until=UNTIL, width=1, buckets=1)
        assert_near(members(alone, 0), members(solution, k))
        assert_near([alone.history["loss"][:, 0]], [solution.history["loss"][:, k]])


def test_the_same_data_for_each_are_shared_data():
    data = lengths(1)
    shared = fit(population(MEMBERS), LEARNER, data, until=UNTIL, width=4, buckets=1)
    own = fit(population(MEMBERS), LEARNER, [data] * MEMBERS, until=UNTIL, width=4)
    assert_near(weights(own), weights(shared))
    assert_near([own.history["loss"]], [shared.history["loss"]])


def test_a_lone_network_may_have_its_own_data_in_a_list():
    one, many = (fit(population()[0], LEARNER, data, until=UNTIL) for data in (lengths(0), [lengths(0)]))
    assert_near(weights(many), weights(one))


def test_all_members_are_judged_by_the_same_validation_data():
    data, judge = sets("floats", *range(MEMBERS)), recall(10, seed=20)
    solution = fit(population(MEMBERS), LEARNER, data, until=UNTIL, width=4, validation=judge)
    alone = fit(member(population(MEMBERS), 2), LEARNER, data[2], until=UNTIL, width=1, buckets=1, validation=judge)
    assert_near([solution.history["validation_loss"][:, 2]], [alone.history["validation_loss"][:, 0]])


def test_interrupted_and_resumed_it_is_the_same(trained, tmp_path):
    kind, solution = trained
    store, data = Store(tmp_path / "a.safetensors", every=0), sets(kind, *range(MEMBERS))
    fit(networks(kind), LEARNER, data, until=Until(epochs=1), width=4, store=store)
    resumed = fit(networks(kind), LEARNER, data, until=UNTIL, width=4, store=store)
    assert_same(weights(resumed), weights(solution))
    assert_same([resumed.history["loss"]], [solution.history["loss"]])
    assert resumed.results == solution.results


def test_a_store_of_another_members_data_is_refused(tmp_path):
    store, data = Store(tmp_path / "a.safetensors", every=0), sets("floats", *range(MEMBERS))
    fit(population(MEMBERS), LEARNER, data, until=Until(epochs=1), width=4, store=store)
    with pytest.raises(InvalidInput, match="another training"):
        fit(population(MEMBERS), LEARNER, data[::-1], until=UNTIL, width=4, store=store)


FULL = recall(12)
MISTAKES = {
    "too few": ([FULL] * 2, "got 2 sets of examples for a population of 3 networks"),
    "none": ([], "got 0 sets of examples for a population of 3 networks"),
    "sizes": ([FULL, FULL, recall(11)], r"set 2 \(11 sequences\) differs from set 0 \(12 sequences\)"),
    "symbols": ([FULL, symbols(0), FULL], r"set 1 \(12 sequences\) differs from set 0.*symbols"),
    "targets": ([FULL, FULL, steps(0)], r"set 2 \(12 sequences\) differs from set 0.*targets"),
    "classes": ([FULL, Examples(FULL.xs, FULL.targets + 1), FULL], "classes go from 1 to 2"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_sets_that_do_not_fit_are_refused(mistake):
    data, words = MISTAKES[mistake]
    with pytest.raises(InvalidInput, match=words):
        fit(population(), LEARNER, data, until=UNTIL)


def test_a_learner_that_solves_networks_one_by_one_wants_one_set():
    with pytest.raises(InvalidInput, match="Ridge solves all networks on the same data; give one Examples"):
        fit(population(), Ridge(), [FULL] * 3, until=UNTIL)
