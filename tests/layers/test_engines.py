"""The hoisted and the native walk are the plain walk: outputs, final states and every gradient."""

import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from seldom import all_but
from table_of_cells import CELLS, FLAT, assert_close, inputs, living, make, probe, states

from mnemon import kernels
from mnemon.cells import GRU, LSTM, Elman
from mnemon.errors import InvalidInput
from mnemon.layers import Network, Readout, Segmented, no_nudge, unfold

BACKWARDS = {"lengths": (5, 1, 3), "reverse": True}
FEW = ["Elman tanh", "LSTM peephole, 2 a block", "GRU in LSTM, boundaries"]
STANDARD = [name for name in FLAT if make(name).standard() is not None]
native = pytest.mark.skipif(kernels.why_not() is not None, reason=f"no native engine: {kernels.why_not()}")


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


ENGINES = [
    *(pytest.param(name, "hoisted", marks=() if name in FEW else pytest.mark.slow) for name in CELLS),
    *(pytest.param(name, "native", marks=native) for name in STANDARD),
]


@pytest.mark.parametrize("name, engine", ENGINES)
def test_an_engine_equals_plain_equals_finite_differences(name, engine, float64):
    """All outputs, states and gradients; and along random directions, the slopes by central differences."""
    parts = parts_of(name)
    plain, other = both(parts, engine, **BACKWARDS)
    assert_close(other, plain)

    moving, fixed = eqx.partition(parts, eqx.is_inexact_array)
    leaves, structure = jax.tree.flatten(moving)
    slopes, random = jax.tree.leaves(plain[2]), np.random.default_rng(0)
    for _ in range(3):
        way = [random.normal(size=leaf.shape) for leaf in leaves]

        def moved(step, way=way):
            there = jax.tree.unflatten(structure, [leaf + step * w for leaf, w in zip(leaves, way)])
            return both(eqx.combine(there, fixed), engine, **BACKWARDS)[1][0]

        slope = sum((np.asarray(s) * w).sum() for s, w in zip(slopes, way))
        assert abs(slope) > 1e-2
        assert_close((moved(1e-5) - moved(-1e-5)) / 2e-5, slope, 1e-8)


@native
@pytest.mark.parametrize("name", all_but(["Elman tanh", "GRU", "LSTM peephole"], STANDARD))
def test_the_native_engine_says_the_errors_of_all_states(name, float64):
    """By nudges, beside the gradient of the weights; backwards with unequal lengths, and with errors cut."""
    cell, xs, state = parts_of(name)

    @jax.jit
    def errors(nudge):
        def loss(moving, nudge, engine, how):
            cell = eqx.combine(moving, fixed)
            seen = unfold(cell, xs, state=state, lengths=jnp.asarray([5, 0, 3]), nudge=nudge, engine=engine, **how)
            return probe(seen)

        moving, fixed = eqx.partition(cell, eqx.is_inexact_array)
        slope = jax.grad(loss, (0, 1))
        ways = ({"reverse": True}, {"truncate": 2})
        return [[slope(moving, nudge, engine, how) for how in ways] for engine in ("native", "plain")]

    native, plain = errors(no_nudge(cell, (3,), 5))
    assert_close(native, plain)
    for _, nudge in native:
        assert all(np.abs(leaf[0]).max() > 1e-3 and not leaf[1].any() for leaf in jax.tree.leaves(nudge))


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


@native
@pytest.mark.parametrize("name", ["Elman tanh", "GRU", "LSTM 1997", "LSTM peephole"])
@pytest.mark.parametrize("how", [{}, {"truncate": 2}, {"lengths": (7, 7, 1, 2, 3, 4, 5, 6, 0)}], ids=str)
def test_native_equals_plain_for_a_batch_that_is_cut(name, how, float64):
    """Nine sequences are walked in parts; all of one length, truncated, or of any length down to none."""
    cell = make(name)
    parts = cell, inputs(cell, (9, 7)), states(cell, (9,))
    plain, other = both(parts, "native", **how)
    assert_close(other, plain)


@native
@pytest.mark.parametrize("units", [1, 17, 70])
@pytest.mark.parametrize("kind", [Elman, LSTM])
def test_native_equals_plain_at_any_size(kind, units, float64):
    cell = kind(33, units, key=jax.random.key(0))
    parts = cell, inputs(cell, (5, 4)), states(cell, (5,))
    plain, other = both(parts, "native")
    assert_close(other, plain)


@pytest.mark.slow
@native
@pytest.mark.parametrize("kind", [GRU, LSTM])
@pytest.mark.parametrize("lengths", [None, (9, 0, 4)])
def test_native_equals_plain_where_threads_share_the_units(kind, lengths, float64):
    """Large weights and few sequences: every step is taken by all threads together."""
    cell = kind(3, 192, key=jax.random.key(0))
    parts = cell, inputs(cell, (3, 9)), states(cell, (3,))
    plain, other = both(parts, "native", lengths=lengths, truncate=4)
    assert_close(other, plain)


@native
def test_an_own_start_and_none_are_the_same_where_it_is_zero(float64):
    cell, xs, state = parts_of("LSTM forget")
    zeros = jax.tree.map(jnp.zeros_like, state)
    assert_close(unfold(cell, xs, engine="native"), unfold(cell, xs, state=zeros, engine="native"))


@native
def test_what_members_share_is_shared(float64):
    """Members with inputs or weights in common answer as each does alone, and so do members of members."""
    cells = [make("LSTM forget", seed) for seed in range(6)]
    arrays = [eqx.partition(cell, eqx.is_array) for cell in cells]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves).reshape(3, 2, *leaves[0].shape), *(a for a, _ in arrays))
    xs = inputs(cells[0], (4, 3, 5))

    def slope(weights, xs):
        return jax.grad(lambda w: probe(unfold(eqx.combine(w, arrays[0][1]), xs, engine="native")))(weights)

    nested = jax.jit(jax.vmap(jax.vmap(slope, (0, None)), (0, None)))(stacked, xs[0])
    one = jax.jit(slope)
    for k, (weights, _) in enumerate(arrays):
        assert_close(jax.tree.map(lambda leaf: leaf[k // 2, k % 2], nested), one(weights, xs[0]))  # noqa: B023
    shared = jax.jit(jax.vmap(slope, (None, 0)))(arrays[0][0], xs)
    for k in range(4):
        assert_close(jax.tree.map(lambda leaf: leaf[k], shared), one(arrays[0][0], xs[k]))  # noqa: B023


@native
def test_a_pullback_may_be_mapped(float64):
    """Jacobians map the backward walk alone."""
    cell, xs, state = parts_of("GRU")

    def last(bias, engine):
        there = eqx.tree_at(lambda c: c.bias, cell, bias)
        return unfold(there, xs, state=state, engine=engine)[1]

    got, expected = (jax.jit(jax.jacrev(lambda b, e=e: last(b, e)))(cell.bias) for e in ("native", "plain"))
    assert_close(got, expected)


@native
def test_what_the_native_engine_cannot_do_is_said():
    cell = make("LSTM projection")
    with pytest.raises(InvalidInput, match="LSTM has no standard form"):
        unfold(cell, inputs(cell, (2, 3)), engine="native")


def test_a_subclass_with_a_step_of_its_own_has_no_standard_form():
    class Other(Elman):
        def step(self, state, drive):
            return 2 * super().step(state, drive)

    assert Other(2, 3, key=jax.random.key(0)).standard() is None
    assert Elman(2, 3, key=jax.random.key(0)).standard() is not None


@native
@pytest.mark.parametrize("how", [{}, BACKWARDS, {"lengths": (5, 1, 3), "truncate": 2}], ids=["whole", "back", "cut"])
@pytest.mark.parametrize("name", all_but(["Elman tanh", "GRU", "LSTM peephole"], STANDARD))
def test_codes_of_symbols_are_looked_up(name, how, float64):
    """As if they had been spelt one-hot; what is no symbol is spelt as zeros."""
    cell, _, start = parts_of(name)
    codes = jnp.asarray(np.random.default_rng(1).integers(-1, cell.input_size + 1, (3, 5)))
    spelt = jax.nn.one_hot(codes, cell.input_size)
    lengths = how.get("lengths")

    @eqx.filter_jit
    def both(cell, start):
        def loss(parts, xs, engine):
            ends = None if lengths is None else jnp.asarray(lengths)
            rest = {key: value for key, value in how.items() if key != "lengths"}
            outputs, final = unfold(parts[0], xs, state=parts[1], lengths=ends, engine=engine, **rest)
            return probe((outputs if lengths is None else living(outputs, lengths), final)), outputs

        slopes = eqx.filter_value_and_grad(loss, has_aux=True)
        return [slopes((cell, start), *way) for way in ((spelt, "plain"), (codes, "native"), (codes, "plain"))]

    plain, *others = both(cell, start)
    for other in others:
        assert_close(other, plain)


@native
def test_networks_hand_codes_to_cells_that_look_them_up(float64, monkeypatch):
    """A population of segmented networks on symbols: the same answers and gradients with the codes as spelt out."""
    stacked = eqx.filter_vmap(
        lambda key: Network(Segmented(Elman(6, 4, key=key), Elman(4, 3, key=key), 2), Readout(3, 1, key=key))
    )(jax.random.split(jax.random.key(0), 5))
    codes = jnp.asarray(np.random.default_rng(1).integers(0, 6, (5, 3, 7)))
    lengths = jnp.asarray([7, 1, 4])

    def answers(stacked):
        return eqx.filter_vmap(lambda network, codes: network(codes, lengths).at_end())(stacked, codes)

    def slopes():
        return eqx.filter_jit(eqx.filter_value_and_grad(lambda s: probe(answers(s))))(stacked)

    seen = []
    walk = kernels.walk
    monkeypatch.setattr(
        kernels, "walk", lambda form, xs, *rest, **how: seen.append(xs.dtype) or walk(form, xs, *rest, **how)
    )
    got = slopes()
    assert [dtype.kind for dtype in seen] == ["i", "f"]
    monkeypatch.setattr(kernels, "why_not", lambda: "a test")
    assert_close(got, slopes())
