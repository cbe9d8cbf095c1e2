"""What `mnemon fit` trains on, judges by, says and leaves behind."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from command_line import SMALL, write_strings, write_ts

import mnemon as package
from mnemon.data import japanese_vowels, read, write_npz
from mnemon.errors import InvalidInput
from mnemon.learning import TruncatedBPTT

VOID = {"meta", "br", "hr", "col", "link"}


class Nesting(HTMLParser):
    """Whether every element is closed where it belongs."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_without_data_the_vowels_are_learnt(mnemon, here):
    ended = mnemon("fit", "--units", "8", "--epochs", "2", "--report", "report.html")
    assert ended.status == 0
    assert ended.err == ""
    assert "training  JapaneseVowels, 270 sequences, 12 channels" in ended.out
    assert "the published test part" in ended.out
    _, test = japanese_vowels()
    classifier = package.load(here / "model.safetensors")
    assert ended.accuracy == f"accuracy {classifier.score(test.X, test.y):.3f}"
    lines = ended.out.splitlines()
    for label in map(str, range(1, 10)):
        rows = test.y == label
        recall = np.mean(classifier.predict(test.X)[rows] == label)
        assert any(re.fullmatch(rf"{label} +{recall:.3f} +\d+ +{rows.sum()}", line) for line in lines)
    page = (here / "report.html").read_text("utf-8")
    Nesting(page)
    for part in ("JapaneseVowels", "model.safetensors", "mnemon fit --units 8", "CC BY 4.0", "<svg", "training"):
        assert part in page


def test_the_output_comes_in_order(mnemon, toy):
    out = mnemon("fit", toy, *SMALL).out
    marks = ["training  toy", "test      toy", "SequenceClassifier: 2 channels", "\naccuracy ", "interval", "class "]
    marks += ["\nmodel   model.safetensors", "mnemon predict model.safetensors"]
    places = [out.index(mark) for mark in marks]
    assert places == sorted(places)
    assert re.search(r"^accuracy \d\.\d{3}$", out, re.MULTILINE)


def test_a_quarter_of_each_class_is_held_out_and_said(mnemon, toy, here):
    out = mnemon("fit", toy, *SMALL).out
    assert "6 of 24 sequences, held out of" in out
    assert "toy (the rest), 18 sequences" in out
    assert re.search(r"^a .* 3$", out, re.MULTILINE)
    assert re.search(r"^b .* 3$", out, re.MULTILINE)


def test_the_same_seed_gives_the_same_model(mnemon, toy, here):
    first, again, other = (
        mnemon("fit", toy, *SMALL, "--seed", seed, "--out", name)
        for seed, name in ((3, "first"), (3, "again"), (4, "other"))
    )
    weights = [package.load(name).network_.readout for name in ("first", "again", "other")]
    assert first.accuracy == again.accuracy
    assert np.array_equal(weights[0].weights, weights[1].weights)
    assert not np.array_equal(weights[0].weights, weights[2].weights)
    assert other.status == 0


def test_a_test_part_may_be_given(mnemon, toy, here):
    other = write_ts(here / "other.ts", n=10, seed=1)
    ended = mnemon("fit", toy, "--test", other, *SMALL)
    assert f"10 sequences, 2 channels, 3-6 steps, 2 classes: {other}" in ended.out
    data = read(other)
    assert ended.accuracy == f"accuracy {package.load('model.safetensors').score(data.X, data.y):.3f}"


@pytest.mark.parametrize("ending", ["ts", "npz"])
def test_a_test_part_beside_the_training_part_is_found(mnemon, here, ending):
    for part, n in (("TRAIN", 12), ("TEST", 8)):
        path = write_ts(here / f"toy_{part}.ts", n=n)
        if ending == "npz":
            data = read(path)
            write_npz(here / f"toy_{part}.npz", data.X, data.y)
            path.unlink()
    out = mnemon("fit", f"toy_TRAIN.{ending}", *SMALL).out
    assert f"toy_TEST.{ending}, found beside the training data" in out
    assert "12 sequences" in out
    assert "8 sequences" in out


def test_test_data_that_were_trained_on_are_called_so(mnemon, toy):
    assert "this says nothing about new sequences" in mnemon("fit", toy, "--test", toy, *SMALL).out


def test_unknown_classes_count_as_wrong_and_are_told(mnemon, toy, here):
    other = write_ts(here / "other.ts", n=9, classes=("a", "b", "c"))
    ended = mnemon("fit", toy, "--test", other, *SMALL)
    assert "3 of 9 sequences have a class that the model does not know (c); they count as wrong" in ended.out
    assert re.search(r"^c +0\.000 +0 +3$", ended.out, re.MULTILINE)


def test_options_reach_the_classifier(mnemon, toy, monkeypatch):
    words = "--cell gru --units 4 --layers 2 --bidirectional --segment-length 2 --readout mean --dropout 0.1 --epochs 9"
    more = "--learning-rate 0.1 --batch-size all --networks 2 --precision float64 --class-weight balanced"
    stop = "--optimizer sgd --patience 3 --validation-fraction 0.2 --truncate 4 --seed 7"
    made = []

    def fit(self, X, y):
        made.append(self)
        raise InvalidInput("enough")

    monkeypatch.setattr(package.SequenceClassifier, "fit", fit)
    assert mnemon("fit", toy, *f"{words} {more} {stop}".split()).complaint == "enough"
    parameters = made[0].get_params()
    expected = {
        "cell": "gru", "units": 4, "layers": 2, "bidirectional": True, "segment_length": 2, "readout": "mean",
        "optimizer": "sgd", "dropout": 0.1, "learning_rate": 0.1, "batch_size": None, "n_networks": 2,
        "precision": "float64", "class_weight": "balanced", "early_stopping": 3, "validation_fraction": 0.2,
        "gradient": TruncatedBPTT(4), "random_state": 7, "epochs": 9,
    }  # fmt: skip
    assert {name: parameters[name] for name in expected} == expected


def test_several_networks_of_truncated_errors_are_trained_and_kept(mnemon, toy):
    ended = mnemon("fit", toy, *SMALL, "--networks", "2", "--truncate", "3", "--report", "report.html")
    assert "2 networks, whose probabilities are averaged" in ended.out
    assert len(package.load("model.safetensors").population_) == 2


def test_early_stopping_is_a_switch(mnemon, toy):
    mnemon("fit", toy, *SMALL, "--early-stopping")
    assert package.load("model.safetensors").early_stopping is True


def test_quiet_says_the_accuracy_only(mnemon, toy, here):
    ended = mnemon("fit", toy, *SMALL, "--quiet")
    assert re.fullmatch(r"accuracy \d\.\d{3}\n", ended.out)
    assert ended.err == ""
    assert (here / "model.safetensors").exists()


def test_symbols_are_learnt_too(mnemon, here):
    strings = ["abab", "aab", "bba", "bb"] * 6
    data = write_strings(here / "words.npz", strings, [s[0] for s in strings])
    other = write_strings(here / "more.npz", ["bab", "ab"] * 2, ["b", "a"] * 2)
    ended = mnemon("fit", data, "--test", other, *SMALL, "--report", "r.html")
    assert ended.status == 0, ended.err
    assert "2 symbols" in ended.out


def test_labels_may_be_whole_numbers(mnemon, toy, here):
    data = read(toy)
    write_npz(here / "numbers.npz", data.X, (data.y == "b").astype(int) + 5)
    assert re.search(r"^6 .* 3$", mnemon("fit", "numbers.npz", *SMALL).out, re.MULTILINE)


@pytest.mark.filterwarnings("default")
def test_a_training_that_diverges_is_told_in_one_line(mnemon, toy):
    ended = mnemon("fit", toy, *SMALL, "--learning-rate", "1e38")
    assert ended.status == 0
    assert ended.err.startswith("mnemon: warning: 1 of 1 networks became non-finite")
    assert ended.err.count("\n") == 1
    assert "became non-finite" in ended.out
