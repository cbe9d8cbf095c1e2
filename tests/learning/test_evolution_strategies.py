"""Evolution strategies against their formulas, written out in NumPy, and against least squares."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from searches import TARGETS, XS, by, fixed_layer, least_squares, readout_of, search, three
from toys import assert_near, assert_same, differ, members, recall, weights
from toys import population as classifiers

from mnemon.errors import InvalidInput
from mnemon.learning import (
    NONFINITE,
    AntitheticEvolution,
    CrossEntropy,
    EvolutionStrategy,
    Optax,
    Population,
    RandomGuessing,
    Until,
    train,
)
from mnemon.learning.updates._antithetic_evolution import ranks

PLAIN = EvolutionStrategy(0.3, offspring=8)
PAIRS = AntitheticEvolution(Optax("sgd", 0.02), 0.05, pairs=4)


@functools.cache
def seen(member):
    values, lengths = XS.pad(dtype=np.float32)
    network = three()[member]
    rows = np.asarray(network.seen(jnp.asarray(values), jnp.asarray(lengths)).values)
    return np.hstack([rows, np.ones((10, 1), np.float32)])


def cost(member, readout):
    return np.square(seen(member) @ readout - TARGETS[:, 0]).mean()


def key_of(member, epoch, evaluations, tried):
    key = jax.random.key(three().seeds[member])
    for fold in (2, epoch, evaluations, tried):
        key = jax.random.fold_in(key, fold)
    return key


def test_a_generation_is_that_of_the_tutorial():
    """lambda = 8, mu = 4, n = 3: three generations by hand."""
    a = np.log(4.5) - np.log([1, 2, 3, 4])
    a /= a.sum()
    effective = 1 / (a**2).sum()
    c = (effective + 2) / (3 + effective + 5)
    damping = 1 + 2 * max(0, np.sqrt((effective - 1) / 4) - 1) + c
    length = np.sqrt(3) * (1 - 1 / 12 + 1 / (21 * 9))
    mean, spread, path = readout_of(three()[1]), 0.3, np.zeros(3)
    solution = search(PLAIN, epochs=3)
    for epoch in range(3):
        assert solution.history["loss"][epoch, 1] == pytest.approx(cost(1, mean), rel=1e-4)
        noise = np.asarray(jax.random.normal(key_of(1, epoch, 9 * epoch, 8 * epoch), (8, 3)))
        order = np.argsort([cost(1, mean + spread * z) for z in noise])[:4]
        move = a @ noise[order]
        mean = mean + spread * move
        path = (1 - c) * path + np.sqrt(c * (2 - c) * effective) * move
        spread = spread * np.exp(c / damping * (np.linalg.norm(path) / length - 1))
    assert_near([readout_of(solution.networks[1])], [mean], 1e-4)
    assert_near([solution.memory.path[1], solution.memory.deviation[1]], [path, spread], 1e-4)
    assert [result.evaluations for result in solution.results] == [27] * 3


def test_a_slope_by_ranks_is_that_of_the_paper():
    noise = np.asarray(jax.random.normal(key_of(2, 0, 0, 0), (4, 3)))
    start = readout_of(three()[2])
    costs = [cost(2, start + sign * 0.05 * z) for sign in (1, -1) for z in noise]
    shaped = np.argsort(np.argsort(costs)) / 7 - 0.5
    slope = (shaped[:4] - shaped[4:]) @ noise / (8 * 0.05)
    solution = search(PAIRS, epochs=1)
    assert_near([readout_of(solution.networks[2])], [start - 0.02 * slope], 1e-4)
    assert solution.history["loss"][0, 2] == pytest.approx(cost(2, start), rel=1e-4)
    assert [result.evaluations for result in solution.results] == [9] * 3


def test_equal_losses_have_equal_ranks():
    said = ranks(jnp.array([3.0, 1.0, np.inf, 1.0, np.inf]))
    assert_same([said], [np.array([0.0, -0.375, 0.375, -0.375, 0.375], np.float32)])


@pytest.mark.parametrize("update, within", [(PLAIN, 1e-5), (PAIRS, 0.1)])
def test_they_go_to_least_squares(update, within):
    solution = search(update, epochs=300)
    for network, value in zip(solution.networks, solution.history["loss"][-1]):
        assert value == pytest.approx(least_squares(network)[1], rel=within)
    if update is PLAIN:
        for network in solution.networks:
            np.testing.assert_allclose(readout_of(network), least_squares(network)[0], atol=0.01)


def test_in_double_precision_to_the_last_digits(float64):
    people = Population.make(fixed_layer, 1, 0)
    solution = search(EvolutionStrategy(0.3, offspring=8), people, epochs=200)
    np.testing.assert_allclose(readout_of(solution.networks[0]), least_squares(people[0])[0], atol=1e-6)


@pytest.mark.parametrize("update", [PLAIN, PAIRS])
def test_a_loss_that_is_never_finite_moves_nothing_and_is_told(update):
    lost = eqx.tree_at(lambda p: p.stacked.readout.bias, three(), jnp.full((3, 1), jnp.inf))
    solution = search(update, lost, epochs=3)
    assert {result.code for result in solution.results} == {NONFINITE}
    assert_same(weights(solution), weights(lost))


def test_offspring_without_a_finite_loss_are_not_selected():
    """Of steps of 3e19 and 1e38 most squares overflow; what is left moves the mean to finite places."""
    solution = search(EvolutionStrategy([0.3, 3e19, 1e38], offspring=8), epochs=2)
    assert np.isfinite(solution.history["loss"][0]).all()
    assert all(np.isfinite(leaf).all() for leaf in weights(solution))


@pytest.mark.parametrize("update", [PLAIN, PAIRS])
def test_a_member_is_a_search_of_its_own(update):
    whole, again = search(update, epochs=5), search(update, epochs=5)
    assert_same(weights(whole), weights(again))
    part = Population(jax.tree.map(lambda leaf: leaf[1:2], three().stacked), three().seeds[1:2])
    alone = search(update, part, epochs=5, width=8)
    assert_same(weights(alone), members(whole, slice(1, 2)))
    assert differ(members(whole, 0), members(whole, 1))


def test_minibatches_of_uneven_sequences_are_learnt_by_whole_networks():
    update = EvolutionStrategy([0.1, 0.3, 1.0], offspring=16)
    data = recall(24, uneven=True)
    solution = train(classifiers(), by(update, 12), data, loss=CrossEntropy(), until=Until(60))
    assert (solution.history["loss"][-1] < 0.2).all()
    assert np.unique(solution.memory.deviation).size == 3


WRONG = {
    "no spread": (lambda: EvolutionStrategy(0.0), "deviation=0.0.*above 0"),
    "one offspring": (lambda: EvolutionStrategy(offspring=1), "offspring=1.*at least 2"),
    "no pairs": (lambda: AntitheticEvolution(Optax("sgd", 0.1), pairs=0), "pairs=0"),
    "a search by a search": (lambda: AntitheticEvolution(RandomGuessing()), "RandomGuessing needs none.*Optax"),
    "while a sequence runs": (
        lambda: EvolutionStrategy().step(None, three()[0], None),
        r"EvolutionStrategy tries networks on whole sequences; .* Batch\(\)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
def test_mistakes_are_told(mistake):
    make, words = WRONG[mistake]
    with pytest.raises(InvalidInput, match=words):
        make()
