"""Convolutions, pyramids, embeddings and normalisation against their equations, written out in NumPy."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from table_of_cells import as_float, assert_close, start
from table_of_layers import as_precise, convolution, elman, embedding, gru

from mnemon.errors import InvalidInput
from mnemon.layers import (
    Bidirectional,
    Convolution,
    Embedding,
    LayerNorm,
    Network,
    Pyramid,
    Readout,
    Recurrent,
    Segmented,
    Stack,
    Steps,
)

LENGTHS = (7, 1, 4)
XS = np.random.default_rng(0).normal(size=(3, 7, 3))


@eqx.filter_jit
def passed(layer, xs, lengths=None):
    return layer(xs, lengths)


def windows_by_hand(layer, x):
    """One sequence: an affine map of each window, its inputs outside the sequence zero."""
    weights = np.asarray(layer.weights).reshape(layer.output_size, layer.width, layer.input_size)
    said = []
    for centre in range(0, len(x), layer.stride):
        net = np.array(layer.bias)
        for j in range(layer.width):
            t = centre + j - layer.before
            net += weights[:, j] @ x[t] if 0 <= t < len(x) else 0
        said.append(np.tanh(net))
    return np.array(said)


@pytest.mark.parametrize("how", [{}, {"causal": True}, {"stride": 2}, {"width": 2, "stride": 3}])
def test_a_convolution_is_its_windows(how, float64):
    layer = as_precise(convolution(**how))
    passage = passed(layer, as_float(XS), jnp.asarray(LENGTHS))
    for k, length in enumerate(LENGTHS):
        expected = windows_by_hand(layer, XS[k, :length])
        assert_close(passage.outputs[k, : len(expected)], expected)
        assert_close(passage.last[k], expected[-1])
        assert passage.lengths[k] == len(expected)


def test_a_window_lies_about_its_step_or_before_it():
    assert [convolution(width=width).before for width in (1, 2, 3, 4, 5)] == [0, 0, 1, 1, 2]
    assert [convolution(width=width, causal=True).before for width in (1, 2, 5)] == [0, 1, 4]
    assert [
        convolution(**how).causal for how in ({"causal": True}, {"width": 1}, {}, {"causal": True, "stride": 2})
    ] == [
        True,
        True,
        False,
        False,
    ]


def test_a_pyramid_is_its_layer_over_inputs_side_by_side(float64):
    width = 3
    layer = as_precise(Pyramid(Bidirectional(elman(3 * width), gru(3 * width)), width))
    passage = passed(layer, as_float(XS), jnp.asarray(LENGTHS))
    for k, length in enumerate(LENGTHS):
        steps = -(-length // width)
        filled = np.zeros((steps * width, 3))
        filled[:length] = XS[k, :length]
        alone = passed(layer.layer, as_float(filled.reshape(steps, 3 * width)))
        assert_close(passage.outputs[k, :steps], alone.outputs)
        assert_close(passage.last[k], alone.last)
        assert passage.lengths[k] == steps


def test_a_pyramid_may_hold_a_cell_and_stand_on_another(float64):
    below, above = as_precise((elman(6), elman(4)))
    pyramid = Stack(Pyramid(below), Pyramid(above))
    xs = as_float(XS[0, :6])
    first = passed(Recurrent(below), xs.reshape(3, 6)).outputs
    second = passed(Recurrent(above), jnp.concatenate([first, jnp.zeros((1, 2))]).reshape(2, 4))
    passage = passed(pyramid, xs)
    assert_close((passage.outputs, passage.last), (second.outputs, second.last))


def test_segments_end_at_the_pace_of_the_uppermost_layer_that_changes_it(float64):
    segmented = as_precise(Segmented(elman(), elman(2), 2))
    xs, lengths = as_float(XS), jnp.asarray(LENGTHS)
    assert passed(Stack(segmented, Pyramid(elman(4))), xs, lengths).ends is None
    ends = passed(Stack(convolution(stride=2), Segmented(elman(2), elman(2), 3)), xs, lengths).ends
    assert np.asarray(ends).tolist() == [[0, 0, 1, 1], [1, 0, 0, 0], [0, 1, 0, 0]]


def test_an_embedding_is_the_row_of_the_symbol(float64):
    layer = as_precise(embedding())
    codes = np.array([[0, 2, 1, 1], [2, 0, 7, -1]])
    table = np.concatenate([layer.table, np.zeros((1, 2))])
    expected = table[np.where((codes < 0) | (codes > 2), 3, codes)]
    by_code = passed(layer, jnp.asarray(codes))
    assert_close((by_code.outputs, by_code.last), (expected, expected[:, -1]))
    assert_close(passed(layer, jax.nn.one_hot(codes, 3, dtype=float)), by_code)
    mixed = as_float([[0.25, 0.0, 0.75]])
    assert_close(passed(layer, mixed).outputs, np.asarray(mixed) @ np.asarray(layer.table))


def test_codes_and_rows_teach_an_embedding_the_same(float64):
    """Through a network, at unequal lengths; and a code behind the end teaches nothing."""
    network = Network(Stack(embedding(), gru(2)), Readout(2, 2, initialiser=start, key=jax.random.key(0)))
    network = as_precise(network)
    codes, lengths = jnp.asarray([[0, 2, 1, 1], [1, 0, 2, 2]]), jnp.asarray([4, 2])

    @eqx.filter_jit
    @eqx.filter_grad
    def slope(network, xs):
        return (network(xs, lengths).values ** 2).sum()

    by_code = slope(network, codes)
    assert_close(slope(network, jax.nn.one_hot(codes, 3, dtype=float)), by_code)
    assert_close(slope(network, codes.at[1, 2:].set(0)), by_code)
    assert np.abs(by_code.layers.layers[0].table).min() > 0


def test_codes_are_stepped_too(float64):
    network = as_precise(Network(Stack(embedding(), elman(2)), Readout(2, 2, at="steps", key=jax.random.key(0))))
    codes = jnp.asarray([0, 2, 1])
    _, answers = jax.lax.scan(lambda memory, code: network.step(memory, code), network.begin(), codes)
    assert_close(answers, passed(network, codes).values)


def test_boundaries_of_the_data_pass_through_layers_below(float64):
    """Words in codes of letters: an embedding, another layer, and a segmented one that reads where words end."""
    stack = as_precise(Stack(embedding(), elman(2), Segmented(elman(2), elman(2), boundaries=True), residual=True))
    codes, ends = jnp.asarray([0, 2, 1, 1, 2]), jnp.asarray([0, 1, 0, 0, 1], bool)
    embed, below, segmented = stack.layers
    embedded = passed(embed, codes).outputs
    first = embedded + passed(below, embedded).outputs
    expected = first + passed(segmented, Steps(first, ends)).outputs
    passage = passed(stack, Steps(codes, ends))
    assert_close(passage.outputs, expected)
    assert_close(passage.ends, ends, 0)
    steps = jax.lax.scan(
        lambda memory, x: (lambda m, y, _: (m, y))(*stack.step(memory, x, x)), stack.begin(), Steps(codes, ends)
    )
    assert_close(steps[1], expected)
    with pytest.raises(InvalidInput, match="bring no boundaries"):
        Stack(Pyramid(elman(6)), segmented)(Steps(jnp.zeros((4, 3)), jnp.zeros(4, bool)))


def test_layer_norm_is_its_equation(float64):
    layer = eqx.tree_at(
        lambda n: (n.gain, n.bias), LayerNorm(3), (as_float([1.0, 2.0, -1.0]), as_float([0.0, 0.5, 3.0]))
    )
    deviations = XS - XS.mean(-1, keepdims=True)
    expected = deviations / np.sqrt((deviations**2).mean(-1, keepdims=True) + 1e-5) * [1, 2, -1] + [0, 0.5, 3]
    passage = passed(layer, as_float(XS), jnp.asarray(LENGTHS))
    for k, length in enumerate(LENGTHS):
        assert_close(passage.outputs[k, :length], expected[k, :length])
        assert_close(passage.last[k], expected[k, length - 1])


@pytest.mark.parametrize(
    "layer, count",
    [(convolution(3, 4, 5), 4 * 15 + 4), (embedding(7, 2), 14), (LayerNorm(5), 10), (Pyramid(elman(6)), 2 * 9)],
    ids=lambda part: type(part).__name__,
)
def test_weights(layer, count):
    network = Network(layer, Readout(layer.output_size, 1, bias=False, key=jax.random.key(0)))
    assert network.weight_count() == count + layer.output_size


def test_mistakes_are_told():
    key = jax.random.key(0)
    with pytest.raises(InvalidInput, match="width=0, stride=1; expected at least 1 of each"):
        convolution(width=0)
    with pytest.raises(InvalidInput, match="squashing='rely': did you mean 'relu'"):
        Convolution(3, 2, 3, squashing="rely", key=key)
    with pytest.raises(InvalidInput, match="width=2 inputs side by side do not make the 3 inputs of Elman"):
        Pyramid(elman())
    with pytest.raises(InvalidInput, match="Stack reads codes of symbols"):
        Pyramid(Stack(embedding(4)))
    with pytest.raises(InvalidInput, match="symbols=0, size=2"):
        Embedding(0, 2, key=key)
    with pytest.raises(InvalidInput, match="size=1; expected at least 2 units"):
        LayerNorm(1)
