"""Each cell against its paper's equations, written out in NumPy: an independent recursion over several steps."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from table_of_cells import INPUTS, assert_close, make

from mnemon.layers import unfold

TIME = 7
XS = np.random.default_rng(0).normal(size=(TIME, INPUTS))


def f(a):
    return 1 / (1 + np.exp(-a))


def jordan_1986(cell, xs):
    context, said, all_said = np.zeros(4), np.zeros(4), []
    for x in xs:
        context = 0.6 * context + said
        hidden = np.tanh(cell.input_weights @ x + cell.recurrent_weights @ context + cell.bias)
        said = np.tanh(cell.output_weights @ hidden + cell.output_bias)
        all_said.append(said)
    return all_said


def williams_zipser_1989(cell, xs):
    """One weight matrix over inputs, units and a constant 1, as in the paper; four of five units are outputs."""
    w = np.concatenate([cell.recurrent_weights, cell.input_weights, cell.bias[:, None]], axis=1)
    y, said = np.zeros(5), []
    for x in xs:
        z = np.concatenate([y, x, [1]])
        y = np.array([f(sum(w[k, j] * z[j] for j in range(len(z)))) for k in range(5)])
        said.append(y[:4])
    return said


def giles_1992(cell, xs):
    w = cell.recurrent_weights.reshape(INPUTS, 4, 4)  # of an input, to a unit, from a unit
    s, said = np.array([1.0, 0, 0, 0]), []
    for x in xs:
        s = f(np.einsum("kij,j,k->i", w, s, x))
        said.append(s)
    return said


def two_simple_networks(cell, xs):
    low, high = cell.networks
    h, y, said = np.zeros(4), np.zeros(4), []
    for x in xs:
        h = np.tanh(low.input_weights @ x + low.recurrent_weights @ h + low.bias)
        y = np.tanh(high.input_weights @ h + high.recurrent_weights @ y + high.bias)
        said.append(y)
    return said


def mozer_1992(cell, xs):
    """Four units: two of the first time scale, one of each other."""
    kept = 1 - 1 / np.array([1, 1, 2, 8])
    h, said = np.zeros(4), []
    for x in xs:
        h = kept * h + (1 - kept) * np.tanh(cell.input_weights @ x + cell.recurrent_weights @ h + cell.bias)
        said.append(h)
    return said


def koutnik_2014(cell, xs):
    """Groups 0:2, 2:3, 3:4 with periods 1, 2, 3; each computes from itself and the slower ones, in its turn."""
    groups = [(0, 2, 1), (2, 3, 2), (3, 4, 3)]
    h, said = np.zeros(4), []
    for t, x in enumerate(xs):
        before, h = h, h.copy()
        for strip, (first, last, period) in zip(cell.recurrent_weights, groups):
            if t % period == 0:
                net = cell.input_weights[first:last] @ x + strip @ before[first:] + cell.bias[first:last]
                h[first:last] = np.tanh(net)
        said.append(h)
    return said


def le_2015(cell, xs):
    h, said = np.zeros(4), []
    for x in xs:
        h = np.maximum(0, cell.input_weights @ x + cell.recurrent_weights @ h + cell.bias)
        said.append(h)
    return said


def jaeger_2007(cell, xs):
    w, u, b = (part.value for part in (cell.input_weights, cell.recurrent_weights, cell.bias))
    x, said = np.zeros(4), []
    for inputs in xs:
        x = (1 - 0.3) * x + 0.3 * np.tanh(w @ inputs + u @ x + b)
        said.append(x)
    return said


def zhou_2016(cell, xs):
    wf, wh = np.split(np.concatenate([cell.recurrent_weights, cell.input_weights], axis=1), 2)
    bf, bh = np.split(cell.bias, 2)
    h, said = np.zeros(4), []
    for x in xs:
        gate = f(wf @ np.concatenate([h, x]) + bf)
        h = (1 - gate) * h + gate * np.tanh(wh @ np.concatenate([gate * h, x]) + bh)
        said.append(h)
    return said


def cho_2014(cell, xs):
    (wz, wr, w), (uz, ur, u), (bz, br, b) = (
        np.split(part, 3) for part in (cell.input_weights, cell.recurrent_weights, cell.bias)
    )
    h, said = np.zeros(4), []
    for x in xs:
        z, r = f(wz @ x + uz @ h + bz), f(wr @ x + ur @ h + br)
        h = z * h + (1 - z) * np.tanh(w @ x + u @ (r * h) + b)
        said.append(h)
    return said


def schmidhuber_2001(cell, xs):
    """One matrix over inputs, hidden units, outputs and a constant 1; what does not feed what is 0 in it."""
    own = np.zeros(5) if cell.recurrent_weights is None else cell.recurrent_weights
    own = np.diag(own) if own.ndim == 1 else own
    loop = np.zeros((4, 4)) if cell.output_recurrent_weights is None else cell.output_recurrent_weights
    c = np.zeros(4) if cell.output_bias is None else cell.output_bias
    into_hidden = np.hstack([cell.input_weights, own, cell.feedback_weights, cell.bias[:, None]])
    into_outputs = np.hstack([cell.direct_weights, cell.output_weights, loop, c[:, None]])
    h, y, said = np.zeros(5), np.zeros(4), []
    for x in xs:
        h = f(into_hidden @ np.concatenate([x, h, y, [1]]))
        y = f(into_outputs @ np.concatenate([x, h, y, [1]]))
        said.append(y)
    return said


PAPERS = {
    "Jordan": jordan_1986,
    "FullyRecurrent": williams_zipser_1989,
    "SecondOrder": giles_1992,
    "Cascade": two_simple_networks,
    "Hierarchical": mozer_1992,
    "Clockwork": koutnik_2014,
    "IRNN": le_2015,
    "LeakyESN": jaeger_2007,
    "MinimalGated": zhou_2016,
    "GRU before": cho_2014,
    "OutputLoop": schmidhuber_2001,
    "OutputLoop self": schmidhuber_2001,
    "OutputLoop none": schmidhuber_2001,
}


@pytest.mark.parametrize("name", PAPERS)
def test_the_paper(name, float64):
    cell = make(name)
    outputs, _ = eqx.filter_jit(lambda cell, xs: unfold(cell, xs, engine="plain"))(cell, jnp.asarray(XS))
    said = PAPERS[name](jax.tree.map(np.asarray, cell), XS)
    assert np.std(said) > 0.05
    assert_close(outputs, np.array(said))
