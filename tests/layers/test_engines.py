"""The hoisted walk is the plain walk, in either layout of the batch: outputs, final states and every gradient."""

import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from table_of_cells import CELLS, assert_close, inputs, living, make, probe, states

from mnemon.layers import unfold

BACKWARDS = {"lengths": (5, 1, 3), "reverse": True}
FEW = ["Elman tanh", "LSTM peephole, 2 a block", "GRU in LSTM, boundaries"]


def run(parts, engine, lengths=None, **how):
    """A probe of outputs and final state, both, and the probe's gradients by cell, inputs and initial state."""

    def loss(parts):
        cell, xs, state = parts
        ends = None if lengths is None else jnp.asarray(lengths)
        outputs, final = unfold(cell, xs, state=state, lengths=ends, engine=engine, **how)
        seen = outputs if lengths is None else living(outputs, lengths)
        return probe((seen, final)), (outputs, final)

    (value, answer), gradients = eqx.filter_value_and_grad(loss, has_aux=True)(parts)
    return value, answer, gradients


def parts_of(name, seed=0):
    cell = make(name, seed)
    return cell, inputs(cell, (3, 5)), states(cell, (3,))


@eqx.filter_jit
def both(parts, engine, **how):
    return run(parts, "plain", **how), run(parts, engine, **how)


@pytest.mark.parametrize("name", CELLS)
def test_hoisted_equals_plain_equals_finite_differences(name, float64):
    """All outputs, states and gradients; and along random directions, the slopes by central differences."""
    parts = parts_of(name)
    plain, hoisted = both(parts, "hoisted", **BACKWARDS)
    assert_close(hoisted, plain)

    moving, fixed = eqx.partition(parts, eqx.is_inexact_array)
    leaves, structure = jax.tree.flatten(moving)
    slopes, random = jax.tree.leaves(plain[2]), np.random.default_rng(0)
    for _ in range(3):
        way = [random.normal(size=leaf.shape) for leaf in leaves]

        def moved(step, way=way):
            there = jax.tree.unflatten(structure, [leaf + step * w for leaf, w in zip(leaves, way)])
            return both(eqx.combine(there, fixed), "hoisted", **BACKWARDS)[1][0]

        slope = sum((np.asarray(s) * w).sum() for s, w in zip(slopes, way))
        assert abs(slope) > 1e-2
        assert_close((moved(1e-5) - moved(-1e-5)) / 2e-5, slope, 1e-8)


@pytest.mark.parametrize("name", FEW)
def test_auto_equals_plain_with_errors_cut(name, float64):
    plain, auto = both(parts_of(name), "auto", lengths=(5, 1, 3), truncate=2)
    assert_close(auto, plain)


@pytest.mark.parametrize("name", FEW)
def test_the_batch_may_stand_last(name, float64, monkeypatch):
    parts = parts_of(name)
    batch_first, _ = both(parts, "hoisted", **BACKWARDS)
    walking = sys.modules["mnemon.layers.unfold"]  # the package's attribute of this name is the function
    monkeypatch.setattr(walking, "COLUMNS_MOST_UNITS", 100)
    monkeypatch.setattr(walking, "COLUMNS_LEAST_BATCH", 1)
    for batch_last in eqx.filter_jit(lambda parts: both(parts, "hoisted", **BACKWARDS))(parts):
        assert_close(batch_last, batch_first)


@pytest.mark.parametrize("name", FEW[:2])
def test_a_population_is_its_members(name, float64):
    """Vmapped over cells, the hoisted walk gives each cell's own answers and gradients."""
    members = [parts_of(name, seed) for seed in range(3)]
    run_one = eqx.filter_jit(lambda parts: run(parts, "auto", lengths=(5, 1, 3)))
    arrays = [eqx.partition(member, eqx.is_array) for member in members]
    together = jax.tree.map(lambda *leaves: jnp.stack(leaves), *(a for a, _ in arrays))
    answers = eqx.filter_jit(eqx.filter_vmap(run_one))(eqx.combine(together, arrays[0][1]))
    for k, member in enumerate(members):
        assert_close(jax.tree.map(lambda leaf: leaf[k], answers), run_one(member))  # noqa: B023


def test_the_plain_walk_differentiates_in_every_way(float64):
    """Forward over reverse over the plain walk: a Hessian, symmetric and not zero."""
    cell, xs, state = parts_of("Elman tanh")

    @jax.jit
    @jax.hessian
    def hessian(bias):
        return probe(unfold(eqx.tree_at(lambda c: c.bias, cell, bias), xs, state=state, engine="plain"))

    curvature = hessian(cell.bias)
    assert abs(curvature).min() > 1e-3
    assert_close(curvature, curvature.T)
