"""The main parts of the room show an example; `tests/cells/test_docstrings.py` runs them."""

import pytest

from mnemon import layers

MAIN = [
    "ClosedLoop", "Convolution", "DelayLine", "Embedding", "Feedback", "LayerNorm", "Network", "Normalised", "Pyramid",
    "Segmented", "SymbolMark", "ThresholdMark", "Through", "dmlp", "narx",
]  # fmt: skip


@pytest.mark.parametrize("name", MAIN)
def test_every_main_part_shows_an_example(name):
    assert "Example:\n        >>> " in getattr(layers, name).__doc__
