"""Text by character and by word, strings of symbols, and what cannot be read."""

import os
from pathlib import Path

import pytest

from mnemon.data import read, read_symbols, read_text
from mnemon.errors import InvalidInput

POEM = "The rose is red.\nThe violet isn't, the rose is."


@pytest.fixture
def poem(tmp_path):
    path = tmp_path / "poem.txt"
    path.write_text(POEM)
    return path


def spelt(data):
    return [[data.X.alphabet[code] for code in one] for one in data.X]


def test_by_character(poem):
    data = read_text(poem)
    assert "".join(spelt(data)[0]) == POEM
    assert data.X.alphabet == tuple(sorted(set(POEM)))
    assert "".join(spelt(read_text(poem, lowercase=True))[0]) == POEM.lower()


def test_by_word(poem):
    words = ["The", "rose", "is", "red", ".", "\n", "The", "violet", "isn't", ",", "the", "rose", "is", "."]
    assert spelt(read_text(poem, "word")) == [words]
    rare = spelt(read_text(poem, "word", min_count=2, lowercase=True))[0]
    assert rare == [
        "the",
        "rose",
        "is",
        "<unk>",
        ".",
        "<unk>",
        "the",
        "<unk>",
        "<unk>",
        "<unk>",
        "the",
        "rose",
        "is",
        ".",
    ]


def test_parts_share_an_alphabet_and_are_the_text(poem):
    parts = read_text(poem, split=(0.5, 0.25, 0.25))
    assert len({part.X.alphabet for part in parts}) == 1
    assert "".join("".join(spelt(part)[0]) for part in parts) == POEM
    assert [int(part.X.lengths[0]) for part in parts] == [24, 11, 12]
    first, second = read_text(poem, "word", split=(0.5, 0.5))
    assert "red" in spelt(first)[0]
    assert spelt(second)[0] == ["<unk>", "<unk>", "<unk>", "<unk>", "rose", "is", "."]
    assert len(read_text(poem, split=(0.5,))) == 1


@pytest.mark.parametrize(
    "options, words",
    [
        ({"by": "words"}, "by='words': did you mean 'word'"),
        ({"min_count": 0}, "min_count=0"),
        ({"split": (0.9, 0.2)}, "sum to at most 1"),
        ({"split": (0.5, float("nan"))}, "sum to at most 1"),
        ({"split": "ab"}, "split='ab': expected shares"),
        ({"split": (0.999, 0.001)}, "too few to be split"),
    ],
)
def test_settings_that_make_no_sense(options, words, poem):
    with pytest.raises(InvalidInput, match=words):
        read_text(poem, **options)


def test_files_that_are_none(tmp_path):
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(InvalidInput, match=r"holds no text"):
        read_text(tmp_path / "empty.txt")
    (tmp_path / "binary.txt").write_bytes(b"a\0b")
    with pytest.raises(InvalidInput, match=r"binary data"):
        read_text(tmp_path / "binary.txt")
    with pytest.raises(InvalidInput, match=r"read_text.*read_symbols.*say which"):
        read(tmp_path / "empty.txt")


def test_strings_a_line(tmp_path):
    path = tmp_path / "strings.txt"
    path.write_text("abba\n\nab\n")
    assert spelt(read_symbols(path)) == [list("abba"), list("ab")]
    assert read_symbols(path, alphabet="abc").X.alphabet == ("a", "b", "c")
    with pytest.raises(InvalidInput, match=r"(?s)strings.txt: .*line 1: outside the alphabet: 'b'"):
        read_symbols(path, alphabet="a")
    path.write_text("yes\tB T E\nno\tB P E\n")
    data = read_symbols(path, separator=" ", label_separator="\t", label="first")
    assert spelt(data) == [["B", "T", "E"], ["B", "P", "E"]]
    assert data.y.tolist() == ["yes", "no"]
    with pytest.raises(InvalidInput, match=r"line 1: no ';' between string and label"):
        read_symbols(path, label_separator=";")
    path.write_text("BTE 1\nBPE 0\n")
    assert read_symbols(path, label_separator=" ").y.tolist() == ["1", "0"]
    path.write_text("BTE 1.5\nBPE 0\n")
    assert read_symbols(path, label_separator=" ").y.tolist() == [1.5, 0]
    path.write_text("BTE\n\nab\tno\n\tyes\nab\t\nabcd\tno\n")
    with pytest.raises(InvalidInput) as told:
        read_symbols(path, label_separator="\t", alphabet="abc")
    for words in (
        "line 1: no '\\t' between",
        "line 4: no symbols",
        "line 5, column label: no label",
        "line 6: outside",
    ):
        assert words in str(told.value)


@pytest.mark.skipif("MNEMON_DATA" not in os.environ, reason="MNEMON_DATA names no folder with text/")
def test_tiny_shakespeare():
    parts = read_text(Path(os.environ["MNEMON_DATA"]) / "text" / "tinyshakespeare.txt", split=(0.9, 0.05, 0.05))
    assert [part.X.lengths.tolist() for part in parts] == [[1003855], [55769], [55770]]
    assert parts[0].X.n_channels == 65
