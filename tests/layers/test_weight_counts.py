"""Networks have as many weights as their papers say."""

from dataclasses import replace

import jax
import pytest
from table_of_cells import start

from mnemon.cells import LSTM, LSTM_TABLE, Elman
from mnemon.layers import Network, Readout, Segmented

KEY = jax.random.key(0)


def lstm_1997(inputs, blocks, size, outputs, *, biases="all"):
    """Hidden units feed each other, outputs see only the cells."""
    row = replace(LSTM_TABLE["1997"], biases=biases)
    cell = LSTM(inputs, blocks * size, variant=row, cells_per_block=size, initialiser=start, key=KEY)
    return Network(cell, Readout(blocks * size, outputs, at="steps", bias=biases == "all", initialiser=start, key=KEY))


def gers_2001(symbols, cells):
    """Peepholes, no squashing, and outputs that see the inputs too."""
    sizes = symbols + 1
    cell = LSTM(sizes, cells, variant="counting", initialiser=start, key=KEY)
    return Network(cell, Readout(cells, sizes, at="steps", sees_input=sizes, initialiser=start, key=KEY))


def smrnn(bias):
    """26 letters, 10 symbol units, 10 segment units, one output."""
    how = {"bias": bias, "initialiser": start, "key": KEY}
    return Network(Segmented(Elman(26, 10, **how), Elman(10, 10, **how), length=15), Readout(10, 1, **how))


PUBLISHED = {
    "Reber grammar, 4 blocks of 1": (lambda: lstm_1997(7, 4, 1, 7, biases="gates"), 264),
    "Reber grammar, 3 blocks of 2": (lambda: lstm_1997(7, 3, 2, 7, biases="gates"), 276),
    "adding, 2 blocks of 2": (lambda: lstm_1997(2, 2, 2, 1), 93),
    "temporal order, 2 symbols": (lambda: lstm_1997(8, 2, 2, 4), 156),
    "temporal order, 3 symbols": (lambda: lstm_1997(8, 3, 2, 8), 308),
    "a^n b^n": (lambda: gers_2001(2, 1), 38),
    "a^n b^n c^n": (lambda: gers_2001(3, 2), 90),
    "SMRNN as published": (lambda: smrnn(bias=False), 570),
    "SMRNN with biases": (lambda: smrnn(bias=True), 591),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published(name):
    make, count = PUBLISHED[name]
    assert make().weight_count() == count
