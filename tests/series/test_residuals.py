"""Autocorrelation and Ljung-Box: by hand, as statsmodels has them, and at the level they promise."""

import numpy as np
import pytest
from scipy import stats

from mnemon.errors import InvalidInput
from mnemon.series import residuals
from mnemon.series._advantage import chance

RNG = np.random.default_rng(2)


def test_by_hand():
    found = residuals([1.0, 2.0, 4.0, 1.0], lags=2)
    e = np.array([1.0, 2.0, 4.0, 1.0]) - 2
    r = [(e[1:] @ e[:-1]) / (e @ e), (e[2:] @ e[:-2]) / (e @ e)]
    np.testing.assert_allclose(found.autocorrelation[:, 0], r)
    q = 4 * 6 * (r[0] ** 2 / 3 + r[1] ** 2 / 2)
    np.testing.assert_allclose(found.statistic, q)
    np.testing.assert_allclose(found.p_value, np.exp(-q / 2))  # chi-squared with two degrees of freedom
    assert found.bound == pytest.approx(1.959964 / 2, rel=1e-6)


def test_they_are_those_of_statsmodels():
    theirs = pytest.importorskip("statsmodels.stats.diagnostic", reason="statsmodels is optional")
    e = RNG.normal(size=(80, 2)).cumsum(axis=0)
    found = residuals(e, lags=9, fitted=2)
    for k in range(2):
        table = theirs.acorr_ljungbox(e[:, k], lags=[9], model_df=2)
        np.testing.assert_allclose(found.statistic[k], table["lb_stat"].iloc[0])
        np.testing.assert_allclose(found.p_value[k], table["lb_pvalue"].iloc[0], atol=1e-12)


def test_noise_passes_as_often_as_it_should_and_structure_does_not():
    passed = [residuals(e).p_value[0] > 0.05 for e in RNG.normal(size=(300, 100))]
    assert 0.90 < np.mean(passed) < 0.99
    season = residuals(RNG.normal(size=120) + 2 * np.sin(2 * np.pi * np.arange(120) / 12))
    assert 12 in season.beyond
    assert season.verdict.startswith("The errors are not noise")
    assert "noise is as correlated in" in residuals(RNG.normal(size=400)).verdict


def test_mistakes_are_said():
    for call, words in (
        (lambda: residuals(np.ones(9)), "variable 0 never changes"),
        (lambda: residuals([1.0, np.nan, 2.0]), "not finite at step 1"),
        (lambda: residuals(np.ones((2, 2, 2))), "got shape"),
        (lambda: residuals(np.arange(5.0), lags=5), "fewer than the 5 errors"),
        (lambda: residuals(np.arange(5.0), lags=2, fitted=2), "more than fitted=2"),
    ):
        with pytest.raises(InvalidInput, match=words):
            call()


def test_an_advantage_without_overlap_is_the_paired_test():
    a, b = RNG.normal(size=20), RNG.normal(0.3, 1, size=20)
    assert chance(a, b) == pytest.approx(stats.ttest_rel(a, b).pvalue)  # 1 / n for 1 / (n - 1), and the correction
    assert chance(a, a) == 1
    assert chance(a[:1], b[:1]) == 1
    assert chance(a, a + 1) == 0
    assert chance(a, b, overlap=20) == 1


def test_an_advantage_of_overlapping_forecasts_keeps_its_level():
    rejected = 0
    for _ in range(400):
        noise = RNG.normal(size=63)
        d = noise[3:] + noise[2:-1] + noise[1:-2] + noise[:-3]
        rejected += chance(d, np.zeros(60), overlap=3) < 0.05
    assert rejected / 400 < 0.13  # without the overlap it is about 0.35
