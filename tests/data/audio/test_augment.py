"""Copies of recordings differ by what was asked for, and by nothing else."""

import numpy as np
import pytest

from mnemon.data.audio import MFCC, Augment, LogMel, Recording
from mnemon.errors import InvalidInput

pytest.importorskip("kaldi_native_fbank")
pytest.importorskip("soxr")


def sound(seconds=0.5, rate=16000, seed=0):
    steps = np.arange(int(seconds * rate)) / rate
    return (0.3 * np.sin(2 * np.pi * 500 * steps) + 0.001 * np.random.default_rng(seed).normal(size=len(steps))).astype(
        np.float32
    )


X = [sound(0.3, seed=k) for k in range(3)]


def test_recordings_come_first_and_then_their_copies():
    features = MFCC(16000, deltas=1, augment=Augment(noise=(10, 20), copies=2))
    frames, y, groups = features.augmented(X, ["a", "b", "c"], [1, 2, 1])
    assert y.tolist() == ["a", "b", "c"] * 3
    assert groups is not None
    assert groups.tolist() == [1, 2, 1] * 3
    plain = features.transform(X)
    assert frames[:3] == plain
    assert features.fit_transform(X) == plain  # copies come only when they are asked for
    assert not any(np.array_equal(frames[k], frames[k % 3]) for k in range(3, 9))
    assert not np.array_equal(frames[3], frames[6])
    again, _, none = features.augmented(X, ["a", "b", "c"])
    assert again == frames
    assert none is None
    other = MFCC(16000, deltas=1, augment=Augment(noise=(10, 20), copies=2, seed=1)).augmented(X, y[:3])[0]
    assert other != frames


def test_without_augment_there_are_no_copies():
    frames, y, _ = MFCC(16000).augmented(X, [0, 1, 2])
    assert frames == MFCC(16000).transform(X)
    assert len(y) == 3


@pytest.mark.parametrize("decibels", [0, 10, 30])
def test_noise_is_as_loud_as_asked(decibels):
    x = sound(2.0)
    found = Augment(noise=(decibels, decibels)).sound(Recording(x, 16000), 0, 0).samples - x
    ratio = 10 * np.log10(np.square(x).mean() / np.square(found).mean())
    assert ratio == pytest.approx(decibels, abs=0.2)
    spectrum = np.square(np.abs(np.fft.rfft(found)))[1:15985].reshape(-1, 333).mean(axis=1)
    assert spectrum.std() / spectrum.mean() < 0.15  # white


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_speed_moves_length_and_pitch(factor):
    x = sound(1.0)
    found = Augment(speed=(factor, factor)).sound(Recording(x, 16000), 0, 0)
    assert (found.rate, len(found.samples)) == (16000, round(16000 / factor))
    spectrum = np.abs(np.fft.rfft(found.samples * np.hanning(len(found.samples))))
    assert np.argmax(spectrum) / len(found.samples) * 16000 == pytest.approx(500 * factor, abs=1.5)
    frames, _, _ = LogMel(16000, augment=Augment(speed=(factor, factor))).augmented([x], [0])
    assert frames.lengths[1] == 1 + (round(16000 / factor) - 400) // 160


def test_masks_are_means_in_rows_and_columns():
    augment, seen = Augment(time_mask=6, frequency_mask=4, seed=3), set()
    features = LogMel(16000, deltas=1, augment=augment)
    plain = features.transform(X)
    for copy in range(8):
        for k, one in enumerate(plain):
            masked = augment.masked(one, k, copy, 40)
            changed = masked != one
            np.testing.assert_array_equal(masked[changed], np.broadcast_to(one.mean(axis=0), one.shape)[changed])
            rows = np.flatnonzero(changed.mean(axis=1) > 0.9)
            columns = np.flatnonzero(changed[:, :40].mean(axis=0) > 0.9)
            slopes = np.flatnonzero(changed[:, 40:].mean(axis=0) > 0.9)
            assert np.array_equal(columns, slopes)
            for some, most in ((rows, 6), (columns, 4)):
                assert len(some) <= most
                assert np.all(np.diff(some) == 1)
            inside = np.isin(np.arange(len(one)), rows)[:, None] | np.isin(np.arange(80) % 40, columns)
            assert not changed[~inside].any()
            seen.add((len(rows), len(columns)))
    assert {len_ for len_, _ in seen} == set(range(7))
    assert {len_ for _, len_ in seen} == set(range(5))
    found, _, _ = features.augmented(X, [0, 1, 2])
    assert all(np.array_equal(found[3 + k], augment.masked(plain[k], k, 0, 40)) for k in range(3))


def test_copies_are_normalised_like_recordings():
    features = MFCC(16000, normalize="group", augment=Augment(speed=(0.9, 1.1)))
    frames, _, _ = features.augmented(X, [0, 1, 2], ["a", "b", "a"])
    for rows in ([0, 2], [3, 5], [1], [4]):
        values = np.concatenate([frames[k] for k in rows])
        np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-4)
        np.testing.assert_allclose(values.std(axis=0), 1, atol=1e-3)


@pytest.mark.parametrize(
    "settings, said",
    [
        ({"noise": (20, 10)}, r"noise=\(20, 10\): expected \(low, high\)"),
        ({"speed": 1.1, "copies": 0}, r"copies=0.*\n.*speed=1.1"),
        ({"speed": (0, 1), "seed": -1}, r"seed=-1.*\n.*speed=\(0, 1\): .* within 0.5 and 2"),
        ({"time_mask": 1.5, "frequency_mask": True}, r"time_mask=1.5.*\n.*frequency_mask=True"),
    ],
)
def test_settings_are_checked_together(settings, said):
    with pytest.raises(InvalidInput, match=said):
        Augment(**settings)


def test_labels_belong_to_recordings():
    with pytest.raises(InvalidInput, match=r"3 recordings, but labels of shape \(2,\)"):
        MFCC(16000, augment=Augment()).augmented(X, [0, 1])
