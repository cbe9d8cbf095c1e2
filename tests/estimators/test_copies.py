"""Parameters, clones, copies and pickles; the same seed gives the same numbers."""

import copy
import pickle

import jax
import numpy as np
import pytest
from seldom import all_but
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted
from specimens import KINDS, PROBE, X, assert_same, differ, fitted, probabilities, small, weights, y

from mnemon import SequenceClassifier


def test_the_same_seed_gives_the_same_numbers():
    assert_same(weights(small().fit(X, y)), weights(fitted()))
    assert differ(weights(small(random_state=1).fit(X, y)), weights(fitted()))
    first, second = (small(random_state=np.random.RandomState(5)).fit(X, y) for _ in range(2))
    assert_same(weights(first), weights(second))
    assert differ(weights(small(random_state=None).fit(X, y)), weights(small(random_state=None).fit(X, y)))


def test_a_stream_of_random_numbers_goes_on():
    state = np.random.RandomState(5)
    assert differ(weights(small(random_state=state).fit(X, y)), weights(small(random_state=state).fit(X, y)))


def test_fitting_again_starts_again():
    classifier = small().fit(X, y[::-1])
    assert_same(weights(classifier.fit(X, y)), weights(fitted()))
    assert classifier.n_epochs_ == 2


@pytest.mark.parametrize("kind", all_but(["three networks", "two segmented layers, segments"], KINDS))
def test_clones_have_the_parameters_and_nothing_else(kind):
    copied = clone(fitted(kind))
    with pytest.raises(NotFittedError):
        check_is_fitted(copied)
    ours, theirs = fitted(kind).get_params(), copied.get_params()
    assert ours.keys() == theirs.keys()
    assert all(repr(theirs[name]) == repr(value) for name, value in ours.items())


def test_a_clone_learns_the_same():
    again = clone(fitted("truncated peepholes, every step")).fit(X, y)
    assert_same(weights(again), weights(fitted("truncated peepholes, every step")))


def test_parameters_may_be_set():
    classifier = small().set_params(units=3, random_state=4)
    assert classifier.get_params()["units"] == 3
    with pytest.raises(ValueError, match="Invalid parameter 'unit'"):
        classifier.set_params(unit=3)
    assert repr(SequenceClassifier(units=3)) == "SequenceClassifier(units=3)"


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
@pytest.mark.parametrize("kind", ["elman", "double precision", "three networks"])
def test_copies_predict_and_learn_on(kind, way):
    copied = way(fitted(kind))
    assert_same([copied.predict_proba(PROBE)], [probabilities(kind)])
    assert copied.summary() == fitted(kind).summary()
    said = [way(copied).partial_fit(X, y).predict_proba(PROBE) for _ in range(2)]
    assert_same([said[0]], [said[1]])
    assert differ(said[:1], [probabilities(kind)])


def test_a_copy_keeps_its_precision_wherever_it_is_read():
    stored = pickle.dumps(fitted("double precision"))
    with jax.enable_x64(True):
        inside = pickle.loads(pickle.dumps(fitted()))
    assert {leaf.dtype for leaf in weights(pickle.loads(stored))} == {np.dtype(np.float64)}
    assert {leaf.dtype for leaf in weights(inside)} == {np.dtype(np.float32)}
    assert_same([inside.predict_proba(PROBE)], [probabilities()])
