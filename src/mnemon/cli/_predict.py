"""`mnemon predict`: the class of each sequence, as CSV or JSON."""

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from ._options import FILES, Data, Force, Model, check_targets


class Format(Enum):
    """How predictions are written."""

    csv = "csv"
    json = "json"


def predict(
    model: Model,
    data: Data,
    proba: Annotated[bool, typer.Option("--proba", help="The probability of each class, too.")] = False,
    form: Annotated[
        Format, typer.Option("--format", help="csv, with a head; or json, one array with an object a line.")
    ] = Format.csv,
    out: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write here, not to standard output.", rich_help_panel=FILES),
    ] = None,
    force: Force = False,
) -> None:
    """Name the class of each sequence, a line each, counted from 0."""
    check_targets({"predictions": out}, {"model": model, "data": data}, force=force)

    from .._files import write_whole
    from ..data import read
    from ._inputs import in_file, load_model

    classifier = load_model(model, data)
    xs = read(data).X
    with in_file(data):
        probabilities = classifier.predict_proba(xs)
    classes = classifier.classes_.tolist()
    labels = classifier.classes_[probabilities.argmax(axis=1)].tolist()
    rows = zip(labels, probabilities.tolist() if proba else [None] * len(labels))
    lines = (_as_csv if form is Format.csv else _as_json)(classes if proba else [], rows)
    if out is None:
        sys.stdout.writelines(lines)
        return

    def write(beside: Path) -> None:
        with open(beside, "x", encoding="utf-8", newline="\n") as file:
            file.writelines(lines)

    write_whole(out, "predictions", write, overwrite=force)


Row = tuple[Any, list[float] | None]


def _as_csv(classes: list[Any], rows: Iterable[Row]) -> Iterator[str]:
    """A head, then index, label and, where there are `classes`, the probability of each."""

    def line(values: Iterable[Any]) -> str:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(values)
        return text.getvalue()

    yield line(["index", "label", *classes])
    for index, (label, chances) in enumerate(rows):
        yield line([index, label, *(chances or ())])


def _as_json(classes: list[Any], rows: Iterable[Row]) -> Iterator[str]:
    """One array; each of its objects stands on a line of its own."""
    before = "[\n"
    for index, (label, chances) in enumerate(rows):
        told: dict[str, Any] = {"index": index, "label": label}
        if chances is not None:
            told["probabilities"] = dict(zip(map(str, classes), chances))
        yield before + json.dumps(told, ensure_ascii=False)
        before = ",\n"
    yield "\n]\n"
