"""Dynamic networks under every kind of rule, in open and in closed loops, on a series of two lags."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from toys import assert_near, weights

from mnemon.cells import Elman
from mnemon.errors import InvalidInput
from mnemon.layers import Network, Through, closed, dlnn, narx, opened, rmlp
from mnemon.learning import (
    BPTT,
    RFLO,
    RTRL,
    Batch,
    Chunk,
    Examples,
    GaussianLikelihood,
    KalmanFilter,
    Learner,
    LevenbergMarquardt,
    Optax,
    Pinball,
    Population,
    Ridge,
    SquaredError,
    Step,
    StepTargets,
    Truncated1997,
    TruncatedBPTT,
    Until,
    train,
)
from mnemon.sequences import Sequences

LENGTHS = np.array([20, 14])
WARM = 6


def series() -> np.ndarray:
    """x(t) = 1.2 x(t-1) - 0.6 x(t-2) + noise."""
    noise = np.random.default_rng(0).normal(size=60) / 5
    values = np.zeros(60)
    for t in range(2, 60):
        values[t] = 1.2 * values[t - 1] - 0.6 * values[t - 2] + noise[t]
    return values[20:]


def examples(*, horizon: bool) -> Examples:
    """Two pieces of the series, each step asked for the next; `horizon`: only the first steps are known."""
    pieces = np.split(series(), [LENGTHS[0] + 1])
    pieces = [piece[: length + 1] for piece, length in zip(pieces, LENGTHS)]
    xs = [piece[:-1, None].copy() for piece in pieces]
    for x in xs if horizon else ():
        x[WARM:] = np.nan
    sequences = Sequences.from_concatenated(np.concatenate(xs), LENGTHS, allow_nan=True)
    return Examples(sequences, StepTargets(np.concatenate([piece[1:, None] for piece in pieces]), LENGTHS))


NETWORKS = {
    "dlnn": lambda key: dlnn(1, 1, taps=2, key=key),
    "rmlp": lambda key: rmlp(1, 1, units=2, key=key),
    "narx": lambda key: narx(1, 1, taps=1, feedback=2, units=2, key=key),
}


@eqx.filter_jit
def slopes(network, chunk):
    """The gradient by errors that run back, and by derivatives that go forward."""
    _, _, back = BPTT().step(None, network, SquaredError(), chunk)
    _, answer, rows = RTRL().jacobian(None, network, chunk)
    cost = lambda values: SquaredError()(answer._replace(values=values), chunk.targets) @ chunk.weights  # noqa: E731
    return ravel_pytree(back)[0], jnp.einsum("nto,ntow->w", jax.grad(cost)(answer.values), rows)


@pytest.mark.parametrize("name", ["rmlp", "narx"])
def test_rules_agree(name, float64):
    """Back in time and forward in time, across gaps and ends."""
    network = closed(NETWORKS[name](jax.random.key(0)))
    (bucket,) = examples(horizon=True).buckets(np.float64, 1)
    chunk = Chunk(bucket.xs, bucket.lengths, bucket.targets, jnp.asarray([0.3, 0.7]), None)
    assert jnp.isnan(chunk.xs).any()
    back, forward = slopes(network, chunk)
    assert back.size == network.weight_count()
    assert np.abs(back).min() > 0
    np.testing.assert_allclose(forward, back, rtol=1e-9, atol=1e-12)


LEARNERS = {
    "BPTT": Learner(BPTT(), Optax("adam", 0.05), Batch()),
    "truncated BPTT": Learner(TruncatedBPTT(3), Optax("adam", 0.05), Batch()),
    "RTRL": Learner(RTRL(), Optax("adam", 0.05), Batch()),
    "Kalman filter": Learner(RTRL(), KalmanFilter(measurement_noise=1.0, process_noise=1e-5), Step()),
    "Levenberg-Marquardt": Learner(BPTT(), LevenbergMarquardt(), Batch()),
}


@functools.cache
def before() -> tuple[Network, float]:
    """A loop, and its error over the horizon."""
    network = closed(NETWORKS["rmlp"](jax.random.key(1)))
    (bucket,) = examples(horizon=True).buckets(np.float32, 1)
    return network, float(SquaredError()(eqx.filter_jit(network)(bucket.xs, bucket.lengths), bucket.targets).mean())


@pytest.mark.parametrize("name", LEARNERS)
def test_every_rule_learns_over_a_horizon(name):
    """The error of the closed loop falls, and the weights by which it fell are those of the open loop."""
    start, cost = before()
    solution = train(
        start, LEARNERS[name], examples(horizon=True), loss=SquaredError(), until=Until(epochs=8), buckets=1
    )
    costs = solution.history["loss"].reshape(-1)
    assert np.isfinite(costs).all()
    assert costs[-1] < 0.9 * cost
    trained = solution.networks[0]
    assert_near(weights(opened(trained)), weights(trained), 0)


def least_squares() -> np.ndarray:
    """The weights (x(t), x(t-1), 1) of least error, every sequence counting the same."""
    data = examples(horizon=False)
    shares = np.repeat(LENGTHS**-0.5, LENGTHS)[:, None]
    lines = [np.stack([x, np.r_[0, x[:-1]], np.ones(len(x))], axis=1) for x in np.split(data.xs.values[:, 0], [20])]
    return np.linalg.lstsq(shares * np.concatenate(lines), shares * data.targets.values, rcond=None)[0][:, 0]


@pytest.mark.parametrize(
    "learner", [Ridge(0.0), Learner(BPTT(), LevenbergMarquardt(0.0), Batch())], ids=["Ridge", "LM"]
)
def test_a_linear_network_becomes_the_linear_autoregression(learner, float64):
    """In one step, from any start."""
    data = examples(horizon=False)
    people = Population.make(NETWORKS["dlnn"], 2, seed=0)
    people = jax.tree.map(lambda leaf: leaf.astype(float) if eqx.is_inexact_array(leaf) else leaf, people)
    solution = train(people, learner, data, loss=SquaredError(), until=Until(epochs=1), buckets=1)
    for network in solution.networks:
        found = np.r_[network.readout.weights[0], network.readout.bias]
        np.testing.assert_allclose(found, least_squares(), rtol=1e-8)


@pytest.mark.parametrize("loss", [Pinball((0.1, 0.5, 0.9)), GaussianLikelihood()], ids=["quantiles", "deviations"])
def test_a_loop_of_uncertain_forecasts(loss):
    """Middle quantiles, or means, are fed."""
    outputs, fed = (3, (1,)) if isinstance(loss, Pinball) else (2, (0,))
    network = closed(rmlp(1, outputs, units=2, key=jax.random.key(0)), fed)
    data = examples(horizon=True)
    solution = train(network, LEARNERS["BPTT"], data, loss=loss, until=Until(epochs=8), buckets=1)
    costs = solution.history["loss"].reshape(-1)
    assert costs[-1] < costs[0] - 0.02


def test_what_cannot_be_is_told():
    loop, layer = closed(NETWORKS["rmlp"](jax.random.key(0))), Elman(1, 2, key=jax.random.key(0))
    for rule in (Truncated1997(), RFLO()):
        with pytest.raises(InvalidInput, match=r"needs a cell that can split off .* ClosedLoop cannot"):
            rule.init(loop)
    with pytest.raises(InvalidInput, match="RFLO: random weights stand for those of the readout, but Through has none"):
        RFLO().init(Network(layer, Through(2)))
    assert RFLO(feedback="readout").init(Network(layer, Through(2))) is None
    fit = {"loss": SquaredError(), "until": Until(epochs=1)}
    with pytest.raises(InvalidInput, match="Ridge: the readout, Through, hands on what the layers say and has no"):
        train(loop, Ridge(), examples(horizon=True), **fit)
    median = {**fit, "loss": Pinball((0.5,))}
    with pytest.raises(InvalidInput, match=r"KalmanFilter compares answers .* Pinball does not say it"):
        train(loop, Learner(BPTT(), KalmanFilter(), Batch()), examples(horizon=True), **median)
