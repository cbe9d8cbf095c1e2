"""Networks that grow: what candidates climb, what stays as it is, what is learned; and how such networks are kept."""

import functools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mnemon
from mnemon.cells import Elman, RecurrentCascade
from mnemon.errors import InvalidInput
from mnemon.estimators import SequenceClassifier
from mnemon.layers import Bidirectional, Network, Readout, Recurrent, Stack, Through
from mnemon.learning import (
    BUDGET,
    REACHED,
    CrossEntropy,
    Examples,
    Population,
    RecurrentCascadeCorrelation,
    SquaredError,
    StepTargets,
    Until,
    answers,
    grown,
    step_answers,
    train,
)
from mnemon.learning._cascade_correlation import _part, _values, _with_unit, covariance, residuals
from mnemon.sequences import Sequences

FEATURES, UNITS, OUTPUTS = 2, 3, 2
LENGTHS = (4, 2, 5)
KEY = jax.random.key(0)


def network(key=KEY, *, at: Any = "steps", units=UNITS, outputs=OUTPUTS, squashing="logistic", features=FEATURES):
    below, above = jax.random.split(key)
    readout = Readout(units, outputs, at=at, sees_input=features, squashing=squashing, key=above)
    return Network(RecurrentCascade(features, units, squashing="tanh", key=below), readout)


def examples():
    """Unequal lengths, weights, and a step that is not asked for."""
    random = np.random.default_rng(0)
    targets = random.random((sum(LENGTHS), OUTPUTS))
    targets[1] = np.nan
    xs = Sequences([random.normal(size=(length, FEATURES)) for length in LENGTHS])
    return Examples(xs, StepTargets(targets, np.array(LENGTHS)), np.array([1.0, 2.0, 0.5]))


def candidate(vector):
    """A unit that sees inputs and units, of a vector of its weights: sources, own, bias."""
    vector = jnp.asarray(vector)
    cell = RecurrentCascade(FEATURES + UNITS, 1, key=KEY)
    parts = vector[None, :-2], vector[-2:-1], vector[-1:]
    return eqx.tree_at(lambda c: [c.input_weights, c.recurrent_weights, c.bias], cell, parts)


def published(vector, parts, readout):
    """S and its slope, by the sums of the paper and with dv/dw carried forward."""
    values, slopes, errors = [], [], []
    for part in parts:
        for row, steps in enumerate(LENGTHS):
            xs, targets = np.asarray(part.xs[row]), np.asarray(part.targets[row])
            known = [~np.isnan(targets[t]).any() for t in range(steps)]
            v, dv = 0.0, np.zeros(len(vector))
            for t in range(steps):
                sources = np.concatenate([xs[t], np.asarray(part.units[row, t])])
                before = np.concatenate([sources, [v, 1.0]])
                v = np.tanh(vector @ before)
                dv = (1 - v**2) * (before + vector[-2] * dv)
                if known[t]:
                    seen = np.concatenate([np.asarray(part.units[row, t]), xs[t]])
                    z = 1 / (1 + np.exp(-(np.asarray(readout.weights) @ seen + np.asarray(readout.bias))))
                    share = float(part.weights[row]) / sum(known) / OUTPUTS
                    values.append(v)
                    slopes.append(dv)
                    errors.append(2 * (z - targets[t]) * z * (1 - z) * share)
    v, dv, e = np.array(values), np.array(slopes), np.array(errors)
    v, dv, e = v - v.mean(), dv - dv.mean(axis=0), e - e.mean(axis=0)
    e /= np.sqrt((e**2).sum())
    sums = v @ e
    return np.abs(sums).sum(), (np.sign(sums) @ e.T) @ dv


def test_what_candidates_climb_is_the_published_sum_and_slope(float64):
    random = np.random.default_rng(1)
    whole = network()
    (bucket,) = examples().buckets(np.float64, 1)
    part = _part(bucket, whole, whole.readout)
    parts = (part._replace(units=jnp.asarray(random.normal(size=part.units.shape)).at[..., 2].set(0)),)
    errors = residuals(whole.readout, parts, SquaredError())
    vector = random.normal(size=FEATURES + UNITS + 2)
    score = jax.jit(lambda vector: covariance(candidate(vector), parts, errors))
    wanted, slope = published(vector, parts, whole.readout)
    np.testing.assert_allclose(score(vector), wanted, rtol=1e-12)
    np.testing.assert_allclose(jax.jit(jax.grad(score))(vector), slope, rtol=1e-10, atol=1e-14)
    step = 1e-6 * np.eye(len(vector))
    differences = [(score(vector + one) - score(vector - one)) / 2e-6 for one in step]
    np.testing.assert_allclose(differences, slope, atol=1e-8)
    assert slope[FEATURES + 2] == 0  # from a unit that is not there


@functools.cache
def generations():
    """All that a training goes through."""
    learner = RecurrentCascadeCorrelation(pool=3, output_epochs=30, candidate_epochs=30)
    return list(learner.generations(network(), examples().buckets(np.float32, 1), SquaredError(), 5))


def cell_of(whole) -> RecurrentCascade:
    return whole.layers.layers[0].cell


def test_units_come_one_at_a_time_and_stay_as_they_were_installed():
    steps = generations()
    assert [cell_of(step.network).installed for step in steps] == [0, 1, 2, 3]
    assert all(1 <= step.evaluations <= 60 for step in steps)
    last = cell_of(steps[-1].network)
    for k, step in enumerate(steps):
        cell = cell_of(step.network)
        for name, rows in (
            ("input_weights", k),
            ("recurrent_weights", k),
            ("bias", k),
            ("cascade_weights", k * (k - 1) // 2),
        ):
            now, then = np.asarray(getattr(cell, name)), np.asarray(getattr(last, name))
            np.testing.assert_array_equal(now[:rows], then[:rows])
            assert not now[rows:].any()
        assert not step.network.readout.weights[:, k:UNITS].any()


def test_the_error_is_that_of_the_network_and_never_rises():
    data = examples()
    costs = []
    for step in generations():
        said = step_answers(Population.of(step.network), data.xs)
        each = [np.nanmean((z[0] - y) ** 2) for z, y in zip(said, _by_sequence(data.targets))]
        costs.append(np.average(each, weights=data.weights))
    np.testing.assert_allclose([step.loss for step in generations()], costs, rtol=1e-5)
    assert np.all(np.diff(costs) <= 1e-7)


def _by_sequence(targets):
    return np.split(targets.values, np.cumsum(targets.lengths)[:-1])


def test_a_unit_whose_output_weights_are_zero_changes_no_answer():
    before, after = (step.network for step in generations()[1:3])
    installed = eqx.tree_at(lambda n: n.layers.layers[0].cell, before, cell_of(after))
    for a, b in zip(*(step_answers(Population.of(one), examples().xs) for one in (before, installed))):
        np.testing.assert_array_equal(a, b)


def test_the_values_that_are_kept_are_those_of_the_network():
    step = generations()[-1].network
    (bucket,) = examples().buckets(np.float32, 1)
    parts, cell = (_part(bucket, step, step.readout),), cell_of(step)
    for k in range(UNITS):
        row = np.zeros(UNITS, np.float32)
        row[:k] = cell.cascade_weights[k * (k - 1) // 2 :][:k]
        own = [*cell.input_weights[k], *row, cell.recurrent_weights[k], cell.bias[k]]
        parts = _with_unit(candidate(np.array(own, np.float32)), parts, jnp.asarray(k))
    outputs = step.passage(bucket.xs, bucket.lengths).outputs
    np.testing.assert_allclose(parts[0].units, outputs, atol=1e-6)
    assert _values(candidate(np.zeros(7, np.float32)), parts[0]).shape == outputs.shape[:2]


def test_a_network_cut_to_its_size_says_the_same():
    two = generations()[2].network
    small = grown(two)
    assert small.weight_count() == 2 * (FEATURES + 2) + 1 + OUTPUTS * (FEATURES + 2 + 1)
    for a, b in zip(*(step_answers(Population.of(one), examples().xs) for one in (two, small))):
        np.testing.assert_allclose(a, b, atol=1e-6)


# A latch: the class is the sign of the first value, and noise follows.
def latch(n=40, seed=0):
    random = np.random.default_rng(seed)
    classes = random.integers(0, 2, n)
    values = [0.3 * random.normal(size=(random.integers(7, 9), 1)) for _ in range(n)]
    for value, kind in zip(values, classes):
        value[0] = 2 * kind - 1
    return Sequences(values), classes


def make_latch(key):
    return network(key, at="end", units=4, squashing="identity", features=1)


def test_a_population_learns_to_latch_and_each_network_has_its_own_size():
    data = Examples(*latch())
    population = Population.make(make_latch, 3, 0)
    learner = RecurrentCascadeCorrelation(pool=4)
    solution = train(population, learner, data, loss=CrossEntropy(), until=Until(epochs=5, loss=0.05))
    assert {result.code for result in solution.results} == {REACHED}
    sizes = [cell_of(one).installed for one in solution.networks]
    assert sizes == [result.epochs - 1 for result in solution.results]
    xs, classes = latch(seed=1)
    assert ((answers(solution.networks, xs).argmax(-1) == classes).mean(axis=1) > 0.9).all()
    alone = train(population[2], learner, data, loss=CrossEntropy(), until=Until(epochs=1))
    assert alone.results[0].code == BUDGET
    assert alone.results[0].sequences == len(data) * alone.results[0].evaluations
    np.testing.assert_allclose(alone.history["loss"][0, 0], solution.history["loss"][0, 2], rtol=0.02)


def test_an_estimator_grows_saves_and_loads(tmp_path):
    xs, classes = latch()
    model = SequenceClassifier(
        cell="recurrentcascade", units=4, optimizer=RecurrentCascadeCorrelation(pool=2), epochs=3, random_state=0
    ).fit(xs, classes)
    again = mnemon.load(model.save(tmp_path / "grown"))
    assert cell_of(again.network_).installed == 2
    np.testing.assert_array_equal(again.predict_proba(xs), model.predict_proba(xs))


def test_mistakes_are_told():
    with pytest.raises(
        InvalidInput, match=r"(?s)2 problems.*pool=0; expected at least 1.*reach=-1; expected a positive"
    ):
        RecurrentCascadeCorrelation(pool=0, reach=-1)
    grow = functools.partial(
        train, learner=RecurrentCascadeCorrelation(), data=Examples(*latch(4)), loss=CrossEntropy(), until=Until(1)
    )
    one = RecurrentCascade(1, 2, key=KEY)
    end = Readout(2, 2, key=KEY)
    with pytest.raises(InvalidInput, match="grows one RecurrentCascade under a readout; got Elman"):
        grow(Network(Elman(1, 2, key=KEY), end))
    with pytest.raises(InvalidInput, match="got RecurrentCascade, RecurrentCascade"):
        grow(Network(Stack(one, RecurrentCascade(2, 2, key=KEY)), end))
    with pytest.raises(InvalidInput, match="got Bidirectional"):
        grow(Network(Bidirectional(one, one), Readout(4, 2, key=KEY)))
    with pytest.raises(InvalidInput, match="at='end', backwards"):
        grow(Network(Recurrent(one, reverse=True), end))
    with pytest.raises(InvalidInput, match="at='mean'"):
        grow(Network(one, Readout(2, 2, at="mean", key=KEY)))
    with pytest.raises(InvalidInput, match="trains the readout's weights, but Through has none"):
        grow(Network(one, Through(2, at="end")))
    with pytest.raises(InvalidInput, match="not past residual layers"):
        grow(Network(Stack(RecurrentCascade(1, 1, key=KEY), residual=True), Readout(1, 2, key=KEY)))
