"""What a user may pass as a measured series, as one table of numbers with its names and its timeline; and back."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._intake import listing
from ..errors import InvalidInput, InvalidType, raise_together, suggest
from ._timeline import Timeline, installed

MISSING = ("error", "interpolate")


@dataclass(frozen=True)
class MeasuredSeries:
    """One series: what was measured, variable by variable, at evenly spaced steps.

    Attributes:
        values: (time, variables), float64, finite.
        names: (variables,) as the user calls them, 0, 1 ... where they have no names.
        timeline: where the steps stand.
        kind: what it came in: "vector", "table" (numpy), "Series" or "DataFrame" (pandas).

    """

    values: np.ndarray
    names: tuple[Any, ...]
    timeline: Timeline
    kind: str

    def __len__(self) -> int:
        return len(self.values)

    @property
    def each(self) -> "tuple[MeasuredSeries, ...]":
        """The series, as the only one."""
        return (self,)

    @property
    def constant(self) -> tuple[Any, ...]:
        """Names of the variables that never change."""
        return tuple(name for name, column in zip(self.names, self.values.T) if np.all(column == column[0]))

    @property
    def warning(self) -> str | None:
        """A sentence about the variables that never change, where there are some."""
        if not self.constant:
            return None
        which = "the series does" if len(self.names) == 1 else f"the variables {listing(self.constant)} do"
        return f"{which} not change, so there is nothing to learn: every forecast is the value that was seen"

    def part(self, start: int, stop: int) -> "MeasuredSeries":
        """Steps `start` to `stop` (left out)."""
        return MeasuredSeries(self.values[start:stop], self.names, self.timeline.part(start, stop), self.kind)

    def like(self, values: np.ndarray, timeline: Timeline) -> Any:
        """`values` (time, variables) at the steps of `timeline`, in the kind that this series came in.

        A vector comes back as (time,), a Series or DataFrame with its names and the index of `timeline`.

        Example:
            >>> import numpy as np
            >>> from mnemon.series import as_series
            >>> y = as_series([1.0, 2.0, 4.0])
            >>> y.like(np.array([[8.0]]), y.timeline.continued(1))
            array([8.])

        """
        values = np.asarray(values)
        if values.shape != (timeline.length, len(self.names)):
            raise InvalidInput(f"expected values {(timeline.length, len(self.names))}, got {values.shape}")
        if self.kind == "table":
            return values
        if self.kind == "vector":
            return values[:, 0]
        pandas = installed()

        if self.kind == "Series":
            return pandas.Series(values[:, 0], index=timeline.index(), name=self.names[0])
        return pandas.DataFrame(values, index=timeline.index(), columns=pandas.Index(self.names))


@dataclass(frozen=True)
class Many:
    """Several series of the same variables, each with its own length and timeline.

    Attributes:
        each: (n,) the series.
        names: (n,) as the user calls them, 0, 1 ... where they have no names.
        kind: what they came in: "list", "dict", or "frame", a pandas table with an index of (series, time).
        levels: names of the two levels of that index.

    """

    each: tuple[MeasuredSeries, ...]
    names: tuple[Any, ...]
    kind: str
    levels: tuple[Any, Any] = (None, None)

    def __len__(self) -> int:
        return len(self.each)

    @property
    def warning(self) -> str | None:
        """A sentence about the series in which variables never change, where there are some."""
        still = [name for name, one in zip(self.names, self.each) if one.constant]
        return f"variables that do not change in series {listing(still)}: nothing to learn there" if still else None

    def like(self, values: list[np.ndarray], timelines: list[Timeline]) -> Any:
        """One table (time, variables) and timeline a series, in the kind that the series came in."""
        return self.gather(
            [one.like(table, timeline) for one, table, timeline in zip(self.each, values, timelines, strict=True)]
        )

    def gather(self, made: list[Any]) -> Any:
        """What was made of each series, in the kind that the series came in."""
        if self.kind == "list":
            return made
        if self.kind == "dict":
            return dict(zip(self.names, made))
        pandas = installed()

        return pandas.concat(dict(zip(self.names, made)), names=list(self.levels))


def as_series(
    y: Any,
    *,
    missing: str = "error",
    least: int = 1,
    like: "MeasuredSeries | None" = None,
    what: str = "y",
) -> "MeasuredSeries | Many":
    """One measured series, or several.

    Args:
        y: one series: numbers (time,), a table (time, variables), a pandas Series or DataFrame (a column a variable).
            Several: a list of arrays or of pandas objects, a dict of any of these by name, a Series or DataFrame whose
            index has two levels (series, time).
        missing: NaN is an "error", or "interpolate": a straight line between the known values around, the nearest known
            one at the edges.
        least: steps that each must have.
        like: the series that `y` continues: the same variables, its clock; without an index of its own, `y` comes right
            behind it.
        what: what messages call `y`.

    Raises:
        InvalidInput: nothing, too few steps, NaN or infinity (the rows are named), an index with gaps or out of order,
            other variables than those of `like` or of the other series.
        InvalidType: text, complex numbers, or an object of another kind.

    Example:
        >>> from mnemon.series import as_series
        >>> as_series({"north": [1.0, 2.0], "south": [3.0, 4.0, 5.0]}).names
        ('north', 'south')

    """
    if missing not in MISSING:
        raise InvalidInput(f"missing={missing!r}: {suggest(str(missing), MISSING)}")
    if isinstance(y, MeasuredSeries | Many):
        return y
    kind, items, levels = _several(y, what)
    if not kind:
        return _one(y, missing, least, like, what)
    if not items:
        raise InvalidInput(f"{what}: no series at all")
    each = tuple(_one(item, missing, least, like, f"{what}[{name!r}]") for name, item in items.items())
    variables = [one.names if one.kind == "DataFrame" else len(one.names) for one in each]
    if other := [name for name, found in zip(items, variables) if found != variables[0]]:
        raise InvalidInput(f"{what}: series {listing(other)}: other variables than the first has, {variables[0]}")
    return Many(each, tuple(items), kind, levels)


def one_series(
    y: Any, *, missing: str = "error", least: int = 1, like: MeasuredSeries | None = None, what: str = "y"
) -> MeasuredSeries:
    """As `as_series`, for what takes one series only; `InvalidInput` for several."""
    measured = as_series(y, missing=missing, least=least, like=like, what=what)
    if isinstance(measured, Many):
        raise InvalidInput(f"{what}: {len(measured)} series, where one is taken; pass them one after another")
    return measured


def measured_series(
    values: np.ndarray, names: tuple[Any, ...], timeline: Timeline, *, missing: str = "error", what: str = "y"
) -> MeasuredSeries:
    """A table of numbers (time, variables) whose names and steps are known, as a file has them; see `as_series`.

    Raises:
        InvalidInput: NaN that is not to be interpolated, infinity, or a variable without any value.

    """
    if missing not in MISSING:
        raise InvalidInput(f"missing={missing!r}: {suggest(str(missing), MISSING)}")
    known = _known(np.array(values, np.float64), tuple(names), timeline, missing, what)
    return MeasuredSeries(known, tuple(names), timeline, "table")


def _several(y: Any, what: str) -> tuple[str, dict[Any, Any], tuple[Any, Any]]:
    """The kind of a collection, its items by name and the names of an index's levels; "" where `y` is one series."""
    if _framed(y):
        if y.index.nlevels > 2:
            raise InvalidInput(f"{what}: an index of {y.index.nlevels} levels; expected two, (series, time)")
        if y.index.nlevels == 2:
            parts = y.groupby(level=0, sort=False)
            return "frame", {name: part.droplevel(0) for name, part in parts}, tuple(y.index.names)
    elif isinstance(y, dict):
        return "dict", y, (None, None)
    elif isinstance(y, list | tuple) and any(_framed(item) or (np.ndim(item) and _array(item)) for item in y):
        return "list", dict(enumerate(y)), (None, None)
    return "", {}, (None, None)


def _framed(y: Any) -> bool:
    """Whether `y` is a Series or DataFrame of pandas."""
    return hasattr(y, "index") and hasattr(y, "to_numpy") and hasattr(y, "iloc")


def _array(y: Any) -> bool:
    return hasattr(y, "__array__")


def _one(y: Any, missing: str, least: int, like: MeasuredSeries | None, what: str) -> MeasuredSeries:
    _refuse_kinds(y, what)
    framed = _framed(y)
    values, shape = _numbers(y, framed, what)
    kind = type(y).__name__ if framed else "vector" if len(shape) == 1 else "table"
    names = tuple(y.columns) if kind == "DataFrame" else (y.name,) if kind == "Series" else tuple(range(shape[-1]))
    names = (0,) if kind == "vector" else names
    if len(set(names)) < len(names):
        raise InvalidInput(f"{what}: two variables of one name: {listing(names)}")
    if like is not None and (
        len(names) != len(like.names) or (kind == like.kind == "DataFrame" and names != like.names)
    ):
        raise InvalidInput(f"{what}: expected the variables {listing(like.names)}, got {listing(names)}")
    timeline = Timeline.read(
        y.index if framed and (like is None or like.timeline.form != "none") else None,
        len(values),
        like=None if like is None else like.timeline,
        what=f"{what}: index",
    )
    if len(values) < least:
        raise InvalidInput(f"{what}: {len(values)} steps, where at least {least} are needed")
    return MeasuredSeries(_known(values, names, timeline, missing, what), names, timeline, kind)


def _refuse_kinds(y: Any, what: str) -> None:
    if not (_framed(y) or _array(y) or isinstance(y, list | tuple | range)):
        raise InvalidType(
            f"{what}: expected numbers (time,), a table (time, variables) or a pandas object, got {type(y).__name__}"
        )


def _numbers(y: Any, framed: bool, what: str) -> tuple[np.ndarray, tuple[int, ...]]:
    """(time, variables) float64, missing values as NaN, and the shape that `y` had."""
    try:
        array = np.asarray(y.astype(object) if framed else y)
    except ValueError:
        raise InvalidInput(f"{what}: rows of differing length; give several series as a list of arrays") from None
    if array.ndim not in (1, 2):
        more = "; pass several series as a list, list(y)" if array.ndim == 3 else ""
        raise InvalidInput(f"{what}: expected (time,) or (time, variables), got shape {array.shape}{more}")
    if array.size == 0:
        raise InvalidInput(f"{what}: empty, shape {array.shape}; expected at least one step of one variable")
    table = array if array.ndim == 2 else array[:, np.newaxis]
    if table.dtype.kind == "O":
        texts = [k for k, column in enumerate(table.T) if any(isinstance(item, str | bytes) for item in column)]
        if texts or any(isinstance(item, complex | np.complexfloating) for item in table.flat):
            names = listing(y.columns[texts] if hasattr(y, "columns") else texts)
            raise InvalidType(
                f"{what}: {f'text in column {names}' if texts else 'complex numbers'}; numbers are needed"
            )
        table = np.where(_nothing(table), np.nan, table)
    if table.dtype.kind not in "iufbO":
        found = {"U": "text", "S": "text", "T": "text", "c": "complex numbers"}.get(table.dtype.kind, str(table.dtype))
        raise InvalidType(f"{what}: {found}, where numbers are needed")
    try:
        return table.astype(np.float64), array.shape
    except (TypeError, ValueError) as problem:
        raise InvalidType(f"{what}: not all entries are numbers: {problem}") from None


def _nothing(table: np.ndarray) -> np.ndarray:
    """Where None, NaN or pandas' missing value stands: whatever does not equal itself."""
    return np.vectorize(lambda item: item is None or type(item).__name__ == "NAType" or item != item, otypes=[bool])(
        table
    )


def _known(values: np.ndarray, names: tuple[Any, ...], timeline: Timeline, missing: str, what: str) -> np.ndarray:
    """`values` without NaN, by the policy; refused where they hold infinity, or nothing."""
    gone = np.isnan(values)
    problems = []
    for name, column, lost in zip(names, values.T, gone.T):
        at = "" if len(names) == 1 else f" of {name!r}"
        if (endless := np.flatnonzero(np.isinf(column))).size:
            problems.append(f"infinity{at} at {listing(timeline.label(k) for k in endless)}")
        if lost.all():
            problems.append(f"no value{at} at all")
        elif missing == "error" and lost.any():
            rows = np.flatnonzero(lost)
            where = listing(f"row {k}" + f" ({timeline.label(k)})" * (timeline.form != "none") for k in rows)
            problems.append(f'missing values (NaN){at} at {where}; fill them, or use missing="interpolate"')
    raise_together(problems, what)
    if gone.any():
        steps = np.arange(len(values))
        for k in np.flatnonzero(gone.any(axis=0)):
            values[:, k] = np.interp(steps, steps[~gone[:, k]], values[~gone[:, k], k])
    return values
