"""A forecaster told something that cannot be: each mistake in words; and what scikit-learn's tools make of one."""

import importlib.util
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import mnemon.estimators
from mnemon import Forecaster
from mnemon.errors import InvalidInput, InvalidType, MnemonError

Y = 3 + np.sin(np.arange(40) * 0.4)
DAYS = pd.date_range("2020-01-01", periods=45, freq="D")
MONTHS = pd.period_range("2020-01", periods=40, freq="M")
DAILY = pd.Series(Y, DAYS[:40])
CONTROL = pd.DataFrame({"u": np.cos(np.arange(45.0))}, DAYS)


def small(**settings):
    return Forecaster("dlnn", taps=2, random_state=0, **settings)


def with_nan(*rows):
    return np.where(np.isin(np.arange(40), rows), np.nan, Y)


SERIES = {
    "gaps": (DAILY.drop(DAYS[[5, 6]]), r"steps are missing \(1 day\): 2020-01-06, 2020-01-07; put them in"),
    "backwards": (DAILY[::-1], "time runs backwards: 2020-02-08 at row 1 after 2020-02-09"),
    "a time twice": (pd.concat([DAILY[:5], DAILY[4:]]), "a time stands twice: 2020-01-05 at rows 4 and 5"),
    "uneven": (
        pd.Series(Y, DAYS[:40] + pd.to_timedelta(np.arange(40) % 3, unit="h")),
        "not evenly spaced: 2020-01-04 at row 3",
    ),
    "names for times": (pd.Series(Y[:3], list("abc")), "index: expected times, periods or numbers"),
    "NaN": (with_nan(3, 17), r'NaN\) at row 3, row 17; fill them, or use missing="interpolate"'),
    "NaN in months": (pd.Series(with_nan(3, 17), MONTHS), r"row 3 \(2020-04\), row 17 \(2021-06\)"),
    "NaN in a table": (pd.DataFrame({"a": Y, "b": with_nan(7)}), "of 'b' at row 7|of b at row 7"),
    "NaN in one of two": ({"a": Y, "b": with_nan(7)}, r"y\['b'\]: missing values \(NaN\) at row 7; .*interpolate"),
    "NaN only": (np.full(40, np.nan), "no value at all"),
    "infinity": (np.where(np.arange(40) == 4, np.inf, Y), "infinity at step 4"),
    "shorter than the lags": (Y[:3], "3 steps, where at least 4 are needed"),
    "empty": ([], r"empty, shape \(0,\)"),
    "nothing": (None, "got NoneType"),
    "a number": (3.0, "got float"),
    "text": (["a", "b"] * 10, "text, where numbers are needed"),
    "complex": (Y + 1j, "complex numbers"),
    "a block": (np.ones((3, 4, 2)), r"got shape \(3, 4, 2\); pass several series as a list"),
    "no series": ({}, "no series at all"),
}


@pytest.mark.parametrize("name", SERIES)
def test_series(name):
    series, says = SERIES[name]
    forecaster = small()
    with pytest.raises(MnemonError, match=says):
        forecaster.fit(series)
    assert not hasattr(forecaster, "population_")


def test_series_that_transformations_refuse():
    with pytest.raises(InvalidInput, match=r"4 steps are too few for delays, differences .* at least 5 are needed"):
        small(transform="difference").fit(Y[:4])
    with pytest.raises(InvalidInput, match="values above 0 are needed, but those of row 0, 1, 2"):
        small(transform="log").fit(Y - 5)


@pytest.mark.parametrize(
    "series, says",
    [
        (pd.DataFrame({"a": Y, "b": 1.0}), "the variables '?b'? do not change"),
        ({"a": Y, "b": np.ones(40)}, "do not change in series '?b'?"),
    ],
    ids=["a variable", "one of several"],
)
def test_what_is_constant_is_said(series, says):
    with pytest.warns(UserWarning, match=says):
        small().fit(series)


def test_nan_is_filled_where_that_is_asked_for():
    """In the series, beside it, and in what is known of the steps to come: a straight line between the neighbours."""
    filled = Y.copy()
    filled[[3, 17]] = (Y[[2, 16]] + Y[[4, 18]]) / 2
    holed, whole = small(missing="interpolate"), small()
    told = holed.fit(with_nan(3, 17), with_nan(3, 17)[::-1]).predict(3, [1.0, np.nan, 2.0])
    np.testing.assert_array_equal(told, whole.fit(filled, filled[::-1]).predict(3, [1.0, 1.5, 2.0]))
    told = holed.update([1.0, np.nan, 2.0], [np.nan, 2.0, 3.0]).predict(1, [0.0])
    np.testing.assert_array_equal(told, whole.update([1.0, 1.5, 2.0], [2.0, 2.0, 3.0]).predict(1, [0.0]))


@pytest.fixture(scope="module")
def plain():
    return small().fit(Y)


@pytest.fixture(scope="module")
def daily():
    return small().fit(DAILY)


@pytest.fixture(scope="module")
def controlled():
    return small().fit(DAILY, CONTROL[:40])


EXOGENOUS = {
    "missing": (None, r"fitted with exogenous values \(u\); give those of the 3 steps to come"),
    "too few": (CONTROL[40:42], "no exogenous values for 1 of the steps .*: 2020-02-12; expected 2020-02-10 to"),
    "of the past": (CONTROL[:40], "no exogenous values for 3 of the steps .*: 2020-02-10"),
    "another": (CONTROL[40:].rename(columns={"u": "v"}), "expected the columns u, got v"),
    "NaN": (
        pd.DataFrame({"u": [1.0, np.nan, 2.0]}, DAYS[40:43]),
        r"X: missing values \(NaN\) at row 1 \(1\); fill them, or use",
    ),
}


@pytest.mark.parametrize("name", EXOGENOUS)
def test_exogenous_values_of_the_horizon(controlled, name):
    given, says = EXOGENOUS[name]
    with pytest.raises(InvalidInput, match=says):
        controlled.predict(3, given)


def test_exogenous_values_where_there_were_none_or_too_few(plain, controlled):
    with pytest.raises(InvalidInput, match="fitted without exogenous values"):
        plain.predict(1, [[1.0]])
    with pytest.raises(InvalidInput, match="no exogenous values for 10 of the steps of the series: step 30"):
        small().fit(Y, np.ones(30))
    with pytest.raises(InvalidInput, match=r"X: missing values \(NaN\) at row 7"):
        small().fit(Y, with_nan(7))
    with pytest.raises(InvalidInput, match="give those of the 2 steps to come"):
        controlled.update(pd.Series(Y[:2], DAYS[40:42]))


HORIZONS = [
    (0, "expected at least 1 step ahead"),
    (-1, "horizon=-1"),
    ([0, 1], "expected steps behind the last .2020-02-09., got 0, 1 ahead"),
    ([2, 1], "expected steps that increase, got 2, 1"),
    ([], "expected at least one step"),
    (1.5, "expected whole steps ahead, got 1.5"),
    ([1, np.nan], "expected whole steps"),
    ("a", "expected steps ahead, or times as the index has"),
    (DAYS[11], "expected steps behind the last .2020-02-09., got -28 ahead"),
    (DAYS[42] + pd.Timedelta("5h"), "2020-02-12T05:00:00: no step of the series"),
    (MONTHS[:2], "expected steps ahead, or times as the index has"),
    ([[1, 2]], "expected steps ahead .1, 2 ...."),
    (True, "expected steps ahead"),
]


@pytest.mark.parametrize("horizon, says", HORIZONS, ids=[str(h) for h, _ in HORIZONS])
def test_horizons(daily, horizon, says):
    for method in (daily.predict, daily.predict_interval, daily.sample):
        with pytest.raises(InvalidInput, match=says):
            method(horizon)


@pytest.mark.parametrize("horizon", ["a", None, DAYS[40:42]], ids=["text", "nothing", "days"])
def test_horizons_of_counted_steps(plain, horizon):
    with pytest.raises(InvalidInput, match=r"expected steps ahead .1, 2 .... or counted steps"):
        plain.predict(horizon)


UPDATES = {
    "a gap": (pd.Series(Y[:2], DAYS[41:43]), "from 2020-02-10, got 2020-02-11 to 2020-02-12"),
    "seen already": (DAILY[-2:], "from 2020-02-10, got 2020-02-08 to 2020-02-09"),
    "NaN": (pd.Series([1.0, np.nan], DAYS[40:42]), r"row 1 \(2020-02-11\)"),
    "periods": (pd.Series(Y[:2], DAYS[40:42].to_period()), "expected a DatetimeIndex, as the series has"),
    "two variables": (pd.DataFrame(np.ones((2, 2)), DAYS[40:42]), "expected the variables"),
}


@pytest.mark.parametrize("name", UPDATES)
def test_updates(daily, name):
    new, says = UPDATES[name]
    before = daily.predict(2)
    with pytest.raises(InvalidInput, match=says):
        daily.update(new)
    pd.testing.assert_series_equal(daily.predict(2), before)


CALLS = {
    "coverage of 1": (lambda f: f.predict_interval(1, coverage=1), "coverage: expected shares between 0 and 1, got 1"),
    "coverage in words": (lambda f: f.predict_interval(1, coverage="90%"), "coverage: .* got '90%'"),
    "two coverages": (lambda f: f.predict_interval(1, coverage=[0.5, 0.9]), "coverage: expected shares"),
    "no levels": (lambda f: f.predict_quantiles(1, alpha=[]), "alpha: expected at least one share"),
    "levels above 1": (lambda f: f.predict_quantiles(1, alpha=[0.5, 2]), "alpha: .* got 2"),
    "levels in words": (lambda f: f.predict_quantiles(1, alpha="median"), "alpha: .* got 'median'"),
    "no level at all": (lambda f: f.predict_quantiles(1, alpha=None), "alpha: .* got None"),
    "no paths": (lambda f: f.sample(1, paths=0), "paths=0: expected a whole number of at least 1"),
    "half a path": (lambda f: f.predict_interval(1, paths=2.5), "paths=2.5"),
    "a metric": (lambda f: f.score(Y[:2], metric="mas"), "metric='mas': did you mean 'mase'"),
    "a long horizon": (lambda f: f.historical_forecasts(50), "nothing to foretell in a series of 40 steps"),
    "no stride": (lambda f: f.historical_forecasts(1, stride=0), "stride=0: expected whole numbers from 1"),
    "no horizon": (lambda f: f.historical_forecasts("all"), "horizon='all'.*: expected whole numbers from 1"),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls(plain, name):
    call, says = CALLS[name]
    with pytest.raises(InvalidInput, match=says):
        call(plain)


MANY = {
    "static": ({"static": [[1.0]]}, r"expected finite numbers \(2, covariates\), a row a series; got shape \(1, 1\)"),
    "X": ({"X": {"a": Y}}, "X: expected one for each of the 2 series, as they were given .dict of a, b."),
    "past": ({"past": {"a": Y, "b": Y[:9]}}, "past: no exogenous values for 31 of the steps"),
}


@pytest.mark.parametrize("name", MANY)
def test_what_stands_beside_several_series(name):
    beside, says = MANY[name]
    with pytest.raises(InvalidInput, match=says):
        small().fit({"a": Y, "b": Y}, **beside)


@pytest.mark.parametrize(
    "method", ["predict", "predict_interval", "sample", "predict_one_step", "historical_forecasts", "summary"]
)
def test_nothing_is_known_before_fitting(method):
    with pytest.raises(NotFittedError):
        getattr(small(), method)()


# As scikit-learn's tools see it


def test_clones_and_parameters(plain):
    other = clone(plain)
    assert other.get_params() == plain.get_params()
    assert not hasattr(other, "population_")
    assert other.set_params(taps=3, model="gru").get_params()["taps"] == 3
    with pytest.raises(ValueError, match="Invalid parameter 'tapps'"):
        other.set_params(tapps=3)
    assert repr(plain) == "Forecaster(model='dlnn', random_state=0, taps=2)"
    assert repr(Forecaster()) == "Forecaster()"


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_pickles_foretell_the_same_and_go_on_alike(precision):
    forecaster = small(precision=precision).fit(Y)
    told = forecaster.predict(3)  # with a state that pickles leave behind
    again = pickle.loads(pickle.dumps(forecaster))
    np.testing.assert_array_equal(again.predict(3), told)
    np.testing.assert_array_equal(again.update(Y[:2]).predict(3), forecaster.update(Y[:2]).predict(3))


def test_no_other_name_is_made_up():
    assert not hasattr(mnemon.estimators, "Sktime")


def test_the_adapter_says_what_is_not_installed():
    if importlib.util.find_spec("sktime") is not None:
        pytest.skip("sktime is installed")
    with pytest.raises(ImportError, match=r'needs sktime.*pip install "mnemon\[sktime\]"'):
        from mnemon.estimators import SktimeForecaster  # noqa: F401


def test_a_wrong_kind_is_a_type_error():
    with pytest.raises(InvalidType):
        small().fit(pd.Series(Y, [f"day {k}" for k in range(40)]))
