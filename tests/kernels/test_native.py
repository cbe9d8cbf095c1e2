"""The compiled library itself: squashing functions, instruction sets, and numbers that are none."""

import os
import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mnemon import kernels
from mnemon.cells import LSTM, Elman
from mnemon.layers import unfold

pytestmark = pytest.mark.skipif(kernels.why_not() is not None, reason=f"no native engine: {kernels.why_not()}")

EXACT = {
    "tanh": np.tanh,
    "logistic": lambda a: 1 / (1 + np.exp(-a)),
}


def squashed(name, values):
    """f(values), by a cell whose drive is its input."""
    cell = Elman(1, 1, squashing=name, bias=False, key=jax.random.key(0))
    cell = jax.tree.map(lambda leaf: jnp.zeros_like(leaf, dtype=values.dtype), cell)
    cell = eqx.tree_at(lambda c: c.input_weights, cell, jnp.ones((1, 1), values.dtype))
    return np.asarray(unfold(cell, jnp.asarray(values)[:, None, None], engine="native")[0])[:, 0, 0]


@pytest.mark.parametrize("dtype, most", [(np.float32, 3), (np.float64, 3)])
@pytest.mark.parametrize("name", EXACT)
def test_squashing_functions_err_by_few_units_in_the_last_place(name, dtype, most):
    """Over the whole range, small arguments included, against a wider type."""
    with jax.enable_x64(True):
        size = np.geomspace(1e-30 if dtype == np.float32 else 1e-200, 80, 40_001)
        values = np.concatenate([-size, size, np.linspace(-20, 20, 40_001)]).astype(dtype)
        exact = EXACT[name](values.astype(np.longdouble))
        error = abs(squashed(name, values) - exact) / np.spacing(abs(exact).astype(dtype))
        assert error.max() <= most


def test_what_is_not_a_number_stays_visible():
    for name in ("tanh", "logistic", "relu", "identity"):
        assert np.isnan(squashed(name, np.array([np.nan], np.float32))).all()


def test_saturated_units_say_their_limits():
    got = squashed("logistic", np.array([-1e30, 1e30, -np.inf, np.inf], np.float32))
    np.testing.assert_allclose(got, [0, 1, 0, 1], atol=1e-37)
    np.testing.assert_allclose(squashed("tanh", np.array([-np.inf, 1e30], np.float32)), [-1, 1])


def test_twice_the_same_is_the_same_bit_for_bit():
    cell = LSTM(20, 40, key=jax.random.key(0))
    xs = jnp.asarray(np.random.default_rng(0).normal(size=(32, 30, 20)), jnp.float32)
    gradient = jax.jit(jax.grad(lambda w: unfold(w, xs, engine="native")[0].sum(), allow_int=True))
    for a, b in zip(jax.tree.leaves(gradient(cell)), jax.tree.leaves(gradient(cell))):
        np.testing.assert_array_equal(a, b)


PROBE = """
import equinox as eqx, jax, jax.numpy as jnp, numpy as np
from mnemon import kernels
from mnemon.cells import GRU, LSTM, Elman
from mnemon.layers import unfold
jax.config.update("jax_enable_x64", True)
xs = jnp.asarray(np.random.default_rng(0).normal(size=(9, 6, 5)))
lengths = jnp.asarray([6, 6, 0, 1, 5, 2, 4, 3, 6])
for kind in (Elman, GRU, LSTM):
    for dtype, close in ((jnp.float64, 1e-12), (jnp.float32, 1e-4)):
        cell = jax.tree.map(lambda leaf: leaf.astype(dtype), kind(5, 19, key=jax.random.key(0)))
        def slope(cell, engine):
            return unfold(cell, xs.astype(dtype), lengths=lengths, engine=engine)[0].sum()
        native, plain = (jax.value_and_grad(slope)(cell, e) for e in ("native", "plain"))
        for a, b in zip(jax.tree.leaves(native), jax.tree.leaves(plain)):
            np.testing.assert_allclose(a, b, rtol=close, atol=close)
def slopes(arrays, engine):
    total = lambda a: unfold(eqx.combine(a, rest), xs, lengths=lengths, engine=engine)[0].sum()
    return jax.vmap(jax.grad(total))(arrays)
for kind in (Elman, GRU, LSTM):
    members = eqx.filter_vmap(lambda key: kind(5, 2, key=key))(jax.random.split(jax.random.key(0), 22))
    arrays, rest = eqx.partition(jax.tree.map(lambda leaf: leaf.astype(float), members), eqx.is_array)
    for a, b in zip(jax.tree.leaves(slopes(arrays, "native")), jax.tree.leaves(slopes(arrays, "plain"))):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
print(kernels.instruction_set())
"""


@pytest.mark.parametrize("narrower, name", [("avx2", "AVX2"), ("plain", "plain")])
@pytest.mark.slow
def test_narrower_instruction_sets_compute_the_same(narrower, name):
    if narrower == "avx2" and kernels.instruction_set() == "plain":
        pytest.skip("this processor has no AVX2")
    run = subprocess.run(
        [sys.executable, "-c", PROBE], capture_output=True, text=True, env={**os.environ, "MNEMON_KERNEL_ISA": narrower}
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == name


def test_it_can_be_switched_off():
    code = "from mnemon import kernels; print(kernels.why_not())"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "MNEMON_KERNELS": "0"}
    )
    assert run.stdout.strip() == "MNEMON_KERNELS=0 switches it off", run.stderr
