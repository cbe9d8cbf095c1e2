"""Other numbers of steps over the same time."""

import numpy as np

from ..errors import InvalidInput
from ..sequences import Sequences
from ._pad_or_cut import check_positive
from ._transformer import SequenceTransformer, from_each


class Resample(SequenceTransformer):
    """Each channel read off at equally spaced times between a sequence's first and last step, interpolated linearly.

    Segment ends go to the nearest new step. A sequence of one step stays one value. Nothing is filtered before steps
    are left out: smooth first where quick changes must not fold into slow ones.

    Args:
        length: steps of each sequence afterwards; or
        factor: how many times the steps it had (0.5: half of them), at least 1 step.

    Attributes:
        n_features_in_: channels.

    Example:
        >>> import numpy as np
        >>> from mnemon.preprocessing import Resample
        >>> Resample(length=5).fit_transform([np.array([0.0, 1.0, 2.0])])[0][:, 0].tolist()
        [0.0, 0.5, 1.0, 1.5, 2.0]

    """

    def __init__(self, length: int | None = None, factor: float | None = None) -> None:
        self.length = length
        self.factor = factor

    def _learn(self, xs: Sequences) -> None:
        if (self.length is None) == (self.factor is None):
            raise InvalidInput(f"Resample: give length= or factor=, one of them; got {self.length!r}, {self.factor!r}")
        if self.factor is not None:
            check_positive("factor", self.factor)
        elif isinstance(self.length, bool) or not isinstance(self.length, int | np.integer) or self.length < 1:
            raise InvalidInput(f"length={self.length!r}: expected a whole number of at least 1")

    def _apply(self, xs: Sequences) -> Sequences:
        sizes = [self.length or max(1, round(steps * (self.factor or 1))) for steps in xs.lengths.tolist()]
        each = [_resampled(one, size) for one, size in zip(xs, sizes)]
        marks = None
        if xs.boundaries is not None:
            marks = [_moved(one, size) for one, size in zip(xs.boundaries, sizes)]
        return from_each(xs, each, marks)


def _resampled(one: np.ndarray, size: int) -> np.ndarray:
    times = np.linspace(0, len(one) - 1, size)
    return np.stack([np.interp(times, np.arange(len(one)), column) for column in one.T], axis=1)


def _moved(marks: np.ndarray, size: int) -> np.ndarray:
    result = np.zeros(size, bool)
    places = np.flatnonzero(marks) * (size - 1) / max(len(marks) - 1, 1)
    result[np.round(places).astype(int)] = True
    return result
