"""Levenberg and Marquardt's step is a least-squares solution, damped until it helps."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
from jax.flatten_util import ravel_pytree
from toys import assert_same, by, fit, members, population, recall

from mnemon.cells import Elman, LeakyESN, trainable
from mnemon.errors import InvalidInput
from mnemon.layers import Network, Readout
from mnemon.learning import (
    BPTT,
    RTRL,
    Annealed,
    Chunk,
    CrossEntropy,
    Learner,
    LevenbergMarquardt,
    SquaredError,
    Step,
    Until,
    answers,
)

KEY = jax.random.key(5)


def flat(network):
    return np.asarray(ravel_pytree(trainable(network))[0])


def chunk(targets, rows=8):
    random = np.random.default_rng(1)
    lengths, counts = random.integers(2, 6, rows), random.uniform(0.5, 1.5, rows)
    xs = random.normal(size=(rows, 5, 3))
    return Chunk(jnp.asarray(xs), jnp.asarray(lengths), jnp.asarray(targets), jnp.asarray(counts / rows), None)


@eqx.filter_jit
def learned(update, whole, loss, part, updates=1):
    def one(now, _):
        memory, weights = now
        network = eqx.combine(unravel(weights), rest)
        memory, network, _, value = update.learn(memory, network, BPTT(), None, loss, part)
        return (memory, ravel_pytree(trainable(network))[0]), value

    rest, (start, unravel) = whole, ravel_pytree(trainable(whole))
    (memory, weights), values = jax.lax.scan(one, (update.init(whole), start), length=updates)
    return memory, weights, values


def reservoir():
    below, above = jax.random.split(KEY)
    return Network(LeakyESN(3, 4, connections=None, key=below), Readout(4, 2, at="steps", key=above))


@pytest.mark.parametrize("damping", [0.0, 0.3])
def test_of_a_linear_readout_one_step_is_the_solution(damping, float64):
    targets = np.random.default_rng(2).normal(size=(8, 5, 2))
    targets[2, 1] = np.nan
    whole, part = reservoir(), chunk(targets)
    memory, moved, values = learned(LevenbergMarquardt(damping), whole, SquaredError(), part)
    seen = np.asarray(whole.seen(part.xs, part.lengths).values)
    asked = (np.arange(5) < np.asarray(part.lengths)[:, None]) & ~np.isnan(targets).any(axis=2)
    shares = (np.asarray(part.weights)[:, None] / asked.sum(axis=1, keepdims=True) * np.ones(5))[asked]
    rows = np.concatenate([seen[asked], np.ones((asked.sum(), 1))], axis=1) * np.sqrt(shares)[:, None]
    wanted = targets[asked] * np.sqrt(shares)[:, None]
    start = np.concatenate([whole.readout.weights, whole.readout.bias[:, None]], axis=1).T
    # The loss is the mean over 2 outputs of squares, so half its second derivative by an answer is 1/2.
    left, more = rows, np.sqrt(damping) * np.eye(5)
    solution = (
        start + np.linalg.lstsq(np.vstack([left, more]), np.vstack([wanted - rows @ start, 0 * start]), rcond=None)[0]
    )
    np.testing.assert_allclose(moved, np.concatenate([solution[:4].T.reshape(-1), solution[4]]), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(values[0], np.square(wanted - rows @ start).sum() / 2, rtol=1e-12)
    np.testing.assert_allclose(memory, damping * 0.1)


def test_without_damping_what_nothing_tells_stays(float64):
    whole = reservoir()
    silent = eqx.tree_at(lambda n: n.layers.layers[0].cell.bias.value, whole, jnp.zeros(4))
    part = chunk(np.ones((8, 5, 2)))._replace(xs=jnp.zeros((8, 5, 3)))  # the layers say nothing, so biases alone matter
    _, moved, _ = learned(LevenbergMarquardt(0.0), silent, SquaredError(), part)
    np.testing.assert_array_equal(moved[:8], flat(whole)[:8])
    np.testing.assert_allclose(moved[8:], 1, rtol=1e-9)


def elman(at="end"):
    below, above = jax.random.split(KEY)
    return Network(Elman(3, 3, key=below), Readout(3, 2, at=at, key=above))


def test_it_ends_where_scipy_does(float64):
    whole, part, random = elman(), chunk(np.zeros((40, 2)), 40), np.random.default_rng(3)
    start, unravel = ravel_pytree(trainable(whole))
    teacher = eqx.combine(unravel(start + 0.5 * random.normal(size=start.size)), whole)
    part = part._replace(targets=teacher(part.xs, part.lengths).values + 0.1 * random.normal(size=(40, 2)))

    @jax.jit
    def residuals(flat):
        said = eqx.combine(unravel(flat), whole)(part.xs, part.lengths).values
        return ((said - part.targets) * jnp.sqrt(part.weights / 2)[:, None]).reshape(-1)

    _, moved, values = learned(LevenbergMarquardt(0.1), whole, SquaredError(), part, 60)
    assert (np.diff(values) <= 0).all()
    solved = scipy.optimize.least_squares(residuals, moved, jac=jax.jit(jax.jacobian(residuals)), method="trf")
    np.testing.assert_allclose(values[0], np.square(residuals(start)).sum(), rtol=1e-12)
    assert values[-1] < 0.3 * values[0]
    np.testing.assert_allclose(np.square(residuals(moved)).sum(), 2 * solved.cost, rtol=1e-6)


def test_of_classes_it_is_newtons_method_where_the_answers_are_linear(float64):
    whole = Network(LeakyESN(3, 4, connections=None, key=KEY), Readout(4, 3, key=KEY))
    part = chunk(np.random.default_rng(4).integers(0, 3, 8))
    _, moved, values = learned(LevenbergMarquardt(0.01), whole, CrossEntropy(), part)
    start, unravel = ravel_pytree(trainable(whole))

    def cost(flat):
        return (
            CrossEntropy()(eqx.combine(unravel(flat), whole)(part.xs, part.lengths), part.targets) * part.weights
        ).sum()

    slope, curvature = jax.jit(lambda flat: (jax.grad(cost)(flat), jax.hessian(cost)(flat)))(start)
    wanted = start - np.linalg.solve(curvature + 0.01 * np.eye(start.size), slope)
    np.testing.assert_allclose(moved, wanted, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(values[0], cost(start), rtol=1e-12)


def test_damping_rises_until_a_step_helps(float64):
    whole, part = elman(), chunk(10 * np.random.default_rng(3).normal(size=(12, 2)), 12)
    memory, moved, values = learned(LevenbergMarquardt(0.0), whole, SquaredError(), part, 3)
    assert memory > 0
    assert np.isfinite(moved).all()
    assert values[2] < values[0]


def test_long_chunks_go_sequence_by_sequence(float64, monkeypatch):
    whole, part = elman(at="steps"), chunk(np.random.default_rng(3).normal(size=(8, 5, 2)))
    together = learned(LevenbergMarquardt(0.01), whole, SquaredError(), part)
    monkeypatch.setattr("mnemon.learning.updates._levenberg_marquardt.BYTES", 1)
    pieces = learned(LevenbergMarquardt(0.01, tries=9), whole, SquaredError(), part)  # compiled anew
    np.testing.assert_allclose(pieces[1], together[1], rtol=1e-8, atol=1e-10)


def test_members_learn_alone_and_recall():
    train, test, until = recall(48, steps=6), recall(100, steps=6, seed=1), Until(epochs=12)
    three = fit(population(), by(LevenbergMarquardt([1.0, 0.1, 0.01]), None), train, until=until)
    right = (answers(three.networks, test.xs).argmax(axis=2) == test.targets).mean(axis=1)
    assert np.mean(right) >= 0.9
    alone = fit(population(), by(LevenbergMarquardt(0.1), None), train, until=until)
    assert_same(members(alone, 1), members(three, 1))


def test_what_it_cannot_do_is_told():
    with pytest.raises(InvalidInput, match=r"LevenbergMarquardt learns from many sequences at once.*Batch\(\)"):
        fit(elman(at="steps"), Learner(RTRL(), LevenbergMarquardt(), Step()), recall(), until=Until(1))
    with pytest.raises(InvalidInput, match="3,000 at most; this network has 4,152"):
        LevenbergMarquardt().init(Network(Elman(30, 50, key=KEY), Readout(50, 2, key=KEY)))


@pytest.mark.parametrize(
    "how, words",
    [
        ({"damping": -1.0}, "damping=-1.0; expected numbers of at least 0"),
        ({"damping": Annealed(1.0, 2.0, 3)}, "adapts its damping itself"),
        ({"increase": 1.0}, "increase=1.0"),
        ({"decrease": 0.0}, "decrease=0.0"),
        ({"tries": 0}, "tries=0; expected at least 1"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(how, words):
    with pytest.raises(InvalidInput, match=words):
        LevenbergMarquardt(**how)
