"""Exogenous values beside a series: there at every step that is asked for, the future ones included."""

from typing import Any

from .._intake import listing
from ..errors import InvalidInput
from ._read import MeasuredSeries, one_series
from ._timeline import Timeline


def covariates(
    X: Any,
    timeline: Timeline,
    horizon: int = 0,
    *,
    columns: tuple[Any, ...] | None = None,
    missing: str = "error",
    what: str = "X",
) -> MeasuredSeries:
    """Exogenous values at the steps of `timeline` and at `horizon` steps behind it.

    For the future alone, pass `timeline.continued(horizon)` as the timeline.

    Args:
        X: numbers (time,), a table (time, columns), a pandas Series or DataFrame. Where it and the series have an
            index, its rows are found by their places, and it may have more of them; otherwise it has a row a step.
        timeline: of the series.
        horizon: steps behind it that X must know too.
        columns: those that X must have: their names where X is a DataFrame, else their number.
        missing: NaN is an "error", or "interpolate", as in `as_series`.
        what: what messages call X.

    Returns: values (timeline.length + horizon, columns).

    Raises:
        InvalidInput: steps without values (said which), rows too many, other columns, NaN or infinity, several series.

    """
    wanted = timeline.part(0, timeline.length + horizon)
    given = getattr(X, "index", None) if hasattr(X, "iloc") else None
    rows = _placeless(X) if given is not None else X
    measured = one_series(rows, missing=missing, what=what)
    if columns is not None and (
        len(columns) != len(measured.names) or (measured.kind == "DataFrame" and set(columns) != set(measured.names))
    ):
        raise InvalidInput(f"{what}: expected the columns {listing(columns)}, got {listing(measured.names)}")
    values = measured.values
    if columns is not None and measured.kind == "DataFrame":  # in the order that is known
        values = values[:, [measured.names.index(name) for name in columns]]
    names = measured.names if columns is None else tuple(columns)
    if given is not None and timeline.form != "none":
        own = Timeline.read(given, like=timeline, what=f"{what}: index")
        first = -timeline.offset_of(own)
    else:
        first = 0
        if len(values) > wanted.length:
            raise InvalidInput(
                f"{what}: {len(values)} rows, but {wanted.length} steps; give one row a step ({_stretch(wanted)})"
            )
    last = first + wanted.length
    if first < 0 or last > len(values):
        lost = [k for k in range(wanted.length) if not 0 <= first + k < len(values)]
        at = [wanted.label(k) for k in lost]
        where = "the horizon" if lost[0] >= timeline.length else "the series"
        raise InvalidInput(
            f"{what}: no exogenous values for {len(lost)} of the steps of {where}: {listing(at, 3)}; expected "
            f"{_stretch(wanted)}"
        )
    return MeasuredSeries(values[first:last], names, wanted, measured.kind)


def _placeless(X: Any) -> Any:
    """X of pandas with counted rows; its index is read in the clock of the series instead."""
    return X.reset_index(drop=True)


def _stretch(timeline: Timeline) -> str:
    return f"{timeline.label(0)} to {timeline.label(-1)}"
