"""`mnemon predict`: what a model says of sequences, as CSV or JSON."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ._lines import Format, as_csv, as_json
from ._options import FILES, Force, Model, check_targets


def predict(
    model: Model,
    data: Annotated[
        list[str],
        typer.Argument(
            metavar="DATA...",
            help="Sequences, in a file or a folder; or recordings, any number of files and folders.",
            show_default=False,
        ),
    ],
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
    sources = {"data" if k == 0 else f"data {k}": path for k, path in enumerate(data)}
    check_targets({"predictions": out}, {"model": model, **sources}, force=force)

    from .._files import write_whole
    from ._answers import answers_of, with_files
    from ._inputs import in_file, load_model
    from ._options import at_least

    at_least("--window", window, 1)
    saying = load_model(model, data[0], trained=False)
    read, files = _read(saying, data)
    with in_file(data[0]):
        said = answers_of(saying, read, proba=proba, window=window)
    said = said if files is None else with_files(said, files)
    lines = (as_csv if form is Format.csv else as_json)(*said)
    if out is None:
        sys.stdout.writelines(lines)
        return

    def write(beside: Path) -> None:
        with open(beside, "x", encoding="utf-8", newline="\n") as file:
            file.writelines(lines)

    write_whole(out, "predictions", write, overwrite=force)


def _read(model: Any, paths: list[str]) -> tuple[Any, list[str] | None]:
    """The sequences; of recordings their files, too."""
    from ..data import Dataset
    from ..errors import InvalidInput
    from ._reading import data_for
    from ._sound import frames_of, is_sound, sound_files

    features = getattr(model, "features_", None)  # files of earlier versions have none
    if features is not None and any(map(is_sound, paths)):
        files = sound_files(paths)
        return Dataset(frames_of(features, files), None, paths[0]), files
    if len(paths) > 1:
        raise InvalidInput(f"{paths[1]}: only recordings may be several, for a model that was trained on some")
    return data_for(model, paths[0]), None
