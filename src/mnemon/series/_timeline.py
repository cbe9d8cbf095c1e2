"""Where the values of a series stand in time, and where its forecasts will."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .._intake import listing
from ..errors import InvalidInput, InvalidType
from ._clock import Clock, check_order, check_steps, number_clock, spacing, time_clock, time_label

_SEASONS = {"M": 12, "Q": 4, "D": 7, "B": 5, "h": 24}  # pandas' names of the spacings of periods


@dataclass(frozen=True)
class Timeline:
    """`length` evenly spaced steps, and the kind of index that said where they stand.

    Made by `Timeline.read`; what comes after it by `continued`.

    Attributes:
        length: steps.
        clock: where each stands, step 0 first.
        form: "none", "numbers" or "times" (numpy), or the name of a pandas index.
        frequency: of a pandas index, "" where it has none.
        zone: the time zone of a DatetimeIndex, "" where it has none.
        wall: whether its steps are even by the clock on the wall (days), or in absolute time (hours).
        name: of the index.

    Example:
        >>> import numpy as np
        >>> from mnemon.series import Timeline
        >>> months = np.arange("2001-10", "2002-01", dtype="M8[M]")
        >>> Timeline.read(months).continued(2).index()
        array(['2002-01', '2002-02'], dtype='datetime64[M]')

    """

    length: int
    clock: Clock = field(default_factory=Clock)
    form: str = "none"
    frequency: str = ""
    zone: str = ""
    wall: bool = True
    name: Any = None

    @staticmethod
    def read(
        index: Any = None, length: int | None = None, *, like: "Timeline | None" = None, what: str = "index"
    ) -> "Timeline":
        """The timeline of an index: evenly spaced, increasing, without gaps.

        Args:
            index: (n,) a DatetimeIndex, PeriodIndex, RangeIndex or index of numbers of pandas; datetime64 or numbers;
                None for steps that are only counted.
            length: the number of values, which the index must have too; needed where there is no index.
            like: a timeline whose clock this index is to be read in, so that one step alone has a spacing. Steps
                without an index come right behind it.
            what: what messages call the index.

        Raises:
            InvalidInput: another length, no step, times that do not increase, have gaps or are not evenly spaced, or
                that do not belong to the clock of `like`.
            InvalidType: an index of something else, such as text.

        """
        if index is None:
            if length is None or length < 1:
                raise InvalidInput(f"{what}: a series needs at least one step")
            return Timeline(length) if like is None else like.continued(length)
        form, frequency, zone, name = _kind(index, what)
        count = len(index)
        if count < 1:
            raise InvalidInput(f"{what}: a series needs at least one step")
        if length is not None and count != length:
            raise InvalidInput(f"{what}: {length} values, but {count} places in the index")
        rough = Timeline(count, Clock(), form, frequency, zone, name=name)
        if like is not None:
            return like._taking(index, rough, what)
        if form == "DatetimeIndex":
            return rough._with_times(index, what)
        if form == "PeriodIndex":
            values = np.asarray(index.asi8)
            every = int(index.freq.n)  # ordinals count the single unit, also of "2M"
            check_order(values, rough._label, what)
            clock = Clock("number", int(values[0]), every)
            check_steps(clock.steps(values), rough._label, clock, values, what)
            return replace(rough, clock=clock)
        values = np.asarray(index)
        return replace(rough, clock=time_clock(values, what) if form == "times" else number_clock(values, what))

    def _with_times(self, index: Any, what: str) -> "Timeline":
        """The timeline with the clock of a DatetimeIndex: days by the wall, what is shorter in absolute time."""
        weekdays = self.frequency == "B"
        if len(index) == 1 and index.freq is not None:
            index = index.append(index + index.freq)
        if not self.zone:
            return replace(self, clock=time_clock(index.to_numpy(), what, weekdays=weekdays))
        try:
            clock = time_clock(index.tz_localize(None).to_numpy(), what, weekdays=weekdays)
        except InvalidInput:  # an hour that comes twice, or never
            return replace(self, clock=time_clock(_absolute(index), what), wall=False)
        if clock.unit == "tick" and np.timedelta64(int(clock.stride), clock.resolution) < np.timedelta64(1, "D"):
            return replace(self, clock=time_clock(_absolute(index), what), wall=False)
        return replace(self, clock=clock)

    def _taking(self, index: Any, rough: "Timeline", what: str) -> "Timeline":
        """An index, of the kind that `rough` says, read in the clock of this timeline."""
        if rough.form != self.form and {rough.form, self.form} - {"RangeIndex", "Index", "numbers", "none"}:
            raise InvalidInput(f"{what}: expected {_FORMS[self.form]}, as the series has, got {_FORMS[rough.form]}")
        ours, theirs = ((t.zone, t.frequency if t.form == "PeriodIndex" else "") for t in (self, rough))
        if ours != theirs:
            raise InvalidInput(f"{what}: expected times of zone and frequency {ours}, as the series has, got {theirs}")
        values = self._plain(index)
        check_order(values, self._label, what)
        steps = self.clock.steps(values)
        if steps[0] != np.rint(steps[0]):
            raise InvalidInput(
                f"{what}: {self._label(values[0])} is no step of the series, which goes from {self.label(0)} by "
                f"{spacing(self.clock)}"
            )
        check_steps(steps, self._label, self.clock, values, what)
        return replace(self, length=len(values), clock=self._clock_from(round(float(steps[0]))))

    def _plain(self, index: Any) -> np.ndarray:
        """An index of this kind as numbers or datetime64, (n,)."""
        if self.form == "PeriodIndex":
            return np.asarray(index.asi8)
        if self.form == "DatetimeIndex":
            return (
                (index.tz_localize(None) if self.wall else _absolute(index)).to_numpy()
                if self.zone
                else (index.to_numpy())
            )
        return np.asarray(index)

    def _clock_from(self, step: int) -> Clock:
        return replace(self.clock, start=self.clock.start + step * self.clock.stride)

    def continued(self, steps: int) -> "Timeline":
        """The next `steps` steps, behind the last."""
        return self.part(self.length, self.length + steps)

    def part(self, start: int, stop: int) -> "Timeline":
        """Steps `start` (included) to `stop` (left out); they may lie before or behind this timeline's own."""
        if stop <= start:
            raise InvalidInput(f"a part of a timeline needs at least one step, got {start} to {stop}")
        return replace(self, length=stop - start, clock=self._clock_from(start))

    def followed_by(self, other: "Timeline", *, what: str = "y") -> "Timeline":
        """Both together, where `other` starts right behind the end of this one; `InvalidInput` where it does not."""
        expected = self.continued(other.length)
        if other.clock != expected.clock:
            raise InvalidInput(
                f"{what}: expected the steps behind the last one known, from {expected.label(0)}, got {other.label(0)} "
                f"to {other.label(other.length - 1)}"
            )
        return self.part(0, self.length + other.length)

    def offset_of(self, other: "Timeline") -> int:
        """Which step of this timeline is the first of `other`, which was read `like` this one."""
        return round(float(self.clock.steps(other.clock.places(np.array([0])))[0]))

    @property
    def period(self) -> int:
        """The season to expect, in steps: 12 of months, 4 of quarters, 7 of days, 5 of weekdays, 24 of hours, or 1."""
        if self.form != "PeriodIndex":
            return self.clock.period
        base = self.frequency.lstrip("0123456789").split("-")[0]
        season = _SEASONS.get(base, 1)
        if base == "M":
            return replace(self.clock, unit="month").period
        return season if self.clock.stride == 1 else 1

    def positions(self, fh: Any, *, relative: bool | None = None) -> np.ndarray:
        """A forecasting horizon as steps behind the last, (k,) int64, 1 for the first.

        Args:
            fh: a number of steps, for all of 1 to it; whole numbers (k,), steps ahead; or times, periods or an index
                (k,), the places themselves.
            relative: whether numbers are steps ahead (None and True), or places (False).

        Raises:
            InvalidInput: nothing, steps that do not increase or lie not ahead, and places that are none of this
                timeline's.

        """
        if isinstance(fh, int | np.integer) and not isinstance(fh, bool) and relative is not False:
            if fh < 1:
                raise InvalidInput(f"horizon={fh}: expected at least 1 step ahead")
            return np.arange(1, int(fh) + 1)
        places = self._places(fh)
        if places.size == 0:
            raise InvalidInput("horizon: expected at least one step")
        numbers = _counts(fh)
        if numbers and relative is not False:
            ahead = places
            if places.dtype.kind == "f" and np.any(places != np.rint(places)):
                raise InvalidInput(f"horizon: expected whole steps ahead, got {listing(places)}")
        else:
            ahead = self.clock.steps(places) - (self.length - 1)
            if (off := np.flatnonzero(np.abs(ahead - np.rint(ahead)) > 1e-6)).size:
                names = listing(self._label(places[k]) for k in off)
                raise InvalidInput(f"horizon: {names}: no step of the series, whose last is {self.label(-1)}")
        ahead = np.rint(np.asarray(ahead, np.float64)).astype(np.int64)
        if np.any(ahead < 1):
            raise InvalidInput(
                f"horizon: expected steps behind the last ({self.label(-1)}), got {listing(ahead)} ahead"
            )
        if np.any(np.diff(ahead) <= 0):
            raise InvalidInput(f"horizon: expected steps that increase, got {listing(ahead)} ahead")
        return ahead

    def _places(self, fh: Any) -> np.ndarray:
        """What a user gave as a horizon, as numbers or datetime64, (k,)."""
        several = fh if hasattr(fh, "__len__") and not isinstance(fh, str) else [fh]
        if self.form in ("DatetimeIndex", "PeriodIndex") and not _counts(several):
            pandas = installed()

            try:
                made = pandas.PeriodIndex if self.form == "PeriodIndex" else pandas.DatetimeIndex
                options = {"freq": self.frequency} if self.form == "PeriodIndex" else {}
                index = made(several, **options)
                if self.form == "DatetimeIndex" and self.zone and index.tz is None:
                    index = index.tz_localize(self.zone)
                return np.atleast_1d(self._plain(index))
            except (ValueError, TypeError) as problem:
                raise InvalidInput(f"horizon: expected steps ahead, or times as the index has: {problem}") from None
        places = np.asarray(
            several, f"M8[{self.clock.resolution}]" if self.form == "times" and _texts(several) else None
        )
        if places.ndim != 1 or places.dtype.kind not in "iufM" or (places.dtype.kind == "M") > (self.form == "times"):
            raise InvalidInput(f"horizon: expected steps ahead (1, 2 ...) or {_FORMS[self.form]}, got {fh!r}")
        return places

    def index(self) -> Any:
        """The places of all steps, as an index of the kind that was read; counted steps as whole numbers (length,)."""
        places = self.clock.places(np.arange(self.length))
        if self.form in ("none", "numbers", "times"):
            return places
        pandas = installed()

        if self.form == "RangeIndex":
            start, stride = int(self.clock.start), int(self.clock.stride)
            return pandas.RangeIndex(start, start + self.length * stride, stride, name=self.name)
        if self.form == "PeriodIndex":
            return pandas.PeriodIndex.from_ordinals(places, freq=self.frequency, name=self.name)
        if self.form == "Index":
            return pandas.Index(places, name=self.name)
        index = pandas.DatetimeIndex(places, name=self.name)
        if self.zone and self.wall:
            index = index.tz_localize(self.zone, ambiguous=np.ones(len(index), bool), nonexistent="shift_forward")
        elif self.zone:
            index = index.tz_localize("UTC").tz_convert(self.zone)
        if self.frequency:
            index.freq = self.frequency
        return index

    def label(self, step: int | np.integer) -> str:
        """A step in words: its time, or "step 12" where steps are only counted; -1 is the last."""
        step = step + self.length if step < 0 else step
        place = self._label(self.clock.places(np.array([step]))[0])
        return f"step {place}" if self.form == "none" else place

    def _label(self, place: Any) -> str:
        if self.form == "PeriodIndex":
            pandas = installed()

            return str(pandas.PeriodIndex.from_ordinals([place], freq=self.frequency)[0])
        return time_label(place) if self.form in ("DatetimeIndex", "times") else str(place)


_FORMS = {
    "none": "counted steps",
    "numbers": "numbers",
    "times": "datetime64",
    "RangeIndex": "a RangeIndex",
    "Index": "an index of numbers",
    "PeriodIndex": "a PeriodIndex",
    "DatetimeIndex": "a DatetimeIndex",
}


def installed() -> Any:
    """Pandas, which is there where one of its objects came in."""
    import pandas

    return pandas


def _kind(index: Any, what: str) -> tuple[str, str, str, Any]:
    """The form, frequency, zone and name of an index."""
    kind = type(index).__name__
    if kind in ("DatetimeIndex", "PeriodIndex"):
        zone = "" if kind == "PeriodIndex" or index.tz is None else str(index.tz)
        return kind, index.freqstr or "", zone, index.name
    values = np.asarray(index)
    named = kind in ("RangeIndex", "Index")
    if values.ndim == 1 and values.dtype.kind == "M" and not named:
        return "times", "", "", None
    if values.ndim == 1 and values.dtype.kind in "iuf":
        if not np.all(np.isfinite(values)):
            raise InvalidInput(f"{what}: not finite at row {listing(np.flatnonzero(~np.isfinite(values)))}")
        return (kind, "", "", index.name) if named else ("numbers", "", "", None)
    raise InvalidType(
        f"{what}: expected times, periods or numbers, got {kind} of {values.dtype}; make them times "
        "(pandas.to_datetime, numpy.datetime64), or pass the values without an index"
    )


def _absolute(index: Any) -> Any:
    return index.tz_convert("UTC").tz_localize(None).to_numpy()


def _counts(several: Any) -> bool:
    return np.asarray(several).dtype.kind in "iuf" and not hasattr(several, "freqstr")


def _texts(several: Any) -> bool:
    return np.asarray(several).dtype.kind in "US"
