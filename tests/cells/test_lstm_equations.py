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
