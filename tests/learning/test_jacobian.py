"""What weights do to answers: back in time, forward in time, by differences, and row by row; each in float64."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from mnemon.cells import GRU, LSTM, Elman, LeakyESN, split
from mnemon.errors import InvalidInput
from mnemon.layers import Bidirectional, Embedding, Network, Readout, Segmented, Stack
from mnemon.learning import BPTT, RTRL, Chunk, SnAp, SquaredError, Truncated1997, TruncatedBPTT

KEY = jax.random.key(3)
TIME, LENGTHS = 6, (6, 2, 5)


def over(layers, **how) -> Network:
    return Network(layers, Readout(layers.output_size, 2, key=KEY, **how))


def chunk(xs, lengths=LENGTHS, targets=None):
    targets = jnp.zeros((3, 2)) if targets is None else targets
    return Chunk(xs, None if lengths is None else jnp.asarray(lengths), targets, jnp.asarray([0.2, 0.5, 0.3]), None)


def noise(features=3):
    return jax.random.normal(KEY, (3, TIME, features))


@eqx.filter_jit
def jacobian(rule, whole, part):
    _, answer, rows = rule.jacobian(rule.init(whole), whole, part)
    return answer, rows


@eqx.filter_jit
def three_ways(whole, part):
    """The answers, and their slopes: back in time, forward in time, and by central differences."""
    moving, rest = split(whole)
    flat, unravel = ravel_pytree(moving)
    say = lambda flat: eqx.combine(unravel(flat), rest)(part.xs, part.lengths)  # noqa: E731
    _, answer, back = BPTT().jacobian(None, whole, part)
    forward = RTRL().jacobian(None, whole, part) if whole.causal else None
    ways = 1e-5 * jnp.eye(flat.size)
    above, below = jax.vmap(lambda way: (say(flat + way).values, say(flat - way).values))(ways)
    return say(flat), answer, back, forward, jnp.moveaxis(above - below, 0, -1) / 2e-5


def assert_near(got, wanted, tolerance=1e-9):
    np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance * np.abs(wanted).max())


def two():
    return jax.random.split(KEY)


CASES = {
    "Elman, at every step": lambda: (over(Elman(3, 4, key=KEY), at="steps", squashing="tanh"), chunk(noise())),
    "LSTM, at every step, seeing the input": lambda: (
        over(LSTM(3, 2, variant="peephole", key=KEY), at="steps", sees_input=3),
        chunk(noise()),
    ),
    "LSTM, pooled": lambda: (over(LSTM(3, 2, key=KEY), at="attention"), chunk(noise())),
    "a stack of symbols": lambda: (
        over(Stack(Embedding(4, 2, key=KEY), GRU(2, 2, key=KEY))),
        chunk(jax.random.randint(KEY, (3, TIME), 0, 4)),
    ),
    "segments": lambda: (
        over(Segmented(Elman(3, 2, key=two()[0]), Elman(2, 3, key=two()[1]), 3), at="segments"),
        chunk(noise(), None),
    ),
    "nothing but a readout to train": lambda: (over(LeakyESN(3, 5, connections=None, key=KEY)), chunk(noise())),
}


@pytest.mark.parametrize("case", CASES)
def test_forward_equals_back_equals_differences(case, float64):
    whole, part = CASES[case]()
    wanted, answer, back, (_, said, forward), slopes = three_ways(whole, part)
    if wanted.marks is not None:  # nothing is asked at other steps
        slopes = jnp.where(wanted.marks[..., None, None], slopes, 0.0)
    for one in (answer, said):
        np.testing.assert_allclose(one.values, wanted.values, rtol=1e-12, atol=1e-14)
        assert (one.marks is None) == (wanted.marks is None)
        assert wanted.marks is None or (one.marks == wanted.marks).all()
    assert back.shape == (*wanted.values.shape, ravel_pytree(split(whole)[0])[0].size)
    assert_near(forward, back)
    assert_near(back, slopes, 1e-7)


RULES = [TruncatedBPTT(2), SnAp(1), Truncated1997()]  # those that are not exact


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_errors_times_rows_are_the_rules_own_gradient(rule, float64):
    whole, part = over(LSTM(3, 2, key=KEY), at="steps"), chunk(noise())
    answer, rows = jacobian(rule, whole, part)

    @eqx.filter_jit
    def slope(whole):
        return ravel_pytree(rule.step(rule.init(whole), whole, SquaredError(), part)[2])[0]

    errors = jax.grad(
        lambda values: (SquaredError()(answer._replace(values=values), part.targets) * part.weights).sum()
    )
    assert_near(jnp.einsum("bto,btow->w", errors(answer.values), rows), slope(whole))


def test_each_member_of_a_population_has_its_own(float64):
    part = chunk(noise())
    make = lambda key: over(LSTM(3, 2, key=key), at="steps")  # noqa: E731
    stacked = eqx.filter_vmap(make)(jax.random.split(KEY, 3))
    together = eqx.filter_jit(eqx.filter_vmap(lambda one: BPTT().jacobian(None, one, part)[2]))(stacked)
    alone = jax.tree.map(lambda leaf: leaf[1] if eqx.is_array(leaf) else leaf, stacked)
    assert_near(together[1], jacobian(BPTT(), alone, part)[1], 1e-12)


def test_many_errors_run_back_in_parts(float64, monkeypatch):
    whole, part = over(Elman(3, 4, key=KEY), at="steps"), chunk(noise())
    monkeypatch.setattr("mnemon.learning.gradients._jacobian.BYTES", 1)
    assert_near(jacobian(TruncatedBPTT(9), whole, part)[1], jacobian(RTRL(), whole, part)[1])


def test_layers_that_look_ahead_go_back_only(float64):
    whole, part = over(Bidirectional(Elman(3, 2, key=KEY), Elman(3, 2, key=KEY))), chunk(noise())
    _, _, back, _, slopes = three_ways(whole, part)
    assert_near(back, slopes, 1e-7)
    with pytest.raises(InvalidInput, match="the layer Bidirectional"):
        RTRL().jacobian(None, whole, part)
