"""Small data, a small model, and the command line run within the test's own process and folder."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parent))
from command_line import SMALL, Outcome, status_of, write_ts

from mnemon.data import write_npz
from mnemon.sequences import Sequences


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def mnemon(here, capsys):
    """`mnemon("fit", "data.ts")` as an `Outcome`."""

    def run(*words: object) -> Outcome:
        capsys.readouterr()
        status = status_of(*words)
        return Outcome(status, *capsys.readouterr())

    return run


@pytest.fixture
def toy(here):
    """`toy.ts` in the current folder: 24 sequences of classes a and b."""
    return write_ts(here / "toy.ts")


@pytest.fixture(scope="session")
def shelf(tmp_path_factory):
    """A folder with a model of the toy data."""
    folder = tmp_path_factory.mktemp("shelf")
    data = write_ts(folder / "toy.ts")
    assert status_of("fit", data, *SMALL, "--out", folder / "toy.safetensors") == 0
    return folder


@pytest.fixture
def model(shelf):
    """A model of the toy data."""
    return shelf / "toy.safetensors"


@pytest.fixture(scope="session")
def tasks(tmp_path_factory):
    """A folder with data, `NAME.npz`, and a tiny model of each other task, `NAME.model`."""
    folder = tmp_path_factory.mktemp("tasks")
    random = np.random.default_rng(0)
    X = Sequences([random.normal(size=(random.integers(4, 9), 2)) for _ in range(24)])
    write_npz(folder / "sums.npz", X, [x[:, 0].sum() for x in X])
    write_npz(folder / "pairs.npz", X, [[x[:, 0].sum(), x[:, 1].mean()] for x in X])
    steps = Sequences(random.normal(size=(16, 7, 1)))
    write_npz(folder / "steps.npz", steps, np.where(steps.values.reshape(16, 7).cumsum(axis=1) > 0, "up", "down"))
    write_npz(folder / "words.npz", Sequences.from_strings(["abcab", "bcabcabc", "cab", "abc"] * 4))
    write_npz(folder / "waves.npz", Sequences([np.sin(np.arange(30) / 3 + k)[:, None] for k in range(6)]))
    for name, more in {
        "sums": ("--task", "regress"),
        "pairs": ("--task", "regress"),
        "steps": ("--task", "label", "--delay", "2"),
        "words": ("--task", "predict-next", "--window", "5"),
        "waves": ("--task", "predict-next"),
    }.items():
        words = ("fit", folder / f"{name}.npz", *SMALL, *more, "--quiet", "--out", folder / f"{name}.model")
        assert status_of(*words) == 0
    return folder


@pytest.fixture
def stdin(monkeypatch):
    """`stdin("1,2\n")` is what a command reads."""
    return lambda text: monkeypatch.setattr(sys, "stdin", io.StringIO(text))
