"""An experiment's account for a terminal."""

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..lab import Account, Grid

WIDTH = 88
QUICK = "QUICK RUN: not a full result"


def account_text(account: "Account", *, width: int = WIDTH) -> str:
    """Title, question, tables, notes and provenance as lines; sentences wrapped to `width`, tables as wide as they are.

    Figures are named only.
    """
    parts = [
        [printable(account.title), *([QUICK] if account.quick else [])],
        _wrapped(account.question, width),
        *(_table(grid, width) for grid in account.grids),
        [line for figure in account.figures for line in _wrapped(f"{figure.caption} (on the page)", width)],
        *(_note(heading, lines, width) for heading, lines in account.notes.items()),
        _provenance(account),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def even(grid: "Grid") -> list[list[str]]:
    """The head and the rows of a table on one line each, filled up with empty cells to the same length."""
    table = [[printable(cell) for cell in row] for row in (grid.head, *grid.rows)]
    columns = max(map(len, table))
    return [row + [""] * (columns - len(row)) for row in table] if columns else []


def printable(text: str) -> str:
    """`text` on one line, without characters that would move a terminal's cursor or colour its words."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in " ".join(text.split()))


def _wrapped(text: str, width: int, first: str = "") -> list[str]:
    """`text` in lines, words never broken: commands and addresses stay whole."""
    return textwrap.wrap(
        printable(text),
        width,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _table(grid: "Grid", width: int) -> list[str]:
    return [*_wrapped(grid.caption, width), *_aligned(even(grid))]


def _aligned(table: list[list[str]]) -> Iterator[str]:
    """Lines of a table: the names flush left, what belongs to them flush right, a rule under the head."""
    widths = [max(map(len, column)) for column in zip(*table)]
    for i, row in enumerate(table):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(wide) for cell, wide in zip(row[1:], widths[1:]))]
        yield "  ".join(cells).rstrip()
        if i == 0:
            yield "-" * (sum(widths) + 2 * (len(widths) - 1))


def _note(heading: str, lines: tuple[str, ...], width: int) -> list[str]:
    return [printable(heading), *(part for line in lines for part in _wrapped(line, width, "- "))]


def _provenance(account: "Account") -> list[str]:
    names = {printable(name): printable(value) for name, value in account.provenance.items()}
    longest = max(map(len, names), default=0)
    return [f"{name.ljust(longest)}  {value}".rstrip() for name, value in names.items()]
