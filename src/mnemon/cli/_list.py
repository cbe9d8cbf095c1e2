"""`mnemon list`: what there is to choose from."""

import json
import textwrap
from shutil import get_terminal_size
from typing import Annotated

import typer

from ..errors import InvalidInput, suggest


def list_(
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="KIND",
            help="cells, layers, gradients, updates, data, initialisers, readouts or losses; without it, the kinds.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything as JSON.")] = False,
) -> None:
    """List the parts of the package by their names, with a line on each and where it was published."""
    from ._catalogue import KINDS

    if kind is None:
        if as_json:
            print(json.dumps({name: {"what": k.what, "use": k.use} for name, k in KINDS.items()}, indent=2))
            return
        width = max(map(len, KINDS))
        for name, one in KINDS.items():
            print(f"{name.ljust(width)}  {one.what}")
        print("\nmnemon list KIND tells more")
        return
    if kind not in KINDS:
        raise InvalidInput(f"list {kind!r}: {suggest(kind, KINDS)}")
    entries = KINDS[kind].entries()
    if as_json:
        print(json.dumps([entry._asdict() for entry in entries], indent=2, ensure_ascii=False))
        return
    width, across = max(len(entry.name) for entry in entries), max(get_terminal_size().columns, 60)
    for entry in entries:
        for text, first in ((entry.says, entry.name.ljust(width)), (entry.reference, " " * width)):
            if text:
                hang = " " * (width + 2)
                print(textwrap.fill(text, across, initial_indent=f"{first}  ", subsequent_indent=hang))
    print(f"\n{KINDS[kind].use}")
