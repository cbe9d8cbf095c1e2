"""Where values stand: continuing an index is cutting a longer one; what is not even is refused in words."""

import numpy as np
import pandas as pd
import pytest

from mnemon.errors import InvalidInput
from mnemon.series import Timeline

SPACINGS = ["MS", "ME", "QS", "QE", "YS", "YE-JUN", "2MS", "W-WED", "D", "7D", "h", "15min", "s", "B"]
PERIODS = {"MS": 12, "ME": 12, "QS": 4, "QE": 4, "2MS": 6, "D": 7, "h": 24, "B": 5}


@pytest.mark.parametrize("unit", ["s", "us", "ns"])
@pytest.mark.parametrize("spacing", SPACINGS)
def test_an_index_of_times_is_continued_as_pandas_makes_a_longer_one(spacing, unit):
    whole = pd.date_range("1999-11-30 06:00", periods=40, freq=spacing, name="when").as_unit(unit)
    for given in (whole[:23], pd.DatetimeIndex(np.asarray(whole[:23]), name="when")):
        timeline = Timeline.read(given)
        again, behind = timeline.index(), timeline.continued(17).index()
        assert again.identical(given)
        assert again.freq == given.freq
        assert behind.equals(whole[23:])
        assert behind.dtype == given.dtype
        assert behind.name == "when"
        assert timeline.period == PERIODS.get(spacing, 1)


@pytest.mark.parametrize("spacing", ["M", "Q", "Y", "D", "h", "2M", "W-SUN", "Q-FEB"])
def test_an_index_of_periods_is_continued(spacing):
    whole = pd.period_range("2001-03", periods=9, freq=spacing, name="when")
    timeline = Timeline.read(whole[:5])
    assert timeline.continued(4).index().identical(whole[5:])
    assert timeline.period == {"M": 12, "Q": 4, "Q-FEB": 4, "D": 7, "h": 24, "2M": 6}.get(spacing, 1)
    assert list(timeline.positions(whole[[6, 8]])) == [2, 4]


@pytest.mark.parametrize("spacing", ["D", "h", "MS"])
def test_summer_time_moves_neither_days_nor_hours(spacing):
    whole = pd.date_range("2001-03-01", periods=2000, freq=spacing, tz="Europe/Berlin")[: 900 if spacing == "h" else 60]
    timeline = Timeline.read(whole[:50])
    assert timeline.continued(len(whole) - 50).index().equals(whole[50:])


@pytest.mark.parametrize(
    "whole",
    [
        np.arange("1700", "1720", dtype="M8[Y]"),
        np.arange("2001-10", "2003-01", dtype="M8[M]"),
        np.arange("2001-10-05", "2001-10-25", dtype="M8[D]"),
        np.arange(10, 40, 3),
        0.1 * np.arange(7, 27),
        pd.RangeIndex(3, 43, 2),
        pd.Index([5, 7, 9, 11, 13, 15]),
        pd.Index([0.25, 0.5, 0.75, 1.0]),
    ],
    ids=lambda whole: f"{type(whole).__name__} {whole.dtype}",
)
def test_other_indices_are_continued(whole):
    timeline = Timeline.read(whole[:3])
    behind = timeline.continued(len(whole) - 3).index()
    assert type(behind) is type(whole)
    assert behind.dtype == whole.dtype
    np.testing.assert_allclose(np.asarray(behind, float), np.asarray(whole[3:], float), rtol=1e-12)


def test_without_an_index_steps_are_counted():
    timeline = Timeline.read(None, 4)
    assert timeline.continued(2).index().tolist() == [4, 5]
    assert timeline.label(-1) == "step 3"
    assert timeline.period == 1


def test_parts_go_backwards_too_and_join_again():
    timeline = Timeline.read(pd.date_range("2001-01-31", periods=6, freq="ME"))
    head, tail = timeline.part(0, 4), timeline.part(4, 6)
    assert head.followed_by(tail) == timeline
    assert timeline.part(-2, 1).label(0) == "2000-11-30"
    with pytest.raises(InvalidInput, match="from 2001-05-31, got 2001-06-30 to 2001-06-30"):
        head.followed_by(tail.part(1, 2))
    with pytest.raises(InvalidInput, match="at least one step"):
        timeline.part(3, 3)


def test_one_step_alone_is_read_in_the_clock_of_another():
    months = pd.date_range("2001-01-01", periods=6, freq="MS")
    timeline = Timeline.read(pd.DatetimeIndex(np.asarray(months[:5])))
    one = Timeline.read(pd.DatetimeIndex(["2001-06-01"]), like=timeline)
    assert timeline.followed_by(one).length == 6
    assert timeline.offset_of(one) == 5
    assert Timeline.read(months[:1]).continued(5).index().equals(months[1:])  # its frequency says the spacing
    for place, words in (
        ("2001-06-02", "no step of the series"),
        ("2001-05-31 23:59", "2001-05-31T23:59:00 is no step"),
    ):
        with pytest.raises(InvalidInput, match=words):
            Timeline.read(pd.DatetimeIndex([place]), like=timeline)
    with pytest.raises(InvalidInput, match="expected a DatetimeIndex"):
        Timeline.read(pd.PeriodIndex(["2001-06"], freq="M"), like=timeline)
    with pytest.raises(InvalidInput, match="one time alone shows no spacing"):
        Timeline.read(pd.DatetimeIndex(["2001-06-01"]))


BAD = {
    "steps are missing .1 day.: 2001-01-03, 2001-01-04;": ["2001-01-01", "2001-01-02", "2001-01-05", "2001-01-06"],
    "steps are missing .1 month.: 2001-03-01, 2001-04-01;": ["2001-01-01", "2001-02-01", "2001-05-01", "2001-06-01"],
    "steps are missing .1 month.: 2001-03-31;": ["2001-01-31", "2001-02-28", "2001-04-30", "2001-05-31"],
    r"1 hour.*2001-01-01T01:00:00, 2001-01-01T02:00:00, 2001-01-01T03:00:00 \.\.\. and 6 more": [
        "2001-01-01T00", "2001-01-01T10", "2001-01-01T11", "2001-01-01T12",
    ],
    "2001-01-02 at rows 1 and 2; keep one": ["2001-01-01", "2001-01-02", "2001-01-02"],
    "backwards: 2001-02-01 at row 2 after 2001-03-01; sort": ["2001-01-01", "2001-03-01", "2001-02-01"],
    "not evenly spaced: 2001-01-03T12:00:00 at row 3": ["2001-01-01", "2001-01-02", "2001-01-03", "2001-01-03T12"],
}  # fmt: skip


@pytest.mark.parametrize("words", BAD)
def test_what_is_not_even_is_refused_in_words(words):
    for index in (np.array(BAD[words], "M8[s]"), pd.to_datetime(BAD[words], format="ISO8601")):
        with pytest.raises(InvalidInput, match=words):
            Timeline.read(index)


def test_weekdays_have_no_weekends_and_miss_holidays():
    days = pd.bdate_range("2001-12-17", periods=15)
    with pytest.raises(InvalidInput, match=r"missing \(1 weekday\): 2001-12-25;"):
        Timeline.read(pd.DatetimeIndex([day for day in days if day.day != 25]))


def test_numbers_periods_and_lengths_are_checked_too():
    for index, words in (
        (np.array([0, 1, 4]), "missing .1 apart.: 2, 3;"),
        (np.array([0.0, 0.1, 0.25, 0.3]), "not evenly spaced"),
        (np.array([0.0, np.nan]), "not finite at row 1"),
        (np.array([3, 2, 1]), "backwards"),
        (np.array(["2001", "NaT"], "M8[Y]"), "no time at row 1"),
        (pd.PeriodIndex(["2001-01", "2001-02", "2001-04"], freq="M"), "missing .*: 2001-03;"),
        (np.array([], float), "at least one step"),
    ):
        with pytest.raises(InvalidInput, match=words):
            Timeline.read(index)
    with pytest.raises(TypeError, match="expected times, periods or numbers"):
        Timeline.read(pd.Index(["a", "b"]))
    with pytest.raises(InvalidInput, match="3 values, but 2 places"):
        Timeline.read(np.arange(2), 3)


def test_horizons_are_steps_ahead_or_places():
    timeline = Timeline.read(pd.date_range("2001-01-31", periods=5, freq="ME"))
    assert timeline.positions(3).tolist() == [1, 2, 3]
    assert timeline.positions([2, 5]).tolist() == [2, 5]
    assert timeline.positions(pd.Timestamp("2001-07-31")).tolist() == [2]
    assert timeline.positions(["2001-06-30", "2001-08-31"]).tolist() == [1, 3]
    assert timeline.positions(np.array(["2001-06-30"], "M8[D]")).tolist() == [1]
    counted = Timeline.read(np.arange(10, 20))
    assert counted.positions([20, 22], relative=False).tolist() == [1, 3]
    assert counted.positions(20).tolist() == list(range(1, 21))
    assert Timeline.read(np.arange("2001", "2005", dtype="M8[Y]")).positions("2006").tolist() == [2]
    zoned = Timeline.read(pd.date_range("2001-01-01", periods=5, freq="D", tz="Asia/Tokyo"))
    assert zoned.positions(["2001-01-06"]).tolist() == [1]
    for fh, words in (
        (0, "at least 1 step"),
        ([], "at least one step"),
        ([1, 1], "increase"),
        ([0, 1], "behind the last"),
        ([1.5], "whole steps"),
        (["2001-06-29"], "2001-06-29: no step of the series, whose last is 2001-05-31"),
        (["2001-01-31"], "behind the last"),
        ("soon", "expected steps ahead, or times"),
    ):
        with pytest.raises(InvalidInput, match=words):
            timeline.positions(fh)
    with pytest.raises(InvalidInput, match="expected steps ahead"):
        counted.positions(np.array(["2001"], "M8[Y]"))
