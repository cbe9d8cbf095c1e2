"""Labelling: a label a step, some steps without; delays; long recordings; streams; files."""

import numpy as np
import pytest
from specimens import LENGTHS, PROBE, STRINGS, N, X, assert_same, weights

import mnemon
from mnemon import SequenceLabeler, Sequences
from mnemon.errors import InvalidInput

y = [np.where(array[:, 0] + array[:, 1] > 0, "high", "low") for array in X]


def small(**parameters):
    defaults = {"cell": "elman", "units": 4, "epochs": 2, "batch_size": 8, "learning_rate": 0.05, "dropout": 0.0}
    return SequenceLabeler(**defaults | {"random_state": 0} | parameters)


def test_it_learns():
    labeler = small(epochs=80).fit(X, y)
    said = labeler.predict(X)
    assert [len(one) for one in said] == LENGTHS.tolist()
    assert labeler.score(X, y) == pytest.approx(np.mean(np.concatenate(said) == np.concatenate(y)))
    assert labeler.score(X, y) > 0.95
    chances = labeler.predict_proba(X)
    assert chances[0].shape == (LENGTHS[0], 2)
    np.testing.assert_allclose(np.concatenate(chances).sum(axis=1), 1)
    assert labeler.classes_.tolist() == ["high", "low"]


@pytest.mark.parametrize("none", [None, np.nan], ids=["None", "NaN"])
def test_steps_without_a_label_are_neither_learnt_nor_judged(none):
    """What stands in their place never matters."""
    numbers = [np.where(one == "high", 3, 5) for one in y]
    some = [[none if t == 1 else label for t, label in enumerate(one.tolist())] for one in numbers]
    labeler = small().fit(X, some)
    assert labeler.classes_.tolist() == [3, 5]
    assert labeler.classes_.dtype.kind == "i"
    said = labeler.predict(X)
    kept = [np.arange(len(one)) != 1 for one in numbers]
    right = np.concatenate([(a == b)[keep] for a, b, keep in zip(said, numbers, kept)])
    assert labeler.score(X, some) == pytest.approx(right.mean())
    first = small(epochs=1, batch_size=None).fit(X, some).history_["loss"][0, 0]
    assert first != small(epochs=1, batch_size=None).fit(X, numbers).history_["loss"][0, 0]


@pytest.mark.slow
def test_a_delay_lets_the_network_see_what_follows():
    """Each label is the sign of the next input: only a delay, or reading from both ends, can know it."""
    rng = np.random.default_rng(0)
    arrays = [rng.choice([-1.0, 1.0], size=(5, 1)) for _ in range(60)]
    labels = [np.append(array[1:, 0] > 0, [True]) for array in arrays]
    how = {"epochs": 60, "units": 8}
    assert small(**how).fit(arrays, labels).score(arrays, labels) < 0.75
    assert small(**how, delay=1).fit(arrays, labels).score(arrays, labels) > 0.9
    assert small(**how, bidirectional=True).fit(arrays, labels).score(arrays, labels) > 0.9


@pytest.mark.parametrize("delay", [0, 2])
@pytest.mark.parametrize("networks", [1, 2])
def test_a_stream_is_the_prediction(delay, networks):
    labeler = small(delay=delay, n_networks=networks).fit(X, y)
    stream = labeler.predict_stream()
    for array, expected in zip(X[:3], labeler.predict_proba(X[:3])):
        said = [stream.push(frame) for frame in array]
        assert all(answer is None for answer in said[:delay])
        said = said[delay:] + stream.flush()
        np.testing.assert_allclose(said, expected, atol=1e-6)
        np.testing.assert_allclose(list(stream.over(array)), expected, atol=1e-6)
        stream.reset()


def test_symbols_are_labelled_too():
    labels = [[symbol in "ab" for symbol in string] for string in STRINGS]
    xs = Sequences.from_strings(STRINGS)
    for parameters in ({}, {"delay": 1}, {"embedding": 2}):
        labeler = small(epochs=40, **parameters).fit(xs, labels)
        assert labeler.score(xs, labels) > 0.9
        stream = labeler.predict_stream()
        np.testing.assert_allclose(list(stream.over(STRINGS[0])), labeler.predict_proba([STRINGS[0]])[0], atol=1e-6)


def test_long_recordings_in_windows():
    both = small(bidirectional=True).fit(X, y)
    long = [np.concatenate(list(X))[:23], np.concatenate(list(X))[30:37]]
    whole, windowed = both.predict_proba(long), both.predict_proba(long, window=6, context=40)
    for a, b in zip(whole, windowed):  # a context as long as the recording leaves nothing out
        np.testing.assert_allclose(a, b, atol=1e-6)
    (said, _) = both.predict_proba(long, window=6, context=2)
    (piece,) = both.predict_proba([long[0][4:14]])
    np.testing.assert_allclose(said[6:12], piece[2:8], atol=1e-6)


@pytest.mark.parametrize("weight", ["balanced", {"high": 5.0, "low": 0.1}])
def test_classes_may_count_differently(weight):
    plain, weighted = small(batch_size=None).fit(X, y), small(batch_size=None, class_weight=weight).fit(X, y)
    assert weighted.history_["loss"][0, 0] != plain.history_["loss"][0, 0]
    if weight != "balanced":
        high = np.concatenate(weighted.predict_proba(X))[:, 0].mean()
        assert high > np.concatenate(plain.predict_proba(X))[:, 0].mean()


@pytest.mark.parametrize("parameters", [{}, {"delay": 1, "class_weight": "balanced"}], ids=["plain", "delayed"])
def test_files_and_partial_fits(parameters, tmp_path):
    labeler = small(**parameters).fit(X, y)
    loaded = mnemon.load(labeler.save(tmp_path / "m.safetensors"))
    assert_same(loaded.predict_proba(PROBE), labeler.predict_proba(PROBE))
    assert_same(weights(loaded.partial_fit(X, y)), weights(labeler.partial_fit(X, y)))


def test_early_stopping_restores_the_best():
    stopped = small(early_stopping=2, epochs=300, delay=1).fit(X, y)
    assert stopped.result_.best_epoch == np.argmin(stopped.history_["validation_loss"]) + 1


def test_mistakes_are_told():
    short = [one[:-1] if k == 2 else one for k, one in enumerate(y)]
    for labels, words in [
        (None, "target y is None"),
        (y[:-1], "24 sequences but 23 arrays of labels"),
        (short, "sequence 2 has 4 steps but 3 labels"),
        (["up"] * N, r"sequence 0: expected \(time,\) labels, one a step"),
        ([[None] * n for n in LENGTHS], "no step has a label"),
        ([["a"] * n for n in LENGTHS], "one class only"),
        ([[1, "a", 2, "b", 3][:n] for n in LENGTHS], "mixes labels"),
    ]:
        with pytest.raises((InvalidInput, TypeError), match=words):
            small().fit(X, labels)
    fitted = small().fit(X, y)
    with pytest.raises(InvalidInput, match=r"holds the label 'middle' .at 0., which is none of 'high', 'low'"):
        fitted.partial_fit(X, [["middle"] * n for n in LENGTHS])
    with pytest.raises(InvalidInput, match="window=0, context=0: expected"):
        fitted.predict(X, window=0)
    with pytest.raises(InvalidInput, match="delay=-1: expected a whole number of at least 0"):
        small(delay=-1).fit(X, y)
    with pytest.raises(InvalidInput, match="cannot label a stream"):
        small(segment_length=2).fit(X, y).predict_stream()
