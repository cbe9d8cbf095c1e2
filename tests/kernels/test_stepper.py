"""A cell stepped by compiled code says what unfolding says."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from table_of_cells import FLAT, inputs, make

from mnemon import kernels
from mnemon.cells import LSTM
from mnemon.layers import unfold

pytestmark = pytest.mark.skipif(kernels.why_not() is not None, reason=f"no native engine: {kernels.why_not()}")
STANDARD = [name for name in FLAT if make(name).standard() is not None]


@pytest.mark.parametrize("name", STANDARD)
def test_stepping_equals_unfolding(name, float64):
    cell = make(name)
    xs = inputs(cell, (1, 6))
    expected, final = unfold(cell, xs, engine="plain")
    stepper = kernels.Stepper(cell.standard())
    got = np.stack([stepper.step(x) for x in np.asarray(xs)[0]])
    np.testing.assert_allclose(got, np.asarray(expected)[0], atol=1e-12)
    reached = cell.standard().leave(jnp.asarray(stepper.sources), jnp.asarray(stepper.cells))
    for a, b in zip(jax.tree.leaves(reached), jax.tree.leaves(final)):
        np.testing.assert_allclose(a, b[0], atol=1e-12)


def test_a_reset_begins_anew_and_float32_is_kept():
    cell = LSTM(3, 5, key=jax.random.key(0))
    stepper = kernels.Stepper(cell.standard())
    x = np.array([0.1, -0.2, 0.3])
    first = stepper.step(x)
    assert (stepper.step(x) != first).all()
    stepper.reset()
    np.testing.assert_array_equal(stepper.step(x), first)
    assert first.dtype == np.float32
    assert 0 < stepper.seconds(100) < 1


def test_an_input_of_another_size_is_refused():
    stepper = kernels.Stepper(LSTM(3, 5, key=jax.random.key(0)).standard())
    with pytest.raises(ValueError, match="reads 3 inputs"):
        stepper.step(np.zeros(4))
