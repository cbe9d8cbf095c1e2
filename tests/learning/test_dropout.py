"""Dropout belongs to training, and to each member's own randomness."""

import jax
from toys import answer, assert_near, assert_same, by, differ, fit, members, recall, weights

from mnemon.cells import Elman
from mnemon.layers import Network, Readout, Recurrent, Stack
from mnemon.learning import Population, Until

DATA, UNTIL = recall(), Until(epochs=2, restore_best=False)


def networks(rate, members=3):
    def make(key):
        below, above = jax.random.split(key)
        layer = Recurrent(Elman(3, 4, key=below), dropout=rate)
        return Network(Stack(layer, dropout=rate), Readout(4, 2, key=above))

    return Population.make(make, members, 0)


def train_on(rate, data=DATA, **how):
    return fit(networks(rate, **how), by(size=None), data, until=UNTIL, validation=DATA, width=8)


def test_dropout_changes_training_and_comes_again():
    with_it = train_on(0.5)
    assert differ(weights(with_it), weights(train_on(0.0)))
    assert_same(weights(with_it), weights(train_on(0.5)))
    assert_same(members(train_on(0.5, members=1), 0), members(with_it, 0))


def test_evaluation_is_without_dropout():
    solution = train_on(0.5)
    arrays = jax.tree.leaves(solution.networks)
    whole = jax.tree.unflatten(jax.tree.structure(networks(0.0)), arrays)
    xs = DATA.xs.pad()[0]
    for dropping, plain in zip(solution.networks, whole):
        assert_same([answer(dropping, xs)], [answer(plain, xs)])
    scores = [(answer(n, xs).argmax(axis=1) == DATA.targets).mean() for n in whole]
    assert_near([solution.history["validation_score"][-1]], [scores])
