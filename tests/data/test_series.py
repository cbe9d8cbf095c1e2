"""Series from plain numbers and from tables, the published ones among them."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from mnemon.data import read_series
from mnemon.errors import InvalidInput

PUBLISHED = Path(os.environ.get("MNEMON_DATA", "/nowhere")) / "timeseries"
published = pytest.mark.skipif(not PUBLISHED.is_dir(), reason="MNEMON_DATA names no folder with timeseries")


@pytest.fixture
def written(tmp_path):
    def write(text, name="some.txt"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@published
@pytest.mark.parametrize(
    "name, points, first, last",
    [
        ("laser_santafe_A_10093.txt", 10_093, (86, 141, 95), 100),
        ("chickenpox_nyc_monthly.dat", 498, (956, 927, 1585), 1048),
        ("sunspots_annual_1700-1988.dat", 289, (5, 11, 16), 100.2),
        ("sunspots_monthly_1749-1983.dat", 2_820, (58, 62.6, 70), 33.4),
        ("river_pipers_hole_monthly.dat", 348, (24.03, 29.01, 28.83), 33),
        ("river_pigeon_monthly.dat", 636, (1.73, 2.13, 1.89), 0.08),
        ("river_saugeen_monthly.dat", 744, (16.03, 30.3, 35.4), 19),
        ("river_saugeen_daily_1915-1979.dat", 23_741, (11.5, 10.8, 13.7), 44),
        ("river_mississippi_st_louis_annual.dat", 96, (5702.628, 3510.839, 2489.322), 3486.044),
    ],
)
def test_published_series_have_their_points(name, points, first, last):
    series = read_series(PUBLISHED / name)
    assert series.values.shape == (points, 1)
    assert series.values.dtype == np.float64
    assert tuple(series.values[:3, 0]) == first
    assert series.values[-1, 0] == last
    assert series.time is None
    assert np.isfinite(series.values).all()


@published
def test_a_file_without_numbers_is_refused():
    with pytest.raises(InvalidInput, match="no line of numbers"):
        read_series(PUBLISHED / "chickenpox_readme.txt")


@pytest.mark.parametrize(
    "text, values",
    [
        ("1\n2.5\n-3e2\n", [1, 2.5, -300]),
        ("# about\n% more\n1 # one\n\n2\n", [1, 2]),
        ("Flow of a river, 1953-81\n 1 2 3\n 4 5 6\n", [1, 2, 3, 4, 5, 6]),
        ("A title\n1 2 3\n4\n5 6\n", [1, 2, 3, 4, 5, 6]),
        ("1 2 3\n4 5\n", [1, 2, 3, 4, 5]),
        ("1\r\nNaN\r\n?\r\n4\r\n", [1, np.nan, np.nan, 4]),
        ("flow\n1\n2\n", [1, 2]),
        ("7", [7]),
        (gzip.compress(b"1\n2\n", mtime=0), [1, 2]),
        (b"\xef\xbb\xbf1\n2\n", [1, 2]),
    ],
)
def test_plain_numbers_are_one_series(written, text, values):
    packed = isinstance(text, bytes) and text[0] == 0x1F
    series = read_series(written(text, "some.dat.gz" if packed else "some.dat"))
    np.testing.assert_array_equal(series.values[:, 0], values)
    assert series.names == (("flow",) if "flow" in str(text) else ("some",))


def test_plain_numbers_with_names_are_channels(written):
    path = written("Two tanks\nt   level\tflow\n0 1 2\n0.5 NA 4\n1.5 5 6\n")
    series = read_series(path)
    assert series.names == ("level", "flow")
    np.testing.assert_array_equal(series.values, [[1, 2], [np.nan, 4], [5, 6]])
    np.testing.assert_array_equal(series.time, [0, 0.5, 1.5])
    assert series.time_name == "t"
    assert read_series(path, columns=["flow"]).values.tolist() == [[2], [4], [6]]


def test_several_columns_without_names_are_asked_about(written):
    path = written("1 2\n3 4\n5 6\n")
    with pytest.raises(InvalidInput, match="2 columns without names; give them with columns=, or say wrapped=True"):
        read_series(path)
    assert read_series(path, wrapped=True).values[:, 0].tolist() == [1, 2, 3, 4, 5, 6]
    named = read_series(path, columns=["a", "b"])
    assert named.values.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert named.names == ("a", "b")


@pytest.mark.parametrize("separator, name", [(",", "a.csv"), (";", "a.csv"), ("\t", "a.tsv"), ("\t", "a.csv")])
def test_a_table_with_any_separator(written, separator, name):
    rows = [("when", "x", "y z"), ("2024-01-31", "1.5", "2"), ("2024-02-01", "", "NaN"), ("2024-02-02", "-1", "1e3")]
    series = read_series(written("\n".join(separator.join(row) for row in rows) + "\n", name))
    np.testing.assert_array_equal(series.values, [[1.5, 2], [np.nan, np.nan], [-1, 1000]])
    assert series.names == ("x", "y z")
    assert series.time.dtype == "datetime64[D]"
    assert str(series.time[1]) == "2024-02-01"
    assert repr(series) == "SeriesTable('a', 3 times, 2 channels, 2024-01-31 to 2024-02-02, 1 with missing values)"


@pytest.mark.parametrize(
    "column, cells, dtype",
    [
        ("month", ("1949-01", "1949-02", "1949-03"), "datetime64[M]"),
        ("Date", ("2024-01-01T00:30", "2024-01-01T01:00", "2024-01-01T01:30"), "datetime64[m]"),
        ("when", ("2024-01-01T01:00+02:00", "2024-01-01T00:30Z", "2024-01-01T01:30Z"), "datetime64[us]"),
        ("Year", ("1700", "1701", "1702"), "int64"),
        ("step", ("0.5", "1.5", "2"), "float64"),
        ("", ("0", "1", "2"), "int64"),  # an index that was saved without a name
    ],
)
def test_a_column_of_times_is_found(written, column, cells, dtype):
    series = read_series(written(f"x,{column}\n" + "".join(f"{k},{cell}\n" for k, cell in enumerate(cells)), "a.csv"))
    assert series.names == ("x",)
    assert series.time.dtype == dtype
    assert (series.time[1:] > series.time[:-1]).all()


def test_what_is_no_time_stays_a_channel(written):
    series = read_series(written("month,x\n12,1\n1,2\n2,3\n", "a.csv"))  # months of the year begin again
    assert series.names == ("month", "x")
    assert series.time is None
    assert read_series(written("trend,x\n1,1\n2,2\n", "a.csv")).time is None
    assert read_series(written("year,x\n1,1\n2,2\n", "a.csv"), columns=["year"]).time is None  # asked for as a channel


def test_text_is_a_time_where_it_is_named(written):
    path = written("quarter,x\n1949 Q1,1\n1949 Q2,2\n", "a.csv")
    assert read_series(path, time="quarter").time.tolist() == ["1949 Q1", "1949 Q2"]
    with pytest.raises(InvalidInput, match="'1949 Q1' is no number"):
        read_series(path)


def refusals():
    """A file, its text, options, and what is said."""
    yield "a.csv", "", {}, "holds nothing"
    yield "a.csv", "x,y\n", {}, "1 line"
    yield "a.dat", "", {}, "holds no line of numbers"
    yield "a.dat", "# 1\n", {}, "holds no line of numbers"
    yield "a.dat", "x,y\n1,2\n", {}, "a table with commas or semicolons is named .csv"
    yield "a.dat", "1\n2\nthree\n4\n", {}, "line 3: 'three' is no number"
    yield "a.dat", "1\n2,5\n", {}, r"line 2: '2,5' is no number; with a decimal point it would be 2\.5"
    yield "a.dat", "1\ninf\n", {}, "line 2, column a: inf is not finite"
    yield "a.dat", "1 2\n3 4 5\n6\n", {}, "line 2: 3 numbers, but 2 columns"
    yield "a.dat", "u y\n1 2\n3\n", {}, "line 3: 1 numbers, but 2 columns"
    yield "a.dat", "u u\n1 2\n3 4\n", {}, "column 'u' is there twice"
    yield "a.dat", "u y\n1 2\nx 4\n", {}, "line 3, column u: 'x' is no number"
    yield "a.dat", "1 2\n3 4\n", {"columns": ["a", "b", "c"]}, "2 columns without names"
    yield "a.dat", "1\n2\n", {"columns": ["a", "b"]}, "columns names 2, but the lines of numbers have 1"
    yield "a.dat", "1\n2\n", {"time": "t"}, "there is no line of names"
    yield "a.csv", "x,y\n1,2\n3\n", {}, "line 3: 1 cells, but 2 columns"
    yield "a.csv", "x\n1,5\n2,5\n", {}, "line 2: 2 cells, but 1 columns; numbers have decimal points"
    yield "a.csv", 'x,y\n1,"2,5"\n', {}, r"line 2, column y: '2,5' is no number; with a decimal point .* 2\.5"
    yield "a.csv", "x;y\n1;2,5\n", {}, r"line 2, column y: '2,5' is no number; with a decimal point"
    yield "a.csv", "x,x\n1,2\n", {}, "column 'x' is there twice"
    yield "a.csv", "1,2\n3,4\n", {}, "the first line holds numbers"
    yield "a.csv", "t,x\n0,1\n2,3\n2,4\n", {}, "line 4, column t: 2 is not after 2, on the line before it"
    yield "a.csv", "t,x\n0,1\n,3\n", {}, "line 3, column t: no time"
    yield "a.csv", "d,x\n2024-03,1\n2024-02,3\n2024-01,4\n", {}, "put the oldest row first"
    yield "a.csv", "d,e,x\n2024-01,2024-01,3\n2024-02,2024-02,4\n", {}, "d and e could both be the time"
    yield "a.csv", "t,step,x\n1,1,3\n2,2,4\n", {}, "t and step could both be the time"
    yield "a.csv", "t,x\n1,3\n", {"time": "tt"}, "time='tt': did you mean 't'"
    yield "a.csv", "t,flow\n1,3\n", {"columns": "flo"}, "columns='flo': did you mean 'flow'"
    yield "a.csv", "t,x\n1,3\n", {"time": "t", "columns": ["t"]}, "cannot be both the time and a channel"
    yield "a.csv", "t,x\n1,3\n", {"columns": []}, "at least one"
    yield "a.csv", "t\n1\n2\n", {}, "no column but that of times, 't'"
    yield "a.csv", "t,x\n1,3\n", {"wrapped": True}, "a table has a row a time"


@pytest.mark.parametrize("name, text, options, says", list(refusals()))
def test_what_cannot_be_read_is_said_with_its_place(written, name, text, options, says):
    with pytest.raises(InvalidInput, match=says):
        read_series(written(text, name), **options)


def test_a_misspelt_file_gets_a_suggestion(written):
    path = written("1\n2\n", "sunspots.dat")
    with pytest.raises(InvalidInput, match=r"did you mean sunspots\.dat"):
        read_series(path.with_name("sunspot.dat"))
