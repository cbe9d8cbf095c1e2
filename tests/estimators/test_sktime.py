"""The adapter for sktime: its own checks, and that nothing is lost between its tables and the forecaster's."""

import pickle

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("sktime", reason="the adapter is there where sktime is")

from sktime.forecasting.base import ForecastingHorizon
from sktime.forecasting.compose import ForecastByLevel
from sktime.forecasting.model_evaluation import evaluate
from sktime.split import ExpandingWindowSplitter
from sktime.tests.test_class_register import get_test_classes_for_obj
from sktime.utils.estimator_checks import check_estimator

from mnemon import Forecaster
from mnemon.errors import InvalidInput, InvalidType
from mnemon.estimators import SktimeForecaster

# Those that fit some hundred forecasters.
LONG = {"test_predict_time_index", "test_predict_time_index_with_X", "test_update_predict_predicted_index"}
CHECKS = sorted(
    {name for tests in get_test_classes_for_obj(SktimeForecaster) for name in dir(tests) if "test_" in name}
)
CHECKS = [name for name in CHECKS if name.startswith("test_")]

# What sktime and its checks warn of on the way is theirs.
pytestmark = pytest.mark.filterwarnings("default")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in LONG else name for name in CHECKS]
)
def test_sktimes_own_checks(name):
    """All of them: none is left out, and none is expected to fail."""
    found = check_estimator(SktimeForecaster, tests_to_run=name, verbose=0)
    assert found
    assert {check: said for check, said in found.items() if said != "PASSED"} == {}


LINEAR = {"model": "dlnn", "taps": 3, "precision": "float64", "random_state": 0}


def wave(steps, phase=0.0, start="2001-01"):
    values = 3 + np.sin(np.arange(steps) * 0.4 + phase) + 0.3 * np.sin(np.arange(steps) * 1.1)
    return pd.DataFrame({"level": values}, pd.period_range(start, periods=steps, freq="M", name="month"))


@pytest.fixture(scope="module")
def y():
    return wave(50)


@pytest.fixture(scope="module")
def plain(y):
    return Forecaster(**LINEAR).fit(y)


@pytest.fixture(scope="module")
def adapted(y):
    return SktimeForecaster(Forecaster(**LINEAR)).fit(y)


def test_it_says_what_the_forecaster_says(plain, adapted):
    pd.testing.assert_frame_equal(adapted.predict(fh=[1, 2, 3]), plain.predict(3))
    pd.testing.assert_frame_equal(adapted.predict(fh=[2, 5]), plain.predict([2, 5]))
    levels = [0.1, 0.5, 0.8]
    theirs = adapted.predict_quantiles(fh=[2, 5], alpha=levels)
    np.testing.assert_array_equal(theirs, plain.predict_quantiles([2, 5], alpha=levels))
    bands = adapted.predict_interval(fh=[1, 2], coverage=[0.5, 0.9])
    for coverage in (0.5, 0.9):
        ours = plain.predict_interval(2, coverage=coverage)
        np.testing.assert_allclose(bands["level"][coverage], ours["level"][coverage])


def test_a_horizon_of_places_is_that_of_steps(adapted, y):
    places = pd.PeriodIndex(["2005-01", "2005-04"], freq="M")  # 2005-02 is the last
    pd.testing.assert_frame_equal(
        adapted.predict(fh=ForecastingHorizon(places, is_relative=False)), adapted.predict(fh=[-1, 2]), check_freq=False
    )


def test_days_without_a_frequency_are_found_by_the_clock():
    days = pd.date_range("2024-02-20", periods=44, freq="2D")
    series = pd.Series(wave(40)["level"].to_numpy(), pd.DatetimeIndex(list(days[:40])))
    adapted = SktimeForecaster(Forecaster(**LINEAR)).fit(series)
    told = adapted.predict(fh=[1, 2, 3, 4])
    assert list(told.index) == list(days[40:])


def test_of_what_was_seen_it_says_what_was_expected(plain, adapted, y):
    seen = plain.predict_one_step()
    steps = list(range(-49, 3))
    told = adapted.predict(fh=steps)
    pd.testing.assert_frame_equal(told, pd.concat([seen, plain.predict(2)]), check_freq=False)
    assert np.isnan(told["level"].iloc[0])
    assert np.isfinite(told["level"].iloc[3:]).all()
    residuals = adapted.predict_residuals(y)
    np.testing.assert_allclose(residuals["level"], y["level"] - seen["level"])
    with pytest.raises(InvalidInput, match="fh: 2 steps before 2001-01, the first that was seen"):
        adapted.predict(fh=[-51, 1])
    with pytest.raises(NotImplementedError, match="in-sample"):
        adapted.predict_interval(fh=[0])


def test_updates_take_what_is_new(y):
    new = wave(57)
    plain = Forecaster(**LINEAR).fit(y).update(new[50:])
    adapted = SktimeForecaster(Forecaster(**LINEAR)).fit(y)
    adapted.update(new[45:52], update_params=False)  # some of it was seen
    adapted.update(new[52:], update_params=False).update(new[55:], update_params=False)
    assert adapted.cutoff[0] == new.index[-1]
    np.testing.assert_allclose(adapted.predict(fh=[1, 2]), plain.predict(2), rtol=1e-9)
    with pytest.raises(InvalidInput, match="these steps end before 2005-09, up to which the series was seen"):
        adapted.update(new[30:40], update_params=False)
    with pytest.raises(InvalidInput, match="expected the steps behind the last one known"):
        adapted.update(wave(60)[58:], update_params=False)


def test_an_update_of_parameters_trains_on(y):
    new = wave(54)[50:]
    plain, adapted = Forecaster(**LINEAR).fit(y), SktimeForecaster(Forecaster(**LINEAR)).fit(y)
    plain.update(new, update_params=True)
    adapted.update(new)
    np.testing.assert_array_equal(adapted.predict(fh=[1]), plain.predict(1))


def test_exogenous_values_are_found_by_their_places(y):
    """The level is made of the control of the same month, which a linear network finds exactly."""
    draw = np.random.default_rng(1)
    months = pd.period_range("2001-01", periods=60, freq="M")
    X = pd.DataFrame(draw.normal(size=(60, 2)), months, ["u", "v"])
    level = (2 * X["u"] - X["v"] + 1).rename("level")
    adapted = SktimeForecaster(Forecaster(**LINEAR)).fit(level[:50], X)
    np.testing.assert_allclose(adapted.predict(fh=[1, 2, 3], X=X), level[50:53], atol=0.1)
    np.testing.assert_allclose(adapted.predict(fh=[3], X=X[["v", "u"]]), level[52:53], atol=0.1)
    adapted.update(level[50:52], X, update_params=False)
    np.testing.assert_allclose(adapted.predict(fh=[4], X=X[52:]), level[55:56], atol=0.1)
    with pytest.raises(InvalidInput, match="give those of the 2 steps to come"):
        adapted.predict(fh=[2])
    with pytest.raises(InvalidInput, match="no exogenous values for 1 of the steps"):
        adapted.predict(fh=[2], X=X[53:54])


def hierarchy(steps=30):
    parts = {
        ("north", "a"): wave(steps),
        ("north", "b"): 10 * wave(steps + 4, 1.0),
        ("south", "a"): wave(steps + 9, 2.0, "1990-01"),
    }
    return pd.concat(parts, names=["region", "place", "month"])


def test_several_series_share_one_model():
    table = hierarchy()
    parts = {name: part.droplevel([0, 1]) for name, part in table.groupby(level=[0, 1])}
    plain = Forecaster(**LINEAR).fit(parts)
    adapted = SktimeForecaster(Forecaster(**LINEAR)).fit(table)
    told, ours = adapted.predict(fh=[1, 3]), plain.predict([1, 3])
    assert list(told.index.names) == ["region", "place", "month"]
    for name, part in ours.items():
        pd.testing.assert_frame_equal(told.loc[name], part, check_freq=False)
    seen = adapted.predict(fh=[0])
    np.testing.assert_allclose(
        seen["level"], [part["level"].iloc[-1] for part in plain.predict_one_step().values()], rtol=1e-12
    )
    bands = adapted.predict_quantiles(fh=[2], alpha=[0.2])
    np.testing.assert_allclose(
        bands.to_numpy().ravel(), [t.to_numpy()[1, 0] for t in plain.predict_quantiles(2, alpha=[0.2]).values()]
    )
    new = {name: part.droplevel([0, 1]) for name, part in hierarchy(33).groupby(level=[0, 1])}
    plain.update({name: part[len(parts[name]) :] for name, part in new.items()})
    adapted.update(hierarchy(33), update_params=False)
    np.testing.assert_allclose(
        adapted.predict(fh=[1])["level"], [float(t.iloc[0, 0]) for t in plain.predict(1).values()]
    )
    with pytest.raises(InvalidInput, match=r"nothing of the series \('south', 'a'\)"):
        adapted.update(hierarchy(36).loc[["north"]], update_params=False)
    named = hierarchy(36).rename(index={"b": "c"})
    with pytest.raises(InvalidInput, match=r"nothing of the series \('north', 'b'\)"):
        adapted.update(named, update_params=False)


def test_a_model_each_is_sktimes_to_make():
    table = hierarchy()
    each = ForecastByLevel(SktimeForecaster(Forecaster(**LINEAR)), groupby="local").fit(table)
    alone = Forecaster(**LINEAR).fit(table.loc[("north", "b")]).predict(2)
    np.testing.assert_allclose(each.predict(fh=[1, 2]).loc[("north", "b")], alone)


def test_sktimes_backtest_takes_it(y):
    cv = ExpandingWindowSplitter(fh=[1, 2], initial_window=40, step_length=4)
    found = evaluate(SktimeForecaster(Forecaster(**LINEAR)), cv, y["level"], return_data=True)
    for _, row in found.iterrows():
        known = len(row["y_train"])
        expected = Forecaster(**LINEAR).fit(y["level"][:known]).predict(2)
        np.testing.assert_allclose(row["y_pred"], expected)


def test_nan_is_taken_where_the_forecaster_fills_it(y):
    holes = y.copy()
    holes.iloc[[7, 20]] = np.nan
    strict = SktimeForecaster(Forecaster(**LINEAR))
    with pytest.raises(ValueError, match="cannot handle missing data"):
        strict.fit(holes)
    filling = strict.clone().set_params(forecaster__missing="interpolate")
    assert filling.get_tag("capability:missing_values")
    ours = Forecaster(missing="interpolate", **LINEAR).fit(holes).predict(3)
    np.testing.assert_array_equal(filling.fit(holes).predict(fh=[1, 2, 3]), ours)
    assert not strict.get_tag("capability:missing_values")
    with pytest.raises(ValueError, match="cannot handle missing data"):
        strict.fit(y, X=holes)
    np.testing.assert_array_equal(
        filling.fit(y, X=holes).predict(fh=[1], X=wave(51)[50:]),
        Forecaster(**LINEAR).fit(y, X=holes.interpolate()).predict(1, X=wave(51)[50:]),
    )


def test_the_forecaster_that_is_given_is_not_changed(y):
    given = Forecaster(**LINEAR)
    adapted = SktimeForecaster(given).fit(y)
    assert adapted.forecaster is given
    assert not hasattr(given, "population_")
    again = pickle.loads(pickle.dumps(adapted))
    np.testing.assert_array_equal(again.predict(fh=[3]), adapted.predict(fh=[3]))
    with pytest.raises(InvalidType, match="forecaster: expected a Forecaster, got str"):
        SktimeForecaster("gru").fit(y)
