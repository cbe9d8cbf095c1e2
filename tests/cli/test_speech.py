"""Recordings on the command line: from a folder of sound to a model that classifies files, and sound as it comes."""

import csv
import io
import json
import sys
from contextlib import redirect_stdout
from types import SimpleNamespace

import numpy as np
import pytest
from command_line import SMALL, Outcome, status_of, write_ts

import mnemon as package
from mnemon.data import read, read_folder, write_npz
from mnemon.data.audio import MFCC, Recording, read_recordings

soundfile = pytest.importorskip("soundfile")
pytest.importorskip("soxr")
pytest.importorskip("kaldi_native_fbank")

RATE = 8000
SPEAKERS = ("ann", "bob", "cat", "dan")


def tone(seed, high, rate=RATE, seconds=None):
    """A voice that is high or low, of 0.2 s to 0.4 s."""
    random = np.random.default_rng(seed)
    time = np.arange(round((seconds or random.uniform(0.2, 0.4)) * rate)) / rate
    pitch = random.uniform(900, 1100) if high else random.uniform(250, 350)
    return 0.3 * np.sin(2 * np.pi * pitch * time) + random.normal(0, 0.02, len(time))


def write_sound(path, seed, high, **more):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone(seed, high, **more), more.get("rate", RATE))
    return path


def write_voices(folder):
    """24 recordings, folder/LABEL/SPEAKER/NUMBER.wav."""
    for k in range(24):
        speaker, high = SPEAKERS[k // 2 % 4], k % 2
        write_sound(folder / ("low", "high")[high] / speaker / f"{k}.wav", k, high)
    return folder


@pytest.fixture(scope="module")
def booth(tmp_path_factory):
    """A folder with recordings, `voices`, and of them a model, a report, and what was printed."""
    folder = tmp_path_factory.mktemp("booth")
    words = ("--step", "20", "--group-by", "speaker", "--report", folder / "report.html")
    with redirect_stdout(io.StringIO()) as printed:
        ended = status_of("fit", write_voices(folder / "voices"), *SMALL, *words, "--out", folder / "voices.model")
    assert ended == 0
    (folder / "printed.txt").write_text(printed.getvalue())
    return folder


@pytest.fixture
def hear(monkeypatch):
    """`hear(samples)` is the sound that a command hears on standard input, float in [-1, 1]."""

    def hearing(samples, more=b""):
        data = np.round(np.asarray(samples) * 32767).astype("<i2").tobytes() + more
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data), isatty=lambda: False))

    return hearing


@pytest.fixture
def fitted(monkeypatch):
    """The models that would have been trained; training itself is interrupted."""
    models = []

    def fit(self, *_, **__):
        models.append(self)
        raise KeyboardInterrupt

    monkeypatch.setattr(package.SequenceClassifier, "fit", fit)
    return models


def table(out):
    return list(csv.DictReader(io.StringIO(out)))


# Fitting


def test_fit_holds_whole_speakers_out_and_tells_which(booth):
    printed = Outcome(0, (booth / "printed.txt").read_text(), "")
    (told,) = [line for line in printed.out.splitlines() if line.startswith("test ")]
    held = [name for name in SPEAKERS if name in told.split("all of speaker ")[1].split(",")[0]]
    assert len(held) == 1
    assert "6 of 24 sequences" in told
    voices, model = read_recordings(booth / "voices"), package.load(booth / "voices.model")
    out = np.isin(voices.groups, held)
    assert printed.accuracy == f"accuracy {model.score(voices.paths[out], voices.y[out]):.3f}"
    assert (model.features_.step, model.features_.rate, model.n_features_in_) == (0.02, RATE, 13)
    assert f"mnemon stream {booth / 'voices.model'} --audio -" in printed.out
    assert "Learning curves" in (booth / "report.html").read_text("utf-8")


def test_fit_tells_that_groups_may_be_in_both_parts(mnemon, booth, fitted):
    assert "--group-by holds whole ones out" in mnemon("fit", booth / "voices").out


@pytest.mark.parametrize(
    "words, parameters",
    [
        ((), {"deltas": 0, "coefficients": 13, "step": 0.01, "rate": 8000}),
        (("--features", "MFCC+delta+delta", "--step", "12.5"), {"deltas": 2, "step": 0.0125, "pitch": False}),
        (("--features", "logmel+pitch+delta"), {"deltas": 1, "pitch": True}),
        (("--features", "logmel", "--rate", "6000"), {"filters": 40, "rate": 6000}),
    ],
)
def test_features_are_those_that_were_named(mnemon, booth, fitted, words, parameters):
    assert mnemon("fit", booth / "voices", *words).status == 130
    assert parameters.items() <= fitted[0].features.get_params().items()


def test_training_goes_on_with_the_features_of_the_model(mnemon, booth, here):
    ended = mnemon("fit", booth / "voices", "--from", booth / "voices.model", "--epochs", "1", "--group-by", "speaker")
    assert ended.status == 0, ended.err
    model = package.load(here / "model.safetensors")
    assert model.features_.get_params() == package.load(booth / "voices.model").features_.get_params()
    told = mnemon("fit", booth / "voices", "--from", booth / "voices.model", "--step", "5", "--force").complaint
    assert "--step: --from" in told


def test_groups_of_other_data_are_held_out_too(mnemon, toy, here, fitted):
    data = read(toy)
    who = np.array(list("abcdef") * 4)
    write_npz(here / "who.npz", data.X, data.y, groups=who)
    (here / "long.csv").write_text(
        "id,time,label,room,v\n" + "".join(f"{k},{t},{data.y[k]},{who[k]},{k % 2}\n" for k in range(24) for t in (0, 1))
    )
    (here / "walks").mkdir()
    for k in range(24):
        (here / "walks" / f"{k}.csv").write_text(f"{k % 2}\n1\n")
    lines = "".join(f"{k}.csv,{data.y[k]},{who[k]}\n" for k in range(24))
    (here / "walks" / "labels.csv").write_text(f"file,label,room\n{lines}")
    assert read_folder(here / "walks", group="Room").groups.tolist() == who.tolist()
    for source, name in (("who.npz", "subject"), ("long.csv", "room"), ("walks", "room")):
        ended = mnemon("fit", source, "--group-by", name)
        assert ended.status == 130
        assert f"sequences, all of {name} " in ended.out, ended
    for words, said in {
        ("toy.ts", "--group-by", "speaker"): "--group-by speaker: toy.ts does not say of which group",
        ("who.npz", "--group-by", "speakre"): "--group-by speakre: did you mean 'speaker'?",
        ("walks", "--group-by", "romo"): "group='romo': did you mean 'room'?",
        ("long.csv", "--group-by", "romo"): "did you mean 'room'?",
        ("who.npz", "--group-by", "group", "--test", "toy.ts"): "there are no groups to hold out",
        ("--group-by", "speaker"): "there are no groups to hold out",
    }.items():
        assert said in mnemon("fit", *words).complaint


def test_one_group_cannot_be_held_out(mnemon, here):
    for k in range(4):
        write_sound(here / "one" / ("low", "high")[k % 2] / "ann" / f"{k}.wav", k, k % 2)
    assert "all are of ann" in mnemon("fit", "one", "--group-by", "speaker").complaint


# Using


def test_predict_names_the_file_of_each_answer(mnemon, booth, here):
    flac = write_sound(here / "a.flac", 50, True)
    ogg = write_sound(here / "b.OGG", 51, False, rate=16000)
    stereo = here / "more" / "c.wav"
    stereo.parent.mkdir()
    soundfile.write(stereo, np.stack([tone(52, True), tone(52, True)], axis=1), RATE)
    (stereo.parent / "labels.csv").write_text("of no use here\n")
    model = package.load(booth / "voices.model")
    ended = mnemon("predict", booth / "voices.model", "b.OGG", "more", "a.flac", "--proba")
    rows = table(ended.out)
    assert list(rows[0]) == ["index", "file", "label", "high", "low"]
    assert [row["file"] for row in rows] == ["b.OGG", "more/c.wav", "a.flac"]
    assert [row["index"] for row in rows] == ["0", "1", "2"]
    said = model.predict_proba([ogg, stereo, flac])
    np.testing.assert_allclose([[float(row[c]) for c in ("high", "low")] for row in rows], said, rtol=1e-5)
    alone = json.loads(mnemon("predict", booth / "voices.model", flac, "--format", "json").out)
    assert alone == [{"index": 0, "file": str(flac), "label": model.predict([flac])[0]}]


def test_evaluate_judges_a_folder(mnemon, booth):
    voices, model = read_recordings(booth / "voices"), package.load(booth / "voices.model")
    ended = mnemon("evaluate", booth / "voices.model", booth / "voices")
    assert ended.accuracy == f"accuracy {model.score(voices.paths, voices.y):.3f}"
    assert "judged    voices, 24 sequences, 13 channels" in ended.out


def test_show_tells_features_and_rate(mnemon, booth):
    told = mnemon("show", booth / "voices.model").out
    assert "features  MFCC(rate=8000, step=0.02), of recordings at 8,000 samples a second" in told
    told = json.loads(mnemon("show", booth / "voices.model", "--json").out)
    assert (told["features"]["kind"], told["features"]["rate"], told["features"]["step"]) == ("MFCC", 8000, 0.02)


def test_stream_says_what_holds_of_the_sound_so_far(mnemon, booth, hear, here):
    sound = tone(60, True, seconds=0.33)
    hear(sound, more=b"\x00")
    ended = mnemon("stream", booth / "voices.model", "--audio", "-", "--every", "50")
    rows, model = table(ended.out), package.load(booth / "voices.model")
    assert list(rows[0]) == ["seconds", "label", "high", "low"]
    times = [float(row["seconds"]) for row in rows]
    assert times == [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.33]
    whole = np.round(sound * 32767).astype(np.int16)
    heard = [Recording(whole[: round(time * RATE)], RATE) for time in times]
    said = model.predict_proba(heard)
    np.testing.assert_allclose([[float(row[c]) for c in ("high", "low")] for row in rows], said, rtol=1e-4)
    assert [row["label"] for row in rows] == model.classes_[said.argmax(axis=1)].tolist()
    soundfile.write(here / "same.wav", whole, RATE)
    assert mnemon("stream", booth / "voices.model", "--audio", "same.wav", "--every", "50").out == ended.out
    hear(sound)
    rows = mnemon("stream", booth / "voices.model", "--audio", "-", "--every", "200", "--format", "json").out
    first, last = map(json.loads, rows.splitlines())
    assert (first["seconds"], last["seconds"]) == (0.2, 0.33)
    np.testing.assert_allclose([last["probabilities"][c] for c in ("high", "low")], said[-1], rtol=1e-4)


def test_stream_hears_sound_of_a_higher_rate(mnemon, booth, hear, here):
    sound = tone(61, False, rate=22050, seconds=0.5)
    hear(sound)
    rows = table(mnemon("stream", booth / "voices.model", "--audio", "-", "--rate", "22050").out)
    assert float(rows[-1]["seconds"]) == 0.5
    soundfile.write(here / "whole.wav", np.round(sound * 32767).astype(np.int16), 22050)
    said = package.load(booth / "voices.model").predict_proba([here / "whole.wav"])[0]
    np.testing.assert_allclose([float(rows[-1][c]) for c in ("high", "low")], said, atol=1e-3)


def test_a_sound_too_short_to_say_anything(mnemon, booth, hear):
    for samples in (np.zeros(0), np.zeros(50)):
        hear(samples)
        ended = mnemon("stream", booth / "voices.model", "--audio", "-")
        assert (ended.status, ended.out) == (0, "seconds,label,high,low\n")


def test_hidden_markov_models_are_used_too(mnemon, booth, here):
    pytest.importorskip("hmmlearn")
    voices = read_recordings(booth / "voices")
    model = package.HMMClassifier(features=MFCC(step=0.02)).fit(voices.paths, voices.y)
    model.save("hmm.model")
    rows = table(mnemon("predict", "hmm.model", booth / "voices").out)
    assert [row["label"] for row in rows] == model.predict(voices.paths).tolist()
    assert [row["file"] for row in rows] == voices.paths.tolist()
    assert "features  MFCC(rate=8000, step=0.02)" in mnemon("show", "hmm.model").out
    assert json.loads(mnemon("show", "hmm.model", "--json").out)["classes"] == ["high", "low"]
    for words in (("evaluate", "hmm.model", booth / "voices"), ("stream", "hmm.model", "--audio", "-")):
        assert "hmm.model: is of HMMClassifier, no single network" in mnemon(*words).complaint


# Mistakes


def test_all_recordings_that_cannot_be_read_are_told_at_once(mnemon, booth, here):
    bad = here / "bad"
    write_voices(bad)
    (bad / "low" / "ann" / "empty.wav").touch()
    (bad / "low" / "ann" / "corrupt.flac").write_text("no sound")
    soundfile.write(bad / "low" / "ann" / "none.wav", np.zeros(0), RATE)
    for words in (
        ("fit", "bad"),
        ("evaluate", booth / "voices.model", "bad"),
        ("predict", booth / "voices.model", "bad"),
    ):
        told = mnemon(*words).complaint
        assert "empty.wav: is empty" in told
        assert "corrupt.flac: cannot be read as sound" in told
    write_sound(here / "slow.wav", 1, True, rate=4000)
    write_sound(here / "short.wav", 1, True, seconds=0.01)
    words = ("slow.wav", "short.wav", "missing.wav", bad / "low" / "ann" / "none.wav")
    told = mnemon("predict", booth / "voices.model", *words).complaint
    for said in (
        "4 problems",
        "slow.wav: 4000 samples a second, but the features are of 8000",
        "short.wav: 0.01 s long, shorter",
        "missing.wav: no such file",
        "none.wav: 0 s long",
    ):
        assert said in told


def test_tables_and_classes_that_cannot_be_learnt(mnemon, here):
    for k, name in enumerate(("a/1.wav", "a/2.wav", "b/3.wav", "c/4.wav")):
        write_sound(here / "few" / name, k, k % 2)
    assert "few: classes b, c have each 1 sequence, too few to hold a part out" in mnemon("fit", "few").complaint
    (here / "few" / "labels.csv").write_text("file,label\na/1.wav,a\na/2.wav,b\nb/3.wav,a\nd/5.wav,b\nd/6.wav,b\n")
    told = mnemon("fit", "few").complaint
    for said in ("c/4.wav is there, but not named", "d/5.wav is named, but not there", "d/6.wav is named"):
        assert said in told
    (here / "loose").mkdir()
    write_sound(here / "loose" / "x.wav", 0, True)
    assert "loose: holds no labels" in mnemon("fit", "loose").complaint


def test_options_that_cannot_be_used(mnemon, booth, hear, model, toy, here):
    hear([])
    voices, heard = booth / "voices", booth / "voices.model"
    write_ts(here / "more.ts")
    cases = {
        ("fit", voices, "--features", "mfccs"): "--features 'mfccs': did you mean 'mfcc'?",
        ("fit", voices, "--features", "mfcc+detla"): "expected mfcc, mfcc+pitch, mfcc+delta",
        ("fit", voices, "--features", "x", "--step", "0", "--rate", "-1"): "3 problems",
        ("fit", voices, "--rate", "16000"): "but the features are of 16000",
        ("fit", voices, "--group-by", "text"): "nothing says the text of a recording; known: speaker",
        ("fit", toy, "--features", "mfcc", "--rate", "8000"): "--features, --rate: only recordings are read so",
        ("predict", model, voices): "is sound, but the model was trained on other data",
        ("evaluate", model, voices): "is sound, but the model was trained on other data",
        ("predict", model, toy, "more.ts"): "more.ts: only recordings may be several",
        ("predict", heard, voices, toy): "toy.ts: no recording (.wav, .flac, .ogg), nor a folder of some",
        ("predict", heard, here): "holds no recordings",
        ("stream", model, "--audio", "-"): "--audio: this model was not trained on recordings",
        ("stream", heard, "--rate", "8000"): "--rate: only with --audio",
        ("stream", heard, "--audio", "-", "--characters"): "--characters: not with --audio",
        ("stream", heard, "--audio", "-", "--rate", "4000"): "4000 samples a second, but the features are of 8000",
        ("stream", heard, "--audio", "a.wav", "--rate", "8000"): "only samples on standard input",
        ("stream", heard, "--audio", "a.wav"): "a.wav: no such file",
        ("stream", heard, "--audio", "-", "--every", "0"): "--every 0: expected milliseconds",
    }
    for words, said in cases.items():
        assert said in mnemon(*words).complaint, words
