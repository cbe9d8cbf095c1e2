"""The series of the experiments: linear least squares lands where the published linear network did."""

import os
from pathlib import Path

import numpy as np
import pytest

from mnemon.errors import InvalidInput
from mnemon.lab._series import COLUMNS, TAPS, Column, nmse, scaled

DATA = Path(os.environ.get("MNEMON_DATA", "/nowhere")) / "timeseries"
PUBLISHED = {"mg17": 0.0042, "solar": 0.1316, "chickenpox": 0.8670, "laser": 0.7711}


def least_squares(parted, taps):
    """The error on what is asked, by a regression on the last values."""
    rows = np.column_stack([parted.windows(taps), np.ones(len(parted.values))])
    wanted = parted.values[:, 0]
    weights = np.linalg.lstsq(rows[taps : parted.first], wanted[taps : parted.first], rcond=None)[0]
    asked = slice(parted.first, parted.end)
    return nmse(wanted[asked], rows[asked] @ weights)


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
    cut = Column("", lambda: values, 30, 5).parted()
    assert (cut.first, cut.end) == (30, 35)


def test_windows_are_the_values_before_the_newest_first():
    parted = Column("", lambda: np.arange(10.0)[:, None], 0.5).parted()
    windows = parted.windows(3)
    assert np.isnan(windows[:3]).any(axis=1).all()
    np.testing.assert_array_equal(
        windows[3:], [parted.values[k - 1 : k - 4 if k > 3 else None : -1, 0] for k in range(3, 10)]
    )


def test_the_error_is_one_for_the_mean_and_none_for_the_truth():
    values = np.array([1.0, 2.0, 6.0])
    forecasts = np.stack([values, np.full(3, 3.0), values + 1])
    np.testing.assert_allclose(nmse(values, forecasts), [0, 1, 3 / 14])


def test_data_that_are_not_there_are_asked_for(monkeypatch):
    monkeypatch.setenv("MNEMON_DATA", "/nowhere")
    with pytest.raises(InvalidInput, match="set MNEMON_DATA to a folder with timeseries/laser"):
        COLUMNS["laser"].parted()
    monkeypatch.delenv("MNEMON_DATA")
    with pytest.raises(InvalidInput, match="set MNEMON_DATA"):
        COLUMNS["solar"].parted()
