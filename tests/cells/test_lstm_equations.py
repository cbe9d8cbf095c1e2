"""The LSTM step against the papers' equations, written out unit by unit in NumPy."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from table_of_cells import assert_close, start

from mnemon.cells import LSTM
from mnemon.layers import unfold

TIME, INPUTS = 6, 3


def f(a):
    return 1 / (1 + np.exp(-a))


def g(a):
    return 4 * f(a) - 2


def h(s):
    return 2 * f(s) - 1


def arrays(cell):
    return (np.asarray(part) for part in (cell.input_weights, cell.recurrent_weights, cell.bias))


def hochreiter_schmidhuber_1997(cell, xs, size):
    """Blocks of `size` cells; every hidden unit is fed by all inputs, cells, input gates and output gates."""
    w, u, b = arrays(cell)
    cells = cell.output_size
    blocks = cells // size
    y_c, y_in, y_out, s = np.zeros(cells), np.zeros(blocks), np.zeros(blocks), np.zeros(cells)
    said, states = [], []
    for x in xs:
        y = np.concatenate([y_c, y_in, y_out])

        def net(unit, x=x, y=y):
            return (
                sum(w[unit, k] * x[k] for k in range(INPUTS)) + sum(u[unit, k] * y[k] for k in range(len(y))) + b[unit]
            )

        y_in = np.array([f(net(j)) for j in range(blocks)])
        y_out = np.array([f(net(blocks + j)) for j in range(blocks)])
        net_c = [net(2 * blocks + v) for v in range(cells)]
        s = np.array([s[v] + y_in[v // size] * g(net_c[v]) for v in range(cells)])
        y_c = np.array([y_out[v // size] * h(s[v]) for v in range(cells)])
        said.append(y_c)
        states.append(s)
    return np.array(said), np.array(states)


def gers_schraudolph_schmidhuber_2002(cell, xs, size, squash):
    """Peephole connections: input and forget gates see s(t-1), output gates s(t), of the cells of their own block."""
    w, u, b = arrays(cell)
    peep_in, peep_forget, peep_out = np.asarray(cell.peepholes)
    cells = cell.output_size
    blocks = cells // size
    y_c, s = np.zeros(cells), np.zeros(cells)
    said, states = [], []
    for x in xs:

        def net(unit, x=x, y=y_c):
            return w[unit] @ x + u[unit] @ y + b[unit]

        def seen(peep, j, s):
            return sum(peep[v] * s[v] for v in range(j * size, (j + 1) * size))

        y_in = [f(net(j) + seen(peep_in, j, s)) for j in range(blocks)]
        y_forget = [f(net(blocks + j) + seen(peep_forget, j, s)) for j in range(blocks)]
        net_c = [net(3 * blocks + v) for v in range(cells)]
        s = np.array([y_forget[v // size] * s[v] + y_in[v // size] * squash(net_c[v]) for v in range(cells)])
        y_out = [f(net(2 * blocks + j) + seen(peep_out, j, s)) for j in range(blocks)]
        y_c = np.array([y_out[v // size] * squash(s[v]) for v in range(cells)])
        said.append(y_c)
        states.append(s)
    return np.array(said), np.array(states)


def greff_2017(cell, xs, gate_weights):
    """The vanilla cell with peepholes; gates also see all gates of the step before, by `gate_weights`."""
    w, u, b = arrays(cell)
    (peep_in, peep_forget, peep_out), units = np.asarray(cell.peepholes), cell.output_size
    y, c, gates = np.zeros(units), np.zeros(units), np.zeros(3 * units)
    said, states = [], []
    for x in xs:
        net = w @ x + u @ y + b
        net_in, net_forget, net_out = np.split(net[: 3 * units] + gate_weights @ gates, 3)
        i, forget = f(net_in + peep_in * c), f(net_forget + peep_forget * c)
        c = np.tanh(net[3 * units :]) * i + c * forget
        o = f(net_out + peep_out * c)
        y, gates = np.tanh(c) * o, np.concatenate([i, forget, o])
        said.append(y)
        states.append(c)
    return np.array(said), np.array(states)


def greff_2017_coupled(cell, xs):
    """CIFG: f = 1 - i."""
    (w_in, w_out, w_c), (u_in, u_out, u_c), (b_in, b_out, b_c) = (np.split(part, 3) for part in arrays(cell))
    peep_in, peep_out = np.asarray(cell.peepholes)
    y, c = np.zeros(cell.output_size), np.zeros(cell.output_size)
    said, states = [], []
    for x in xs:
        i = f(w_in @ x + u_in @ y + peep_in * c + b_in)
        c = np.tanh(w_c @ x + u_c @ y + b_c) * i + c * (1 - i)
        y = np.tanh(c) * f(w_out @ x + u_out @ y + peep_out * c + b_out)
        said.append(y)
        states.append(c)
    return np.array(said), np.array(states)


def westhuizen_lasenby_2018(cell, xs):
    """JANET, with beta = 1."""
    (w_f, w_c), (u_f, u_c), (b_f, b_c) = (np.split(part, 2) for part in arrays(cell))
    h, said = np.zeros(cell.output_size), []
    for x in xs:
        s = u_f @ h + w_f @ x + b_f
        h = f(s) * h + (1 - f(s - 1)) * np.tanh(u_c @ h + w_c @ x + b_c)
        said.append(h)
    return np.array(said), np.array(said)


def sak_2014(cell, xs):
    """A recurrent projection r of the cell outputs m."""
    (w_i, w_f, w_o, w_c), (u_i, u_f, u_o, u_c), (b_i, b_f, b_o, b_c) = (np.split(part, 4) for part in arrays(cell))
    peep_i, peep_f, peep_o = np.asarray(cell.peepholes)
    r, c = np.zeros(cell.output_size), np.zeros(cell.units)
    said, states = [], []
    for x in xs:
        i = f(w_i @ x + u_i @ r + peep_i * c + b_i)
        forget = f(w_f @ x + u_f @ r + peep_f * c + b_f)
        c = forget * c + i * np.tanh(w_c @ x + u_c @ r + b_c)
        m = f(w_o @ x + u_o @ r + peep_o * c + b_o) * np.tanh(c)
        r = np.asarray(cell.projection_weights) @ m
        said.append(r)
        states.append(c)
    return np.array(said), np.array(states)


@eqx.filter_jit
def ours(cell, xs):
    outputs, final = unfold(cell, jnp.asarray(xs))
    return outputs, final.cells


@pytest.mark.parametrize("size", [1, 2])
def test_the_1997_row(size, float64):
    how = {"cells_per_block": size, "gate_bias": {"input": -1, "output": -2}, "initialiser": start}
    cell = LSTM(INPUTS, 4, variant="1997", **how, key=jax.random.key(0))
    xs = np.random.default_rng(0).normal(size=(TIME, INPUTS))
    said, states = hochreiter_schmidhuber_1997(cell, xs, size)
    assert_close(ours(cell, xs), (said, states[-1]))


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize(
    "variant, squash", [("peephole", np.tanh), ("counting", lambda a: a)], ids=["tanh", "counting"]
)
def test_the_peephole_rows(variant, squash, size, float64):
    cell = LSTM(INPUTS, 4, variant=variant, cells_per_block=size, initialiser=start, key=jax.random.key(0))
    xs = np.random.default_rng(0).normal(size=(TIME, INPUTS))
    said, states = gers_schraudolph_schmidhuber_2002(cell, xs, size, squash)
    assert_close(ours(cell, xs), (said, states[-1]))


@pytest.mark.parametrize(
    "variant, paper, how",
    [
        ("full-gates", lambda cell, xs: greff_2017(cell, xs, np.asarray(cell.gate_weights)), {}),
        ("coupled", greff_2017_coupled, {}),
        ("janet", westhuizen_lasenby_2018, {}),
        ("projection", sak_2014, {"projection": 3}),
    ],
    ids=["full-gates", "coupled", "janet", "projection"],
)
def test_the_rows_since(variant, paper, how, float64):
    cell = LSTM(INPUTS, 5, variant=variant, initialiser=start, **how, key=jax.random.key(0))
    xs = np.random.default_rng(0).normal(size=(TIME, INPUTS))
    said, states = paper(cell, xs)
    assert_close(ours(cell, xs), (said, states[-1]))
