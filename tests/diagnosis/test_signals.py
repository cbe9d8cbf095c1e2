"""Gates are those that the steps took, shares are counted, and exchanged inputs change what they can."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from looking import LENGTHS, inputs, keys, linear, with_part

from mnemon.cells import GRU, LSTM, SQUASHING, Elman, Frozen, LeakyESN
from mnemon.diagnosis import horizon, matrices, signals, trajectories
from mnemon.diagnosis._activity import activity, gate
from mnemon.diagnosis._horizon import lags_to_try
from mnemon.diagnosis._watching import Seen, unflat
from mnemon.layers import Network, Normalised, Readout, Segmented, unfold

GATED = {
    "LSTM": lambda key: LSTM(3, 4, variant="peephole", cells_per_block=2, key=key),
    "GRU": lambda key: Normalised(GRU(3, 4, key=key)),
}


@pytest.mark.parametrize("name", GATED)
def test_states_follow_from_the_gates(float64, name):
    """s(t) - kept s(t-1), what a unit took in, is within what its gate lets through."""
    cell = GATED[name](keys(1)[0])
    found = signals(cell, inputs(), jnp.asarray(LENGTHS))[""]
    said, _ = unfold(Seen(cell), inputs(), lengths=jnp.asarray(LENGTHS), engine="plain")
    states = unflat(cell.initial_state(), said[..., :-4])
    cells = np.asarray(states.cells if isinstance(cell, LSTM) else states)
    before = np.concatenate([np.zeros_like(cells[:, :1]), cells[:, :-1]], axis=1)
    written = cells - found["kept"] * before
    through = {"LSTM": "input", "GRU": "update"}[name]
    opened = 1 - found[through] if name == "GRU" else found[through]
    share = written / np.repeat(opened, 4 // opened.shape[-1], axis=-1)
    alive = np.arange(6)[None] < LENGTHS[:, None]
    assert np.abs(share[alive]).max() <= 1
    assert np.abs(share[alive]).max() > 0.2
    assert np.isnan(share[~alive]).all()
    if isinstance(cell, LSTM):
        outputs = np.asarray(states.sources)
        read = np.repeat(found["output"], 4 // found["output"].shape[-1], axis=-1) * np.tanh(cells)
        squash = SQUASHING[cell.variant.squash_out]
        np.testing.assert_allclose(found["units"][alive], np.asarray(squash(jnp.asarray(cells)))[alive], rtol=1e-12)
        if cell.variant.squash_out == "tanh":
            np.testing.assert_allclose(read[alive], outputs[alive], rtol=1e-12)


def test_levels_of_segments_hold_their_signals():
    a, b = keys(2)
    cell = Segmented(GRU(3, 2, key=a), LSTM(2, 3, key=b), 2)
    found = signals(cell, inputs(), jnp.asarray(LENGTHS))
    assert list(found) == ["symbol", "segment"]
    assert set(found["segment"]) == {"input", "forget", "output", "kept", "units"}
    above = found["segment"]["forget"]
    assert np.isnan(above[:, 0]).all()  # before the first tail
    np.testing.assert_array_equal(above[0, 1], above[0, 2])
    assert (above[0, 3] != above[0, 2]).all()
    assert not np.isnan(found["symbol"]["update"][0]).any()
    told = activity("segment", cell.segment, found["segment"])
    assert told.gates[0].counts.sum() == 3 * (5 + 3 + 4)  # all steps but each sequence's first


def test_shares_are_counted_by_hand():
    values = np.array([[0.05, 0.95], [0.5, 0.99], [0.1, 0.9], [0.02, 0.91]])
    told = gate("input", values)
    assert (told.shut, told.open) == (2 / 8, 3 / 8)
    np.testing.assert_allclose(told.by_unit, values.mean(axis=0))
    assert told.counts.tolist() == np.histogram(values, 20, (0, 1))[0].tolist()

    kept = np.array([[0.5, 1.0, 0.8]] * 2)
    units = np.array([[-0.96, 0.3, 0.97], [0.94, 0.3, 0.99]])
    cell = LSTM(3, 3, key=keys(1)[0])
    some = {"kept": kept[None], "units": units[None]}
    told = activity("", cell, some)
    np.testing.assert_allclose(told.memory, [2, np.inf, 5])
    np.testing.assert_allclose(told.saturated, [0.5, 0, 1])
    assert told.still.tolist() == [False, True, False]
    relu = activity("", Elman(3, 3, squashing="relu", key=keys(1)[0]), {"units": np.maximum(units, 0)[None]})
    assert relu.saturated is None
    assert relu.memory is None
    assert relu.still.tolist() == [False, True, False]
    logistic = activity("", Elman(3, 3, squashing="logistic", key=keys(1)[0]), {"units": units[None]})
    np.testing.assert_allclose(logistic.saturated, [0.5, 0, 0.5])  # within 0.025 of an end


@pytest.mark.parametrize("scale, steps", [(0.1, 2), (1.0, 39)])
def test_the_horizon_of_a_scaled_rotation(float64, scale, steps):
    """An input k steps back changes the answer scale^k times as much as the same would at the end."""
    network = Network(linear(scale), Readout(4, 4, key=keys(2)[1]))
    network = with_part(network, "readout", with_part(network.readout, "weights", jnp.eye(4)))
    told = horizon(network, inputs(time=40, batch=60), None)
    assert told.steps is not None
    assert abs(told.steps - steps) <= 1
    np.testing.assert_allclose(told.change[:3] / told.change[0], scale ** np.arange(3.0), rtol=0.5)
    assert told.lags[-1] == 39


def test_a_network_that_does_not_listen_has_no_horizon():
    cell = Elman(3, 2, key=keys(1)[0])
    network = Network(with_part(cell, "input_weights", jnp.zeros((2, 3))), Readout(2, 1, key=keys(1)[0]))
    told = horizon(network, inputs(), jnp.asarray(LENGTHS))
    assert told.steps is None
    assert not told.change.any()


def test_lags_that_are_tried():
    assert lags_to_try(1).tolist() == [0]
    assert lags_to_try(24).tolist() == list(range(24))
    assert lags_to_try(1000)[[0, 3, -1]].tolist() == [0, 3, 999]


def test_trajectories_lie_in_their_plane():
    random = np.random.default_rng(0)
    plane = random.normal(size=(6, 9, 2)) @ np.array([[3.0, 0, 1, 0], [0, 0.5, 0, 0]])
    lengths = np.array([9, 4, 7, 9, 2, 5])
    plane[1, 4:] = 1e6  # padding
    told = trajectories(plane, lengths, most=3)
    assert told.rows.tolist() == [3, 4, 5]
    assert [len(one) for one in told.units] == [9, 2, 5]
    np.testing.assert_allclose(told.shares.sum(), 1)
    assert told.shares[0] > 0.9
    for units, two in zip(told.units, told.plane):  # distances are those of the units
        np.testing.assert_allclose(np.linalg.norm(two[0] - two[-1]), np.linalg.norm(units[0] - units[-1]))
    still = trajectories(np.ones((2, 3, 1)), np.array([3, 3]))
    assert still.shares.tolist() == [0, 0]


def test_matrices_name_all_weights():
    network = Network(LeakyESN(3, 20, key=keys(1)[0]), Readout(20, 2, key=keys(2)[1]))
    told = {one.name: one for one in matrices(network)}
    assert list(told) == [
        "layer 1 cell input_weights", "layer 1 cell recurrent_weights", "layer 1 cell bias", "readout weights",
        "readout bias",
    ]  # fmt: skip
    assert [one.trained for one in told.values()] == [False, False, False, True, True]
    frozen = jax.tree.leaves(network, is_leaf=lambda leaf: isinstance(leaf, Frozen))[1]
    one = told["layer 1 cell recurrent_weights"]
    np.testing.assert_array_equal(one.values, np.asarray(frozen.value, np.float64))
    assert one.counts.sum() == 400
    assert one.largest == np.abs(one.values).max()
    assert one.edges[0] == -one.edges[-1] == -one.largest
