"""Evenly spaced time: where step k of a series stands, and which step stands at a place.

    place(k) = start + stride k

counted in one of four units: plain numbers; the ticks of a datetime64 (seconds, days ...); calendar months, at one day
and time of the month counted from its beginning or from its end; weekdays, Monday to Friday, at one time of the day.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._intake import listing
from ..errors import InvalidInput, raise_together

_EPOCH = np.datetime64("1970-01-01", "D")
_SHORTEST_MONTH = np.timedelta64(28, "D")
_TOLERANCE = 1e-6  # of a stride: what rounding may move a number


@dataclass(frozen=True)
class Clock:
    """Which place follows which.

    Attributes:
        unit: "number", "tick", "month" or "weekday".
        start, stride: where step 0 stands (ticks, months and weekdays are counted from 1970), and units from one step
            to the next.
        resolution: the unit of datetime64 in which places are given; "" for numbers.
        offset: ticks from the beginning of the month, or of the day for weekdays; below 0 from the month's end.

    """

    unit: str = "number"
    start: int | float = 0
    stride: int | float = 1
    resolution: str = ""
    offset: int = 0

    def places(self, steps: np.ndarray) -> np.ndarray:
        """Where `steps` (n,) stand: numbers or datetime64, (n,)."""
        codes: Any = self.start + self.stride * np.asarray(steps)
        if self.unit == "number":
            return codes
        tick = f"M8[{self.resolution}]"
        if self.unit == "tick":
            return codes.astype(np.int64).view(tick)
        if self.unit == "weekday":
            return np.busday_offset(_EPOCH, codes).astype(tick) + np.timedelta64(self.offset, self.resolution)
        months = (codes + (self.offset < 0)).astype(np.int64).view("M8[M]")
        return months.astype(tick) + self.offset if self.offset else months.astype(tick)

    def steps(self, places: np.ndarray) -> np.ndarray:
        """Which steps stand at `places` (n,): float64 (n,), not whole where none does."""
        if self.unit == "number":
            return (np.asarray(places, np.float64) - self.start) / self.stride
        ticks = np.asarray(places).astype(f"M8[{self.resolution}]")
        if self.unit == "tick":  # whole ticks are divided, so that nanoseconds since 1970 do not round
            ahead = ticks.astype(np.int64) - int(self.start)
            return ahead // int(self.stride) + (ahead % int(self.stride)) / self.stride
        if self.unit == "weekday":
            codes = np.busday_count(_EPOCH, ticks.astype("M8[D]"), weekmask="1111100")
        else:
            codes = ticks.astype("M8[M]").astype(np.int64)
        near = (codes - self.start) / self.stride
        stands = self.places(np.floor(near).astype(np.int64)) == ticks
        return np.where(stands, near, np.floor(near) + 0.5)

    @property
    def period(self) -> int:
        """Steps of the season that such a spacing usually has: 12 months, 4 quarters, 7 days, 5 weekdays, 24 hours."""
        if self.unit == "month":
            return 12 // int(self.stride) if 12 % self.stride == 0 else 1
        if self.unit == "weekday":
            return 5 if self.stride == 1 else 1
        if self.unit == "tick":
            step = np.timedelta64(int(self.stride), self.resolution)
            return 7 if step == np.timedelta64(1, "D") else 24 if step == np.timedelta64(1, "h") else 1
        return 1


def number_clock(values: np.ndarray, what: str) -> Clock:
    """The clock of numbers (n,) that increase by equal amounts.

    Raises:
        InvalidInput: numbers that do not increase, have gaps, or are not evenly spaced.

    """
    check_order(values, str, what)
    whole = values.dtype.kind in "iu"
    start = int(values[0]) if whole else float(values[0])
    if len(values) == 1:
        return Clock("number", start, 1)
    stride = _usual(np.diff(values)) if whole else float(np.median(np.diff(values)))
    if not whole:  # over the whole stretch, where rounding weighs least
        stride = float(values[-1] - values[0]) / max(round(float(values[-1] - values[0]) / stride), 1)
    clock = Clock("number", start, stride)
    check_steps(clock.steps(values), str, clock, values, what)
    return clock


def time_clock(values: np.ndarray, what: str, *, weekdays: bool = False) -> Clock:
    """The clock of evenly spaced datetime64 values (n,): months of the calendar, weekdays, or equal amounts of time.

    - `weekdays`: Monday to Friday, also where no weekend shows it.

    Raises:
        InvalidInput: times that do not increase, have gaps, or are not evenly spaced; one time alone, where its
            resolution does not say how long a step is.

    """
    if (lost := np.flatnonzero(np.isnat(values))).size:
        raise InvalidInput(f"{what}: no time at row {listing(lost)}; fill it in or leave the row out")
    check_order(values, time_label, what)
    clock = _times(values, what, weekdays)
    check_steps(clock.steps(values), time_label, clock, values, what)
    return clock


def _times(values: np.ndarray, what: str, weekdays: bool) -> Clock:
    resolution, multiple = np.datetime_data(values.dtype)
    if multiple != 1:
        raise InvalidInput(f"{what}: times of {multiple} {resolution} each; use a plain resolution, as datetime64[D]")
    if resolution == "generic":
        raise InvalidInput(f"{what}: times without a resolution")
    months = values.astype("M8[M]").astype(np.int64)
    if resolution in ("Y", "M"):
        usual = 12 if resolution == "Y" else 1
        return Clock("month", int(months[0]), _usual(np.diff(months), usual), resolution)
    days = values.astype("M8[D]")
    if len(values) == 1 and not weekdays:
        if resolution in ("D", "W"):
            return Clock("tick", int(values.astype(np.int64)[0]), 1, resolution)
        raise InvalidInput(f"{what}: one time alone shows no spacing; give an index with a frequency, or no index")
    tick = f"M8[{resolution}]"
    if not weekdays and np.all(np.diff(values) >= _SHORTEST_MONTH):
        begins, ends = values.astype("M8[M]").astype(tick), (values.astype("M8[M]") + 1).astype(tick)
        for offsets in ((values - ends).astype(np.int64), (values - begins).astype(np.int64)):
            last_days = offsets[0] >= 0 or np.all(
                (values + np.timedelta64(1, "D")).astype("M8[M]").astype(int) > months
            )
            if last_days and np.all(offsets == offsets[0]):
                return Clock("month", int(months[0]), _usual(np.diff(months)), resolution, int(offsets[0]))
    strides = np.diff(values.astype(np.int64))
    of_day = (values - days.astype(tick)).astype(np.int64)
    usual = _usual(strides, 1)
    if weekdays or (
        np.timedelta64(usual, resolution) == np.timedelta64(1, "D")
        and np.all(np.is_busday(days))
        and np.any(strides > usual)
        and np.ptp(values).astype("m8[D]").astype(int) >= 6
    ):
        first = int(np.busday_count(_EPOCH, days[0]))
        return Clock("weekday", first, 1, resolution, int(of_day[0]))
    return Clock("tick", int(values.astype(np.int64)[0]), usual, resolution)


def _usual(differences: np.ndarray, alone: int = 1) -> int:
    """The commonest of `differences`, the least of them where several are; `alone` where there is none."""
    if not differences.size:
        return alone
    found, times = np.unique(differences, return_counts=True)
    return int(found[np.argmax(times)])


def check_order(values: np.ndarray, label: Callable[[Any], str], what: str) -> None:
    """Raise `InvalidInput` where `values` (n,) do not increase, naming the first rows."""
    twice = np.flatnonzero(values[1:] == values[:-1])
    back = np.flatnonzero(values[1:] < values[:-1])
    problems = []
    if back.size:
        where = listing((f"{label(values[k + 1])} at row {k + 1} after {label(values[k])}" for k in back), 3)
        problems.append(f"time runs backwards: {where}; sort the series by its time")
    if twice.size:
        where = listing((f"{label(values[k])} at rows {k} and {k + 1}" for k in twice), 3)
        problems.append(f"a time stands twice: {where}; keep one row of each time")
    raise_together(problems, what)


def check_steps(steps: np.ndarray, label: Callable[[Any], str], clock: Clock, values: np.ndarray, what: str) -> None:
    """Raise `InvalidInput` where `steps` (n,), those of `values` on `clock`, are not whole or leave some out."""
    whole = np.rint(steps)
    if (off := np.flatnonzero(np.abs(steps - whole) > _TOLERANCE * np.maximum(1, 1e-6 * np.abs(whole)))).size:
        k = int(off[0])
        raise InvalidInput(
            f"{what}: the steps are not evenly spaced: {label(values[k])} at row {k} is not a whole number of steps "
            f"({spacing(clock)}) from {label(values[0])}; resample the series (resample() of pandas), or "
            "pass its values without an index"
        )
    if (wide := np.flatnonzero(np.diff(whole) > 1)).size:
        gone = int(whole[-1] - whole[0]) + 1 - len(whole)
        named = [int(whole[k]) + j for k in wide[:3] for j in range(1, int(whole[k + 1] - whole[k]))[:3]][:3]
        places = ", ".join(label(place) for place in clock.places(np.array(named, np.int64)))
        more = f" ... and {gone - len(named)} more" if gone > len(named) else ""
        raise InvalidInput(
            f"{what}: steps are missing ({spacing(clock)}): {places}{more}; put them in (asfreq() of pandas) and fill "
            'their values, e.g. with missing="interpolate"'
        )


def time_label(time: Any) -> str:
    """A time in words: its day alone at midnight, and no fractions of a second that are 0."""
    text = str(time)
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.removesuffix("T00:00:00")


def spacing(clock: Clock) -> str:
    """The stride in words: "0.5 apart", "3 months", "1 hour", "1 weekday"."""
    if clock.unit == "number":
        return f"{clock.stride:g} apart"
    if clock.unit in ("month", "weekday"):
        return f"{clock.stride} {clock.unit}" + "s" * (clock.stride != 1)
    step = np.timedelta64(int(clock.stride), clock.resolution)
    for unit, name in (("W", "week"), ("D", "day"), ("h", "hour"), ("m", "minute"), ("s", "second")):
        times = float(step / np.timedelta64(1, unit))
        if times >= 1 and times.is_integer():
            return f"{int(times)} {name}" + "s" * (times != 1)
    return f"{int(clock.stride)} {clock.resolution}"
