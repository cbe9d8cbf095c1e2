"""A stream hands out the frames of the whole recording, each as soon as it is known."""

import time

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from mnemon.data.audio import MFCC, LogMel, Recording
from mnemon.errors import InvalidInput

pytest.importorskip("kaldi_native_fbank")
pytest.importorskip("soxr")


def sound(seconds=0.5, rate=16000, seed=0):
    random = np.random.default_rng(seed)
    steps = np.arange(int(seconds * rate)) / rate
    tone = 0.3 * np.sin(2 * np.pi * (300 + 500 * steps) * steps)
    return (tone + 0.05 * random.standard_normal(len(steps))).astype(np.float32)


def live(features, x, sizes, rate=None):
    stream, frames, at = features.stream(rate), [], 0
    for size in sizes:
        frames.append(stream.push(x[at : at + size]))
        at += size
    frames += [stream.push(x[at:]), stream.end()]
    return np.concatenate(frames)


KINDS = [
    MFCC(16000), MFCC(16000, energy=True), MFCC(16000, deltas=1), MFCC(16000, energy=True, deltas=2),
    LogMel(16000, deltas=2, step=0.025), LogMel(16000, energy=True, window=0.02, step=0.03),
]  # fmt: skip


@pytest.mark.parametrize("features", KINDS, ids=repr)
@pytest.mark.parametrize(
    "sizes", [[160] * 60, [1] * 500, [0, 7, 399, 1, 0, 2000], []], ids=["10ms", "1", "mixed", "one"]
)
def test_a_stream_equals_transform(features, sizes):
    x = sound()
    whole = features.transform([x])[0]
    found = live(features, x, sizes)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, whole, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("rate", [44100, 22050, 48000])
def test_another_rate_is_resampled_on_the_way(rate):
    x, features = sound(rate=rate), MFCC(16000, energy=True, deltas=1)
    whole = features.transform([Recording(x, rate)])[0]
    found = live(features, x, [rate // 100] * 40, rate)
    np.testing.assert_allclose(found, whole, atol=1e-4)


@pytest.mark.parametrize("deltas, ahead", [(0, 0), (1, 2), (2, 4)])
def test_frames_come_as_soon_as_they_are_known(deltas, ahead):
    """Frame t needs the samples up to 160 t + 400, and slopes `ahead` frames more."""
    stream, x = MFCC(16000, deltas=deltas).stream(), sound()
    known = 0
    for k in range(0, 3200, 40):
        known += len(stream.push(x[k : k + 40]))
        whole = max((k + 40 - 400) // 160 + 1, 0)
        assert known == max(whole - ahead, 0)
    assert len(stream.end()) == min(ahead, whole)


def test_a_stream_serves_recording_after_recording():
    features = MFCC(16000, energy=True, deltas=2)
    stream = features.stream(22050)
    for seed in range(3):
        x = sound(0.2 + 0.1 * seed, 22050, seed)
        found = np.concatenate([stream.push(x[:1000]), stream.push(x[1000:]), stream.end()])
        np.testing.assert_allclose(found, features.transform([Recording(x, 22050)])[0], atol=1e-4)


def test_recordings_of_a_frame_or_none():
    stream = MFCC(16000, deltas=2).stream()
    assert stream.push(np.zeros(399)).shape == (0, 39)
    assert stream.end().shape == (0, 39)
    assert stream.end().shape == (0, 39)
    x = sound()[:400]
    found = np.concatenate([stream.push(x), stream.end()])
    np.testing.assert_array_equal(found, MFCC(16000, deltas=2).transform([x])[0])
    assert (stream.rate, stream.channels) == (16000, 39)


def test_memory_does_not_grow():
    """What is kept of the past is a few frames, however long the recording."""
    stream = MFCC(16000, energy=True, deltas=2).stream()
    for _ in range(50):
        stream.push(sound(0.1))
    assert len(stream._behind) <= 8
    assert len(stream._extractor._kept) < 560


def test_a_push_takes_little_of_the_time_it_is_given():
    """Ten milliseconds of sound in well under one of a core; the median, for others use the machine, too."""
    stream, x, spent = MFCC(16000, energy=True, deltas=2).stream(), sound(2), []
    for at in range(0, len(x), 160):
        before = time.thread_time()
        stream.push(x[at : at + 160])
        spent.append(time.thread_time() - before)
    assert np.median(spent) < 1e-3


def test_integers_count_as_in_a_file():
    x = np.round(sound() * 32767).astype(np.int16)
    np.testing.assert_array_equal(
        live(MFCC(16000), x, [500]), MFCC(16000).transform([(x / 32768).astype(np.float32)])[0]
    )


def test_a_wrong_piece_leaves_the_stream_as_it_was():
    features, x = MFCC(16000, deltas=1), sound()
    stream = features.stream()
    first = stream.push(x[:3000])
    for wrong, said in ((np.array([0.1, np.nan]), "1 of 2 samples are NaN"), (np.zeros((2, 2)), "one channel")):
        with pytest.raises(InvalidInput, match=said):
            stream.push(wrong)
    found = np.concatenate([first, stream.push(x[3000:]), stream.end()])
    np.testing.assert_allclose(found, features.transform([x])[0], rtol=1e-6)


def test_what_needs_the_whole_recording_is_refused():
    with pytest.raises(InvalidInput, match=r"2 problems\n.*normalize='utterance' needs the whole.*\n.*trim=True needs"):
        MFCC(16000, normalize="utterance", trim=True).stream()
    with pytest.raises(InvalidInput, match="8000 samples a second, but the features are of 16000"):
        MFCC(16000).stream(8000)
    with pytest.raises(InvalidInput, match="rate='high': expected samples a second"):
        MFCC(16000).stream("high")
    with pytest.raises(NotFittedError, match="call fit first"):
        MFCC().stream()
    assert MFCC().fit([Recording(sound(), 16000)]).stream().rate == 16000
