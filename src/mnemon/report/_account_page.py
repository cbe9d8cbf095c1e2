"""An experiment's account as a page: one HTML file that asks nothing of any other."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from .._files import write_whole
from . import _tables as tables
from ._account_figures import figure
from ._account_text import QUICK
from ._markup import Markup, element
from ._page import document
from ._parts import group, paragraph, section

if TYPE_CHECKING:
    from ..lab import Account, Grid


def account_page(account: "Account") -> str:
    """The whole account as HTML."""
    drawn = [figure(of, f"figure-{i}") for i, of in enumerate(account.figures)]
    notes = [_note(f"note-{i}", *note) for i, note in enumerate(account.notes.items())]
    parts = [
        section("question", "The question", paragraph(account.question)),
        section("tables", "Results", *(_table(grid) for grid in account.grids)),
        section("figures", "Figures", group("charts", *drawn)),
        *notes,
        section("provenance", "Provenance", tables.rows(account.provenance)),
    ]
    version = account.provenance.get("mnemon", "")
    foot = element("footer", element("p", f"Written by Mnemon {version}".rstrip() + "."))
    return document(account.title, _header(account), element("main", parts), foot)


def write_account(path: str | os.PathLike[str], account: "Account", *, overwrite: bool = False) -> Path:
    """Write `account` as one HTML file that needs no other; give back its path.

    A file that is there stays as it is, unless `overwrite` is set and the new one could be written whole.
    """
    text = account_page(account)
    return write_whole(path, "account", lambda beside: _write(beside, text), overwrite=overwrite)


def _write(beside: Path, text: str) -> None:
    beside.write_text(text, encoding="utf-8", newline="\n")


def _header(account: "Account") -> Markup:
    quick = element("p", QUICK, class_="quick") if account.quick else None
    return element("header", element("h1", account.title), element("p", account.name, class_="note"), quick)


def _table(grid: "Grid") -> Markup:
    """A table under its caption, which stays where it is when the table scrolls."""
    return element(
        "figure", element("figcaption", grid.caption), tables.table(grid.head, filter(None, grid.rows)), class_="wide"
    )


def _note(name: str, heading: str, lines: tuple[str, ...]) -> Markup | None:
    return section(name, heading, element("ul", [element("li", line) for line in lines]) if lines else None)
