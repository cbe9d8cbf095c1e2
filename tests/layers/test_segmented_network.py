"""A network of two levels of different sizes is the published one, weight for weight."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mnemon.cells import Elman, uniform, zeros
from mnemon.errors import InvalidInput
from mnemon.layers import SegmentedNetwork

# Units of both levels and segment length of each emotion's network, and its weights with 13 inputs and one output.
PUBLISHED = {
    "anger": (28, 8, 17, 1444),
    "boredom": (19, 8, 14, 832),
    "disgust": (22, 14, 8, 1288),
    "fear": (17, 17, 7, 1105),
    "joy": (19, 29, 2, 2029),
    "neutral": (8, 26, 19, 1078),
    "sadness": (13, 13, 11, 689),
}


@pytest.mark.parametrize("emotion", PUBLISHED)
def test_weights_are_those_of_the_publication(emotion):
    *sizes, weights = PUBLISHED[emotion]
    made = SegmentedNetwork(*sizes, bias=False, initialiser=zeros)(13, 1, key=jax.random.key(0))
    assert made.weight_count() == weights
    symbol_units, segment_units, length = sizes
    cell = made.layers.layers[0].cell
    assert (cell.symbol.output_size, cell.segment.output_size, cell.length) == (symbol_units, segment_units, length)
    more = SegmentedNetwork(*sizes, initialiser=zeros)(13, 2, key=jax.random.key(0))
    assert more.weight_count() == weights + symbol_units + segment_units + segment_units + 2


def by_hand(network, xs):
    """The published equations, a step at a time; the sequence's end is a tail."""
    cell = network.layers.layers[0].cell
    (wxu, wxx), (wyx, wyy) = (
        (np.asarray(one.input_weights), np.asarray(one.recurrent_weights)) for one in (cell.symbol, cell.segment)
    )
    x, y = np.zeros(len(wxx)), np.zeros(len(wyy))
    for t, u in enumerate(xs):
        x = 1 / (1 + np.exp(-(wxx @ (x if t % cell.length else 0 * x) + wxu @ u)))
        if (t + 1) % cell.length == 0 or t == len(xs) - 1:
            y = 1 / (1 + np.exp(-(wyy @ y + wyx @ x)))
    return np.asarray(network.readout.weights) @ y


def test_it_is_the_published_equations(float64):
    make = SegmentedNetwork(3, 2, 4, squashing="logistic", bias=False, initialiser=uniform(1.0))
    network = make(2, 2, key=jax.random.key(1))
    xs = np.random.default_rng(0).normal(size=(1, 10, 2))
    np.testing.assert_allclose(network(jnp.asarray(xs)).values[0], by_hand(network, xs[0]), rtol=1e-12)


def test_a_cell_by_name_or_as_a_function():
    named = SegmentedNetwork(3, 2, 4)(2, 2, key=jax.random.key(1))
    made = SegmentedNetwork(3, 2, 4, cell=functools.partial(Elman, squashing="tanh"))(2, 2, key=jax.random.key(1))
    for a, b in zip(jax.tree.leaves(named), jax.tree.leaves(made), strict=True):
        np.testing.assert_array_equal(a, b)
    assert SegmentedNetwork(3, 2, 4, cell="lstm", dropout=0.2)(2, 2, key=jax.random.key(1)).layers.dropout == 0.2


def test_mistakes():
    with pytest.raises(InvalidInput, match="length=0; expected at least 1"):
        SegmentedNetwork(3, 2, 0)
    with pytest.raises(InvalidInput, match="did you mean 'elman'"):
        SegmentedNetwork(3, 2, 4, cell="ellman")
