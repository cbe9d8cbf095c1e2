"""Answers of a population are those of its networks, sequence by sequence."""

import jax
import numpy as np
import pytest
from toys import CLASSES, FEATURES, answer, assert_near, by, fit, population, recall

from mnemon.cells import Elman
from mnemon.layers import Network, Readout
from mnemon.learning import Examples, Population, SquaredError, Until, answers, train
from mnemon.learning._evaluate import ROWS
from mnemon.sequences import Sequences


def one_by_one(network, xs):
    return np.stack([answer(network, x[None])[0] for x in xs])


def test_answers_of_unequal_lengths():
    networks, data = population(), recall(11, steps=4, uneven=True)
    got = answers(networks, data.xs)
    assert got.shape == (3, 11, CLASSES)
    assert got.dtype == np.float32
    for k, network in enumerate(networks):
        assert_near([got[k]], [one_by_one(network, data.xs)], 1e-6)


@pytest.mark.parametrize("rows", [1, ROWS - 1, ROWS, ROWS + 1])
def test_any_number_of_rows(rows):
    networks = population()
    few = recall(3, steps=4).xs
    got = answers(networks, few[np.arange(rows) % 3])
    np.testing.assert_allclose(got, answers(networks, few)[:, np.arange(rows) % 3], rtol=1e-6, atol=1e-6)


def test_answers_at_the_end_of_every_step_in_double_precision(float64):
    def make(key):
        below, above = jax.random.split(key)
        return Network(Elman(FEATURES, 4, key=below), Readout(4, CLASSES, at="steps", key=above))

    networks, xs = Population.make(make, 2, 0), recall(5, steps=4, uneven=True).xs
    got = answers(networks, xs)
    assert got.dtype == np.float64
    for k, network in enumerate(networks):
        np.testing.assert_allclose(got[k], one_by_one(network, xs), rtol=1e-12)


def test_large_validation_sets_are_judged_in_pieces():
    rng = np.random.default_rng(0)
    lengths = np.where(np.arange(ROWS + 35) % 2, 2, 4)
    values = rng.normal(size=(ROWS + 35, 4, FEATURES))
    targets = rng.normal(size=(ROWS + 35, CLASSES))
    big = Examples(Sequences([v[:t] for v, t in zip(values, lengths)]), targets, rng.random(ROWS + 35))
    small = Examples(big.xs[:9], targets[:9])
    how = {"until": Until(epochs=1), "validation": big, "buckets": 1}
    solution = train(population(), by(size=None), small, loss=SquaredError(), **how)
    costs = np.square(answers(solution.networks, big.xs) - targets).mean(axis=2)
    assert_near([solution.history["validation_score"][0]], [-costs.mean(axis=1)])
    weighted = (costs * big.weights).sum(axis=1) / big.weights.sum()
    assert_near([solution.history["validation_loss"][0]], [weighted])


def test_symbols_are_answered():
    xs = Sequences.from_strings(["abc", "c", "ba"])
    one_hot = [np.eye(3)[codes] for codes in ([0, 1, 2], [2], [1, 0])]
    assert_near([answers(population(), xs)[1]], [one_by_one(population()[1], one_hot)])
    data = Examples(xs, np.array([0, 1, 0]))
    assert fit(population(), by(size=None), data, until=Until(epochs=1)).results[0].epochs == 1
