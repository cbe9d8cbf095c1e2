"""The table of names holds every cell of the room, and each makes a cell of any number of units."""

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

import mnemon.cells
from mnemon.cells import (
    CELLS,
    GRU,
    LSTM,
    LSTM_TABLE,
    Cascade,
    Cell,
    Clockwork,
    FullyRecurrent,
    Hierarchical,
    Jordan,
    LeakyESN,
    OutputLoop,
    Wrapped,
    WrappedRecurrence,
    advance,
)
from mnemon.errors import InvalidInput

KEY = jax.random.key(0)


def test_every_public_cell_and_every_lstm_row_has_its_name():
    classes = {part for part in vars(mnemon.cells).values() if isinstance(part, type) and issubclass(part, Cell)}
    named = classes - {Cell, Wrapped, WrappedRecurrence}  # without the bases
    assert {CELLS[cell.__name__.lower()] for cell in named} == named
    assert {name.removeprefix("lstm-") for name in CELLS if name.startswith("lstm-")} == set(LSTM_TABLE)
    assert {"irnn", "gru-before"} < set(CELLS)
    assert all(name == name.lower() for name in CELLS)


def test_a_row_is_reached_by_its_name():
    assert CELLS["lstm-janet"](2, 3, key=KEY).variant is LSTM_TABLE["janet"]
    assert CELLS["gru-before"](2, 3, key=KEY).reset == "before"
    assert CELLS["irnn"](2, 3, key=KEY).squashing is mnemon.cells.SQUASHING["relu"]


@pytest.mark.parametrize("units", [1, 3, 20])
def test_each_makes_cells_of_so_many_units_alone_and_as_a_population(units):
    def first_step(make, key):
        cell = make(2, units, key=key)
        drive = jax.tree.map(lambda leaf: leaf[0], cell.project(jnp.ones((1, 2))))
        return cell.output(advance(cell, cell.initial_state(), drive))

    for name, make in CELLS.items():
        said = eqx.filter_eval_shape(jax.vmap(lambda key: first_step(make, key)), jax.random.split(KEY, 2))  # noqa: B023
        expected = max(1, units // 4) if name == "lstm-projection" else units
        assert said.shape == (2, expected), name


def test_groups_are_as_many_as_fit_and_the_fast_ones_have_the_units_left_over():
    few, many = Clockwork(2, 3, key=KEY), Clockwork(2, 20, key=KEY)
    assert (few.periods, few.sizes) == ((1, 2, 4), (1, 1, 1))
    assert (many.periods, many.sizes) == ((1, 2, 4, 8, 16, 32, 64, 128), (3, 3, 3, 3, 2, 2, 2, 2))
    assert Hierarchical(2, 5, scales=(9, 1), key=KEY).scales == (1, 9)


@pytest.mark.parametrize(
    "make, told",
    [
        (lambda: Clockwork(2, 3, periods=(1, 2, 4, 8), key=KEY), "4 groups need at least 4 units, not 3"),
        (lambda: Clockwork(2, 3, periods=(0, 1), key=KEY), r"periods=\(0, 1\); expected whole numbers from 1 on"),
        (lambda: Hierarchical(2, 3, scales=(), key=KEY), r"scales=\(\); expected whole numbers"),
        (lambda: Jordan(2, 3, decay=1.0, key=KEY), r"decay=1.0; expected a number in \[0, 1\)"),
        (lambda: Jordan(2, 3, squashing="logsitic", key=KEY), "did you mean 'logistic'"),
        (lambda: FullyRecurrent(2, 3, outputs=4, key=KEY), "outputs=4; expected 1 to 3"),
        (lambda: LeakyESN(2, 3, leak=0.0, key=KEY), r"leak=0.0; expected a number in \(0, 1\]"),
        (lambda: Cascade(2, 3, levels=0, key=KEY), "levels=0; expected at least 1"),
        (lambda: OutputLoop(2, 3, among="selves", key=KEY), "among='selves': did you mean 'self'"),
        (lambda: GRU(2, 3, reset="befor", key=KEY), "did you mean 'before'"),
        (lambda: LSTM(2, 3, variant="couple", key=KEY), "did you mean 'coupled'"),
    ],
)
def test_mistakes_are_told(make, told):
    with pytest.raises(InvalidInput, match=told):
        make()
