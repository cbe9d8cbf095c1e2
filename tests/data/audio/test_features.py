"""Features of sound equal the published equations, whatever the recordings come as; bad input is told all at once."""

import doctest
import importlib
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import mnemon
from mnemon.data.audio import MFCC, Augment, LogMel, Recording, read_audio
from mnemon.errors import InvalidInput, InvalidType
from mnemon.preprocessing import Deltas

soundfile = pytest.importorskip("soundfile")
pytest.importorskip("kaldi_native_fbank")
pytest.importorskip("soxr")

DATA = Path(os.environ.get("MNEMON_DATA", "/nowhere"))


def sound(seconds=0.4, rate=16000, seed=0):
    random = np.random.default_rng(seed)
    steps = np.arange(int(seconds * rate)) / rate
    tone = np.sin(2 * np.pi * (200 + 400 * steps) * steps) * np.linspace(0.02, 0.5, len(steps))
    return (tone + 0.01 * random.standard_normal(len(steps))).astype(np.float32)


def windows(x, rate, window=0.025, step=0.010):
    size, shift = int(rate * window + 1e-6), int(rate * step + 1e-6)
    starts = range(0, len(x) - size + 1, shift)
    return np.array([x[s : s + size] for s in starts], np.float64) * 32768


def htk_filters(x, rate, filters, preemphasis=0.97, **framing):
    """Log mel filters from the equations of the HTK Book, in double precision."""
    frames = windows(x, rate, **framing)
    frames = np.concatenate([frames[:, :1] * (1 - preemphasis), frames[:, 1:] - preemphasis * frames[:, :-1]], axis=1)
    size = frames.shape[1]
    frames = frames * (0.54 - 0.46 * np.cos(2 * np.pi * np.arange(size) / (size - 1)))
    points = 2 ** int(np.ceil(np.log2(size)))
    power = np.abs(np.fft.rfft(frames, points)) ** 2
    mel = 1127 * np.log1p(np.arange(points // 2 + 1) * rate / points / 700)
    edges = np.linspace(0, 1127 * np.log1p(rate / 2 / 700), filters + 2)
    rising = (mel - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - mel) / np.diff(edges)[1:, None]
    weights = np.maximum(np.minimum(rising, falling), 0)
    weights[:, -1] = 0  # the last point of the transform belongs to no filter
    return np.log(power @ weights.T)


def htk_cepstra(logs, coefficients, lifter):
    filters = logs.shape[1]
    k, j = np.arange(coefficients)[:, None], np.arange(1, filters + 1)
    cepstra = np.sqrt(2 / filters) * logs @ np.cos(np.pi * k * (j - 0.5) / filters).T
    cepstra *= 1 + (lifter / 2 * np.sin(np.pi * np.arange(coefficients) / lifter) if lifter else 0)
    return np.roll(cepstra, -1, axis=1)  # c0 last


@pytest.mark.parametrize(
    "rate, window, step, filters, coefficients, lifter, preemphasis",
    [
        (16000, 0.025, 0.010, 26, 13, 22, 0.97),
        (8000, 0.025, 0.025, 20, 12, 0, 0.97),
        (22050, 0.02, 0.03, 32, 20, 15, 0),
    ],
)
def test_features_are_the_equations_of_htk(rate, window, step, filters, coefficients, lifter, preemphasis):
    x = sound(rate=rate)
    framing = {"window": window, "step": step, "filters": filters, "preemphasis": preemphasis}
    logs = htk_filters(x, rate, **framing)
    np.testing.assert_allclose(LogMel(rate, **framing).transform([x])[0], logs, atol=2e-4)
    cepstra = MFCC(rate, coefficients=coefficients, lifter=lifter, **framing).transform([x])[0]
    np.testing.assert_allclose(cepstra, htk_cepstra(logs, coefficients, lifter), atol=2e-3, rtol=1e-5)


def test_energy_and_deltas_stand_where_their_names_say():
    x = sound()
    plain = MFCC(16000).transform([x])
    features = MFCC(16000, energy=True, deltas=2)
    full = features.transform([x])[0]
    np.testing.assert_allclose(full[:, 13], np.log(np.square(windows(x, 16000)).sum(axis=1)), rtol=1e-6)
    np.testing.assert_array_equal(full[:, :13], plain[0])
    np.testing.assert_allclose(full[:, 14:27], Deltas(2).fit_transform(plain)[0][:, 13:], atol=1e-5)
    np.testing.assert_allclose(full[:, 28:41], Deltas(2, order=2).fit_transform(plain)[0][:, 26:], atol=1e-5)
    names = features.get_feature_names_out().tolist()
    assert names[:2] + names[11:15] == ["c1", "c2", "c12", "c0", "energy", "delta_c1"]
    assert (len(names), names[-1]) == (42, "delta_delta_energy")
    assert LogMel(filters=3).get_feature_names_out().tolist() == ["mel1", "mel2", "mel3"]


def test_all_ways_to_give_a_recording_are_one(tmp_path):
    x = np.round(sound() * 32767).astype(np.int16)
    floats = (x / 32768).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", x, 16000)
    soundfile.write(tmp_path / "b.flac", x, 16000)
    ways = [tmp_path / "a.wav", str(tmp_path / "b.flac"), x, floats, floats.astype(np.float64), floats.tolist()]
    ways += [Recording(floats, 16000), Recording(x, 16000), x.astype(np.int32) * 65536]
    each = MFCC(16000).transform(ways)
    assert all(np.array_equal(one, each[0]) for one in each)
    paths = np.array([tmp_path / "a.wav", str(tmp_path / "b.flac")], dtype=str)
    assert MFCC().fit_transform(paths) == each[:2]
    assert MFCC(16000).transform(np.stack([floats, floats])) == each[:2]
    coarse = ((x >> 8) + 128).astype(np.uint8)
    np.testing.assert_allclose(MFCC(16000).transform([coarse])[0][-1], each[0][-1], atol=5)


def test_the_rate_is_the_lowest_and_stays(tmp_path):
    paths = [tmp_path / f"{rate}.wav" for rate in (16000, 8000, 11025)]
    for path in paths:
        rate = int(path.stem)
        soundfile.write(path, sound(rate=rate), rate, subtype="FLOAT")
    features = MFCC(deltas=1).fit(paths)
    assert features.rate_ == 8000
    found = features.transform(paths)
    x = read_audio(paths[0], rate=8000).samples
    np.testing.assert_array_equal(found[0], MFCC(8000, deltas=1).transform([x])[0])
    resolved = features.resolved()
    assert resolved.rate == 8000
    assert not hasattr(resolved, "rate_")
    assert resolved.transform(paths) == found
    assert features.fit_transform(paths, ["a", "b", "c"]) == found
    with pytest.raises(
        InvalidInput, match=r"2 problems\n.*8000.wav: 8000 samples a second, but the features are of 160"
    ):
        MFCC(16000).fit(paths)
    with pytest.raises(InvalidInput, match=r"above 4000 Hz is missing; fit with rate=8000\n.*11025.wav: 11025"):
        MFCC(16000).transform(paths)
    with pytest.raises(NotFittedError, match="call fit first, or give rate="):
        MFCC().transform(paths)


def test_normalised_over_a_recording_or_a_group():
    X = [sound(seed=k) * (1 + k) for k in range(4)]
    plain = MFCC(16000, deltas=1).transform(X)
    alone = MFCC(16000, deltas=1, normalize="utterance").transform(X)
    for one, was in zip(alone, plain):
        np.testing.assert_allclose(one, (was - was.mean(0)) / was.std(0), atol=1e-3)
    groups = ["b", "a", "b", "a"]
    together = MFCC(16000, deltas=1, normalize="group").transform(X, groups)
    for rows in ([0, 2], [1, 3]):
        both = np.concatenate([plain[k] for k in rows]).astype(np.float64)
        found = np.concatenate([together[k] for k in rows])
        np.testing.assert_allclose(found, (both - both.mean(0)) / both.std(0), atol=1e-3)
    with pytest.raises(InvalidInput, match="needs groups="):
        MFCC(16000, normalize="group").transform(X)
    with pytest.raises(InvalidInput, match=r"4 recordings, but groups of shape \(1,\)"):
        MFCC(16000, normalize="group").transform(X, ["a"])


def test_silence_is_a_recording_too():
    silence = np.zeros(8000, np.float32)
    for features in (MFCC(16000, energy=True, normalize="utterance", trim=True), LogMel(16000, normalize="utterance")):
        assert not np.any(features.transform([silence])[0])
    assert np.isfinite(MFCC(16000, energy=True).transform([silence])[0]).all()


def test_trimmed_is_a_part_of_the_whole():
    speech = sound(0.3)
    quiet = 1e-4 * np.random.default_rng(1).standard_normal(8000).astype(np.float32)
    pause = np.concatenate([quiet, speech, quiet[:3200], speech, quiet]) + np.float32(0.2)  # and an offset
    whole = MFCC(16000, deltas=2).transform([pause])[0]
    found = MFCC(16000, deltas=2, trim=True).transform([pause])[0]
    first = next(k for k in range(len(whole)) if np.array_equal(whole[k], found[0]))
    np.testing.assert_array_equal(found, whole[first : first + len(found)])
    end = (first + len(found) - 1) * 160
    assert 8000 - 400 <= first * 160 <= 8000 + 1600  # the tone swells from a 25th of its loudness
    assert 8000 + 4800 + 3200 + 4800 - 400 <= end <= 8000 + 4800 + 3200 + 4800
    loud = MFCC(16000).transform([speech[2400:]])
    assert MFCC(16000, trim=True).transform([speech[2400:]]) == loud


def test_processes_change_nothing(tmp_path):
    X = [sound(0.1, seed=k) for k in range(5)]
    features = MFCC(16000, energy=True, pitch=True, deltas=1)
    assert clone(features).set_params(n_jobs=2, verbose=1).transform(X) == features.transform(X)
    with pytest.raises(
        InvalidInput, match=r"2 problems\n.*recording 5: 0 s long.*\n.*recording 6: 0.005 s long, shorter"
    ):
        MFCC(16000, n_jobs=2).transform([*X, np.zeros(0), np.zeros(80)])


BAD = {
    "empty.wav": (b"", "is empty \\(0 bytes\\)"),
    "corrupt.flac": (b"fLaC" + bytes(range(200)), "cannot be read as sound"),
    "words.wav": (b"no sound at all", "cannot be read as sound"),
}


def test_bad_files_are_told_together(tmp_path):
    for name, (content, _) in BAD.items():
        (tmp_path / name).write_bytes(content)
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 16000)
    soundfile.write(tmp_path / "short.wav", np.zeros(300), 16000)
    soundfile.write(tmp_path / "good.wav", sound(), 16000)
    names = [*BAD, "none.wav", "short.wav", "good.wav", "absent.wav"]
    paths = [tmp_path / name for name in names]
    with pytest.raises(InvalidInput) as raised:
        MFCC(16000).transform(paths)
    lines = str(raised.value).split("\n")
    assert lines[0] == "MFCC: 6 problems"
    expected = [said for _, said in BAD.values()] + ["0 s long", "0.01875 s long, shorter than one window of 0.025 s"]
    for line, name, said in zip(lines[1:6], names, expected):
        assert re.search(f"{name}: .*{said}", line), line
    assert "absent.wav: no such file" in lines[6]
    with pytest.raises(InvalidInput, match="4 problems"):  # the heads say as much
        MFCC().fit(paths[:3] + paths[-2:])
    with pytest.raises(InvalidInput, match="is a folder"):
        MFCC(16000).transform([tmp_path])


@pytest.mark.parametrize(
    "X, kind, said",
    [
        (
            [np.array([0.1, np.nan, np.inf] * 500)],
            InvalidInput,
            "recording 0: 1000 of 1500 samples are NaN or infinite",
        ),
        ([np.zeros((2, 900))], InvalidInput, r"expected samples \(n,\) of one channel, got shape \(2, 900\)"),
        ([np.arange(900)], InvalidInput, "expected floats in .* got int64"),
        ([1000.0 * sound()], InvalidInput, "full scale is 1; divide 16-bit samples by 32768"),
        ([Recording(sound(), 0)], InvalidInput, "recording 0: rate=0: expected samples a second"),
        (sound(), InvalidType, r"got one; put it in a list: \[X\]"),
        ("one.wav", InvalidType, "got one"),
        (Recording(sound(), 16000), InvalidType, "got one"),
        ([3.0], InvalidType, "recording 0: expected a path, an array"),
        (7, InvalidType, "expected paths, arrays or Recordings, got int"),
        ([], InvalidInput, "no recordings were given"),
    ],
)
def test_what_is_no_recording_is_refused(X, kind, said):
    with pytest.raises(kind, match=said):
        MFCC(16000).transform(X)


def test_arrays_do_not_say_their_rate():
    with pytest.raises(InvalidInput, match="recording 0: an array does not say its rate; give rate="):
        MFCC().fit([sound()])


@pytest.mark.parametrize(
    "features, said",
    [
        (MFCC(rate=0, window=0, step="a"), r"3 problems\n.*rate=0: .*\n.*window=0: .*\n.*step='a'"),
        (MFCC(coefficients=30), "coefficients=30: expected a whole number from 1 to filters=26"),
        (MFCC(lifter=-1, filters=2), r"filters=2: .*\n.*lifter=-1"),
        (MFCC(preemphasis=2, energy="yes", deltas=3), r"preemphasis=2.*\n.*energy='yes'.*\n.*deltas=3"),
        (LogMel(normalize="utterances"), "did you mean 'utterance'"),
        (LogMel(trim=1, augment=3, cache=4, n_jobs=0), r"trim=1.*\n.*augment=3.*\n.*cache=4.*\n.*n_jobs=0"),
    ],
)
def test_parameters_are_checked_together(features, said):
    with pytest.raises(InvalidInput, match=said):
        features.fit([Recording(sound(), 16000)])


def test_settings_that_a_rate_does_not_allow():
    with pytest.raises(InvalidInput, match="filters=200 do not go with 8000 samples a second"):
        LogMel(8000, filters=200).fit([sound(rate=8000)])


def test_configuration_is_all_there_is():
    features = MFCC(8000, window=0.03, augment=Augment(copies=2), normalize="utterance")
    again = clone(features)
    assert again.get_params() == features.get_params()
    assert repr(features) == repr(again)
    assert "window=0.03" in repr(features)


@pytest.mark.parametrize("features", [MFCC(deltas=1, pitch=True, coefficients=5), LogMel(8000, trim=True)])
def test_what_a_model_file_holds_is_what_decides_the_frames(features, tmp_path):
    X = [Recording(sound(0.1), 16000), Recording(sound(0.1, 8000), 8000)]
    here = clone(features).set_params(
        normalize="utterance", cache=tmp_path, n_jobs=1, verbose=1, augment=Augment(copies=2)
    )
    held = here.fit(X).portable()
    plain = {"cache": None, "n_jobs": 1, "verbose": 0, "augment": None}
    assert held.get_params() == {**here.get_params(deep=False), **plain, "rate": 8000}
    assert held.transform(X) == here.transform(X)
    assert not vars(held).keys() - held.get_params().keys()
    assert (here.cache, here.augment.copies) == (tmp_path, 2)  # those at hand stay as they are
    assert clone(here).set_params(rate=16000).portable().rate == 16000
    with pytest.raises(NotFittedError, match="call fit first, or give rate="):
        MFCC(cache=tmp_path).portable()


def test_no_library_and_no_device_until_sound_is_read():
    code = "import sys, mnemon.data.audio; print({'jax', 'soundfile', 'soxr', 'kaldi_native_fbank'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("library", ["kaldi_native_fbank", "soxr", "soundfile"])
def test_a_missing_library_is_named_with_its_remedy(library, monkeypatch, tmp_path):
    soundfile.write(tmp_path / "a.wav", sound(), 16000)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(InvalidInput, match=r'pip install "mnemon\[audio\]"'):
        MFCC(8000).transform([tmp_path / "a.wav"])


@pytest.mark.skipif(not (DATA / "emodb").is_dir(), reason="MNEMON_DATA names no folder with emodb")
def test_real_speech():
    path = DATA / "emodb" / "wav" / "03a01Fa.flac"
    x, rate = read_audio(path)
    assert (rate, len(x)) == (16000, 30372)
    logs = htk_filters(x, rate, 26)
    np.testing.assert_allclose(MFCC().fit_transform([path])[0], htk_cepstra(logs, 13, 22), atol=5e-3)
    fsdd = sorted((DATA / "fsdd" / "recordings").glob("0_*.wav"))[:5]
    if fsdd:
        assert MFCC().fit([path, *fsdd]).rate_ == 8000


def test_the_room_is_public():
    assert mnemon.data.audio.MFCC is MFCC


MODULES = [f"mnemon.data.audio.{info.name}" for info in pkgutil.iter_modules(mnemon.data.audio.__path__)]
SHOWN = [
    test for name in MODULES for test in doctest.DocTestFinder().find(importlib.import_module(name)) if test.examples
]


@pytest.mark.parametrize("shown", SHOWN, ids=lambda test: test.name)
def test_examples_say_what_they_show(shown):
    assert doctest.DocTestRunner().run(shown).failed == 0


def test_every_public_name_shows_an_example():
    shown = {test.name for test in SHOWN}
    missing = {"MFCC", "LogMel", "Augment", "FrameStream", "read_audio"} - {name.rsplit(".")[-1] for name in shown}
    assert not missing
