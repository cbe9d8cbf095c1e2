"""An experiment's account as a page of Markdown, in the dialect of GitHub: what `docs/results` holds."""

import re
from typing import TYPE_CHECKING

from ._account_text import QUICK, even, printable

if TYPE_CHECKING:
    from ..lab import Account, Grid

# what would be read as markup anywhere in a line, and what only at its beginning
_ANYWHERE = re.compile(r"([\\`*_\[\]|~$])")
_FIRST = re.compile(r"^(?:([#+=>-])|(\d+)([.)])(?=\s|$))")


def account_markdown(account: "Account") -> str:
    """Heading, question, tables, notes and provenance; figures are named, the HTML page draws them."""
    parts = [
        f"# {_plain(account.title)}",
        f"**{QUICK}.**" if account.quick else "",
        _plain(account.question),
        *(_table(grid) for grid in account.grids),
        _figures([figure.caption for figure in account.figures]),
        *(_list(heading, [_plain(line) for line in lines]) for heading, lines in account.notes.items()),
        _list("Provenance", [f"{_plain(name)}: {_code(value)}" for name, value in account.provenance.items()]),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _plain(text: str) -> str:
    """`text` as a line in which nothing is read as Markdown or HTML."""
    return _FIRST.sub(lambda m: f"\\{m[1]}" if m[1] else f"{m[2]}\\{m[3]}", _within(text))


def _within(text: str) -> str:
    """`text` where no line begins: in a cell, a number keeps its sign and its point."""
    return _ANYWHERE.sub(r"\\\1", printable(text).replace("&", "&amp;").replace("<", "&lt;"))


def _code(text: str) -> str:
    """`text` to be copied as it is; its fence is longer than any in it."""
    text = printable(text)
    fence = "`" * (1 + max((len(ticks) for ticks in re.findall("`+", text)), default=0))
    room = " " if "`" in text else ""
    return f"{fence}{room}{text}{room}{fence}" if text else ""


def _table(grid: "Grid") -> str:
    """A pipe table under its caption, the names flush left, the rest flush right."""
    caption, table = _plain(grid.caption), even(grid)
    if not table:
        return caption
    head, *rows = [[_within(cell) for cell in row] for row in table]
    rule = ["---", *["---:"] * (len(head) - 1)]
    lines = [f"| {' | '.join(row)} |" for row in (head, rule, *rows)]
    return "\n".join([*([caption, ""] if caption else []), *lines])


def _figures(captions: list[str]) -> str:
    if not captions:
        return ""
    many = "figures" if len(captions) > 1 else "figure"
    return _list(None, [_plain(caption) for caption in captions], f"The HTML page has the {many}:")


def _list(heading: str | None, lines: list[str], lead: str = "") -> str:
    """Lines as bullets under a heading; nothing where there are none."""
    if not lines:
        return ""
    above = [f"## {_plain(heading)}"] if heading else []
    return "\n\n".join([*above, *filter(None, [lead]), "\n".join(f"- {line}" for line in lines)])
