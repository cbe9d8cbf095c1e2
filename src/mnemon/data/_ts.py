"""The `.ts` text format of the UEA and UCR archives of time series.

    # comments
    @problemName Example
    @timeStamps false
    @univariate false
    @dimensions 2
    @equalLength false
    @classLabel true yes no
    @data
    1.0,2.0,3.0:0.1,0.2,0.3:yes
    4.0,5.0:0.4,0.5:no

One case a line: channels separated by colons, values by commas, the label last. Reference: A. Bagnall et al. (2018),
The UEA multivariate time series classification archive, arXiv:1811.00075.
"""

import os
from dataclasses import dataclass, field

import numpy as np

from mnemon._files import existing
from mnemon.data._dataset import Dataset
from mnemon.data._files import keeps_nan, text_of
from mnemon.errors import InvalidInput, raise_together, suggest
from mnemon.sequences import Sequences

_MOST = 5  # problems told of one file
_MISSING = {"?", "nan"}


class _Problem(Exception):
    """Something wrong on the line at hand."""


def read_ts(path: str | os.PathLike, *, missing: str = "error") -> Dataset:
    """Read a `.ts` or `.ts.gz` file.

    - `missing`: what to do about missing values (`?` or `NaN`): "error", or "nan" to keep them as NaN.

    Labels are strings, targets (`@targetLabel true`) floats; a file that declares neither has none. Comments and blank
    lines may stand anywhere; comments before the data become `Dataset.about`. Channels of one case are equally long;
    files with time stamps are refused.

    Raises `InvalidInput` with file and line number for everything that is not as the header says.
    """
    allow_nan = keeps_nan(missing)
    path = existing(path)
    lines = text_of(path).splitlines()
    problems: list[str] = []
    header, begin = _read_header(lines, str(path), problems)
    _stop(problems, str(path))
    cases, labels = [], []
    for number, line in enumerate(lines[begin:], begin + 1):
        line = line.strip()
        if line and not line.startswith("#"):
            try:
                case, label = _read_case(line, header, allow_nan)
            except _Problem as problem:
                problems.append(f"line {number}: {problem}")
            else:
                cases.append(case)
                labels.append(label)
                header.learn(case)
    _stop(problems, str(path))
    if not cases:
        raise InvalidInput(f"{path}: no case after @data (line {begin})")
    X = Sequences(cases, layout="channels_last", allow_nan=allow_nan)
    y = np.array(labels) if header.labelled else None
    return Dataset(X, y, header.name or path.name.split(".")[0], header.about)


def _stop(problems: list[str], what: str) -> None:
    more = len(problems) - _MOST
    raise_together(problems[:_MOST] + ([f"... and {more} more"] if more > 0 else []), what)


# --- the header -----------------------------------------------------------------------------------------------------


@dataclass
class _Header:
    name: str = ""
    about: str = ""
    time_stamps: bool = False
    missing: bool | None = None  # read, but the values themselves tell
    univariate: bool | None = None
    channels: int | None = None
    equal_length: bool | None = None
    length: int | None = None
    labels: frozenset[str] | None = None
    target: bool = False
    seen: dict[str, int] = field(default_factory=dict)

    @property
    def labelled(self) -> bool:
        return self.labels is not None or self.target

    def learn(self, case: np.ndarray) -> None:
        """What the header left open is as in the first case."""
        self.channels = self.channels or case.shape[1]
        if self.equal_length:
            self.length = self.length or len(case)


def _read_header(lines: list[str], where: str, problems: list[str]) -> tuple[_Header, int]:
    """The header, and the number of lines up to and with `@data`."""
    header, comments = _Header(), []
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if line.startswith("#"):
            comments.append(line.lstrip("#").strip())
        elif line.lower() == "@data":
            header.about = "\n".join(comments).strip()
            try:
                _reconcile(header)
            except _Problem as problem:
                problems.append(f"line {number}: {problem}")
            return header, number
        elif line:
            try:
                _read_tag(line, header, number)
            except _Problem as problem:
                problems.append(f"line {number}: {problem}")
                if not line.startswith("@"):
                    break  # not one message for every line of a file of another kind
    _stop(problems, where)
    raise InvalidInput(f"{where}: no @data among {len(lines)} lines; a .ts file has a header, @data, then the cases")


def _read_tag(line: str, header: _Header, number: int) -> None:
    if not line.startswith("@"):
        raise _Problem(f"expected a header line (@tag value), a comment (#) or @data, got {_cut(line)!r}")
    tag, *values = line[1:].split()
    tag = tag.lower()
    if tag not in _TAGS:
        raise _Problem(f"unknown header tag @{tag}; {suggest(tag, [*_TAGS, 'data'])}")
    place, read_value = _TAGS[tag]
    if place in header.seen:
        raise _Problem(f"@{tag} stands on line {header.seen[place]} already")
    header.seen[place] = number
    if not values:
        raise _Problem(f"@{tag} has no value")
    setattr(header, place, read_value(tag, values))


def _reconcile(header: _Header) -> None:
    if header.time_stamps:
        raise _Problem("@timeStamps true: series of (time, value) pairs are not supported; resample them evenly")
    if header.labels is not None and header.target:
        raise _Problem("both @classLabel and @targetLabel are true; a case ends in one label")
    if header.univariate and header.channels not in (None, 1):
        raise _Problem(f"@univariate true, but @dimensions {header.channels}")
    if header.univariate:
        header.channels = 1
    if header.equal_length is False:
        header.length = None  # some files give the longest length


def _words(tag: str, values: list[str]) -> str:
    return " ".join(values)


def _truth(tag: str, values: list[str]) -> bool:
    if values[0].lower() not in ("true", "false"):
        raise _Problem(f"@{tag}: expected true or false, got {_cut(values[0])!r}")
    return values[0].lower() == "true"


def _whole(tag: str, values: list[str]) -> int:
    if not values[0].isdecimal() or int(values[0]) < 1:
        raise _Problem(f"@{tag}: expected a positive whole number, got {_cut(values[0])!r}")
    return int(values[0])


def _names(tag: str, values: list[str]) -> frozenset[str] | None:
    declared = _truth(tag, values)
    if declared == (len(values) == 1):
        came = "none" if declared else _cut(" ".join(values[1:]))
        raise _Problem(f"@{tag}: labels follow true, and only true; got {came} after {values[0]}")
    return frozenset(values[1:]) if declared else None


# Tag: the field of the header that it sets, and how its value is read.
_TAGS = {
    "problemname": ("name", _words),
    "timestamps": ("time_stamps", _truth),
    "missing": ("missing", _truth),
    "univariate": ("univariate", _truth),
    "dimension": ("channels", _whole),
    "dimensions": ("channels", _whole),
    "equallength": ("equal_length", _truth),
    "serieslength": ("length", _whole),
    "classlabel": ("labels", _names),
    "targetlabel": ("target", _truth),
}


# --- the cases ------------------------------------------------------------------------------------------------------


def _read_case(line: str, header: _Header, keep_missing: bool) -> tuple[np.ndarray, str | float | None]:
    """One case as `(time, channels)`, and its label."""
    if line.startswith("@"):
        raise _Problem(f"header line {_cut(line)!r} after @data")
    if line.startswith("("):
        raise _Problem("time stamps, (time, value), are not supported; resample the series evenly")
    channels = line.split(":")
    label = _read_label(channels.pop().strip(), header) if header.labelled else None
    if header.channels not in (None, len(channels)):
        fields = line.count(":") + 1
        raise _Problem(
            f"expected {header.channels} channels{_and_label(header)}, separated by colons, got {fields} fields"
        )
    lengths = [channel.count(",") + 1 for channel in channels]
    if len(set(lengths)) > 1:
        odd = next(k for k, length in enumerate(lengths) if length != lengths[0])
        raise _Problem(
            f"channels of differing length: {lengths[0]} values in channel 0, {lengths[odd]} in channel {odd}"
        )
    # One conversion for the whole case; only a case that fails is looked at value by value.
    try:
        flat = np.array(list(map(float, ",".join(channels).split(","))))
    except ValueError:
        flat = _read_slowly(channels, keep_missing)
    else:
        if not np.isfinite(flat).all() or "_" in line:
            flat = _read_slowly(channels, keep_missing)
    if header.length not in (None, lengths[0]):
        raise _Problem(f"expected {header.length} steps as all series, got {lengths[0]}")
    return flat.reshape(len(channels), lengths[0]).T, label


def _read_slowly(channels: list[str], keep_missing: bool) -> np.ndarray:
    values = []
    for c, channel in enumerate(channels):
        for t, word in enumerate(map(str.strip, channel.split(","))):
            place = f"channel {c}, step {t}"
            if word.lower() in _MISSING:
                if not keep_missing:
                    raise _Problem(f"missing value {word!r} ({place}); read_ts(path, missing='nan') keeps it as NaN")
                values.append(np.nan)
                continue
            if not word:
                raise _Problem(f"empty value ({place})")
            try:
                value = float(word)
            except ValueError:
                value = None
            if value is None or "_" in word:
                raise _Problem(f"{_cut(word)!r} is not a number ({place})")
            if not np.isfinite(value):
                raise _Problem(f"{_cut(word)!r} is not finite ({place})")
            values.append(value)
    return np.array(values)


def _read_label(word: str, header: _Header) -> str | float:
    if header.labels is not None:
        if word not in header.labels:
            known = suggest(word, header.labels) if len(header.labels) <= 20 else f"{len(header.labels)} are declared"
            raise _Problem(f"label {_cut(word)!r} is not among the declared; {known}")
        return word
    try:
        target = float(word)
    except ValueError:
        target = np.nan
    if not np.isfinite(target):
        raise _Problem(f"target {_cut(word)!r} is not a finite number")
    return target


def _and_label(header: _Header) -> str:
    return " and a label" if header.labelled else " and no label"


def _cut(text: str, most: int = 40) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."
