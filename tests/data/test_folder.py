"""A folder of files: natural order, labels from a table or from sub-folders, and mistakes."""

import numpy as np
import pytest

from mnemon.data import read, read_folder
from mnemon.errors import InvalidInput


@pytest.fixture
def folder(tmp_path):
    for k in (10, 2, 1):
        (tmp_path / f"s{k}.csv").write_text("\n".join(f"{k},{t}" for t in range(k)) + "\n")
    return tmp_path


def test_one_sequence_a_file_in_natural_order(folder):
    data = read(folder)
    assert data.X.lengths.tolist() == [1, 2, 10]
    assert data.y is None
    assert data.X[1].tolist() == [[2, 0], [2, 1]]


def test_labels_and_groups_in_a_table(folder):
    (folder / "labels.csv").write_text("file,label,speaker\ns10.csv,c,ann\ns1.csv,a,bob\ns2.csv,b,ann\n")
    data = read_folder(folder)
    assert data.y.tolist() == ["a", "b", "c"]
    assert data.groups.tolist() == ["bob", "ann", "ann"]
    (folder / "labels.csv").rename(folder / "about.csv")
    assert read_folder(folder, labels="about.csv").y.tolist() == ["a", "b", "c"]


def test_sub_folders_are_classes(tmp_path):
    for name in ("yes", "no"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.csv").write_text("1\n2\n")
    data = read_folder(tmp_path)
    assert data.y.tolist() == ["no", "yes"]
    (tmp_path / "loose.csv").write_text("1\n")
    with pytest.raises(InvalidInput, match=r"loose.csv is not; give a table"):
        read_folder(tmp_path)


def test_a_head_names_columns_and_time_sorts(tmp_path):
    (tmp_path / "a.csv").write_text("x,time,y\n1,20,3\n4,10,6\n")
    assert read_folder(tmp_path).X[0].tolist() == [[4, 6], [1, 3]]


def test_a_time_of_any_name(tmp_path):
    (tmp_path / "a.csv").write_text("x,when,t\n1,20,3\n4,10,6\n")
    assert read(tmp_path, time="when").X[0].tolist() == [[4, 6], [1, 3]]
    (tmp_path / "b.csv").write_text("1,2,3\n")
    (tmp_path / "c.csv").write_text("x,wen,t\n1,2,3\n")
    with pytest.raises(InvalidInput) as told:
        read_folder(tmp_path, time="when")
    for words in ("b.csv: time='when': its first line names no columns", "c.csv: time='when': did you mean 'wen'"):
        assert words in str(told.value)


def test_missing_cells(tmp_path):
    (tmp_path / "a.csv").write_text("1,\n2,3\n")
    with pytest.raises(InvalidInput, match=r"a.csv: line 1, column 2: no value"):
        read_folder(tmp_path)
    assert np.isnan(read_folder(tmp_path, missing="nan").X[0][0, 1])


def test_mistakes_of_several_files_are_told_together(tmp_path):
    for name, text in {
        "1.csv": "a,b\n1,2\n", "2.csv": "b,a\n1,2\n", "3.csv": "a,b\n1,inf\n?,x\n", "4.csv": "a,b\n",
        ".5.csv": "hidden",
    }.items():  # fmt: skip
        (tmp_path / name).write_text(text)
    with pytest.raises(InvalidInput) as told:
        read_folder(tmp_path, missing="nan")
    for words in (
        "4 problems",
        "2.csv has the columns b, a, but 1.csv has a, b",
        "3.csv: line 2, column b: inf is not finite",
        "3.csv: line 3, column b: 'x' is no number",
        "4.csv: holds no steps",
    ):
        assert words in str(told.value)


@pytest.mark.parametrize(
    "text, words",
    [
        ("t,v\n1,2\n1,3\n", "1.csv: lines 2 and 3 are both at t 1"),
        ("t,v\n,2\n", "1.csv: line 2, column t: no time"),
        ("t,step,v\n1,2,3\n", "1.csv: t and step could both be the time; say which with time="),
        ("t\n1\n", "1.csv: holds times, but no channels"),
        ("a,b\n1,2,3\n", "1.csv: line 2: 3 cells, but 2 in the first"),
    ],
)
def test_mistakes_of_one_file(text, words, tmp_path):
    (tmp_path / "1.csv").write_text(text)
    with pytest.raises(InvalidInput, match=words):
        read_folder(tmp_path)


def test_labels_that_are_left_out(folder):
    (folder / "labels.csv").write_text("file,label\ns1.csv,a\ns2.csv,\ns10.csv,c\n")
    with pytest.raises(InvalidInput, match=r"labels.csv: line 3, column label: no label"):
        read_folder(folder)


def test_mistakes_are_told(folder, tmp_path):
    with pytest.raises(InvalidInput, match=r"no such folder"):
        read_folder(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput, match=r"holds no files"):
        read_folder(tmp_path / "empty")
    with pytest.raises(InvalidInput, match=r"should say the label of each file"):
        read_folder(folder, labels="who.csv")
    table = folder / "labels.csv"
    table.write_text("file,label\ns1.csv,a\ns1.csv,b\ns3.csv,c\n")
    with pytest.raises(InvalidInput) as told:
        read_folder(folder)
    for words in ("s1.csv is there twice", "s3.csv is named, but not there", "s2.csv is there, but not named"):
        assert words in str(told.value)
    table.write_text("name;label\n")
    with pytest.raises(InvalidInput, match=r"expected columns file and label"):
        read_folder(folder)
    table.unlink()
    (folder / "s2.csv").write_text("1,2,3\n")
    with pytest.raises(InvalidInput, match=r"s2.csv has 3 channels, but s1.csv has 2"):
        read_folder(folder)
    (folder / "s2.csv").write_text("1,2\n1\n")
    with pytest.raises(InvalidInput, match=r"line 2: 1 cells, but 2 in the first"):
        read_folder(folder)
