"""The truncation of 1997 equals the published recursions, and what is left when all that feeds back is held fixed."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from seldom import all_but
from table_of_cells import assert_close, living, probe, start
from toys import by, differ, fit, recall, weights

from mnemon import kernels
from mnemon.cells import GRU, LSTM, LSTM_TABLE, Cell, Elman, trainable
from mnemon.errors import InvalidInput
from mnemon.layers import (
    Bidirectional,
    Feedback,
    Network,
    NetworkCell,
    Normalised,
    Readout,
    Recurrent,
    Segmented,
    Stack,
    Steps,
    unfold,
)
from mnemon.learning import BPTT, Chunk, Population, SquaredError, Truncated1997, Until
from mnemon.learning.gradients._cut import CutRecurrence, cut

TIME, FEATURES, OUTPUTS = 5, 3, 2
LENGTHS = {"equal": None, "unequal": (5, 2, 4)}
SHARES = (0.2, 0.5, 0.3)
RANDOM = np.random.default_rng(0)
XS, TARGETS = RANDOM.normal(size=(3, TIME, FEATURES)), RANDOM.random((3, TIME, OUTPUTS))


def chunk(lengths, targets=TARGETS[:, 0], xs=XS):
    lengths = None if lengths is None else jnp.asarray(lengths)
    return Chunk(jax.tree.map(jnp.asarray, xs), lengths, jnp.asarray(targets), jnp.asarray(SHARES), None)


def network(layers, **how):
    return Network(layers, Readout(layers.output_size, OUTPUTS, initialiser=start, key=jax.random.key(9), **how))


def lstm(**how):
    return LSTM(FEATURES, 4, initialiser=start, key=jax.random.key(1), **how)


@eqx.filter_jit
def slopes(network, part, rule=Truncated1997()):  # noqa: B008 - frozen
    return rule.step(rule.init(network), network, SquaredError(), part)[1:]


def logistic(x):
    return 1 / (1 + np.exp(-x))


def published(network, xs, targets, asked):
    """(A.17) to (A.26), forward in time: the weights' changes along one sequence with errors at the steps `asked`."""
    cell, readout = network.layers.layers[0].cell, network.readout
    blocks, cells = 2, 4
    of = np.repeat(np.arange(blocks), cells // blocks)
    everything = np.concatenate([cell.input_weights, cell.recurrent_weights, cell.bias[:, None]], axis=1)
    w_in, w_out, w_cell = np.split(everything, [blocks, 2 * blocks])
    w_k, b_k = np.asarray(readout.weights), np.asarray(readout.bias)
    fed = np.zeros(cells + 2 * blocks)  # cells, then gates
    s = np.zeros(cells)
    by_in, by_cell = np.zeros((2, cells, everything.shape[1]))  # ds/dw_in, ds/dw_v
    d_in, d_out, d_cell, d_k, d_b = (np.zeros_like(w) for w in (w_in, w_out, w_cell, w_k, b_k))
    for t in range(len(xs)):
        y_m = np.concatenate([xs[t], fed, [1.0]])
        y_in, y_out = logistic(w_in @ y_m), logistic(w_out @ y_m)
        squashed = logistic(w_cell @ y_m)
        g, slope_g = 4 * squashed - 2, 4 * squashed * (1 - squashed)
        s = s + y_in[of] * g
        by_in += (g * (y_in * (1 - y_in))[of])[:, None] * y_m
        by_cell += (slope_g * y_in[of])[:, None] * y_m
        h, slope_h = 2 * logistic(s) - 1, 2 * logistic(s) * (1 - logistic(s))
        y = y_out[of] * h
        fed = np.concatenate([y, y_in, y_out])
        if t in asked:
            z = logistic(w_k @ y + b_k)
            e_k = z * (1 - z) * (targets[t] - z)
            reached = w_k.T @ e_k
            e_out = y_out * (1 - y_out) * np.bincount(of, h * reached)
            e_s = y_out[of] * slope_h * reached
            d_k += np.outer(e_k, y)
            d_b += e_k
            d_out += np.outer(e_out, y_m)
            d_cell += e_s[:, None] * by_cell
            np.add.at(d_in, of, e_s[:, None] * by_in)
    return np.concatenate([d_in, d_out, d_cell]), d_k, d_b


@pytest.mark.parametrize("at", ["steps", "end"])
@pytest.mark.parametrize("which", LENGTHS)
def test_it_equals_the_published_recursions(at, which, float64):
    whole = network(lstm(variant="1997", cells_per_block=2), at=at, squashing="logistic")
    lengths = LENGTHS[which] or (TIME,) * 3
    # Targets at the end are the same at all steps of a sequence for the recursions.
    wanted = TARGETS if at == "steps" else np.broadcast_to(TARGETS[:, :1], TARGETS.shape)
    _, got = slopes(whole, chunk(LENGTHS[which], TARGETS if at == "steps" else TARGETS[:, 0]))
    totals = [0.0, 0.0, 0.0]
    for xs, d, length, share in zip(XS, wanted, lengths, SHARES):
        asked = range(length) if at == "steps" else [length - 1]
        # The package's loss is the mean over steps and outputs, and its slope points uphill; the paper's factor 2.
        factor = -2 * share / (len(asked) * OUTPUTS)
        changes = published(whole, xs[:length], d, asked)
        totals = [total + factor * change for total, change in zip(totals, changes)]
    cell = got.layers.layers[0].cell
    rows = np.concatenate([cell.input_weights, cell.recurrent_weights, cell.bias[:, None]], axis=1)
    for a, b in zip((rows, got.readout.weights, got.readout.bias), totals):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)
    exact = slopes(whole, chunk(LENGTHS[which], TARGETS if at == "steps" else TARGETS[:, 0]), BPTT())[1]
    assert not np.allclose(exact.layers.layers[0].cell.input_weights, cell.input_weights, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("variant", all_but(["1997", "peephole"], LSTM_TABLE))
def test_it_equals_differences_with_all_that_feeds_back_held(variant, float64):
    how = {"projection": 3} if variant == "projection" else {"cells_per_block": 2}
    whole = network(lstm(variant=variant, **how), at="steps", squashing="logistic")
    value, gradient = slopes(whole, chunk(None, TARGETS))
    flat, unravel = ravel_pytree(eqx.filter(whole, eqx.is_inexact_array))
    xs, targets, shares = jnp.asarray(XS), jnp.asarray(TARGETS), jnp.asarray(SHARES)

    def run(network, xs, before):
        """States of one sequence; those that feed back, and the cells that gates see, are its own, or given."""
        cell = network.layers.layers[0].cell
        state, states = cell.initial_state(), []
        if cell.peepholes is not None:
            blind = eqx.tree_at(lambda c: c.peepholes, cell, jnp.zeros_like(cell.peepholes))
        for t in range(TIME):
            states.append(state)
            drive = cell.project(xs)[t]
            if before is None:
                state = cell.step(state, drive + cell.recur(state))
            elif cell.peepholes is None:
                state = cell.step(state, drive + cell.recur(before[t]))
            else:
                state = blind.step(state, drive + cell.recur(before[t]) + peeped(cell, before[t], before[t + 1]))
        return [*states, state]

    def peeped(cell, before, after):
        """What the gates see of given cells, as a part of their drive."""
        seen = [after if gate == "output" else before for gate in cell.variant.gates]
        nets = [(p * s.cells).reshape(cell.blocks, -1).sum(axis=1) for p, s in zip(cell.peepholes, seen)]
        return jnp.concatenate([*nets, jnp.zeros(cell.units)])

    def costs(ways):
        held = jax.vmap(lambda x: run(whole, x, None))(xs)

        def cost(flat):
            moved = eqx.combine(unravel(flat), whole)
            cell, readout = moved.layers.layers[0].cell, moved.readout
            states = jax.vmap(lambda x, before: run(moved, x, before))(xs, held)[1:]
            said = jnp.stack([jax.vmap(cell.output)(state) for state in states], axis=1)
            z = jax.nn.sigmoid(said @ readout.weights.T + readout.bias[None, None])
            return (jnp.square(z - targets).mean(axis=(1, 2)) * shares).sum()

        return jax.vmap(cost)(flat[None] + ways), cost(flat)

    ways = 1e-5 * jnp.eye(flat.size)
    both, here = jax.jit(costs)(jnp.concatenate([ways, -ways]))
    above, below = jnp.split(both, 2)
    np.testing.assert_allclose(value, here, rtol=1e-12)
    np.testing.assert_allclose(ravel_pytree(gradient)[0], (above - below) / 2e-5, rtol=1e-6, atol=1e-10)


def elman(inputs, units, seed):
    return Elman(inputs, units, initialiser=start, key=jax.random.key(seed))


def in_segments(network, xs, target, tails):
    """The slopes of one sequence, written out: each segment's error reaches the last symbol of its own segment."""
    cell, readout = network.layers.layers[0].cell, network.readout
    (w, u, b), (v, q, c) = (
        (np.asarray(part.input_weights), np.asarray(part.recurrent_weights), np.asarray(part.bias))
        for part in (cell.symbol, cell.segment)
    )
    out, bias = np.asarray(readout.weights), np.asarray(readout.bias)
    h, y = np.zeros(len(b)), np.zeros(len(c))
    changes = [np.zeros_like(each) for each in (w, u, b, v, q, c, out, bias)]
    for t in range(len(xs)):
        before = h
        h = np.tanh(w @ xs[t] + u @ h + b)
        if t in tails:
            y_before = y
            y = np.tanh(v @ h + q @ y + c)
            e = 2 * (out @ y + bias - target) / (OUTPUTS * len(tails))
            above = (out.T @ e) * (1 - y**2)
            below = (v.T @ above) * (1 - h**2)
            pairs = (below, xs[t]), (below, before), (below, [1]), (above, h), (above, y_before), (above, [1])
            for change, (error, source) in zip(changes, (*pairs, (e, y), (e, [1]))):
                change += np.outer(error, source).reshape(change.shape)
            h = np.zeros_like(h)
    return changes


@pytest.mark.parametrize("way", ["all segments at once", "step by step"])
def test_segments_keep_their_own_errors(way, float64):
    together = way == "all segments at once"
    lengths, below, above = LENGTHS["unequal"], elman(FEATURES, 2, 1), elman(2, 4, 2)
    cell = Segmented(below, above, 3) if together else Segmented(below, above, boundaries=True)
    whole = network(cell, at="segments")
    boundary = np.broadcast_to(np.arange(TIME) % 3 == 2, (3, TIME))
    _, got = slopes(whole, chunk(lengths, xs=XS if together else Steps(XS, boundary)))
    totals = [0.0] * 8
    for xs, target, length, share in zip(XS, TARGETS[:, 0], lengths, SHARES):
        tails = {*range(2, length, 3), length - 1}
        changes = in_segments(whole, xs[:length], target, tails)
        totals = [total + share * change for total, change in zip(totals, changes)]
    cell = got.layers.layers[0].cell
    parts = [
        each for part in (cell.symbol, cell.segment) for each in (part.input_weights, part.recurrent_weights, part.bias)
    ]
    for a, b in zip([*parts, got.readout.weights, got.readout.bias], totals, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)


ENGINES = {
    "LSTM peephole": lambda: lstm(variant="peephole"),
    "GRU": lambda: GRU(FEATURES, 4, initialiser=start, key=jax.random.key(1)),
    "Normalised": lambda: Normalised(elman(FEATURES, 4, 1)),
}


@pytest.mark.parametrize("name", ENGINES)
def test_both_engines_cut_in_the_same_place(name, float64):
    cell, xs, lengths = ENGINES[name](), jnp.asarray(XS), jnp.asarray(LENGTHS["unequal"])

    @eqx.filter_jit
    def slope(cell, engine):
        return eqx.filter_grad(lambda c: probe(unfold(CutRecurrence(c), xs, lengths=lengths, engine=engine)))(cell)

    hoisted, plain = (weights(slope(cell, engine)) for engine in ("hoisted", "plain"))
    for a, b in zip(hoisted, plain, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


def test_peepholes_within_another_cell_are_cut_too(float64):
    """Inside `step` nothing is normalised: the slopes of the cell around are those of the cell within."""
    inner = lstm(variant="peephole")
    state = jax.tree.map(lambda leaf: jnp.asarray(RANDOM.normal(size=leaf.shape)), inner.initial_state())
    drive = jnp.asarray(RANDOM.normal(size=16))

    def slope(cell):
        return jax.grad(lambda s: probe(cell.step(s, drive)))(state)

    assert_close(slope(CutRecurrence(Normalised(inner))), slope(CutRecurrence(inner)))
    assert not np.allclose(slope(CutRecurrence(inner)).cells, slope(inner).cells)


def test_an_elman_cell_is_left_with_the_present_step(float64):
    # Feature k is on at step k only: column k of the input weights tells what the error does at step k.
    clock = np.broadcast_to(np.eye(TIME), (3, TIME, TIME))
    _, got = slopes(network(elman(TIME, 4, 1)), chunk(None, xs=clock))
    reached = np.abs(got.layers.layers[0].cell.input_weights).max(axis=0) > 0
    assert reached.tolist() == [False] * (TIME - 1) + [True]


def test_layers_of_all_kinds_are_cut_and_slopes_have_the_shape_of_the_network(float64):
    deep = Stack(
        Bidirectional(elman(FEATURES, 2, 1), elman(FEATURES, 2, 2)),
        Recurrent(Normalised(elman(4, 2, 3)), dropout=0.3),
        Segmented(elman(2, 2, 4), Segmented(elman(2, 2, 5), lstm_above(2), 2), 2),
    )
    whole = network(deep)
    part = chunk(LENGTHS["unequal"])._replace(key=jax.random.key(3))
    value, got = slopes(whole, part)
    np.testing.assert_allclose(value, slopes(whole, part, BPTT())[0], rtol=1e-12)
    assert jax.tree.structure(got) == jax.tree.structure(trainable(whole))
    assert differ(weights(got), weights(slopes(whole, part, BPTT())[1]))


def lstm_above(inputs):
    return LSTM(inputs, 2, initialiser=start, key=jax.random.key(6))


class Whole(Cell):
    """An Elman cell that does not split off its recurrent product."""

    inner: jax.Array
    input_size: int = eqx.field(static=True, default=FEATURES)
    output_size: int = eqx.field(static=True, default=2)

    def initial_state(self):
        return jnp.zeros(2)

    def project(self, xs):
        return xs

    def step(self, state, drive):
        return jnp.tanh(self.inner @ jnp.concatenate([drive, state]))

    def output(self, state):
        return state


def closed_loop():
    return Feedback(Network(elman(FEATURES + OUTPUTS, 2, 1), Readout(2, OUTPUTS, key=jax.random.key(2))))


REFUSED = {
    "alone": (lambda: Whole(jnp.ones((2, FEATURES + 2))), "Whole"),
    "in a segmented cell": (lambda: Segmented(Whole(jnp.ones((2, FEATURES + 2))), elman(2, 2, 1), 3), "Whole"),
    "a network of such": (lambda: NetworkCell(network(Whole(jnp.ones((2, FEATURES + 2))))), "Whole"),
    "answers that come back": (closed_loop, "Feedback"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_cells_that_cannot_split_are_refused(case):
    make, name = REFUSED[case]
    whole = network(make())
    sentence = rf"Truncated1997 needs a cell that can split off its recurrent product \(`recur`\); {name} cannot"
    with pytest.raises(InvalidInput, match=sentence):
        Truncated1997().init(whole)
    with pytest.raises(InvalidInput, match=sentence):
        Truncated1997().step(None, whole, SquaredError(), chunk(None))


def test_a_population_learns_by_it():
    def make(key):
        below, above = jax.random.split(key)
        return Network(LSTM(3, 4, key=below), Readout(4, 2, key=above))

    data = recall(uneven=True)
    solution = fit(Population.make(make, 3, 0), by(gradient=Truncated1997()), data, until=Until(epochs=30))
    loss = solution.history["loss"]
    assert (loss[-1] < 0.7 * loss[0]).all()


CUT = {
    "1997": lambda: lstm(variant="1997", cells_per_block=2),
    "peephole": lambda: lstm(variant="peephole"),
    "coupled": lambda: lstm(variant="coupled"),
    "full-gates": lambda: lstm(variant="full-gates"),
    "GRU": lambda: GRU(FEATURES, 5, initialiser=start, key=jax.random.key(1)),
    "Elman": lambda: Elman(FEATURES, 5, initialiser=start, key=jax.random.key(1)),
    "segmented": lambda: Segmented(lstm(), Elman(4, 3, initialiser=start, key=jax.random.key(2)), 2),
}


@pytest.mark.skipif(kernels.why_not() is not None, reason=f"no native engine: {kernels.why_not()}")
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("name", all_but(["1997", "GRU", "segmented"], CUT))
def test_the_native_engine_cuts_in_the_same_place(name, reverse, float64, monkeypatch):
    """Gradients by weights, inputs and the state before the first step."""
    cell = cut(network(Recurrent(CUT[name](), reverse=reverse)), "a test").layers.layers[0].cell
    state = jax.tree.map(
        lambda leaf: jnp.asarray(RANDOM.normal(size=(3, *leaf.shape))) if eqx.is_inexact_array(leaf) else None,
        cell.initial_state(),
    )

    def slope():
        def loss(parts):
            start_state = None if name == "segmented" else parts[2]
            outputs, final = unfold(
                parts[0], parts[1], state=start_state, lengths=jnp.asarray(LENGTHS["unequal"]), reverse=reverse
            )
            return probe((living(outputs, LENGTHS["unequal"]), final))

        return eqx.filter_jit(eqx.filter_value_and_grad(loss))((cell, jnp.asarray(XS), state))

    ran = []
    walk = kernels.walk
    monkeypatch.setattr(kernels, "walk", lambda form, *rest, **how: ran.append(form.cut) or walk(form, *rest, **how))
    native = slope()
    assert ran
    assert all(ran)
    monkeypatch.setattr(kernels, "why_not", lambda: "a test")
    assert_close(native, slope())
