"""Small networks of a population, walked side by side: each has the values and gradients of the plain scan."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from seldom import all_but
from table_of_cells import FLAT, INPUTS, UNITS, assert_close, inputs, probe, start, states

from mnemon import kernels
from mnemon.cells import LSTM, Elman
from mnemon.layers import no_nudge, unfold

pytestmark = pytest.mark.skipif(kernels.why_not() is not None, reason=f"no native engine: {kernels.why_not()}")
# One cell of each point-wise step, and of its switches.
CELLS = ["Elman logistic", "GRU", "LSTM forget", "LSTM peephole", "LSTM coupled", "LSTM full gates"]
LENGTHS = np.array([7, 7, 1, 2, 3, 4, 5, 6, 0])
LONG = np.array([40, 40, 1, 17, 33, 4, 25, 39, 0])  # more steps than are taken together
MEMBERS = 19  # some vectors, the last of them not full


def make(name, seed):
    key = jax.random.key(seed)
    if name == "LSTM full gates":  # the table has it with two cells a block only, which is walked otherwise
        return LSTM(INPUTS, UNITS, variant="full-gates", initialiser=start, key=key)
    return FLAT[name](key)


def stacked(values):
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *values)


def population(name, ends=LENGTHS):
    """Cells, and each one's own inputs, start states and lengths: nine sequences are more than a strip of them."""
    cells = [make(name, seed) for seed in range(MEMBERS)]
    random = np.random.default_rng(0)
    lengths = jnp.asarray(np.stack([random.permutation(ends) for _ in cells]))
    arrays, rest = eqx.partition(cells[0], eqx.is_array)
    arrays = stacked([eqx.filter(cell, eqx.is_array) for cell in cells])
    xs = stacked([inputs(cell, (9, ends.max())) + k for k, cell in enumerate(cells)])
    return (arrays, xs, stacked([states(cell, (9,)) for cell in cells])), rest, lengths


def answers(parts, rest, lengths, engine, **how):
    """Of each member: outputs, final states, and a probe's gradients by weights, inputs and start states."""

    def one(parts, lengths):
        def loss(moving):
            arrays, xs, state = eqx.combine(moving, fixed)
            seen = unfold(eqx.combine(arrays, rest), xs, state=state, lengths=lengths, engine=engine, **how)
            return probe(seen), seen

        moving, fixed = eqx.partition(parts, eqx.is_inexact_array)
        (_, seen), slopes = jax.value_and_grad(loss, has_aux=True)(moving)
        return seen, slopes

    return jax.vmap(one, in_axes=(0, None if lengths is None else 0))(parts, lengths)


@pytest.mark.parametrize(
    "ends, how",
    [(LENGTHS, {"reverse": True}), (LENGTHS, {"truncate": 2}), (LONG, {"reverse": True}), (LONG, {"truncate": 21})],
    ids=lambda value: str(value) if isinstance(value, dict) else f"{value.max()} steps",
)
@pytest.mark.parametrize("name", all_but(["Elman logistic", "LSTM full gates"], CELLS))
def test_side_by_side_is_the_plain_scan(name, ends, how, float64):
    """Lengths differ within a batch and from member to member, down to none."""
    parts, rest, lengths = population(name, ends)
    both = jax.jit(lambda *given: [answers(given[0], rest, given[1], engine, **how) for engine in ("native", "plain")])
    native, plain = both(parts, lengths)
    assert_close(native, plain)


@pytest.mark.parametrize("name", all_but(["GRU", "LSTM peephole"], CELLS))
def test_side_by_side_says_the_errors_of_all_states(name, float64):
    (arrays, xs, state), rest, lengths = population(name)

    def errors(engine, arrays, xs, state, lengths):
        cell = eqx.combine(arrays, rest)

        def loss(nudge):
            return probe(unfold(cell, xs, state=state, lengths=lengths, reverse=True, nudge=nudge, engine=engine))

        return jax.grad(loss)(no_nudge(cell, (9,), 7))

    both = jax.jit(lambda *given: [jax.vmap(partial(errors, engine))(*given) for engine in ("native", "plain")])
    native, plain = both(arrays, xs, state, lengths)
    assert_close(native, plain)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("kind", [Elman, LSTM])
def test_symbols_are_looked_up_for_each_member(kind, shared, float64):
    """Codes are the one-hot vectors they stand for, also where they are no input's number, and where all share them."""
    random = np.random.default_rng(0)
    cells = eqx.filter_vmap(lambda key: kind(19, 5, key=key))(jax.random.split(jax.random.key(0), MEMBERS))
    arrays, rest = eqx.partition(jax.tree.map(lambda leaf: leaf.astype(float), cells), eqx.is_array)
    codes = jnp.asarray(random.integers(-1, 21, (3, 70) if shared else (MEMBERS, 3, 70)))

    def slopes(xs):
        def loss(arrays, xs):
            return probe(unfold(eqx.combine(arrays, rest), xs, engine="native"))

        return jax.jit(jax.vmap(jax.value_and_grad(loss), in_axes=(0, None if shared else 0)))(arrays, xs)

    assert_close(slopes(codes), slopes(jax.nn.one_hot(codes, 19, dtype=float)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_member_does_not_know_who_stands_beside_it(dtype):
    """Bit for bit, even beside networks whose numbers are none; 19 are no whole number of vectors."""
    with jax.enable_x64(True):
        random = np.random.default_rng(0)
        xs = jnp.asarray(random.normal(size=(2, 5, 4)), dtype)
        cells = eqx.filter_vmap(lambda key: LSTM(4, 6, key=key))(jax.random.split(jax.random.key(0), 19))
        arrays, rest = eqx.partition(jax.tree.map(lambda leaf: leaf.astype(dtype), cells), eqx.is_array)
        slopes = jax.jit(jax.vmap(jax.grad(lambda a: unfold(eqx.combine(a, rest), xs, engine="native")[0].sum())))
        others = jnp.arange(19) % 3 > 0
        strange = jax.tree.map(
            lambda leaf: jnp.where(others.reshape(-1, *(1,) * (leaf.ndim - 1)), jnp.full_like(leaf, jnp.nan), leaf),
            arrays,
        )
        for a, b in zip(jax.tree.leaves(slopes(arrays)), jax.tree.leaves(slopes(strange))):
            np.testing.assert_array_equal(a[~others], b[~others])
            assert np.isfinite(a).all()


def test_one_that_is_trained_in_a_population_is_not_far_from_itself_alone():
    """In float32: side by side, and by itself, a network's gradients differ by rounding."""
    xs = jnp.asarray(np.random.default_rng(0).normal(size=(4, 30, 5)), jnp.float32)
    cells = eqx.filter_vmap(lambda key: Elman(5, 10, key=key))(jax.random.split(jax.random.key(0), 20))
    arrays, rest = eqx.partition(cells, eqx.is_array)
    slope = jax.jit(jax.grad(lambda a: unfold(eqx.combine(a, rest), xs, engine="native")[0].sum()))
    together = jax.vmap(slope)(arrays)
    for k in range(0, 20, 6):
        alone = slope(jax.tree.map(lambda leaf: leaf[k], arrays))  # noqa: B023
        for a, b in zip(jax.tree.leaves(together), jax.tree.leaves(alone)):
            np.testing.assert_allclose(a[k], b, rtol=1e-4, atol=1e-4)
