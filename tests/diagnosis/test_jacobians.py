"""Products of state Jacobians are the derivatives of many steps; exponents and bounds are those of closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from looking import LENGTHS, inputs, keys, linear, with_part

from mnemon.cells import GRU, LSTM, Elman, FullyRecurrent, Hierarchical, LeakyESN, MinimalGated, SecondOrder
from mnemon.diagnosis import _jacobians as engine
from mnemon.diagnosis import bound, jacobians, products, spectral_radii
from mnemon.diagnosis._watching import flat, unflat
from mnemon.layers import Segmented, unfold


def after(cell, entries, xs):
    """The state in a row after the given inputs, from a state in a row; without counters."""
    state = unflat(cell.initial_state(), entries)
    return flat(unfold(cell, xs[None], state=jax.tree.map(lambda leaf: leaf[None], state), engine="plain")[1])


def test_products_are_derivatives_of_many_steps(float64):
    cell = LSTM(3, 3, key=keys(1)[0])
    xs, row, length, lag = inputs(), 2, 5, 4
    slopes = jacobians(cell, xs, jnp.asarray(LENGTHS))
    assert slopes is not None
    assert slopes.shape[1] == LENGTHS.min() == lag
    _, before = unfold(cell, xs[row : row + 1, : length - lag], engine="plain")
    begun = flat(jax.tree.map(lambda leaf: leaf[0], before))
    whole = jax.jit(jax.jacfwd(lambda s: after(cell, s, xs[row, length - lag : length])))(begun)
    multiplied = [np.linalg.multi_dot(one) for one in slopes]
    np.testing.assert_allclose(multiplied[row], whole, rtol=1e-10, atol=1e-12)
    told = products(cell, xs, jnp.asarray(LENGTHS))
    assert told is not None
    with np.errstate(divide="ignore"):
        singular = np.log([np.linalg.svd(one, compute_uv=False) for one in multiplied]).mean(axis=0)
    # an LSTM's outputs pass on through its gates only: the smaller half of the values is as good as nothing
    np.testing.assert_allclose(told.log_singular[-1, :3], singular[:3], rtol=1e-8)
    np.testing.assert_allclose(told.exponent, singular[0] / lag, rtol=1e-10)


@pytest.mark.parametrize("scale", [0.5, 1.5])
def test_the_exponent_of_a_scaled_rotation_is_the_logarithm_of_its_scale(float64, scale):
    told = products(linear(scale), inputs(time=40), None, reverse=scale > 1)
    assert told is not None
    np.testing.assert_allclose(told.exponent, np.log(scale), rtol=1e-12)
    np.testing.assert_allclose([told.step_norm, told.step_radius, told.mean_radius], scale, rtol=1e-12)
    np.testing.assert_allclose(told.log_singular, np.log(scale) * told.lags[:, None] * np.ones(4), rtol=1e-10)


def test_products_beyond_the_range_of_numbers(float64):
    told = products(linear(1e-9), inputs(time=200), None)
    assert told is not None
    np.testing.assert_allclose(told.exponent, np.log(1e-9), rtol=1e-9)
    nothing = products(linear(0.0), inputs(), None)
    assert nothing is not None
    assert nothing.exponent == -np.inf


def test_a_segmented_cells_state_passes_between_tails():
    """Within a segment the segment cell's state is kept, and the symbol cell's is forgotten at a head."""
    a, b = keys(2)
    cell = Segmented(Elman(3, 2, key=a), Elman(2, 3, key=b), 3)
    slopes = jacobians(cell, inputs(), jnp.asarray([6, 6, 6]))
    assert slopes is not None
    last, before, head = slopes[0, :3]  # a tail, the step before, the head of the segment
    np.testing.assert_array_equal(before[2:, 2:], np.eye(3))
    np.testing.assert_array_equal(head[:2], 0)
    assert np.abs(last[2:, :2]).min() > 0


def test_states_too_large_for_a_jacobian_are_left_out(monkeypatch):
    monkeypatch.setattr(engine, "ENTRIES", 15)
    assert products(Elman(3, 4, key=keys(1)[0]), inputs(), None) is None
    monkeypatch.setattr(engine, "ENTRIES", 16 * 4)
    slopes = jacobians(Elman(3, 4, key=keys(1)[0]), inputs(), None)
    assert slopes is not None
    assert slopes.shape == (3, 1, 4, 4)


WEIGHTS = np.array([[0.5, -1.5], [2.0, 0.25]])


@pytest.mark.parametrize(
    "make, leak",
    [
        (lambda: Elman(3, 2, squashing="logistic", key=keys(1)[0]), 1.0),
        (lambda: FullyRecurrent(3, 2, squashing="logistic", key=keys(1)[0]), 1.0),
        (lambda: LeakyESN(3, 2, squashing="logistic", leak=0.4, connections=None, key=keys(1)[0]), 0.4),
        (lambda: Hierarchical(3, 2, squashing="logistic", scales=(2,), key=keys(1)[0]), 0.5),
    ],
)
def test_bounds_by_hand(float64, make, leak):
    cell = make()
    frozen = isinstance(cell, LeakyESN)
    weights = jnp.asarray(WEIGHTS)
    cell = with_part(
        cell, "recurrent_weights", with_part(cell.recurrent_weights, "value", weights) if frozen else weights
    )
    told = bound(cell)
    assert told is not None
    np.testing.assert_allclose(told.row_sum, (1 - leak) + leak * 0.25 * 2.25, rtol=1e-12)
    np.testing.assert_allclose(told.spectral, (1 - leak) + leak * 0.25 * np.linalg.norm(WEIGHTS, 2), rtol=1e-12)
    measured = products(cell, inputs(), None)
    assert measured is not None
    assert measured.step_norm <= told.spectral
    radius = spectral_radii(cell)["recurrent weights"]
    np.testing.assert_allclose(radius, np.abs(np.linalg.eigvals(WEIGHTS)).max(), rtol=1e-12)


def test_spectral_radii_of_each_block():
    for cell, names in (
        (LSTM(3, 2, key=keys(1)[0]), ["input gate", "forget gate", "output gate", "cells"]),
        (GRU(3, 2, key=keys(1)[0]), ["update gate", "reset gate", "candidate"]),
        (MinimalGated(3, 2, key=keys(1)[0]), ["forget gate", "candidate"]),
        (SecondOrder(3, 2, key=keys(1)[0]), []),
    ):
        assert list(spectral_radii(cell)) == names
        assert bound(cell) is None
    lstm = LSTM(3, 2, key=keys(1)[0])
    cells = np.asarray(lstm.recurrent_weights)[6:]
    assert spectral_radii(lstm)["cells"] == pytest.approx(np.abs(np.linalg.eigvals(cells)).max(), rel=1e-6)
