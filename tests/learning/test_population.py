"""A population equals its members, whoever else is trained."""

import equinox as eqx
import jax
import pytest
from toys import assert_near, assert_same, by, differ, fit, members, network, population, recall, weights

from mnemon.cells import Elman
from mnemon.errors import InvalidInput
from mnemon.layers import Network, Readout
from mnemon.learning import Optax, Population, Until

UNEVEN = recall(12, uneven=True)


def test_members_are_the_same_however_many():
    many = population(10)
    few = population(3)
    assert_same(members(many, slice(3)), weights(few))
    assert (many.seeds[:3] == few.seeds).all()
    assert len(set(many.seeds.tolist())) == 10
    assert differ(weights(few), weights(population(3, seed=1)))
    key = jax.random.fold_in(jax.random.key(few.seeds[2]), 0)
    assert_near(weights(few[2]), weights(network(key)), 1e-6)


def test_indexing_and_walking():
    few = population()
    assert len(few) == len(list(few)) == 3
    for k, one in enumerate(few):
        assert isinstance(one, Network)
        assert_same(weights(one), members(few, k))
    assert_same(weights(few[-1]), weights(few[2]))
    for beyond in (3, -4):
        with pytest.raises(IndexError, match=f"member {beyond} of a population of 3"):
            few[beyond]


def test_of_networks():
    few = population()
    assert Population.of(few) is few
    again = Population.of(list(few), seed=5)
    assert_same(weights(again), weights(few))
    assert (again.seeds != Population.of(list(few), seed=6).seeds).all()
    assert len(Population.of(few[1])) == 1
    assert_same(members(Population.of(few[1]), 0), weights(few[1]))


def test_wrong_populations():
    wider = Network(Elman(3, 5, key=jax.random.key(0)), Readout(5, 2, key=jax.random.key(1)))
    squashed = Network(Elman(3, 4, key=jax.random.key(0)), Readout(4, 2, squashing="tanh", key=jax.random.key(1)))
    with pytest.raises(InvalidInput, match="members=0: expected at least 1 network"):
        Population.make(network, 0, 0)
    with pytest.raises(InvalidInput, match="at least 1 network; got none"):
        Population.of([])
    for other in (wider, squashed):
        with pytest.raises(InvalidInput, match="network 2 differs from network 0"):
            Population.of([*list(population())[:2], other])
    with pytest.raises(InvalidInput, match="width=0: expected at least 1"):
        fit(population(), by(), UNEVEN, until=Until(epochs=1), width=0)


LEARNER, UNTIL = by(Optax("adam", 0.05), 4), Until(epochs=3)


@pytest.fixture(scope="module")
def ten():
    return fit(population(10), LEARNER, UNEVEN, until=UNTIL, validation=UNEVEN, width=8, buckets=1)


@pytest.mark.parametrize("others", [3, 17])
def test_members_train_to_the_same_bits_among_others(ten, others):
    among = fit(population(others), LEARNER, UNEVEN, until=UNTIL, validation=UNEVEN, width=8, buckets=1)
    both = slice(min(others, 10))
    assert_same(members(among, both), members(ten, both))
    assert_same(members(among.memory, both), members(ten.memory, both))
    assert list(among.history) == ["epoch", "loss", "validation_loss", "validation_score"]
    for name in among.history.keys() - {"epoch"}:
        assert_same([among.history[name][:, both]], [ten.history[name][:, both]])
    assert among.results[both] == ten.results[both]


def test_a_member_alone_in_a_block_of_eight_too(ten):
    arrays, rest = eqx.partition(population(10), eqx.is_array)
    eighth = eqx.combine(jax.tree.map(lambda leaf: leaf[7:8], arrays), rest)
    alone = fit(eighth, LEARNER, UNEVEN, until=UNTIL, validation=UNEVEN, width=8, buckets=1)
    assert_same(members(alone, 0), members(ten, 7))


def test_between_widths_one_update_is_equal_to_rounding():
    learner, until = by(Optax("sgd", 0.1), None), Until(epochs=1)
    eight, one = (fit(population(), learner, UNEVEN, until=until, width=width) for width in (8, 1))
    assert_near(weights(one), weights(eight), 1e-6)
    assert_near([one.history["loss"]], [eight.history["loss"]], 1e-6)


def test_one_network_is_a_population_of_one():
    learner, until = by(Optax("sgd", 0.1), None), Until(epochs=1)
    after = fit(population()[0], learner, UNEVEN, until=until)
    assert len(after.networks) == len(after.results) == 1
    assert_near(members(after, 0), members(fit(population(), learner, UNEVEN, until=until, width=1), 0), 1e-6)


def test_the_same_seed_is_the_same_training():
    def go(start, mixing):
        return fit(population(3, start), by(size=4), UNEVEN, until=UNTIL, seed=mixing)

    first, again = go(0, 0), go(0, 0)
    assert_same(weights(again), weights(first))
    assert_same([again.history["loss"]], [first.history["loss"]])
    assert differ(weights(go(0, 1)), weights(first))
    assert differ(weights(go(1, 0)), weights(first))


def test_seeds_of_several_networks_come_from_the_call():
    networks = list(population())
    first, again, other = (fit(networks, by(size=4), UNEVEN, until=UNTIL, seed=seed) for seed in (0, 0, 1))
    assert_same(weights(first), weights(again))
    assert differ(weights(first), weights(other))
