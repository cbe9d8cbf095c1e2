"""FSDD: the official split."""

import os
from collections import Counter
from pathlib import Path

import pytest

from mnemon.data.audio import fsdd
from mnemon.errors import InvalidInput

DATA = Path(os.environ.get("MNEMON_DATA", "/nowhere")) / "fsdd"


@pytest.fixture
def small(tmp_path):
    (tmp_path / "recordings").mkdir()
    for name in ("3_ann_4", "3_ann_5", "0_bob_49", "7_bob_0"):
        (tmp_path / "recordings" / f"{name}.wav").touch()
    return tmp_path


def test_the_first_five_are_the_test_part(small):
    for folder in (small, small / "recordings"):
        train, test = fsdd(folder)
        assert list(zip(train.y.tolist(), train.groups.tolist())) == [(0, "bob"), (3, "ann")]
        assert list(zip(test.y.tolist(), test.groups.tolist())) == [(3, "ann"), (7, "bob")]


def test_what_is_known_of_speakers(small):
    (small / "speakers.csv").write_text("speaker,gender,accent\nbob,male,x\nann,female,y\n")
    train, _ = fsdd(small)
    assert train.columns["gender"].tolist() == ["male", "female"]
    assert train.grouped_by("accent").groups.tolist() == ["x", "y"]
    (small / "speakers.csv").write_text("speaker,gender\nbob,male\n")
    with pytest.raises(InvalidInput, match=r"speakers.csv: has no line on ann"):
        fsdd(small)
    (small / "speakers.csv").write_text("speaker,gender\nbob,male\nann\n")
    with pytest.raises(InvalidInput, match=r"line 3: 1 cells, but 2 columns"):
        fsdd(small)


def test_folders_that_are_not_the_data_set(small, tmp_path):
    for name in ("seven", "x_ann_1"):
        (small / "recordings" / f"{name}.wav").touch()
    with pytest.raises(InvalidInput, match=r"(?s)seven.wav: expected a name such as 7_jackson_32.*x_ann_1.wav"):
        fsdd(small)
    with pytest.raises(InvalidInput, match=r"no such folder"):
        fsdd(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput, match=r"holds no files"):
        fsdd(tmp_path / "empty")


@pytest.mark.skipif(not DATA.is_dir(), reason="MNEMON_DATA names no folder with fsdd")
def test_the_official_split():
    train, test = fsdd(DATA)
    assert (len(train), len(test)) == (2700, 300)
    assert set(Counter(zip(train.y.tolist(), train.groups.tolist())).values()) == {45}
    assert set(Counter(zip(test.y.tolist(), test.groups.tolist())).values()) == {5}
    assert not set(train.paths.tolist()) & set(test.paths.tolist())
    assert set(train.columns) == {"speaker", "index", "gender", "accent"}
