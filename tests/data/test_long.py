"""Long tables, of files and of frames: roles of columns, order of steps, labels; and every mistake told."""

import gzip
import sys

import numpy as np
import pandas as pd
import pytest

from mnemon.data import from_frame, read, read_long, to_frame
from mnemon.errors import InvalidInput, InvalidType
from mnemon.sequences import Sequences

TABLE = """id,time,a,b,label
x,0,1,10,up
x,1,2,20,up
y,1,4,40,down
y,0,3,30,down
x,2,5,50,up
"""


@pytest.fixture
def write(tmp_path):
    def written(text, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return written


def test_rows_become_sequences_in_order_of_time(write):
    data = read_long(write(TABLE))
    assert Sequences([[[1, 10], [2, 20], [5, 50]], [[3, 30], [4, 40]]]) == data.X
    assert data.y.tolist() == ["up", "down"]
    assert data.name == "table"


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.tsv", "t.tsv.gz", "t.parquet"])
def test_every_kind_of_file_holds_the_same(name, write, tmp_path):
    expected = read_long(write(TABLE))
    if name.endswith("parquet"):
        path = tmp_path / name
        pd.read_csv(write(TABLE)).to_parquet(path)
    else:
        path = write(TABLE.replace(",", "\t") if ".tsv" in name else TABLE, name)
    data = read(path)
    assert data.X == expected.X
    assert data.y.tolist() == expected.y.tolist()


def test_columns_may_be_called_anything_and_be_left_out(write):
    path = write("who,when,a,junk\nk,2,1,z\nk,1,2,z\n")
    data = read_long(path, id="who", time="when", channels=["a"])
    assert Sequences([[[2.0], [1.0]]]) == data.X
    assert data.y is None


def test_coordinates_are_channels_or_not_as_said(write):
    path = write("id,time,x,y\n1,0,2,3\n1,1,4,5\n")
    assert Sequences([[[2, 3], [4, 5]]]) == read_long(path, channels=["x", "y"]).X
    assert read_long(path, label="y").y[0].tolist() == ["3", "5"]
    assert read_long(write("id,v,y\n1,2,3\n")).y.tolist() == ["3"]


def test_without_an_id_a_table_is_one_sequence(write):
    assert Sequences([[[1, 2], [3, 4]]]) == read_long(write("a,b\n1,2\n3,4\n")).X


def test_labels_that_change_within_a_sequence_are_labels_of_steps(write):
    data = read_long(write("id,v,class\n1,0,a\n1,1,b\n2,2,a\n"))
    assert data.by_step
    assert [labels.tolist() for labels in data.y] == [["a", "b"], ["a"]]
    assert "2 labels at steps" in repr(data)


def test_targets_are_numbers_with_a_point(write):
    assert read_long(write("id,v,y\n1,0,1.5\n2,1,2\n")).y.tolist() == [1.5, 2.0]
    assert read_long(write("id,v,y\n1,0,1\n2,1,2\n")).y.tolist() == ["1", "2"]


def test_groups_and_dates(write):
    data = read_long(write("id,time,v,speaker\n1,2024-02-01,1,ann\n1,2024-01-31,2,ann\n2,2024-01-01,3,bob\n"))
    assert data.groups.tolist() == ["ann", "bob"]
    assert Sequences([[[2.0], [1.0]], [[3.0]]]) == data.X


def test_missing_cells(write):
    path = write("id,v\n1,2\n1,\n")
    with pytest.raises(InvalidInput, match=r"line 3, column v: no value"):
        read_long(path)
    assert np.isnan(read_long(path, missing="nan").X.values[1, 0])


@pytest.mark.parametrize(
    "text, options, words",
    [
        ("id,v\n1,x\n", {}, "line 2, column v: 'x' is no number"),
        ("id,v\n1,2,3\n", {}, "line 2: 3 cells, but 2 columns"),
        ("id,series,v\n1,2,3\n", {}, "id and series could both be the id; say which with id="),
        ("id,v\n1,2\n", {"id": "idd"}, "id='idd': did you mean 'id'"),
        ("id,v\n1,2\n", {"channels": ["w"]}, "channels: 'w'"),
        ("id,label\n1,2\n", {}, "no column is left for values"),
        ("id,time,v\n1,0,2\n1,0,3\n", {}, "lines 2 and 3 are both at time 0"),
        ("id,time,v\n1,soon,2\n", {}, "line 2, column time: 'soon' is neither a number nor a date"),
        ("id,v,v\n1,2,3\n", {}, "column 'v' is there twice"),
        ("1,2\n3,4\n", {}, "the first line holds numbers"),
        ("id,v\n", {}, "expected a line of column names"),
        ("id,v\n1,2\n", {"missing": "no"}, "missing='no'"),
        ("id,v\n1,2\n", {"separator": "::"}, "separator='::': expected one character"),
        ("id,v\n\n\n1,x\n", {}, "line 4, column v: 'x' is no number"),
        ("id,v\n1,1_0\n", {}, "line 2, column v: '1_0' is no number"),
        (
            "id,v\n1,x\n1,\n1,inf\n",
            {},
            r"3 problems[\s\S]*line 2[\s\S]*line 3, column v: no value[\s\S]*inf is not fin",
        ),
        ('id,v\n1,"2\n' + "1,2\n" * 40000, {}, "field larger than .*is a quotation mark left open"),
        ("id;v\n1;2\n", {}, "the only column is 'id;v'; if ';' separates columns, say separator="),
        ("id,v\n1,0\n,1\n", {}, "line 3, column id: no id"),
        ("id,v,speaker\n1,0,\n", {}, "line 2, column speaker: no group"),
        ("id,v,speaker\n1,0,a\n1,1,b\n", {}, "line 3, column speaker: 'b', but 'a' at line 2 of the same sequence"),
        ("id,v,label\n1,0,a\n2,1,\n", {}, "line 3, column label: no label"),
        ("id,v,y\n1,0,1.5\n2,1,nan\n", {}, "line 3, column y: the target nan is not finite"),
        ("id,time,v\n1,0,2\n1,,3\n", {}, "line 3, column time: no time"),
        ("id,v,boundary\n1,0,yes\n", {}, "line 2, column boundary: expected 0 or 1, got 'yes'"),
        ("id,v\n1,2\n", {"id": "v", "time": "v"}, "column 'v' cannot be both the id and the time"),
        ("id,v\n1,2\n", {"symbol": "v", "channels": ["v"]}, "symbol= and channels= exclude each other"),
        ("id,activity\n1,\n", {}, "line 2, column activity: no symbol"),
        ("id,x,y\n1,2,3\n", {}, "y could be the label, or a channel beside x; say which with label= or channels="),
        (",id,v\n0,1,2\n", {}, "column 1 has no name; it may be a saved index .* channels="),
        ("id,v,Unnamed: 0\n1,2,0\n", {}, "column 3 has no name"),
        ("id,v\n1,2\n", {"channels": ["v", "v"]}, "channels: 'v' is there twice"),
        ("id,v\n1,2\n", {"id": "id", "channels": ["v", "id"]}, "column 'id' cannot be both the id and a channel"),
        ('id,v\n1,"2\n1,3\n', {}, "line 3: unexpected end of data; is a quotation mark left open"),
    ],
)
def test_mistakes_are_told(text, options, words, write):
    with pytest.raises(InvalidInput, match=words):
        read_long(write(text), **options)


@pytest.mark.parametrize(
    "early, late",
    [
        ("9", "10"),
        ("1700000000000000001", "1700000000000000002"),
        ("-1e3", "0.5"),
        ("2023-12-31", "2024-01-01T00:00:00.000000001"),
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:01Z"),
        ("2024-01-01T01:00:00+02:00", "2024-01-01T00:00:00Z"),
        ("0001-01-01", "9999-12-31"),
    ],
)
def test_times_are_numbers_or_dates(early, late, write):
    assert read_long(write(f"id,t,v\n1,{late},2\n1,{early},1\n")).X.values.ravel().tolist() == [1, 2]


def test_any_separator(write):
    assert Sequences([[[1, 2]]]) == read_long(write("a;b\n1;2\n"), separator=";").X


def test_events_are_symbols(write):
    log = write("case,timestamp,activity\n7,2024-01-02,pay\n7,2024-01-01,order\n8,2024-01-01,order\n")
    assert read(log).X.strings() == [("order", "pay"), ("order",)]
    wide = write("case,activity,cost\n7,pay,1\n")
    assert read_long(wide, symbol="activity").X.strings() == [("pay",)]
    assert read_long(write("id,symbol\n1,0\n1,5\n"), channels="symbol").X.values.ravel().tolist() == [0, 5]


def test_segments_end_where_a_column_says(write):
    marks = read_long(write("id,v,boundary\n1,0,0\n1,1,TRUE\n2,5,1\n")).X.flat_boundaries
    assert marks.tolist() == [False, True, True]


def test_without_pandas(write, monkeypatch):
    path = write("id,v\n1,2\n")
    parquet = write("nonsense", "t.parquet")
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert len(read(path).X) == 1
    for call in (lambda: read(parquet), lambda: to_frame(read(path))):
        with pytest.raises(InvalidInput, match=r'pip install "mnemon.pandas.'):
            call()


def test_a_damaged_parquet_file(write):
    with pytest.raises(InvalidInput, match=r"no readable parquet file"):
        read(write("nonsense", "t.parquet"))


@pytest.mark.parametrize("by_step", [False, True])
def test_there_and_back_through_a_frame(by_step, write):
    first = read_long(write("id,v,w,class,group\n1,0,5,a,m\n1,1,6,b,m\n2,2,7,a,n\n" if by_step else TABLE))
    back = from_frame(to_frame(first))
    assert back.X == first.X
    for a, b in zip(back.y, first.y, strict=True):
        assert np.array_equal(a, b)
    if by_step:
        assert back.groups.tolist() == ["m", "n"]


@pytest.mark.parametrize(
    "X",
    [
        Sequences([[[1.0, np.nan]], [[3, 4], [np.nan, 6]]], allow_nan=True),
        Sequences([[1.0, 2.0], [3.0]], boundaries=[[False, True], [True]]),
        Sequences.from_strings(["abba", "b"]),
        Sequences.from_strings([["open", "pay"], ["open"]]),
    ],
    ids=["missing", "boundaries", "characters", "words"],
)
def test_sequences_there_and_back(X):
    assert from_frame(to_frame(X), allow_nan=True).X == X
    with pytest.raises(InvalidInput, match=r"expected 1 different names, none of id, time, boundary, label, group"):
        to_frame(Sequences([[1.0]]), channels=["label"])


def test_frames_may_hold_anything():
    def frame(**columns):
        return pd.DataFrame({"id": ["a", "a"], "v": [1.0, 2.0]} | columns)

    late_first = {
        "zone": pd.to_datetime(["2025-01-01", "2024-01-01"], utc=True),
        "dates": pd.to_datetime(["2025-01-01", "2024-01-01"]),
        "durations": pd.to_timedelta([2, 1]),
        "nullable": pd.array([2, 1], dtype="Int64"),
    }
    for time in late_first.values():
        assert from_frame(frame(time=time)).X.values.ravel().tolist() == [2, 1]
    assert len(from_frame(frame(id=["a", 1])).X) == 2
    assert from_frame(frame(label=pd.Categorical(["x", "x"]))).y.tolist() == ["x"]
    nullable = frame(v=pd.array([1, None], dtype="Int64"))
    assert np.isnan(from_frame(nullable, allow_nan=True).X.values[1, 0])
    single = from_frame(frame(v=np.array([1, 2], np.float32)))
    assert single.X.dtype == np.float32
    for bad, words in [
        (nullable, "row 1, column v: no value; .*allow_nan=True"),
        (frame(id=["a", None]), "row 1, column id: no id"),
        (frame(label=[1.0, np.nan]), "row 1, column label: no label"),
        (frame(time=pd.to_datetime(["2024-01-01", None])), "row 1, column time: no time"),
        (frame(w=pd.to_datetime(["2024-01-01"] * 2)), "row 0, column w: '2024-01-01.* is no number"),
        (frame().rename_axis("id"), "column 'id' is there twice"),
        (frame().iloc[:0], "holds no rows"),
        (frame(v=[1j, 2]), "row 0, column v: 1j is no number"),
        (frame(v=[[1], [2]]), "row 0, column v: '.1.' is no number"),
        (frame().set_index(pd.MultiIndex.from_tuples([(0, 0, 0), (0, 0, 1)])), "the index has 3 levels .*rename_axis"),
    ]:
        with pytest.raises(InvalidInput, match=words):
            from_frame(bad)


def test_frames_of_two_levels():
    index = pd.MultiIndex.from_tuples([("b", 0), ("b", 1), ("a", 0)])
    frame = pd.DataFrame({"v": [1.0, 2.0, 3.0]}, index=index)
    assert Sequences([[[1.0], [2.0]], [[3.0]]]) == from_frame(frame).X
    named = frame.rename_axis(["case", "t"])
    assert from_frame(named).X == from_frame(frame).X


def test_what_is_no_frame():
    with pytest.raises(InvalidType, match=r"expected a pandas DataFrame, got list"):
        from_frame([1])
    with pytest.raises(InvalidInput, match=r"no rows"):
        from_frame(pd.DataFrame({"v": []}))
