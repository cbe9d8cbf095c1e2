"""Frames from the cache are the frames; whatever decides them decides the entry."""

import os

import numpy as np
import pytest

import mnemon.data.audio._cache as cache
from mnemon.data.audio import MFCC, LogMel, Recording
from mnemon.data.audio._features import AudioFeatures

soundfile = pytest.importorskip("soundfile")
pytest.importorskip("kaldi_native_fbank")
pytest.importorskip("soxr")


@pytest.fixture
def computed(monkeypatch):
    """How many recordings were computed."""
    calls, real = [], AudioFeatures._frames
    monkeypatch.setattr(AudioFeatures, "_frames", lambda *given: calls.append(1) or real(*given))
    return calls


@pytest.fixture
def paths(tmp_path):
    paths = [tmp_path / "a.wav", tmp_path / "b.wav"]
    for k, path in enumerate(paths):
        soundfile.write(path, np.random.default_rng(k).normal(size=4000) * 0.1, 16000)
    return paths


def entries(folder):
    return sorted(folder.glob("*.npz"))


def test_a_second_time_nothing_is_computed(paths, tmp_path, computed):
    kept = tmp_path / "new" / "kept"
    features = MFCC(deltas=1, cache=str(kept)).fit(paths)
    first = features.transform(paths)
    assert len(entries(kept)) == len(computed) == 2
    assert features.transform(paths) == first == MFCC(16000, deltas=1).transform(paths)
    assert features.resolved().transform(paths[::-1])[1] == pytest.approx(first[0])
    assert len(computed) == 4  # two of them by the features without a cache
    assert [path.suffix for path in kept.iterdir()] == [".npz"] * 2  # no half-written files


def test_content_counts_and_not_names_or_times(paths, tmp_path, computed):
    features = MFCC(16000, cache=tmp_path / "kept")
    features.transform(paths)
    moved = paths[0].rename(tmp_path / "c.wav")
    features.transform([moved])
    assert len(computed) == 2
    before = moved.stat()
    changed = bytearray(moved.read_bytes())
    changed[1000] ^= 1  # as long as before, and no newer
    moved.write_bytes(changed)
    os.utime(moved, ns=(before.st_atime_ns, before.st_mtime_ns))
    features.transform([moved])
    assert len(computed) == 3


def test_arrays_are_kept_with_their_rate(tmp_path, computed):
    x = np.random.default_rng(0).normal(size=4000) * 0.1
    features = MFCC(8000, cache=tmp_path / "kept")
    slow, fast = features.transform([Recording(x, 8000)]), features.transform([Recording(x, 16000)])
    assert len(computed) == 2
    assert slow.lengths[0] > fast.lengths[0]
    assert features.transform([x]) == slow
    assert len(computed) == 2


def test_every_setting_that_decides_frames_has_entries_of_its_own(paths, tmp_path, computed):
    kept = tmp_path / "kept"
    kinds = [
        MFCC(16000), MFCC(8000), LogMel(16000), LogMel(16000, filters=26), MFCC(16000, window=0.02),
        MFCC(16000, step=0.02), MFCC(16000, filters=20), MFCC(16000, coefficients=12), MFCC(16000, lifter=0),
        MFCC(16000, preemphasis=0.9), MFCC(16000, energy=True), MFCC(16000, deltas=1), MFCC(16000, trim=True),
        MFCC(16000, pitch=True),
    ]  # fmt: skip
    for features in kinds:
        assert features.set_params(cache=kept).transform(paths[:1]) == features.set_params(cache=None).transform(
            paths[:1]
        )
    assert len(entries(kept)) == len(kinds)
    before = len(computed)
    for beside in ({"normalize": "utterance"}, {"n_jobs": None, "verbose": 1}):
        MFCC(16000, cache=kept, **beside).transform(paths[:1])
    assert len(computed) == before  # these are done afterwards, or change nothing


def test_other_versions_have_entries_of_their_own(paths, tmp_path, computed, monkeypatch):
    features = MFCC(16000, cache=tmp_path / "kept")
    features.transform(paths)
    monkeypatch.setattr(cache, "_version", lambda library: "99")
    features.transform(paths)
    assert len(computed) == 4


@pytest.mark.parametrize(
    "damage", [lambda b: b"", lambda b: b[:-40], lambda b: b[:300] + bytes([b[300] ^ 1]) + b[301:]]
)
def test_a_damaged_entry_is_made_anew(paths, tmp_path, computed, damage):
    kept = tmp_path / "kept"
    features = MFCC(16000, cache=kept)
    first = features.transform(paths)
    whole = entries(kept)[0].read_bytes()
    entries(kept)[0].write_bytes(damage(whole))
    assert features.transform(paths) == first
    assert len(computed) == 3
    assert entries(kept)[0].read_bytes()[-100:] == whole[-100:]
    assert features.transform(paths) == first
    assert len(computed) == 3


def test_a_folder_that_cannot_be_is_told_and_done_without(paths, tmp_path):
    (tmp_path / "file").write_text("in the way")
    features = MFCC(16000, cache=tmp_path / "file")
    with pytest.warns(UserWarning, match="cannot be used .*; going on without"):
        found = features.transform(paths)
    assert found == MFCC(16000).transform(paths)


def test_problems_leave_no_entry(paths, tmp_path):
    kept = tmp_path / "kept"
    with pytest.raises(ValueError, match="no such file"):
        MFCC(16000, cache=kept).transform([paths[0], tmp_path / "none.wav"])
    assert len(entries(kept)) == 1
