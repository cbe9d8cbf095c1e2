"""Makers of made-up stories for the tests of the report."""

import numpy as np
import pytest

from mnemon.report import DataSet, Judged, Story


def make_judged(classes=3, n=60, wrong=0.1, seed=0, labels=None, **without) -> Judged:
    random = np.random.default_rng(seed)
    labels = np.array(labels or [f"class {i}" for i in range(classes)])
    true = random.integers(0, len(labels), n)
    scores = random.normal(size=(n, len(labels)))
    scores[np.arange(n), true] += np.where(random.random(n) < wrong, -3, 20)
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    lengths = random.integers(7, 30, n)
    values = {
        "classes": labels,
        "y_true": labels[true],
        "y_pred": labels[chances.argmax(axis=1)],
        "probabilities": chances,
        "lengths": lengths,
        "names": [f"recording {i}" for i in range(n)],
        "sequences": [random.normal(size=(length, 3)) for length in lengths],
    }
    return Judged(**(values | without))


def make_story(networks=None, epochs=40, **changed) -> Story:
    shape = (epochs,) if networks is None else (epochs, networks)
    random, falling = np.random.default_rng(1), np.exp(-np.arange(epochs) / 9)
    falling = falling if networks is None else falling[:, None]
    of = changed.get("judged") or make_judged()
    test = DataSet(name="held out", sequences=of.n, channels=3, lengths=of.lengths)
    counts = dict.fromkeys(of.classes, 20)
    values = {
        "title": "Three kinds of recordings",
        "judged": of,
        "model": {"cell": "LSTM", "units": 32, "weights": 5123, "learning rate": 0.003, "bidirectional": True},
        "summary": "layer  kind\n0      LSTM",
        "training_data": DataSet(name="seen", sequences=60, channels=3, counts=counts, about="Free to use."),
        "test_data": test,
        "ending": "The validation score had not improved for 20 epochs.",
        "history": {
            "loss": falling * np.exp(0.1 * random.normal(size=shape)),
            "validation_loss": falling + 0.1 * random.random(shape),
            "validation_score": 1 - 0.5 * falling * random.random(shape),
            "learning_rate": np.full(epochs, 0.003),
            "seconds": np.full(epochs, 0.2),
        },
        "best_epoch": 31 if networks is None else [30 + i for i in range(networks)],
        "times": {"reading data": 0.2, "compile": 6.0, "training": 61.5, "judging": 0.0},
        "model_path": "model.safetensors",
        "python": "model = load('model.safetensors')",
        "shell": "mnemon predict model.safetensors new.csv",
        "versions": {"mnemon": "0.1", "jax": "0.7", "python": "3.11"},
        "date": "2025-11-03",
        "machine": "2 cores",
        "command": "mnemon fit data.csv",
        "seed": 7,
    }
    return Story(**(values | changed))


@pytest.fixture
def judged():
    return make_judged


@pytest.fixture
def story():
    return make_story
