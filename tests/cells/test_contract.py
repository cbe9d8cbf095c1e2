"""What holds for every cell of the table: stepping is unfolding, precision stays, weights are counted."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from table_of_cells import EVERY, FLAT, INPUTS, SEGMENTED, UNITS, assert_close, inputs, make

from mnemon.cells import Cell, Recurs, SecondOrder, advance, finishes, trainable
from mnemon.layers import unfold

TIME = 6


def one_by_one(cell, xs):
    """The output after each step, and the states if the sequence ended there, by the contract alone."""

    def body(state, drive):
        state = advance(cell, state, drive)
        return state, (cell.output(state), cell.finish(state))

    return jax.lax.scan(body, cell.initial_state(), cell.project(xs))[1]


@eqx.filter_jit
def stepped_and_unfolded(cell, xs):
    prefixes = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (TIME, *leaf.shape)), xs)
    return one_by_one(cell, xs), unfold(cell, prefixes, lengths=jnp.arange(1, TIME + 1), engine="plain")


@pytest.mark.parametrize("name", EVERY)
def test_finished_stepping_is_unfolding_at_every_length(name, float64):
    cell = make(name)
    (said, ended), (outputs, final) = stepped_and_unfolded(cell, inputs(cell, (TIME,)))
    assert_close(final, ended)
    for t in range(TIME):
        assert_close(outputs[t, :t], said[:t])
        assert_close(outputs[t, t:], np.broadcast_to(jax.vmap(cell.output)(ended)[t], (TIME - t, UNITS)))


@pytest.mark.parametrize("name", EVERY)
def test_a_cell_says_what_it_is(name):
    cell = make(name)
    assert isinstance(cell, Cell)
    assert (cell.input_size, cell.output_size, cell.causal) == (INPUTS, UNITS, True)
    assert isinstance(cell, Recurs) == (name in FLAT)
    assert finishes(cell) == (name in SEGMENTED)
    state = cell.initial_state()
    assert all(not leaf.any() for leaf in jax.tree.leaves(state)) or isinstance(cell, SecondOrder)
    assert cell.output(state).shape == (UNITS,)


@pytest.mark.parametrize("name", FLAT)
def test_a_cell_keeps_the_precision_it_was_made_in(name):
    def step(cell, xs):
        drives = cell.project(xs)
        return drives, advance(cell, cell.initial_state(), jax.tree.map(lambda leaf: leaf[0], drives))

    single = make(name)
    with jax.enable_x64(True):
        double = make(name)
        for cell, dtype in ((single, np.float32), (double, np.float64)):
            reached = eqx.filter_eval_shape(step, cell, jax.ShapeDtypeStruct((2, INPUTS), dtype))
            dtypes = {leaf.dtype for leaf in jax.tree.leaves(reached)}
            assert {kind for kind in dtypes if jnp.issubdtype(kind, jnp.inexact)} == {np.dtype(dtype)}


COUNTS = {
    "Elman tanh": UNITS * (INPUTS + UNITS + 1),
    "Elman no bias": UNITS * (INPUTS + UNITS),
    "GRU": 3 * UNITS * (INPUTS + UNITS) + 4 * UNITS,
    "GRU before": 3 * UNITS * (INPUTS + UNITS + 1),
    "MinimalGated": 2 * UNITS * (INPUTS + UNITS + 1),
    "LSTM forget": 4 * UNITS * (INPUTS + UNITS + 1),
    "LSTM peephole": 4 * UNITS * (INPUTS + UNITS + 1) + 3 * UNITS,
    "LSTM 1997": 8 * (INPUTS + 8 + 1),  # 2 blocks: 4 gates and 4 cells, all of which feed all
    "LSTM input only": 6 * (INPUTS + 6 + 1),  # 2 blocks: 2 gates and 4 cells
    "LSTM coupled": 3 * UNITS * (INPUTS + UNITS + 1) + 2 * UNITS,
    "LSTM JANET": 2 * UNITS * (INPUTS + UNITS + 1),
    "LSTM full gates, 2 a block": 10 * (INPUTS + UNITS + 1) + 3 * UNITS + 6**2,  # 2 blocks: 6 gates and 4 cells
    # n_c n_r 4 + n_i n_c 4 + n_c n_r + n_c 3, and the biases
    "LSTM projection": 6 * UNITS * 4 + INPUTS * 6 * 4 + 6 * UNITS + 6 * 3 + 6 * 4,
    "Jordan": 5 * (INPUTS + UNITS + 1) + UNITS * (5 + 1),
    "FullyRecurrent": 5 * (INPUTS + 5 + 1),
    "SecondOrder": UNITS * UNITS * INPUTS,
    "Cascade": UNITS * (INPUTS + UNITS + 1) + UNITS * (2 * UNITS + 1),
    "Hierarchical": UNITS * (INPUTS + UNITS + 1),
    "Clockwork": UNITS * (INPUTS + 1) + 2 * 4 + 1 * 2 + 1 * 1,  # groups of 2, 1 and 1: each fed by itself and slower
    "InputOutputHMM": 3 * 3 * (INPUTS + 1) + 3 + 3 * UNITS * (INPUTS + 1),
    "IRNN": UNITS * (INPUTS + UNITS + 1),
    "LeakyESN": 0,
    "RecurrentCascade": UNITS * (INPUTS + 2) + UNITS * (UNITS - 1) // 2,
    "OutputLoop": 5 * (INPUTS + 5 + UNITS + 1) + UNITS * (INPUTS + 5 + UNITS + 1),
    "OutputLoop self": 5 * (INPUTS + 1 + UNITS + 1) + UNITS * (INPUTS + 5 + 1),
    "OutputLoop none": 5 * (INPUTS + UNITS + 1) + UNITS * (INPUTS + 5 + UNITS),
}


@pytest.mark.parametrize("name", COUNTS)
def test_weights_are_counted_as_the_formula_has_them(name):
    assert sum(leaf.size for leaf in jax.tree.leaves(trainable(make(name)))) == COUNTS[name]
