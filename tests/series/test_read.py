"""Reading measured series: what came in comes back, and every mistake has its sentence."""

import numpy as np
import pandas as pd
import pytest

from mnemon.errors import InvalidInput, InvalidType
from mnemon.series import Many, as_series, covariates, one_series

MONTHS = pd.date_range("2001-01-01", periods=8, freq="MS")
ONE = {
    "vector": np.array([1.0, 2.5, 3.0]),
    "table": np.array([[1.0, 2.0], [3.0, 5.0]]),
    "Series": pd.Series([1.0, 2.0, 4.0], MONTHS[:3], name="a"),
    "DataFrame": pd.DataFrame({"a": [1.0, 2.0], 5: [3.0, 5.0]}, MONTHS[:2]),
}


@pytest.mark.parametrize("kind", ONE)
def test_one_series_comes_back_as_it_came(kind):
    y = as_series(ONE[kind])
    assert y.kind == kind
    assert y.values.dtype == np.float64
    back = y.like(y.values, y.timeline)
    assert type(back) is type(ONE[kind])
    if kind in ("Series", "DataFrame"):
        assert back.equals(ONE[kind])
        assert y.like(y.values[:1], y.timeline.continued(1)).index[0] == MONTHS[len(y)]
    else:
        np.testing.assert_array_equal(back, ONE[kind])
    with pytest.raises(InvalidInput, match="expected values"):
        y.like(y.values[:1], y.timeline)


@pytest.mark.parametrize(
    "given",
    [
        [np.ones(3), np.arange(4.0)],
        {"x": [1.0, 2.0], "y": pd.Series([1.0, 2.0, 3.0])},
        pd.concat({"n": ONE["DataFrame"], "s": 2 * ONE["DataFrame"]}, names=["place", "month"]),
        pd.concat({2: ONE["Series"], 1: ONE["Series"][:2]}),
    ],
    ids=["list", "dict", "frame", "Series of two levels"],
)
def test_several_series_come_back_as_they_came(given):
    y = as_series(given)
    assert isinstance(y, Many)
    back = y.like([one.values for one in y.each], [one.timeline for one in y.each])
    assert type(back) is type(given)
    if hasattr(given, "equals"):
        assert back.equals(given)
        assert back.index.names == given.index.names
    else:
        names = given if isinstance(given, dict) else range(2)
        assert all(np.array_equal(back[name], given[name]) for name in names)


def test_numbers_of_all_kinds_are_read():
    for given in ([1, 2], range(1, 3), np.array([1, 2], np.float32), pd.Series([1, 2], dtype="Int64"), (1.0, True + 1)):
        assert as_series(given).values.tolist() == [[1.0], [2.0]]
    assert as_series(pd.DataFrame({"a": [1, 2], "b": [True, False]})).values.tolist() == [[1, 1], [2, 0]]
    assert as_series(as_series([1, 2])).values.shape == (2, 1)


def test_missing_values_are_named_or_interpolated():
    y = pd.Series([None, 1.0, pd.NA, 3.0, np.nan], MONTHS[:5], dtype=object)
    with pytest.raises(InvalidInput, match=r'row 0 \(2001-01-01\), row 2 .*, row 4 .*missing="interpolate"'):
        as_series(y)
    np.testing.assert_array_equal(as_series(y, missing="interpolate").values[:, 0], [1, 1, 2, 3, 3])
    with pytest.raises(InvalidInput, match=r"did you mean 'interpolate'"):
        as_series(y, missing="interpolat")
    with pytest.raises(InvalidInput, match="no value of 'b' at all"):
        as_series(pd.DataFrame({"a": [1.0, 2.0], "b": np.nan}), missing="interpolate")
    with pytest.raises(InvalidInput, match=r"infinity of 1 at step 1"):
        as_series([[1.0, 2.0], [3.0, np.inf]], missing="interpolate")


@pytest.mark.parametrize(
    ("given", "words", "error"),
    [
        ([], "empty", InvalidInput),
        ({}, "no series", InvalidInput),
        (np.ones((2, 2, 2)), r"list\(y\)", InvalidInput),
        ([[1, 2], [3]], "rows of differing length", InvalidInput),
        (["1", "2"], "text", InvalidType),
        ([1, "a"], "text", InvalidType),
        (pd.DataFrame({"a": [1], "b": ["x"]}), "text in column b", InvalidType),
        ([1, 2j], "complex", InvalidType),
        (np.ones(3, complex), "complex", InvalidType),
        ("abc", "got str", InvalidType),
        (None, "got NoneType", InvalidType),
        (pd.Series(MONTHS), "numbers", InvalidType),
        ({"x": [1, 2], "y": [[1, 2]]}, "series y: other variables", InvalidInput),
        ({"x": [1, 2], "y": [1, np.nan]}, r"y\['y'\]: missing values", InvalidInput),
        (pd.DataFrame(np.ones((2, 2)), columns=["a", "a"]), "one name", InvalidInput),
        (pd.Series([1.0, 2.0, 3.0], MONTHS[[0, 1, 3]]), "2001-03-01|not evenly", InvalidInput),
    ],
)
def test_mistakes_are_said(given, words, error):
    with pytest.raises(error, match=words):
        as_series(given)


def test_a_constant_series_is_a_warning_and_a_short_one_an_error():
    y = as_series(pd.DataFrame({"a": [1.0, 1.0], "b": [1.0, 2.0]}))
    assert y.constant == ("a",)
    assert "variables a do not change" in y.warning
    assert "series does not change" in as_series([3.0, 3.0]).warning
    assert as_series([1.0, 2.0]).warning is None
    assert "series 1" in as_series([np.arange(2.0), np.ones(2)]).warning
    with pytest.raises(InvalidInput, match="2 steps, where at least 3 are needed"):
        as_series([1.0, 2.0], least=3)
    with pytest.raises(InvalidInput, match="2 series, where one is taken"):
        one_series([np.ones(3), np.ones(3)])


def test_what_continues_a_series_has_its_variables_and_its_clock():
    y = as_series(ONE["DataFrame"])
    more = as_series(pd.DataFrame({"a": [1.0], 5: [2.0]}, MONTHS[2:3]), like=y)
    assert y.timeline.followed_by(more.timeline).length == 3
    assert as_series([[1.0, 2.0]], like=y).timeline == more.timeline
    with pytest.raises(InvalidInput, match="expected the variables a, 5, got a, 6"):
        as_series(pd.DataFrame({"a": [1.0], 6: [2.0]}, MONTHS[2:3]), like=y)


def test_exogenous_values_are_found_by_their_places():
    y = as_series(pd.Series(np.arange(4.0), MONTHS[1:5]))
    X = pd.DataFrame({"u": np.arange(8.0), "v": -np.arange(8.0)}, MONTHS)
    np.testing.assert_array_equal(covariates(X, y.timeline, 2).values[:, 0], np.arange(1, 7))
    future = covariates(X[["v", "u"]][5:6], y.timeline.continued(1), columns=("u", "v"))
    np.testing.assert_array_equal(future.values, [[5, -5]])
    assert future.names == ("u", "v")
    np.testing.assert_array_equal(covariates(np.arange(5.0), y.timeline, 1).values[:, 0], np.arange(5))
    counted = as_series(np.ones(4)).timeline  # an index means nothing beside a series without one
    np.testing.assert_array_equal(covariates(X[4:8], counted).values, X[4:8])


def test_exogenous_values_that_are_missing_are_said():
    y = as_series(pd.Series(np.arange(4.0), MONTHS[1:5]))
    X = pd.DataFrame({"u": np.arange(8.0), "v": 1.0}, MONTHS)
    for args, columns, words in (
        ((X[:6], y.timeline, 3), None, "2 of the steps of the horizon: 2001-07-01, 2001-08-01; expected 2001-02-01"),
        ((X[2:], y.timeline), None, "1 of the steps of the series: 2001-02-01"),
        ((np.ones(4), y.timeline, 2), None, "the horizon: 2001-06-01, 2001-07-01"),
        ((np.ones(5), y.timeline), None, "5 rows, but 4 steps"),
        ((X.rename(columns={"u": "w"}), y.timeline), ("u", "v"), "expected the columns u, v, got w, v"),
        ((np.ones((4, 3)), y.timeline), ("u", "v"), "expected the columns u, v, got 0, 1, 2"),
        ((X.set_axis(MONTHS + pd.Timedelta("1D")), y.timeline), None, "no step of the series"),
        (([1, np.nan, 1, 1], y.timeline), None, r"X: missing values \(NaN\) at row 1"),
    ):
        with pytest.raises(InvalidInput, match=words):
            covariates(*args, columns=columns)
