"""Text as one long sequence of symbols: characters, or words."""

import os
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from mnemon._files import existing
from mnemon._intake import listing
from mnemon.data._dataset import Dataset
from mnemon.data._files import text_of
from mnemon.data._table import MOST, Places, column_of, labels
from mnemon.errors import InvalidInput, raise_together, suggest
from mnemon.sequences import Sequences

# What a rare or foreign word becomes.
UNKNOWN = "<unk>"
_TOKEN = re.compile(r"\n|\w+(?:['\u2019-]\w+)*|[^\w\s]")


def read_text(
    path: str | os.PathLike,
    by: str = "character",
    *,
    lowercase: bool = False,
    min_count: int = 1,
    split: Sequence[float] | None = None,
) -> Dataset | tuple[Dataset, ...]:
    """A text file as a data set of one sequence of symbols, without labels.

    - `by`: "character", or "word": words with what is inside them (`don't`), marks of punctuation one by one, and line
      ends; spaces are left out.
    - `lowercase`: make no difference between upper and lower case.
    - `min_count`: words that occur less often become `<unk>` (characters: kept all).
    - `split`: shares of the text, e.g. `(0.9, 0.05, 0.05)`: consecutive parts of it, a data set each, over one
      alphabet. Of words it is that of the first part; others are `<unk>` there.

    Raises `InvalidInput` for a missing, empty or binary file, and settings that make no sense.

    Example:
        >>> import pathlib, tempfile
        >>> from mnemon.data import read_text
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "poem.txt"
        >>> _ = path.write_text("so much depends upon")
        >>> read_text(path)
        Dataset('poem', Sequences(1 sequence, 11 symbols, 20 steps), no labels)

    """
    if by not in ("character", "word"):
        raise InvalidInput(f"by={by!r}: {suggest(str(by), ('character', 'word'))}")
    if min_count < 1:
        raise InvalidInput(f"min_count={min_count}: expected at least 1")
    shares = None if split is None else _shares(split)
    path = existing(path)
    text = text_of(path)
    text = text.lower() if lowercase else text
    symbols: Sequence[str] = text if by == "character" else words(text)
    if not symbols:
        raise InvalidInput(f"{path}: holds no text")
    if shares is None:
        ends = np.array([len(symbols)])
    else:
        ends = np.round(np.cumsum(shares) * len(symbols)).astype(int)
    parts = [symbols[first:end] for first, end in zip([0, *ends[:-1].tolist()], ends.tolist())]
    if not all(parts):
        raise InvalidInput(f"{path}: {len(symbols)} symbols are too few to be split into {len(parts)} parts")
    if by == "character":
        alphabet = sorted(set(text))
    else:
        counts = Counter(parts[0])
        alphabet = sorted(word for word, count in counts.items() if count >= min_count)
        known = set(alphabet)
        if any(word not in known for word in symbols):
            alphabet = sorted({*alphabet, UNKNOWN})
            parts = [[word if word in known else UNKNOWN for word in part] for part in parts]
    about = f"{path.name}, by {by}"
    sets = tuple(Dataset(Sequences.from_strings([part], alphabet), None, path.stem, about) for part in parts)
    return sets[0] if shares is None else sets


def words(text: str) -> list[str]:
    """A text as words, marks of punctuation and line ends, as `read_text(by="word")` cuts it."""
    return _TOKEN.findall(text)


def _shares(split: Any) -> np.ndarray:
    """The shares of the parts of a text, `(parts,)`."""
    try:
        shares = np.asarray(split, float)
    except (TypeError, ValueError):
        shares = np.zeros(0)
    if shares.ndim != 1 or not len(shares) or not np.all(shares > 0) or shares.sum() > 1 + 1e-9:
        raise InvalidInput(f"split={split!r}: expected shares above 0 that sum to at most 1, e.g. (0.9, 0.05, 0.05)")
    return shares


def read_symbols(
    path: str | os.PathLike,
    *,
    separator: str = "",
    label_separator: str | None = None,
    label: str = "last",
    alphabet: Sequence[str] | None = None,
) -> Dataset:
    r"""Strings of symbols, one a line, each of them with a label where wanted.

    - `separator`: what stands between two symbols; "" where each character is one.
    - `label_separator`: what stands between the string and its label, e.g. a tab; None for no labels.
    - `label`: whether the label comes "last" or "first".
    - `alphabet`: the symbols there may be; those that occur if None.

    Labels are classes, or targets where all are numbers and some have a decimal point. Blank lines are left out. Raises
    `InvalidInput` with file and line for what cannot be read and for symbols outside the alphabet.

    Example:
        >>> import pathlib, tempfile
        >>> from mnemon.data import read_symbols
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "grammar.txt"
        >>> _ = path.write_text("BTXSE yes\nBTBE no\n")
        >>> data = read_symbols(path, label_separator=" ")
        >>> data.X.strings(), data.y.tolist()
        (['BTXSE', 'BTBE'], ['yes', 'no'])

    """
    if label not in ("first", "last"):
        raise InvalidInput(f"label={label!r}: {suggest(str(label), ('first', 'last'))}")
    if label_separator == "":
        raise InvalidInput("label_separator='': expected what stands between string and label, or None for no labels")
    path = existing(path)
    known = None if alphabet is None else set(alphabet)
    strings, said, lines, problems = [], [], [], []
    for number, line in enumerate(text_of(path).splitlines(), 1):
        if not line.strip():
            continue
        if label_separator is not None:
            cut = line.rpartition(label_separator) if label == "last" else line.partition(label_separator)
            if not cut[1]:
                problems.append(f"line {number}: no {label_separator!r} between string and label")
                continue
            line, word = (cut[0], cut[2]) if label == "last" else (cut[2], cut[0])
            said.append(word)
        symbols = list(line.strip()) if separator == "" else [s for s in line.strip().split(separator) if s]
        if not symbols:
            problems.append(f"line {number}: no symbols")
        elif known is not None and (foreign := [s for s in dict.fromkeys(symbols) if s not in known]):
            problems.append(f"line {number}: outside the alphabet: {listing(map(repr, foreign))}")
        strings.append(symbols)
        lines.append(number)
    y = None
    if label_separator is not None:
        y, more = labels(column_of(said), "label", Places("line", lines))
        problems += more
    raise_together(problems, str(path), most=MOST)
    if not strings:
        raise InvalidInput(f"{path}: holds no strings")
    return Dataset(Sequences.from_strings(strings, alphabet), y, path.stem)
