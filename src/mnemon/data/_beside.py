"""Files in a folder, and the table beside them that says what each of them is."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mnemon.data._roles import USUAL
from mnemon.data._table import MOST, Places, column_of, labels, rows_of, separator_of
from mnemon.errors import InvalidInput, raise_together, suggest

TABLE = "labels.csv"  # what the table is usually called
_FILE = ("file", "filename", "path", "name")


class Beside(NamedTuple):
    """What a table says of files, in their order.

    - `y`: labels (n,).
    - `columns`: the other columns by name in small letters, each an array (n,) of text.
    - `group`: the name of that which is usually the group; None where there is none.

    """

    y: np.ndarray
    columns: dict[str, np.ndarray]
    group: str | None

    def grouping(self, name: str | None, where: str) -> np.ndarray | None:
        """The groups (n,) by the name of their column; None: the usual ones, where there are some."""
        if name is None:
            return None if self.group is None else self.columns[self.group]
        if name.lower() not in self.columns:
            raise InvalidInput(f"{where}: group={name!r}: {suggest(name, self.columns)}")
        return self.columns[name.lower()]


def files_in(folder: Path, endings: Sequence[str], table: Path) -> dict[str, Path]:
    """The files in a folder and below that end so, but for the `table` and hidden ones, by name in natural order."""
    return {
        name: file
        for file in sorted(folder.rglob("*"), key=_natural)
        if file.name.lower().endswith(tuple(endings)) and file.is_file() and file != table
        if "/." not in f"/{(name := file.relative_to(folder).as_posix())}"
    }


def table_in(folder: Path, name: str | None) -> Path:
    """The table of a folder, whether it is there or not; one that was named has to be there."""
    table = folder / (name or TABLE)
    if name is not None and not table.is_file():
        raise InvalidInput(f"{table}: no such file; it should say the label of each file (columns file, label)")
    return table


def read_beside(table: Path, names: Sequence[str]) -> Beside:
    """What a table says of the files `names`; it has to name each of them once, and no others."""
    rows, lines = rows_of(table, separator_of(table))
    head = [cell.strip().lower() for cell in rows[0]] if rows else []
    place = {
        role: next((k for k, name in enumerate(head) if name in usual), None)
        for role, usual in {"file": _FILE, "label": USUAL["label"], "group": USUAL["group"]}.items()
    }
    if place["file"] is None or place["label"] is None:
        raise InvalidInput(f"{table}: expected columns file and label (and group), got {', '.join(head) or 'nothing'}")
    at: dict[str, int] = {}
    problems = []
    for k, (row, line) in enumerate(zip(rows[1:], lines[1:])):
        if len(row) != len(head):
            problems.append(f"line {line}: {len(row)} cells, but {len(head)} columns")
            continue
        name = Path(row[place["file"]].strip()).as_posix()
        if name in at:
            problems.append(f"line {line}: {name} is there twice")
        at[name] = k
    if all(len(row) == len(head) for row in rows):
        problems += [f"{name} is named, but not there" for name in at if name not in names]
        problems += [f"{name} is there, but not named" for name in names if name not in at]
    raise_together(problems, str(table), most=2 * MOST)
    order = [at[name] for name in names]
    places = Places("line", [lines[1:][k] for k in order])
    y, problems = labels(column_of([rows[1:][k][place["label"]] for k in order]), head[place["label"]], places)
    raise_together(problems, str(table), most=MOST)
    taken = (place["file"], place["label"])
    columns = {name: np.array([rows[1:][k][j].strip() for k in order]) for j, name in enumerate(head) if j not in taken}
    return Beside(y, columns, None if place["group"] is None else head[place["group"]])


def _natural(path: Path) -> list[tuple[int, str]]:
    """Numbers in names count as numbers."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", path.as_posix())]
