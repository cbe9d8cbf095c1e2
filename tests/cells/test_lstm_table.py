"""A row of the table with a column switched off is the simpler cell; what a row's weights are; its mistakes."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from table_of_cells import assert_close, start

from mnemon.cells import GRU, LSTM, LSTM_TABLE, Elman, LSTMVariant, zeros
from mnemon.errors import InvalidInput
from mnemon.layers import unfold

INPUTS, UNITS, OPEN = 3, 2, 800.0  # logistic(800) is 1 exactly, logistic(-800) is 0
XS = np.random.default_rng(0).normal(size=(6, INPUTS))
GATES = ("input", "forget", "output")


def lstm(variant, **how):
    return LSTM(INPUTS, UNITS, variant=variant, **{"initialiser": start, **how}, key=jax.random.key(0))


@eqx.filter_jit
def said(cell):
    outputs, _ = unfold(cell, jnp.asarray(XS), engine="plain")
    return outputs


def weights(cell):
    return [cell.input_weights, cell.recurrent_weights, cell.bias]


def rows_of(cell, gate):
    first = cell.variant.gates.index(gate) * cell.blocks
    return slice(first, first + cell.blocks)


def pinned(cell, gate, net):
    """The cell with the net input of a gate constant."""
    rows = rows_of(cell, gate)
    values = [np.array(part) for part in weights(cell)]
    for part, value in zip(values, (0, 0, net)):
        part[rows] = value
    return eqx.tree_at(weights, cell, [jnp.asarray(part) for part in values])


def without(cell, variant, keep):
    """A cell of a smaller row with the weights of `cell` at the rows to keep."""
    return eqx.tree_at(weights, lstm(variant), [jnp.asarray(np.asarray(part)[list(keep)]) for part in weights(cell)])


@pytest.mark.parametrize("gate", GATES)
def test_a_gate_pinned_open_is_a_row_without_the_gate(gate, float64):
    whole = lstm("forget")
    rows = np.arange(4 * UNITS)
    kept = np.delete(rows, rows[rows_of(whole, gate)])
    smaller = without(whole, LSTMVariant(**{f"{gate}_gate": False}), kept)
    assert said(smaller).std() > 0.01
    assert_close(said(pinned(whole, gate, OPEN)), said(smaller))


def test_all_gates_pinned_open_is_an_integrator(float64):
    whole = lstm("forget")
    for gate in GATES:
        whole = pinned(whole, gate, OPEN)
    gateless = without(whole, LSTMVariant(input_gate=False, forget_gate=False, output_gate=False), range(6, 8))
    assert_close(said(whole), said(gateless))


def test_an_lstm_that_forgets_at_once_and_squashes_once_is_elman(float64):
    whole = lstm(LSTMVariant(squash_out="identity"))
    for gate, net in zip(GATES, (OPEN, -OPEN, OPEN)):
        whole = pinned(whole, gate, net)
    elman = Elman(INPUTS, UNITS, key=jax.random.key(0))
    elman = eqx.tree_at(weights, elman, [part[6:] for part in weights(whole)])
    assert_close(said(whole), said(elman))


def test_peepholes_of_zero_are_no_peepholes(float64):
    whole = lstm("peephole")
    blind = eqx.tree_at(lambda c: c.peepholes, whole, jnp.zeros_like(whole.peepholes))
    assert not np.allclose(said(whole), said(blind))
    assert_close(said(blind), said(without(blind, "forget", range(8))))


def test_gates_that_feed_nothing_back_are_recurrence_from_the_cells_alone(float64):
    whole = lstm("1997")
    deaf = eqx.tree_at(lambda c: c.recurrent_weights, whole, whole.recurrent_weights.at[:, UNITS:].set(0))
    simpler = lstm(dataclasses.replace(LSTM_TABLE["1997"], recurrence="cells"))
    values = [whole.input_weights, whole.recurrent_weights[:, :UNITS], whole.bias]
    assert_close(said(deaf), said(eqx.tree_at(weights, simpler, values)))


def test_the_input_gate_alone_is_the_1997_cell_with_its_output_gate_open(float64):
    whole = pinned(lstm("1997"), "output", OPEN)
    deaf = eqx.tree_at(lambda c: c.recurrent_weights, whole, whole.recurrent_weights.at[:, 4:].set(0))
    kept = [0, 1, 4, 5]
    values = [deaf.input_weights[kept, :], deaf.recurrent_weights[kept, :][:, :4], deaf.bias[jnp.array(kept)]]
    alone = eqx.tree_at(weights, lstm("input-only"), [jnp.asarray(np.asarray(value)) for value in values])
    assert_close(said(alone), said(deaf))


def test_a_forget_gate_with_the_weights_of_the_input_gate_reversed_is_coupled(float64):
    coupled = lstm("coupled")
    whole = lstm("peephole")
    values = [jnp.concatenate([part[:2], -part[:2], part[2:]]) for part in weights(coupled)]
    peepholes = jnp.concatenate([coupled.peepholes[:1], -coupled.peepholes[:1], coupled.peepholes[1:]])
    whole = eqx.tree_at(lambda c: [*weights(c), c.peepholes], whole, [*values, peepholes])
    assert_close(said(whole), said(coupled))


def test_janet_is_the_forget_row_with_its_gates_tied_and_nothing_squashed_after(float64):
    """The input gate's net is beta minus the forget gate's; the output gate is open."""
    janet = lstm("janet")
    values = [jnp.concatenate([-part[:2], part[:2], 0 * part[:2], part[2:]]) for part in weights(janet)]
    values[2] = values[2].at[:2].add(1).at[4:6].set(OPEN)
    whole = eqx.tree_at(weights, lstm(LSTMVariant(squash_out="identity")), values)
    assert_close(said(whole), said(janet))


def test_gates_deaf_to_gates_are_the_peephole_row(float64):
    whole = lstm("full-gates")
    deaf = eqx.tree_at(lambda c: c.gate_weights, whole, jnp.zeros_like(whole.gate_weights))
    assert not np.allclose(said(whole), said(deaf))
    assert_close(said(deaf), said(lstm("peephole")))  # the same key draws the same other weights


def test_a_projection_to_the_cells_themselves_is_none(float64):
    whole = lstm("projection", projection=UNITS)
    same = eqx.tree_at(lambda c: c.projection_weights, whole, jnp.eye(UNITS))
    assert_close(said(same), said(lstm("peephole")))


@pytest.mark.parametrize("biases, kept", [("gates", 6), ("none", 0)])
def test_biases_of_zero_are_no_biases(biases, kept, float64):
    whole = lstm("forget")
    whole = eqx.tree_at(lambda c: c.bias, whole, whole.bias.at[kept:].set(0))
    simpler = lstm(LSTMVariant(biases=biases))
    simpler = eqx.tree_at(lambda c: weights(c)[:2], simpler, weights(whole)[:2])
    if kept:
        simpler = eqx.tree_at(lambda c: c.bias, simpler, whole.bias[:kept])
    else:
        assert simpler.bias is None
    assert_close(said(simpler), said(whole))


def test_a_block_of_two_is_two_blocks_with_equal_gates(float64):
    shared = lstm("forget", cells_per_block=2)
    twice = np.array([0, 0, 1, 1, 2, 2, 3, 4])
    assert_close(said(without(shared, "forget", twice)), said(shared))


def test_a_gru_that_keeps_nothing_and_resets_nothing_is_elman(float64):
    gru = GRU(INPUTS, UNITS, initialiser=start, key=jax.random.key(0))
    gates, nets = slice(0, 2 * UNITS), jnp.repeat(jnp.array([-OPEN, OPEN]), UNITS)
    closed = [gru.input_weights.at[gates].set(0), gru.recurrent_weights.at[gates].set(0), gru.bias.at[gates].set(nets)]
    gru = eqx.tree_at(weights, gru, closed)
    elman = Elman(INPUTS, UNITS, key=jax.random.key(0))
    candidate = [part[2 * UNITS :] for part in closed]
    elman = eqx.tree_at(weights, elman, [*candidate[:2], candidate[2] + gru.candidate_bias])
    assert_close(said(gru), said(elman))


@pytest.mark.parametrize("variant", ["1997", "forget", "peephole", "counting"])
def test_the_carousel_keeps_a_state_and_its_error_for_ever(variant):
    """With the forget gate at 1 and the input gate at 0, ds(t)/ds(t-q) is 1 exactly, over any number of steps."""
    cell = pinned(lstm(variant), "input", -OPEN)
    if "forget" in cell.variant.gates:
        cell = pinned(cell, "forget", OPEN)
    if cell.peepholes is not None:
        cell = eqx.tree_at(lambda c: c.peepholes, cell, cell.peepholes.at[:2].set(0))
    xs = jnp.asarray(np.resize(XS, (200, INPUTS)), jnp.float32)
    content = jnp.array([0.3, -0.6])

    @jax.jit
    def last(cells, errors):
        def run(cells):
            return unfold(cell, xs, state=cell.initial_state()._replace(cells=cells))[1].cells

        value, pull = jax.vjp(run, cells)
        return value, jax.vmap(pull)(errors)[0]

    value, jacobian = last(content, jnp.eye(2))
    np.testing.assert_array_equal(value, content)
    np.testing.assert_array_equal(jacobian, np.eye(2))


def test_forget_gates_start_open_unless_told():
    quiet = {"initialiser": zeros}
    assert_close(lstm("forget", **quiet).bias, np.array([0, 0, 1, 1, 0, 0, 0, 0]), 0)
    assert_close(lstm("forget", gate_bias={}, **quiet).bias, np.zeros(8), 0)
    assert_close(lstm("coupled", **quiet).bias, np.array([-1, -1, 0, 0, 0, 0]), 0)
    assert_close(lstm("1997", **quiet).bias, np.zeros(6), 0)
    assert_close(lstm("1997", gate_bias={"output": (-1, -2)}, **quiet).bias, np.array([0, 0, -1, -2, 0, 0]), 0)


def test_a_gate_bias_is_added_to_what_the_initialiser_draws():
    difference = lstm("forget", gate_bias={"input": -3}).bias - lstm("forget", gate_bias={}).bias
    assert_close(difference, np.array([-3, -3, 0, 0, 0, 0, 0, 0]), 1e-6)


@pytest.mark.parametrize(
    "mistake, told",
    [
        ({"variant": "peepholes"}, "did you mean 'peephole'?"),
        ({"variant": "1997", "gate_bias": {"forget": 1}}, "no biased gate 'forget'"),
        ({"variant": "forget", "gate_bias": {"inptu": 1}}, "did you mean 'input'?"),
        ({"variant": LSTMVariant(biases="none"), "gate_bias": {"input": 1}}, "no biased gate 'input'"),
        ({"variant": "forget", "gate_bias": {"input": (1, 2, 3)}}, "takes one number or 2, one a block"),
        ({"variant": "forget", "cells_per_block": 3}, "cells_per_block=3 does not divide units=2"),
        ({"variant": "forget", "projection": 1}, "projection=1: this row has none"),
        ({"variant": "projection", "projection": 0}, "projection=0; expected at least 1"),
    ],
)
def test_mistakes_are_told(mistake, told):
    with pytest.raises(InvalidInput, match=told.replace("?", r"\?")):
        lstm(**mistake)


@pytest.mark.parametrize(
    "column, told",
    [
        ({"squash_in": "tahn"}, "squash_in='tahn': .*tanh"),
        ({"squash_out": "sigmoid"}, "squash_out='sigmoid': .*logistic"),
        ({"biases": "cells"}, "expected 'all', 'gates' or 'none'"),
        ({"recurrence": "gates"}, "expected 'cells' or 'cells and gates'"),
        ({"coupled": True}, "one of input_gate and forget_gate is present"),
        ({"projection": True, "recurrence": "gates to gates"}, "goes with recurrence='cells'"),
    ],
)
def test_a_row_with_a_misspelt_column_is_refused(column, told, unchecked):
    with pytest.raises(InvalidInput, match=told):
        LSTMVariant(**column)
