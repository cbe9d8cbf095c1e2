"""Regression, labelling and prediction of what follows: each command says what the estimator says."""

import csv
import io
import json
import re
import shutil

import numpy as np
import pytest
from command_line import SMALL, write_strings, write_ts

import mnemon as package
from mnemon.data import read, write_npz

NAMES = ("sums", "pairs", "steps", "words", "waves")


def number(out: str) -> str:
    """The first number that a command prints, with its name."""
    return next(line for line in out.splitlines() if re.match(r"(R squared|accuracy|perplexity) ", line))


def table(out: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(out)))


def floats(rows: list[dict[str, str]], names: list[str]) -> np.ndarray:
    return np.array([[float(row[name]) for name in names] for row in rows])


@pytest.mark.parametrize("name", NAMES)
def test_evaluate_says_the_score(mnemon, tasks, name):
    ended = mnemon("evaluate", tasks / f"{name}.model", tasks / f"{name}.npz", "--report", "r.html")
    model, data = package.load(tasks / f"{name}.model"), read(tasks / f"{name}.npz")
    assert (ended.status, ended.err) == (0, "")
    told = {"sums": "R squared", "pairs": "R squared", "steps": "accuracy", "words": "perplexity", "waves": "R squared"}
    value = model.perplexity(data.X) if name == "words" else model.score(data.X, data.y)
    assert number(ended.out) == f"{told[name]} {value:.3f}"


def test_numbers_are_judged_one_by_one_too(mnemon, tasks):
    out = mnemon("evaluate", tasks / "pairs.model", tasks / "pairs.npz").out
    model, data = package.load(tasks / "pairs.model"), read(tasks / "pairs.npz")
    errors = np.sqrt(((model.predict(data.X) - data.y) ** 2).mean(axis=0))
    for k, error in enumerate(errors):
        assert re.search(rf"^{k} +\S+ +{error:.4g} ", out, re.MULTILINE)


def test_labels_have_recalls_and_what_follows_has_bits(mnemon, tasks):
    steps = mnemon("evaluate", tasks / "steps.model", tasks / "steps.npz").out
    model, data = package.load(tasks / "steps.model"), read(tasks / "steps.npz")
    said, true = np.concatenate(model.predict(data.X)), np.ravel(data.y)
    for label in ("up", "down"):
        recall = np.mean(said[true == label] == label)
        assert re.search(rf"^{label} +{recall:.3f} +\d+ +{np.sum(true == label)}$", steps, re.MULTILINE)
    words = mnemon("evaluate", tasks / "words.model", tasks / "words.npz").out
    nats = -package.load(tasks / "words.model").score(read(tasks / "words.npz").X)
    assert f"bits a symbol {nats / np.log(2):.4g}\nnats a symbol {nats:.4g}\n" in words
    assert re.search(r"by itself:\n\n +[abc]{20}", words)


@pytest.mark.parametrize("name", NAMES)
def test_predict_says_what_the_model_says(mnemon, tasks, name):
    ended = mnemon("predict", tasks / f"{name}.model", tasks / f"{name}.npz")
    model, data = package.load(tasks / f"{name}.model"), read(tasks / f"{name}.npz")
    said, rows = model.predict(data.X), table(ended.out)
    assert (ended.status, ended.err) == (0, "")
    if name == "steps":
        places = [(str(k), str(step)) for k, labels in enumerate(said) for step in range(len(labels))]
        assert [(row["index"], row["step"]) for row in rows] == places
        assert [row["label"] for row in rows] == np.concatenate(said).tolist()
        return
    assert [row["index"] for row in rows] == [str(k) for k in range(len(said))]
    columns = {"sums": ["value"], "pairs": ["value_0", "value_1"], "words": ["symbol"], "waves": ["channel_0"]}[name]
    assert list(rows[0]) == ["index", *columns]
    if name == "words":
        assert [row["symbol"] for row in rows] == said.tolist()
    else:
        np.testing.assert_array_equal(floats(rows, columns), said.reshape(len(said), -1))


def test_probabilities_of_labels_and_of_what_follows(mnemon, tasks):
    steps = json.loads(mnemon("predict", tasks / "steps.model", tasks / "steps.npz", "--proba", "--format", "json").out)
    model, data = package.load(tasks / "steps.model"), read(tasks / "steps.npz")
    chances = [[row["probabilities"][label] for label in ("down", "up")] for row in steps]
    np.testing.assert_array_equal(chances, np.concatenate(model.predict_proba(data.X)))
    words = table(mnemon("predict", tasks / "words.model", tasks / "words.npz", "--proba").out)
    said = package.load(tasks / "words.model").predict_proba(read(tasks / "words.npz").X)
    np.testing.assert_array_equal(floats(words, ["a", "b", "c"]), said)


def test_recordings_are_read_in_windows(mnemon, tasks, model, toy):
    rows = table(mnemon("predict", tasks / "sums.model", tasks / "sums.npz", "--window", "3").out)
    each = package.load(tasks / "sums.model").predict_windows(read(tasks / "sums.npz").X, 3)
    said = [(str(k), str(start), value) for k, pair in enumerate(each) for start, value in zip(*pair)]
    assert [(row["index"], row["start"], float(row["value"])) for row in rows] == said
    rows = table(mnemon("predict", model, toy, "--window", "3").out)
    each = package.load(model).predict_windows(read(toy).X, 3)
    assert [row["label"] for row in rows] == [label for _, labels in each for label in labels]
    labels = table(mnemon("predict", tasks / "steps.model", tasks / "steps.npz", "--window", "3").out)
    windows = package.load(tasks / "steps.model").predict(read(tasks / "steps.npz").X, window=3)
    assert [row["label"] for row in labels] == np.concatenate(windows).tolist()


@pytest.mark.parametrize("name", NAMES)
def test_show_tells_the_task(mnemon, tasks, name):
    path, task = tasks / f"{name}.model", {"steps": "label", "words": "predict-next", "waves": "predict-next"}
    out = mnemon("show", path).out
    assert out.startswith(package.load(path).summary())
    assert f"task      {task.get(name, 'regress')}\n" in out
    told = json.loads(mnemon("show", path, "--json").out)
    assert told["task"] == task.get(name, "regress")
    assert told["numbers"] == {"sums": 1, "pairs": 2}.get(name)
    assert told["symbols"] == (["a", "b", "c"] if name == "words" else None)


@pytest.mark.parametrize(
    "name, words, value",
    [
        ("sums", ("--task", "regress"), lambda model, test: model.score(test.X, test.y)),
        ("steps", ("--task", "label", "--class-weight", "balanced"), lambda model, test: model.score(test.X, test.y)),
        ("words", ("--task", "predict-next"), lambda model, test: model.perplexity(test.X)),
    ],
)
def test_fit_judges_by_the_test_part_and_quietly_says_one_number(mnemon, tasks, name, words, value):
    ended = mnemon("fit", tasks / f"{name}.npz", "--test", tasks / f"{name}.npz", *SMALL, *words, "-q")
    said = value(package.load("model.safetensors"), read(tasks / f"{name}.npz"))
    assert (ended.out.count("\n"), ended.err) == (1, "")
    assert ended.out.rpartition(" ")[2] == f"{said:.3f}\n"


def test_fit_tells_the_parts_and_writes_a_report(mnemon, tasks, here):
    out = mnemon("fit", tasks / "steps.npz", "--task", "label", *SMALL, "--report", "r.html").out
    assert "labelled steps, 2 classes: 4 of 16 sequences, held out of" in out
    assert "mnemon predict model.safetensors DATA    a label for each step" in out
    page = (here / "r.html").read_text("utf-8")
    assert "2 classes of steps" in page
    assert "Learning curves" in page


def test_of_one_long_sequence_the_end_is_held_out(mnemon, here):
    data = write_strings(here / "long.npz", ["the cat sat on the mat. " * 10])
    out = mnemon("fit", data, "--task", "predict-next", *SMALL).out
    assert "long (its end), 1 sequence, 11 symbols, 24 steps: the last 24 of 240 steps" in out
    few = write_strings(here / "few.npz", ["abcabc"])
    assert "6 steps, too few" in mnemon("fit", few, "--task", "predict-next", "--out", "m").complaint


def test_options_of_a_task_reach_its_estimator(tasks):
    labels, words, numbers = (package.load(tasks / f"{name}.model") for name in ("steps", "words", "sums"))
    assert (labels.delay, words.window) == (2, 5)
    assert numbers.dropout == package.SequenceRegressor().dropout


def test_symbols_may_be_embedded(mnemon, tasks):
    mnemon("fit", tasks / "words.npz", "--task", "predict-next", *SMALL, "--embedding", "3", "-q")
    assert package.load("model.safetensors").network_.layers.layers[0].output_size == 3
    told = mnemon("fit", tasks / "sums.npz", "--task", "regress", "--embedding", "3", "--out", "other").complaint
    assert told == "--embedding 3: only symbols are embedded, and these data are numbers"


def test_training_goes_on_from_a_model(mnemon, tasks, here):
    shutil.copy(tasks / "words.model", here / "old")
    data = tasks / "words.npz"
    ended = mnemon("fit", data, "--test", data, "--from", "old", "--epochs", "3", "--out", "new")
    assert "going on from old, trained for 2 epochs" in ended.out
    new, expected = package.load("new"), package.load("old")
    expected.set_params(warm_start=True, epochs=3).fit(read(data).X)
    assert (new.n_epochs_, new.window, new.warm_start) == (5, 5, False)
    assert np.array_equal(new.network_.readout.weights, expected.network_.readout.weights)
    assert "choose another name" in mnemon("fit", data, "--from", "old", "--out", "old").complaint
    assert mnemon("fit", data, "--from", "old", "--out", "old", "--force", "-q").status == 0


def test_what_a_model_is_cannot_be_changed_when_training_goes_on(mnemon, tasks):
    path, data = tasks / "sums.model", tasks / "sums.npz"
    cases = {
        ("--units", "9"): "--units: --from",
        ("--task", "classify"): f"--task classify: {path} is a model of --task regress",
        ("--checkpoint", "kept"): "--checkpoint and --from exclude each other",
        ("--epochs", "0"): "--epochs 0: expected",
        ("--from", "nothing"): "nothing: no such file",
    }
    for words, said in cases.items():
        assert said in mnemon("fit", data, "--from", path, *words).complaint


def test_targets_of_another_task_are_told_with_the_task_they_are_for(mnemon, tasks, here, toy):
    unlabelled = write_ts(here / "unlabelled.ts", labels=False)
    cases = {
        (tasks / "sums.npz",): "holds numbers as targets, but each sequence needs one class here; --task regress",
        (tasks / "steps.npz",): "holds a label for each step, but each sequence needs one class here; --task label",
        (tasks / "words.npz",): "holds no labels, but each sequence needs one class here; --task predict-next",
        (toy, "--task", "regress"): "holds classes, but each sequence needs numbers here; --task classify",
        (toy, "--task", "label"): "needs a label for each of its steps here; --task classify",
        (unlabelled, "--task", "label"): "holds no labels",
        ("--task", "regress"): "--task regress needs DATA",
        (tasks / "sums.npz", "--task", "regress", "--test", tasks / "pairs.npz"): "have 2 numbers a sequence",
    }
    for words, said in cases.items():
        assert said in mnemon("fit", *words).complaint


def test_evaluate_refuses_targets_of_another_task(mnemon, tasks, model, toy):
    assert "needs numbers here" in mnemon("evaluate", tasks / "sums.model", toy).complaint
    assert "needs one class here" in mnemon("evaluate", model, tasks / "sums.npz").complaint
    assert "2 features (channels)" in mnemon("evaluate", tasks / "waves.model", tasks / "sums.npz").complaint


@pytest.mark.parametrize(
    "task, option, owners",
    [
        ("predict-next", ("--readout", "mean"), "classify or regress"),
        ("predict-next", ("--class-weight", "balanced"), "classify or label"),
        ("regress", ("--class-weight", "balanced"), "classify or label"),
        ("classify", ("--delay", "2"), "label"),
        ("label", ("--window", "5"), "predict-next"),
    ],
)
def test_options_of_other_tasks_are_refused(mnemon, toy, task, option, owners):
    told = mnemon("fit", toy, "--task", task, *option).complaint
    assert told == f"{option[0]} is for --task {owners}, not for {task}"


@pytest.mark.parametrize(
    "words, said",
    [
        (("--task", "clasify"), "--task 'clasify': did you mean 'classify'?"),
        (("--missing", "mast"), "--missing 'mast': did you mean 'mask'?"),
        (("--by", "words"), "--by 'words': did you mean 'word'?"),
        (("--task", "label", "--delay", "-1"), "--delay -1: expected a whole number of at least 0"),
        (("--task", "predict-next", "--window", "some"), "--window 'some': expected a whole number, or all"),
        (("--task", "predict-next", "--window", "0"), "--window 0: expected"),
        (("--task", "predict-next", "--bidirectional"), "--bidirectional"),
    ],
)
def test_wrong_values_are_called_by_their_options(mnemon, tasks, words, said):
    data = tasks / ("steps.npz" if "label" in words else "waves.npz" if "predict-next" in words else "sums.npz")
    task = () if "--task" in words else ("--task", "regress")
    assert said in mnemon("fit", data, *task, *words).complaint


@pytest.mark.parametrize(
    "name, words, said",
    [
        ("sums", ("--proba",), "--proba: this model says numbers"),
        ("waves", ("--proba",), "--proba: this model says numbers"),
        ("words", ("--window", "3"), "--window is for models that classify, regress or label"),
        ("sums", ("--window", "0"), "--window 0: expected at least 1"),
    ],
)
def test_predict_refuses_what_a_model_cannot_say(mnemon, tasks, name, words, said):
    assert said in mnemon("predict", tasks / f"{name}.model", tasks / f"{name}.npz", *words).complaint


def test_missing_values_are_read_where_they_are_meant(mnemon, here, tasks):
    data = read(tasks / "sums.npz")
    values = data.X.values.copy()
    values[3, 1] = np.nan
    gaps = package.Sequences.from_concatenated(values, data.X.lengths, allow_nan=True)
    write_npz(here / "gaps.npz", gaps, data.y)
    assert "NaN" in mnemon("fit", "gaps.npz", "--task", "regress").complaint
    assert mnemon("fit", "gaps.npz", "--task", "regress", *SMALL, "--missing", "mask").status == 0
    rows = table(mnemon("predict", "model.safetensors", "gaps.npz").out)
    np.testing.assert_array_equal(floats(rows, ["value"])[:, 0], package.load("model.safetensors").predict(gaps))
