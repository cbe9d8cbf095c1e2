"""The examples in the docstrings of readers and conversions run, and say what they show."""

import doctest
import importlib
import pkgutil

import pytest

import mnemon.data

MODULES = [f"mnemon.data.{info.name}" for info in pkgutil.iter_modules(mnemon.data.__path__)]
SHOWN = [
    test
    for name in MODULES
    for test in doctest.DocTestFinder().find(importlib.import_module(name), name)
    if test.examples
]


@pytest.mark.parametrize("shown", SHOWN, ids=lambda test: test.name.removeprefix("mnemon.data."))
def test_example(shown):
    assert doctest.DocTestRunner().run(shown).failed == 0


PLAIN = {"read_npz", "read_ts", "from_frame"}  # shown with what writes them, or by a file that comes with the package
READERS = [name for name in dir(mnemon.data) if name.startswith(("read_", "from_")) and name not in PLAIN]


@pytest.mark.parametrize("name", ["Dataset", *READERS])
def test_every_reader_shows_an_example(name):
    assert any(test.name.endswith(f".{name}") for test in SHOWN)
