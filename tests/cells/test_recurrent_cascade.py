"""The cell that grows: its equations, units that are not there, and the numbers of weights."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from table_of_cells import assert_close, start

from mnemon.cells import Elman, RecurrentCascade, split
from mnemon.layers import Network, Readout, unfold

INPUTS, UNITS, KEY = 3, 4, jax.random.key(0)
XS = np.random.default_rng(1).normal(size=(6, INPUTS))


def cell(units=UNITS, **how):
    return RecurrentCascade(INPUTS, units, initialiser=start, key=KEY, **how)


@eqx.filter_jit
def said(cell, xs):
    return unfold(cell, xs, engine="plain")[0]


@pytest.mark.parametrize("squashing", ["tanh", "logistic"])
def test_the_equations_one_number_at_a_time(squashing, float64):
    made = cell(squashing=squashing)
    f = np.tanh if squashing == "tanh" else lambda a: 1 / (1 + np.exp(-a))
    weights, below, own, bias = (
        np.asarray(part) for part in (made.input_weights, made.cascade_weights, made.recurrent_weights, made.bias)
    )
    expected, before = [], np.zeros(UNITS)
    for x in XS:
        now: list[float] = []
        for k in range(UNITS):
            row = below[k * (k - 1) // 2 :][:k]
            now.append(f(weights[k] @ x + sum(a * b for a, b in zip(row, now)) + own[k] * before[k] + bias[k]))
        before = np.array(now)
        expected.append(before)
    assert_close(said(made, jnp.asarray(XS)), np.stack(expected))


def test_one_unit_is_elmans(float64):
    one, elman = cell(1), Elman(INPUTS, 1, key=KEY)
    elman = eqx.tree_at(
        lambda c: [c.input_weights, c.recurrent_weights, c.bias],
        elman,
        [one.input_weights, one.recurrent_weights[:, None], one.bias],
    )
    assert_close(said(one, jnp.asarray(XS)), said(elman, jnp.asarray(XS)))


def test_installing_every_unit_into_an_empty_cell_makes_the_cell(float64):
    made, growing = cell(), cell().empty()
    assert not any(leaf.any() for leaf in jax.tree.leaves(eqx.filter(growing, eqx.is_array)))
    for k in range(UNITS):
        others = jnp.full(UNITS, 9.0).at[:k].set(made.cascade_weights[k * (k - 1) // 2 :][:k])
        growing = growing.install(made.input_weights[k], others, made.recurrent_weights[k], made.bias[k])
        now = said(growing, jnp.asarray(XS))
        assert_close(now[:, : k + 1], said(made, jnp.asarray(XS))[:, : k + 1])
        assert not now[:, k + 1 :].any()
        if k == 1:
            assert_close(said(growing.cut(), jnp.asarray(XS)), now[:, :2])
    assert eqx.tree_equal(growing, made)


def test_the_hoisted_engine_has_the_slopes_of_the_plain_one(float64):
    weights, rest = split(cell())
    xs, lengths = jnp.asarray(np.stack([XS, XS[::-1]])), jnp.asarray([6, 4])

    def slope(engine):
        def cost(weights):
            outputs, final = unfold(eqx.combine(weights, rest), xs, lengths=lengths, engine=engine)
            return jnp.sin(3 * outputs).sum() + jnp.square(final).sum()

        return jax.jit(jax.grad(cost))(weights)

    assert_close(slope("hoisted"), slope("plain"))


def test_units_that_are_not_there_have_no_slope(float64):
    part = eqx.tree_at(lambda c: c.present.value, cell(squashing="logistic"), jnp.array([1.0, 1, 0, 0]))
    slope = eqx.filter_grad(lambda c: jnp.square(said(c, jnp.asarray(XS))).sum())(part)
    rows = [slope.input_weights, slope.recurrent_weights, slope.bias]
    assert all(not row[2:].any() and bool((row[:2] != 0).all()) for row in rows)
    assert not slope.cascade_weights[1:].any()
    assert bool(slope.cascade_weights[0] != 0)


@pytest.mark.parametrize("units, weights", [(7, 189), (9, 236)])
def test_weights_of_the_network_for_the_embedded_reber_grammar(units, weights):
    network = Network(
        RecurrentCascade(7, units, key=KEY), Readout(units, 7, at="steps", sees_input=7, squashing="logistic", key=KEY)
    )
    assert network.weight_count() == units * (7 + 2) + units * (units - 1) // 2 + 7 * (7 + units + 1) == weights
    # The 119 to 198 that are quoted for 7 to 9 units count units by themselves: inputs, outputs and other units,
    # the least with one weight a pair, the most with two; no bias, no own weight, nothing from inputs to outputs.
    assert (7 * (7 + 7) + 7 * 6 // 2, 9 * (7 + 7) + 9 * 8) == (119, 198)
