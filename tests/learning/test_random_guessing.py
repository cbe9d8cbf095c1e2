"""Guessing: how many draws it takes, what it keeps, and that the screen changes no outcome."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from toys import FEATURES, assert_same, differ, members, population, recall, weights

from mnemon.cells import OutputLoop, identity, zeros
from mnemon.errors import InvalidInput
from mnemon.layers import Network, Readout
from mnemon.learning import (
    BUDGET,
    Batch,
    CrossEntropy,
    Examples,
    Learner,
    NoGradient,
    Population,
    RandomGuessing,
    SquaredError,
    StepTargets,
    Until,
    answers,
    train,
)
from mnemon.learning.updates._candidates import as_vector
from mnemon.sequences import Sequences

ONE_STEP = Sequences([np.array([[x]]) for x in (-1.0, 1.0, -1.0, 1.0, 1.0, -1.0)])


def by(update, size=None):
    return Learner(NoGradient(), update, Batch(size))


def unit(key):
    """The answer is logistic(v x + c + h logistic(w x + b)) of the one step; it starts with zeros, which are wrong."""
    cell = OutputLoop(1, 1, outputs=1, among="none", outputs_see_outputs=False, initialiser=zeros, key=key)
    return Network(cell, Readout(1, 1, bias=False, initialiser=identity(), key=key))


def signs(answers, targets):
    """Right is what lies on the target's side of one half."""
    return ((answers > 0.5) == (targets > 0.5)).all(axis=-1)


SIGNS = Examples(ONE_STEP, (np.array([x[0] for x in ONE_STEP]) > 0).astype(float))


def guess(update, data=SIGNS, networks=30, epochs=40, seed=0, **how):
    people = Population.make(unit, networks, seed) if isinstance(networks, int) else networks
    return train(people, by(update), data, loss=SquaredError(), until=Until(epochs, loss=1e-6), **how)


@functools.cache
def thirty(screen=2):
    return guess(RandomGuessing(10.0, draws=8, screen=screen, right=signs, readout=False))


def test_the_number_of_draws_is_geometric():
    """Without h, v > |c| has the chance 1/4, and h takes some of it; NumPy counts the share in a million draws."""
    rng = np.random.default_rng(0)
    w, b, v, c, hidden = rng.uniform(-10, 10, (5, 1_000_000))
    nets = [v * x + c + hidden / (1 + np.exp(-(w * x + b))) for x in (-1, 1)]
    share = ((nets[0] < 0) & (nets[1] > 0)).mean()
    assert 0.15 < share < 0.25
    draws = np.asarray(thirty().memory.kept)
    deviation = np.sqrt((1 - share) / share**2 / len(draws))
    assert abs(draws.mean() - 1 / share) < 2.5 * deviation
    assert np.unique(draws).size > 5
    # of 30 searches, as many end with the first draw as should
    assert abs((draws == 1).mean() - share) < 2.5 * np.sqrt(share * (1 - share) / 30)


def test_draws_are_counted_to_the_success():
    for result, kept, drawn in zip(thirty().results, thirty().memory.kept, thirty().memory.drawn):
        assert result.reached
        assert result.evaluations == drawn == 8 * result.epochs
        assert 8 * (result.epochs - 1) < kept <= drawn
        assert result.sequences == 6 * result.epochs
    last = [thirty().history["loss"][result.epochs - 1, k] for k, result in enumerate(thirty().results)]
    assert_same(last, [0.0] * 30)
    said = answers(thirty().networks, ONE_STEP)
    assert all(signs(one, SIGNS.targets).all() for one in said)


def test_the_screen_changes_no_outcome():
    assert_same(weights(thirty(6)), weights(thirty()))
    assert_same([thirty(6).memory.kept], [thirty().memory.kept])


def test_the_kept_draw_is_the_first_that_is_right():
    """Every draw of a call, made again from its key, and tried one by one."""
    solution, one = thirty(), 4
    seed, kept = np.asarray(solution.networks.seeds)[one], int(solution.memory.kept[one])
    start, rebuild = as_vector(Population.make(unit, 30, 0)[one], readout=False)
    for number in range(kept):
        call, place = divmod(number, 8)
        key = jax.random.key(seed)
        for fold in (2, call, 8 * call, 8 * call):  # stream, epoch, evaluations; what was drawn before
            key = jax.random.fold_in(key, fold)
        drawn = 10 * jax.random.uniform(key, (8, start.size), start.dtype, -1, 1)[place]
        said = np.asarray(rebuild(drawn)(jnp.asarray(np.stack(list(ONE_STEP)), start.dtype)).values)
        assert signs(said, SIGNS.targets).all() == (number == kept - 1)
    assert_same([as_vector(solution.networks[one], readout=False)[0]], [drawn])


UNEVEN = recall(24, uneven=True)


def by_loss(networks, reach=3.0, epochs=6, **how):
    return train(networks, by(RandomGuessing(reach, draws=32)), UNEVEN, loss=CrossEntropy(), until=Until(epochs), **how)


def test_without_a_criterion_the_least_loss_is_kept():
    solution = by_loss(population())
    history = solution.history["loss"]
    assert (np.diff(history, axis=0) <= 0).all()
    assert (history[-1] < history[0]).any()
    values, said = history[-1], answers(solution.networks, UNEVEN.xs)
    logs = said - np.log(np.exp(said).sum(axis=2, keepdims=True))
    np.testing.assert_allclose(-logs[:, np.arange(24), UNEVEN.targets].mean(axis=1), values, rtol=1e-4)
    assert all(result.code == BUDGET and result.evaluations == 192 for result in solution.results)
    assert all(np.abs(leaf).max() <= 3 for leaf in weights(solution))


def test_a_guess_is_kept_only_if_it_is_better():
    """Nothing drawn with a reach of 1e-6 answers anything: networks that have learnt something stay."""
    better = by_loss(population())
    again = by_loss(better.networks, reach=1e-6, epochs=2, memory=better.memory)
    assert_same(weights(again), weights(better))
    assert_same([again.memory.kept, again.memory.drawn], [better.memory.kept, better.memory.drawn + 64])


def test_a_search_that_goes_on_repeats_nothing():
    first, again = by_loss(population(), epochs=1), by_loss(population(), epochs=1)
    assert_same(weights(first), weights(again))
    assert np.asarray(first.memory.kept).any()
    assert differ(weights(by_loss(population(), epochs=1, memory=first.memory)), weights(first))


def test_what_is_not_finite_never_wins():
    """Weights of 1e38 and more: answers beyond all numbers, whose losses are none."""
    solution = by_loss(population(), reach=3e38, epochs=2)
    assert np.isfinite(solution.history["loss"]).all()
    assert_same(weights(solution), weights(population()))


def test_members_are_searches_of_their_own():
    assert differ(members(thirty(), 0), members(thirty(), 1))
    whole = Population.make(unit, 30, 0)
    alone = Population(jax.tree.map(lambda leaf: leaf[9:11], whole.stacked), whole.seeds[9:11])
    solution = guess(RandomGuessing(10.0, draws=8, screen=2, right=signs, readout=False), networks=alone)
    assert_same(weights(solution), members(thirty(), slice(9, 11)))
    assert solution.results == thirty().results[9:11]


def test_each_may_have_a_reach_of_its_own():
    start = eqx.tree_at(lambda p: p.stacked.readout.bias, population(), jnp.tile(jnp.array([50.0, -50.0]), (3, 1)))
    solution = by_loss(start, reach=[0.1, 1.0, 10.0], epochs=2)  # all is better than that
    reached = [max(np.abs(leaf).max() for leaf in members(solution, k)) for k in range(3)]
    assert reached[0] <= 0.1 < reached[1] <= 1 < reached[2] <= 10


def test_targets_at_steps_in_double_precision(float64):
    values = np.concatenate([(x > 0).astype(float) for x in ONE_STEP])
    steps = Examples(ONE_STEP, StepTargets(values, ONE_STEP.lengths))

    def answered_at_steps(key):
        return eqx.tree_at(lambda n: n.readout, unit(key), Readout(1, 1, bias=False, at="steps", key=key))

    def right(said, wanted):
        return (abs(said - wanted) < 0.5).all(axis=(-2, -1))

    update = RandomGuessing(10.0, draws=32, screen=2, right=right)
    solution = guess(update, steps, networks=Population.make(answered_at_steps, 2, 0))
    assert all(result.reached for result in solution.results)
    assert weights(solution)[0].dtype == np.float64


WRONG = {
    "no reach": (lambda: RandomGuessing(0.0), r"RandomGuessing\(reach=0\.0\): expected a number above 0"),
    "an endless reach": (lambda: RandomGuessing(np.inf), "reach=inf"),
    "reach in words": (lambda: RandomGuessing("far"), "reach='far'"),
    "no draws": (lambda: RandomGuessing(draws=0), r"draws=0\): expected a whole number, at least 1"),
    "half a screen": (lambda: RandomGuessing(screen=0.5), "screen=0.5"),
    "too few": (lambda: guess(RandomGuessing([1.0, 2.0]), networks=3), "reach has 2 numbers for a population of 3"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_mistakes_are_told(mistake):
    make, words = WRONG[mistake]
    with pytest.raises(InvalidInput, match=words):
        make()


def test_features_of_the_toys_are_those_drawn():
    vector, rebuild = as_vector(population()[0])
    assert vector.size == population()[0].weight_count()
    assert rebuild(vector).input_size == FEATURES
