"""How a layer's units move over time: some sequences as they are, and in the plane that holds most of the motion.

The plane is that of the first two principal components of all steps of all sequences: K. Pearson, "On lines and planes
of closest fit", Philosophical Magazine 2(11):559-572, 1901, doi:10.1080/14786440109462720.
"""

from typing import NamedTuple

import numpy as np

SEQUENCES = 4


class Trajectories(NamedTuple):
    """Some sequences in a layer.

    Attributes:
        rows: (n,), which sequences of the batch: the shortest, the longest, and some between.
        units: for each an array (time, units).
        plane: for each an array (time, 2), its place along the first two principal components.
        shares: (2,), how much of the variance each component holds; 0 where units do not move.

    """

    rows: np.ndarray
    units: tuple[np.ndarray, ...]
    plane: tuple[np.ndarray, ...]
    shares: np.ndarray


def trajectories(units: np.ndarray, lengths: np.ndarray, *, most: int = SEQUENCES) -> Trajectories:
    """Of a layer's outputs (batch, time, units), for at most so many sequences."""
    units = np.asarray(units, np.float64)
    order = np.argsort(lengths, kind="stable")
    rows = np.sort(order[np.unique(np.linspace(0, len(order) - 1, min(most, len(order))).round().astype(int))])
    every = np.concatenate([one[:length] for one, length in zip(units, lengths)])
    mean = every.mean(axis=0)
    shares, axes = np.zeros(2), np.zeros((2, units.shape[2]))
    if np.isfinite(every).all():
        _, sizes, directions = np.linalg.svd(every - mean, full_matrices=False)
        count = min(2, len(sizes))
        axes[:count] = directions[:count] * _signs(directions[:count])
        total = (sizes**2).sum()
        shares[:count] = sizes[:count] ** 2 / total if total > 0 else 0.0
    some = tuple(units[row, : lengths[row]] for row in rows)
    return Trajectories(rows, some, tuple((one - mean) @ axes.T for one in some), shares)


def _signs(directions: np.ndarray) -> np.ndarray:
    """The sign of each direction's largest entry, so that pictures do not turn over by chance."""
    largest = np.abs(directions).argmax(axis=1)
    return np.sign(directions[np.arange(len(directions)), largest])[:, None]
