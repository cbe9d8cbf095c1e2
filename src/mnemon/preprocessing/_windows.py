"""Cutting sequences into windows of one length."""

from typing import Any, NamedTuple

import numpy as np

from ..errors import InvalidInput, raise_together
from ..sequences import Sequences, as_sequences


class Windows(NamedTuple):
    """What long sequences were cut into.

    Attributes:
        X: the windows, (k,).
        y: the label of each window's sequence, (k,), or those of its steps, an object array of k arrays (time,); None
            where none were given.
        origin: (k,), the number of the sequence that each was cut from.
        starts: (k,), the step of it at which each starts.

    """

    X: Sequences
    y: np.ndarray | None
    origin: np.ndarray
    starts: np.ndarray


def windows(X: Any, y: Any = None, *, length: int, step: int | None = None, keep_short: bool = True) -> Windows:
    """Cut each sequence into windows, every step of it in one of them at least, where `step` is at most `length`.

    Args:
        X: sequences, as the estimators take them; symbols, boundaries and missing values stay.
        y: (n,) a label a sequence, which its windows inherit; or a list (or an object array) of n arrays (time,), a
            label a step, which are cut as the sequences are.
        length: steps of a window.
        step: steps from one window's start to the next; None for `length`, side by side. Where the last of them does
            not end with the sequence, one more does.
        keep_short: whether a sequence shorter than a window is one short window, or left out.

    Raises:
        InvalidInput: a length or step below 1, labels of another number, or nothing left.

    Example:
        >>> import numpy as np
        >>> from mnemon.preprocessing import windows
        >>> windows([np.arange(17.0)], length=5, step=4).starts.tolist()
        [0, 4, 8, 12]

    """
    stride = length if step is None else step
    for name, value in (("length", length), ("step", stride)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise InvalidInput(f"windows: {name}={value!r}; expected a whole number of at least 1")
    xs = as_sequences(X, strings=True, allow_nan=True)
    by_step = _check_labels(y, xs)
    origin, starts = [], []
    for row, time in enumerate(xs.lengths.tolist()):
        if time < length and not keep_short:
            continue
        last = max(time - length, 0)
        first = list(range(0, last + 1, stride))
        first += [last] if first[-1] != last else []
        origin += [row] * len(first)
        starts += first
    if not origin:
        raise InvalidInput(
            f"windows: no sequence has {length} steps (the longest has {xs.lengths.max()}); choose a shorter length, "
            "or keep_short=True"
        )
    rows, firsts = np.array(origin), np.array(starts)
    sizes = np.minimum(length, xs.lengths[rows])
    ahead = np.cumsum(sizes) - sizes
    begins = (np.cumsum(xs.lengths) - xs.lengths)[rows] + firsts
    index = np.repeat(begins - ahead, sizes) + np.arange(sizes.sum())
    cut = Sequences.from_concatenated(
        xs.values[index],
        sizes,
        alphabet=xs.alphabet,
        boundaries=None if xs.flat_boundaries is None else xs.flat_boundaries[index],
        allow_nan=xs.alphabet is None,
    )
    if by_step:
        labels = np.empty(len(rows), object)
        labels[:] = [y[row][first : first + size] for row, first, size in zip(rows, firsts, sizes)]
    else:
        labels = None if y is None else np.asarray(y)[rows]
    return Windows(cut, labels, rows, firsts)


def _check_labels(y: Any, xs: Sequences) -> bool:
    """Whether labels stand at steps; `InvalidInput` where there is not one a sequence, or not one a step."""
    if y is None:
        return False
    if not hasattr(y, "__len__") or isinstance(y, str):
        raise InvalidInput(f"windows: y: expected {len(xs)} labels, one a sequence, got {y!r}")
    if len(y) != len(xs):
        raise InvalidInput(f"windows: {len(xs)} sequences but {len(y)} labels; give one for each sequence")
    table = isinstance(y, np.ndarray) and y.dtype != object
    if table or not isinstance(y[0], np.ndarray) or y[0].ndim != 1:
        return False
    wrong = [
        f"sequence {k} has {time} steps, but labels of shape {np.shape(labels)}"
        for k, (labels, time) in enumerate(zip(y, xs.lengths))
        if np.shape(labels) != (time,)
    ]
    raise_together(wrong, "windows")
    return True
