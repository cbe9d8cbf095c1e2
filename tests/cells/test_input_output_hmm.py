"""The input-output hidden Markov model: its equations, and what it says."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from table_of_cells import assert_close, start

from mnemon.cells import InputOutputHMM
from mnemon.errors import InvalidInput
from mnemon.layers import unfold

INPUTS, STATES, OUTPUTS, KEY = 3, 4, 2, jax.random.key(0)
XS = np.random.default_rng(1).normal(size=(6, INPUTS))


def cell(**how):
    return InputOutputHMM(INPUTS, STATES, initialiser=start, key=KEY, **how)


@eqx.filter_jit
def said(cell, xs):
    return unfold(cell, xs, engine="plain")[0]


def distributions(made):
    """zeta(t), one state after the other."""
    zeta, all_of_them = softmax(np.asarray(made.start)), []
    for x in XS:
        after = np.zeros(STATES)
        for j in range(STATES):
            after += zeta[j] * softmax(made.transition_weights[j] @ x + made.transition_bias[j])
        zeta = after
        all_of_them.append(zeta)
    return np.stack(all_of_them)


@pytest.mark.parametrize("says", ["states", "classes", "values"])
def test_the_equations_one_state_after_the_other(says, float64):
    made = cell(outputs=OUTPUTS, says=says)
    zetas = distributions(made)
    np.testing.assert_allclose(zetas.sum(axis=1), 1, rtol=1e-12)
    expected = zetas
    if says != "states":
        each = np.einsum("iof,tf->tio", made.output_weights, XS) + np.asarray(made.output_bias)
        if says == "values":
            expected = np.einsum("ti,tio->to", zetas, each)
        else:
            expected = np.log(np.einsum("ti,tio->to", zetas, np.exp(log_softmax(each, axis=-1))))
    assert_close(said(made, jnp.asarray(XS)), expected)


def test_a_state_that_cannot_be_reached_leaves_numbers_finite():
    made = cell(outputs=OUTPUTS)
    made = eqx.tree_at(lambda c: c.transition_bias, made, made.transition_bias.at[:, 0].set(1e4))
    value, slope = eqx.filter_jit(eqx.filter_value_and_grad(lambda c: said(c, jnp.asarray(XS, jnp.float32)).sum()))(
        made
    )
    assert all(jnp.isfinite(leaf).all() for leaf in (value, *jax.tree.leaves(slope)))


def test_staying_is_a_bias_of_the_diagonal():
    drawn = cell(outputs=OUTPUTS).transition_bias
    np.testing.assert_allclose(cell(outputs=OUTPUTS, stay=3.0).transition_bias, drawn + 3 * np.eye(STATES))


def test_mistakes_are_told(unchecked):
    with pytest.raises(InvalidInput, match="did you mean 'classes'"):
        cell(says="class", outputs=2)
    with pytest.raises(InvalidInput, match="outputs=0; expected at least 1"):
        cell(outputs=0)
