"""Collections of sequences as other libraries hold them, and back."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mnemon._intake import listing
from mnemon.data._dataset import Dataset
from mnemon.data._long import frame_columns, from_columns
from mnemon.data._table import Places
from mnemon.errors import InvalidInput, InvalidType
from mnemon.sequences import Sequences

_TAKEN = ("id", "time", "boundary", "label", "group")  # columns of a frame that are no channels


def from_aeon(X: Any, *, allow_nan: bool = False) -> Sequences:
    """From aeon's collections: an array (n, channels, time), or a list of arrays (channels, time).

    Raises `InvalidInput` as `Sequences` does.

    Example:
        >>> import numpy as np
        >>> from mnemon.data import from_aeon
        >>> from_aeon([np.zeros((2, 5)), np.zeros((2, 7))])
        Sequences(2 sequences, 2 channels, 5-7 steps)

    """
    return Sequences(X, layout="channels_first", allow_nan=allow_nan)


def to_aeon(X: Sequences) -> np.ndarray | list[np.ndarray]:
    """To aeon: an array (n, channels, time) where all sequences are equally long, else a list of (channels, time).

    Boundaries are left behind. Raises `InvalidInput` for symbols.
    """
    _numbers(X, "to_aeon")
    each = [np.ascontiguousarray(one.T) for one in X]
    return np.stack(each) if len({one.shape for one in each}) == 1 else each


def from_tslearn(X: ArrayLike, *, allow_nan: bool = False) -> Sequences:
    """From tslearn's data sets: an array (n, time, channels), shorter sequences filled up with NaN at their ends.

    - `allow_nan`: keep NaN before a sequence's end as missing values.

    Raises `InvalidInput` for another shape, a sequence of nothing but NaN, and NaN before a sequence's end.

    Example:
        >>> from mnemon.data import from_tslearn
        >>> from_tslearn([[[1.0], [2.0], [3.0]], [[4.0], [float("nan")], [float("nan")]]])
        Sequences(2 sequences, 1 channel, 1-3 steps)

    """
    try:
        array = np.asarray(X)
        array = array if array.dtype.kind == "f" else array.astype(np.float64)
    except (ValueError, TypeError) as problem:
        raise InvalidInput(f"from_tslearn: expected an array (n, time, channels) of numbers: {problem}") from None
    if array.ndim != 3 or 0 in array.shape:
        raise InvalidInput(f"from_tslearn: expected an array (n, time, channels), got shape {array.shape}")
    known = np.asarray(~np.isnan(array).all(axis=2))
    if (nothing := np.flatnonzero(~known.any(axis=1))).size:
        raise InvalidInput(f"from_tslearn: sequence {listing(nothing)} holds nothing but NaN")
    lengths = array.shape[1] - np.argmax(known[:, ::-1], axis=1)
    return Sequences(array, lengths=lengths, layout="channels_last", allow_nan=allow_nan)


def to_tslearn(X: Sequences) -> np.ndarray:
    """To tslearn: (n, time, channels), NaN behind each end; boundaries are left behind.

    Raises `InvalidInput` for symbols, and for a sequence whose last step has no value: it would be taken for padding.
    """
    _numbers(X, "to_tslearn")
    ends = np.cumsum(X.lengths) - 1
    if (lost := np.flatnonzero(np.isnan(X.values[ends]).all(axis=1))).size:
        raise InvalidInput(
            f"to_tslearn: the last step of sequence {listing(lost)} has no value, and would be taken for padding; "
            "fill it (mnemon.preprocessing.Missing) or leave it out"
        )
    result = np.full((len(X), int(X.lengths.max(initial=0)), X.n_channels), np.nan, X.dtype)
    result[np.arange(result.shape[1]) < X.lengths[:, np.newaxis]] = X.values
    return result


def from_lengths(X: ArrayLike, lengths: ArrayLike, *, allow_nan: bool = False) -> Sequences:
    """From hmmlearn's form: all steps below each other (total_time, channels), and the lengths (n,).

    Raises `InvalidInput` as `Sequences.from_concatenated` does.

    Example:
        >>> from mnemon.data import from_lengths
        >>> from_lengths([[1.0], [2.0], [3.0]], [2, 1])
        Sequences(2 sequences, 1 channel, 1-2 steps)

    """
    return Sequences.from_concatenated(X, lengths, allow_nan=allow_nan)


def to_lengths(X: Sequences) -> tuple[np.ndarray, np.ndarray]:
    """To hmmlearn's form: steps (total_time, channels) and lengths (n,); boundaries are left behind."""
    _numbers(X, "to_lengths")
    return np.array(X.values), np.array(X.lengths)


def from_frame(
    frame: Any,
    *,
    id: str | None = None,
    time: str | None = None,
    label: str | None = None,
    group: str | None = None,
    boundary: str | None = None,
    symbol: str | None = None,
    channels: Sequence[str] | None = None,
    allow_nan: bool = False,
) -> Dataset:
    """From a pandas frame with a row a step; a named index counts as columns, so that (id, time) may stand there.

    Arguments as for `read_long`; an index of two levels without names is (id, time). Raises `InvalidType` for no frame,
    and `InvalidInput` as `read_long`, with rows counted from 0.
    """
    if not hasattr(frame, "columns") or not hasattr(frame, "index"):
        raise InvalidType(f"from_frame: expected a pandas DataFrame, got {type(frame).__name__}")
    if list(frame.index.names) == [None, None]:  # sktime's frames often leave their levels without names
        frame = frame.rename_axis(["id", "time"])
    elif frame.index.nlevels > 1 and None in frame.index.names:
        raise InvalidInput(
            f"from_frame: the index has {frame.index.nlevels} levels called {list(frame.index.names)}; name all of "
            'them, e.g. frame.rename_axis(["id", "time"])'
        )
    roles = {"id": id, "time": time, "label": label, "group": group, "boundary": boundary, "symbol": symbol}
    columns = frame_columns(frame, "from_frame")
    places = Places("row", range(len(frame)), keep="allow_nan=True")
    return from_columns(columns, roles, channels, places, "from_frame", "frame", allow_nan=allow_nan)


def to_frame(data: Dataset | Sequences, *, channels: Sequence[str] | None = None) -> Any:
    """To a pandas frame with a row a step, which `from_frame` reads back.

    - `channels`: names of the channels; channel_0, channel_1 ... if None.

    Its columns: id and time (both from 0), the channels, or symbol; boundary, label and group where there are some.
    The alphabet that comes back is the sorted one of the symbols in use.

    Raises `InvalidInput` without pandas, for names of another number or that mean something else, and for several
    targets a sequence.

    Example:
        >>> from mnemon import Sequences
        >>> from mnemon.data import from_frame, to_frame
        >>> X = Sequences([[1.0, 2.0], [3.0]])
        >>> list(to_frame(X, channels=["pressure"]))
        ['id', 'time', 'pressure']
        >>> from_frame(to_frame(X)).X == X
        True

    """
    try:
        import pandas
    except ImportError:
        raise InvalidInput('to_frame: needs pandas: pip install "mnemon[pandas]"') from None
    data = data if isinstance(data, Dataset) else Dataset(data, None, "frame")
    X, y = data.X, data.y
    columns: dict[str, Any] = {
        "id": np.repeat(np.arange(len(X)), X.lengths),
        "time": np.arange(len(X.values)) - np.repeat(np.cumsum(X.lengths) - X.lengths, X.lengths),
    }
    if X.alphabet is None:
        names = [f"channel_{k}" for k in range(X.n_channels)] if channels is None else list(channels)
        if len(names) != X.n_channels or len({*names, *_TAKEN}) != X.n_channels + len(_TAKEN):
            raise InvalidInput(
                f"to_frame: channels={names!r}: expected {X.n_channels} different names, none of {', '.join(_TAKEN)}"
            )
        columns |= {name: X.values[:, k] for k, name in enumerate(names)}
    else:
        columns["symbol"] = np.array(X.alphabet, object)[X.values]
    if X.flat_boundaries is not None:
        columns["boundary"] = X.flat_boundaries
    if y is not None:
        if y.ndim > 1:
            raise InvalidInput(f"to_frame: {y.shape[1]} targets a sequence; a frame holds one label column")
        columns["label"] = np.concatenate(list(y)) if data.by_step else np.repeat(y, X.lengths)
    if data.groups is not None:
        columns["group"] = np.repeat(data.groups, X.lengths)
    return pandas.DataFrame(columns)


def _numbers(X: Sequences, what: str) -> None:
    if X.alphabet is not None:
        raise InvalidInput(f"{what}: these are sequences of symbols, which it does not hold")
