"""Expectation maximisation: posteriors against all paths, slopes, likelihoods that never fall, and what is learned."""

import itertools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import log_softmax, logsumexp, softmax
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression

from mnemon.cells import Elman, InputOutputHMM, gaussian
from mnemon.errors import InvalidInput
from mnemon.layers import Network, Readout, Through
from mnemon.learning import (
    BinaryCrossEntropy,
    CrossEntropy,
    Examples,
    ExpectationMaximisation,
    Population,
    StepTargets,
    Until,
    answers,
    train,
)
from mnemon.learning import _soft_regression as regression
from mnemon.learning._expectation_maximisation import iterate, observed
from mnemon.learning._posteriors import log_emissions, log_likelihood, posteriors
from mnemon.problems import TwoSequence
from mnemon.sequences import Sequences

FEATURES, STATES, OUTPUTS, LENGTHS = 2, 3, 2, (4, 2, 3)
KEY = jax.random.key(0)
SAYS = ["classes", "values"]


def cell(says: Any = "classes", seed=0, states=STATES) -> InputOutputHMM:
    return InputOutputHMM(
        FEATURES, states, outputs=OUTPUTS, says=says, initialiser=gaussian(1.0), key=jax.random.key(seed)
    )


def network(made, at: Any = "steps"):
    return Network(made, Readout(made.output_size, made.output_size, at=at, key=KEY))


def examples(says="classes", lengths=LENGTHS, seed=0):
    """Targets at steps, some unknown; unequal lengths and weights."""
    random = np.random.default_rng(seed)
    total = sum(lengths)
    xs = Sequences([random.normal(size=(length, FEATURES)) for length in lengths])
    targets = random.integers(0, OUTPUTS, total) if says == "classes" else random.normal(size=(total, OUTPUTS))
    targets[[1, total - 1]] = -1 if says == "classes" else np.nan
    return Examples(xs, StepTargets(targets, np.array(lengths)), random.random(len(lengths)) + 0.5)


def seen(data, made, at="steps"):
    (bucket,) = data.buckets(np.float64, 1)
    return observed(bucket, network(made, at))


def all_paths(made, data, row):
    """Log probability of each path with the targets of a sequence, (states,) * (steps + 1), by the equations."""
    length = int(data.lengths[row])
    xs, targets = np.asarray(data.xs[row]), np.asarray(data.targets[row])
    weights = {name: np.asarray(value, float) for name, value in vars(made).items() if isinstance(value, jax.Array)}
    logs = {}
    for path in itertools.product(range(len(made.start)), repeat=length + 1):
        log = log_softmax(weights["start"])[path[0]]
        for t in range(length):
            j, i = path[t], path[t + 1]
            log += log_softmax(weights["transition_weights"][j] @ xs[t] + weights["transition_bias"][j])[i]
            if data.asked[row, t]:
                said = weights["output_weights"][i] @ xs[t] + weights["output_bias"][i]
                if made.says == "classes":
                    log += log_softmax(said)[targets[t]]
                else:
                    log += norm.logpdf(targets[t], said, np.exp(weights["log_deviations"][i])).sum()
        logs[path] = log
    return logs


@pytest.mark.parametrize("says", SAYS)
def test_posteriors_are_those_of_all_paths(says, float64):
    made = cell(says)
    if says == "values":
        made = eqx.tree_at(lambda c: c.log_deviations, made, jnp.linspace(-0.5, 0.7, 6).reshape(3, 2))
    data = seen(examples(says), made)
    assert not data.asked.all()
    found = eqx.filter_jit(posteriors)(made, data)
    np.testing.assert_allclose(eqx.filter_jit(log_likelihood)(made, data), found.log_likelihood, rtol=1e-13)
    for row, length in enumerate(LENGTHS):
        logs = all_paths(made, data, row)
        total = logsumexp(list(logs.values()))
        start, states, steps = np.zeros(STATES), np.zeros((4, STATES)), np.zeros((4, STATES, STATES))
        for path, log in logs.items():
            share = np.exp(log - total)
            start[path[0]] += share
            for t in range(length):
                states[t, path[t + 1]] += share
                steps[t, path[t], path[t + 1]] += share
        np.testing.assert_allclose(found.log_likelihood[row], total, rtol=1e-10)
        for got, wanted in ((found.start, start), (found.states, states), (found.steps, steps)):
            np.testing.assert_allclose(got[row], wanted, atol=1e-10)


@pytest.mark.parametrize("says", SAYS)
def test_fishers_identity(says, float64):
    """The slope of the likelihood is that of the expected likelihood of paths and targets together."""
    made = cell(says)
    data = seen(examples(says), made)
    found = eqx.filter_jit(posteriors)(made, data)

    def expected(made):
        paths = (found.steps * made.log_transitions(data.xs)).sum() + (found.states * log_emissions(made, data)).sum()
        return paths + (found.start.sum(axis=0) * jax.nn.log_softmax(made.start)).sum()

    slope = eqx.filter_jit(eqx.filter_grad(lambda made: log_likelihood(made, data).sum()))(made)
    for a, b in zip(
        *(jax.tree.leaves(s) for s in (slope, eqx.filter_jit(eqx.filter_grad(expected))(made))), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_with_targets_at_the_end_the_cells_answer_is_the_likelihood(float64):
    made, plain = cell(), examples()
    data = Examples(plain.xs, np.array([0, 1, 1]))
    (bucket,) = data.buckets(np.float64, 1)
    whole = eqx.tree_at(lambda n: n.readout.weights, network(made, "end"), jnp.eye(OUTPUTS))
    costs = lambda n: CrossEntropy()(n(bucket.xs, bucket.lengths), bucket.targets).sum()  # noqa: E731
    value, slope = eqx.filter_jit(eqx.filter_value_and_grad(costs))(whole)
    likelihood = lambda made: log_likelihood(made, seen(data, made, "end")).sum()  # noqa: E731
    total, other = eqx.filter_value_and_grad(likelihood)(made)
    np.testing.assert_allclose(value, -total, rtol=1e-12)
    for a, b in zip(*(jax.tree.leaves(s) for s in (slope.layers, other)), strict=True):
        np.testing.assert_allclose(a, -b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("says", SAYS)
@pytest.mark.parametrize("steps", [1, 4])
def test_the_likelihood_never_falls(says, steps, float64):
    lengths = tuple(np.random.default_rng(3).integers(2, 8, 12))
    made = cell(says, seed=4)
    data, how = (seen(examples(says, lengths, seed=5), made),), ExpectationMaximisation(steps=steps)
    totals = []
    for _ in range(25):
        made, total = iterate(made, data, how)
        totals.append(float(total))
    assert np.all(np.diff(totals) >= -1e-9 * np.abs(totals[:-1]))
    assert totals[-1] > totals[0] + 1


def test_with_constant_inputs_an_iteration_is_baum_and_welchs(float64):
    """The re-estimation of an ordinary hidden Markov model, whose first step is a transition too."""
    random = np.random.default_rng(0)
    symbols = random.integers(0, OUTPUTS, (5, 6))
    xs = Sequences(np.ones((5, 6, FEATURES)))
    data = Examples(xs, StepTargets(symbols.reshape(-1), np.full(5, 6)))
    made = cell(seed=2)
    one = np.ones(FEATURES)
    start = softmax(np.asarray(made.start))
    moves = softmax(np.asarray(made.transition_weights) @ one + np.asarray(made.transition_bias), axis=1)
    emits = softmax(np.asarray(made.output_weights) @ one + np.asarray(made.output_bias), axis=1)
    begun, went, wrote = np.zeros(STATES), np.zeros((STATES, STATES)), np.zeros((STATES, OUTPUTS))
    for row in symbols:
        alpha, beta = [start], [np.ones(STATES)]
        for symbol in row:
            alpha.append((alpha[-1] @ moves) * emits[:, symbol])
        for symbol in row[::-1]:
            beta.insert(0, moves @ (emits[:, symbol] * beta[0]))
        total = alpha[-1].sum()
        begun += alpha[0] * beta[0] / total
        for t, symbol in enumerate(row):
            went += alpha[t][:, None] * moves * (emits[:, symbol] * beta[t + 1]) / total
            wrote[:, symbol] += alpha[t + 1] * beta[t + 1] / total
    made, _ = iterate(made, (seen(data, made),), ExpectationMaximisation(steps=20))
    now = made.log_transitions(jnp.ones(FEATURES)), made.answers(jnp.ones(FEATURES))
    np.testing.assert_allclose(softmax(np.asarray(made.start)), begun / begun.sum(), atol=1e-9)
    np.testing.assert_allclose(np.exp(now[0]), went / went.sum(axis=1, keepdims=True), atol=1e-6)
    np.testing.assert_allclose(np.exp(now[1]), wrote / wrote.sum(axis=1, keepdims=True), atol=1e-6)


@pytest.mark.parametrize("most, steps", [(200, 8), (0, 400)])
def test_the_regression_is_scikit_learns(most, steps, float64, monkeypatch):
    monkeypatch.setattr(regression, "MOST_WEIGHTS", most)
    random = np.random.default_rng(0)
    rows, classes = random.normal(size=(40, 3)), random.integers(0, 3, 40)
    shares = random.random((40, 3))
    fit = jax.jit(lambda counts: regression.soft_regression(jnp.zeros((3, 3)), jnp.asarray(rows), counts, steps, 0.5))
    peer = LogisticRegression(C=2.0, fit_intercept=False, tol=1e-10, max_iter=1000)
    for counts, args in (
        (np.eye(3)[classes], (rows, classes, None)),
        (shares, (np.repeat(rows, 3, axis=0), np.tile([0, 1, 2], 40), shares.reshape(-1))),
    ):
        x, y, weights = args
        np.testing.assert_allclose(fit(counts), peer.fit(x, y, sample_weight=weights).coef_, atol=1e-5)


@pytest.mark.slow
def test_a_population_learns_the_two_sequence_problem():
    """From some starts; from others the likelihood comes to rest where the classes are not told apart."""
    drawn, fresh = (TwoSequence(10, carriers=3).sample(jax.random.key(k), 100) for k in range(2))
    data = Examples(drawn.xs, np.asarray(drawn.targets)[:, 0].astype(int))

    def make(key):
        made = InputOutputHMM(1, 3, outputs=2, stay=4.0, initialiser=gaussian(2.0), key=key)
        return Network(made, Readout(2, 2, key=key))

    solution = train(
        Population.make(make, 3, 0), ExpectationMaximisation(), data, loss=CrossEntropy(), until=Until(25, loss=0.05)
    )
    solved = np.array([result.reached for result in solution.results])
    assert solved.sum() >= 2
    right = answers(solution.networks, fresh.xs).argmax(axis=-1) == np.asarray(fresh.targets)[:, 0]
    assert (right.mean(axis=1)[solved] > 0.95).all()
    for one, result, losses in zip(solution.networks, solution.results, solution.history["loss"].T):
        assert {leaf.dtype for leaf in jax.tree.leaves(eqx.filter(one, eqx.is_inexact_array))} == {np.dtype(np.float32)}
        np.testing.assert_array_equal(one.readout.weights, np.eye(2))
        assert result.sequences == 100 * result.epochs
        assert np.all(np.diff(losses[: result.epochs]) < 1e-5)


def test_a_readout_without_weights_is_the_identity_already(float64):
    """One iteration, and the cell is the one that any readout leads to."""
    made, data, rule = cell(), examples(lengths=(4, 4, 4)), ExpectationMaximisation()
    whole = Network(made, Through(made.output_size))
    solution = train(whole, rule, data, loss=CrossEntropy(), until=Until(1))
    expected, _ = iterate(made, (seen(data, made),), rule)
    got = solution.networks[0].layers.layers[0].cell
    for one, other in zip(*(jax.tree.leaves(eqx.filter(part, eqx.is_inexact_array)) for part in (got, expected))):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_mistakes_are_told():
    with pytest.raises(InvalidInput, match=r"(?s)2 problems.*steps=0; expected at least 1.*penalty=-1"):
        ExpectationMaximisation(steps=0, penalty=-1)

    def fit(whole, loss=CrossEntropy()):  # noqa: B008 - a frozen module
        targets = np.array([0, 1, 1]) if isinstance(loss, CrossEntropy) else np.zeros((3, 2))
        train(whole, ExpectationMaximisation(), Examples(examples().xs, targets), loss=loss, until=Until(1))

    with pytest.raises(InvalidInput, match="got Elman"):
        fit(network(Elman(FEATURES, 2, key=KEY)))
    with pytest.raises(InvalidInput, match="that says classes or values"):
        fit(Network(InputOutputHMM(FEATURES, 2, key=KEY), Readout(2, 2, key=KEY)))
    with pytest.raises(InvalidInput, match="at='mean'"):
        fit(network(cell(), "mean"))
    with pytest.raises(InvalidInput, match="expected a readout of 2 outputs that sees no input"):
        fit(Network(cell(), Readout(2, 2, sees_input=FEATURES, key=KEY)))
    with pytest.raises(InvalidInput, match="CrossEntropy is not the likelihood of values; expected SquaredError"):
        fit(network(cell("values"), "end"))
    with pytest.raises(InvalidInput, match="BinaryCrossEntropy is not the likelihood of classes"):
        fit(network(cell(), "end"), BinaryCrossEntropy())
