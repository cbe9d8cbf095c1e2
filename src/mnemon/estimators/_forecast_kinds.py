"""Forecasts in the kind that the series came in: arrays, pandas tables with their index continued, one or many."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..series import Many, MeasuredSeries


def ahead_like(observed: MeasuredSeries | Many, tables: Sequence[np.ndarray], rows: np.ndarray) -> Any:
    """Tables (time, variables) of the steps behind each series, of which `rows` are asked for."""

    def one(series: MeasuredSeries, table: np.ndarray) -> Any:
        return _rows(series.like(table, series.timeline.continued(len(table))), rows)

    return _together(observed, tables, one)


def seen_like(observed: MeasuredSeries | Many, tables: Sequence[np.ndarray]) -> Any:
    """Tables (time, variables) of the steps of each series."""
    return _together(observed, tables, lambda series, table: series.like(table, series.timeline))


def banded_like(
    observed: MeasuredSeries | Many,
    tables: Sequence[np.ndarray],
    columns: Sequence[tuple[Any, ...]],
    rows: np.ndarray,
) -> Any:
    """Tables (time, variables, columns) of the steps behind each series, of which `rows` are asked for.

    Arrays keep that shape, without the axis of variables where the series had none; tables of pandas have columns
    (variable, *column).
    """

    def one(series: MeasuredSeries, table: np.ndarray) -> Any:
        if series.kind in ("vector", "table"):
            return (table[:, 0] if series.kind == "vector" else table)[rows]
        import pandas

        names = [0 if name is None else name for name in series.names]
        index = series.timeline.continued(len(table)).index()
        wide = pandas.MultiIndex.from_tuples([(name, *column) for name in names for column in columns])
        return pandas.DataFrame(table.reshape(len(table), -1), index=index, columns=wide).iloc[rows]

    return _together(observed, tables, one)


def _together(
    observed: MeasuredSeries | Many, tables: Sequence[np.ndarray], one: Callable[[MeasuredSeries, np.ndarray], Any]
) -> Any:
    made = [one(series, table) for series, table in zip(observed.each, tables, strict=True)]
    if isinstance(observed, MeasuredSeries):
        return made[0]
    return observed.gather(made)


def _rows(made: Any, rows: np.ndarray) -> Any:
    if len(rows) == len(made):
        return made
    return made.iloc[rows] if hasattr(made, "iloc") else made[rows]
