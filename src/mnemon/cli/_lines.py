"""Rows as lines of CSV or JSON."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

Row = tuple[list[Any], list[float] | None]


class Format(Enum):
    """How answers are written."""

    csv = "csv"
    json = "json"


def as_csv(columns: list[str], classes: list[Any], rows: Iterable[Row]) -> Iterator[str]:
    """A head, then the rows; where there are `classes`, the probability of each behind."""
    yield csv_line([*columns, *classes])
    for values, chances in rows:
        yield csv_line([*values, *(chances or ())])


def as_json(columns: list[str], classes: list[Any], rows: Iterable[Row]) -> Iterator[str]:
    """One array; each of its objects stands on a line of its own."""
    before = "[\n"
    for row in rows:
        yield before + json_object(columns, classes, row)
        before = ",\n"
    yield "\n]\n" if before == ",\n" else "[\n]\n"


def csv_line(values: Iterable[Any]) -> str:
    """Values as a line of CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue()


def json_object(columns: list[str], classes: list[Any], row: Row) -> str:
    """A row as a JSON object, its probabilities in an object of their own."""
    values, chances = row
    told: dict[str, Any] = dict(zip(columns, values))
    if chances is not None:
        told["probabilities"] = dict(zip(map(str, classes), chances))
    return json.dumps(told, ensure_ascii=False)
