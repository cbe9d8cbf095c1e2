"""Dropout: off without a key, one mask along a sequence, the mean kept, the carousel left alone."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from table_of_cells import as_float, assert_close, inputs, make
from table_of_layers import elman, gru, lstm

from mnemon.cells import LSTM, Clockwork, advance
from mnemon.errors import InvalidInput
from mnemon.layers import Bidirectional, Network, Readout, Recurrent, RecurrentDropout, Segmented, Stack, unfold

RATE, MANY = 0.25, 2000
KEY = jax.random.key(3)


@eqx.filter_jit
def passed(layer, xs, key=None):
    return layer(xs, key=key)


@pytest.mark.parametrize(
    "dry, wet",
    [
        (Stack(elman(), gru(2)), Stack(elman(), gru(2), dropout=RATE)),
        (Recurrent(lstm()), Recurrent(lstm(), dropout=RATE)),
        (Bidirectional(elman(), gru()), Bidirectional(elman(), gru(), dropout=RATE)),
    ],
    ids=["Stack", "Recurrent", "Bidirectional"],
)
def test_without_a_key_nothing_is_dropped_and_with_one_something_is(dry, wet):
    xs = inputs(elman(), (4, 5))
    assert_close(passed(wet, xs), passed(dry, xs), 0)
    assert not np.allclose(passed(wet, xs, KEY).outputs, passed(dry, xs).outputs)


def test_a_network_hands_its_key_on():
    network = Network(Stack(elman(), dropout=0.5), Readout(2, 1, key=KEY))
    xs = inputs(elman(), (8, 5))
    assert not np.allclose(passed(network, xs, KEY).values, passed(network, xs).values)


def test_units_are_silent_along_a_whole_sequence():
    xs = inputs(elman(), (16, 5))
    whole, dropped = passed(Stack(elman()), xs), passed(Stack(elman(), dropout=RATE), xs, KEY)
    ratio = np.asarray(dropped.outputs / whole.outputs)
    assert_close(ratio, np.repeat(ratio[:, :1], 5, axis=1), 1e-5)
    assert_close(dropped.last, dropped.outputs[:, -1])
    silent = np.isclose(ratio[:, 0], 0)
    assert_close(ratio[:, 0][~silent], np.full((~silent).sum(), 1 / (1 - RATE)), 1e-5)
    assert 0 < silent.sum() < silent.size
    assert len(np.unique(silent, axis=0)) > 1  # other units in other sequences


def test_the_mean_is_kept():
    """Over many masks, within five standard errors: the outputs of a stack, the recurrent product of a cell."""
    xs = jnp.broadcast_to(inputs(elman(), (3,)), (MANY, 3, 3))
    whole, dropped = passed(Stack(elman()), xs).outputs, passed(Stack(elman(), dropout=RATE), xs, KEY).outputs
    error = np.abs((dropped - whole).mean(axis=0))
    assert (error < 5 * dropped.std(axis=0) / MANY**0.5).all()

    cell = make("GRU")
    wet = RecurrentDropout(cell, RATE)
    state = jnp.array([0.5, -1.0, 2.0, 1.5])
    drawn = wet.draw_states(KEY, (MANY,))._replace(inner=jnp.broadcast_to(state, (MANY, 4)))
    products, whole = jax.jit(lambda drawn: (jax.vmap(wet.recur)(drawn), cell.recur(state)))(drawn)
    for product, exact in ((products.gates, whole.gates), (products.remembered, whole.remembered)):
        assert (np.abs(product.mean(axis=0) - exact) < 5 * product.std(axis=0) / MANY**0.5).all()


def test_recurrent_dropout_is_one_mask_on_what_feeds_back(float64):
    cell = make("LSTM forget")
    layer, xs = Recurrent(cell, dropout=RATE), inputs(cell, (3, 5))
    drawn = RecurrentDropout(cell, RATE).draw_states(KEY, (3,))
    assert 0 < drawn.kept.sources.sum() < drawn.kept.sources.size
    outputs = passed(layer, xs, KEY).outputs
    run = eqx.filter_jit(lambda cell, xs: unfold(cell, xs, engine="plain")[0])
    for k in range(3):
        mask = as_float(drawn.kept.sources[k]) / (1 - RATE)
        thinned = eqx.tree_at(lambda c: c.recurrent_weights, cell, cell.recurrent_weights * mask[None])
        assert_close(outputs[k], run(thinned, xs[k]))


@pytest.mark.parametrize("variant", ["forget", "counting"])
def test_the_carousel_is_left_alone(variant):
    """Whether or not the mask of the cells' states is drawn, nothing reads it."""
    cell = LSTM(3, 2, variant=variant, key=KEY)
    wet = RecurrentDropout(cell, RATE)
    state = jax.tree.map(lambda leaf: leaf + 0.5, cell.initial_state())
    drive = cell.project(jnp.ones((1, 3)))[0]
    kept = wet.draw_states(KEY, ()).kept
    DroppedState = type(wet.initial_state())
    step = jax.jit(lambda kept: advance(wet, DroppedState(state, kept), drive).inner)
    assert_close(*(step(kept._replace(cells=cells)) for cells in (jnp.zeros(2, bool), jnp.ones(2, bool))), 0)


def test_mistakes_are_told():
    with pytest.raises(InvalidInput, match="Segmented cannot"):
        Recurrent(Segmented(elman(), elman(2), 3), dropout=0.5)
    for wrong in (-0.1, 1.0):
        with pytest.raises(InvalidInput, match=r"expected a share in \[0, 1\)"):
            Recurrent(elman(), dropout=wrong)
        with pytest.raises(InvalidInput, match=r"expected a share in \[0, 1\)"):
            Stack(elman(), dropout=wrong)


def test_what_a_state_counts_is_never_dropped():
    layer = Recurrent(Clockwork(3, 8, key=jax.random.key(0)), dropout=0.9)
    xs = inputs(layer.cell, (4, 6))
    dropped = passed(layer, xs, KEY)
    assert np.all(np.isfinite(dropped.outputs))
    # groups whose period does not divide the step keep their units: the clock ran on
    slow = np.asarray(dropped.outputs)[:, :, -1:]
    assert_close(slow[:, 1], slow[:, 2], 0)
