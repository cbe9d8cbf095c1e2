"""Training and judging over horizons: pieces, the closed loop against a loop by hand, and what training it brings."""

from types import SimpleNamespace

import jax
import numpy as np
import pytest

from mnemon.lab._horizons import Stage, forecasts, pieces, staged, truths
from mnemon.layers import dlnn, dmlp
from mnemon.learning import Population

SERIES = np.sin(np.arange(120.0) / 3)[:, None]
FILTER = {"uncertainty": 100.0, "noise": 10.0, "end": 10.0, "process": 1e-4, "still": 1e-4}
ONE_STEP = SimpleNamespace(**FILTER, taps=2, passes=1, stages=(), unit=2)


def test_a_piece_is_known_and_then_asked_for():
    data = pieces(np.arange(12.0)[:, None], known=4, horizon=3, every=5)
    assert len(data) == 2
    given = np.stack([data.xs[k][:, 0] for k in range(2)])
    wanted = data.targets.values.reshape(2, -1)
    np.testing.assert_array_equal(given, [[0, 1, 2, 3, np.nan, np.nan], [5, 6, 7, 8, np.nan, np.nan]])
    np.testing.assert_array_equal(wanted, [[*[np.nan] * 3, 4, 5, 6], [*[np.nan] * 3, 9, 10, 11]])


def test_the_last_piece_ends_with_the_series():
    assert pieces(np.arange(12.0)[:, None], known=4, horizon=3, every=1).targets.values[-1] == 11


def test_forecasts_are_those_of_a_loop_by_hand(float64):
    population = Population.make(lambda key: dlnn(1, 1, taps=2, key=key), 2, 0)
    origins = (10, 30)
    said = forecasts(population, SERIES, origins, known=8, horizon=5)
    assert said.shape == (2, 2, 5)
    for k, network in enumerate(population):
        weights, bias = np.asarray(network.readout.weights)[0], float(network.readout.bias[0])
        for place, origin in enumerate(origins):
            past = SERIES[:origin, 0].tolist()
            for _ in range(5):
                past.append(weights @ past[: -len(weights) - 1 : -1] + bias)
            np.testing.assert_allclose(said[k, place], past[origin:], rtol=1e-9)
    np.testing.assert_array_equal(truths(SERIES, origins, 5)[1], SERIES[30:35, 0])


@pytest.mark.slow
def test_the_closed_loop_is_better_for_having_been_trained(float64):
    values = SERIES + np.random.default_rng(0).normal(0, 0.1, SERIES.shape)
    population = Population.make(lambda key: dmlp(1, 1, taps=2, units=3, key=key), 2, 0)
    population = staged(population, values, ONE_STEP, seed=0)
    after = Stage(8, passes=2, known=4, every=4).train(population, values, seed=0, width=2)
    origins = list(range(20, 100, 10))
    errors = [
        np.square(forecasts(some, values, origins, 10, 8) - truths(values, origins, 8)).mean(axis=(1, 2))
        for some in (population, after)
    ]
    assert (errors[1] < errors[0]).all()


def test_a_stage_says_all_its_numbers():
    assert Stage(10) != Stage(10, passes=1)
    assert jax.tree.leaves(Stage(10)) == [Stage(10)]  # settings, never traced


@pytest.mark.parametrize("horizon", [pytest.param(1, marks=pytest.mark.slow), 5])
def test_forecasts_begin_at_the_origin(horizon, float64):
    population = Population.make(lambda key: dlnn(1, 1, taps=1, key=key), 1, 0)
    said = forecasts(population, SERIES, [50], known=3, horizon=horizon)
    first = np.asarray(population[0].readout.weights)[0, 0] * SERIES[49, 0] + float(population[0].readout.bias[0])
    np.testing.assert_allclose(said[0, 0, 0], first, rtol=1e-9)
