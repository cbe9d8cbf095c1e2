"""What is done to a series is undone on its forecasts, alone and in chains, in whatever order."""

import numpy as np
import pytest
from scipy import special, stats

from mnemon.errors import InvalidInput
from mnemon.series import (
    BoxCox,
    Chain,
    Difference,
    Log,
    MinMax,
    SeasonalDifference,
    Standardise,
    transformation,
)

RNG = np.random.default_rng(3)
GROWING = np.exp(np.cumsum(RNG.normal(0.02, 0.1, (60, 2)), axis=0)) * [1.0, 300.0]
CHAINS = {
    "log": Log(),
    "offset": Log(offset=2.0),
    "boxcox": BoxCox(),
    "power": BoxCox(lmbda=-0.3),
    "difference": Difference(),
    "twice": Difference(2),
    "never": Difference(0),
    "season": SeasonalDifference(7),
    "standardise": Standardise(),
    "minmax": MinMax(0, 1),
    "nothing": Chain(),
    "log, season, difference, scale": Chain(Log(), SeasonalDifference(4), Difference(), Standardise()),
    "scale, differences, boxcox": Chain(MinMax(1, 2), Difference(2), BoxCox(offset=3.0), SeasonalDifference(3)),
    "nested": Chain(Standardise(), Chain(Difference(), MinMax()), Difference()),
}


@pytest.mark.parametrize("name", CHAINS)
def test_the_true_continuation_comes_back(name):
    past, future = GROWING[:37], GROWING[37:]
    fitted = CHAINS[name].fit(past)
    whole = fitted.apply(GROWING)
    assert whole.shape == GROWING.shape
    assert np.isnan(whole[: fitted.lost]).all()
    assert np.isfinite(whole[fitted.lost :]).all()
    np.testing.assert_allclose(fitted.continue_(whole[37:]), future, rtol=1e-9)
    np.testing.assert_allclose(fitted.apply(past), whole[:37], rtol=1e-12)  # nothing looks ahead
    paths = np.stack([whole[37:45], whole[37:45]])[:, np.newaxis]  # any leading axes
    np.testing.assert_allclose(fitted.continue_(paths)[1, 0], future[:8], rtol=1e-9)


@pytest.mark.parametrize("name", CHAINS)
def test_new_observations_move_it_on_without_measuring_again(name):
    fitted = CHAINS[name].fit(GROWING[:37])
    whole = fitted.apply(GROWING)
    seen, moved = fitted.follow(GROWING[37:39])
    np.testing.assert_allclose(seen, whole[37:39], rtol=1e-9, atol=1e-12)
    for piece in (GROWING[39:39], GROWING[39:40], GROWING[40:52]):
        moved = moved.advance(piece)
    np.testing.assert_allclose(moved.continue_(whole[52:]), GROWING[52:], rtol=1e-9)
    np.testing.assert_allclose(fitted.continue_(whole[37:]), GROWING[37:], rtol=1e-9)  # itself it stays where it was


@pytest.mark.parametrize("name", CHAINS)
def test_constant_series_divide_by_nothing(name):
    still = np.full((30, 2), 5.0)
    fitted = CHAINS[name].fit(still)
    whole = fitted.apply(still)
    assert np.isfinite(whole[fitted.lost :]).all()
    np.testing.assert_allclose(fitted.continue_(whole[-5:]), still[-5:], rtol=1e-9)


def test_scales_are_those_of_numpy():
    np.testing.assert_allclose(
        Standardise().fit(GROWING).apply(GROWING), (GROWING - GROWING.mean(0)) / GROWING.std(0), rtol=1e-9, atol=1e-12
    )
    ranged = MinMax(-2, 3).fit(GROWING).apply(GROWING)
    np.testing.assert_allclose([ranged.min(0), ranged.max(0)], [[-2, -2], [3, 3]], rtol=1e-12)
    np.testing.assert_allclose(MinMax().fit(np.ones((3, 1))).apply(np.ones((3, 1))), 0)


def test_differences_are_those_of_numpy():
    np.testing.assert_allclose(Difference(2).fit(GROWING).apply(GROWING)[2:], np.diff(GROWING, 2, axis=0), atol=1e-12)
    np.testing.assert_allclose(SeasonalDifference(5).fit(GROWING).apply(GROWING)[5:], GROWING[5:] - GROWING[:-5])


def test_the_power_is_that_of_scipy():
    fitted = BoxCox().fit(GROWING)
    for column, power in zip(GROWING.T, fitted.powers):
        _, theirs = stats.boxcox(column)
        assert abs(power - theirs) < 1e-6
        assert stats.boxcox_llf(power, column) >= stats.boxcox_llf(theirs, column) - 1e-9
    np.testing.assert_allclose(fitted.apply(GROWING), special.boxcox(GROWING, fitted.powers))
    np.testing.assert_allclose(BoxCox(lmbda=0).fit(GROWING).apply(GROWING), np.log(GROWING))


def test_forecasts_beyond_what_a_power_says_stand_at_its_border():
    for power, border in ((0.5, 0.0), (-0.5, np.inf)):
        fitted = BoxCox(lmbda=power).fit(GROWING)
        assert np.all(fitted.continue_(np.full((1, 2), -np.sign(power) * 1e3)) == border)
    assert np.all(Log().fit(GROWING).continue_(np.full((1, 2), 1e4)) == np.inf)


def test_what_has_no_logarithm_is_named_by_its_row():
    values = np.array([[1.0], [0.0], [3.0], [-2.0]])
    for kind in (Log, BoxCox):
        with pytest.raises(InvalidInput, match=r"above 0 are needed, but those of row 1, 3 are not .*offset above 2"):
            kind().fit(values)
        with pytest.raises(InvalidInput, match="row 3 are not"):
            kind(offset=1.0).fit(values)
        kind(offset=2.5).fit(values)
    with pytest.raises(InvalidInput, match="row 2 are not"):  # rows of the series, also behind a difference
        Chain(Difference(), Log(offset=1.0)).fit(np.array([[1.0], [2.0], [1.0]]))


def test_mistakes_are_said():
    for bad, words in (
        (SeasonalDifference(0), "period=0"),
        (Difference(-1), "order=-1"),
        (SeasonalDifference(60), "more than 60 steps, but only 60"),
        (Chain(Difference(), SeasonalDifference(59)), "only 59 are there"),
        (MinMax(1, 1), "low=1"),
    ):
        with pytest.raises(InvalidInput, match=words):
            bad.fit(GROWING)


def test_names_stand_for_transformations():
    assert transformation("log") == Log()
    assert transformation("none") == transformation(None) == transformation([]) == Chain()
    assert transformation(["boxcox", "seasonal_difference", Difference(2)], period=12) == Chain(
        BoxCox(), SeasonalDifference(12), Difference(2)
    )
    assert [type(transformation(name)) for name in ("difference", "standardise", "minmax")] == [
        Difference, Standardise, MinMax,
    ]  # fmt: skip
    with pytest.raises(InvalidInput, match="did you mean 'minmax'"):
        transformation("min_max")
    with pytest.raises(TypeError, match="got 3"):
        transformation(3)
