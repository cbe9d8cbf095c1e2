"""Laws of the readers: what is written as a table, a folder, images or strings is read as it was."""

import gzip
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnemon.data import (
    Dataset,
    from_aeon,
    from_frame,
    from_lengths,
    from_tslearn,
    read,
    read_symbols,
    read_text,
    to_aeon,
    to_frame,
    to_lengths,
    to_tslearn,
)
from mnemon.errors import InvalidInput
from mnemon.sequences import Sequences

FINITE = st.floats(-1e300, 1e300)
WORDS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=4).filter(
    lambda word: not set(word) & set(".eE") and word.lower() not in ("nan", "nat", "<na>", "none")
)


@st.composite
def collections(draw, most=4):
    lengths = draw(st.lists(st.integers(1, 5), min_size=1, max_size=most))
    channels = draw(st.integers(1, 3))
    arrays = [draw(hnp.arrays(np.float64, (t, channels), elements=FINITE)) for t in lengths]
    return Sequences(arrays, layout="channels_last")


@st.composite
def data_sets(draw):
    X = draw(collections())
    kind = draw(st.sampled_from([WORDS, FINITE, None]))
    by_step = draw(st.booleans())
    y = None
    if kind is not None and by_step:
        y = [np.array([draw(kind) for _ in range(length)]) for length in X.lengths]
    elif kind is not None:
        y = [draw(kind) for _ in X.lengths]
    groups = [draw(WORDS) for _ in X.lengths] if draw(st.booleans()) else None
    return Dataset(X, y, "made", groups=groups)


def labels_of_steps(data):
    """The labels of all steps: by step or by sequence is one thing where they happen not to change."""
    if data.y is None:
        return None
    return np.concatenate(list(data.y)).tolist() if data.by_step else np.repeat(data.y, data.X.lengths).tolist()


def assert_same(one, other):
    assert one.X == other.X
    assert labels_of_steps(one) == labels_of_steps(other)
    assert (one.groups is None) == (other.groups is None)
    assert one.groups is None or one.groups.tolist() == other.groups.tolist()


@settings(deadline=None, max_examples=40)
@given(data_sets(), st.sampled_from(["csv", "csv.gz", "tsv", "parquet", "frame", "levels"]), st.randoms())
def test_a_table_is_read_as_it_was_in_any_order_of_its_rows(tmp_path_factory, data, form, random):
    frame = to_frame(data)
    rows = list(range(len(frame)))
    random.shuffle(rows)
    frame = frame.iloc[rows].sort_values("id", kind="stable")  # sequences come in the order of their first rows
    if form in ("frame", "levels"):
        assert_same(from_frame(frame if form == "frame" else frame.set_index(["id", "time"])), data)
        return
    path = tmp_path_factory.mktemp("table") / f"made.{form}"
    if form == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, sep="\t" if form == "tsv" else ",")
    assert_same(read(path), data)


@settings(deadline=None, max_examples=20)
@given(collections(most=12), st.booleans(), st.booleans())
def test_a_folder_is_read_as_it_was(tmp_path_factory, X, head, in_classes):
    folder = tmp_path_factory.mktemp("folder")
    y = np.array([f"class {k // 5}" for k in range(len(X))])
    for k, values in enumerate(X):
        lines = ["time," + ",".join(f"c{c}" for c in range(X.n_channels))] if head else []
        lines += [(f"{t}," if head else "") + ",".join(map(repr, step)) for t, step in enumerate(values.tolist())]
        lines[1 if head else 0 :] = reversed(lines[1:]) if head else lines
        path = folder / (y[k] if in_classes else "") / f"s{k}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(lines))
    if not in_classes:
        (folder / "labels.csv").write_text("file,label\n" + "".join(f"s{k}.csv,{c}\n" for k, c in enumerate(y)))
    data = read(folder)
    assert data.X == X
    assert data.y.tolist() == y.tolist()


@settings(deadline=None, max_examples=20)
@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4))),
    st.sampled_from(["rows", "columns", "pixels"]),
    st.booleans(),
)
def test_images_are_read_as_they_were(tmp_path_factory, pictures, order, packed):
    path = tmp_path_factory.mktemp("idx") / ("a-images-idx3-ubyte" + (".gz" if packed else ""))
    whole = struct.pack(">HBB3I", 0, 8, 3, *pictures.shape) + pictures.tobytes()
    path.write_bytes(gzip.compress(whole) if packed else whole)
    values = np.stack(list(read(path, order=order).X))
    assert values.dtype == np.float32
    back = np.round(values * 255).astype(np.uint8)
    back = np.swapaxes(back, 1, 2) if order == "columns" else back
    assert np.array_equal(back.reshape(pictures.shape), pictures)


@settings(deadline=None, max_examples=40)
@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\ufeff"), min_size=1))
def test_a_text_is_read_as_it_was(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("text") / "a.txt"
    path.write_bytes(text.encode())
    data = read_text(path)
    assert data.X.strings() == [text]
    assert data.X.alphabet == tuple(sorted(set(text)))


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.text("ab1 ", min_size=1).filter(str.strip), WORDS), min_size=1, max_size=5), st.booleans())
def test_strings_are_read_as_they_were(tmp_path_factory, rows, first):
    path = tmp_path_factory.mktemp("strings") / "a.txt"
    path.write_text("\n".join(f"{y}\t{s}" if first else f"{s}\t{y}" for s, y in rows), encoding="utf-8")
    data = read_symbols(path, label_separator="\t", label="first" if first else "last")
    assert data.X.strings() == [s.strip() for s, _ in rows]
    assert data.y.tolist() == [y for _, y in rows]


@settings(deadline=None, max_examples=30)
@given(collections())
def test_other_forms_are_the_same_sequences(X):
    assert from_aeon(to_aeon(X)) == X
    assert from_tslearn(to_tslearn(X)) == X
    assert from_lengths(*to_lengths(X)) == X


def slow_codes(strings):
    alphabet = sorted(set("".join(strings)))
    return [alphabet.index(symbol) for one in strings for symbol in one]


@settings(deadline=None)
@given(st.lists(st.text(min_size=1), min_size=1, max_size=4))
def test_codes_of_strings_are_places_in_the_alphabet(strings):
    X = Sequences.from_strings(strings)
    assert X.values.tolist() == slow_codes(strings)
    assert X.values.dtype == np.int32
    assert X.strings() == strings
    assert Sequences.from_strings([list(one) for one in strings]) == X
    with pytest.raises(InvalidInput, match="outside the alphabet"):
        Sequences.from_strings([*strings, "\U00100000!"], X.alphabet)
