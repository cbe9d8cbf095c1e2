"""Forecasts of measured series: laws of what a fitted forecaster says."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from mnemon import Forecaster, load
from mnemon.errors import InvalidInput
from mnemon.learning import RTRL, KalmanFilter, Learner, Ridge, Step

TINY = {"units": 3, "epochs": 2, "window": 20, "n_networks": 2, "random_state": 0}


def wave(steps, phase=0.0):
    return 3 + np.sin(np.arange(steps) * 0.4 + phase) + 0.3 * np.sin(np.arange(steps) * 1.1)


@pytest.fixture(scope="module")
def y():
    return wave(90)


@pytest.fixture(scope="module")
def linear(y):
    return Forecaster("dlnn", taps=4, random_state=0, precision="float64").fit(y)


@pytest.fixture(scope="module")
def recurrent(y):
    return Forecaster("gru", precision="float64", **TINY).fit(y)


def test_a_linear_network_is_least_squares(y):
    """On a line of delays the closed form is an ordinary regression, worked out here by itself."""
    forecaster = Forecaster("dlnn", taps=4, optimizer=Ridge(0.0), precision="float64", random_state=0).fit(y)
    scaled = (y - y.mean()) / y.std()
    rows = np.array([[*scaled[t - 3 : t + 1][::-1], 1.0] for t in range(3, len(y) - 1)])
    weights = np.linalg.lstsq(rows, scaled[4:], rcond=None)[0]
    past, expected = list(scaled), []
    for _ in range(5):
        expected.append(np.dot([*past[:-5:-1], 1.0], weights))
        past.append(expected[-1])
    np.testing.assert_allclose(forecaster.predict(5), np.array(expected) * y.std() + y.mean(), rtol=1e-8)


def test_a_longer_horizon_begins_with_the_shorter(recurrent):
    long = recurrent.predict(9)
    np.testing.assert_allclose(recurrent.predict(4), long[:4], rtol=1e-12)
    np.testing.assert_allclose(recurrent.predict([2, 7]), long[[1, 6]], rtol=1e-12)
    np.testing.assert_allclose(recurrent.sample(4, paths=6), recurrent.sample(9, paths=6)[:, :4], rtol=1e-12)


def test_observing_what_was_foretold_changes_no_forecast(linear):
    """The mean path of one network is its own input, so seeing it come true must lead to the same path."""
    foretold = linear.predict(6)
    other = clone(linear).fit(linear.histories_.observed.values[:, 0])
    other.update(foretold[:3])
    np.testing.assert_allclose(other.predict(3), foretold[3:], rtol=1e-9)


def test_updating_in_pieces_is_updating_at_once(recurrent, y):
    new = wave(100)[90:]
    both, pieces = (clone(recurrent).fit(y) for _ in range(2))
    both.update(new)
    pieces.update(new[:1]).update(new[1:7])
    pieces.predict(1)  # a state that was reached on the way must not be taken for the last
    pieces.update(new[7:])
    np.testing.assert_allclose(pieces.predict(4), both.predict(4), rtol=1e-10)


def test_one_step_forecasts_are_forecasts_from_each_end(y):
    forecaster = Forecaster("gru", transform=["log", "difference"], precision="float64", **TINY).fit(y)
    told = forecaster.predict_one_step()
    assert np.isnan(told[:2]).all()
    past = forecaster.historical_forecasts(1, start=30, stride=7)
    np.testing.assert_allclose(told[past.ends], past.forecasts[:, 0, 0], rtol=1e-9)


def test_past_forecasts_are_what_an_update_would_have_foretold(recurrent, y):
    past = recurrent.historical_forecasts(3, start=80, stride=4)
    assert past.ends.tolist() == [80, 84]
    # the same networks and scale, standing at the earlier end
    shorter = clone(recurrent).fit(y)
    histories = shorter.histories_
    import dataclasses

    cut = dataclasses.replace(histories, observed=histories.observed.part(0, 80))
    shorter.histories_ = dataclasses.replace(cut, chains=(histories.chains[0].at(y[:80, None]),))
    np.testing.assert_allclose(shorter.predict(3), past.forecasts[0, :, 0], rtol=1e-9)


@pytest.mark.parametrize(
    "settings",
    [
        {"model": "narx", "taps": 2, "scheduled_sampling": 0.5, "output": "gaussian"},
        {"model": "rmlp", "steps_ahead": 3, "output": "quantiles", "quantiles": (0.2, 0.5, 0.8)},
    ],
    ids=lambda settings: settings["model"],
)
def test_saved_and_loaded_foretells_the_same_and_goes_on_alike(settings, y, tmp_path):
    forecaster = Forecaster(**{**TINY, **settings}).fit(y)
    again = load(forecaster.save(tmp_path / "model.safetensors"))
    np.testing.assert_array_equal(again.predict(4), forecaster.predict(4))
    np.testing.assert_array_equal(again.predict_interval(4), forecaster.predict_interval(4))
    for one in (forecaster, again):
        one.update(wave(95)[90:], update_params=True)
    np.testing.assert_array_equal(again.predict(2), forecaster.predict(2))


@pytest.mark.slow
def test_intervals_hold_what_comes_as_often_as_they_say():
    """An autoregression with normal noise: its own intervals, from residuals, cover about what they promise."""
    draw = np.random.default_rng(3)
    x = np.zeros(1400)
    for t in range(1, len(x)):
        x[t] = 0.8 * x[t - 1] + draw.normal()
    forecaster = Forecaster("dlnn", taps=2, random_state=0).fit(x[:600])
    inside = []
    for start in range(600, 1400, 8):
        low, high = forecaster.predict_interval(4, coverage=0.8, paths=400).T
        inside.append((x[start : start + 4] >= low) & (x[start : start + 4] <= high))
        forecaster.update(x[start : start + 8])
    share = np.mean(inside)
    assert 0.74 < share < 0.86, share
    widths = np.diff(forecaster.predict_interval(40, coverage=0.8), axis=1)[:, 0]
    expected = 2 * 1.2816 * np.sqrt(np.cumsum(0.8 ** (2 * np.arange(40))))  # of the process itself
    np.testing.assert_allclose(widths, expected, rtol=0.25)


@pytest.mark.slow
def test_quantiles_are_ordered_and_a_gaussian_knows_its_noise():
    draw = np.random.default_rng(0)
    x = 5 + 2 * draw.normal(size=500)
    settings = {"model": "dmlp", "taps": 1, "units": 2, "epochs": 60, "learning_rate": 0.02, "random_state": 0}
    gaussian = Forecaster(output="gaussian", **settings).fit(x)
    low, high = gaussian.predict_interval(1, coverage=0.6827, paths=2000)[0]
    assert high - low == pytest.approx(4.0, rel=0.15)
    told = gaussian.predict_quantiles(3, alpha=[0.1, 0.5, 0.9])
    assert np.all(np.diff(told, axis=1) > 0)
    quantiles = Forecaster(output="quantiles", quantiles=(0.1, 0.5, 0.9), **settings).fit(x)
    low, high = quantiles.predict_quantiles(1, alpha=[0.1, 0.9], paths=2000)[0]
    assert low == pytest.approx(np.quantile(x, 0.1), abs=0.8)
    assert high == pytest.approx(np.quantile(x, 0.9), abs=0.8)


def test_known_covariates_are_used():
    """The next value is the control of the same step: a linear network finds that exactly."""
    draw = np.random.default_rng(1)
    control = draw.normal(size=(120, 1))
    y = 2 * control[:, 0] + 1
    exact = {"taps": 2, "optimizer": Ridge(0.0), "precision": "float64", "random_state": 0}
    forecaster = Forecaster("dlnn", **exact).fit(y[:100], control[:100])
    np.testing.assert_allclose(forecaster.predict(20, control[100:]), y[100:], atol=1e-8)
    with pytest.raises(InvalidInput, match="give those of the 3 steps"):
        forecaster.predict(3)
    with pytest.raises(InvalidInput, match="no exogenous values for 1 of the steps"):
        forecaster.predict(3, control[100:102])


def test_past_covariates_are_foretold_along():
    """A variable that leads by one step, itself autoregressive: two together foretell better than one alone."""
    draw = np.random.default_rng(2)
    leader = np.zeros(300)
    for t in range(1, 300):
        leader[t] = 0.9 * leader[t - 1] + draw.normal()
    y = np.concatenate([[0.0], leader[:-1]])
    alone = Forecaster("dlnn", taps=2, random_state=0).fit(y[:280])
    both = Forecaster("dlnn", taps=2, random_state=0).fit(y[:280], past=leader[:280])
    assert abs(both.predict(1)[0] - y[280]) < 0.05
    assert both.score(y[280:281]) < alone.score(y[280:281])
    both.update(y[280:290], past=leader[280:290])
    assert abs(both.predict(1)[0] - y[290]) < 0.05
    with pytest.raises(InvalidInput, match="give those of the new steps"):
        both.update(y[290:295])


def test_several_series_share_one_model():
    """Series of different size and length come back as they were given; each is foretold from its own end."""
    series = {"a": wave(60), "b": 100 * wave(80, 1.0)}
    exact = {"taps": 6, "optimizer": Ridge(0.0), "precision": "float64", "random_state": 0}
    forecaster = Forecaster("dlnn", **exact).fit(series)
    told = forecaster.predict(3)
    assert list(told) == ["a", "b"]
    np.testing.assert_allclose(told["a"], wave(63)[60:], rtol=1e-6)
    np.testing.assert_allclose(told["b"], 100 * wave(83, 1.0)[80:], rtol=1e-6)
    assert forecaster.sample(2, paths=5)[1].shape == (5, 2, 1)
    forecaster.update({"a": wave(62)[60:], "b": 100 * wave(83, 1.0)[80:]})
    np.testing.assert_allclose(forecaster.predict(1)["b"], 100 * wave(84, 1.0)[83:], rtol=1e-6)


def test_static_covariates_tell_series_apart():
    """Two constant levels that nothing but the static number tells apart."""
    draw = np.random.default_rng(0)
    series = [level + 0.01 * draw.normal(size=50) for level in (-1.0, 1.0)]
    forecaster = Forecaster("dlnn", taps=1, standardize=False, random_state=0).fit(series, static=[[0.0], [5.0]])
    assert forecaster.histories_.inputs == 2
    low, high = forecaster.predict(1)
    assert low[0] == pytest.approx(-1, abs=0.1)
    assert high[0] == pytest.approx(1, abs=0.1)


def test_tables_of_pandas_come_back_with_their_index_continued(y):
    index = pd.date_range("2020-01-31", periods=90, freq="ME")
    table = pd.DataFrame({"x": y, "z": 2 * y}, index=index)
    forecaster = Forecaster("dlnn", random_state=0).fit(table)
    assert forecaster.period_ == 12
    told = forecaster.predict(3)
    assert list(told.columns) == ["x", "z"]
    assert list(told.index) == list(pd.date_range("2027-07-31", periods=3, freq="ME"))
    bands = forecaster.predict_interval(2, coverage=0.5)
    assert list(bands.columns) == [(v, 0.5, side) for v in ("x", "z") for side in ("lower", "upper")]
    single = Forecaster("dlnn", random_state=0).fit(table["x"])
    assert single.predict([2]).name == "x"
    assert single.predict_one_step().index.equals(index)


@pytest.mark.slow
def test_of_many_starts_the_best_are_kept(y):
    forecaster = Forecaster("elman", keep=2, **{**TINY, "n_networks": 5}).fit(y)
    everyone = Forecaster("elman", early_stopping=2, **{**TINY, "n_networks": 5}).fit(y)
    losses = np.nanmin(everyone.history_["validation_loss"], axis=0)
    assert len(forecaster.population_) == 2
    kept = np.nanmin(forecaster.history_["validation_loss"], axis=0)
    np.testing.assert_allclose(np.sort(kept), np.sort(losses)[:2], rtol=1e-6)


def test_a_kalman_filter_learns_step_by_step(y):
    learner = Learner(RTRL(), KalmanFilter(), Step())
    forecaster = Forecaster("elman", optimizer=learner, **{**TINY, "epochs": 6, "units": 4}).fit(y)
    assert forecaster.score(wave(93)[90:]) < 1.0


@pytest.mark.parametrize(
    "settings, told",
    [
        ({"model": "lstn"}, "did you mean 'lstm'"),
        ({"model": "dlnn", "steps_ahead": 3}, "ridge solves for the error one step ahead"),
        ({"units": 0}, "units=0"),
        ({"keep": 9}, "keep=9: there are n_networks=4"),
        ({"output": "median"}, "known: gaussian, point, quantiles"),
        ({"output": "quantiles", "quantiles": (0.9, 0.1)}, "increasing levels"),
        ({"scheduled_sampling": 0.5, "steps_ahead": 2}, "choose one"),
        ({"transform": "logs"}, "did you mean 'log'"),
    ],
)
def test_wrong_parameters_are_said(settings, told, y):
    with pytest.raises(InvalidInput, match=told.replace("(", r"\(")):
        Forecaster(**settings).fit(y)


def test_series_that_cannot_be_learned_are_refused():
    with pytest.raises(InvalidInput, match="row"):
        Forecaster("dlnn").fit([1.0, np.nan, 2.0] * 10)
    with pytest.raises(InvalidInput, match="12"):
        Forecaster("dlnn").fit(np.arange(8.0))
    with pytest.raises(InvalidInput, match="too few"):
        Forecaster("dlnn", transform="seasonal_difference", period=12).fit(np.arange(20.0))
    with pytest.raises(InvalidInput, match="more than 30 steps"):
        Forecaster("dlnn", transform="seasonal_difference", period=30).fit(np.arange(20.0))


def test_a_constant_series_stays_what_it_is():
    with pytest.warns(UserWarning, match="not change"):
        forecaster = Forecaster("dlnn", random_state=0).fit(np.full(40, 7.0))
    np.testing.assert_allclose(forecaster.predict(5), 7.0)


def test_nothing_changes_where_fitting_is_refused(y):
    forecaster = Forecaster("dlnn", random_state=0).fit(y)
    before = forecaster.predict(2)
    with pytest.raises(InvalidInput):
        forecaster.update([1.0, np.inf])
    np.testing.assert_array_equal(forecaster.predict(2), before)
