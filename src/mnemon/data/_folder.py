"""A folder of files, one sequence each, with their labels in a table or in the names of its sub-folders."""

import csv
import io
import os
import re
from pathlib import Path

import numpy as np

from mnemon.data._dataset import Dataset
from mnemon.data._files import keeps_nan, text_of
from mnemon.data._long import USUAL, as_labels
from mnemon.errors import InvalidInput, raise_together
from mnemon.sequences import Sequences

_MOST = 5
_SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")


def read_folder(path: str | os.PathLike, *, labels: str | None = None, missing: str = "error") -> Dataset:
    """A folder of `.csv` or `.tsv` files, one sequence each: a line a step, a column a channel.

    - `labels`: a table beside the files (its name in the folder) with the columns file, label and, where there is one,
      group; None: `labels.csv` where it is there, else the sub-folders are the classes, else there are no labels.
    - `missing`: what to do about empty cells: "error", or "nan" to keep them as NaN.

    A first line without numbers names the columns; one of them called time (t, step, timestamp) sorts the steps and is
    no channel. Files come in natural order (2 before 10). Raises `InvalidInput` for a folder that is missing or empty,
    files that the table names and that are not there and the other way round, and cells that are no numbers.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise InvalidInput(f"{folder}: no such folder")
    allow_nan = keeps_nan(missing)
    table = folder / (labels or "labels.csv")
    if labels is not None and not table.is_file():
        raise InvalidInput(f"{table}: no such file; it should say the label of each file (columns file, label)")
    files = [f for f in sorted(folder.rglob("*"), key=_natural) if f.name.lower().endswith(_SUFFIXES) and f != table]
    if not files:
        raise InvalidInput(f"{folder}: holds no files that end in {', '.join(_SUFFIXES)}")
    names = [file.relative_to(folder).as_posix() for file in files]
    y = groups = None
    if table.is_file():
        y, groups = _table(table, names)
    elif all(file.parent != folder for file in files):
        y = np.array([name.split("/")[0] for name in names])
    elif any(file.parent != folder for file in files):
        loose = [name for name in names if "/" not in name]
        raise InvalidInput(
            f"{folder}: some files are in sub-folders (classes), {loose[0]} is not; give a table with labels="
        )
    sequences = [_sequence(file, allow_nan) for file in files]
    widths = {values.shape[1] for values in sequences}
    if len(widths) > 1:
        first = sequences[0].shape[1]
        k = next(k for k, values in enumerate(sequences) if values.shape[1] != first)
        raise InvalidInput(f"{folder}: {names[k]} has {sequences[k].shape[1]} channels, but {names[0]} has {first}")
    X = Sequences(sequences, layout="channels_last", allow_nan=allow_nan)
    return Dataset(X, y, folder.name, f"{folder}, {len(files)} files", groups)


def _natural(path: Path) -> list[tuple[int, str]]:
    """Numbers in names count as numbers."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", path.as_posix())]


def _table(table: Path, names: list[str]) -> tuple[np.ndarray, np.ndarray | None]:
    """Labels, and groups where there are some, in the order of the files."""
    rows = [row for row in csv.reader(io.StringIO(text_of(table))) if any(cell.strip() for cell in row)]
    head = [cell.strip().lower() for cell in rows[0]] if rows else []
    file_column = next((k for k, name in enumerate(head) if name in ("file", "filename", "path", "name")), None)
    label_column = next((k for k, name in enumerate(head) if name in USUAL["label"]), None)
    group_column = next((k for k, name in enumerate(head) if name in USUAL["group"]), None)
    if file_column is None or label_column is None:
        raise InvalidInput(f"{table}: expected columns file and label (and group), got {', '.join(head) or 'nothing'}")
    said: dict[str, tuple[str, str]] = {}
    problems = []
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(head):
            problems.append(f"row {number}: {len(row)} cells, but {len(head)} columns")
            continue
        name = Path(row[file_column].strip()).as_posix()
        if name in said:
            problems.append(f"row {number}: {name} is there twice")
        said[name] = (row[label_column].strip(), "" if group_column is None else row[group_column].strip())
    problems += [f"{name} is named, but not there" for name in said if name not in names]
    problems += [f"{name} is there, but not named" for name in names if name not in said]
    raise_together(problems, str(table), most=_MOST)
    groups = None if group_column is None else np.array([said[name][1] for name in names])
    return as_labels(np.array([said[name][0] for name in names])), groups


def _sequence(file: Path, allow_nan: bool) -> np.ndarray:
    """(time, channels) of one file."""
    separator = "\t" if ".tsv" in file.name.lower() else ","
    rows = [row for row in csv.reader(io.StringIO(text_of(file)), delimiter=separator) if any(c.strip() for c in row)]
    names: list[str] = []
    if rows and not any(_number(cell) is not None for cell in rows[0]):
        names = [cell.strip().lower() for cell in rows.pop(0)]
    if not rows:
        raise InvalidInput(f"{file}: holds no steps")
    problems, values = [], np.full((len(rows), len(rows[0])), np.nan)
    first = 1 + bool(names)
    for number, row in enumerate(rows):
        if len(row) != values.shape[1]:
            problems.append(f"row {number + first}: {len(row)} cells, but {values.shape[1]} in the first")
            continue
        for column, cell in enumerate(row):
            read = _number(cell)
            if read is None and (cell.strip() or not allow_nan):
                problems.append(f"row {number + first}, column {column + 1}: {cell.strip()!r} is no number")
            elif read is not None:
                values[number, column] = read
    raise_together(problems, str(file), most=_MOST)
    clock = next((k for k, name in enumerate(names) if name in USUAL["time"]), None)
    if clock is not None:
        values = np.delete(values[np.argsort(values[:, clock], kind="stable")], clock, axis=1)
    if not values.shape[1]:
        raise InvalidInput(f"{file}: holds times, but no channels")
    return values


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
