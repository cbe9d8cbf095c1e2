"""`evaluate`, `predict` and `show` say what the estimator says."""

import csv
import io
import json

import numpy as np
import pytest
from command_line import SMALL, write_ts

import mnemon as package
from mnemon import __version__
from mnemon.data import read, write_npz


@pytest.fixture
def fresh(here):
    """Sequences that the model was not trained on."""
    return write_ts(here / "fresh.ts", n=11, seed=5)


@pytest.fixture
def unlabelled(here):
    """The same, without labels."""
    return write_ts(here / "unlabelled.ts", n=11, seed=5, labels=False)


def test_evaluate_prints_the_score_and_the_recalls(mnemon, model, fresh):
    ended = mnemon("evaluate", model, fresh)
    data = read(fresh)
    assert ended.status == 0
    assert ended.accuracy == f"accuracy {package.load(model).score(data.X, data.y):.3f}"
    for part in ("judged    toy, 11 sequences", "95% interval", "class  recall", " 6\n", " 5\n"):
        assert part in ended.out


def test_evaluate_counts_unknown_classes_as_wrong_and_tells_them(mnemon, model, here):
    data = write_ts(here / "three.ts", n=12, classes=("a", "b", "c"))
    assert "4 of 12 sequences have a class that the model does not know (c)" in mnemon("evaluate", model, data).out


def test_evaluate_writes_a_report(mnemon, model, fresh, here):
    ended = mnemon("evaluate", model, fresh, "--report", "report.html")
    assert "report  report.html" in ended.out
    page = (here / "report.html").read_text("utf-8")
    assert str(model) in page
    assert "Learning curves" in page


def test_predict_names_a_class_a_line(mnemon, model, unlabelled):
    ended = mnemon("predict", model, unlabelled)
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert [row["index"] for row in rows] == [str(k) for k in range(11)]
    assert [row["label"] for row in rows] == package.load(model).predict(read(unlabelled).X).tolist()
    assert ended.err == ""


def test_predict_gives_probabilities_under_the_names_of_the_classes(mnemon, model, unlabelled):
    rows = list(csv.DictReader(io.StringIO(mnemon("predict", model, unlabelled, "--proba").out)))
    assert list(rows[0]) == ["index", "label", "a", "b"]
    said = np.array([[float(row[label]) for label in "ab"] for row in rows])
    np.testing.assert_array_equal(said, package.load(model).predict_proba(read(unlabelled).X))


@pytest.mark.parametrize("proba", [False, True])
def test_predict_writes_json_whole_and_line_by_line(mnemon, model, unlabelled, proba):
    out = mnemon("predict", model, unlabelled, "--format", "json", *["--proba"] * proba).out
    rows = json.loads(out)
    classifier, X = package.load(model), read(unlabelled).X
    assert [row["index"] for row in rows] == list(range(11))
    assert [row["label"] for row in rows] == classifier.predict(X).tolist()
    assert [json.loads(line.rstrip(",")) for line in out.splitlines()[1:-1]] == rows
    if proba:
        said = [[row["probabilities"][label] for label in "ab"] for row in rows]
        np.testing.assert_array_equal(said, classifier.predict_proba(X))
    else:
        assert set(rows[0]) == {"index", "label"}


def test_predict_writes_a_file(mnemon, model, unlabelled, here):
    printed = mnemon("predict", model, unlabelled, "--proba").out
    assert mnemon("predict", model, unlabelled, "--proba", "--out", "said.csv") == (0, "", "")
    assert (here / "said.csv").read_text() == printed


def test_awkward_class_names_survive(mnemon, toy, here):
    data = read(toy)
    names = {"a": 'say "yes", or\nno', "b": "Ω"}
    write_npz(here / "odd.npz", data.X, [names[label] for label in data.y])
    assert mnemon("fit", "odd.npz", *SMALL, "--report", "r.html").status == 0
    table = list(csv.reader(io.StringIO(mnemon("predict", "model.safetensors", "odd.npz", "--proba").out)))
    assert table[0] == ["index", "label", *sorted(names.values())]
    rows = json.loads(mnemon("predict", "model.safetensors", "odd.npz", "--format", "json").out)
    assert {row["label"] for row in rows} <= set(names.values())
    assert [row["label"] for row in rows] == [row[1] for row in table[1:]]
    assert "\N{REPLACEMENT CHARACTER}" in mnemon("show", "model.safetensors").out


def test_whole_numbers_stay_numbers_in_json(mnemon, toy, here):
    data = read(toy)
    write_npz(here / "numbers.npz", data.X, (data.y == "b").astype(int))
    mnemon("fit", "numbers.npz", *SMALL)
    rows = json.loads(mnemon("predict", "model.safetensors", "numbers.npz", "--format", "json").out)
    assert {type(row["label"]) for row in rows} == {int}


def test_show_tells_what_the_model_is(mnemon, model):
    ended = mnemon("show", model)
    assert ended.out.startswith(package.load(model).summary())
    for part in ("classes   a, b", "loss: ", f"{model.stat().st_size:,} bytes", f"Mnemon {__version__}"):
        assert part in ended.out


def test_show_as_json_tells_everything(mnemon, model):
    told, classifier = json.loads(mnemon("show", model, "--json").out), package.load(model)
    assert told["classes"] == ["a", "b"]
    assert told["channels"] == 2
    assert told["bytes"] == model.stat().st_size
    assert told["mnemon"] == __version__
    assert told["weights"] == classifier.network_.weight_count()
    assert told["parameters"]["units"] == 4
    assert told["results"][0]["epochs"] == 2
    assert np.ravel(told["history"]["loss"]).tolist() == np.ravel(classifier.history_["loss"]).tolist()


@pytest.mark.filterwarnings("default")
def test_show_as_json_is_valid_where_numbers_are_not_finite(mnemon, toy):
    mnemon("fit", toy, *SMALL, "--networks", "2", "--learning-rate", "1e38")

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    told = json.loads(mnemon("show", "model.safetensors", "--json").out, parse_constant=refuse)
    assert told["networks"] == 2
    assert mnemon("show", "model.safetensors").status == 0
