"""Long tables: a row a step, with a column that says which sequence it is of."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mnemon._files import existing
from mnemon.data._dataset import Dataset
from mnemon.data._files import keeps_nan
from mnemon.data._roles import find_roles
from mnemon.data._table import MOST, Places, absent, delimited, labels, numbers, separator_of, times
from mnemon.errors import InvalidInput, raise_together
from mnemon.sequences import Sequences

_TRUTH = {"0": False, "1": True, "0.0": False, "1.0": True, "false": False, "true": True}


def read_long(
    path: str | os.PathLike,
    *,
    id: str | None = None,
    time: str | None = None,
    label: str | None = None,
    group: str | None = None,
    boundary: str | None = None,
    symbol: str | None = None,
    channels: Sequence[str] | None = None,
    missing: str = "error",
    separator: str | None = None,
) -> Dataset:
    r"""A long table: `.csv`, `.tsv` (both also `.gz`), or `.parquet` (with `pip install "mnemon[pandas]"`).

    - `id`: the column that tells sequences apart; without one, the file is one sequence.
    - `time`: a column of numbers or dates to sort the steps of each sequence by; without one they stay in the order of
      the file.
    - `label`: a column of labels: the same for all steps of each sequence, or else a label a step. Numbers with a
      decimal point are targets, everything else is a class.
    - `group`: a column that says who or what a sequence is of; the same for all its steps.
    - `boundary`: a column of 0 and 1 (or false and true): whether a segment ends with the step.
    - `symbol`: a column of symbols, where steps are symbols (events of a log, words); other columns are then left out.
    - `channels`: the columns of values; all others if None.
    - `missing`: what to do about empty cells of channels: "error", or "nan" to keep them as NaN.
    - `separator`: what separates cells; None for a tab in `.tsv` and a comma elsewhere.

    Columns that are not named are found by their usual names, in any case (id, sequence, series ...; time, t, step ...;
    label, class, y, target; group, subject, speaker; boundary, segment_end; symbol, token, activity, where it is the
    only one left). Sequences come in the order in which they first occur. Raises `InvalidInput` with line and column
    for what cannot be read, for two columns that could be meant, and for steps at the same time.

    Example:
        >>> import pathlib, tempfile
        >>> from mnemon.data import read_long
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "walks.csv"
        >>> _ = path.write_text("id,time,x,label\na,0,1.5,up\na,1,2.5,up\nb,0,0.5,down\n")
        >>> data = read_long(path)
        >>> data
        Dataset('walks', Sequences(2 sequences, 1 channel, 1-2 steps), 2 classes)
        >>> data.X[0].tolist(), data.y.tolist()
        ([[1.5], [2.5]], ['up', 'down'])

    """
    path = existing(path)
    allow_nan = keeps_nan(missing)
    if path.name.lower().endswith(".parquet"):
        columns = _parquet(path)
        places = Places("row", range(len(next(iter(columns.values()), []))))
    else:
        columns, lines = delimited(path, separator_of(path) if separator is None else separator)
        places = Places("line", lines)
    roles = {"id": id, "time": time, "label": label, "group": group, "boundary": boundary, "symbol": symbol}
    return from_columns(columns, roles, channels, places, str(path), path.name.split(".")[0], allow_nan=allow_nan)


def from_columns(
    columns: Mapping[str, np.ndarray],
    roles: Mapping[str, str | None],
    channels: Sequence[str] | None,
    places: Places,
    where: str,
    name: str,
    *,
    allow_nan: bool,
) -> Dataset:
    """A data set from the columns of a long table."""
    if not len(places.numbers):
        raise InvalidInput(f"{where}: holds no rows")
    found = find_roles(list(columns), roles, channels, where)
    problems: list[str] = []
    values = _values(columns, found, places, problems, allow_nan=allow_nan)
    rows = len(places.numbers)
    ids = columns[found["id"]] if found["id"] else np.zeros(rows, int)
    for role in ("id", "group"):
        if found[role]:
            problems += [f"{places.at(k, found[role])}: no {role}" for k in absent(columns[found[role]])]
    marks = y = clock = groups = None
    if found["boundary"]:
        marks, more = _marks(columns[found["boundary"]], found["boundary"], places)
        problems += more
    if found["label"]:
        y, more = labels(columns[found["label"]], found["label"], places)
        problems += more
    if found["time"]:
        clock, more = times(columns[found["time"]], found["time"], places)
        problems += more
    raise_together(problems, where, most=MOST)
    number = _in_order(ids)
    order = np.argsort(number, kind="stable") if clock is None else np.lexsort((clock, number))
    lengths = np.bincount(number)
    starts = np.cumsum(lengths) - lengths
    if clock is not None:
        problems += _same_times(clock[order], number[order], order, columns[found["time"]], found["time"], places)
    if found["group"]:
        groups = _plain(columns[found["group"]])[order]
        problems += _changing(groups, starts, lengths, order, found["group"], places)
        groups = groups[starts]
    raise_together(problems, where, most=MOST)
    marks = None if marks is None else marks[order]
    if found["symbol"]:
        alphabet, codes = np.unique(values[order], return_inverse=True)
        X = Sequences.from_concatenated(codes, lengths, alphabet=alphabet.tolist(), boundaries=marks)
    else:
        X = Sequences.from_concatenated(values[order], lengths, boundaries=marks, allow_nan=allow_nan)
    if y is not None:
        y = _by_sequence(y[order], starts, lengths)
    about = f"{where}: {found['symbol'] or ', '.join(found['channels'])}"
    if found["id"]:
        shown = [str(one) for one in ids[order[starts]][:3].tolist()]
        about += f"; sequences by {found['id']} ({', '.join(shown)}{' ...' if len(lengths) > 3 else ''})"
    return Dataset(X, y, name, about, groups)


def _values(
    columns: Mapping[str, np.ndarray], found: Mapping[str, Any], places: Places, problems: list[str], *, allow_nan: bool
) -> np.ndarray:
    """(rows, channels) floats, or (rows,) symbols."""
    if found["symbol"]:
        column = columns[found["symbol"]]
        problems += [f"{places.at(k, found['symbol'])}: no symbol" for k in absent(column)]
        return np.array([str(cell) for cell in column.tolist()])
    each = []
    for name in found["channels"]:
        values, more = numbers(columns[name], name, places, allow_nan=allow_nan)
        each.append(values)
        problems += more
    return np.stack(each, axis=1)


def _marks(column: np.ndarray, name: str, places: Places) -> tuple[np.ndarray, list[str]]:
    """A column of truth, (rows,) bools, and what is wrong with it."""
    said = [_TRUTH.get(str(cell).strip().lower()) for cell in column.tolist()]
    bad = [k for k, mark in enumerate(said) if mark is None]
    return np.array(said, bool), [f"{places.at(k, name)}: expected 0 or 1, got {str(column[k])!r}" for k in bad]


def _in_order(ids: np.ndarray) -> np.ndarray:
    """The number of each row's id, (rows,), in order of occurrence."""
    number: dict[Any, int] = {}
    return np.fromiter((number.setdefault(one, len(number)) for one in ids.tolist()), np.int64, len(ids))


def _same_times(
    clock: np.ndarray, number: np.ndarray, order: np.ndarray, column: np.ndarray, name: str, places: Places
) -> list[str]:
    """A problem for each step, in their order, that is at the time of the one before it."""
    same = np.flatnonzero((clock[1:] == clock[:-1]) & (number[1:] == number[:-1]))
    return [
        f"{places.row}s {places.numbers[order[k]]} and {places.numbers[order[k + 1]]} are both at {name} "
        f"{column[order[k]]} of one sequence; each step has a time of its own"
        for k in same
    ]


def _plain(column: np.ndarray) -> np.ndarray:
    """Objects as text."""
    return column if column.dtype.kind != "O" else np.array([str(cell) for cell in column.tolist()])


def _changing(
    values: np.ndarray, starts: np.ndarray, lengths: np.ndarray, order: np.ndarray, name: str, places: Places
) -> list[str]:
    """A problem for each sequence within which `values` (in order of the sequences) change."""
    odd = np.flatnonzero(values != np.repeat(values[starts], lengths))
    of = np.searchsorted(starts, odd, side="right") - 1
    _, heads = np.unique(of, return_index=True)
    rows = order.tolist()
    return [
        f"{places.at(rows[odd[k]], name)}: {str(values[odd[k]])!r}, but {str(values[starts[of[k]]])!r} at "
        f"{places.at(rows[starts[of[k]]])} of the same sequence"
        for k in heads
    ]


def _by_sequence(y: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """A label a sequence where they agree within each; else an object array of (time,) labels."""
    if np.array_equal(y, np.repeat(y[starts], lengths)):
        return y[starts]
    steps = np.empty(len(lengths), object)
    steps[:] = [y[start : start + length] for start, length in zip(starts, lengths)]
    return steps


def _parquet(path: Path) -> dict[str, np.ndarray]:
    try:
        import pandas
    except ImportError:
        raise InvalidInput(f'{path}: parquet files are read by pandas: pip install "mnemon[pandas]"') from None
    try:
        frame = pandas.read_parquet(path)
    except ImportError:
        raise InvalidInput(f'{path}: parquet files need pyarrow, too: pip install "mnemon[pandas]"') from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError) as problem:  # damage of any kind
        raise InvalidInput(f"{path}: no readable parquet file ({problem})") from None
    return frame_columns(frame, str(path))


def frame_columns(frame: Any, where: str) -> dict[str, np.ndarray]:
    """The columns of a pandas frame, those of its index before them where the index has names."""
    named = [level for level, name in enumerate(frame.index.names) if name is not None]
    columns = [(str(frame.index.names[level]), frame.index.get_level_values(level)) for level in named]
    columns += [(str(name), frame.iloc[:, k]) for k, name in enumerate(frame.columns)]
    names = [name for name, _ in columns]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidInput(f"{where}: column {', '.join(map(repr, twice))} is there twice; rename one of them")
    return {name: column.to_numpy() for name, column in columns}
