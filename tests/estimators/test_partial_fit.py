"""Going on with training: one epoch a call, with the optimiser's memory, also after a file."""

import numpy as np
import pytest
from specimens import PROBE, STRINGS, N, X, assert_same, differ, fitted, small, weights, y

import mnemon
from mnemon import Sequences
from mnemon.errors import InvalidInput


def called(times, **parameters):
    classifier = small(**parameters)
    for _ in range(times):
        assert classifier.partial_fit(X, y) is classifier
    return classifier


def test_one_call_is_one_epoch_of_fit():
    assert_same(weights(called(1)), weights(small(epochs=1).fit(X, y)))


@pytest.mark.parametrize("parameters", [{}, {"optimizer": "sgd"}, {"n_networks": 3}], ids=repr)
def test_calls_on_the_whole_set_are_epochs_of_fit(parameters):
    """Where no batch is drawn, nothing else can differ: weights are equal bit for bit."""
    whole = parameters | {"batch_size": None}
    at_once = small(epochs=3, **whole).fit(X, y)
    by_calls = called(3, **whole)
    assert_same(weights(by_calls), weights(at_once))
    assert_same(by_calls.history_["loss"], at_once.history_["loss"])
    assert_same(by_calls.history_["epoch"], [1, 2, 3])
    assert by_calls.n_epochs_ == 3


def test_the_optimiser_remembers():
    """An optimiser that began again at each call would take other steps."""
    classifier = small(batch_size=None).fit(X, y)
    forgetful = small(batch_size=None).fit(X, y)
    forgetful.memory_ = small(batch_size=None, epochs=1, learning_rate=1e-30).fit(X, 1 * (y == "up")).memory_
    assert differ(weights(classifier.partial_fit(X, y)), weights(forgetful.partial_fit(X, y)))


def test_calls_are_determined_by_the_seed_and_draw_other_batches():
    assert_same(weights(called(3)), weights(called(3)))
    first, second = (small(learning_rate=1e-30).partial_fit(X, y) for _ in range(2))
    orders = [[np.asarray(one.population_.seeds) for _ in range(2) if one.partial_fit(X, y)] for one in (first, second)]
    assert_same(orders[0], orders[1])
    assert differ(orders[0][:1], orders[0][1:])


def test_after_fit():
    classifier = small().fit(X, y)
    classifier.partial_fit(X, y)
    assert classifier.n_epochs_ == 3
    assert_same(classifier.history_["loss"][:2], fitted().history_["loss"])
    assert differ(weights(classifier), weights(fitted()))


@pytest.mark.parametrize("kind", [{}, {"precision": "float64"}, {"optimizer": "sgd"}], ids=repr)
def test_a_file_between_two_calls_changes_nothing(kind, tmp_path):
    unbroken, broken = called(2, **kind), called(1, **kind)
    for number in range(2):
        path = broken.save(tmp_path / f"{number}.safetensors")
        broken = mnemon.load(path).partial_fit(X, y)
        if number == 0:
            assert_same(weights(broken), weights(unbroken))
    assert_same(weights(broken), weights(unbroken.partial_fit(X, y)))
    assert_same(broken.history_["loss"], unbroken.history_["loss"])
    assert broken.n_epochs_ == unbroken.n_epochs_ == 3


def test_classes_that_come_later():
    classifier = small().partial_fit(X, y, classes=["up", "sideways", "down"])
    assert classifier.classes_.tolist() == ["down", "sideways", "up"]
    assert classifier.predict_proba(PROBE).shape == (8, 3)
    classifier.partial_fit(X, ["sideways"] * N)
    classifier.partial_fit(X, y, classes=["down", "sideways", "up"])
    assert classifier.n_epochs_ == 3


def test_classes_that_cannot_be():
    with pytest.raises(InvalidInput, match=r"y holds the label 'up' .at 1., which is none of 'down', 'left'"):
        small().partial_fit(X, y, classes=["down", "left"])
    with pytest.raises(InvalidInput, match="at least 2 classes; name all of them with classes="):
        small().partial_fit(X, ["up"] * N)
    classifier = called(1)
    with pytest.raises(InvalidInput, match="differ from those of the first call"):
        classifier.partial_fit(X, y, classes=["down", "left"])
    with pytest.raises(InvalidInput, match=r"y holds the label 'left' .at 0."):
        classifier.partial_fit(X, ["left"] * N)
    with pytest.raises(InvalidInput, match=r"y holds the label 1 .at 0."):
        classifier.partial_fit(X, [1] * N)
    assert_same(weights(classifier), weights(called(1)))


def test_the_first_call_measures_the_channels():
    classifier = small().partial_fit(X, y)
    mean = classifier.mean_.copy()
    classifier.partial_fit(Sequences([array + 5 for array in X]), y)
    assert_same(classifier.mean_, mean)
    with pytest.raises(InvalidInput, match="X has 3 features"):
        classifier.partial_fit(np.ones((2, 4, 3)), ["up", "down"])


def test_symbols_of_later_calls_are_those_of_the_first():
    classifier = small().partial_fit(Sequences.from_strings(STRINGS), y)
    classifier.partial_fit(STRINGS, y)
    with pytest.raises(InvalidInput, match="symbols outside the alphabet"):
        classifier.partial_fit(["xyz", "zyx"], ["up", "down"])


def test_weights_count():
    counts = np.where(y == "up", 3.0, 1.0)
    assert differ(weights(small().partial_fit(X, y, sample_weight=counts)), weights(called(1)))
