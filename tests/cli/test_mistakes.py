"""Every mistake ends in one line and status 2, before any work is done, and nothing is overwritten unasked."""

import os
import subprocess
import sys

import numpy as np
import pytest
from command_line import MAIN, SMALL, program, write_strings, write_ts

import mnemon as package
from mnemon.data import read, write_npz


@pytest.fixture
def no_training(monkeypatch):
    """Training would fail the test."""

    def refuse(*_, **__):
        raise AssertionError("it was trained")

    monkeypatch.setattr(package.SequenceClassifier, "fit", refuse)


@pytest.mark.parametrize("name", ["model.safetensors", "report.html"])
def test_fit_refuses_files_that_are_there_before_training(mnemon, toy, here, no_training, name):
    (here / name).write_text("mine")
    told = mnemon("fit", toy, "--report", "report.html").complaint
    assert f"{name} exists" in told
    assert "--force" in told
    assert (here / name).read_text() == "mine"


def test_force_replaces(mnemon, toy, here):
    for name in ("model.safetensors", "report.html"):
        (here / name).write_text("old")
    assert mnemon("fit", toy, *SMALL, "--report", "report.html", "--force").status == 0
    assert package.load(here / "model.safetensors").units == 4
    assert (here / "report.html").read_text("utf-8").startswith("<!doctype html>")


def test_the_other_commands_replace_with_force_only(mnemon, model, toy, here):
    (here / "there").write_text("mine")
    for words in (("predict", model, toy, "--out", "there"), ("evaluate", model, toy, "--report", "there")):
        assert "there exists" in mnemon(*words).complaint
        assert (here / "there").read_text() == "mine"
    for words in (("predict", model, toy, "--out", "there"), ("evaluate", model, toy, "--report", "there")):
        assert mnemon(*words, "--force").status == 0
        assert (here / "there").read_text("utf-8") != "mine"


@pytest.mark.parametrize(
    "words, said",
    [
        (("--out", "toy.ts", "--force"), "the model and the data"),
        (("--test", "test.ts", "--report", "test.ts", "--force"), "the report and the test data"),
        (("--out", "same", "--report", "same"), "the report and the model"),
        (("--out", "same", "--checkpoint", "./same"), "the checkpoint and the model"),
        (("--checkpoint", "toy.ts"), "the checkpoint and the data"),
        (("--out", "no/model"), "no folder no"),
        (("--checkpoint", "no/checkpoint"), "no folder no"),
        (("--report", "."), "is a folder"),
    ],
)
def test_fit_refuses_places_where_it_must_not_write(mnemon, toy, here, no_training, words, said):
    before = toy.read_bytes()
    assert said in mnemon("fit", "toy.ts", *words).complaint
    assert toy.read_bytes() == before


@pytest.mark.parametrize(
    "words, said",
    [
        (("--cell", "lsmt"), "--cell 'lsmt': did you mean 'lstm'?"),
        (("--units", "0"), "--units 0: expected a whole number of at least 1"),
        (("--networks", "-1"), "--networks -1:"),
        (("--dropout", "1.5"), "--dropout 1.5:"),
        (("--learning-rate", "0"), "--learning-rate 0.0: expected a positive number"),
        (("--precision", "float16"), "--precision 'float16':"),
        (("--gradient", "rtlr"), "--gradient 'rtlr':"),
        (("--batch-size", "many"), "--batch-size 'many': expected a whole number, or all"),
        (("--batch-size", "0"), "--batch-size 0:"),
        (("--truncate", "0"), "at least 1 step"),
        (("--truncate", "3", "--gradient", "other"), "leave --gradient other out"),
        (("--patience", "0"), "--patience 0: expected at least 1"),
        (("--patience", "3", "--no-early-stopping"), "exclude each other"),
        (("--class-weight", "equal"), "--class-weight 'equal': known: balanced"),
        (("--seed", "-1"), "--seed -1: expected 0 to 4294967295"),
    ],
)
def test_fit_calls_wrong_values_by_their_options(mnemon, toy, here, words, said):
    assert said in mnemon("fit", toy, *words).complaint
    assert not (here / "model.safetensors").exists()


def test_all_wrong_values_are_told_together(mnemon, toy):
    told = mnemon("fit", toy, "--units", "0", "--cell", "lsmt").complaint
    assert "2 problems" in told
    assert "  - --units 0:" in told
    assert "  - --cell 'lsmt':" in told


def test_fit_refuses_data_that_cannot_be_learnt(mnemon, toy, here, no_training):
    data = read(toy)
    write_npz(here / "numbers.npz", data.X, np.linspace(0, 1, len(data.X)))
    write_npz(here / "pairs.npz", data.X, np.ones((len(data.X), 2), int))
    write_strings(here / "words.npz", ["ab", "ba"] * 4, ["x", "y"] * 4)
    write_strings(here / "more.npz", ["ac", "ba"] * 4, ["x", "y"] * 4)
    write_ts(here / "unlabelled.ts", labels=False)
    write_ts(here / "targets.ts", targets=True)
    write_ts(here / "channels.ts", channels=3)
    write_ts(here / "others.ts", classes=("x", "y"))
    write_ts(here / "few.ts", n=3)
    (here / "broken.ts").write_text("@data")
    (here / "toy.xml").write_text("1,2")
    cases = {
        ("missing.ts",): "missing.ts: no such file",
        ("tyo.ts",): "did you mean toy.ts",
        ("toy.xml",): "toy.xml: unknown ending '.xml'",
        ("broken.ts",): "broken.ts",
        ("unlabelled.ts",): "unlabelled.ts: holds no labels",
        ("toy.ts", "--test", "unlabelled.ts"): "unlabelled.ts: holds no labels",
        ("targets.ts",): "targets.ts: holds numbers as targets",
        ("numbers.npz",): "numbers.npz: holds numbers as targets",
        ("pairs.npz",): "pairs.npz: holds labels of shape (24, 2)",
        ("few.ts",): "few.ts: class b has 1 sequence, too few to hold a part out; give test data with --test",
        ("toy.ts", "--test", "channels.ts"): "the test data have 3 channels, the training data 2",
        ("toy.ts", "--test", "others.ts"): "classes 'x', 'y', none of which is in the training data ('a', 'b')",
        ("toy.ts", "--test", "words.npz"): "the test data are symbols, but the training data numbers",
        ("words.npz", "--test", "toy.ts"): "the test data are numbers, but the training data symbols",
        ("words.npz", "--test", "more.npz"): "test data",
        ("--test", "toy.ts"): "needs DATA to learn from",
    }
    for words, said in cases.items():
        assert said in mnemon("fit", *words).complaint


def test_one_class_is_no_choice(mnemon, here):
    write_ts(here / "one.ts", classes=("a",))
    assert "one class only" in mnemon("fit", "one.ts").complaint


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_models_and_data_that_cannot_be_used(mnemon, model, toy, here, command):
    write_ts(here / "channels.ts", channels=3)
    (here / "foreign.safetensors").write_text("nothing")
    (here / "cut.safetensors").write_bytes(model.read_bytes()[:500])
    cases = {
        ("missing.safetensors", "toy.ts"): "missing.safetensors: no such file",
        ("foreign.safetensors", "toy.ts"): "foreign.safetensors is no whole model file",
        ("cut.safetensors", "toy.ts"): "cut.safetensors is no whole model file",
        ("toy.ts", model): "the model comes first, then the data",
        (model, "missing.ts"): "missing.ts: no such file",
        (model, "channels.ts"): "3 features (channels)",
        (".", "toy.ts"): "is a folder",
    }
    for words, said in cases.items():
        assert said in mnemon(command, *words).complaint


def test_evaluate_needs_classes_that_the_model_knows(mnemon, model, here):
    others = write_ts(here / "others.ts", classes=("x", "y"))
    unlabelled = write_ts(here / "unlabelled.ts", labels=False)
    assert "classes 'x', 'y', none of which the model knows ('a', 'b')" in mnemon("evaluate", model, others).complaint
    assert "holds no labels" in mnemon("evaluate", model, unlabelled).complaint


def test_show_of_something_else(mnemon, toy):
    assert "toy.ts is no whole model file of Mnemon" in mnemon("show", toy).complaint
    assert "no such file" in mnemon("show", "nothing").complaint


def test_a_refusal_in_a_process_of_its_own(here):
    ended = program("fit", "nothing.ts")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr == "mnemon: nothing.ts: no such file in .\n"


def raising(problem):
    def fit(*_, **__):
        raise problem

    return fit


def test_interruption_is_one_line(mnemon, toy, here, monkeypatch):
    monkeypatch.setattr(package.SequenceClassifier, "fit", raising(KeyboardInterrupt()))
    ended = mnemon("fit", toy)
    assert (ended.status, ended.err) == (130, "mnemon: interrupted\n")
    assert not (here / "model.safetensors").exists()


def test_errors_of_the_system_are_one_line(mnemon, toy, monkeypatch):
    monkeypatch.setattr(package.SequenceClassifier, "fit", raising(PermissionError(13, "Permission denied", "a file")))
    assert mnemon("fit", toy).err == "mnemon: a file: Permission denied\n"


def test_what_nobody_expected_is_one_line_too(mnemon, toy, monkeypatch):
    monkeypatch.setattr(package.SequenceClassifier, "fit", raising(RuntimeError("first\nsecond")))
    ended = mnemon("fit", toy)
    assert ended.status == 1
    assert ended.err.startswith("mnemon: unexpected RuntimeError: first second (set MNEMON_TRACEBACK=1")
    monkeypatch.setenv("MNEMON_TRACEBACK", "1")
    with pytest.raises(RuntimeError, match="first"):
        mnemon("fit", toy)


@pytest.mark.parametrize("words", [("predict", "MODEL", "long.npz"), ("--help",)])
@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_mistake(model, here, words):
    write_npz(here / "long.npz", package.Sequences(np.zeros((20000, 1, 2))))
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-c", MAIN, *[str(model) if word == "MODEL" else word for word in words]]
    ended = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert ended.stderr == ""
    assert ended.returncode == 1
