"""What `unfold` promises of batches, reversal, nudges, truncation and mistakes, whatever the cell."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from table_of_cells import assert_close, inputs, living, make, probe, states

from mnemon import kernels
from mnemon.errors import InvalidInput
from mnemon.layers import flip, no_nudge, unfold

LENGTHS = np.array([5, 1, 3])
native = pytest.mark.skipif(kernels.why_not() is not None, reason=f"no native engine: {kernels.why_not()}")


@pytest.mark.parametrize("name", ["LSTM peephole", "LSTM in GRU, length", "GRU in LSTM, boundaries"])
def test_batch_axes_are_only_axes(name, float64):
    """Two batch axes, one, and none: the same numbers."""
    cell = make(name)
    xs, lengths = inputs(cell, (2, 3, 5)), jnp.array([LENGTHS, [2, 4, 5]])
    run = eqx.filter_jit(lambda xs, lengths, state: unfold(cell, xs, lengths=lengths, state=state))
    state = states(cell, (2, 3))
    outputs, final = run(xs, lengths, state)
    flat_xs, flat_state = jax.tree.map(lambda leaf: leaf.reshape((6, *leaf.shape[2:])), (xs, state))
    flat = run(flat_xs, lengths.reshape(6), flat_state)
    assert_close(flat, jax.tree.map(lambda leaf: leaf.reshape((6, *leaf.shape[2:])), (outputs, final)))
    alone = run(*jax.tree.map(lambda leaf: leaf[1, 0], (xs, lengths, state)))
    assert_close(alone, jax.tree.map(lambda leaf: leaf[1, 0], (outputs, final)))


def test_flipping_twice_is_the_identity_and_padding_stays_in_place():
    xs = jnp.arange(30.0).reshape(3, 5, 2)
    lengths = jnp.asarray(LENGTHS)
    assert_close(flip(flip(xs, lengths), lengths), xs, 0)
    assert_close(flip(flip(xs, None), None), xs, 0)
    assert_close(flip(xs, lengths)[2], xs[2, jnp.array([2, 1, 0, 3, 4])], 0)


@pytest.mark.parametrize("name", ["GRU", "Elman in Elman, length"])
def test_a_reversed_run_is_a_run_over_reversed_sequences(name, float64):
    cell, lengths = make(name), jnp.asarray(LENGTHS)
    xs = inputs(cell, (3, 5))
    run = eqx.filter_jit(lambda xs, reverse: unfold(cell, xs, lengths=lengths, reverse=reverse))
    backwards, final = run(xs, True)
    ahead, expected = run(flip(xs, lengths), False)
    assert_close((backwards, final), (flip(ahead, lengths), expected))


def test_a_sequence_without_steps_keeps_its_state(float64):
    for name in ("LSTM forget", "GRU in LSTM, boundaries"):
        cell = make(name)
        state = states(cell, (2,))
        run = eqx.filter_jit(lambda cell, xs, state: unfold(cell, xs, state=state, lengths=jnp.array([0, 3])))
        _, final = run(cell, inputs(cell, (2, 3)), state)
        assert_close(*jax.tree.map(lambda leaf: leaf[0], (final, state)))


@pytest.mark.parametrize("name", ["Elman logistic", "LSTM peephole"])
def test_a_nudge_is_what_reaches_the_state(name, float64):
    """dE/dstate(t) by the nudge is dE/dstate by going on from that state."""
    cell, t = make(name), 2
    xs = inputs(cell, (5,))

    @jax.jit
    def by_nudge(nudge):
        return jax.grad(lambda nudge: probe(unfold(cell, xs, nudge=nudge)))(nudge)

    @jax.jit
    def by_going_on():
        said, state = unfold(cell, xs[: t + 1])

        def loss(state):
            rest, final = unfold(cell, xs[t + 1 :], state=state)
            return probe((jnp.concatenate([said[:t], cell.output(state)[None], rest]), final))

        return jax.grad(loss)(state)

    assert_close(jax.tree.map(lambda leaf: leaf[t], by_nudge(no_nudge(cell, (), 5))), by_going_on())


@pytest.mark.parametrize("engine", ["plain", "hoisted", pytest.param("native", marks=native)])
def test_nudges_sum_to_the_gradient_of_the_bias(engine, float64):
    """dE/db = sum over steps of f'(net) dE/dh, backwards and with unequal lengths too; nothing behind an end."""
    cell, lengths = make("Elman tanh"), jnp.asarray(LENGTHS)
    xs = inputs(cell, (3, 5))

    @jax.jit
    def gradients(bias, nudge):
        def loss(bias, nudge):
            moved = eqx.tree_at(lambda c: c.bias, cell, bias)
            outputs, final = unfold(moved, xs, lengths=lengths, reverse=True, nudge=nudge, engine=engine)
            return probe((living(outputs, LENGTHS), final)), outputs

        return jax.grad(loss, (0, 1), has_aux=True)(bias, nudge)

    (bias, nudge), outputs = gradients(cell.bias, no_nudge(cell, (3,), 5))
    assert_close(outputs, jax.jit(lambda xs: unfold(cell, xs, lengths=lengths, reverse=True)[0])(xs))
    assert_close((nudge * (1 - outputs**2)).sum((0, 1)), bias)
    behind = np.arange(5)[None] >= LENGTHS[:, None]
    assert not nudge[behind].any()
    assert (np.abs(nudge).max(-1) > 1e-4)[~behind].all()


@pytest.mark.parametrize("name", ["LSTM 1997", "Elman in Elman, length"])
def test_truncation_reaches_so_far_and_no_further(name, float64):
    """From the end of each sequence, errors reach `truncate` steps back; with enough steps, as far as ever."""
    cell = make(name)
    xs = inputs(cell, (3, 5))

    @jax.jit
    def reach(xs, start):
        def loss(xs, start, truncate):
            _, final = unfold(cell, xs, state=start, lengths=jnp.asarray(LENGTHS), truncate=truncate)
            return probe(final)

        slope = jax.grad(loss, (0, 1), allow_int=True)
        return [eqx.filter(slope(xs, start, h), eqx.is_inexact_array) for h in (None, 5, 2, 1)]

    whole, long, two, one = reach(xs, states(cell, (3,)))
    assert_close(long, whole)
    for (slope, start), h in ((two, 2), (one, 1)):
        ago = LENGTHS[:, None] - np.arange(5)[None]
        assert not np.asarray(slope)[(ago > h) | (ago < 1)].any()
        nearest = np.asarray(slope)[ago == 1]
        assert_close(nearest, np.asarray(whole[0])[ago == 1])
        assert np.abs(nearest).min() > 0
        reached = [np.abs(leaf).max(tuple(range(1, leaf.ndim))) for leaf in jax.tree.leaves(start)]
        assert not np.max(reached, axis=0)[h < LENGTHS].any()


def test_mistakes_are_told(unchecked):
    cell = make("GRU")
    xs = inputs(cell, (3, 5))
    with pytest.raises(InvalidInput, match="engine='hosted': did you mean 'hoisted'"):
        unfold(cell, xs, engine="hosted")
    with pytest.raises(InvalidInput, match="engine='native'"):
        unfold(cell, xs.astype(jnp.float16), engine="native")
