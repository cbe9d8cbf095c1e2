"""The series of the experiments: linear least squares lands where the published linear network did."""

import os
from pathlib import Path

import numpy as np
import pytest

from mnemon.errors import InvalidInput
from mnemon.lab._series import COLUMNS, TAPS, Column, error_of, one_step_ahead, scaled

DATA = Path(os.environ.get("MNEMON_DATA", "/nowhere")) / "timeseries"
PUBLISHED = {"mg17": 0.0042, "solar": 0.1316, "chickenpox": 0.8670, "laser": 0.7711}


def least_squares(parted, taps):
    """The error on what is asked, by a regression on the last values."""
    values = parted.values[:, 0]
    rows = np.array([[*values[k - taps : k], 1.0] for k in range(taps, parted.end)])
    weights = np.linalg.lstsq(rows[: parted.first - taps], values[taps : parted.first], rcond=None)[0]
    return error_of(values[parted.first : parted.end], rows[parted.first - taps :] @ weights)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_linear_network_is_within_a_factor_of_two_of_the_published(name):
    if name != "mg17" and not DATA.is_dir():
        pytest.skip("MNEMON_DATA names no folder with timeseries")
    ours = least_squares(COLUMNS[name].parted(), TAPS)
    assert 0.5 < ours / PUBLISHED[name] < 2


def test_what_is_asked_scales_nothing():
    values = np.random.default_rng(0).normal(3, 2, (50, 1))
    parted = Column("", lambda: values, 0.8).parted()
    assert (parted.first, parted.end) == (40, 50)
    np.testing.assert_allclose([parted.values[:40].mean(), parted.values[:40].std()], [0, 1], atol=1e-12)
    other = values.copy()
    other[40:] *= 9
    np.testing.assert_array_equal(scaled(other, 40)[:40], parted.values[:40])
    ranged = Column("", lambda: values, 0.8).parted(ranged=True).values
    np.testing.assert_allclose([ranged[:40].min(), ranged[:40].max()], [-1, 1])
    np.testing.assert_allclose(np.corrcoef(ranged[:, 0], values[:, 0])[0, 1], 1)
    cut = Column("", lambda: values, 30, 5).parted()
    assert (cut.first, cut.end) == (30, 35)


def test_the_next_value_is_asked_for_but_at_the_start():
    examples = one_step_ahead(np.arange(6.0)[:, None], 2)
    np.testing.assert_array_equal(examples.xs[0][:, 0], [0, 1, 2, 3, 4])
    np.testing.assert_array_equal(examples.targets.values[:, 0], [np.nan, np.nan, 3, 4, 5])


def test_forecasts_that_left_all_bounds_are_infinitely_wrong():
    values = np.array([1.0, 2.0, 6.0])
    np.testing.assert_allclose([error_of(values, np.full(3, 3.0)), error_of(values, values + 1)], [1, 3 / 14])
    assert error_of(values, np.array([1.0, np.nan, 2.0])) == float("inf")


def test_data_that_are_not_there_are_asked_for(monkeypatch):
    monkeypatch.setenv("MNEMON_DATA", "/nowhere")
    with pytest.raises(InvalidInput, match="set MNEMON_DATA to a folder with timeseries/laser"):
        COLUMNS["laser"].parted()
    monkeypatch.delenv("MNEMON_DATA")
    with pytest.raises(InvalidInput, match="set MNEMON_DATA"):
        COLUMNS["solar"].parted()
