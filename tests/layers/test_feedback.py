"""Output feedback by hand, and tied to teacher forcing; on its own outputs; without inputs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from table_of_cells import as_float, assert_close, start
from table_of_layers import as_precise, convolution, elman, gru

from mnemon.errors import InvalidInput
from mnemon.layers import Bidirectional, Feedback, Network, Pyramid, Readout, Stack, generate, unfold

XS = np.random.default_rng(0).normal(size=(2, 6, 2))


def feedback(delays, given=2, layers=None):
    inputs = given + 2 * len(delays)
    layers = elman(inputs) if layers is None else layers(inputs)
    return Feedback(
        as_precise(Network(layers, Readout(2, 2, at="steps", initialiser=start, key=jax.random.key(7)))), delays
    )


@pytest.mark.parametrize("delays", [(1,), (2, 1), (3,)])
def test_the_closed_loop_by_hand(delays, float64):
    cell = feedback(delays)
    inner, readout = cell.network.layers.layers[0].cell, cell.network.readout
    for xs, said in zip(XS, unfold(cell, as_float(XS))[0]):
        h, z = np.zeros(2), {}
        for t, x in enumerate(xs):
            seen = np.concatenate([x, *(z.get(t - d, np.zeros(2)) for d in delays)])
            h = np.tanh(np.asarray(inner.input_weights) @ seen + np.asarray(inner.recurrent_weights) @ h + inner.bias)
            z[t] = np.asarray(readout.weights) @ h + np.asarray(readout.bias)
        assert_close(said, np.array(list(z.values())))


def test_forced_with_its_own_answers_a_network_answers_the_same(float64):
    """And padding passes: sequences of unequal length."""
    cell = feedback((1, 3), layers=lambda inputs: Stack(convolution(inputs, causal=True), gru(2)))
    xs, lengths = as_float(XS), jnp.asarray([6, 4])
    closed, _ = unfold(cell, xs, lengths=lengths)
    answer = cell.network(cell.forced(xs, closed), lengths)
    alive = np.asarray(answer.marks)
    assert_close(np.asarray(answer.values)[alive], np.asarray(closed)[alive])


@pytest.mark.parametrize("known", [1, 4])
def test_forecasts_go_on_from_what_is_known(known, float64):
    cell = feedback((1, 3))
    xs = as_float(XS)
    closed, final = unfold(cell, xs)
    state = cell.after(xs[:, :known], closed[:, :known])
    assert_close(unfold(cell, xs[:, known:], state=state), (closed[:, known:], final))


def test_targets_are_delayed():
    forced = feedback((2, 1)).forced(jnp.zeros((3, 2)), jnp.asarray([[1.0, 2], [3, 4], [5, 6]]))
    assert forced.tolist() == [[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 2], [0, 0, 1, 2, 3, 4]]
    assert feedback((5,)).forced(jnp.zeros((3, 2)), jnp.ones((3, 2))).tolist() == [[0] * 4] * 3


def test_all_inputs_may_be_answers(float64):
    cell = feedback((1,), given=0)
    assert cell.input_size == 0
    outputs, state = unfold(cell, jnp.zeros((3, 4, 0)))
    assert_close(cell.network(cell.forced(jnp.zeros((3, 4, 0)), outputs)).values, outputs)
    assert np.abs(np.diff(outputs, axis=1)).min() > 0
    _, later = generate(cell, state, jnp.zeros((3, 0)), lambda answer, key: answer[:0], 2, key=jax.random.key(0))
    assert_close(jax.vmap(cell.output)(later), unfold(cell, jnp.zeros((3, 6, 0)))[0][:, -1])


def test_mistakes_are_told():
    for delays in ((), (0,), (1, 1)):
        with pytest.raises(InvalidInput, match="expected different whole numbers of at least 1"):
            feedback(delays)
    key = jax.random.key(0)
    with pytest.raises(InvalidInput, match="2 delays of 2 answers make 4 inputs, but the network takes 3"):
        Feedback(Network(elman(3), Readout(2, 2, key=key)), (1, 2))
    with pytest.raises(InvalidInput, match="its layer Bidirectional reads sequences from their end"):
        Feedback(Network(Bidirectional(elman(4), elman(4)), Readout(4, 2, key=key)))
    with pytest.raises(InvalidInput, match="its layer Pyramid changes the pace of time"):
        Feedback(Network(Pyramid(elman(8)), Readout(2, 2, key=key)))
