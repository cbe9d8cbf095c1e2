"""`diagnose` says what the library finds of the model in the file, on the data in the other."""

import json

import numpy as np
import pytest
from command_line import SMALL, write_ts

import mnemon as package
from mnemon.cli._diagnose import _spread, plain
from mnemon.data import read


def test_diagnose_tells_and_writes_a_page(mnemon, model, toy, here):
    ended = mnemon("diagnose", model, toy, "--report", "why.html")
    assert ended.status == 0
    assert ended.err == ""
    assert ended.out.startswith("looked at  toy, 24 sequences, 2 channels, 3-7 steps, 2 classes\n")
    for part in (
        "\nlayer 1, LSTM\n",
        "\n  forget gates  ",
        "\n  Jacobians ",
        "\nreport  why.html: open it in a browser\n",
    ):
        assert part in ended.out
    page = (here / "why.html").read_text("utf-8")
    assert "Diagnosis on toy" in page
    assert str(model) in page
    assert "Activations of gates" in page


def test_json_holds_the_numbers_of_the_library(mnemon, model, toy):
    told = json.loads(mnemon("diagnose", model, toy, "--json").out)
    estimator, data = package.load(model), read(toy)
    chances = estimator.predict_proba(data.X)
    right = chances[np.arange(24), np.searchsorted(estimator.classes_, np.asarray(data.y))]
    np.testing.assert_allclose(told["loss"], -np.log(right), rtol=1e-4)
    assert told["lengths"] == data.X.lengths.tolist()
    (layer,) = told["layers"]
    assert layer["parts"] == {"sources": [0, 4], "cells": [4, 8]}
    assert [gate["name"] for gate in layer["activities"][0]["gates"]] == ["forget", "input", "output"]
    assert len(layer["answer"]["relative"]) == len(layer["answer"]["lags"]) == 7
    weights = {one["name"]: one["values"] for one in told["matrices"]}
    np.testing.assert_array_equal(weights["readout weights"], np.asarray(estimator.network_.readout.weights))


def test_numbers_that_are_not_finite_are_null():
    assert plain({"a": (np.array([1.0, np.inf]), float("nan"), np.float32(2))}) == {"a": [[1.0, None], None, 2.0]}


def test_one_of_several_networks(mnemon, toy, here):
    assert mnemon("fit", toy, *SMALL, "--networks", "2", "--out", "two", "--quiet").status == 0
    said = [json.loads(mnemon("diagnose", "two", toy, "--json", "--network", k).out) for k in (0, 1)]
    weights = [{one["name"]: one["values"] for one in told["matrices"]} for told in said]
    for told, network in zip(weights, package.load("two").population_):
        np.testing.assert_array_equal(told["readout weights"], np.asarray(network.readout.weights))
    assert said[0]["loss"] != said[1]["loss"]
    assert mnemon("diagnose", "two", toy, "--network", "2").complaint == (
        "--network 2: the model holds 2, numbered from 0"
    )


def test_some_sequences_are_spread_over_the_data():
    assert _spread(np.arange(24), 5).tolist() == [0, 6, 12, 17, 23]
    assert _spread(np.arange(24), 1).tolist() == [0]
    assert _spread(np.array([3, 9]), 5).tolist() == [3, 9]


@pytest.mark.parametrize(
    "name, words", [("words", "16 sequences"), pytest.param("steps", "16 sequences", marks=pytest.mark.slow)]
)
def test_other_tasks(mnemon, tasks, name, words):
    ended = mnemon("diagnose", tasks / f"{name}.model", tasks / f"{name}.npz")
    assert ended.status == 0
    assert words in ended.out.splitlines()[0]
    assert "layer 1, LSTM" in ended.out


def test_unknown_classes_are_left_out(mnemon, model, here):
    data = write_ts(here / "three.ts", n=36, classes=("a", "b", "c"))
    assert "toy, 24 sequences" in mnemon("diagnose", model, data).out


def test_mistakes_are_one_line(mnemon, model, toy, here):
    assert "no such file" in mnemon("diagnose", "gone.safetensors", toy).complaint
    assert "the model comes first" in mnemon("diagnose", toy, model).complaint
    assert "--sequences 0: expected at least 1" in mnemon("diagnose", model, toy, "--sequences", "0").complaint
    assert "--network -1: expected at least 0" in mnemon("diagnose", model, toy, "--network", "-1").complaint
    (here / "there.html").write_text("mine")
    assert "there.html exists" in mnemon("diagnose", model, toy, "--report", "there.html").complaint
    bare = write_ts(here / "bare.ts", labels=False)
    assert "each sequence needs one class" in mnemon("diagnose", model, bare).complaint
    three = write_ts(here / "channels.ts", channels=3)
    told = mnemon("diagnose", model, three).complaint
    assert "channels.ts" in told
    assert "3 features" in told
