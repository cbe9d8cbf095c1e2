"""Annealing: what it accepts, how often it is where, and how the temperature falls."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from searches import by, least_squares, search, three
from toys import assert_near, assert_same, differ, members, recall, weights
from toys import population as classifiers

from mnemon.cells import LeakyESN
from mnemon.errors import InvalidInput
from mnemon.layers import Network, Readout
from mnemon.learning import (
    NONFINITE,
    CrossEntropy,
    Examples,
    Loss,
    Population,
    SimulatedAnnealing,
    SquaredError,
    Until,
    answers,
    train,
)
from mnemon.learning.updates._simulated_annealing import FALLS
from mnemon.sequences import Sequences

ONE = Examples(Sequences([np.ones((1, 1))]), np.ones((1, 1)))


def one_weight(key):
    """A frozen unit that says tanh(6) and one weight above it."""
    below, above = jax.random.split(key)
    return Network(
        LeakyESN(1, 1, leak=1.0, initialiser=lambda _, shape: jnp.full(shape, 3.0), key=below),
        Readout(1, 1, bias=False, key=above),
    )


class TwoStates(Loss):
    """Energy 0 on the left, `high` on the right; walls around both."""

    high: float = eqx.field(static=True)

    def __call__(self, answer, targets):
        said = answer.values[:, 0]
        inside = jnp.where(said > 0, jnp.full_like(said, self.high), jnp.zeros_like(said))
        return jnp.where(jnp.abs(said) < 1, inside, jnp.inf)


@functools.cache
def walkers(count):
    return Population.make(one_weight, count, 0)


TEMPERATURES = (0.25, 0.5, 1.0, 100.0)


def in_two_states(start):
    """Walks that begin at these weights, at four temperatures in turn."""
    people = eqx.tree_at(lambda p: p.stacked.readout.weights, walkers(800), start)
    update = SimulatedAnnealing(np.tile(TEMPERATURES, 200), 1.0, halved=None, proposals=48)
    return train(people, by(update), ONE, loss=TwoStates(0.5), until=Until(2), width=800)


@pytest.mark.slow
def test_at_a_constant_temperature_states_are_as_boltzmann_has_them():
    """800 walks of 96 proposals, four temperatures; a share of p has a deviation of sqrt(p (1 - p) / 200)."""
    solution = in_two_states(jnp.full((800, 1, 1), -0.01))
    walks = eqx.tree_at(lambda p: p.stacked.readout.weights, walkers(800), solution.memory.weights[:, :, None])
    right = answers(walks, ONE.xs)[:, 0, 0] > 0
    for k, temperature in enumerate(TEMPERATURES):
        share = 1 / (1 + np.exp(0.5 / temperature))
        assert abs(right[k::4].mean() - share) < 3 * np.sqrt(share * (1 - share) / 200)
    assert (answers(solution.networks, ONE.xs) <= 0).all()  # the best, and no better one was found
    assert (solution.history["loss"] == 0).all()
    assert (solution.memory.accepted > 0).all() & (solution.memory.accepted < solution.memory.tried).all()


def test_at_temperature_0_nothing_worse_is_accepted():
    solution = search(SimulatedAnnealing(0.0, 0.1, halved=1e6, narrowing=True, proposals=16), epochs=60)
    assert (np.diff(solution.history["loss"], axis=0) <= 1e-6).all()
    walk = np.concatenate([solution.networks.stacked.readout.weights[:, 0], solution.networks.stacked.readout.bias], 1)
    assert_same([solution.memory.weights], [walk])  # it is where it was best
    for network, value in zip(solution.networks, solution.history["loss"][-1]):
        assert value == pytest.approx(least_squares(network)[1], rel=0.1)
    assert {result.evaluations for result in solution.results} == {60 * 18}


def test_annealed_it_goes_to_least_squares():
    update = SimulatedAnnealing(0.3, [0.2, 0.5, 0.5], halved=100, narrowing=True, proposals=16)
    solution = search(update, epochs=100)
    for network, value in zip(solution.networks, solution.history["loss"][-1]):
        assert value == pytest.approx(least_squares(network)[1], rel=0.05)
    assert (np.diff(solution.history["loss"], axis=0) <= 1e-6).all()
    assert (solution.memory.accepted > 100).all()


def test_a_walk_by_hand():
    """Fast annealing, Cauchy proposals: 2 calls of 4, made again from their keys."""
    how = {"halved": 2.0, "fall": "fast", "draw": "cauchy", "narrowing": True, "proposals": 4}
    people = walkers(1)
    loss, until = SquaredError(), Until(2)
    solution = train(people, by(SimulatedAnnealing(0.05, 0.3, **how)), ONE, loss=loss, until=until)
    slope = float(answers(people, ONE.xs)[0, 0, 0] / people.stacked.readout.weights[0, 0, 0])
    cost = lambda w: (1 - slope * w) ** 2  # noqa: E731
    w = best = float(people.stacked.readout.weights[0, 0, 0])
    accepted = 0
    for call in range(2):
        key = jax.random.key(people.seeds[0])
        for fold in (2, call, 6 * call, 4 * call):
            key = jax.random.fold_in(key, fold)
        for number in range(4):
            one, other = jax.random.split(jax.random.fold_in(key, number))
            share = 1 / (1 + (4 * call + number) / 2)
            new = w + 0.3 * share * float(jax.random.cauchy(one, (1,))[0])
            chance = np.exp(min(0.0, -(cost(new) - cost(w)) / (0.05 * share)))
            if float(jax.random.uniform(other)) < chance:
                w, accepted = new, accepted + 1
            best = min(best, w, key=cost)
        assert solution.history["loss"][call, 0] == pytest.approx(cost(best), rel=1e-4)
    assert 0 < accepted < 8
    assert int(solution.memory.accepted[0]) == accepted
    assert_near([solution.memory.weights[0, 0], solution.networks.stacked.readout.weights[0, 0, 0]], [w, best], 1e-4)


@pytest.mark.parametrize("fall", FALLS)
def test_halved_is_half(fall):
    assert [float(FALLS[fall](jnp.asarray(age))) for age in (0.0, 1.0)] == [1, 0.5]
    assert float(FALLS[fall](jnp.asarray(5.0))) < 0.5


def test_what_is_not_finite_is_never_accepted():
    far = in_two_states(jnp.full((800, 1, 1), 50.0))
    assert {result.code for result in far.results} == {NONFINITE}  # walls on all sides
    assert (far.networks.stacked.readout.weights == 50).all()


def test_members_are_walks_of_their_own_and_go_on_where_they_were():
    how = {"halved": 100, "narrowing": True, "proposals": 16}
    update = SimulatedAnnealing([0.1, 0.1, 1.0], **how)
    whole, again = search(update, epochs=4), search(update, epochs=4)
    assert_same(weights(whole), weights(again))
    assert differ(members(whole, 0), members(whole, 1))
    one = Population(jax.tree.map(lambda leaf: leaf[1:2], three().stacked), three().seeds[1:2])
    alone = search(SimulatedAnnealing(0.1, **how), one, epochs=4, width=8)
    assert_same(weights(alone), members(whole, slice(1, 2)))
    more = search(update, whole.networks, epochs=4, memory=whole.memory)
    assert (np.asarray(more.memory.tried) == 128).all()
    assert (more.history["loss"][0] <= whole.history["loss"][-1] + 1e-6).all()
    assert differ([more.memory.weights], [whole.memory.weights])


def test_uneven_minibatches_in_double_precision(float64):
    update = SimulatedAnnealing(0.05, 0.3, halved=300, proposals=16)
    start = jax.tree.map(lambda leaf: leaf.astype(float) if leaf.dtype == np.float32 else leaf, classifiers())
    solution = train(start, by(update, 12), recall(24, uneven=True), loss=CrossEntropy(), until=Until(30))
    assert weights(solution)[0].dtype == np.float64
    assert (solution.history["loss"][-1] < 0.3).all()


WRONG = {
    "cold": (lambda: SimulatedAnnealing(-1.0), r"temperature=-1\.0\): expected a number at least 0"),
    "narrow": (lambda: SimulatedAnnealing(width=0.0), "width=0.0.*above 0"),
    "at once": (lambda: SimulatedAnnealing(halved=0), "halved=0"),
    "a fall": (lambda: SimulatedAnnealing(fall="geometrical"), "did you mean 'geometric'"),
    "a draw": (lambda: SimulatedAnnealing(draw="gauss"), "did you mean 'gaussian'"),
    "none": (lambda: SimulatedAnnealing(proposals=0), "proposals=0"),
    "too few": (lambda: search(SimulatedAnnealing(width=[1.0, 2.0]), three(), 1), "width has 2 numbers"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
def test_mistakes_are_told(mistake):
    make, words = WRONG[mistake]
    with pytest.raises(InvalidInput, match=words):
        make()
