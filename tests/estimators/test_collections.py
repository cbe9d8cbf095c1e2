"""What may be given to a classifier: lists, arrays, `Sequences` of numbers or symbols, with boundaries or without."""

import numpy as np
import pytest
from specimens import (  # fmt: skip
    ARRAYS,
    BOUNDARIES,
    PROBE,
    STRINGS,
    X,
    assert_same,
    fitted,
    fitted_on_symbols,
    probabilities,
    small,
    weights,
    with_boundaries,
    y,
)

from mnemon import Sequences
from mnemon.errors import InvalidInput

EVEN = np.stack([array[:4] for array in ARRAYS])


def test_a_list_of_arrays_and_sequences_are_the_same():
    again = small().fit(ARRAYS, list(y))
    assert_same(weights(again), weights(fitted()))
    assert_same([again.predict_proba(ARRAYS[:8])], [probabilities()])


def test_what_comes_out():
    said, classes = probabilities(), fitted().predict(PROBE)
    assert said.shape == (8, 2)
    assert said.dtype == np.float64
    np.testing.assert_allclose(said.sum(axis=1), 1, rtol=1e-12)
    assert classes.shape == (8,)
    assert classes.dtype == y.dtype
    assert fitted().n_features_in_ == 2
    assert fitted().classes_.tolist() == ["down", "up"]
    assert (classes == fitted().classes_[said.argmax(axis=1)]).all()
    assert fitted().score(PROBE, y[:8]) == (classes == y[:8]).mean()


def test_order_does_not_matter():
    assert_same([fitted().predict_proba(PROBE[::-1])], [probabilities()[::-1]])


def test_an_array_of_three_axes():
    blocks = small().fit(EVEN, y)
    assert_same(weights(blocks), weights(small().fit(list(EVEN), y)))
    assert blocks.predict_proba(EVEN[:8]).shape == (8, 2)
    # Trained on even lengths, asked for uneven ones: lengths belong to the data and not to the model.
    np.testing.assert_allclose(blocks.predict_proba(ARRAYS[:8])[1], blocks.predict_proba(EVEN[:8])[1], rtol=1e-6)


def test_integers_and_other_floats_are_numbers():
    whole = np.round(EVEN * 3)
    assert_same([fitted().predict_proba(whole[:8].astype(int))], [fitted().predict_proba(whole[:8].astype(np.float16))])


@pytest.mark.parametrize("labels", [[3, 7], [True, False], [1.0, 2.0], np.array(["no", "yes"], object)])
def test_labels_of_any_kind(labels):
    labels = np.asarray(labels)
    classifier = small().fit(X, labels[(y == "up").astype(int)])
    assert classifier.classes_.dtype == labels.dtype
    assert set(classifier.predict(X)) <= set(labels)


def test_symbols_keep_their_alphabet():
    classifier = fitted_on_symbols()
    assert classifier.alphabet_ == ("a", "b", "c")
    assert classifier.n_features_in_ == 3
    every = classifier.predict_proba(Sequences.from_strings(STRINGS[:8]))
    few = ["cb"] * 8  # without an "a": their own codes would be others
    assert Sequences.from_strings(few).alphabet == ("b", "c")
    expected = classifier.predict_proba(Sequences.from_strings(few, alphabet="abc"))
    assert_same([classifier.predict_proba(Sequences.from_strings(few))], [expected])
    assert_same([classifier.predict_proba(few)], [expected])
    assert not np.allclose(every, expected)


def test_symbols_in_another_order_are_the_same_symbols():
    other = Sequences.from_strings(STRINGS[:8], alphabet="cab")
    classifier = fitted_on_symbols()
    assert_same([classifier.predict_proba(other)], [classifier.predict_proba(STRINGS[:8])])


def test_symbols_and_numbers_do_not_stand_for_each_other():
    with pytest.raises(InvalidInput, match=r"'d' in sequence 1 \(position 2\)"):
        fitted_on_symbols().predict(["abc", "abd"])
    with pytest.raises(InvalidInput, match="X: "):
        fitted_on_symbols().predict(np.ones((2, 4, 3)))
    with pytest.raises(InvalidInput, match="X: expected symbols"):
        fitted_on_symbols().predict(Sequences(np.ones((2, 4, 3))))
    with pytest.raises(InvalidInput, match="X: expected numbers of 2 channels, got symbols of the alphabet"):
        fitted().predict(Sequences.from_strings(["ab", "ba"]))


def test_boundaries_come_with_the_data():
    marked = Sequences(ARRAYS, boundaries=BOUNDARIES)
    classifier = small(network=with_boundaries).fit(marked, y)
    segmented = small(segment_length=2).fit(X, y)
    assert classifier.network_.weight_count() == segmented.network_.weight_count()
    said = classifier.predict_proba(marked[:8])
    moved = Sequences(ARRAYS[:8], boundaries=[~ends for ends in BOUNDARIES[:8]])
    assert not np.allclose(classifier.predict_proba(moved), said)
    with pytest.raises(InvalidInput, match="these inputs bring no boundaries"):
        classifier.predict(PROBE)


def test_boundaries_that_nobody_asks_for_change_nothing():
    assert_same([fitted().predict_proba(Sequences(ARRAYS, boundaries=BOUNDARIES)[:8])], [probabilities()])


def test_standardising_makes_units_irrelevant():
    scale, shift = np.array([1e3, 1e-3]), np.array([500.0, -2.0])
    elsewhere = [array * scale + shift for array in ARRAYS]
    classifier = small().fit(elsewhere, y)
    np.testing.assert_allclose(classifier.predict_proba(elsewhere[:8]), probabilities(), atol=1e-4)
    mean, deviation = Sequences(elsewhere).statistics()
    assert_same([classifier.mean_, classifier.scale_], [mean, deviation])
    plain = small(standardize=False).fit(elsewhere, y)
    assert_same([plain.mean_, plain.scale_], [[0, 0], [1, 1]])


def test_a_constant_channel_is_left_as_it_is():
    flat = [np.column_stack([array[:, 0], np.full(len(array), 7.0)]) for array in ARRAYS]
    classifier = small().fit(flat, y)
    assert classifier.mean_[1] == 7
    assert classifier.scale_[1] == 1
