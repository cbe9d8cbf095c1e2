"""The decoupled filter is its equations, over groups that follow from what weights lead to."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from toys import fit, population, recall

from mnemon.cells import GRU, LSTM, Clockwork, Elman, Jordan, MinimalGated, trainable
from mnemon.errors import InvalidInput
from mnemon.layers import Embedding, Network, Readout, Segmented, Stack
from mnemon.learning import (
    BPTT,
    Annealed,
    Chunk,
    DecoupledKalmanFilter,
    Examples,
    KalmanFilter,
    Learner,
    SquaredError,
    Step,
    StepTargets,
    Truncated1997,
    Until,
)
from mnemon.learning.updates._weight_groups import by_row

KEY = jax.random.key(5)


def over(layers, **how):
    return Network(layers, Readout(layers.output_size, 2, key=KEY, **how))


def lstm(**how):
    return over(LSTM(3, 2, variant="peephole", key=KEY), **how)


def chunk(rows=2):
    xs, targets = jax.random.normal(KEY, (rows, 5, 3)), jnp.asarray([[0.3, -1.0], [1.0, 0.2]])[:rows]
    return Chunk(xs, jnp.asarray([5, 3][:rows]), targets, jnp.full(rows, 1 / rows), None)


@eqx.filter_jit
def learned(update, whole, part):
    """After two updates."""
    memory = update.init(whole)
    for _ in range(2):
        memory, whole, _, _ = update.learn(memory, whole, BPTT(), None, SquaredError(), part)
    return memory.covariance, ravel_pytree(trainable(whole))[0]


@eqx.filter_jit
def differentiate(network, part):
    return BPTT().jacobian(None, network, part)


NUMBERS = (10.0, Annealed(2.0, 0.5, 3), 0.01)


def test_one_group_is_the_whole_filter(float64):
    mixed = np.random.default_rng(0).permutation(lstm().weight_count())
    one = DecoupledKalmanFilter(*NUMBERS, groups=lambda network: [mixed])
    p, weights = learned(one, lstm(at="steps"), chunk())
    whole, wanted = learned(KalmanFilter(*NUMBERS), lstm(at="steps"), chunk())
    np.testing.assert_allclose(weights, wanted, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(p[0], whole[0][np.ix_(mixed, mixed)], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("groups", ["nodes", "gates"])
def test_an_answer_moves_each_group_by_its_own_covariance(groups, float64):
    whole, part = lstm(), chunk(1)
    update = DecoupledKalmanFilter(10.0, 2.0, 0.01, groups=groups)
    places = by_row(whole, fold=groups == "nodes")
    weights = np.asarray(ravel_pytree(trainable(whole))[0])
    p = [10 * np.eye(len(group)) for group in places]
    unravel = ravel_pytree(trainable(whole))[1]
    for _ in range(2):
        network = eqx.combine(unravel(jnp.asarray(weights)), whole)
        _, answer, jacobian = differentiate(network, part)
        rows = [np.asarray(jacobian[0])[:, group] for group in places]
        inner = np.linalg.inv(2 * np.eye(2) + sum(h @ q @ h.T for h, q in zip(rows, p)))
        weights = weights.copy()
        for k, group in enumerate(places):
            gain = p[k] @ rows[k].T @ inner
            weights[group] += gain @ np.asarray(part.targets[0] - answer.values[0])
            p[k] = p[k] - gain @ rows[k] @ p[k] + 0.01 * np.eye(len(group))
    got, moved = learned(update, whole, part)
    np.testing.assert_allclose(moved, weights, rtol=1e-9, atol=1e-12)
    assert got.shape[1] == max(len(group) for group in places)
    for block, wanted in zip(got, p, strict=True):
        size = len(wanted)
        np.testing.assert_allclose(block[:size, :size], wanted, rtol=1e-8, atol=1e-10)
        assert not block[size:].any()
        assert not block[:, size:].any()


def marks(network, groups):
    """The number of the group of each weight, shaped as the network's weights."""
    label = np.zeros(network.weight_count(), int)
    for k, group in enumerate(groups):
        label[group] = k
    leaves, structure = jax.tree.flatten(trainable(network))
    ends = np.cumsum([leaf.size for leaf in leaves])[:-1]
    parts = [part.reshape(leaf.shape) for part, leaf in zip(np.split(label, ends), leaves)]
    return jax.tree.unflatten(structure, parts)


EVERY = {
    "LSTM": lambda: lstm(),
    "LSTM 1997": lambda: over(LSTM(3, 4, variant="1997", cells_per_block=2, key=KEY)),
    "LSTM full gates": lambda: over(LSTM(3, 2, variant="full-gates", key=KEY)),
    "LSTM projection": lambda: over(LSTM(3, 4, variant="projection", projection=3, key=KEY)),
    "GRU": lambda: over(GRU(3, 2, key=KEY)),
    "MinimalGated": lambda: over(MinimalGated(3, 2, key=KEY)),
    "Jordan": lambda: over(Jordan(3, 4, outputs=2, key=KEY)),
    "Clockwork": lambda: over(Clockwork(3, 4, periods=(1, 2), key=KEY)),
    "a stack": lambda: over(
        Stack(
            Embedding(5, 3, key=KEY),
            Elman(3, 2, key=KEY),
            Segmented(Elman(2, 2, key=KEY), GRU(2, 2, key=KEY), 2),
        ),
        at="attention",
    ),
}


@pytest.mark.parametrize("fold", [True, False], ids=["nodes", "gates"])
@pytest.mark.parametrize("name", EVERY)
def test_every_weight_is_in_one_group(name, fold):
    whole = EVERY[name]()
    places = np.concatenate(by_row(whole, fold=fold))
    np.testing.assert_array_equal(np.sort(places), np.arange(whole.weight_count()))


@pytest.mark.parametrize("name", ["LSTM", "LSTM 1997", "GRU"])
def test_a_group_of_gates_feeds_one_net_input(name):
    whole = EVERY[name]()
    cell = whole.layers.layers[0].cell
    own = jax.tree.leaves(marks(whole, by_row(whole, fold=False)).layers)
    weights, rest = eqx.partition(cell, eqx.is_inexact_array)

    def drive(weights):
        cell = eqx.combine(weights, rest)
        state = jax.tree.map(jnp.ones_like, cell.initial_state())
        parts = jax.tree.map(jnp.add, jax.tree.map(lambda d: d[0], cell.project(jnp.ones((1, 3)))), cell.recur(state))
        if name == "GRU":  # the two halves of a candidate are one net input
            return jnp.concatenate([parts.gates, parts.candidate + parts.remembered])
        return parts

    slopes = jax.tree.leaves(jax.jit(jax.jacobian(drive))(weights))
    whose: dict = {}
    for labels, slope in zip(own, slopes, strict=True):
        for label, column in zip(labels.reshape(-1), np.asarray(slope).reshape(slope.shape[0], -1).T):
            whose.setdefault(int(label), set()).update(np.flatnonzero(column))
    rows = [next(iter(fed)) for fed in whose.values() if fed]
    assert all(len(fed) <= 1 for fed in whose.values())
    assert sorted(rows) == list(range(len(slopes[0])))


def test_nodes_of_an_lstm_take_their_gates_with_them():
    whole = lstm()
    gates, nodes = (marks(whole, by_row(whole, fold=fold)).layers.layers[0].cell for fold in (False, True))
    assert len(np.unique(gates.input_weights)) == 8
    np.testing.assert_array_equal(gates.peepholes.reshape(-1), gates.bias[:6])  # a gate's own, unit by unit
    np.testing.assert_array_equal(nodes.bias, np.tile(nodes.bias[:2], 4))
    np.testing.assert_array_equal(nodes.peepholes, np.tile(nodes.bias[:2], (3, 1)))
    blocks = EVERY["LSTM 1997"]()
    nodes = marks(blocks, by_row(blocks, fold=True)).layers.layers[0].cell
    in_, out = nodes.input_weights[:2, 0], nodes.input_weights[2:4, 0]
    np.testing.assert_array_equal(in_, out)
    np.testing.assert_array_equal(nodes.input_weights[4:, 0], np.repeat(in_, 2))


def test_it_learns_at_every_step_by_the_derivatives_of_1997():
    data = recall(32, steps=6)
    wanted = StepTargets(np.repeat(data.targets, data.xs.lengths), data.xs.lengths)
    networks = [over(LSTM(3, 2, variant="peephole", key=jax.random.key(k)), at="steps") for k in range(2)]
    update = DecoupledKalmanFilter(10.0, Annealed(10.0, 1.0, 200), 1e-4, groups="gates")
    learner = Learner(Truncated1997(), update, Step())
    solution = fit(networks, learner, Examples(data.xs, wanted), until=Until(4), width=2)
    assert (solution.history["loss"][-1] < 0.4).all()  # guessing costs 0.69
    assert solution.memory.updates.tolist() == [4 * 32 * 6] * 2


def test_more_weights_fit_in_smaller_groups():
    large = over(Elman(30, 50, key=KEY))
    update = DecoupledKalmanFilter(groups="nodes")
    assert eqx.filter_eval_shape(update.init, large).covariance.shape == (52, 81, 81)
    whole = DecoupledKalmanFilter(groups=lambda network: [np.arange(network.weight_count())])
    with pytest.raises(InvalidInput, match=r"DecoupledKalmanFilter keeps a covariance of 1 x 4152 x 4152"):
        whole.init(large)


def test_wrong_groups_are_refused():
    with pytest.raises(InvalidInput, match=r"groups='node'.*did you mean 'nodes'"):
        DecoupledKalmanFilter(groups="node")
    for groups, words in (
        ([[0, 1]], "2 places, 2 different"),
        ([np.arange(42), [3]], "43 places, 42 different"),
        ([], "0 places"),
    ):
        update = DecoupledKalmanFilter(groups=lambda _, groups=groups: groups)
        with pytest.raises(InvalidInput, match=words + ".*each of the 42 weights belongs in exactly one"):
            update.init(population()[0])
