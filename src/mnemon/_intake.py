"""Reading what a user may pass as sequences into one flat array and a vector of lengths, with every mistake named.

The messages for plain arrays keep the wording that scikit-learn's own checks ask for.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from mnemon.errors import InvalidInput, InvalidType, raise_together, suggest

LAYOUTS = ("channels_last", "channels_first")
POINT_TO_STRINGS = "strings where numbers belong; for symbols use Sequences.from_strings(strings)"
_SHAPES = "expected (time, channels) or (time,)"


def listing(items: Iterable[Any], most: int = 5) -> str:
    """The first few `items`, and how many more there are."""
    items = list(items)
    more = f" ... and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(str(item) for item in items[:most]) + more


def gather(
    values: Any, *, layout: str | None, lengths: Any, symbols: bool, allow_nan: bool, name: str
) -> tuple[np.ndarray, np.ndarray]:
    """All steps of all sequences of `values` one after another, and the lengths.

    Returns: `(total_time, channels)` floats and `(n,)`; where `symbols`, `(total_time, 1)` integers and `(n,)`.
    """
    _refuse_kinds(values, name)
    if layout is not None and layout not in LAYOUTS:
        raise InvalidInput(f"layout {layout!r}: {suggest(str(layout), LAYOUTS)}")
    convert = _to_codes if symbols else _to_floats
    items = None
    if not isinstance(values, (list, tuple)):
        values = np.asarray(values)
        items = list(values) if values.dtype == object and values.ndim == 1 else None
    elif lengths is None:
        items = values
    if items is None:
        return _gather_block(values, layout, lengths, convert, allow_nan, name)
    if lengths is not None:
        raise InvalidInput(f"{name}: `lengths` belongs to one padded array, but a list of arrays knows its lengths")
    return _gather_list(items, layout, convert, allow_nan, name)


def _refuse_kinds(values: Any, name: str) -> None:
    """Objects that look like data but would be misread."""
    if isinstance(values, (str, bytes)):
        raise InvalidType(f"{name}: expected a collection of sequences, got one string; {POINT_TO_STRINGS}")
    if hasattr(values, "toarray"):
        raise InvalidType(f"{name}: sparse data was passed, but dense data is required; use X.toarray()")
    if not (isinstance(values, (list, tuple)) or hasattr(values, "__array__")):
        raise InvalidType(f"{name}: expected arrays or a list of arrays, got {type(values).__name__}")
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise InvalidType(f"{name}: masked entries would be taken for data; fill or remove them first")


def _to_floats(array: np.ndarray) -> np.ndarray:
    """`array` in a float dtype; a message (`InvalidInput`, `InvalidType`) where it holds no real numbers."""
    kind = array.dtype.kind
    if kind == "f":
        return array
    if kind in "iub":
        return array.astype(np.float64)
    if kind == "c":
        raise InvalidInput("Complex data not supported; pass real and imaginary part as two channels")
    if kind != "O":
        what = POINT_TO_STRINGS if kind in "UST" else f"{array.dtype} values where numbers belong"
        raise InvalidInput(what)
    if any(isinstance(item, (str, bytes)) for item in array.flat):
        raise InvalidInput(POINT_TO_STRINGS)
    if any(isinstance(item, (complex, np.complexfloating)) for item in array.flat):
        raise InvalidInput("Complex data not supported; pass real and imaginary part as two channels")
    try:
        return array.astype(np.float64)
    except TypeError as error:  # scikit-learn's checks want to see this text ("argument must be a string or ...")
        raise InvalidType(f"not all entries are numbers: {error}") from None
    except ValueError:
        raise InvalidInput("a two-dimensional table of arrays; pass a list of (time, channels) arrays") from None


def _to_codes(array: np.ndarray) -> np.ndarray:
    """`array` as the integer codes of symbols."""
    if array.dtype.kind in "UST":
        raise InvalidInput("strings where the codes of symbols belong; use Sequences.from_strings(strings, alphabet)")
    if array.dtype.kind not in "iu":
        raise InvalidInput(f"with an alphabet, expected the integer codes of symbols, got {array.dtype} values")
    return array.astype(np.int32)


def _convert_whole(convert: Callable[[np.ndarray], np.ndarray], array: np.ndarray, name: str) -> np.ndarray:
    try:
        return convert(array)
    except InvalidInput as error:
        raise InvalidInput(f"{name}: {error}") from None
    except InvalidType as error:
        raise InvalidType(f"{name}: {error}") from None


# --- one array ------------------------------------------------------------------------------------------------------


def _gather_block(
    values: Any, layout: str | None, lengths: Any, convert: Callable, allow_nan: bool, name: str
) -> tuple[np.ndarray, np.ndarray]:
    try:
        array = np.asarray(values)
    except ValueError:
        raise InvalidInput(f"{name}: `lengths` belongs to one padded array, got rows of differing shape") from None
    array = _convert_whole(convert, array, name)
    _refuse_ranks(array, name)
    _refuse_empty(array, name)
    if array.ndim == 2:
        array = array[:, :, np.newaxis]
    elif layout == "channels_first":
        array = array.swapaxes(1, 2)
    n, steps, channels = array.shape
    if lengths is None:
        if layout is None:
            _warn_if_transposed(steps, channels, name)
        flat, counts = array.reshape(n * steps, channels).copy(), np.full(n, steps)
    else:
        counts = check_lengths(lengths, n, steps, name)
        flat = array[np.arange(steps) < counts[:, np.newaxis]]
    raise_together(find_non_finite(flat, counts, allow_nan), name)
    return flat, counts


def _refuse_ranks(array: np.ndarray, name: str) -> None:
    reshape = (
        "Reshape your data: array.reshape(1, -1) is one series of one channel, array.reshape(-1, 1) many of one step."
    )
    if array.ndim == 0:
        raise InvalidInput(f"{name}: Expected 2D array, got scalar array instead: {array}. {reshape}")
    if array.ndim == 1:
        raise InvalidInput(f"{name}: Expected 2D array, got 1D array instead (shape={array.shape}). {reshape}")
    if array.ndim > 3:
        raise InvalidInput(
            f"{name}: expected (sequences, time) or (sequences, time, channels), "
            f"got {array.ndim} axes (shape={array.shape}); flatten each step to one row of channels"
        )


def _refuse_empty(array: np.ndarray, name: str) -> None:
    if array.shape[0] == 0:
        what = "sample(s)"
    elif 0 in array.shape:
        what = "feature(s)"
    else:
        return
    raise InvalidInput(f"{name}: Found array with 0 {what} (shape={array.shape}) while a minimum of 1 is required.")


def _warn_if_transposed(steps: int, channels: int, name: str) -> None:
    """Equally long sequences of at least 8 channels and less than half as many steps: time is probably last."""
    if channels >= 8 and channels > 2 * steps:
        warnings.warn(
            f"{name}: every sequence is read as time={steps}, channels={channels}; if time is the last axis, pass "
            "Sequences(X, layout='channels_first'), otherwise silence this with layout='channels_last'",
            UserWarning,
            stacklevel=5,
        )


def check_lengths(lengths: Any, n: int | None, most: int | None, name: str) -> np.ndarray:
    """`lengths` as `(n,)` integers within `1 .. most`; None stands for any."""
    lengths = np.asarray(lengths)
    if lengths.size == 0 and n is None:
        raise InvalidInput(f"{name}: Found array with 0 sample(s) (shape=(0,)) while a minimum of 1 is required.")
    n = lengths.size if n is None else n
    if lengths.shape != (n,) or lengths.dtype.kind not in "iu":
        came = f"shape {lengths.shape}, {lengths.dtype}"
        raise InvalidInput(f"{name}: lengths: expected {n} integers, one a sequence, got {came}")
    bad = np.flatnonzero((lengths < 1) | (lengths > (most if most is not None else lengths)))
    if bad.size:
        where = listing(f"{lengths[i]} at sequence {i}" for i in bad)
        bounds = "at least 1" if most is None else f"1 to {most}"
        raise InvalidInput(f"{name}: lengths: expected {bounds}, got {where}")
    return lengths.astype(np.int64)


# --- a list of arrays -----------------------------------------------------------------------------------------------


def _gather_list(
    items: Sequence[Any], layout: str | None, convert: Callable, allow_nan: bool, name: str
) -> tuple[np.ndarray, np.ndarray]:
    if len(items) == 0:
        raise InvalidInput(f"{name}: Found array with 0 sample(s) (shape=(0,)) while a minimum of 1 is required.")
    if all(np.isscalar(item) or item is None for item in items):
        # A flat list: the same mistake as a one-dimensional array, and the same words.
        _refuse_ranks(_convert_whole(convert, np.asarray(items), name), name)
    problems: list[str] = []
    arrays = _convert_items(items, convert, problems)
    if layout == "channels_first":
        arrays = {i: a.T for i, a in arrays.items()}
    arrays = {i: a[:, np.newaxis] if a.ndim == 1 else a for i, a in arrays.items()}
    if empty := [i for i, a in arrays.items() if a.size == 0]:
        problems.append(f"no steps in sequence {listing(empty)}; leave empty sequences out")
    arrays = {i: a for i, a in arrays.items() if a.size}
    problems += _channel_problems(arrays, layout)
    if problems:
        for i, a in arrays.items():
            problems += find_non_finite(a, np.array([len(a)]), allow_nan, first=i)
        raise_together(problems, name)
    counts = np.array([len(a) for a in arrays.values()])
    flat = np.concatenate(list(arrays.values()))
    if layout is None and (counts == counts[0]).all():
        _warn_if_transposed(int(counts[0]), flat.shape[1], name)
    raise_together(find_non_finite(flat, counts, allow_nan), name)
    return flat, counts


def _convert_items(items: Sequence[Any], convert: Callable, problems: list[str]) -> dict[int, np.ndarray]:
    arrays, strings = {}, []
    for i, item in enumerate(items):
        try:
            _refuse_kinds(item, "")
            array = convert(np.asarray(item))
        except (InvalidInput, InvalidType) as error:
            text = str(error).removeprefix(": ")
            if text.endswith(POINT_TO_STRINGS):
                strings.append(i)
            else:
                problems.append(f"sequence {i}: {text}")
        except ValueError:
            problems.append(f"sequence {i}: ragged, its steps have different numbers of channels")
        else:
            if array.ndim in (1, 2):
                arrays[i] = array
            else:
                came = "a single number" if array.ndim == 0 else f"shape {array.shape}"
                problems.append(f"sequence {i}: {_SHAPES}, got {came}")
    if strings:
        problems.append(f"sequence {listing(strings)}: {POINT_TO_STRINGS}")
    return arrays


def _channel_problems(arrays: dict[int, np.ndarray], layout: str | None) -> list[str]:
    channels = {i: a.shape[1] for i, a in arrays.items()}
    if len(set(channels.values())) < 2:
        return []
    expected, times = Counter(channels.values()).most_common(1)[0]
    witness = "most sequences" if times > 1 else f"sequence {next(iter(channels))}"
    wrong = [f"sequence {i} has {c}" for i, c in channels.items() if c != expected]
    text = f"channels differ: expected {expected}, as in {witness}, but {listing(wrong)}"
    steps = {len(a) for a in arrays.values()}
    if len(steps) == 1:
        fix = "leave layout='channels_first' out" if layout == "channels_first" else "pass layout='channels_first'"
        text += f"; all have {steps.pop()} steps, so time and channels seem to have changed places: {fix}"
    return [text]


def find_non_finite(flat: np.ndarray, lengths: np.ndarray, allow_nan: bool = False, *, first: int = 0) -> list[str]:
    """A problem for NaN and one for infinity, naming the places; `first` is the number of the first sequence."""
    if flat.dtype.kind != "f" or np.isfinite(flat).all():
        return []
    problems = []
    starts = np.cumsum(lengths) - lengths
    kinds = [("infinity", np.isinf(flat), "")]
    if not allow_nan:
        advice = "; fill or leave out missing values (where NaN pads short sequences, pass `lengths`)"
        kinds.insert(0, ("NaN", np.isnan(flat), advice))
    for word, bad, advice in kinds:
        steps, channels = np.nonzero(bad)
        if steps.size:
            of = np.searchsorted(starts, steps, side="right") - 1
            _, heads = np.unique(of, return_index=True)
            places = [
                f"sequence {first + of[k]} (step {steps[k] - starts[of[k]]}, channel {channels[k]})" for k in heads
            ]
            problems.append(f"{word} in {listing(places)}{advice}")
    return problems


def gather_boundaries(boundaries: Any, lengths: np.ndarray, name: str) -> np.ndarray:
    """Boundaries one after another `(total_time,)`; rows as long as the longest are cut to their sequence."""
    if not isinstance(boundaries, Iterable):
        raise InvalidType(f"{name}: boundaries: expected one array a sequence, got {type(boundaries).__name__}")
    rows = [np.asarray(row) for row in boundaries]
    if len(rows) != len(lengths):
        raise InvalidInput(f"{name}: boundaries: expected one array a sequence, {len(lengths)}, got {len(rows)}")
    padded = isinstance(boundaries, np.ndarray) and boundaries.ndim == 2
    rows = [row[:length] for row, length in zip(rows, lengths)] if padded else rows
    problems = []
    if wrong := [i for i, (row, length) in enumerate(zip(rows, lengths)) if row.shape != (length,)]:
        places = (f"sequence {i} has shape {rows[i].shape}, expected ({lengths[i]},)" for i in wrong)
        problems.append(f"boundaries: {listing(places)}")
    if other := [i for i, row in enumerate(rows) if not _is_boolean(row)]:
        problems.append(f"boundaries: expected True or False at each step, not so in sequence {listing(other)}")
    raise_together(problems, name)
    return np.concatenate(rows).astype(bool)


def _is_boolean(row: np.ndarray) -> bool:
    return row.dtype == bool or (row.dtype.kind in "iu" and bool(np.isin(row, (0, 1)).all()))
