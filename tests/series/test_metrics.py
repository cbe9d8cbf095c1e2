"""Errors of forecasts: values worked out by hand, other people's formulas, and zero denominators that are said."""

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, mean_pinball_loss, r2_score, root_mean_squared_error

from mnemon.errors import InvalidInput
from mnemon.series import coverage, mae, mase, nmse, pinball, rmse, smape

RNG = np.random.default_rng(0)
TRUE, SAID, TRAINING = RNG.normal(5, 1, (30, 2)), RNG.normal(5, 1, (30, 2)), RNG.normal(5, 1, (50, 2))


def test_worked_examples():
    assert nmse([1, 2, 3], [1, 2, 6]) == 9 / 2
    assert nmse([1, 2, 3], [1, 2, 6], variance_of=[0, 4]) == (9 / 3) / 4
    assert mase([3, 5], [4, 7], [1, 2, 4, 8]) == pytest.approx(1.5 / (7 / 3))
    assert mase([3, 5], [4, 7], [1, 2, 4, 8], period=2) == pytest.approx(1.5 / (9 / 2))
    assert smape([1, 0, 2], [3, 0, -2]) == pytest.approx((2 * 2 / 4 + 0 + 2 * 4 / 4) / 3)
    assert rmse([0, 0], [3, 4]) == pytest.approx(np.sqrt(12.5))
    assert mae([0, 0], [3, -4]) == 3.5
    assert pinball([1, 1], [0, 3], 0.9) == pytest.approx((0.9 * 1 + 0.1 * 2) / 2)
    assert coverage([1, 2, 3, 4], [0, 2, 4, 0], [1, 3, 5, 3]) == 0.5


def test_they_are_those_of_scikit_learn():
    raw = {"multioutput": "raw_values"}
    np.testing.assert_allclose(nmse(TRUE, SAID, average=False), 1 - r2_score(TRUE, SAID, **raw))
    np.testing.assert_allclose(rmse(TRUE, SAID, average=False), root_mean_squared_error(TRUE, SAID, **raw))
    np.testing.assert_allclose(mae(TRUE, SAID, average=False), mean_absolute_error(TRUE, SAID, **raw))
    np.testing.assert_allclose(pinball(TRUE, SAID, 0.2), mean_pinball_loss(TRUE, SAID, alpha=0.2))


def test_they_are_those_of_sktime():
    theirs = pytest.importorskip("sktime.performance_metrics.forecasting", reason="sktime is optional")
    np.testing.assert_allclose(
        smape(TRUE, SAID), theirs.mean_absolute_percentage_error(TRUE, SAID, symmetric=True), rtol=1e-12
    )
    np.testing.assert_allclose(
        mase(TRUE, SAID, TRAINING, 4, average=False),
        theirs.mean_absolute_scaled_error(TRUE, SAID, y_train=TRAINING, sp=4, multioutput="raw_values"),
    )


def test_variables_are_averaged_or_not():
    for error in (
        lambda t, y, **k: nmse(t, y, **k),
        lambda t, y, **k: mase(t, y, TRAINING[:, : t.ndim and (t.shape[1] if t.ndim == 2 else 1)], **k),
        smape, rmse, mae,
        lambda t, y, **k: pinball(t, y, 0.3, **k),
        lambda t, y, **k: coverage(t, y - 1, y + 1, **k),
    ):  # fmt: skip
        each = error(TRUE, SAID, average=False)
        assert each.shape == (2,)
        assert error(TRUE, SAID) == pytest.approx(each.mean())
        assert error(TRUE[:, 0], SAID[:, 0]) == pytest.approx(each[0])
        assert isinstance(error(TRUE, SAID), float)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nmse([2, 2], [1, 3]), "true values do not change, so"),
        (lambda: nmse(np.c_[[1, 2], [3, 3]], np.ones((2, 2))), r"do not change \(variable 1\)"),
        (lambda: nmse([1, 2], [1, 3], variance_of=[0, 0]), "values of variance_of do not change"),
        (lambda: nmse([1, 2], [1, 3], variance_of=np.ones((3, 2))), "expected 1 variables, got 2"),
        (lambda: mase([1, 2], [1, 3], [1, 2, 1, 2], 2), "repeats itself every 2 steps"),
        (lambda: mase([1, 2], [1, 3], [1, 2], 2), "not longer than a season of 2"),
        (lambda: mae([1, 2], [1, 2, 3]), r"expected forecasts of shape \(2,\), got \(3,\)"),
        (lambda: mae([1, 2], [1, np.nan]), "mae: predicted: not finite at step 1"),
        (lambda: rmse([], []), r"got shape \(0,\)"),
        (lambda: smape(["a"], [1]), "expected numbers"),
        (lambda: pinball([1], [1], 1.0), "quantile=1.0"),
        (lambda: coverage([1], [2], [0]), "above high at step 0"),
    ],
)
def test_mistakes_are_said(call, words):
    with pytest.raises(InvalidInput, match=words):
        call()
