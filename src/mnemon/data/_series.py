"""A measured series: files of plain numbers, and tables with a row a time."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mnemon._files import existing
from mnemon.data._files import text_of
from mnemon.data._roles import USUAL
from mnemon.data._table import (
    MOST,
    Places,
    column_of,
    delimited,
    is_missing,
    is_number,
    numbers,
    separator_of,
    times,
    told,
)
from mnemon.errors import InvalidInput, raise_together, suggest

# What a column of times is called besides what it is called everywhere, where its values do increase.
_OTHER_TIMES = ("", "date", "datetime", "year", "month", "week", "day", "hour", "quarter", "period")
_COMMENT = re.compile(r"[#%]")


@dataclass(frozen=True, eq=False)
class SeriesTable:
    """One series of one or several channels, in the order of time.

    Attributes:
        values: (time, channels) float64, NaN where nothing was measured.
        names: of the channels.
        time: (time,) numbers, dates (`datetime64`) or text; None where the file has none.
        name: of the series, after its file.
        time_name: of the column of times, None where there is none.

    """

    values: np.ndarray
    names: tuple[str, ...]
    time: np.ndarray | None
    name: str
    time_name: str | None = None

    def __len__(self) -> int:
        """Number of times."""
        return len(self.values)

    def __repr__(self) -> str:
        """What it is, in a line."""
        channels = f"{len(self.names)} channel" + ("" if len(self.names) == 1 else "s")
        when = "no times" if self.time is None else f"{self.time[0]} to {self.time[-1]}"
        gaps = int(np.isnan(self.values).any(axis=1).sum())
        missing = f", {gaps:,} with missing values" if gaps else ""
        return f"SeriesTable({self.name!r}, {len(self):,} times, {channels}, {when}{missing})"


def read_series(
    path: str | os.PathLike,
    *,
    time: str | None = None,
    columns: Sequence[str] | str | None = None,
    wrapped: bool = False,
) -> SeriesTable:
    r"""A series from a table `.csv` or `.tsv`, or from plain numbers in any other text file; all of them also `.gz`.

    - `time`: the column of times. Without it, a column that is called time, t, timestamp, step or index is taken, or
      else the only one of dates, or the first that has another name of times (date, year, month ..., or none) and
      increases. Dates are written as 2024-01-31 (or 2024-01, 2024, with 12:30 behind), or they stay text where `time`
      names them.
    - `columns`: which columns are channels; all others if None. Of plain numbers without a line of names, the names of
      the columns.
    - `wrapped`: the rows of plain numbers are one series, line after line.

    Tables have names in their first line, and commas, semicolons or tabs between cells. Plain numbers stand between
    blanks; what follows a # or % is a comment. Lines of words before the first numbers are titles, but names where the
    last of them has a word for each column. Several columns without names are one series, line after line, where there
    is a title (lines may then be of any length) or the last line is shorter; without such a sign, `columns` or
    `wrapped` has to say what they are.

    Empty cells, NA, NaN and ? are missing values. Raises `InvalidInput` with lines for what is no number, decimal
    commas, rows of different lengths, a name that is there twice, times that do not increase, and nothing to read.

    Example:
        >>> import pathlib, tempfile
        >>> from mnemon.data import read_series
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "river.csv"
        >>> _ = path.write_text("month,flow,rain\n1975-01,3.5,12\n1975-02,,8\n1975-03,2.5,3\n")
        >>> read_series(path)
        SeriesTable('river', 3 times, 2 channels, 1975-01 to 1975-03, 1 with missing values)
        >>> read_series(path, columns="rain").values[:, 0].tolist()
        [12.0, 8.0, 3.0]

    """
    path = existing(path)
    chosen = (columns,) if isinstance(columns, str) else None if columns is None else tuple(columns)
    if chosen is not None and (not chosen or len(set(chosen)) < len(chosen)):
        raise InvalidInput(f"columns={columns!r}: expected different names, at least one")
    bare = path.name.lower().removesuffix(".gz")
    if not bare.endswith((".csv", ".tsv")):
        return _plain(path, time, chosen, wrapped=wrapped)
    if wrapped:
        raise InvalidInput(f"{path}: wrapped=True is for files of plain numbers; a table has a row a time")
    return _table(path, time, chosen)


def _table(path: Path, time: str | None, chosen: tuple[str, ...] | None) -> SeriesTable:
    """From a table with a line of names."""
    text = text_of(path)
    if not text.strip():
        raise InvalidInput(f"{path}: holds nothing")
    head = next(line for line in text.splitlines() if line.strip())
    separator = separator_of(path)
    if separator not in head:
        separator = next((other for other in ("\t", ";", ",") if other in head), separator)
    columns, lines = delimited(path, separator)
    return _from_columns(columns, time, chosen, Places("line", lines), path)


def _plain(path: Path, time: str | None, chosen: tuple[str, ...] | None, *, wrapped: bool) -> SeriesTable:
    """From plain numbers between blanks."""
    rows, lines, titles = [], [], []
    for line, text in enumerate(text_of(path).splitlines(), 1):
        words = _COMMENT.split(text, maxsplit=1)[0].split()
        if not words:
            continue
        if rows or (all(is_number(word) or is_missing(word) for word in words) and any(map(is_number, words))):
            rows.append(words)
            lines.append(line)
        else:
            titles.append(words)
    if not rows:
        hint = "; a table with commas or semicolons is named .csv" if titles else ""
        raise InvalidInput(f"{path}: holds no line of numbers{hint}")
    names = _names(titles, rows, chosen, wrapped=wrapped)
    if names is None and (wrapped or len(rows[0]) == 1 or titles or len(rows[-1]) < len(rows[0])):
        return _one_after_another(path, rows, lines, time, chosen, free=wrapped or bool(titles))
    if names is None:
        raise InvalidInput(
            f"{path}: {len(rows[0])} columns without names; give them with columns=, or say wrapped=True where the "
            "lines are parts of one series"
        )
    problems = [f"column {name!r} is there twice" for name in sorted({n for n in names if names.count(n) > 1})]
    problems += _ragged(rows, lines, len(names))
    raise_together(problems, str(path), most=MOST)
    columns = {name: column_of(cells) for name, cells in zip(names, zip(*rows))}
    return _from_columns(columns, time, chosen, Places("line", lines), path)


def _names(
    titles: list[list[str]], rows: list[list[str]], chosen: tuple[str, ...] | None, *, wrapped: bool
) -> list[str] | None:
    """Names of the columns of plain numbers: those of the last title where it has as many words, or those given."""
    if wrapped:
        return None
    if titles and len(titles[-1]) == len(rows[0]) and not any(map(is_number, titles[-1])):
        return titles[-1]
    if chosen is not None and len(chosen) == len(rows[0]):
        return list(chosen)
    return None


def _one_after_another(
    path: Path,
    rows: list[list[str]],
    lines: list[int],
    time: str | None,
    chosen: tuple[str, ...] | None,
    *,
    free: bool,
) -> SeriesTable:
    """All numbers of a file as one series; lines but the last are of one length where they are not `free`."""
    name = path.name.split(".")[0]
    if time is not None:
        raise InvalidInput(f"{path}: time={time!r}: there is no line of names; give them with columns=")
    if chosen is not None and len(chosen) != 1:
        raise InvalidInput(f"{path}: columns names {len(chosen)}, but the lines of numbers have {len(rows[0])}")
    whole = len(rows) - (len(rows[-1]) < len(rows[0]))
    problems = [] if free else _ragged(rows[:whole], lines, len(rows[0]))
    problems += [
        f"line {line}: {told(word)}"
        for row, line in zip(rows, lines)
        for word in row
        if not (is_number(word) or is_missing(word))
    ]
    raise_together(problems, str(path), most=MOST)
    cells = column_of([word for row in rows for word in row])
    places = Places("line", np.repeat(lines, [len(row) for row in rows]).tolist())
    label = name if chosen is None else chosen[0]
    values, problems = numbers(cells, label, places, allow_nan=True)
    raise_together(problems, str(path), most=MOST)
    return SeriesTable(values[:, None], (label,), None, name)


def _ragged(rows: list[list[str]], lines: list[int], width: int) -> list[str]:
    """A problem for each row of another length."""
    return [
        f"line {line}: {len(row)} numbers, but {width} columns; wrapped=True reads lines of any length as one series"
        for row, line in zip(rows, lines)
        if len(row) != width
    ]


def _from_columns(
    columns: dict[str, np.ndarray], time: str | None, chosen: tuple[str, ...] | None, places: Places, path: Path
) -> SeriesTable:
    """Times and channels from named columns."""
    wanted = [("time", time)] if time is not None else []
    wanted += [("columns", name) for name in chosen or ()]
    problems = [f"{what}={name!r}: {suggest(name, columns)}" for what, name in wanted if name not in columns]
    if time is not None and chosen is not None and time in chosen:
        problems.append(f"column {time!r} cannot be both the time and a channel")
    raise_together(problems, str(path), most=MOST)
    found = _time_column(columns, chosen, places, str(path)) if time is None else time
    clock = None
    if found is not None:
        clock, problems = times(columns[found], found, places)
        if problems and time is not None and not any(map(is_missing, columns[found].tolist())):
            problems = []  # asked for by name: such text as 1949 Q1 is as good an index
        elif not problems:
            problems = _standing_still(clock, found, places)
    names = tuple(name for name in columns if name != found) if chosen is None else chosen
    if not names:
        problems.append(f"there is no column but that of times, {found!r}")
    each = []
    for name in names:
        values, more = numbers(columns[name], name, places, allow_nan=True)
        each.append(values)
        problems += more
    raise_together(problems, str(path), most=MOST)
    return SeriesTable(np.stack(each, axis=1), names, clock, path.name.split(".")[0], found)


def _time_column(
    columns: dict[str, np.ndarray], chosen: tuple[str, ...] | None, places: Places, where: str
) -> str | None:
    """The column of times, by its name or by what it holds; None where there is none."""
    free = [name for name in columns if chosen is None or name not in chosen]
    usual = [name for name in free if name.strip().lower() in USUAL["time"]]
    dated = [name for name in free if _holds_dates(columns[name], places)]
    for some in (usual, dated):
        if len(some) > 1:
            raise InvalidInput(f"{where}: {' and '.join(some)} could both be the time; say which with time=")
        if some:
            return some[0]
    for name in free:
        if name.strip().lower() in _OTHER_TIMES:
            clock, problems = times(columns[name], name, places)
            if not problems and not _standing_still(clock, name, places):
                return name
    return None


def _holds_dates(column: np.ndarray, places: Places) -> bool:
    """Whether all cells are dates that are no plain numbers."""
    if is_number(column[0]) or is_missing(column[0]):
        return False
    return times(column, "", places)[0].dtype.kind == "M"


def _standing_still(clock: np.ndarray, name: str, places: Places) -> list[str]:
    """A problem for each time that is not after the one before."""
    back = np.flatnonzero(~(clock[1:] > clock[:-1]))
    if len(back) and len(back) == len(clock) - 1 and (clock[1:] < clock[:-1]).all():
        return [f"column {name} falls from {clock[0]} to {clock[-1]}; put the oldest row first"]
    return [
        f"{places.at(k + 1, name)}: {clock[k + 1]} is not after {clock[k]}, on the {places.row} before it"
        for k in back.tolist()
    ]
