"""`mnemon predict`: what a model says of sequences, as CSV or JSON."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ._lines import Format, as_csv, as_json
from ._options import FILES, Data, Force, Model, check_targets


def predict(
    model: Model,
    data: Data,
    proba: Annotated[bool, typer.Option("--proba", help="The probability of each class, too.")] = False,
    window: Annotated[
        int | None,
        typer.Option(
            metavar="STEPS",
            help="Read recordings in windows of so many steps, side by side, each as a sequence of its own.",
        ),
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="csv, with a head; or json, one array with an object a line.")
    ] = Format.csv,
    out: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write here, not to standard output.", rich_help_panel=FILES),
    ] = None,
    force: Force = False,
) -> None:
    """Say the class, or the numbers, of each sequence; the label of each step; or what follows. Counted from 0."""
    check_targets({"predictions": out}, {"model": model, "data": data}, force=force)

    from .._files import write_whole
    from ._answers import answers_of
    from ._inputs import in_file, load_model
    from ._options import at_least
    from ._reading import data_for

    at_least("--window", window, 1)
    saying = load_model(model, data)
    read = data_for(saying, data)
    with in_file(data):
        said = answers_of(saying, read, proba=proba, window=window)
    lines = (as_csv if form is Format.csv else as_json)(*said)
    if out is None:
        sys.stdout.writelines(lines)
        return

    def write(beside: Path) -> None:
        with open(beside, "x", encoding="utf-8", newline="\n") as file:
            file.writelines(lines)

    write_whole(out, "predictions", write, overwrite=force)
