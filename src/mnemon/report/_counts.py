"""Counting: everything in a report that is not given is counted here.

Wilson's score interval (E. B. Wilson, 1927, doi:10.1080/01621459.1927.10502953) for k of n:

    (p + z²/2n ± z sqrt(p (1 - p)/n + z²/4n²)) / (1 + z²/n),   p = k/n,  z = 1.96 for 95 %
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ._story import Judged


def confusion(judged: Judged) -> NDArray[np.int64]:
    """How often the class of the row was named as the class of the column, over `judged.labels`."""
    counts = np.zeros((len(judged.labels),) * 2, np.int64)
    np.add.at(counts, (judged.true, judged.named), 1)
    return counts


def mistakes(judged: Judged) -> list[tuple[int, int, int]]:
    """Pairs (true, named, how often) of classes that were mistaken, the most frequent first."""
    counts = confusion(judged)
    np.fill_diagonal(counts, 0)
    pairs = [(int(row), int(column), int(counts[row, column])) for row, column in np.argwhere(counts)]
    return sorted(pairs, key=lambda pair: (-pair[2], pair[:2]))


def worst(judged: Judged, most: int) -> NDArray[np.intp]:
    """Positions of the wrong answers, those that gave the true class the least probability first, `most` at most."""
    wrong = np.flatnonzero(judged.true != judged.named)
    if judged.probabilities is None:
        return wrong[:most]
    truth = np.array([true_probability(judged, int(i)) for i in wrong])
    named = np.asarray(judged.probabilities)[wrong, judged.named[wrong]]
    return wrong[np.lexsort((wrong, -named, truth))][:most]


def true_probability(judged: Judged, i: int) -> float:
    """The probability given to the true class of sequence `i`; 0 for a class that the model does not know."""
    chances, column = np.asarray(judged.probabilities), judged.true[i]
    return float(chances[i, column]) if column < chances.shape[1] else 0.0


@dataclass(frozen=True)
class Bin:
    """Sequences of `first` to `last` steps: how many there are, and how many were judged rightly."""

    first: int
    last: int
    n: int
    right: int

    @property
    def name(self) -> str:
        """The lengths, in words."""
        return str(self.first) if self.first == self.last else f"{self.first}–{self.last}"


def by_length(judged: Judged, most: int = 10) -> list[Bin]:
    """Judged sequences in about `most` bins of length: equally wide, or widening where lengths vary a lot."""
    lengths, right = np.asarray(judged.lengths), judged.true == judged.named
    edges = _edges(int(lengths.min()), int(lengths.max()), most)
    bins = []
    for first, end in pairwise(edges):
        inside = (lengths >= first) & (lengths < end)
        bins.append(Bin(first, end - 1, int(inside.sum()), int(right[inside].sum())))
    return bins


def _edges(low: int, high: int, most: int) -> list[int]:
    if low > 0 and high >= 30 * low:
        return [int(edge) for edge in np.unique(np.geomspace(low, high + 1, most + 1).round())]
    width = next(w for w in _round_widths() if w * most >= high - low + 1)
    first = low - low % width
    return list(range(first, high + width + 1 - (high - first) % width, width))


def _round_widths() -> Iterator[int]:
    scale = 1
    while True:
        yield from (scale, 2 * scale, 3 * scale, 5 * scale)
        scale *= 10
