"""The examples in the docstrings of cells and layers run, and say what they show."""

import doctest
import importlib
import pkgutil

import pytest

import mnemon.cells
import mnemon.layers

ROOMS = (mnemon.cells, mnemon.layers)
MODULES = [f"{room.__name__}.{info.name}" for room in ROOMS for info in pkgutil.iter_modules(room.__path__)]


def examples(name):
    module = importlib.import_module(name)
    return [test for test in doctest.DocTestFinder().find(module, name) if test.examples]


SHOWN = [test for name in MODULES for test in examples(name)]


@pytest.mark.parametrize("shown", SHOWN, ids=lambda test: test.name.removeprefix("mnemon."))
def test_example(shown):
    assert doctest.DocTestRunner().run(shown).failed == 0


CLASSES = [cell.__name__ for cell in mnemon.cells.CELLS.values() if isinstance(cell, type)]


@pytest.mark.parametrize("part", [*CLASSES, "_irnn", "Segmented", "Network"])
def test_every_main_part_shows_an_example(part):
    assert any(test.name.endswith(f".{part}") for test in SHOWN)
