"""A measured series from a file, and what stands beside it: what is known of it, and what is known of the time to come.

The series ends with the last value of its target; rows behind it hold exogenous values to come.
"""

from typing import NamedTuple

import numpy as np

from .._intake import listing
from ..data import SeriesTable, read_series
from ..errors import InvalidInput, suggest
from ..series import MeasuredSeries, Timeline, covariates, measured_series
from ._inputs import in_file


class Columns(NamedTuple):
    """Which columns are what; without targets, all that are nothing else.

    Attributes:
        target, past: names.
        exog: names; or those of another file.
        time: of the column of times, or None.
        file: of exogenous values, or None.

    """

    target: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    exog: tuple[str, ...] = ()
    time: str | None = None
    file: str | None = None


class Given(NamedTuple):
    """What is known.

    Attributes:
        name: of the file.
        y: the series.
        X, past: beside it, at its steps, or None.
        ahead: exogenous values of the steps to come, or None.

    """

    name: str
    y: MeasuredSeries
    X: MeasuredSeries | None = None
    past: MeasuredSeries | None = None
    ahead: MeasuredSeries | None = None


def given_in(
    path: str,
    columns: Columns,
    horizon: int,
    *,
    missing: str = "error",
    wrapped: bool = False,
    like: MeasuredSeries | None = None,
) -> Given:
    """The series in a file, with what stands beside it and the exogenous values of `horizon` steps to come.

    Args:
        path: of a table or of plain numbers, see `mnemon.data.read_series`.
        columns: what its columns are.
        horizon: steps whose exogenous values must be there, where there are some at all.
        missing: what empty cells are: "error", or "interpolate".
        wrapped: see `mnemon.data.read_series`.
        like: a series that this one continues, of whose steps those are left out that it holds already.

    Raises:
        InvalidInput: columns that are not there or are two things, a file that cannot be read, and values that are
            missing, those of the horizon among them.

    """
    beside = columns.past + columns.exog
    if twice := [name for name in columns.target if name in beside] or [n for n in columns.past if n in columns.exog]:
        raise InvalidInput(f"column {twice[0]!r} is named twice: as --target, --past or --exog, not as two of them")
    wanted = columns.target + beside if columns.target else None
    table = read_series(path, time=columns.time, columns=wanted, wrapped=wrapped)
    if lost := [name for name in beside if name not in table.names]:
        raise InvalidInput(f"{path}: column {lost[0]!r}: {suggest(lost[0], table.names)}")
    target = columns.target or tuple(name for name in table.names if name not in beside)
    if not target:
        raise InvalidInput(f"{path}: no column is left to foretell: {listing(table.names)} are said to stand beside it")
    there = np.flatnonzero(~np.isnan(_of(table, target)).all(axis=1))
    if not there.size:
        raise InvalidInput(f"{path}: {listing(target)}: holds no value")
    with in_file(path):
        whole = Timeline.read(table.time, len(table), like=None if like is None else like.timeline, what="times")
        first = 0 if like is None else max(len(like) - like.timeline.offset_of(whole), 0)
        end = int(there[-1]) + 1
        if first >= end:
            raise InvalidInput(
                f"nothing new: the model knows the series up to {like.timeline.label(-1) if like else 0}"
            )
        timeline = whole.part(first, end)

        def part(names: tuple[str, ...], last: int, what: str) -> MeasuredSeries:
            values = _of(table, names)[first:last]
            return measured_series(values, names, whole.part(first, last), missing=missing, what=what)

        y = part(target, end, "the series")
        past = part(columns.past, end, "--past") if columns.past else None
        known = part(columns.exog, min(len(table), end + horizon), "--exog") if columns.exog else None
        if known is not None:  # missed before training, not after it
            covariates(known, timeline, horizon, what="--exog")
    if columns.file is not None:
        known = exogenous_in(
            columns.file, timeline, horizon, (), (*target, *columns.past), missing=missing, timed=table.time is not None
        )
    if known is None:
        return Given(table.name, y, past=past)
    return Given(table.name, y, known.part(0, len(y)), past, known.part(len(y), len(known)))


def exogenous_in(
    path: str,
    timeline: Timeline,
    horizon: int,
    columns: tuple[str, ...] = (),
    others: tuple[str, ...] = (),
    *,
    missing: str,
    timed: bool,
) -> MeasuredSeries:
    """Exogenous values of a file at the steps of `timeline` and at `horizon` steps behind it.

    Args:
        path: of a table or of plain numbers.
        timeline: of the series.
        horizon: steps behind it.
        columns: which are wanted; without them, all but `others`.
        others: columns that are none.
        missing: see `given_in`.
        timed: whether steps are found by their times, where the file has some; otherwise the first row is the first.

    Raises:
        InvalidInput: naming the steps that are not there.

    """
    table: SeriesTable = read_series(path, columns=columns or None)
    names = columns or tuple(name for name in table.names if name not in others)
    with in_file(path):
        if not names:
            raise InvalidInput(f"has no column but those of the series, {listing(table.names)}")
        first = 0
        if timed and table.time is not None:
            own = Timeline.read(table.time, like=timeline, what="times")
            first = -timeline.offset_of(own)
            if first < 0 or first >= len(table):
                raise InvalidInput(
                    f"goes from {own.label(0)} to {own.label(-1)}; exogenous values are needed from {timeline.label(0)}"
                )
        last = min(len(table), first + timeline.length + horizon)
        there = timeline.part(0, last - first)
        known = measured_series(_of(table, names)[first:last], names, there, missing=missing, what="--exog")
        return covariates(known, timeline, horizon, what="--exog")


def _of(table: SeriesTable, names: tuple[str, ...]) -> np.ndarray:
    """(time, names) of a table."""
    return table.values[:, [table.names.index(name) for name in names]]
