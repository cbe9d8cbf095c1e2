"""Normalised cells against the paper's equations, written out in NumPy; what they leave alone; their gradients."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from table_of_cells import as_float, assert_close, inputs, probe
from table_of_layers import as_precise, elman, gru, lstm

from mnemon.cells import Elman, trainable, uniform
from mnemon.errors import InvalidInput
from mnemon.layers import Network, Normalised, Readout, RecurrentDropout, Segmented, unfold

TIME = 4


def f(a):
    return 1 / (1 + np.exp(-a))


def drawn(cell):
    """With gains and biases that are not 1 and 0."""
    norms = lambda c: jax.tree.leaves((c.input_gains, c.input_biases, c.recurrent_gains, c.recurrent_biases))  # noqa: E731
    random = np.random.default_rng(0)
    return eqx.tree_at(norms, cell, [as_float(leaf + random.normal(size=leaf.shape)) for leaf in norms(cell)])


def norm(a, gain, bias):
    deviations = a - a.mean()
    return deviations / np.sqrt((deviations**2).mean() + 1e-5) * gain + bias


def elman_by_hand(cell, xs):
    inner, h, said = cell.cell, np.zeros(2), []
    for x in xs:
        seen = norm(np.asarray(inner.input_weights) @ x, cell.input_gains[0], cell.input_biases[0])
        fed = norm(np.asarray(inner.recurrent_weights) @ h, cell.recurrent_gains[0], cell.recurrent_biases[0])
        h = np.tanh(seen + fed + inner.bias)
        said.append(h)
    return np.array(said)


def lstm_by_hand(cell, xs):
    """All gates in one vector."""
    inner, h, c, said = cell.cell, np.zeros(2), np.zeros(2), []
    for x in xs:
        seen = norm(np.asarray(inner.input_weights) @ x, cell.input_gains[0], cell.input_biases[0])
        fed = norm(np.asarray(inner.recurrent_weights) @ h, cell.recurrent_gains[0], cell.recurrent_biases[0])
        i, keep, o, new = np.split(seen + fed + inner.bias, 4)
        c = f(keep) * c + f(i) * np.tanh(new)
        h = f(o) * np.tanh(c)
        said.append(h)
    return np.array(said)


def gru_by_hand(cell, xs):
    """Both gates in one vector; the candidate's halves apart."""
    inner, h, said = cell.cell, np.zeros(2), []
    W, U, b, c = (
        np.asarray(w) for w in (inner.input_weights, inner.recurrent_weights, inner.bias, inner.candidate_bias)
    )
    gates_x, candidate, nothing = zip(cell.input_gains, cell.input_biases)
    gates_h, empty, remembered = zip(cell.recurrent_gains, cell.recurrent_biases)
    assert nothing == empty == (None, None)
    for x in xs:
        z, r = np.split(f(norm((W @ x)[:4], *gates_x) + norm((U @ h)[:4], *gates_h) + b[:4]), 2)
        new = np.tanh(norm((W @ x)[4:], *candidate) + b[4:] + r * (norm((U @ h)[4:], *remembered) + c))
        h = z * h + (1 - z) * new
        said.append(h)
    return np.array(said)


BY_HAND = {"Elman": (elman(), elman_by_hand), "LSTM": (lstm(), lstm_by_hand), "GRU": (gru(), gru_by_hand)}


@pytest.mark.parametrize("name", BY_HAND)
def test_the_paper_by_hand(name, float64):
    cell, by_hand = BY_HAND[name]
    cell = drawn(as_precise(Normalised(cell)))
    xs = inputs(cell, (2, TIME))
    outputs = eqx.filter_jit(lambda cell: unfold(cell, xs)[0])(cell)
    assert_close(outputs, np.array([by_hand(cell, np.asarray(x)) for x in xs]))


def test_both_engines_give_the_same_finite_gradients(float64):
    """Although the state before the first step is zeros, whose spread is none."""
    cell = drawn(as_precise(Normalised(elman())))
    xs = inputs(cell, (2, TIME))

    @eqx.filter_jit
    def slopes(cell, engine):
        return eqx.filter_grad(lambda cell: probe(unfold(cell, xs, engine=engine)))(cell)

    hoisted = slopes(cell, "hoisted")
    assert_close(hoisted, slopes(cell, "plain"), 1e-10)
    assert all(np.isfinite(leaf).all() and np.abs(leaf).max() > 0 for leaf in jax.tree.leaves(hoisted))


def test_scaling_the_weights_changes_nothing(float64):
    """But for the epsilon: what the paper calls invariance to re-scaling of the weight matrix."""
    cell = as_precise(Normalised(lstm()))
    xs = inputs(cell, (TIME,))
    weights = lambda c: (c.cell.input_weights, c.cell.recurrent_weights)  # noqa: E731
    large = eqx.tree_at(weights, cell, [100 * w for w in weights(cell)])
    larger = eqx.tree_at(weights, cell, [1e6 * w for w in weights(cell)])
    run = eqx.filter_jit(lambda cell: unfold(cell, xs)[0])
    assert_close(run(larger), run(large), 1e-5)


@pytest.mark.parametrize("cell, norms", [(elman(), 4 * 2), (lstm(), 4 * 8), (gru(), 2 * (4 + 2) + 2 * (4 + 2))])
def test_weights(cell, norms):
    count = lambda cell: sum(leaf.size for leaf in jax.tree.leaves(trainable(cell)))  # noqa: E731
    assert count(Normalised(cell)) == count(cell) + norms


def test_a_population_may_be_made_at_once():
    """Under `vmap` nothing is known of the weights, and which parts are normalised does not depend on them."""
    make = lambda key: Normalised(Elman(3, 2, initialiser=uniform(0.5), key=key))  # noqa: E731
    cells = eqx.filter_vmap(make)(jax.random.split(jax.random.key(0), 3))
    assert not Network(make(jax.random.key(0)), Readout(2, 1, key=jax.random.key(0))).finishes
    assert cells.input_gains[0].shape == (3, 2)
    assert jnp.unique(cells.cell.input_weights).size == 3 * 2 * 3


def test_mistakes_are_told():
    with pytest.raises(InvalidInput, match=r"needs a cell that can split off .* Segmented cannot"):
        Normalised(Segmented(elman(), elman(2), 3))
    with pytest.raises(InvalidInput, match="RecurrentDropout completes its work at a sequence's end"):
        Normalised(RecurrentDropout(elman(), 0.5))
    with pytest.raises(InvalidInput, match="Elman has a drive of a single number"):
        Normalised(elman(3, 1))
