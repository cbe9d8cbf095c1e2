"""What ties cells to each other: with its own feature switched off, each is the simpler cell it extends."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from table_of_cells import assert_close, start

from mnemon.cells import (
    GRU,
    Cascade,
    Clockwork,
    Elman,
    FullyRecurrent,
    Hierarchical,
    Jordan,
    LeakyESN,
    MinimalGated,
    SecondOrder,
    trainable,
)
from mnemon.layers import Stack, unfold

INPUTS, UNITS, OPEN = 3, 4, 800.0  # logistic(800) is 1 exactly
KEY = jax.random.key(0)
XS = np.random.default_rng(0).normal(size=(6, INPUTS))


@eqx.filter_jit
def run(cell, xs, state=None):
    return unfold(cell, xs, state=state, engine="plain")[0]


def said(cell):
    return run(cell, jnp.asarray(XS))


def of(kind, **how):
    return kind(INPUTS, UNITS, initialiser=start, key=KEY, **how)


SAME_WEIGHTS = {
    "all units are outputs": lambda: of(FullyRecurrent),
    "one group of period 1": lambda: of(Clockwork, periods=[1]),
    "one time scale of 1": lambda: of(Hierarchical, scales=[1]),
    "no leak": lambda: of(LeakyESN, leak=1.0),
}


@pytest.mark.parametrize("name", SAME_WEIGHTS)
def test_elman_with_the_same_key(name, float64):
    assert_close(said(SAME_WEIGHTS[name]()), said(of(Elman)))


def test_clockwork_of_one_period_is_elman_without_the_missing_blocks(float64):
    clockwork = of(Clockwork, periods=(1, 1))
    elman = of(Elman)
    elman = eqx.tree_at(lambda c: c.recurrent_weights, elman, elman.recurrent_weights.at[2:, :2].set(0))
    assert_close(said(clockwork), said(elman))


def test_jordan_that_says_its_units_and_keeps_no_trace_is_elman(float64):
    jordan, elman = of(Jordan, decay=0.0, output_squashing="identity"), of(Elman)
    plain = [elman.input_weights, elman.recurrent_weights, elman.bias, jnp.eye(UNITS), jnp.zeros(UNITS)]
    parts = lambda c: [c.input_weights, c.recurrent_weights, c.bias, c.output_weights, c.output_bias]  # noqa: E731
    assert_close(said(eqx.tree_at(parts, jordan, plain)), said(elman))


def test_second_order_with_one_constant_input_is_elman_left_to_itself(float64):
    second = SecondOrder(1, UNITS, squashing="tanh", bias=True, initialiser=start, key=KEY)
    elman = Elman(1, UNITS, key=KEY)
    same = [jnp.zeros((UNITS, 1)), second.recurrent_weights, second.bias]
    elman = eqx.tree_at(lambda c: [c.input_weights, c.recurrent_weights, c.bias], elman, same)
    ones = jnp.ones((6, 1))
    assert_close(run(second, ones), run(elman, ones, second.initial_state()))


def test_a_cascade_is_a_stack_of_its_networks(float64):
    cascade = of(Cascade, levels=2)
    stacked = eqx.filter_jit(Stack(*cascade.networks))(jnp.asarray(XS))
    assert_close(said(cascade), stacked.outputs)


def test_a_minimal_gate_held_open_is_elman(float64):
    minimal = of(MinimalGated)
    gate = slice(0, UNITS)
    open_ = [
        minimal.input_weights.at[gate].set(0),
        minimal.recurrent_weights.at[gate].set(0),
        minimal.bias.at[gate].set(OPEN),
    ]
    parts = lambda c: [c.input_weights, c.recurrent_weights, c.bias]  # noqa: E731
    elman = eqx.tree_at(parts, of(Elman), [part[UNITS:] for part in open_])
    assert_close(said(eqx.tree_at(parts, minimal, open_)), said(elman))


def test_a_gru_with_one_gate_for_both_is_the_minimal_gated_unit(float64):
    """What is kept, z, is one minus what is replaced, f; and the reset gate is f."""
    minimal = of(MinimalGated)
    parts = lambda c: [c.input_weights, c.recurrent_weights, c.bias]  # noqa: E731
    tied = [jnp.concatenate([-part[:UNITS], part]) for part in parts(minimal)]
    assert_close(said(eqx.tree_at(parts, of(GRU, reset="before"), tied)), said(minimal))


def test_where_nothing_is_reset_before_and_after_are_the_same(float64):
    after, before = of(GRU), of(GRU, reset="before")
    parts = lambda c: [c.input_weights, c.recurrent_weights, c.bias]  # noqa: E731
    reset = slice(UNITS, 2 * UNITS)
    values = [part.at[reset].set(level) for part, level in zip(parts(after), (0, 0, OPEN))]
    after = eqx.tree_at(lambda c: [*parts(c), c.candidate_bias], after, [*values, jnp.zeros(UNITS)])
    assert not np.allclose(said(before), said(of(GRU)))
    assert_close(said(eqx.tree_at(parts, before, values)), said(after))


@pytest.mark.parametrize("engine", ["plain", "hoisted"])
def test_no_engine_gives_a_reservoir_a_slope_by_its_weights(engine, float64):
    """What reads it and what it reads get theirs; its weights get none, and count as none."""
    cell = of(LeakyESN)

    @eqx.filter_jit
    @eqx.filter_grad
    def slopes(parts):
        cell, xs = parts
        return (unfold(cell, xs[None], engine=engine)[0] ** 2).sum()

    by_cell, by_inputs = slopes((cell, jnp.asarray(XS)))
    assert not any(leaf.any() for leaf in jax.tree.leaves(by_cell))
    assert (np.abs(by_inputs) > 1e-6).all()
    assert jax.tree.leaves(trainable(cell)) == []
