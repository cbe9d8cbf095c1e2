"""The hoisted walk is the plain walk: outputs, final states and every gradient."""

import sys

import equinox as eqx
import jax.numpy as jnp
import pytest
from table_of_cells import CELLS, assert_close, inputs, living, make, probe, states

from mnemon.layers import unfold

WAYS = {
    "whole": {},
    "lengths": {"lengths": (5, 1, 3)},
    "reversed lengths": {"lengths": (5, 1, 3), "reverse": True},
    "truncated lengths": {"lengths": (5, 1, 3), "truncate": 2},
}


def run(parts, engine, lengths=None, **how):
    """Outputs, final state, and the gradients of a probe of both by cell, inputs and initial state."""

    def loss(parts):
        cell, xs, state = parts
        ends = None if lengths is None else jnp.asarray(lengths)
        outputs, final = unfold(cell, xs, state=state, lengths=ends, engine=engine, **how)
        seen = outputs if lengths is None else living(outputs, lengths)
        return probe((seen, final)), (outputs, final)

    (_, answer), gradients = eqx.filter_value_and_grad(loss, has_aux=True)(parts)
    return answer, gradients


@eqx.filter_jit
def both(parts, engine, **how):
    return run(parts, "plain", **how), run(parts, engine, **how)


@pytest.fixture
def batch_last(monkeypatch):
    """The layout of few units and a large batch, for every size."""
    walking = sys.modules["mnemon.layers.unfold"]
    monkeypatch.setattr(walking, "COLUMNS_MOST_UNITS", 100)
    monkeypatch.setattr(walking, "COLUMNS_LEAST_BATCH", 1)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", CELLS)
def test_hoisted_equals_plain(name, way, float64):
    cell = make(name)
    plain, hoisted = both((cell, inputs(cell, (3, 5)), states(cell, (3,))), "hoisted", **WAYS[way])
    assert_close(hoisted, plain)
