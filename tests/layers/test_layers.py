"""What layers hand on, and what they say of parts that do not fit."""

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest
from table_of_cells import assert_close, inputs
from table_of_layers import elman, gru, lstm

from mnemon.errors import InvalidInput, InvalidType
from mnemon.layers import Bidirectional, Mode, Recurrent, Segmented, Stack, unfold


def test_a_bidirectional_layer_is_its_two_halves_side_by_side(float64):
    forward, backward, xs, lengths = elman(), gru(), inputs(elman(), (3, 5)), jnp.array([5, 1, 3])
    both = eqx.filter_jit(Bidirectional(forward, backward))(xs, lengths)
    run = eqx.filter_jit(lambda cell, reverse: unfold(cell, xs, lengths=lengths, reverse=reverse, engine="plain"))
    (ahead, _), (back, final) = run(forward, False), run(backward, True)
    assert_close(both.outputs, jnp.concatenate([ahead, back], axis=-1))
    assert_close(both.last, jnp.concatenate([ahead[:, -1], final], axis=-1))
    assert_close(both.outputs[:, 0, 2:], final)


def test_the_segment_ends_are_those_of_the_uppermost_segmented_layer():
    stack = Stack(Segmented(elman(), elman(2), 2), Segmented(elman(2), elman(2), 3), elman(2))
    ends = eqx.filter_jit(lambda xs: stack(xs).ends)
    assert jnp.flatnonzero(ends(jnp.zeros((7, 3)))).tolist() == [2, 5, 6]
    assert Stack(elman())(jnp.zeros((7, 3))).ends is None


def test_a_mode_reaches_every_layer(float64):
    """With errors cut at each step, the first input does not reach the last output, through any layer."""
    stack = Stack(elman(), Recurrent(lstm(2)), Recurrent(gru(2)))
    xs = inputs(elman(), (4,))

    @jax.jit
    @jax.grad
    def slope(xs):
        return stack(xs, mode=Mode(truncate=1)).outputs[-1].sum()

    assert not slope(xs)[:-1].any()


def test_mistakes_are_told(unchecked):
    with pytest.raises(InvalidInput, match="cells take 3 and 2 inputs; they must agree"):
        Bidirectional(elman(), elman(2))
    with pytest.raises(InvalidInput, match="at least one layer"):
        Stack()
    with pytest.raises(InvalidInput, match=r"layer 0 \(Elman\) says 2 values, but layer 1 \(Recurrent\) takes 3"):
        Stack(elman(), Recurrent(gru()))
    with pytest.raises(InvalidType, match="takes layers and cells; got int"):
        Stack(elman(), 5)
