import gzip
import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnemon.data import Dataset, read, read_ts
from mnemon.errors import InvalidInput
from mnemon.sequences import Sequences

HEADER = """# made for a test
@problemName Small
@timeStamps false
@missing false
@univariate false
@dimensions 2
@equalLength false
@classLabel true yes no
@data
"""
BODY = "1,2,3:4,5,6:yes\n-1.5,2e3:0.5,+6:no\n"


@pytest.fixture
def write(tmp_path):
    def write(text: str, name: str = "small.ts") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def refused(path, *parts: str, **options) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_ts(path, **options)
    text = str(caught.value)
    for part in (path.name, *parts):
        assert part in text, text


def test_reading(write):
    data = read_ts(write(HEADER + BODY))
    assert Sequences([[[1, 4], [2, 5], [3, 6.0]], [[-1.5, 0.5], [2000, 6]]]) == data.X
    assert data.y is not None
    assert data.y.tolist() == ["yes", "no"]
    assert (data.name, data.about) == ("Small", "made for a test")
    assert repr(data) == "Dataset('Small', Sequences(2 sequences, 2 channels, 2-3 steps), 2 classes)"


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_text_comes_back_exactly(tmp_path_factory, data):
    channels = data.draw(st.integers(1, 3))
    lengths = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    number = st.floats(allow_nan=False, allow_infinity=False)
    row = st.lists(number, min_size=channels, max_size=channels)
    X = Sequences([data.draw(st.lists(row, min_size=t, max_size=t)) for t in lengths], layout="channels_last")
    labels = [data.draw(st.sampled_from(["a", "b"])) for _ in lengths]
    lines = [
        ":".join([*(",".join(map(repr, column.tolist())) for column in x.T), label]) for x, label in zip(X, labels)
    ]
    path = tmp_path_factory.mktemp("ts") / "made.ts"
    path.write_text("\n".join(["@problemName Made", "@classLabel true a b", "@data", *lines]))
    back = read(path)
    assert back.X == X
    assert back.y is not None
    assert back.y.tolist() == labels


def test_targets_are_numbers_and_no_labels_are_none(write):
    header = "@problemName P\n@univariate true\n@targetLabel true\n@data\n"
    data = read_ts(write(header + "1,2:0.5\n3,4:-1e2\n"))
    assert data.y is not None
    assert data.y.tolist() == [0.5, -100]
    assert repr(data).endswith("numbers as targets)")
    bare = read_ts(write("@univariate true\n@classLabel false\n@data\n1,2\n3,4,5\n", "bare.ts"))
    assert bare.y is None
    assert bare.name == "bare"
    assert bare.X.lengths.tolist() == [2, 3]


def test_blank_lines_comments_case_and_a_byte_order_mark_do_no_harm(write):
    text = "\ufeff" + HEADER.replace("@data", "\n@DATA").replace("@timeStamps", "@TIMESTAMPS") + "\n# note\n" + BODY
    assert read_ts(write(text)).X == read_ts(write(HEADER + BODY, "plain.ts")).X


def test_crlf_and_latin_1(tmp_path):
    path = tmp_path / "old.ts"
    path.write_bytes(("# Müller\n" + HEADER + BODY).replace("\n", "\r\n").encode("latin-1"))
    assert read_ts(path).about.startswith("Müller")


def test_gzip(tmp_path, write):
    path = tmp_path / "small.ts.gz"
    path.write_bytes(gzip.compress((HEADER + BODY).encode()))
    assert read(path).X == read_ts(write(HEADER + BODY)).X


@pytest.mark.parametrize("word", ["?", "NaN"])
def test_missing_values_are_refused_or_kept(write, word):
    path = write(HEADER + f"1,{word}:3,4:yes\n")
    refused(path, "line 10", f"missing value '{word}' (channel 0, step 1)", "missing='nan'")
    kept = read_ts(path, missing="nan").X
    np.testing.assert_array_equal(kept[0], [[1, 3], [np.nan, 4]])
    refused(write(HEADER + "1,x:3,?:yes\n", "x.ts"), "line 10", "'x' is not a number", missing="nan")
    with pytest.raises(InvalidInput, match="did you mean 'nan'"):
        read_ts(path, missing="nans")


HEADERS = {
    "no data tag": (HEADER.replace("@data\n", ""), ["no @data among 8 lines"]),
    "another format": ("a,b,c\n1,2,3\n", ["line 1", "expected a header line", "'a,b,c'"]),
    "empty file": ("", ["no @data among 0 lines"]),
    "unknown tag": (HEADER.replace("univariate", "univarate"), ["line 5: unknown header tag @univarate", "univariate"]),
    "tag twice": (HEADER.replace("@missing", "@timestamps"), ["line 4: @timestamps stands on line 3 already"]),
    "tag without value": (HEADER.replace("@missing false", "@missing"), ["line 4: @missing has no value"]),
    "neither true nor false": (HEADER.replace("@missing false", "@missing no"), ["line 4", "true or false, got 'no'"]),
    "dimensions": (HEADER.replace("@dimensions 2", "@dimensions two"), ["line 6", "whole number, got 'two'"]),
    "no labels": (HEADER.replace("true yes no", "true"), ["line 8", "@classlabel", "got none"]),
    "labels of none": (HEADER.replace("true yes no", "false yes"), ["line 8", "got yes after false"]),
    "time stamps": (HEADER.replace("@timeStamps false", "@timeStamps true"), ["line 9", "(time, value) pairs"]),
    "one channel, or two": (HEADER.replace("@univariate false", "@univariate true"), ["line 9", "@dimensions 2"]),
    "two kinds of labels": (HEADER.replace("@data", "@targetLabel true\n@data"), ["line 10", "both"]),
    "several": (
        HEADER.replace("@missing false", "@missing").replace("univariate", "uni"),
        ["2 problems", "line 4", "line 5"],
    ),
    "no case": (HEADER + "\n", ["no case after @data (line 9)"]),
}


@pytest.mark.parametrize("damage", HEADERS)
def test_a_damaged_header_is_told_with_its_line(write, damage):
    text, parts = HEADERS[damage]
    refused(write(text), *parts)


CASES = {
    "too few channels": ("1,2:yes", ["expected 2 channels and a label, separated by colons, got 2 fields"]),
    "too many channels": ("1,2:3,4:5,6:yes", ["expected 2 channels and a label", "got 4 fields"]),
    "channels differ in length": ("1,2:3:yes", ["differing length: 2 values in channel 0, 1 in channel 1"]),
    "no number": ("1,2:3,4x:yes", ["'4x' is not a number (channel 1, step 1)"]),
    "underscore": ("1,2:3,4_0:yes", ["'4_0' is not a number (channel 1, step 1)"]),
    "infinity": ("1,2:3,inf:yes", ["'inf' is not finite (channel 1, step 1)"]),
    "empty value": ("1,2:3,:yes", ["empty value (channel 1, step 1)"]),
    "label": ("1,2:3,4:yess", ["label 'yess' is not among the declared", "did you mean 'yes'"]),
    "truncated line": ("1,2:3,4", ["label '3,4' is not among the declared"]),
    "time stamps": ("(0,1),(1,2):(0,3),(1,4):yes", ["time stamps"]),
    "header line": ("@missing false", ["header line '@missing false' after @data"]),
}


@pytest.mark.parametrize("damage", CASES)
def test_a_damaged_case_is_told_with_its_line(write, damage):
    line, parts = CASES[damage]
    refused(write(HEADER + "1:2:no\n\n" + line + "\n1:2:no\n"), "line 12", *parts)


def test_equal_lengths_are_held_to(write):
    equal = HEADER.replace("@equalLength false", "@equalLength true")
    refused(write(equal + BODY), "line 11", "expected 3 steps as all series, got 2")
    refused(write(equal.replace("@data", "@seriesLength 4\n@data") + BODY), "line 11", "expected 4 steps", "line 12")
    assert len(read_ts(write(HEADER.replace("@data", "@seriesLength 3\n@data") + BODY)).X) == 2


def test_channels_are_as_in_the_first_case_where_the_header_is_silent(write):
    refused(write("@classLabel true a\n@data\n1:2:a\n1:a\n"), "line 4", "expected 2 channels and a label")


def test_a_bad_target_is_told(write):
    refused(write("@targetLabel true\n@data\n1,2:a\n1,2:nan\n"), "line 3: target 'a'", "line 4: target 'nan'")


def test_many_problems_are_cut(write):
    refused(write(HEADER + "1,x:2,3:no\n" * 30), "line 10", "line 14", "... and 25 more")


def test_damaged_files_are_told(tmp_path):
    packed = gzip.compress((HEADER + BODY * 100).encode())
    for name, data in {
        "cut.ts.gz": packed[: len(packed) // 2],
        "plain.ts.gz": HEADER.encode(),
        "flipped.ts.gz": packed[:40] + b"\x00\xff" + packed[42:],
    }.items():
        (tmp_path / name).write_bytes(data)
        refused(tmp_path / name, "truncated or damaged gzip")
    (tmp_path / "binary.ts").write_bytes(b"@data\n\0\1")
    refused(tmp_path / "binary.ts", "binary data")


def test_a_missing_file_gets_a_suggestion(write, tmp_path):
    write(HEADER + BODY, "Vowels_TRAIN.ts")
    with pytest.raises(InvalidInput, match=r"no such file; did you mean Vowels_TRAIN\.ts\?"):
        read(tmp_path / "Vowels_TRIAN.ts")
    with pytest.raises(InvalidInput, match="no such file, nor the folder"):
        read(tmp_path / "no" / "data.ts")
    with pytest.raises(InvalidInput, match="is a folder"):
        read_ts(tmp_path)


def test_an_unknown_ending_gets_a_suggestion(tmp_path):
    for name, hint in {"a.tss": "did you mean '.ts'", "a.npy": "did you mean '.npz'", "a": "no ending"}.items():
        (tmp_path / name).touch()
        with pytest.raises(InvalidInput, match=re.escape(hint)):
            read(tmp_path / name)


def test_a_dataset_has_one_label_a_sequence():
    with pytest.raises(InvalidInput, match="2 sequences, but labels of shape"):
        Dataset(Sequences([[1.0], [2.0]]), np.array(["a"]), "small")


ARCHIVE = Path(os.environ.get("MNEMON_DATA", "")) / "uea_ts"


@pytest.mark.skipif(
    not (os.environ.get("MNEMON_DATA") and ARCHIVE.is_dir()), reason="MNEMON_DATA names no folder with uea_ts"
)
@pytest.mark.parametrize("name, n, steps", [("GunPoint", (50, 150), 150), ("ItalyPowerDemand", (67, 1029), 24)])
def test_archives(name, n, steps):
    for part, cases in zip(("TRAIN", "TEST"), n):
        data = read(ARCHIVE / name / f"{name}_{part}.ts")
        assert (data.name, len(data.X), data.X.n_channels) == (name, cases, 1)
        assert set(data.X.lengths) == {steps}
        assert data.y is not None
        assert set(data.y) == {"1", "2"}
