"""The closed loop: open where all is known, `generate` where nothing is, by hand in between; and no NaN in a slope."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from table_of_cells import as_float, assert_close, start
from table_of_layers import as_precise, convolution, elman, gru

from mnemon.cells import split
from mnemon.errors import InvalidInput
from mnemon.layers import (
    Bidirectional,
    ClosedLoop,
    Embedding,
    Network,
    NetworkCell,
    Readout,
    Stack,
    closed,
    generate,
    opened,
    unfold,
)
from mnemon.learning import Population

XS = np.random.default_rng(0).normal(size=(2, 6, 3))
GAPS = np.array([[0, 0, 1, 0, 1, 1], [1, 0, 0, 1, 1, 0]], bool)


def forecaster(outputs=2, layers=None, seed=7):
    layers = Stack(convolution(causal=True), gru(2)) if layers is None else layers
    readout = Readout(2, outputs, at="steps", initialiser=start, key=jax.random.key(seed))
    return as_precise(Network(layers, readout))


def with_gaps(fed=1):
    xs = XS.copy()
    xs[GAPS, :fed] = np.nan
    return as_float(xs)


run = eqx.filter_jit(lambda network, xs, lengths=None: network(xs, lengths))


def test_where_all_is_known_it_is_the_network(float64):
    network, lengths = forecaster(), jnp.asarray([6, 4])
    got, wanted = run(closed(network), as_float(XS), lengths), run(network, as_float(XS), lengths)
    np.testing.assert_array_equal(got.marks, wanted.marks)
    alive = np.asarray(wanted.marks)
    assert_close(np.asarray(got.values)[alive], np.asarray(wanted.values)[alive])


def test_where_nothing_is_known_it_generates(float64):
    """From a history on, of a network that forecasts all that it reads."""
    network = forecaster(layers=Stack(convolution(2, causal=True), gru(2)))
    xs = jnp.concatenate([as_float(XS[..., :2]), jnp.full((2, 4, 2), jnp.nan)], axis=1)
    said = run(closed(network), xs).values
    cell = NetworkCell(network)
    outputs, state = unfold(cell, as_float(XS[..., :2]))
    fed, _ = generate(cell, state, outputs[:, -1], lambda answer, key: answer, 4, key=jax.random.key(0))
    assert_close(said, jnp.concatenate([outputs, fed], axis=1))


@pytest.mark.parametrize("fed", [None, (1,), (1, 0)])
def test_by_hand_between(fed, float64):
    network = forecaster(layers=elman())
    cell, readout = network.layers.layers[0].cell, network.readout
    places = [0, 1] if fed is None else list(fed)
    xs = with_gaps(len(places))
    said = run(closed(network, fed), xs).values
    for k in range(2):
        h, z = np.zeros(2), np.zeros(2)
        for t in range(6):
            x = np.array(xs[k, t])
            x[: len(places)] = np.where(np.isnan(x[: len(places)]), z[places], x[: len(places)])
            h = np.tanh(np.asarray(cell.input_weights) @ x + np.asarray(cell.recurrent_weights) @ h + cell.bias)
            z = np.asarray(readout.weights) @ h + np.asarray(readout.bias)
            assert_close(said[k, t], z)


def test_errors_run_back_through_what_was_fed(float64):
    """By central differences; inputs that are NaN have a slope of 0, and none is NaN."""
    network, xs = closed(forecaster(1, gru())), with_gaps()
    moving, rest = split(network)
    flat, unravel = ravel_pytree(moving)

    def cost(flat, xs):
        answer = eqx.combine(unravel(flat), rest)(xs, jnp.asarray([6, 5]))
        return jnp.where(answer.marks[..., None], answer.values**2, 0).sum(), answer.values

    run = jax.jit(jax.value_and_grad(cost, argnums=(0, 1), has_aux=True))
    (value, fed), (by_weights, by_inputs) = run(flat, xs)
    for way in np.random.default_rng(1).normal(size=(3, flat.size)):
        above, below = (float(run(flat + step * way, xs)[0][0]) for step in (1e-6, -1e-6))
        assert float(by_weights @ way) == pytest.approx((above - below) / 2e-6, rel=1e-6)
    assert not np.asarray(by_inputs)[GAPS][:, 0].any()
    assert np.isfinite(by_inputs).all()
    # were what is fed taken as given, the slopes would be others
    before = jnp.concatenate([jnp.zeros((2, 1, 1)), fed[:, :-1]], axis=1)
    given = jnp.concatenate([jnp.where(jnp.asarray(GAPS)[..., None], before, xs[..., :1]), xs[..., 1:]], axis=-1)
    (same, _), (others, _) = run(flat, given)
    assert_close(same, value)
    assert np.abs(others - by_weights).max() > 1e-3


def test_a_population_is_closed_and_opened_as_one():
    population = Population.make(lambda key: Network(elman(), Readout(2, 1, at="steps", key=key)), 3, seed=0)
    xs = jnp.asarray(with_gaps(), jnp.float32)
    together = Population(closed(population.stacked), population.seeds)
    for k in (0, 2):
        np.testing.assert_array_equal(run(together[k], xs).values, run(closed(population[k]), xs).values)
    back = opened(together.stacked)
    assert jax.tree.structure(back) == jax.tree.structure(population.stacked)
    for a, b in zip(jax.tree.leaves(back), jax.tree.leaves(population.stacked)):
        np.testing.assert_array_equal(a, b)
    network = closed(population[0])
    assert network.weight_count() == population[0].weight_count()
    assert network.causal


def test_mistakes_are_told():
    key = jax.random.key(0)
    with pytest.raises(InvalidInput, match="4 answers are fed, but the network takes 3 inputs"):
        closed(forecaster(4))
    for fed in ((), (2,), (-1,)):
        with pytest.raises(InvalidInput, match="expected places of answers from 0 to 1, at least one"):
            ClosedLoop(forecaster(), fed)
    with pytest.raises(InvalidInput, match="its layer Bidirectional reads sequences from their end"):
        closed(Network(Bidirectional(elman(), elman()), Readout(4, 2, key=key)))
    with pytest.raises(InvalidInput, match="the network reads symbols"):
        closed(Network(Stack(Embedding(4, 2, key=key), gru(2)), Readout(2, 4, key=key)))
    with pytest.raises(InvalidInput, match="opened: expected a network that `closed` has made"):
        opened(forecaster())
