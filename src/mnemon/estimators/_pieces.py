"""Windows of sequences, and what follows each of their elements: what a predictor learns from."""

from typing import NamedTuple, Self

import numpy as np

from ..errors import InvalidInput
from ..sequences import Sequences


class Pieces(NamedTuple):
    """Pieces of sequences.

    Attributes:
        xs: the pieces, (pieces,), each without what follows its last element.
        following: what follows each element of all pieces: codes (total_time,), or vectors (total_time, channels).
        whole: the sequences they were cut from.
        origin: (pieces,), the sequence that each was cut from.

    """

    xs: Sequences
    following: np.ndarray
    whole: Sequences
    origin: np.ndarray

    @classmethod
    def cut(cls, whole: Sequences, window: int | None) -> Self:
        """Pieces of `window` steps, the last of a sequence shorter; None: whole sequences."""
        longest = int(whole.lengths.max()) if window is None else window
        counts = -(-(whole.lengths - 1) // longest)
        origin = np.repeat(np.arange(len(whole)), counts)
        number = np.arange(len(origin)) - np.repeat(np.cumsum(counts) - counts, counts)
        lengths = np.minimum(longest, whole.lengths[origin] - 1 - number * longest)
        read = np.ones(len(whole.values), bool)
        read[np.cumsum(whole.lengths) - 1] = False  # nothing is known to follow the last
        index = np.flatnonzero(read)
        xs = Sequences.from_concatenated(
            whole.values[index],
            lengths,
            alphabet=whole.alphabet,
            boundaries=None if whole.flat_boundaries is None else whole.flat_boundaries[index],
            allow_nan=whole.alphabet is None,
        )
        return cls(xs, whole.values[index + 1], whole, origin)


def next_exists(xs: Sequences) -> None:
    """Raise `InvalidInput` where no element of any sequence follows another."""
    if xs.lengths.max() < 2:
        raise InvalidInput("X: every sequence has one element only; there is nothing to predict from another")
