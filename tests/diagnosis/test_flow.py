"""Error flow is the gradient by every state: finite differences, closed forms, each sequence's own end."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from looking import LENGTHS, inputs, keys, linear, with_part
from scipy.special import expit, log_softmax

from mnemon.cells import GRU, LSTM, Elman
from mnemon.diagnosis import Flow, flow, gradients
from mnemon.diagnosis._watching import Tape, recurrent_layers, watched
from mnemon.layers import (
    Bidirectional,
    LayerNorm,
    Network,
    Pyramid,
    Readout,
    Segmented,
    Stack,
    Steps,
    no_nudge,
    unfold,
)
from mnemon.learning import CrossEntropy, SquaredError


def flows(network, xs, lengths, targets, loss) -> tuple[dict[str, Flow], dict[str, Flow]]:
    """Of errors and of influence, by layer."""
    seen = gradients(network, xs, lengths, targets, loss)
    told = []
    for kind in (seen.errors, seen.influence):
        found = {}
        for name, layer in recurrent_layers(network).items():
            states = [np.asarray(leaf) for leaf in jax.tree.leaves(kind[name].states)]
            own = seen.sights[name].lengths
            steps = np.full(len(xs), states[0].shape[1]) if own is None else np.asarray(own)
            found[name] = flow(np.concatenate(states, axis=2), steps, reverse=layer.reverse)
        told.append(found)
    return told[0], told[1]


def test_errors_are_finite_differences_of_the_loss_by_a_state(float64):
    a, b, c = keys(3)
    network = Network(Stack(Elman(3, 2, key=a), LSTM(2, 2, key=b)), Readout(2, 2, at="steps", key=c))
    xs, targets, loss = inputs(time=4), jnp.array([0, 1, 1]), CrossEntropy()
    lengths = jnp.array([4, 2, 3])
    seen = gradients(network, xs, lengths, targets, loss)

    elman, lstm = (jax.tree.map(np.asarray, part.cell) for part in network.layers.layers)
    readout = jax.tree.map(np.asarray, network.readout)

    def cost(layer, row, step, leaf, entry, change):
        """By hand, one sequence, a state moved at one step."""
        h, y, s, costs = np.zeros(2), np.zeros(2), np.zeros(2), []
        for t in range(int(lengths[row])):
            h = np.tanh(elman.input_weights @ np.asarray(xs[row, t]) + elman.recurrent_weights @ h + elman.bias)
            moved = change * np.eye(2)[entry] * (t == step)
            h = h + moved * (layer == 0)
            i, f, o, g = np.split(lstm.input_weights @ h + lstm.recurrent_weights @ y + lstm.bias, 4)
            s = expit(f) * s + expit(i) * np.tanh(g)
            y = expit(o) * np.tanh(s) + moved * (layer == 1 and leaf == 0)
            s = s + moved * (layer == 1 and leaf == 1)
            costs.append(-log_softmax(readout.weights @ y + readout.bias)[targets[row]])
        return np.mean(costs)

    for layer, row, step, leaf, entry in ((0, 0, 1, 0, 1), (0, 1, 0, 0, 0), (1, 2, 0, 1, 1), (1, 0, 3, 0, 0)):
        slope = (cost(layer, row, step, leaf, entry, 1e-5) - cost(layer, row, step, leaf, entry, -1e-5)) / 2e-5
        got = jax.tree.leaves(seen.errors[f"layer {layer + 1}"].states)[leaf][row, step, entry]
        np.testing.assert_allclose(got, slope, rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(seen.cost[1], cost(0, 1, 0, 0, 0, 0.0), rtol=1e-12)
    # behind a sequence's end nothing arrives
    assert not np.asarray(seen.errors["layer 1"].states)[1, 2:].any()


@pytest.mark.parametrize("scale", [0.8, 1.0, 1.25])
def test_flow_through_a_scaled_rotation_is_the_scale_to_the_lag(float64, scale):
    network = Network(linear(scale), Readout(4, 2, key=keys(2)[1]))
    errors, influence = flows(network, inputs(), jnp.asarray(LENGTHS), jnp.zeros((3, 2)), SquaredError())
    for one in (errors["layer 1"], influence["layer 1"]):
        np.testing.assert_allclose(one.relative, scale ** np.arange(6.0), rtol=1e-12)
        np.testing.assert_allclose(one.pace, scale, rtol=1e-12)
        np.testing.assert_allclose(one.oldest, scale**5, rtol=1e-12)
        assert one.span == 5


def carousel(key, cells=3):
    """An LSTM whose forget gates are 1 and whose input gates are 0, up to rounding."""
    return LSTM(3, cells, gate_bias={"forget": 1000.0, "input": -1000.0}, key=key)


def test_the_carousel_carries_errors_unchanged(float64):
    a, b = keys(2)
    cell = carousel(a)
    nothing = no_nudge(cell, (3,), 6)
    readout = jax.random.normal(b, (3,))

    def cost(nudge):
        _, last = unfold(cell, inputs(), lengths=jnp.asarray(LENGTHS), nudge=nudge)
        return (last.cells @ readout).sum()

    cells = np.asarray(jax.grad(cost)(nothing).cells)
    for row, length in enumerate(LENGTHS):
        np.testing.assert_array_equal(cells[row, :length], np.tile(np.asarray(readout), (length, 1)))
        np.testing.assert_array_equal(cells[row, length:], 0)


def test_lags_count_from_each_sequences_own_end():
    values = np.zeros((2, 4, 1))
    values[0, :, 0], values[1, :3, 0] = (1, 2, 4, 8), (-1, 3, 9)
    ahead = flow(values, np.array([4, 3]))
    np.testing.assert_allclose(ahead.norm, [8.5, 3.5, 1.5, 1])
    np.testing.assert_allclose(ahead.relative, [1, (1 / 2 + 1 / 3) / 2, (1 / 4 + 1 / 9) / 2, 1 / 8])
    np.testing.assert_allclose(ahead.by_unit[:, 0], np.sqrt([72.5, 12.5, 2.5, 1]))
    back = flow(values[:, ::-1], np.array([4, 4]), reverse=True)
    np.testing.assert_allclose(back.norm, [4, 6.5, 2.5, 1])
    assert flow(values[:1, :1], np.array([1])).span == 0
    assert np.isnan(flow(values[:1, :1], np.array([1])).pace)
    assert flow(np.eye(3)[2].reshape(1, 3, 1), np.array([3])).pace == 0
    assert np.isnan(flow(np.zeros((1, 3, 1)), np.array([3])).relative).all()
    values[0, 3] = 0  # beneath a pool nothing may come from the last step: that sequence has no share
    pooled = flow(values, np.array([4, 3]))
    np.testing.assert_allclose(pooled.relative, [1, 1 / 3, 1 / 9, np.nan])
    assert pooled.oldest == pytest.approx(1 / 9)


def test_padding_changes_no_flow(float64):
    network = Network(GRU(3, 3, key=keys(2)[0]), Readout(3, 2, key=keys(2)[1]))
    some = inputs()
    errors, _ = flows(network, some, jnp.asarray(LENGTHS), jnp.zeros((3, 2)), SquaredError())
    alone, _ = flows(network, some[1:2, :4], None, jnp.zeros((1, 2)), SquaredError())
    spoilt, _ = flows(network, some.at[1, 4:].set(1e6), jnp.asarray(LENGTHS), jnp.zeros((3, 2)), SquaredError())
    np.testing.assert_array_equal(errors["layer 1"].norm, spoilt["layer 1"].norm)
    one = gradients(network, some, jnp.asarray(LENGTHS), jnp.zeros((3, 2)), SquaredError()).errors["layer 1"].states
    np.testing.assert_allclose(alone["layer 1"].norm, np.linalg.norm(np.asarray(one)[1, :4], axis=1)[::-1], rtol=1e-12)


def test_a_backward_layer_counts_from_the_start(float64):
    """A bidirectional layer's halves are each the other's on the reversed sequence."""
    a, b = keys(2)
    ahead, back = Elman(3, 2, key=a), Elman(3, 2, key=a)
    network = Network(Bidirectional(ahead, back), Readout(4, 1, at="steps", key=b))
    network = with_part(network, "readout", with_part(network.readout, "weights", jnp.ones((1, 4))))
    some = inputs()
    mirrored = jnp.stack([jnp.concatenate([x[:n][::-1], x[n:]]) for x, n in zip(some, LENGTHS)])
    lengths, targets = jnp.asarray(LENGTHS), jnp.ones((3, 1))
    _, here = flows(network, some, lengths, targets, SquaredError())
    _, there = flows(network, mirrored, lengths, targets, SquaredError())
    np.testing.assert_allclose(here["layer 1 forward"].norm, there["layer 1 backward"].norm, rtol=1e-12)
    np.testing.assert_allclose(here["layer 1 backward"].norm, there["layer 1 forward"].norm, rtol=1e-12)


NETWORKS = {
    "stack": lambda k: Stack(Elman(3, 3, key=k[0]), LayerNorm(3), Elman(3, 3, key=k[1]), residual=True),
    "pyramid": lambda k: Stack(
        Bidirectional(Elman(3, 2, key=k[0]), Elman(3, 2, key=k[1])), Pyramid(Elman(8, 3, key=k[2]))
    ),
    "boundaries": lambda k: Stack(Segmented(Elman(3, 2, key=k[0]), Elman(2, 3, key=k[1]), boundaries=True)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_watched_network_answers_as_before(float64, name):
    k = keys(4)
    network = Network(NETWORKS[name](k), Readout(3, 2, key=k[3]))
    xs = inputs()
    if name == "boundaries":
        xs = Steps(xs, jnp.asarray(np.random.default_rng(2).random((3, 6)) < 0.4))
    tape = Tape()
    said = watched(network, tape)(xs, jnp.asarray(LENGTHS)).values
    np.testing.assert_allclose(said, network(xs, jnp.asarray(LENGTHS)).values, rtol=1e-12, atol=1e-12)
    assert list(tape.sights) == list(recurrent_layers(network))
    last = tape.sights[list(tape.sights)[-1]]
    if name != "stack":  # there the layer's inputs are added
        rows, weights, bias = (np.asarray(part) for part in (last.units, network.readout.weights, network.readout.bias))
        np.testing.assert_allclose(rows[:, -1] @ weights.T + bias, said, rtol=1e-12)
