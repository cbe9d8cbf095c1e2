"""Rules that go forward in time: exact ones equal back-propagation, sparse ones drop what they say, noisy ones are
right on average, and at every step the weights move as the recursions of 1989 say.
"""

import sys
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from toys import by, fit, network, population, recall

from mnemon.cells import GRU, LSTM, Cell, Elman, split
from mnemon.errors import InvalidInput
from mnemon.layers import Bidirectional, Network, Readout, Segmented, Stack, SymbolMark
from mnemon.learning import (
    BPTT,
    RFLO,
    RTRL,
    UORO,
    Chunk,
    Examples,
    Learner,
    Optax,
    SnAp,
    SquaredError,
    Step,
    StepTargets,
    Truncated1997,
    TruncatedBPTT,
    Until,
)
from mnemon.learning.gradients._sensitive import Sensitive
from mnemon.sequences import Sequences

sys.path.append(str(Path(__file__).parents[1] / "fixtures"))
from table_of_cells import CELLS, EVERY, SEGMENTED, inputs, make

KEY = jax.random.key(3)
TIME, LENGTHS = 7, (7, 3, 5)


def chunk(xs, lengths=LENGTHS):
    wanted = jnp.asarray([[0.1, 0.2], [0.3, -1.0], [0.5, 0.7]])
    return Chunk(xs, None if lengths is None else jnp.asarray(lengths), wanted, jnp.asarray([0.2, 0.5, 0.3]), None)


def over(layers, **how) -> Network:
    return Network(layers, Readout(layers.output_size, 2, key=KEY, **how))


def slopes(rule, whole, part):
    """Value and gradient, all numbers in one vector."""

    @eqx.filter_jit
    def both(whole):
        _, value, gradient = rule.step(rule.init(whole), whole, SquaredError(), part)
        assert jax.tree.structure(gradient) == jax.tree.structure(split(whole)[0])
        return value, ravel_pytree(gradient)[0]

    return both(whole)


def assert_equal_rules(whole, part, rule=RTRL()):  # noqa: B008 - frozen
    value, gradient = slopes(rule, whole, part)
    wanted_value, wanted = slopes(BPTT(), whole, part)
    np.testing.assert_allclose(value, wanted_value, rtol=1e-12)
    np.testing.assert_allclose(gradient, wanted, rtol=1e-9, atol=1e-9 * np.abs(wanted).max(initial=1e-3))


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
def test_with_errors_at_every_step_rtrl_equals_bptt(name, float64):
    cell = make(name)
    assert_equal_rules(over(cell, at="steps"), chunk(inputs(cell, (3, TIME))))


@pytest.mark.parametrize("name", [*SEGMENTED, *list(CELLS)[:3]])
def test_with_the_error_at_the_end_rtrl_equals_bptt(name, float64):
    cell = make(name)
    assert_equal_rules(over(cell), chunk(inputs(cell, (3, TIME))))


def levels():
    a, b, c = jax.random.split(KEY, 3)
    return {
        "three levels": Segmented(Segmented(Elman(3, 2, key=a), GRU(2, 3, key=b), 2), LSTM(3, 2, key=c), 2),
        "segments counted": Segmented(Elman(3, 2, key=a), Segmented(GRU(2, 3, key=b), LSTM(3, 2, key=c), 2), 2),
        "marks": Segmented(Elman(3, 2, key=a), LSTM(2, 3, key=b), marks=SymbolMark(1)),
        "stack": Stack(Elman(3, 2, key=a), Segmented(Elman(2, 3, key=b), GRU(3, 2, key=c), 3)),
    }


@pytest.mark.parametrize(
    "case, at",
    [
        pytest.param("three levels", "segments", marks=pytest.mark.slow),
        ("segments counted", "max"),
        pytest.param("marks", "max", marks=pytest.mark.slow),
        ("stack", "segments"),
    ],
)
def test_through_levels_and_stacks_rtrl_equals_bptt(case, at, float64):
    xs = jax.nn.one_hot(jax.random.randint(KEY, (3, TIME), 0, 3), 3)
    assert_equal_rules(over(levels()[case], at=at), chunk(xs))


def test_without_lengths_and_for_symbols_rtrl_equals_bptt(float64):
    a, b = jax.random.split(KEY)
    whole = over(Segmented(Elman(3, 2, key=a), Elman(2, 3, key=b), 3))
    assert_equal_rules(whole, chunk(jax.random.randint(KEY, (3, TIME), 0, 3), None))


def test_many_sequences_are_walked_in_parts_to_the_same_sum(float64, monkeypatch):
    whole, part = over(LSTM(3, 4, key=KEY), at="steps"), chunk(jax.random.normal(KEY, (3, TIME, 3)))
    monkeypatch.setattr("mnemon.learning.gradients._forward.BYTES", 1)
    assert_equal_rules(whole, part)


@pytest.mark.parametrize("cell", [Elman, LSTM, GRU])
@pytest.mark.slow
def test_snap_of_a_high_order_is_rtrl(cell, float64):
    whole, part = over(cell(3, 4, key=KEY), at="steps"), chunk(jax.random.normal(KEY, (3, TIME, 3)))
    np.testing.assert_allclose(slopes(SnAp(8), whole, part)[1], slopes(RTRL(), whole, part)[1], rtol=1e-12)
    assert not np.allclose(slopes(SnAp(1), whole, part)[1], slopes(RTRL(), whole, part)[1], rtol=1e-3)


def test_snap_of_order_one_keeps_what_a_weight_does_to_its_own_unit(float64):
    cell = Elman(2, 3, key=KEY)
    whole, part = over(cell, at="steps"), chunk(jax.random.normal(KEY, (3, TIME, 2)), None)
    w, u, b, v, c = (np.asarray(a) for a in (cell.input_weights, cell.recurrent_weights, cell.bias,
                                             whole.readout.weights, whole.readout.bias))  # fmt: skip
    total = np.zeros_like(u)
    for k in range(3):
        h, own = np.zeros(3), np.zeros((3, 3))  # own: dh_i/du_ij
        for t in range(TIME):
            new = np.tanh(w @ np.asarray(part.xs[k, t]) + u @ h + b)
            own = (1 - new**2)[:, None] * (h[None] + np.diag(u)[:, None] * own)
            h = new
            error = v.T @ (v @ h + c - np.asarray(part.targets[k])) / TIME  # of a mean over 2 outputs and the steps
            total += part.weights[k] * error[:, None] * own
    gradient = SnAp(1).step(None, whole, SquaredError(), part)[2]
    np.testing.assert_allclose(gradient.layers.layers[0].cell.recurrent_weights, total, rtol=1e-10)


class Diagonal(Cell):
    """h(t) = tanh( W x + u * h(t-1) ): each unit feeds back to itself alone."""

    input_weights: jax.Array
    recurrent_weights: jax.Array
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def initial_state(self):
        return jnp.zeros(self.output_size, self.input_weights.dtype)

    def project(self, xs):
        return xs @ self.input_weights.T

    def recur(self, state):
        return self.recurrent_weights * state

    def step(self, state, drive):
        return jnp.tanh(drive)

    def output(self, state):
        return state


def test_a_diagonal_layer_keeps_one_number_a_weight(float64):
    a, b = jax.random.split(KEY)
    cell = Diagonal(jax.random.normal(a, (5, 3)), jax.random.normal(b, (5,)), 3, 5)
    tracked = Sensitive(cell, order=None, below=0, emits=False)
    assert sum(kept.size for kept in tracked.initial_state().kept) == 5 * 3 + 5
    assert tracked.structure.state_columns.shape == (1, 5)  # one forward pass tells all of df/ds
    assert tracked.structure.weight_rows.shape == (1, 5)  # and one backward pass all of df/dw
    assert_equal_rules(over(cell, at="steps"), chunk(jax.random.normal(KEY, (3, TIME, 3))))


def test_a_dense_layer_needs_one_backward_pass_a_step():
    tracked = Sensitive(Elman(3, 5, key=KEY), order=None, below=0, emits=False)
    assert tracked.structure.weight_rows.shape == (1, 5)
    assert [kept.shape for kept in tracked.initial_state().kept] == [(1, 5, 5 * 3 + 5 * 5 + 5)]


def test_uoro_is_right_on_average(float64):
    whole, part = over(LSTM(3, 2, key=KEY), at="steps"), chunk(jax.random.normal(KEY, (3, TIME, 3)))
    wanted = slopes(BPTT(), whole, part)[1]
    one = lambda key: ravel_pytree(UORO().step(None, whole, SquaredError(), part._replace(key=key))[2])[0]  # noqa: E731
    draws = np.asarray(jax.jit(jax.vmap(one))(jax.random.split(KEY, 4000)))
    deviation = draws.std(axis=0) / np.sqrt(len(draws))
    assert deviation.max() > 0
    assert (np.abs(draws.mean(axis=0) - wanted) <= 5 * deviation + 1e-12).all()
    assert np.linalg.norm(draws[0] - wanted) > np.linalg.norm(draws.mean(axis=0) - wanted)


def test_uoro_through_segments_is_right_on_average(float64):
    a, b = jax.random.split(KEY)
    whole = over(Segmented(Elman(3, 2, key=a), Elman(2, 2, key=b), 3))
    part = chunk(jax.random.normal(KEY, (3, TIME, 3)))
    wanted = slopes(BPTT(), whole, part)[1]
    one = lambda key: ravel_pytree(UORO().step(None, whole, SquaredError(), part._replace(key=key))[2])[0]  # noqa: E731
    draws = np.asarray(jax.jit(jax.vmap(one))(jax.random.split(KEY, 4000)))
    assert (np.abs(draws.mean(axis=0) - wanted) <= 5 * draws.std(axis=0) / np.sqrt(len(draws)) + 1e-12).all()


def online_elman(whole, xs, targets, rate):
    """Williams and Zipser's recursions: one sequence, weights that change at every step with a target."""
    cell = whole.layers.layers[0].cell
    w, u, b, v, c = (np.array(a) for a in (cell.input_weights, cell.recurrent_weights, cell.bias,
                                           whole.readout.weights, whole.readout.bias))  # fmt: skip
    n, m = w.shape
    h, p = np.zeros(n), np.zeros((n, n, m + n + 1))  # p[k, i, j] = dh_k/dw_ij
    for x, target in zip(xs, targets, strict=True):
        source = np.concatenate([x, h, [1]])
        new = np.tanh(np.concatenate([w, u, b[:, None]], axis=1) @ source)
        p = (1 - new**2)[:, None, None] * (np.einsum("kl,lij->kij", u, p) + np.eye(n)[:, :, None] * source)
        h = new
        if np.isnan(target).any():
            continue
        e = 2 / len(target) * (v @ h + c - target)
        step = rate * np.einsum("k,kij->ij", v.T @ e, p)
        v, c = v - rate * np.outer(e, h), c - rate * e
        w, u, b = w - step[:, :m], u - step[:, m : m + n], b - step[:, -1]
    return w, u, b, v, c


def test_at_every_step_rtrl_moves_weights_as_in_1989(float64):
    random = np.random.default_rng(0)
    whole = over(Elman(3, 4, key=KEY), at="steps")
    whole = jax.tree.map(lambda leaf: leaf.astype(float), whole)
    xs, targets = random.normal(size=(1, TIME, 3)), random.normal(size=(TIME, 2))
    targets[2] = np.nan  # no target, no update
    data = Examples(Sequences(xs), StepTargets(targets, np.array([TIME])))
    solution = fit(whole, Learner(RTRL(), Optax("sgd", 0.1), Step()), data, loss=SquaredError(), until=Until(1))
    after = solution.networks[0]
    cell = after.layers.layers[0].cell
    got = cell.input_weights, cell.recurrent_weights, cell.bias, after.readout.weights, after.readout.bias
    for one, wanted in zip(got, online_elman(whole, xs[0], targets, 0.1), strict=True):
        np.testing.assert_allclose(one, wanted, rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("rule", [RTRL(), SnAp(1), UORO(), RFLO(), Truncated1997()], ids=lambda r: type(r).__name__)
def test_every_forward_rule_learns_at_every_step(rule):
    data = recall(uneven=True)
    wanted = StepTargets(np.repeat(data.targets, data.xs.lengths), data.xs.lengths)
    below, above = jax.random.split(KEY)
    whole = Network(Elman(3, 4, key=below), Readout(4, 2, at="steps", key=above))
    learner = Learner(rule, Optax("sgd", [0.05, 0.1]), Step())
    history = fit([whole, whole], learner, Examples(data.xs, wanted), until=Until(12)).history["loss"]
    assert (history[-1] < 0.8 * history[0]).all()


def test_one_target_a_sequence_is_asked_for_at_each_step():
    data, whole = recall(n=4, steps=3), over(Elman(3, 4, key=KEY), at="steps")
    learner = Learner(RTRL(), Optax("sgd", 0.1), Step())
    repeated = Examples(data.xs, StepTargets(np.repeat(data.targets, data.xs.lengths), data.xs.lengths))
    one, other = (fit(whole, learner, some, until=Until(2)).history["loss"] for some in (data, repeated))
    np.testing.assert_allclose(one, other, rtol=1e-6)


@pytest.mark.parametrize("rule", [BPTT(), TruncatedBPTT(3)], ids=lambda r: type(r).__name__)
def test_rules_that_go_back_cannot_learn_at_every_step(rule):
    with pytest.raises(InvalidInput, match=r"Step\(\) updates while a sequence runs"):
        Learner(rule, Optax("sgd", 0.1), Step())


def test_learning_at_every_step_needs_answers_there():
    learner = Learner(RTRL(), Optax("sgd", 0.1), Step())
    with pytest.raises(InvalidInput, match='at="steps"'):
        fit(network(KEY), learner, recall(), until=Until(1))


def test_layers_that_look_ahead_are_refused_by_name():
    a, b = jax.random.split(KEY)
    whole = over(Bidirectional(Elman(3, 2, key=a), Elman(3, 2, key=b)))
    with pytest.raises(InvalidInput, match=r"RTRL\(\) goes forward in time, but the layer Bidirectional"):
        RTRL().step(None, whole, SquaredError(), chunk(jnp.ones((3, TIME, 3))))


def test_dropout_is_refused():
    whole = over(Stack(Elman(3, 2, key=KEY), dropout=0.5))
    with pytest.raises(InvalidInput, match="without dropout"):
        UORO().step(None, whole, SquaredError(), chunk(jnp.ones((3, TIME, 3))))


def test_an_order_below_one_is_refused():
    with pytest.raises(InvalidInput, match=r"SnAp\(order=0\)"):
        SnAp(0)


def test_a_population_under_rtrl_ends_where_it_does_under_bptt():
    one, other = (
        fit(population(), by(gradient=rule), recall(uneven=True), until=Until(4)) for rule in (RTRL(), BPTT())
    )
    np.testing.assert_allclose(one.history["loss"], other.history["loss"], rtol=1e-4)
