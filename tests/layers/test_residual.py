"""Residual connections by hand, with unequal lengths, backwards layers and dropout; and what has none."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from table_of_cells import as_float, assert_close
from table_of_layers import as_precise, convolution, elman, embedding, gru

from mnemon.errors import InvalidInput
from mnemon.layers import Pyramid, Recurrent, Stack

XS, LENGTHS = np.random.default_rng(0).normal(size=(2, 5, 3)), np.array([5, 2])


@eqx.filter_jit
def passed(layer, xs, key=None):
    return layer(xs, jnp.asarray(LENGTHS), key=key)


def test_inputs_are_added_where_sizes_agree(float64):
    """3 -> 3, 3 -> 2, 2 -> 2 and backwards 2 -> 2, a layer at a time."""
    layers = as_precise(
        (Recurrent(elman(3, 3)), Recurrent(gru()), Recurrent(elman(2)), Recurrent(gru(2), reverse=True))
    )
    xs = as_float(XS)
    expected, last = xs, as_float(XS[[0, 1], LENGTHS - 1])
    for layer in layers:
        said = passed(layer, expected)
        if layer.input_size == layer.output_size:
            said = said._replace(outputs=said.outputs + expected, last=said.last + last)
        expected, last = said.outputs, said.last
    whole = passed(Stack(*layers, residual=True), xs)
    alive = np.arange(5)[None] < LENGTHS[:, None]
    assert_close(np.asarray(whole.outputs)[alive], np.asarray(expected)[alive])
    assert_close(whole.last, last)


def test_dropout_leaves_the_connection_alone(float64):
    """With nearly all units silent, nearly all that is left is the input."""
    stack = as_precise(Stack(elman(3, 3), dropout=0.999, residual=True))
    xs = as_float(XS)
    outputs = passed(stack, xs, jax.random.key(0)).outputs
    assert_close(outputs[0], xs[0], 1e-6)


def test_what_has_no_residual_says_so():
    with pytest.raises(InvalidInput, match=r"layer 1 \(Pyramid\) changes the pace of time"):
        Stack(elman(3, 3), Pyramid(elman(6)), residual=True)
    with pytest.raises(InvalidInput, match=r"layer 0 \(Convolution\) changes the pace"):
        Stack(convolution(channels=3, stride=2), residual=True)
    with pytest.raises(InvalidInput, match=r"no layer has as many outputs as inputs \(Recurrent 3 -> 2\)"):
        Stack(elman(), residual=True)
    with pytest.raises(InvalidInput, match="no layer has as many outputs as inputs"):
        Stack(embedding(3, 3), residual=True)  # codes are no vectors
