"""A folder of files, one sequence each, with their labels in a table or in the names of its sub-folders."""

import os
from pathlib import Path

import numpy as np

from mnemon.data._beside import files_in, read_beside, table_in
from mnemon.data._dataset import Dataset
from mnemon.data._files import keeps_nan
from mnemon.data._roles import USUAL
from mnemon.data._table import MOST, Places, column_of, is_number, numbers, rows_of, separator_of, times
from mnemon.errors import InvalidInput, raise_together, suggest
from mnemon.sequences import Sequences

SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")

# Names of the channels, where the file says them, and their values (time, channels).
_Read = tuple[list[str], np.ndarray]


def read_folder(
    path: str | os.PathLike,
    *,
    labels: str | None = None,
    group: str | None = None,
    time: str | None = None,
    missing: str = "error",
) -> Dataset:
    r"""A folder of `.csv` or `.tsv` files (or `.gz` of them), one sequence each: a line a step, a column a channel.

    - `labels`: a table beside the files (its name in the folder) with the columns file, label and, where there is one,
      group; None: `labels.csv` where it is there, else the sub-folders are the classes, else there are no labels.
    - `group`: the column of that table which says of whom or what each sequence is; None: the one called group,
      subject or speaker, where there is one.
    - `time`: the column that sorts the steps and is no channel; None: the one called time (t, step, timestamp, index),
      where there is one.
    - `missing`: what to do about empty cells: "error", or "nan" to keep them as NaN.

    A first line without numbers names the columns. Files come in natural order (2 before 10); hidden ones are left out.
    Raises `InvalidInput` for a folder that is missing or empty, files that the table names and that are not there and
    the other way round, files of other channels than the first, cells that are no numbers, and two steps at one time.

    Example:
        >>> import pathlib, tempfile
        >>> from mnemon.data import read_folder
        >>> folder = pathlib.Path(tempfile.mkdtemp()) / "walks"
        >>> for name, steps in {"up/1.csv": "1\n2\n3\n", "down/1.csv": "2\n1\n"}.items():
        ...     (folder / name).parent.mkdir(parents=True)
        ...     _ = (folder / name).write_text(steps)
        >>> data = read_folder(folder)
        >>> data, data.y.tolist()
        (Dataset('walks', Sequences(2 sequences, 1 channel, 2-3 steps), 2 classes), ['down', 'up'])

    """
    folder = Path(path)
    if not folder.is_dir():
        raise InvalidInput(f"{folder}: no such folder")
    allow_nan = keeps_nan(missing)
    table = table_in(folder, labels)
    files = files_in(folder, SUFFIXES, table)
    if not files:
        raise InvalidInput(f"{folder}: holds no files that end in {', '.join(SUFFIXES)}")
    y = groups = None
    if table.is_file():
        said = read_beside(table, list(files))
        y, groups = said.y, said.grouping(group, str(table))
    elif group is not None:
        raise InvalidInput(f"{folder}: group={group!r}: only a table {table.name} can say the groups")
    elif loose := [name for name in files if "/" not in name]:
        if len(loose) < len(files):
            raise InvalidInput(
                f"{folder}: some files are in sub-folders (classes), {loose[0]} is not; give a table with labels="
            )
    else:
        y = np.array([name.split("/")[0] for name in files])
    problems: list[str] = []
    sequences: dict[str, _Read] = {}
    for name, file in files.items():
        try:
            sequences[name] = _sequence(file, name, time, allow_nan, problems)
        except InvalidInput as problem:
            problems.append(str(problem))
    problems += _different(sequences)
    raise_together(problems, str(folder), most=MOST)
    X = Sequences([values for _, values in sequences.values()], layout="channels_last", allow_nan=allow_nan)
    return Dataset(X, y, folder.name, f"{folder}, {len(files)} files", groups)


def _sequence(file: Path, called: str, time: str | None, allow_nan: bool, problems: list[str]) -> _Read:
    """Names of channels and (time, channels) values of one file; its problems join the others."""
    rows, lines = rows_of(file, separator_of(file))
    names: list[str] = []
    if rows and not any(is_number(cell.strip()) for cell in rows[0]):
        names = [cell.strip() for cell in rows.pop(0)]
        lines.pop(0)
    if not rows:
        raise InvalidInput(f"{called}: holds no steps")
    width = len(names or rows[0])
    found = [
        f"line {line}: {len(row)} cells, but {width} in the first"
        for row, line in zip(rows, lines)
        if len(row) != width
    ]
    if found:
        problems += [f"{called}: {problem}" for problem in found]
        return [], np.zeros((len(rows), 0))
    places = Places("line", lines)
    order = np.arange(len(rows))
    channels = []
    clocks = [k for k, name in enumerate(names) if (name.lower() in USUAL["time"] if time is None else name == time)]
    if len(clocks) > 1:
        could = " and ".join(names[k] for k in clocks)
        raise InvalidInput(f"{called}: {could} could both be the time; say which with time=")
    if time is not None and not clocks:
        came = suggest(time, names) if names else "its first line names no columns"
        raise InvalidInput(f"{called}: time={time!r}: {came}")
    clock = clocks[0] if clocks else None
    for k, cells in enumerate(zip(*rows)):
        column = column_of(cells)
        name = names[k] if names else str(k + 1)
        if k == clock:
            stamps, more = times(column, name, places)
            if not more:
                order = np.argsort(stamps, kind="stable")
                same = np.flatnonzero(stamps[order[1:]] == stamps[order[:-1]])
                more = [f"lines {lines[order[j]]} and {lines[order[j + 1]]} are both at {name} {column[order[j]]}"
                        for j in same]  # fmt: skip
        else:
            values, more = numbers(column, name, places, allow_nan=allow_nan)
            channels.append(values)
        problems += [f"{called}: {problem}" for problem in more]
    if not channels:
        raise InvalidInput(f"{called}: holds times, but no channels")
    return [name for k, name in enumerate(names) if k != clock], np.stack(channels, axis=1)[order]


def _different(sequences: dict[str, _Read]) -> list[str]:
    """A problem for each file that has other channels than the first."""
    read = {name: found for name, found in sequences.items() if found[1].shape[1]}
    named = {name: names for name, (names, _) in read.items() if names}
    problems = []
    for name, (names, values) in read.items():
        first = next(iter(read))
        width = read[first][1].shape[1]
        if values.shape[1] != width:
            problems.append(f"{name} has {values.shape[1]} channels, but {first} has {width}")
        elif names and names != next(iter(named.values())):
            first = next(iter(named))
            problems.append(f"{name} has the columns {', '.join(names)}, but {first} has {', '.join(named[first])}")
    return problems
