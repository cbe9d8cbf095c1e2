"""`import mnemon` is quick and starts no JAX; what it names is there."""

import subprocess
import sys

import pytest

import mnemon


def run(code):
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_importing_loads_no_heavy_library():
    heavy = ("jax", "equinox", "optax", "sklearn", "scipy", "matplotlib", "pandas", "numpy")
    assert run(f"import sys, mnemon; print(*[name for name in {heavy} if name in sys.modules])") == []
    assert run("import sys, mnemon; mnemon.Sequences; print('jax' in sys.modules)") == ["False"]


def test_importing_everything_starts_no_device_and_changes_no_setting():
    code = """
import jax
def settings():
    return {name: getattr(jax.config, name, None) for name in jax.config.values}
before = settings()
import mnemon, mnemon.estimators, mnemon.learning, mnemon.report
from jax._src import xla_bridge
print(xla_bridge.backends_are_initialized(), settings() == before)
"""
    assert run(code) == ["False", "True"]


@pytest.mark.parametrize("name", [name for name in dir(mnemon) if not name.startswith("_")])
def test_every_name_is_there(name):
    assert getattr(mnemon, name) is not None


def test_names_are_those_of_the_rooms():
    from mnemon.estimators import SequenceClassifier, load
    from mnemon.sequences import Sequences

    assert (mnemon.SequenceClassifier, mnemon.load, mnemon.Sequences) == (SequenceClassifier, load, Sequences)
    assert {"SequenceClassifier", "load", "Sequences", "learning", "cells"} <= set(dir(mnemon))


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="module 'mnemon' has no attribute 'SequenceClasifier'"):
        _ = mnemon.SequenceClasifier
    with pytest.raises(ImportError):
        from mnemon import nothing  # noqa: F401
