"""Collections of sequences as other libraries hold them, and back."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mnemon.data._dataset import Dataset
from mnemon.data._long import frame_columns, from_columns
from mnemon.errors import InvalidInput, InvalidType
from mnemon.sequences import Sequences


def from_aeon(X: Any, *, allow_nan: bool = False) -> Sequences:
    """From aeon's collections: an array (n, channels, time), or a list of arrays (channels, time).

    Raises `InvalidInput` as `Sequences` does.
    """
    return Sequences(X, layout="channels_first", allow_nan=allow_nan)


def to_aeon(X: Sequences) -> np.ndarray | list[np.ndarray]:
    """To aeon: an array (n, channels, time) where all sequences are equally long, else a list of (channels, time)."""
    _numbers(X, "to_aeon")
    each = [np.ascontiguousarray(one.T) for one in X]
    return np.stack(each) if len({one.shape for one in each}) == 1 else each


def from_tslearn(X: ArrayLike) -> Sequences:
    """From tslearn's data sets: an array (n, time, channels), shorter sequences filled up with NaN at their ends.

    Raises `InvalidInput` for another shape, a sequence of nothing but NaN, and NaN before a sequence's end.
    """
    array = np.asarray(X, float)
    if array.ndim != 3:
        raise InvalidInput(f"from_tslearn: expected an array (n, time, channels), got shape {array.shape}")
    known = np.asarray(~np.isnan(array).all(axis=2))
    lengths = array.shape[1] - np.argmax(known[:, ::-1], axis=1)
    if not known.any(axis=1).all():
        raise InvalidInput(f"from_tslearn: sequence {int(np.argmin(known.any(axis=1)))} holds nothing but NaN")
    return Sequences(array, lengths=lengths, layout="channels_last")


def to_tslearn(X: Sequences) -> np.ndarray:
    """To tslearn: (n, time, channels), NaN behind each end."""
    _numbers(X, "to_tslearn")
    result = np.full((len(X), int(X.lengths.max()), X.n_channels), np.nan)
    for row, one in zip(result, X):
        row[: len(one)] = one
    return result


def from_lengths(X: ArrayLike, lengths: ArrayLike) -> Sequences:
    """From hmmlearn's form: all steps below each other (total_time, channels), and the lengths (n,)."""
    return Sequences.from_concatenated(X, lengths)


def to_lengths(X: Sequences) -> tuple[np.ndarray, np.ndarray]:
    """To hmmlearn's form: steps (total_time, channels) and lengths (n,)."""
    _numbers(X, "to_lengths")
    return np.array(X.values), np.array(X.lengths)


def from_frame(
    frame: Any,
    *,
    id: str | None = None,
    time: str | None = None,
    label: str | None = None,
    group: str | None = None,
    channels: Sequence[str] | None = None,
    allow_nan: bool = False,
) -> Dataset:
    """From a pandas frame with a row a step; a named index counts as columns, so that (id, time) may stand there.

    Arguments as for `read_long`. Raises `InvalidType` for no frame, and `InvalidInput` as `read_long`.
    """
    if not hasattr(frame, "columns") or not hasattr(frame, "index"):
        raise InvalidType(f"from_frame: expected a pandas DataFrame, got {type(frame).__name__}")
    if not len(frame):
        raise InvalidInput("from_frame: the frame has no rows")
    names = list(frame.index.names)
    if len(names) == 2 and names == [None, None]:  # sktime's nested form often leaves its levels without names
        frame = frame.rename_axis(["id", "time"])
    roles = {"id": id, "time": time, "label": label, "group": group}
    columns = frame_columns(frame)
    return from_columns(columns, roles, channels, "from_frame", "frame", first_row=0, allow_nan=allow_nan)


def to_frame(data: Dataset | Sequences) -> Any:
    """To a pandas frame with a row a step: columns id, time, the channels, and label and group where there are some."""
    import pandas

    data = data if isinstance(data, Dataset) else Dataset(data, None, "frame")
    X = data.X
    columns: dict[str, Any] = {
        "id": np.repeat(np.arange(len(X)), X.lengths),
        "time": np.concatenate([np.arange(length) for length in X.lengths]),
    }
    if X.alphabet is None:
        columns |= {f"channel_{k}": X.values[:, k] for k in range(X.n_channels)}
    else:
        columns["symbol"] = np.array(X.alphabet)[X.values]
    if data.y is not None:
        columns["label"] = np.concatenate(data.y) if data.by_step else np.repeat(data.y, X.lengths)
    if data.groups is not None:
        columns["group"] = np.repeat(data.groups, X.lengths)
    return pandas.DataFrame(columns)


def _numbers(X: Sequences, what: str) -> None:
    if X.alphabet is not None:
        raise InvalidInput(f"{what}: these are sequences of symbols, which it does not hold")
