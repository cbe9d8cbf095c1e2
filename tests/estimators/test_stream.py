"""One frame at a time: after each frame what `predict_proba` says of the frames so far, in constant memory."""

import itertools
import os
from pathlib import Path

import jax
import numpy as np
import pytest
from specimens import BOUNDARIES, CAUSAL, X, assert_same, fitted, fitted_on_symbols, small, with_boundaries, y

from mnemon import SequenceClassifier, Sequences
from mnemon.data import read_ts
from mnemon.errors import InvalidInput

TOLERANCE = {"double precision": 1e-12}


@pytest.mark.parametrize("kind", CAUSAL)
def test_after_every_frame_the_answer_is_that_of_the_sequence_so_far(kind):
    classifier, frames = fitted(kind), X[0]
    stream = classifier.predict_stream()
    for t, answer in enumerate(stream.over(frames), start=1):
        expected = classifier.predict_proba([frames[:t]] * 8)[0]
        assert answer.shape == (2,)
        np.testing.assert_allclose(answer, expected, rtol=0, atol=TOLERANCE.get(kind, 1e-6))
        assert stream.frames == t


def test_symbols():
    classifier = fitted_on_symbols()
    stream = classifier.predict_stream()
    for t, symbol in enumerate("bbaca", start=1):
        np.testing.assert_allclose(stream.push(symbol), classifier.predict_proba(["bbaca"[:t]] * 8)[0], atol=1e-6)


def memory_of(stream):
    """Places in memory that hold what the stream remembers."""
    return [(leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(stream._state)]


@pytest.mark.parametrize("kind", CAUSAL)
def test_memory_does_not_grow(kind):
    stream = fitted(kind).predict_stream()
    before = memory_of(stream)
    endless = stream.over(itertools.cycle(X[0]))
    for answer in itertools.islice(endless, 25):
        assert np.isfinite(answer).all()
    assert memory_of(stream) == before
    assert stream.frames == 25


def test_a_reset_begins_a_new_sequence():
    stream = fitted().predict_stream()
    first = list(stream.over(X[0]))
    assert not np.allclose(stream.push(X[0][0]), first[0])
    stream.reset()
    assert stream.frames == 0
    assert_same(list(stream.over(X[0])), first)


def test_streams_do_not_share_their_memory():
    one, other = fitted().predict_stream(), fitted().predict_stream()
    said = [one.push(frame) for frame in X[0]]
    assert_same([other.push(frame) for frame in X[0]], said)


def test_a_stream_goes_on_with_the_network_it_was_opened_on():
    classifier = small().fit(X, y)
    stream = classifier.predict_stream()
    expected = list(fitted().predict_stream().over(X[0]))
    classifier.partial_fit(X, y)
    assert_same(list(stream.over(X[0])), expected)


def test_a_network_that_reads_from_the_end_is_refused():
    with pytest.raises(InvalidInput, match="cannot be stepped through time: its layer Bidirectional reads sequences"):
        fitted("bidirectional lstm").predict_stream()


def test_segments_marked_by_the_data_are_refused():
    marked = Sequences(list(X), boundaries=BOUNDARIES)
    stream = small(network=with_boundaries).fit(marked, y).predict_stream()
    with pytest.raises(InvalidInput, match="these inputs bring no boundaries"):
        stream.push(X[0][0])


@pytest.mark.skipif("MNEMON_DATA" not in os.environ, reason="MNEMON_DATA names no folder with uea_ts/GunPoint")
@pytest.mark.slow
def test_a_thousand_streams_of_gunpoint_are_the_predictions():
    """Each from its own first frame on, all at once, in constant memory."""
    folder = Path(os.environ["MNEMON_DATA"]) / "uea_ts" / "GunPoint"
    train, test = (read_ts(folder / f"GunPoint_{part}.ts") for part in ("TRAIN", "TEST"))
    classifier = SequenceClassifier(units=8, epochs=1, random_state=0).fit(train.X, train.y)
    series = np.stack([array[first : first + 120] for first in range(0, 30, 4) for array in test.X])[:1000]
    assert series.shape == (1000, 120, 1)
    stream = classifier.predict_stream(streams=1000)
    size = memory_of(stream)
    for t in range(120):
        said = stream.push(series[:, t])
    np.testing.assert_allclose(said, classifier.predict_proba(series), atol=1e-5)
    assert (classifier.classes_[said.argmax(axis=1)] == classifier.predict(series)).all()
    assert memory_of(stream) == size
