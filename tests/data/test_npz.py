import os
import stat

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnemon.data import read, read_npz, write_npz
from mnemon.errors import InvalidInput, InvalidType
from mnemon.sequences import Sequences

SMALL = Sequences([[1.0, 2.0], [3.0]])


@st.composite
def collections(draw):
    lengths = draw(st.lists(st.integers(1, 5), min_size=1, max_size=5))
    marks = [draw(hnp.arrays(bool, t)) for t in lengths] if draw(st.booleans()) else None
    if draw(st.booleans()):
        return Sequences([draw(hnp.arrays(np.int8, t, elements=st.integers(0, 2))) for t in lengths], alphabet="xyz",
                         boundaries=marks)  # fmt: skip
    dtype, channels = draw(st.sampled_from([np.float32, np.float64])), draw(st.integers(1, 3))
    finite = st.floats(-1e6, 1e6, width=32)
    arrays = [draw(hnp.arrays(dtype, (t, channels), elements=finite)) for t in lengths]
    return Sequences(arrays, boundaries=marks, layout="channels_last")


@settings(deadline=None, max_examples=30)
@given(collections(), st.sampled_from(["strings", "integers", "floats", "table", None]))
def test_writing_and_reading_is_the_identity(tmp_path_factory, X, kind):
    n = len(X)
    y = {
        "strings": np.array([f"class {i}" for i in range(n)]),
        "integers": np.arange(n),
        "floats": np.linspace(0, 1, n),
        "table": np.ones((n, 2)),
        None: None,
    }[kind]
    path = tmp_path_factory.mktemp("npz") / "data.npz"
    assert write_npz(path, X, y, name="made", about="by a test") == path
    back = read(path)
    assert back.X == X
    assert back.X.dtype == X.dtype
    assert (back.name, back.about) == ("made", "by a test")
    assert (back.y is None) == (y is None)
    assert y is None or (np.array_equal(back.y, y) and back.y.dtype == y.dtype)
    assert os.listdir(path.parent) == ["data.npz"]


def test_padded_arrays_of_others_are_read(tmp_path):
    path = tmp_path / "padded.npz"
    padded, lengths = SMALL.pad()
    np.savez(path, X=padded, lengths=lengths, y=[0, 1], boundaries=np.array([[0, 1], [1, 0]], bool))
    data = read_npz(path)
    assert Sequences(padded, lengths=lengths, boundaries=[[0, 1], [1]]) == data.X
    assert data.name == "padded"
    np.savez(path, X=padded)
    assert read_npz(path).X.lengths.tolist() == [2, 2]
    np.savez(path, X=np.array([[0, 1], [1, 0]]), lengths=[2, 1], alphabet=["a", "b"])
    assert read_npz(path).X.strings() == ["ab", "b"]


def test_labels_of_objects_become_strings(tmp_path):
    write_npz(tmp_path / "a.npz", SMALL, np.array(["x", "y"], dtype=object))
    y = read_npz(tmp_path / "a.npz").y
    assert y is not None
    assert y.tolist() == ["x", "y"]


def test_missing_values_are_refused_or_kept(tmp_path):
    X = Sequences([[1.0, np.nan]], allow_nan=True)
    path = write_npz(tmp_path / "a.npz", X)
    assert read_npz(path, missing="nan").X == X
    with pytest.raises(InvalidInput, match="NaN in sequence 0"):
        read_npz(path)


def test_nothing_is_overwritten_unless_asked(tmp_path):
    path = write_npz(tmp_path / "a.npz", SMALL)
    before = path.read_bytes()
    with pytest.raises(InvalidInput, match=r"exists: .* overwrite=True"):
        write_npz(path, SMALL[:1])
    assert path.read_bytes() == before
    write_npz(path, SMALL[:1], overwrite=True)
    assert len(read_npz(path).X) == 1


def test_a_written_file_has_ordinary_permissions(tmp_path):
    plain = tmp_path / "plain"
    plain.touch()
    written = write_npz(tmp_path / "a.npz", SMALL)
    assert stat.S_IMODE(written.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    path = write_npz(tmp_path / "a.npz", SMALL)
    before = path.read_bytes()

    def fail(file, **parts):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez_compressed", fail)
    with pytest.raises(InvalidInput, match="disk full; the archive that was there is as it was"):
        write_npz(path, SMALL[:1], overwrite=True)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.npz"]


def test_what_cannot_be_written_is_told(tmp_path):
    with pytest.raises(InvalidInput, match=r"ends in \.npz"):
        write_npz(tmp_path / "a.npy", SMALL)
    with pytest.raises(InvalidInput, match="there is no folder"):
        write_npz(tmp_path / "no" / "a.npz", SMALL)
    with pytest.raises(InvalidInput, match=r"2 sequences, but labels of shape \(1,\)"):
        write_npz(tmp_path / "a.npz", SMALL, ["x"])
    with pytest.raises(InvalidInput, match="strings or numbers, got object"):
        write_npz(tmp_path / "a.npz", SMALL, np.array([None, "x"]))
    with pytest.raises(InvalidType, match="as_sequences"):
        write_npz(tmp_path / "a.npz", [[1.0]])  # type: ignore[arg-type]
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("labels", [[["a", "b", "a"], ["b"]], [[1.5, 2.0, 0.0], [1.0]]], ids=["words", "numbers"])
def test_labels_at_steps_and_groups_come_back(tmp_path, labels):
    X = Sequences([[1.0, 2.0, 3.0], [4.0]])
    data = read_npz(write_npz(tmp_path / "a.npz", X, [np.array(one) for one in labels], groups=["ann", "bob"]))
    assert data.X == X
    assert data.by_step
    assert [one.tolist() for one in data.y] == labels
    assert data.groups.tolist() == ["ann", "bob"]


FOREIGN = {
    "neither": ({"data": np.zeros(2)}, ["2 problems", "unknown key 'data'", "expected either", "found keys: data"]),
    "both": ({"X": np.zeros((1, 2)), "values": np.zeros(2), "lengths": [2]}, ["expected either"]),
    "misspelt": ({"X": np.zeros((1, 2)), "length": [2]}, ["unknown key 'length'", "did you mean 'lengths'"]),
    "no lengths": ({"values": np.zeros(2)}, ["`values` needs `lengths`"]),
    "lengths": ({"values": np.zeros(2), "lengths": [3]}, ["lengths sum to 3"]),
    "objects": ({"X": np.array([[1], [1, 2]], dtype=object)}, ["Python objects, which are never unpickled"]),
    "labels": ({"X": np.zeros((2, 2)), "y": [1]}, ["2 sequences, but labels of shape (1,)"]),
    "labels at steps": ({"X": np.zeros((2, 2)), "y_steps": [1, 2]}, ["y_steps: expected shape (4,)", "got (2,)"]),
    "labels of both kinds": ({"X": np.zeros((1, 2)), "y_steps": [1, 2], "y": [1]}, ["either `y`", "found both"]),
    "groups": ({"X": np.zeros((2, 2)), "groups": [1]}, ["2 sequences, but groups of shape (1,)"]),
    "strings": ({"X": np.array(["ab"])}, ["strings where numbers belong"]),
}


@pytest.mark.parametrize("content", FOREIGN)
def test_what_does_not_fit_is_told(tmp_path, content):
    arrays, parts = FOREIGN[content]
    path = tmp_path / "foreign.npz"
    np.savez(path, **arrays)
    with pytest.raises(InvalidInput) as caught:
        read_npz(path)
    for part in ("foreign.npz", *parts):
        assert part in str(caught.value)


def test_damaged_files_are_told(tmp_path):
    whole = write_npz(tmp_path / "whole.npz", SMALL).read_bytes()
    middle = len(whole) // 4
    for data in (b"", b"no archive", whole[:-30], whole[:middle], whole[:60] + b"\xff" * 20 + whole[80:]):
        (tmp_path / "bad.npz").write_bytes(data)
        with pytest.raises(InvalidInput, match="foreign, truncated or damaged"):
            read_npz(tmp_path / "bad.npz")
    np.save(tmp_path / "one.npy", np.zeros(2))
    (tmp_path / "one.npy").rename(tmp_path / "one.npz")
    with pytest.raises(InvalidInput, match="holds one array"):
        read_npz(tmp_path / "one.npz")
