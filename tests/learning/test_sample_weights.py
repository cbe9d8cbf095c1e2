"""A weight is how many times a sequence counts."""

import dataclasses

import numpy as np
import pytest
from toys import assert_near, by, differ, fit, population, recall, weights

from mnemon.errors import InvalidInput
from mnemon.learning import Examples, Optax, Until

DATA = recall(12, uneven=True)
TWICE = np.array([2.0, 0, 1, 1, 0, 2, 1, 1, 1, 1, 1, 1])


def train_on(data, size=None, **how):
    return fit(population(), by(Optax("sgd", 0.5), size), data, until=Until(epochs=2), **how)


def test_two_is_a_duplicate_and_none_is_a_removal():
    rows = np.repeat(np.arange(12), TWICE.astype(int))
    weighted = train_on(dataclasses.replace(DATA, weights=TWICE))
    doubled = train_on(Examples(DATA.xs[rows], DATA.targets[rows]))
    assert_near(weights(weighted), weights(doubled))
    assert_near([weighted.history["loss"]], [doubled.history["loss"]])


def test_only_ratios_matter():
    some = train_on(dataclasses.replace(DATA, weights=TWICE), 4)
    assert_near(weights(some), weights(train_on(dataclasses.replace(DATA, weights=1000 * TWICE), 4)))
    assert differ(weights(some), weights(train_on(DATA, 4)))
    same = train_on(dataclasses.replace(DATA, weights=np.full(12, 3.0)), 4)
    assert_near(weights(same), weights(train_on(DATA, 4)), 0)


def test_weights_of_validation_weigh_its_loss():
    none = dataclasses.replace(DATA, weights=(np.arange(12) == 3).astype(float))
    judged = train_on(DATA, validation=none)
    alone = train_on(DATA, validation=Examples(DATA.xs[3:4], DATA.targets[3:4]))
    assert_near([judged.history["validation_loss"]], [alone.history["validation_loss"]])


WRONG = {
    "negative": ([-1.0] + [1.0] * 11, "not negative"),
    "not finite": ([float("nan")] + [1.0] * 11, "finite"),
    "all zero": ([0.0] * 12, "not all zero"),
    "too few": ([1.0] * 11, r"12 sequences but weights of shape \(11,\)"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_wrong_weights_are_refused(mistake):
    values, words = WRONG[mistake]
    with pytest.raises(InvalidInput, match=f"Examples: .*{words}"):
        Examples(DATA.xs, DATA.targets, np.array(values))


def test_all_mistakes_are_told_together():
    with pytest.raises(InvalidInput, match=r"2 problems\n  - 12 sequences but 11 targets\n  - .*not negative"):
        Examples(DATA.xs, DATA.targets[:-1], np.full(12, -1.0))


def test_examples_count_sequences():
    assert len(DATA) == 12
