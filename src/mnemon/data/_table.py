"""Tables as readers see them: rows of text with their lines, and columns of cells as numbers, times and labels.

A column is an array with a cell a row: numbers as they came, or text (and whatever else a frame may hold) as objects.
Every problem is a sentence that begins with the place.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from mnemon.data._files import text_of
from mnemon.errors import InvalidInput, raise_together

MOST = 5  # problems told of one table
_MISSING = {"", "?", "nan", "na", "n/a", "<na>", "nat", "none", "null"}
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+([eE][-+]?\d+)?")
_WITH_ZONE = re.compile(r"\d(Z|[+-]\d\d:?\d\d)$")


@dataclass(frozen=True)
class Places:
    """How messages call the rows of a table, and how a missing value is kept."""

    row: str
    numbers: Sequence[int]
    keep: str = "missing='nan'"

    def at(self, k: int, column: str | None = None) -> str:
        """The place of row k (of a column)."""
        return f"{self.row} {self.numbers[k]}" + ("" if column is None else f", column {column}")


def separator_of(path: Path) -> str:
    """What separates the cells of a table, by the name of its file."""
    return "\t" if path.name.lower().removesuffix(".gz").endswith(".tsv") else ","


def rows_of(path: Path, separator: str) -> tuple[list[list[str]], list[int]]:
    """The rows of a table of text that are not blank, and the line of the file on which each ends."""
    if not isinstance(separator, str) or len(separator) != 1:
        raise InvalidInput(f"separator={separator!r}: expected one character")
    reader = csv.reader(io.StringIO(text_of(path), newline=""), delimiter=separator, strict=True)
    rows, lines = [], []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as problem:
        raise InvalidInput(f"{path}: line {reader.line_num}: {problem}; is a quotation mark left open?") from None
    return rows, lines


def delimited(path: Path, separator: str) -> tuple[dict[str, np.ndarray], list[int]]:
    """The columns of a table of text, by the names in its first line, and the lines of its rows."""
    rows, lines = rows_of(path, separator)
    if len(rows) < 2:
        count = f"{len(rows)} line" + ("" if len(rows) == 1 else "s")
        raise InvalidInput(f"{path}: expected a line of column names and a line a step; got {count}")
    head, *rows = rows
    head = [name.strip() for name in head]
    problems = []
    others = [other for other in (",", ";", "\t") if other in head[0]]
    if len(head) == 1 and others:
        problems.append(f"the only column is {head[0]!r}; if {others[0]!r} separates columns, say separator=")
    if all(is_number(cell) for cell in head):
        problems.append("the first line holds numbers; it has to name the columns")
    problems += [f"column {name!r} is there twice" for name in sorted({n for n in head if head.count(n) > 1})]
    problems += [
        f"line {line}: {len(row)} cells, but {len(head)} columns"
        + ("; numbers have decimal points, not commas" if separator == "," and len(row) > len(head) else "")
        for row, line in zip(rows, lines[1:])
        if len(row) != len(head)
    ]
    raise_together(problems, str(path), most=MOST)
    return {name: column_of(cells) for name, cells in zip(head, zip(*rows))}, lines[1:]


def is_number(text: str) -> bool:
    """Whether a cell of text is a number, NaN and infinity among them."""
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def column_of(cells: Sequence[str]) -> np.ndarray:
    """Cells of text as a column."""
    column = np.empty(len(cells), object)
    column[:] = [cell.strip() for cell in cells]
    return column


def numbers(column: np.ndarray, name: str, places: Places, *, allow_nan: bool) -> tuple[np.ndarray, list[str]]:
    """A column as floats (rows,), and what is wrong with it; missing values are NaN."""
    if column.dtype.kind in "biuf":
        values = column if column.dtype.kind == "f" else column.astype(np.float64)
        bad = {}
    elif column.dtype.kind == "c":
        values, bad = np.zeros(len(column)), {k: f"{cell} is no number" for k, cell in enumerate(column.tolist())}
    else:
        values, bad = _floats(column)
    problems = [(k, f"{places.at(k, name)}: {text}") for k, text in bad.items()]
    known = np.isfinite(values)
    if not known.all():
        for k in np.flatnonzero(~known).tolist():
            if np.isinf(values[k]):
                problems.append((k, f"{places.at(k, name)}: {values[k]} is not finite"))
            elif not allow_nan and k not in bad:
                problems.append(
                    (k, f"{places.at(k, name)}: no value; fill it in, or keep it as NaN with {places.keep}")
                )
    return values, [problem for _, problem in sorted(problems)]


def _floats(column: np.ndarray) -> tuple[np.ndarray, dict[int, str]]:
    """Cells as floats, and the cells (as told) that are no numbers, by row."""
    if column.dtype.kind not in "mM" and not any("_" in cell for cell in column.tolist() if isinstance(cell, str)):
        try:
            return column.astype(np.float64), {}
        except (ValueError, TypeError):
            pass  # looked at cell by cell
    values, bad = np.full(len(column), np.nan), {}
    for k, cell in enumerate(column):
        text = "" if cell is None else str(cell).strip()
        if is_missing(text):
            continue
        if is_number(text):
            values[k] = float(text)
        else:
            bad[k] = told(text)
    return values, bad


def is_missing(text: str) -> bool:
    """Whether a cell of text says that there is no value: empty, or a word such as NA."""
    return text.strip().lower() in _MISSING


def told(text: str) -> str:
    """What is wrong with a cell that is no number."""
    if _DECIMAL_COMMA.fullmatch(text):
        return f"{text!r} is no number; with a decimal point it would be {text.replace(',', '.')}"
    return f"{text!r} is no number"


def absent(column: np.ndarray) -> list[int]:
    """The rows in which nothing stands: empty text, or what stands for nothing in a frame."""
    if column.dtype.kind == "f":
        return np.flatnonzero(np.isnan(column)).tolist()
    if column.dtype.kind in "mM":
        return np.flatnonzero(np.isnat(column)).tolist()
    if column.dtype.kind != "O":
        return []
    return [k for k, cell in enumerate(column.tolist()) if cell is None or _is_nothing(cell)]


def _is_nothing(cell: object) -> bool:
    return not cell.strip() if isinstance(cell, str) else str(cell) in ("nan", "<NA>", "NaT")


def times(column: np.ndarray, name: str, places: Places) -> tuple[np.ndarray, list[str]]:
    """Something to sort by (rows,): numbers, or dates; and what is wrong with it."""
    plain = column.dtype.kind in "biufmM"
    texts = column if plain else np.array([str(cell).strip() for cell in column.tolist()])
    gone = absent(column) if plain else [k for k, text in enumerate(texts.tolist()) if text.lower() in _MISSING]
    if plain or gone:
        return texts, [f"{places.at(k, name)}: no time" for k in gone]
    for read in (np.int64, np.float64):
        try:
            return texts.astype(read), []
        except (ValueError, OverflowError):
            continue
    bad = [k for k, text in enumerate(texts.tolist()) if _date(text) is None]
    if bad:
        return texts, [
            f"{places.at(k, name)}: {str(texts[k])!r} is neither a number nor a date such as 2024-01-31T12:00:00"
            for k in bad
        ]
    if any(_WITH_ZONE.search(text) for text in texts.tolist()):
        return np.array([_date(text) for text in texts.tolist()]), []
    return texts.astype("datetime64"), []  # as finely as they are written


def _date(text: str) -> np.datetime64 | None:
    """A date of text, in universal time; None where it is none."""
    try:
        if not _WITH_ZONE.search(text):
            return np.datetime64(text, "us")
        return np.datetime64(datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None), "us")
    except ValueError:
        return None


def labels(column: np.ndarray, name: str, places: Places) -> tuple[np.ndarray, list[str]]:
    """A column as labels, and what is wrong with it: classes as strings or whole numbers, targets as floats.

    Text is a target where all of it is numbers and some of them have a point (or an exponent).
    """
    if gone := absent(column):
        return column, [f"{places.at(k, name)}: no label" for k in gone]
    if column.dtype.kind not in "biuf":
        column = np.array([str(cell).strip() for cell in column.tolist()])
        texts = column.tolist()
        if any("." in text or "e" in text.lower() for text in texts) and all(map(is_number, texts)):
            column = column.astype(np.float64)
    if column.dtype.kind == "f" and not np.isfinite(column).all():
        odd = np.flatnonzero(~np.isfinite(column)).tolist()
        return column, [f"{places.at(k, name)}: the target {column[k]} is not finite" for k in odd]
    return column, []
