"""Long tables: a row a step, with a column that says which sequence it is of."""

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from mnemon._files import existing
from mnemon.data._dataset import Dataset
from mnemon.data._files import keeps_nan, text_of
from mnemon.errors import InvalidInput, raise_together, suggest
from mnemon.sequences import Sequences

# What the columns are usually called, in lower case.
USUAL = {
    "id": ("id", "sequence", "sequence_id", "series", "series_id", "case"),
    "time": ("time", "t", "step", "timestamp", "index"),
    "label": ("label", "class", "y", "target"),
    "group": ("group", "subject", "speaker"),
}
_MISSING = {"", "?", "nan", "na", "null", "none"}
_MOST = 5


def read_long(
    path: str | os.PathLike,
    *,
    id: str | None = None,
    time: str | None = None,
    label: str | None = None,
    group: str | None = None,
    channels: Sequence[str] | None = None,
    missing: str = "error",
) -> Dataset:
    """A long table: `.csv`, `.tsv` (both also `.gz`), or `.parquet` (with `pip install "mnemon[pandas]"`).

    - `id`: the column that tells sequences apart; without one, the file is one sequence.
    - `time`: a column to sort the steps of each sequence by; without one they stay in the order of the file.
    - `label`: a column of labels: the same for all steps of each sequence, or else a label a step. Numbers with a
      decimal point are targets, everything else is a class.
    - `group`: a column that says who or what a sequence is of; the same for all its steps.
    - `channels`: the columns of values; all others if None.
    - `missing`: what to do about empty cells of channels: "error", or "nan" to keep them as NaN.

    Columns that are not named are found by their usual names (id, sequence, series ...; time, t, step ...; label,
    class, y, target; group, subject, speaker). Sequences come in the order in which they first occur. Raises
    `InvalidInput` with line and column for what cannot be read, for two columns that could be meant, and for steps at
    the same time.
    """
    path = existing(path)
    allow_nan = keeps_nan(missing)
    name = path.name.lower()
    if name.endswith(".parquet"):
        columns, first = _parquet(path), 0
    else:
        columns, first = _delimited(path, "\t" if name.removesuffix(".gz").endswith(".tsv") else ","), 2
    roles = {"id": id, "time": time, "label": label, "group": group}
    return from_columns(columns, roles, channels, str(path), path.stem, first_row=first, allow_nan=allow_nan)


def from_columns(
    columns: Mapping[str, np.ndarray],
    roles: Mapping[str, str | None],
    channels: Sequence[str] | None,
    where: str,
    name: str,
    *,
    first_row: int,
    allow_nan: bool,
) -> Dataset:
    """A data set from the columns of a long table; rows are told as counted from `first_row`."""
    found = _roles(columns, roles, channels, where)
    values = _values(columns, found["channels"], where, first_row, allow_nan)
    rows = len(values)
    ids = columns[found["id"]] if found["id"] else np.zeros(rows, int)
    firsts, number = _in_order(ids)
    times = _times(columns[found["time"]], where, found["time"], first_row) if found["time"] else np.arange(rows)
    order = np.lexsort((times, number))
    if found["time"]:
        same = (np.diff(times[order]) == 0) & (np.diff(number[order]) == 0)
        if same.any():
            a, b = order[int(np.argmax(same)) : int(np.argmax(same)) + 2]
            raise InvalidInput(
                f"{where}: rows {a + first_row} and {b + first_row} are both at {found['time']} "
                f"{columns[found['time']][a]} of one sequence; each step has a time of its own"
            )
    lengths = np.bincount(number)
    X = Sequences.from_concatenated(values[order], lengths, allow_nan=allow_nan)
    y = None if not found["label"] else _labels(columns[found["label"]][order], lengths)
    groups = None
    if found["group"]:
        groups = columns[found["group"]][order][np.cumsum(lengths) - lengths]
    about = f"{where}: {', '.join(found['channels'])}"
    if found["id"]:
        shown = [str(one) for one in ids[firsts][:3].tolist()]
        about += f"; sequences by {found['id']} ({', '.join(shown)}{' ...' if len(firsts) > 3 else ''})"
    return Dataset(X, y, name, about, groups)


def _roles(
    columns: Mapping[str, np.ndarray], roles: Mapping[str, str | None], channels: Sequence[str] | None, where: str
) -> dict[str, Any]:
    """Which column has which role."""
    problems, found = [], {}
    for role, asked in roles.items():
        if asked is not None:
            found[role] = asked
            if asked not in columns:
                problems.append(f"{role}={asked!r}: {suggest(asked, list(columns))}")
            continue
        taken = set(channels or ()) | {other for other in roles.values() if other}
        usual = [name for name in columns if name.strip().lower() in USUAL[role] and name not in taken]
        if len(usual) > 1:
            problems.append(f"{' and '.join(usual)} could both be the {role}; say which with {role}=")
        found[role] = usual[0] if len(usual) == 1 else None
    used = [name for name in found.values() if name]
    if channels is None:
        channels = [name for name in columns if name not in used]
    else:
        absent = [name for name in channels if name not in columns]
        problems += [f"channels: {name!r}: {suggest(name, list(columns))}" for name in absent]
    if not channels and not problems:
        problems.append(f"no column is left for values (columns: {', '.join(columns)})")
    raise_together(problems, where)
    return {**found, "channels": list(channels)}


def _values(
    columns: Mapping[str, np.ndarray], channels: list[str], where: str, first_row: int, allow_nan: bool
) -> np.ndarray:
    """(rows, channels) floats."""
    values, problems = [], []
    for name in channels:
        column = columns[name]
        if column.dtype.kind in "biuf":
            numbers = column.astype(np.float64)
        else:
            numbers = np.full(len(column), np.nan)
            for row, cell in enumerate(column.tolist()):
                text = "" if cell is None else str(cell).strip()
                if text.lower() in _MISSING:
                    continue
                try:
                    numbers[row] = float(text)
                except ValueError:
                    problems.append(f"row {row + first_row}, column {name}: {text!r} is no number")
        if not allow_nan:
            gone = np.flatnonzero(np.isnan(numbers))
            problems += [
                f"row {row + first_row}, column {name}: no value; fill it in, or read with missing='nan'"
                for row in gone[:_MOST]
                if not any(f"row {row + first_row}, column {name}:" in problem for problem in problems)
            ]
        values.append(numbers)
    raise_together(problems, where, most=_MOST)
    return np.stack(values, axis=1)


def _in_order(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first row of each id, in order of occurrence, and the number of each row's id."""
    _, firsts, number = np.unique(ids, return_index=True, return_inverse=True)
    rank = np.empty(len(firsts), int)
    rank[np.argsort(firsts)] = np.arange(len(firsts))
    return np.sort(firsts), rank[number]


def _times(column: np.ndarray, where: str, name: str, first_row: int) -> np.ndarray:
    """Something to sort by: numbers, dates, or text that is one of them."""
    if column.dtype.kind in "iufM":
        return column
    for kind in (np.float64, "datetime64[ns]"):
        try:
            return column.astype(str).astype(kind)
        except ValueError:
            continue
    raise InvalidInput(f"{where}: column {name}: {str(column[0])!r} (row {first_row}) is neither a number nor a date")


def _labels(column: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """A label a sequence where they agree within each; else an object array of (time,) labels."""
    labels = as_labels(column)
    starts = np.cumsum(lengths) - lengths
    if np.array_equal(labels, np.repeat(labels[starts], lengths)):
        return labels[starts]
    steps = np.empty(len(lengths), object)
    steps[:] = [labels[start : start + length] for start, length in zip(starts, lengths)]
    return steps


def as_labels(column: np.ndarray) -> np.ndarray:
    """Classes as strings or whole numbers, targets as floats: text that is a number with a point is a target."""
    if column.dtype.kind in "biuf":
        return column
    texts = [str(cell).strip() for cell in column.tolist()]
    if any("." in text or "e" in text.lower() for text in texts):
        try:
            return np.array([float(text) for text in texts])
        except ValueError:
            pass
    return np.array(texts)


def _delimited(path: os.PathLike, separator: str) -> dict[str, np.ndarray]:
    """The columns of a table of text, by the names in its first line."""
    rows = list(csv.reader(io.StringIO(text_of(existing(path))), delimiter=separator))
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if len(rows) < 2:
        raise InvalidInput(f"{path}: expected a line of column names and a line a step; got {len(rows)} lines")
    head = [name.strip() for name in rows[0]]
    problems = [f"row {k}: {len(row)} cells, but {len(head)} columns" for k, row in enumerate(rows[1:], 2)
                if len(row) != len(head)]  # fmt: skip
    problems += [f"column {name!r} is there twice" for name in sorted({n for n in head if head.count(n) > 1})]
    if all(_is_number(cell) for cell in head):
        problems.append("the first line holds numbers; it has to name the columns")
    raise_together(problems, str(path), most=_MOST)
    return {name: _column([row[k] for row in rows[1:]]) for k, name in enumerate(head)}


def _column(cells: Iterable[str]) -> np.ndarray:
    return np.array([cell.strip() for cell in cells])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _parquet(path: os.PathLike) -> dict[str, np.ndarray]:
    try:
        import pandas
    except ImportError:
        raise InvalidInput(f'{path}: parquet files are read by pandas: pip install "mnemon[pandas]"') from None
    try:
        frame = pandas.read_parquet(path)
    except ImportError:
        raise InvalidInput(f'{path}: parquet files need pyarrow, too: pip install "mnemon[pandas]"') from None
    except (OSError, ValueError) as problem:
        raise InvalidInput(f"{path}: no readable parquet file ({problem})") from None
    return frame_columns(frame)


def frame_columns(frame: Any) -> dict[str, np.ndarray]:
    """The columns of a pandas frame, those of its index before them where the index has names."""
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    return {str(name): frame[name].to_numpy() for name in frame.columns}
