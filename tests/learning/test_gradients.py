"""Back-propagation equals differences; truncation reaches exactly as far as it says."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from toys import assert_near, assert_same, by, differ, fit, population, recall, weights

from mnemon.cells import LSTM, Elman
from mnemon.errors import InvalidInput
from mnemon.layers import Network, Readout, Segmented
from mnemon.learning import (
    BPTT,
    Chunk,
    CrossEntropy,
    Examples,
    Gradient,
    Optax,
    Population,
    SquaredError,
    TruncatedBPTT,
    Until,
)
from mnemon.sequences import Sequences

pytestmark = pytest.mark.usefixtures("either_engine")

TIME, LENGTHS = 6, (6, 2, 5)
KEY = jax.random.key(7)


def chunk(targets, features=3):
    xs = jax.random.normal(KEY, (3, TIME, features))
    return Chunk(xs, jnp.asarray(LENGTHS), targets, jnp.asarray([0.2, 0.5, 0.3], xs.dtype), None)


def network(cell, features=3, **how):
    below, above = jax.random.split(KEY)
    return Network(cell(features, 4, key=below), Readout(4, 2, key=above, **how))


CASES = {
    "Elman, class at the end": (Elman, {}, CrossEntropy(), [0, 1, 1]),
    "LSTM, values at every step": (LSTM, {"at": "steps"}, SquaredError(), [[0.3, -1.0], [0.0, 0.5], [1.0, 1.0]]),
}


@pytest.mark.parametrize("case", CASES)
def test_bptt_equals_finite_differences(case, float64):
    cell, how, loss, targets = CASES[case]
    whole = network(cell, **how)
    part = chunk(jnp.asarray(targets))
    value, gradient = eqx.filter_jit(lambda n: BPTT().step(None, n, loss, part)[1:])(whole)
    flat, unravel = ravel_pytree(eqx.filter(whole, eqx.is_inexact_array))

    def cost(flat):
        answer = eqx.combine(unravel(flat), whole)(part.xs, part.lengths)
        return (loss(answer, part.targets) * part.weights).sum()

    ways = 1e-5 * jnp.eye(flat.size)
    above, below = jax.jit(jax.vmap(lambda way: (cost(flat + way), cost(flat - way))))(ways)
    np.testing.assert_allclose(value, cost(flat), rtol=1e-12)
    np.testing.assert_allclose(ravel_pytree(gradient)[0], (above - below) / 2e-5, rtol=1e-6, atol=1e-10)


@eqx.filter_jit
def slopes(rule, network, part):
    return rule.step(rule.init(network), network, CrossEntropy(), part)[1:]


@pytest.mark.parametrize("steps", [TIME, 100])
def test_truncated_far_enough_is_whole(steps):
    part, whole = chunk(jnp.asarray([0, 1, 1])), network(Elman)
    assert_near(weights(slopes(TruncatedBPTT(steps), whole, part)), weights(slopes(BPTT(), whole, part)), 1e-6)


@pytest.mark.parametrize("steps", [1, 3])
def test_an_error_reaches_exactly_so_many_steps_back(steps, float64):
    # Feature k is on at step k only: column k of the input weights tells what the error does at step k.
    clock = jnp.broadcast_to(jnp.eye(TIME), (1, TIME, TIME))
    whole = network(Elman, TIME)
    for length in LENGTHS:
        part = Chunk(clock, jnp.asarray([length]), jnp.asarray([1]), jnp.ones(1), None)
        _, exact = slopes(BPTT(), whole, part)
        value, cut = slopes(TruncatedBPTT(steps), whole, part)
        exact, cut = (g.layers.layers[0].cell.input_weights for g in (exact, cut))
        head = max(length - steps, 0)
        assert (np.abs(exact[:, :length]).max(axis=0) > 1e-8).all()
        assert (cut[:, :head] == 0).all()
        assert (cut[:, length:] == 0).all()
        np.testing.assert_allclose(cut[:, head:length], exact[:, head:length], rtol=1e-12)
        np.testing.assert_allclose(value, slopes(BPTT(), whole, part)[0], rtol=1e-12)


@pytest.mark.parametrize("steps", [0, -1])
def test_errors_need_a_step(steps):
    with pytest.raises(InvalidInput, match=rf"steps={steps}.*at least 1"):
        TruncatedBPTT(steps)


def test_both_rules_under_a_learner():
    data, until = recall(), Until(epochs=3)
    whole, far, near = (
        fit(population(), by(size=None, gradient=rule), data, until=until)
        for rule in (BPTT(), TruncatedBPTT(9), TruncatedBPTT(1))
    )
    assert_near(weights(far), weights(whole), 1e-4)
    assert differ(weights(near), weights(whole))


class Waning(Gradient):
    """BPTT whose k-th gradient counts 1/k: the carry counts, and starts from the network it is given."""

    def init(self, network):
        return network.readout.bias[0] * 0 + 1

    def step(self, carry, network, loss, chunk):
        _, value, slope = BPTT().step(None, network, loss, chunk)
        return carry + 1, value, jax.tree.map(lambda leaf: leaf / carry, slope)


def test_a_carry_goes_from_chunk_to_chunk():
    data = recall()
    carried = fit(population(), by(Optax("sgd", 0.2), None, Waning()), data, until=Until(epochs=3))
    networks = population()
    for k in range(1, 4):
        rates = [0.2 / k] * 3
        networks = fit(networks, by(Optax("sgd", rates), None), data, until=Until(epochs=1)).networks
    assert_near(weights(carried), weights(networks))


def test_boundaries_of_the_data_reach_the_network():
    def segmented(key):
        a, b, c = jax.random.split(key, 3)
        cell = Segmented(Elman(3, 2, key=a), Elman(2, 4, key=b), boundaries=True)
        return Network(cell, Readout(4, 2, key=c))

    xs = np.random.default_rng(0).normal(size=(6, 5, 3))
    ends = [np.arange(5) % d == d - 1 for d in (2, 3, 2, 3, 2, 3)]
    first, other = (
        Examples(Sequences(xs, boundaries=b, layout="channels_last"), np.array([0, 1] * 3)) for b in (ends, ends[::-1])
    )
    networks = Population.make(segmented, 1, 0)
    one = fit(networks, by(size=None), first, until=Until(epochs=1))
    assert differ(weights(one), weights(fit(networks, by(size=None), other, until=Until(epochs=1))))
    assert_same(weights(one), weights(fit(networks, by(size=None), first, until=Until(epochs=1))))
