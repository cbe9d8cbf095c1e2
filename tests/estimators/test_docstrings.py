"""The examples in the room's docstrings run."""

import doctest
import importlib
import pkgutil

import pytest

import mnemon.estimators

MODULES = [f"mnemon.estimators.{module.name}" for module in pkgutil.iter_modules(mnemon.estimators.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    if name.endswith("_sktime"):
        pytest.importorskip("sktime", reason="its checks stand in test_sktime.py")
    tried = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert tried.failed == 0
    if name.endswith("_classifier"):
        assert tried.attempted > 8
