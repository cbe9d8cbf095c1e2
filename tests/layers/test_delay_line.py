"""The delay line by hand, tied to convolution, and in the precision of its network; a readout without weights."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from table_of_cells import as_float, assert_close
from table_of_layers import as_precise, convolution, elman

from mnemon.errors import InvalidInput
from mnemon.layers import DelayLine, Network, Passage, Readout, Through

XS = np.random.default_rng(0).normal(size=(2, 6, 3))


@pytest.mark.parametrize("taps", [1, 3, 9])
def test_by_hand(taps, float64):
    said = DelayLine(3, taps)(as_float(XS)).outputs
    for k, t in np.ndindex(2, 6):
        past = [XS[k, t - back] if t >= back else np.zeros(3) for back in range(taps)]
        np.testing.assert_array_equal(said[k, t], np.concatenate(past))


def test_a_convolution_is_a_product_with_the_delayed_inputs(float64):
    layer = as_precise(convolution(width=4, causal=True))
    newest_first = layer.weights.reshape(2, 4, 3)[:, ::-1].reshape(2, 12)
    nets = DelayLine(3, 4)(as_float(XS)).outputs @ newest_first.T + layer.bias[None, None]
    assert_close(layer(as_float(XS)).outputs, jnp.tanh(nets))


def test_steps_have_the_precision_of_the_network(float64):
    """Also where double precision is switched on around a network of single precision."""
    network = Network(DelayLine(3, 2), Readout(6, 2, key=jax.random.key(0)))
    network = jax.tree.map(lambda leaf: leaf.astype(jnp.float32) if eqx.is_inexact_array(leaf) else leaf, network)
    assert network.dtype == network.begin()[0][0].dtype == jnp.float32
    assert network.weight_count() == 14
    assert network.step(network.begin(), jnp.ones(3, jnp.float32))[1].dtype == jnp.float32
    codes = network(jnp.array([[0, 2, 1]]))
    assert codes.values.dtype == jnp.float32


def test_no_tap_is_refused():
    with pytest.raises(InvalidInput, match="DelayLine: taps=0; expected at least 1"):
        DelayLine(2, 0)


def test_a_readout_without_weights_hands_on():
    layer = elman()
    xs, lengths = jnp.asarray(XS, jnp.float32), jnp.asarray([6, 2])
    passage = layer_passage(layer, xs, lengths)
    steps = Network(layer, Through(2))
    assert steps.weight_count() == 3 * 2 + 2 * 2 + 2
    assert steps.dtype == jnp.float32
    np.testing.assert_array_equal(steps(xs, lengths).values, passage.outputs)
    assert steps(xs, lengths).marks.sum(axis=1).tolist() == [6, 2]
    np.testing.assert_array_equal(Network(layer, Through(2, at="end"))(xs, lengths).values, passage.last)
    assert Readout(2, 2, key=jax.random.key(0)).weighs
    assert not steps.readout.weighs
    assert steps.readout.answers_linearly


def test_a_readout_without_weights_does_not_pool(unchecked):
    with pytest.raises(InvalidInput, match="at='mean': "):
        Through(2, at="mean")


def layer_passage(layer, xs, lengths) -> Passage:
    return Network(layer, Readout(2, 2, key=jax.random.key(0))).passage(xs, lengths)
