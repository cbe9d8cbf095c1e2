"""The rolling origin: every model sees what was known and nothing else, and the verdict says what the numbers say."""

import numpy as np
import pandas as pd
import pytest

from mnemon.errors import InvalidInput
from mnemon.series import (
    Drift,
    LinearAR,
    Naive,
    SeasonalNaive,
    backtest,
    baselines,
    mae,
    mase,
    nmse,
    rmse,
    smape,
)

RNG = np.random.default_rng(4)
SEASON = np.tile([3.0, 8.0, 4.0, 1.0], 15) + RNG.normal(0, 0.2, 60)
ALL = ("nmse", "mase", "smape", "rmse", "mae")


class Spy:
    """Remembers what it was given; says the last value."""

    log = []

    def fit(self, y, X=None):
        self.log.append(("fit", y, X))
        self.last = np.asarray(y).reshape(len(y), -1)[-1]
        return self

    def update(self, y, X=None):
        self.log.append(("update", y, X))
        self.last = np.asarray(y).reshape(len(y), -1)[-1]

    def predict(self, horizon, X=None):
        self.log.append(("predict", horizon, X))
        return np.repeat(self.last[np.newaxis], horizon, axis=0)


class Broken(Spy):
    def __init__(self, wrong):
        self.wrong = wrong

    def predict(self, horizon, X=None):
        if len(self.log) and self.last[0] > 5:
            return self.wrong(horizon)
        return super().predict(horizon)


def fails(horizon):
    raise RuntimeError("no memory")


@pytest.fixture(autouse=True)
def fresh():
    Spy.log = []


def test_errors_are_those_of_the_metrics():
    y = np.stack([SEASON, RNG.normal(size=60).cumsum()], axis=1)
    found = backtest({"ar": LinearAR(2), "naive": Naive()}, y, horizon=4, first=40, metrics=ALL, period=4)
    assert found.origins.tolist() == [40, 44, 48, 52, 56]
    np.testing.assert_array_equal(found.truths.reshape(-1, 2), y[40:])
    told = np.concatenate([LinearAR(2).fit(y[:o]).predict(4) for o in found.origins])
    np.testing.assert_array_equal(found.forecasts["ar"].reshape(-1, 2), told)
    row = found.table()["ar"]
    for name, error in (("nmse", nmse), ("smape", smape), ("rmse", rmse), ("mae", mae)):
        assert row[name] == pytest.approx(error(y[40:], told))
    scaled = [mase(y[o : o + 4], LinearAR(2).fit(y[:o]).predict(4), y[:o], 4) for o in found.origins]
    assert row["mase"] == pytest.approx(np.mean(scaled))
    for metric in ALL:
        ahead = found.errors(metric)["ar"]
        assert ahead.shape == (4,)
        if metric != "rmse":
            assert ahead.mean() == pytest.approx(row[metric])
    np.testing.assert_allclose(
        found.errors("rmse")["naive"], [rmse(y[40 + h :: 4], found.forecasts["naive"][:, h]) for h in range(4)]
    )
    lines = str(found).splitlines()
    assert lines[0].split() == list(ALL)
    assert float(lines[1].split()[1]) == pytest.approx(row["nmse"], rel=1e-3)


def test_models_see_what_was_known_in_the_kind_it_came():
    months = pd.date_range("2001-01-01", periods=60, freq="MS")
    y = pd.Series(SEASON, months, name="sales")
    X = pd.DataFrame({"price": np.arange(60.0)}, months)
    done = []
    spy = Spy()
    backtest({"a": spy}, y, X, horizon=3, first=50, step=5, metrics="mae", progress=lambda *at: done.append(at))
    assert not hasattr(spy, "last")  # copies are fitted
    assert done == [(1, 2, "a"), (2, 2, "a")]
    (what, seen, beside), (_, horizon, future) = Spy.log[2:]
    assert what == "fit"
    pd.testing.assert_series_equal(seen, y[:55], check_freq=False)
    pd.testing.assert_frame_equal(beside, X[:55], check_freq=False)
    assert horizon == 3
    pd.testing.assert_frame_equal(future, X[55:58], check_freq=False)


def test_without_refitting_a_model_is_fitted_once_and_updated():
    found = backtest({"a": Spy()}, SEASON, horizon=2, first=50, step=3, refit=False, metrics="mae")
    assert [entry[0] for entry in Spy.log[::2]] == ["fit", "update", "update"]
    np.testing.assert_array_equal(np.concatenate([entry[1] for entry in Spy.log[::2]]), SEASON[:56])
    for model in (Naive(), SeasonalNaive(4)):  # nothing is estimated, so that both are the same
        both = [backtest({"m": model}, SEASON, horizon=2, first=50, refit=refit, metrics="mae") for refit in (0, 1)]
        np.testing.assert_array_equal(both[0].forecasts["m"], both[1].forecasts["m"])
    assert found.best == "a"


def test_nothing_that_comes_later_changes_a_forecast():
    later = SEASON.copy()
    later[52:] += 100
    one, other = (backtest(baselines(4, statistical=False), y, horizon=2, first=48) for y in (SEASON, later))
    for name in one.forecasts:
        np.testing.assert_array_equal(one.forecasts[name][:3], other.forecasts[name][:3])


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (fails, "RuntimeError: no memory"),
        (lambda horizon: np.zeros(horizon + 1), "expected a forecast of shape"),
        (lambda horizon: np.full(horizon, np.nan), "not finite at step 1"),
    ],
)
def test_a_model_that_fails_is_recorded_and_the_others_go_on(wrong, reason):
    models = {"broken": Broken(wrong), "seasonal naive": SeasonalNaive(4)}
    for refit in (True, False):
        found = backtest(models, SEASON, horizon=1, first=40, metrics="mae", period=4, refit=refit)
        assert {failure.origin for failure in found.failures} == {42, 46, 50, 54, 58}
        assert all(reason in failure.reason for failure in found.failures)
        assert np.isfinite(found.table()["broken"]["mae"])
        assert found.complete() == ("seasonal naive",)
        assert found.best == "seasonal naive"
        assert found.beaten() == ("broken",)
        assert "broken failed at 5 of 20 origins" in found.verdict()
    alone = backtest({"broken": Broken(wrong)}, np.full(9, 9.0) + np.arange(9), horizon=1, metrics="mae")
    assert alone.best is None
    assert np.isnan(alone.table()["broken"]["mae"])
    assert "nothing to compare" in alone.verdict(by="broken")


def test_the_verdict_says_what_the_numbers_say():
    models = {"naive": Naive(), "drift": Drift(), "seasonal naive": SeasonalNaive(4)}
    found = backtest(models, SEASON, horizon=4, period=4)
    assert found.best == "seasonal naive"
    assert set(found.beaten()) == {"naive", "drift"}
    assert found.verdict().startswith("No model beats the seasonal naive forecast (MASE ")
    assert found.beaten(by="drift") == ("naive",) or found.beaten(by="drift") == ()
    assert found.verdict(by="naive").startswith("seasonal naive beats the naive forecast (MASE ")
    assert found.chance("seasonal naive", "naive") < 0.05
    assert found.ties() == ()
    walk = RNG.normal(size=40).cumsum()
    close = backtest({"naive": Naive(), "drift": Drift()}, walk, horizon=2, first=20)
    assert close.ties() == (next(name for name in close.forecasts if name != close.best),)
    assert "so this is no proof" in close.verdict(by=next(name for name in close.forecasts if name != close.best))
    once = backtest({"naive": Naive(), "seasonal naive": SeasonalNaive(4)}, SEASON, horizon=20, period=4)
    assert "one origin cannot tell" in once.verdict(by="naive")
    assert "no model beside" in backtest({"seasonal naive": Naive()}, SEASON, horizon=2).verdict()


def test_the_usual_baselines_stand_in_one_table():
    found = backtest(
        baselines(statistical=False), pd.Series(SEASON, pd.date_range("2001", periods=60, freq="QS")), horizon=4
    )
    assert found.period == 4
    assert list(found.table()) == ["naive", "seasonal naive", "drift", "linear AR"]
    assert found.mean("seasonal naive", "mase") < 1.5


def test_mistakes_are_said_before_anything_is_trained():
    models = {"a": Spy()}
    for call, words in (
        (lambda: backtest({}, SEASON, horizon=2), "at least one model"),
        (lambda: backtest(models, SEASON, horizon=0), "horizon=0"),
        (lambda: backtest(models, SEASON, horizon=2, step=1.5), "step=1.5"),
        (lambda: backtest(models, SEASON, horizon=20, first=50), "60 steps are too few for first=50"),
        (lambda: backtest(models, SEASON, horizon=2, metrics=["mape"]), "did you mean 'mase'|did you mean 'smape'"),
        (lambda: backtest(models, SEASON, horizon=2, period=50, first=40), "not longer than a season of 50"),
        (lambda: backtest(models, np.ones(30), horizon=2), "do not change"),
        (lambda: backtest(models, SEASON, np.ones(59), horizon=2), "no exogenous values for 1"),
        (lambda: backtest(models, [SEASON, SEASON], horizon=2), "2 series"),
    ):
        with pytest.raises(InvalidInput, match=words):
            call()
    with pytest.raises(TypeError, match="models by name"):
        backtest([Naive()], SEASON, horizon=2)
    assert Spy.log == []
    found = backtest(models, SEASON, horizon=2)
    for call, words in (
        (lambda: found.verdict(), "no model 'seasonal naive'"),
        (lambda: found.mean("a", "rmse"), "metric='rmse'"),
    ):
        with pytest.raises(InvalidInput, match=words):
            call()
