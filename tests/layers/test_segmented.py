"""The segmented-memory network against its published recursions, written out in NumPy; its sweep; its segments."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from table_of_cells import assert_close, inputs, living, make, probe, start

from mnemon.cells import Elman
from mnemon.errors import InvalidInput
from mnemon.layers import Network, Readout, Segmented, Steps, SymbolMark, no_nudge, unfold

D, TARGET = 3, np.array([1.0, 0.0])


def elmans(bias=True, **how) -> Segmented:
    def cell(inputs, units):
        key = jax.random.key(inputs)
        return Elman(inputs, units, squashing="logistic", bias=bias, initialiser=start, key=key)

    return Segmented(cell(3, 4), cell(4, 2), **(how or {"length": D}))


def f(a):
    return 1 / (1 + np.exp(-a))


def weights(cell):
    bias = np.zeros(cell.output_size) if cell.bias is None else np.asarray(cell.bias)
    return np.asarray(cell.input_weights), np.asarray(cell.recurrent_weights), bias


def by_hand(network, us):
    """Forward equations and eBPTT of the published network, symbol for symbol as printed; E = 1/2 sum (d - z)^2."""
    cell, readout = network.layers.layers[0].cell, network.readout
    Wxu, Wxx, bx = weights(cell.symbol)
    Wyx, Wyy, by = weights(cell.segment)
    Wzy, bz = np.asarray(readout.weights), np.zeros(2) if readout.bias is None else np.asarray(readout.bias)
    T = len(us)
    tails = [t for t in range(1, T + 1) if t % D == 0 or t == T]
    heads = [1] + [t + 1 for t in tails[:-1]]
    u = dict(enumerate(us, start=1))
    x, y, before = {}, {0: np.zeros(len(Wyy))}, {}
    for t in range(1, T + 1):
        before[t] = np.zeros(len(Wxx)) if t in heads else x[t - 1]
        x[t] = f(Wxx @ before[t] + Wxu @ u[t] + bx)
        y[t] = f(Wyy @ y[t - 1] + Wyx @ x[t] + by) if t in tails else y[t - 1]
    z = f(Wzy @ y[T] + bz)

    delta_z = (TARGET - z) * z * (1 - z)
    delta_y, delta_x = {}, {}
    for n in reversed(range(len(tails))):
        t = tails[n]
        above = Wzy.T @ delta_z if t == T else Wyy.T @ delta_y[tails[n + 1]]
        delta_y[t] = y[t] * (1 - y[t]) * above
        delta_x[t] = x[t] * (1 - x[t]) * (Wyx.T @ delta_y[t])
        for s in range(t - 1, heads[n] - 1, -1):
            delta_x[s] = x[s] * (1 - x[s]) * (Wxx.T @ delta_x[s + 1])
    gradients = {
        "Wxu": -sum(np.outer(delta_x[t], u[t]) for t in u),
        "Wxx": -sum(np.outer(delta_x[t], before[t]) for t in u),
        "bx": -sum(delta_x.values()),
        "Wyx": -sum(np.outer(delta_y[t], x[t]) for t in tails),
        "Wyy": -sum(np.outer(delta_y[t], y[t - 1]) for t in tails),
        "by": -sum(delta_y.values()),
        "Wzy": -np.outer(delta_z, y[T]),
        "bz": -delta_z,
    }
    # What reaches the states after step t: symbol states inside a segment only, the segment state from the next tail.
    reaches_x, reaches_y = np.zeros((T, len(Wxx))), np.zeros((T, len(Wyy)))
    for t in range(1, T + 1):
        if t not in tails:
            reaches_x[t - 1] = -Wxx.T @ delta_x[t + 1]
        later = [tail for tail in tails if tail > t]
        reaches_y[t - 1] = -Wyy.T @ delta_y[later[0]] if later else -Wzy.T @ delta_z
    return z, gradients, (reaches_x, reaches_y)


def network_of(bias):
    return Network(
        elmans(bias), Readout(2, 2, squashing="logistic", bias=bias, initialiser=start, key=jax.random.key(9))
    )


def squared_error(z):
    return ((TARGET - z) ** 2).sum() / 2


@pytest.mark.parametrize("bias", [False, True], ids=["no bias", "bias"])
@pytest.mark.parametrize("time", [6, 8, 2])
def test_forward_and_ebptt_are_the_published_recursions(time, bias, float64):
    network = network_of(bias)
    us = np.random.default_rng(0).normal(size=(time, 3))

    @eqx.filter_jit
    @partial(eqx.filter_grad, has_aux=True)
    def slopes(network):
        z = network(jnp.asarray(us)).values
        return squared_error(z), z

    gradient, z = slopes(network)
    expected_z, expected, _ = by_hand(network, us)
    symbol, segment = gradient.layers.layers[0].cell.symbol, gradient.layers.layers[0].cell.segment
    got = {
        "Wxu": symbol.input_weights,
        "Wxx": symbol.recurrent_weights,
        "Wyx": segment.input_weights,
        "Wyy": segment.recurrent_weights,
        "Wzy": gradient.readout.weights,
    }
    if bias:
        got |= {"bx": symbol.bias, "by": segment.bias, "bz": gradient.readout.bias}
    assert_close(z, expected_z)
    assert_close(got, {name: expected[name] for name in got})


def test_error_flows_where_the_paper_lets_it(float64):
    """No error crosses a segment head at the symbol level; the segment's error changes at tails only."""
    network, time = network_of(True), 9
    cell = network.layers.layers[0].cell
    us = np.random.default_rng(0).normal(size=(time, 3))

    @jax.jit
    @jax.grad
    def reaching(nudge):
        outputs, _ = unfold(cell, jnp.asarray(us), nudge=nudge, engine="plain")
        return squared_error(jax.nn.sigmoid(network.readout.weights @ outputs[-1] + network.readout.bias))

    reached = reaching(no_nudge(cell, (), time))
    expected_x, expected_y = by_hand(network, us)[2]
    tails = (np.arange(time) + 1) % D == 0
    assert not reached.symbol[tails].any()
    assert np.abs(reached.symbol[~tails]).min() > 0
    for first in range(2, time - 1, D):
        assert_close(reached.segment[first : first + D], np.repeat(reached.segment[first][None], D, axis=0), 0)
    assert_close((reached.symbol, reached.segment), (expected_x, expected_y))


SWEPT = [
    ("Elman in Elman, length", 6, None),
    ("Elman in Elman, length", 7, None),
    ("LSTM in GRU, length", 7, (7, 1, 4)),
]


@pytest.mark.parametrize("name, time, lengths", SWEPT)
def test_the_sweep_is_its_single_steps(name, time, lengths, float64):
    cell = make(name)
    parts = cell, inputs(cell, (3, time))

    @eqx.filter_jit
    def run(parts, engine):
        def loss(parts):
            cell, xs = parts
            outputs, final = unfold(cell, xs, lengths=None if lengths is None else jnp.array(lengths), engine=engine)
            return probe((living(outputs, lengths or [time] * 3), final)), (outputs, final)

        return eqx.filter_value_and_grad(loss, has_aux=True)(parts)

    assert_close(run(parts, "auto"), run(parts, "plain"))


def test_boundaries_at_every_third_step_are_segments_of_three(float64):
    fixed, marked = elmans(), elmans(boundaries=True)
    xs = inputs(fixed, (2, 8))
    marks = jnp.broadcast_to((jnp.arange(8) + 1) % 3 == 0, (2, 8))
    lengths = jnp.array([8, 4])
    run = eqx.filter_jit(lambda cell, xs: unfold(cell, xs, lengths=lengths))
    assert_close(run(marked, Steps(xs, marks)), run(fixed, xs))
    assert_close(marked.ends(Steps(xs, marks), lengths), fixed.ends(xs, lengths), 0)


def test_segments_end_at_tails_and_at_the_sequences_end():
    ends = elmans().ends(jnp.zeros((2, 8, 3)), jnp.array([8, 4]))
    assert_close(ends, np.array([[0, 0, 1, 0, 0, 1, 0, 1], [0, 0, 1, 1, 0, 0, 0, 0]], bool), 0)


def test_a_fixed_length_ignores_boundaries_of_the_data(float64):
    cell = elmans()
    xs = inputs(cell, (2, 6))
    run = eqx.filter_jit(lambda xs: unfold(cell, xs))
    assert_close(run(Steps(xs, jnp.ones((2, 6), bool))), run(xs))


@pytest.mark.parametrize(
    "how", [{"length": None}, {"length": 3, "boundaries": True}, {"boundaries": True, "marks": SymbolMark(0)}]
)
def test_exactly_one_way_to_end_segments(how):
    with pytest.raises(InvalidInput, match="exactly one of length=d, boundaries=True and marks="):
        elmans(**how)


def test_mistakes_are_told():
    with pytest.raises(InvalidInput, match="at least one symbol"):
        elmans(length=0)
    below, above = make("GRU"), make("GRU", 1)
    with pytest.raises(InvalidInput, match=r"says 4 values but the segment cell takes 3; .* input_size=4"):
        Segmented(below, above, length=3)
    with pytest.raises(InvalidInput, match="bring no boundaries"):
        unfold(elmans(boundaries=True), jnp.zeros((6, 3)))
