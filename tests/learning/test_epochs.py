"""What an epoch shows: every sequence once, in an order of each member's own, in even batches."""

import dataclasses
import functools
import sys

import numpy as np
import pytest
from toys import Keep, Record, assert_near, assert_same, by, fit, moved, population, recall, slope_over, weights

from mnemon.errors import InvalidInput
from mnemon.learning import BPTT, Batch, CrossEntropy, Learner, Optax, Sequence, Until
from mnemon.sequences import length_buckets

N, EPOCHS = 26, 3
UNEVEN = recall(N, uneven=True)
NUMBERED = dataclasses.replace(UNEVEN, targets=np.arange(N))


class Unchecked(CrossEntropy):
    def check_targets(self, targets, outputs):
        """Targets are the sequences' numbers here, which the rule records and nobody learns."""


def watch(size=4, members=3, updates=8, seed=0, moment=None, buckets=4, **how):
    how["loss"] = Unchecked()
    learner = Learner(Record(N), Keep(N, EPOCHS * updates), moment or Batch(size))
    solution = fit(
        population(members), learner, NUMBERED, until=Until(epochs=EPOCHS), seed=seed, buckets=buckets, **how
    )
    return solution, type(solution.memory)(*map(np.asarray, solution.memory))


@functools.cache
def watched():
    return watch()


def test_every_sequence_once_an_epoch():
    solution, seen = watched()
    assert len(length_buckets(UNEVEN.xs.lengths)) > 1
    by_epoch = (seen.shares > 0).reshape(3, EPOCHS, -1, N).sum(axis=2)
    assert (by_epoch == 1).all()
    assert [r.sequences for r in solution.results] == [EPOCHS * N] * 3
    assert [r.evaluations for r in solution.results] == list(seen.count) == [EPOCHS * 8] * 3


def test_lengths_and_carries_arrive():
    _, seen = watched()
    given = seen.shares > 0
    assert (seen.steps[given] == np.broadcast_to(UNEVEN.xs.lengths, given.shape)[given]).all()
    assert (seen.carries == np.arange(EPOCHS * 8)).all()


def test_shares_are_means_over_real_rows():
    solution, seen = watched()
    rows = (seen.shares > 0).sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(seen.shares, (seen.shares > 0) / rows, rtol=1e-6)
    np.testing.assert_allclose(solution.history["loss"], 1, rtol=1e-6)


def test_batches_are_even():
    _, seen = watched()
    sizes = (seen.shares > 0).sum(axis=-1)
    for rows in length_buckets(UNEVEN.xs.lengths):
        inside = (seen.shares[:, :, rows] > 0).any(axis=-1)
        assert np.ptp(sizes[inside]) <= 1
        assert sizes[inside].max() <= 4


def test_orders_are_each_members_and_each_epochs_own():
    _, seen = watched()
    orders = {seen.shares[m, e * 8 : e * 8 + 8].argmax(axis=0).tobytes() for m in range(3) for e in range(EPOCHS)}
    assert len(orders) == 3 * EPOCHS
    assert len(set(seen.keys.ravel().tolist())) == seen.keys.size


def test_orders_do_not_depend_on_who_else_is_trained():
    _, fewer = watch(members=2)
    assert_same([leaf[:2] for leaf in watched()[1]], list(fewer))


def test_another_seed_mixes_the_batches_anew():
    _, other = watch(seed=1)
    assert (other.shares != watched()[1].shares).any()
    assert_same([other.shares.sum(axis=1)], [watched()[1].shares.sum(axis=1)])


def test_one_bucket_is_one_order_over_all():
    _, seen = watch(updates=7, buckets=1)
    sizes = (seen.shares > 0).sum(axis=-1)
    assert set(sizes.ravel().tolist()) == {3, 4}


def test_a_bucket_must_be_worth_its_compilation():
    _, seen = watch(updates=7, buckets=None)  # so few steps are not
    assert_same(list(seen), list(watch(updates=7, buckets=1)[1]))


@pytest.mark.slow
def test_what_a_bucket_is_worth_does_not_depend_on_who_else_is_trained(monkeypatch):
    lengths, each = UNEVEN.xs.lengths, population()[0].weight_count()
    one, two = (sum(len(rows) * lengths[rows].max() for rows in length_buckets(lengths, most)) for most in (1, 2))
    worth = lambda weights, passes: (one - two) * 6 * each / weights  # noqa: E731 - two buckets from six networks on
    monkeypatch.setattr(sys.modules["mnemon.learning.train"], "steps_worth_compiling", worth)
    few, many = (watch(members=members, updates=8, buckets=None)[1] for members in (2, 9))
    assert_same(list(few), [leaf[:2] for leaf in many])


def test_sequence_is_a_batch_of_one():
    how = {"buckets": 1, "updates": N}
    assert_same(list(watch(moment=Sequence(), **how)[1]), list(watch(size=1, **how)[1]))


def test_a_batch_larger_than_the_data_is_the_whole():
    _, seen = watch(size=1000, updates=1, buckets=1)
    assert (seen.shares > 0).all()


def test_full_batch_over_unequal_lengths_is_the_exact_gradient():
    networks = population()
    after = fit(networks, by(Optax("sgd", 1.0), None), UNEVEN, until=Until(epochs=1))
    for k, network in enumerate(networks):
        assert_near([leaf[k] for leaf in moved(networks, after)], weights(slope_over(network, UNEVEN)))


def test_a_batch_has_at_least_one_sequence():
    with pytest.raises(InvalidInput, match=r"size=0.*at least 1"):
        Learner(BPTT(), Optax("sgd", 0.1), Batch(0))
