"""Baselines: worked examples, least squares as numpy solves it, and updates that equal having seen it all."""

import numpy as np
import pandas as pd
import pytest

from mnemon.errors import InvalidInput
from mnemon.series import ARIMA, ETS, Drift, LinearAR, Naive, SeasonalNaive

RNG = np.random.default_rng(1)
MONTHS = pd.date_range("2001-01-01", periods=120, freq="MS")


def autoregressive(steps, weights=(0.6, -0.3), beside=0.0):
    y = np.zeros(steps)
    for t in range(2, steps):
        y[t] = 1.0 + weights[0] * y[t - 1] + weights[1] * y[t - 2] + RNG.normal()
    return y + beside


def test_worked_examples():
    y = np.array([[1.0, 10.0], [4.0, 20.0], [2.0, 60.0]])
    np.testing.assert_array_equal(Naive().fit(y).predict(2), [[2, 60], [2, 60]])
    np.testing.assert_array_equal(SeasonalNaive(2).fit(y).predict(3), [[4, 20], [2, 60], [4, 20]])
    np.testing.assert_array_equal(Drift().fit(y).predict(2), [[2.5, 85], [3, 110]])


def test_the_season_is_that_of_the_index():
    y = pd.Series(np.arange(120.0), MONTHS)
    np.testing.assert_array_equal(SeasonalNaive().fit(y).predict(13)[:, 0], [*range(108, 120), 108])


@pytest.mark.parametrize("columns", [0, 2])
def test_an_autoregression_is_the_least_squares_of_numpy(columns):
    X = RNG.normal(size=(90, columns))
    y = np.stack([autoregressive(90), autoregressive(90, (0.2, 0.5))], axis=1) + X.sum(axis=1, keepdims=True)
    model = LinearAR(order=3).fit(y, X if columns else None)
    future = RNG.normal(size=(5, columns))
    told = model.predict(5, future if columns else None)
    for k in range(2):
        rows = np.array([[1, *y[t - 3 : t, k][::-1], *X[t]] for t in range(3, 90)])
        weights = np.linalg.solve(rows.T @ rows, rows.T @ y[3:, k])
        np.testing.assert_allclose(
            np.r_[model.intercepts_[k], model.lag_weights_[k], model.exogenous_weights_[k]], weights, rtol=1e-8
        )
        seen = list(y[:, k])
        for h in range(5):
            seen.append(weights @ [1, *seen[-1:-4:-1], *future[h]])
        np.testing.assert_allclose(told[:, k], seen[90:], rtol=1e-8)


def test_the_order_is_that_of_the_least_criterion():
    y = autoregressive(200)
    model = LinearAR().fit(y)
    most, criteria = int(10 * np.log10(200)), []
    for order in range(most + 1):
        rows = np.array([[1, *y[t - order : t][::-1]] for t in range(most, 200)])
        squares = np.linalg.lstsq(rows, y[most:])[1][0]
        criteria.append((200 - most) * np.log(squares / (200 - most)) + 2 * (order + 2))
    assert model.orders_[0] == np.argmin(criteria)
    assert LinearAR(most=1).fit(y).orders_[0] == 1
    assert LinearAR().fit(np.full(30, 7.0)).predict(2).ravel() == pytest.approx(7)
    exact = LinearAR().fit(np.sin(0.3 * np.arange(60)))  # without an error at all, the shortest that says it
    assert exact.orders_[0] == 2
    np.testing.assert_allclose(exact.predict(20)[:, 0], np.sin(0.3 * np.arange(60, 80)), atol=1e-9)
    assert LinearAR().fit([1.0, 3.0]).predict(1).ravel() == pytest.approx(2)


def test_the_order_and_the_forecasts_are_those_of_statsmodels():
    theirs = pytest.importorskip("statsmodels.tsa.ar_model", reason="statsmodels is optional")
    y = autoregressive(150)
    found = theirs.ar_select_order(y, maxlag=12, ic="aic").ar_lags or []
    assert LinearAR(most=12).fit(y).orders_[0] == len(found)
    X, future = RNG.normal(size=(150, 1)), RNG.normal(size=(6, 1))
    fitted = theirs.AutoReg(y, lags=4, exog=X).fit()
    np.testing.assert_allclose(
        LinearAR(order=4).fit(y, X).predict(6, future)[:, 0], fitted.forecast(6, exog=future), rtol=1e-6
    )


MODELS = {
    "naive": Naive,
    "seasonal": lambda: SeasonalNaive(5),
    "drift": Drift,
    "AR": lambda: LinearAR(2),
    "ETS": lambda: ETS(trend="add", period=1),
    "ARIMA": lambda: ARIMA((1, 0, 1), period=1),
}


@pytest.mark.parametrize("name", MODELS)
def test_an_update_moves_on_without_estimating_again(name):
    if name in ("ETS", "ARIMA"):
        pytest.importorskip("statsmodels", reason="statsmodels is optional")
    y = autoregressive(70)
    model = MODELS[name]().fit(y[:60])
    before = model.predict(3)
    for piece in (y[60:61], y[61:70]):
        model.update(piece)
    assert before.shape == (3, 1)
    assert len(model.values_) == 70
    if name == "drift":  # the slope stays that of fit
        np.testing.assert_allclose(model.predict(2)[:, 0], y[69] + (y[59] - y[0]) / 59 * np.array([1, 2]))
    elif name == "AR":
        c, (a, b) = model.intercepts_[0], model.lag_weights_[0]
        assert model.predict(1)[0, 0] == pytest.approx(c + a * y[69] + b * y[68])
    elif name in ("naive", "seasonal"):
        np.testing.assert_array_equal(model.predict(7), MODELS[name]().fit(y).predict(7))
    else:  # near what is estimated on everything, and other than before
        np.testing.assert_allclose(model.predict(3), MODELS[name]().fit(y).predict(3), atol=1.0)
        assert np.abs(model.predict(3) - before).max() > 1e-3


def test_smoothing_and_arima_forecast_a_season():
    pytest.importorskip("statsmodels", reason="statsmodels is optional")
    t = np.arange(48)
    quarters = pd.date_range("2001-01-01", periods=48, freq="QS")
    y = pd.Series(10 + 0.1 * t + 3 * np.sin(np.pi * t / 2) + RNG.normal(0, 0.1, 48), quarters)
    for model in (ETS(), ARIMA((0, 1, 1))):
        told = model.fit(y[:40]).predict(8)[:, 0]
        assert np.abs(told - y[40:]).mean() < 0.3  # repeating the season errs by 0.6
    with pytest.raises(InvalidInput, match="did you mean 'add'"):
        ETS(trend="ad").fit(y)
    with pytest.raises(InvalidInput, match="needs a period"):
        ETS(seasonal="add").fit(y.to_numpy())


def test_arima_reads_exogenous_values():
    pytest.importorskip("statsmodels", reason="statsmodels is optional")
    X = RNG.normal(size=(80, 1))
    y = autoregressive(80, (0.3, 0.0), beside=5 * X[:, 0])
    model = ARIMA((1, 0, 0)).fit(y[:70], X[:70]).update(y[70:75], X[70:75])
    assert np.abs(model.predict(5, X[75:])[:, 0] - y[75:]).mean() < 3


def test_without_statsmodels_a_sentence_says_what_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "statsmodels.tsa.arima.model", None)
    monkeypatch.setitem(sys.modules, "statsmodels.tsa.exponential_smoothing.ets", None)
    for model in (ETS(), ARIMA()):
        with pytest.raises(InvalidInput, match=r"needs statsmodels: pip install .mnemon\[forecast\]"):
            model.fit(np.arange(20.0))


def test_mistakes_are_said():
    y, X = np.arange(6.0), pd.DataFrame({"u": np.arange(6.0)})
    for call, words in (
        (lambda: Naive().predict(1), "Naive knows no series yet"),
        (lambda: Naive().fit(y).predict(0), "at least 1 step"),
        (lambda: Naive().fit(y).update([1.0, np.nan]), "missing values"),
        (lambda: Naive().fit(y).update([[1.0, 2.0]]), "expected the variables 0"),
        (lambda: Drift().fit([1.0]), "at least 2"),
        (lambda: SeasonalNaive(7).fit(y), "less than one season of 7"),
        (lambda: SeasonalNaive(0).fit(y), "period=0"),
        (lambda: LinearAR(4).fit(y), "6 steps are too few for order 4 .* at least 9"),
        (lambda: LinearAR(-1).fit(y), "order=-1"),
        (lambda: LinearAR(1).fit(y).predict(2, X[:2]), "there were none at fit"),
        (lambda: LinearAR(1).fit(y, X).predict(2), "for step 6 to step 7"),
        (lambda: LinearAR(1).fit(y, X).predict(2, X[:1]), "no exogenous values for 1 of the steps .*: step 7"),
        (lambda: LinearAR(1).fit(y, X).predict(2, X[:2].rename(columns={"u": "v"})), "expected the columns u, got v"),
        (lambda: Naive().fit([np.ones(3), np.ones(4)]), "2 series, where one is taken"),
    ):
        with pytest.raises(InvalidInput, match=words):
            call()
