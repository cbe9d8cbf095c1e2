"""Evolution below, a closed form above: what breeds with what, and superimposed sines."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from toys import assert_same, differ, members, weights

from mnemon.cells import LSTM, Elman
from mnemon.errors import InvalidInput
from mnemon.layers import Network, Readout
from mnemon.learning import BUDGET, Evolino, Examples, Population, Ridge, SquaredError, StepTargets, Until, train
from mnemon.learning._evolino import subpopulations
from mnemon.sequences import Sequences

SINES = np.sin(0.2 * np.arange(151)) + np.sin(0.311 * np.arange(151))
NEXT = np.where(np.arange(150) < 30, np.nan, SINES[1:])  # the first steps wash the start out
DATA = Examples(Sequences([SINES[:-1, None]]), StepTargets(NEXT[:, None], np.array([150])))


def network(key):
    below, above = jax.random.split(key)
    return Network(LSTM(1, 4, key=below), Readout(4, 1, at="steps", key=above))


def evolve(update, generations, networks=2, **how):
    people = Population.make(network, networks, 0) if isinstance(networks, int) else networks
    return train(people, update, DATA, loss=SquaredError(), until=Until(generations, **how))


def test_a_unit_has_all_weights_that_lead_to_it():
    """Gates are piled up: rows 0, 4, 8 and 12 of an LSTM of four units are of the first."""
    lstm = Population.make(network, 1, 0)[0]
    cell = lstm.layers.layers[0].cell
    units = subpopulations(lstm)
    vector = np.concatenate([np.asarray(leaf).ravel() for leaf in jax.tree.leaves(lstm.layers)])
    assert units.shape == vector.shape
    for unit in range(4):
        mine = [np.asarray(part)[unit::4].ravel() for part in (cell.input_weights, cell.recurrent_weights, cell.bias)]
        np.testing.assert_array_equal(np.sort(vector[units == unit]), np.sort(np.concatenate(mine)))


@pytest.mark.slow
def test_the_next_values_of_two_sines():
    """Evolution leaves a small part of what the closed form alone leaves; losses never rise."""
    solution = evolve(Evolino(12, start=0.3, patience=4), 12)
    alone = train(
        Population.make(network, 2, 0), Ridge(1e-8), DATA, loss=SquaredError(), until=Until(1)
    ).history["loss"]  # fmt: skip
    assert (np.diff(solution.history["loss"], axis=0) <= 0).all()
    assert (solution.history["loss"][0] <= alone[0] * (1 + 1e-6)).all()  # what it began with was among the first
    assert (solution.history["loss"][-1] < alone[0] / 10).all()
    assert (solution.history["loss"][-1] < 1e-2).all()
    for result, net in zip(solution.results, solution.networks):
        assert (result.code, result.evaluations, result.sequences) == (BUDGET, 144, 144)
        said = np.asarray(net(jnp.asarray(SINES[None, :-1, None], jnp.float32)).values[0, 30:, 0])
        assert np.square(said - SINES[31:]).mean() == pytest.approx(result.best, rel=1e-3)
        # the readout is the best there is for this layer
        again = train(net, Ridge(1e-8), DATA, loss=SquaredError(), until=Until(1))
        assert again.history["loss"][0, 0] == pytest.approx(result.best, rel=1e-2)


def test_same_seed_same_numbers_and_a_member_is_a_search_of_its_own():
    update = Evolino(4, rounds=2, patience=1)
    whole, again = evolve(update, 3), evolve(update, 3)
    assert_same(weights(whole), weights(again))
    assert differ(members(whole, 0), members(whole, 1))
    part = Population.make(network, [1], 0)
    assert_same(weights(evolve(update, 3, part)), members(whole, slice(1, 2)))
    assert {result.evaluations for result in whole.results} == {24}


def test_candidates_breed_within_their_subpopulation():
    """Without mutation each weight is one that a candidate of the same unit had at the same place."""
    update, random = Evolino(8, mutation=0.0), np.random.default_rng(0)
    unit_of = np.repeat(np.arange(3), 5)
    pool, credit = random.normal(size=(8, 15)), random.random((8, 3))
    after = update._bred(random, pool, credit, unit_of)
    for place in range(15):
        assert set(after[:, place]) <= set(pool[:, place])
    for unit in range(3):
        mine, order = unit_of == unit, np.argsort(credit[:, unit])
        np.testing.assert_array_equal(after[:4, mine], pool[order[:4]][:, mine])  # the better half stays, best first
        best = {tuple(pool[k, mine]) for k in order[:2]}
        for child in after[4:, mine]:
            assert any((child[:cut] == one[:cut]).all() and (child[cut:] == other[cut:]).all()
                       for cut in range(6) for one in map(np.array, best) for other in map(np.array, best))  # fmt: skip


@pytest.mark.parametrize("make, words", [
    (lambda: Evolino(3), "candidates=3.*at least 4"),
    (lambda: Evolino(mutation=2.0), "mutation=2.0.*at most 1"),
    (lambda: Evolino(start=0.0), "start=0.0.*above 0"),
    (lambda: Evolino(penalty=-1.0), "penalty=-1.0"),
])  # fmt: skip
def test_mistakes_are_told(make, words):
    with pytest.raises(InvalidInput, match=words):
        make()


def test_a_readout_that_squashes_is_refused():
    below, above = jax.random.split(jax.random.key(0))
    squashed = Network(Elman(1, 2, key=below), Readout(2, 1, at="steps", squashing="logistic", key=above))
    with pytest.raises(InvalidInput, match="readout squashes its answers"):
        evolve(Evolino(4), 1, squashed)
