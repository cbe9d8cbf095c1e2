"""Small data, a small model, and the command line run within the test's own process and folder."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))
from command_line import SMALL, Outcome, status_of, write_ts


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
