"""Random feedback local online learning equals its traces, and leaves answers and readout gradients as they are."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from table_of_cells import start
from toys import by, fit, population, recall, weights
from toys import network as toy

from mnemon.cells import GRU, Cell, Elman
from mnemon.errors import InvalidInput
from mnemon.layers import Network, Readout, Segmented, Stack
from mnemon.learning import BPTT, RFLO, Chunk, SquaredError, Truncated1997, Until

TIME, FEATURES, UNITS, OUTPUTS = 6, 3, 4, 2
LENGTHS, SHARES = (6, 2, 5), (0.2, 0.5, 0.3)
RANDOM = np.random.default_rng(0)
XS, TARGETS = RANDOM.normal(size=(3, TIME, FEATURES)), RANDOM.normal(size=(3, TIME, OUTPUTS))


class Leaky(Cell):
    """The units of the paper: h(t) = (1 - 1/tau) h(t-1) + (1/tau) tanh( W h(t-1) + W_in x(t) )."""

    input_weights: jax.Array
    recurrent_weights: jax.Array
    tau: float = eqx.field(static=True)
    input_size: int = eqx.field(static=True, default=FEATURES)
    output_size: int = eqx.field(static=True, default=UNITS)

    def initial_state(self):
        return jnp.zeros(UNITS, self.recurrent_weights.dtype)

    def project(self, xs):
        return xs @ self.input_weights.T

    def recur(self, state):
        return self.recurrent_weights @ state

    def step(self, state, drive):
        return state + (jnp.tanh(drive) - state) / self.tau

    def output(self, state):
        return state


def leaky(tau=2.5):
    below, above = jax.random.split(jax.random.key(1))
    return Leaky(start(below, (UNITS, FEATURES)), start(above, (UNITS, UNITS)), tau)


def elman():
    return Elman(FEATURES, UNITS, initialiser=start, key=jax.random.key(1))


def network(layers, **how):
    return Network(layers, Readout(layers.output_size, OUTPUTS, initialiser=start, key=jax.random.key(9), **how))


def chunk(targets=TARGETS):
    return Chunk(jnp.asarray(XS), jnp.asarray(LENGTHS), jnp.asarray(targets), jnp.asarray(SHARES), None)


@eqx.filter_jit
def slopes(rule, network, part):
    return rule.step(rule.init(network), network, SquaredError(), part)[1:]


def by_traces(network, back, xs, targets, asked, tau):
    """The published rule, forward in time: changes of W_in, W, bias, W_out and its bias along one sequence."""
    cell, readout = network.layers.layers[0].cell, network.readout
    w_in, w, b = (np.asarray(each) for each in (cell.input_weights, cell.recurrent_weights, getattr(cell, "bias", 0.0)))
    w_out, b_out = np.asarray(readout.weights), np.asarray(readout.bias)
    h, traces = np.zeros(UNITS), np.zeros((UNITS, FEATURES + UNITS + 1))
    changes, d_out, d_bias = np.zeros_like(traces), np.zeros_like(w_out), np.zeros_like(b_out)
    for t in range(len(xs)):
        u = w_in @ xs[t] + w @ h + b
        sources = np.concatenate([xs[t], h, [1.0]])
        traces = (1 - 1 / tau) * traces + np.outer((1 - np.tanh(u) ** 2) / tau, sources)
        h = (1 - 1 / tau) * h + np.tanh(u) / tau
        if t in asked:
            e = targets[t] - (w_out @ h + b_out)
            changes += (back @ e)[:, None] * traces
            d_out += np.outer(e, h)
            d_bias += e
    return [*np.split(changes, [FEATURES, FEATURES + UNITS], axis=1), d_out, d_bias]


@pytest.mark.parametrize("at", ["steps", "end"])
@pytest.mark.parametrize("kind", ["leaky", "Elman"])
def test_it_equals_the_published_traces(kind, at, float64):
    tau = 2.5 if kind == "leaky" else 1.0
    whole = network(leaky(tau) if kind == "leaky" else elman(), at=at)
    rule = RFLO(seed=3)
    back = np.asarray(rule.init(whole)).T
    _, got = slopes(rule, whole, chunk(TARGETS if at == "steps" else TARGETS[:, 0]))
    totals = [0.0] * 5
    for xs, d, length, share in zip(XS, TARGETS, LENGTHS, SHARES):
        asked = range(length) if at == "steps" else [length - 1]
        wanted = d if at == "steps" else np.broadcast_to(d[:1], d.shape)
        # The package's loss is the mean over steps and outputs, and its slope points uphill.
        factor = -2 * share / (len(asked) * OUTPUTS)
        changes = by_traces(whole, back, xs[:length], wanted, asked, tau)
        totals = [total + factor * change for total, change in zip(totals, changes)]
    cell = got.layers.layers[0].cell
    pairs = [(cell.input_weights, totals[0]), (cell.recurrent_weights, totals[1])]
    pairs += [] if kind == "leaky" else [(cell.bias, totals[2][:, 0])]
    for a, b in [*pairs, (got.readout.weights, totals[3]), (got.readout.bias, totals[4])]:
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)


READOUTS = {
    "squashed, without bias": {"at": "steps", "squashing": "logistic", "bias": False},
    "of the input too": {"at": "end", "sees_input": FEATURES},
    "pooled": {"at": "attention"},
}


@pytest.mark.parametrize("name", READOUTS)
def test_answers_and_the_readouts_gradient_are_the_true_ones(name, float64):
    how = READOUTS[name]
    whole = network(elman(), **how)
    part = chunk(TARGETS if how["at"] == "steps" else TARGETS[:, 0])
    (value, got), (true_value, true) = (slopes(rule, whole, part) for rule in (RFLO(), BPTT()))
    assert value == true_value
    np.testing.assert_allclose(got.readout.weights, true.readout.weights, rtol=1e-12, atol=1e-15)
    if got.readout.bias is not None:
        np.testing.assert_allclose(got.readout.bias, true.readout.bias, rtol=1e-12, atol=1e-15)
    assert jax.tree.structure(got) == jax.tree.structure(true)
    assert not np.allclose(got.layers.layers[0].cell.input_weights, true.layers.layers[0].cell.input_weights)


LAYERS = {
    "Elman": elman,
    "in segments, under a GRU": lambda: Stack(
        Segmented(elman(), Elman(UNITS, 2, initialiser=start, key=jax.random.key(2)), 3),
        GRU(2, UNITS, initialiser=start, key=jax.random.key(3)),
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_through_the_readouts_own_weights_it_is_the_truncated_gradient(name, float64):
    whole, part = network(LAYERS[name]()), chunk(TARGETS[:, 0])
    own = slopes(RFLO(feedback="readout"), whole, part)
    assert RFLO(feedback="readout").init(whole) is None
    for a, b in zip(jax.tree.leaves(own), jax.tree.leaves(slopes(Truncated1997(), whole, part)), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.allclose(*(weights(slopes(rule, whole, part)[1])[0] for rule in (RFLO(), RFLO("readout"))))


def test_random_weights_follow_from_the_seed_alone():
    members = population()
    drawn = np.asarray(eqx.filter_vmap(RFLO(seed=5).init)(members.stacked))
    assert drawn.shape == (3, 2, 4)
    np.testing.assert_array_equal(drawn, np.broadcast_to(drawn[:1], drawn.shape))
    np.testing.assert_array_equal(drawn[0], RFLO(seed=5).init(toy(jax.random.key(8))))
    assert (drawn[0] != np.asarray(RFLO(seed=6).init(toy(jax.random.key(8))))).all()
    wide = np.asarray(
        RFLO().init(Network(Elman(3, 400, key=jax.random.key(0)), Readout(400, 9, key=jax.random.key(1))))
    )
    assert 0.049 < np.abs(wide).max() < 0.05
    np.testing.assert_allclose(wide.std(), 0.05 / np.sqrt(3), rtol=0.05)


class Whole(Leaky):
    """A cell that does not split off its recurrent product."""

    recur = None


def test_refusals():
    with pytest.raises(InvalidInput, match=r"RFLO\(feedback='redout'\).*readout"):
        RFLO(feedback="redout")
    whole = network(Segmented(Whole(leaky().input_weights, leaky().recurrent_weights, 2.0), elman_above(), 3))
    for rule in (RFLO(), RFLO("readout")):
        with pytest.raises(InvalidInput, match=r"RFLO needs a cell that can split .* \(`recur`\); Whole cannot"):
            rule.init(whole)


def elman_above():
    return Elman(UNITS, 2, key=jax.random.key(2))


def test_a_population_learns_by_it():
    data = recall(steps=2)
    for rule in (RFLO(seed=1), RFLO("readout")):
        solution = fit(population(), by(gradient=rule), data, until=Until(epochs=30))
        loss = solution.history["loss"]
        assert (loss[-1] < 0.7 * loss[0]).all(), rule
