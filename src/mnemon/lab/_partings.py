"""Recordings parted into what is learned from, what is judged by, and what is asked: at random, or by who speaks."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np


class Parting(NamedTuple):
    """Numbers of the recordings, each (k,): to learn from, to judge by while learning, and to be asked at the end."""

    learned: np.ndarray
    judged: np.ndarray
    asked: np.ndarray


def at_random(y: np.ndarray, counts: Mapping[Any, tuple[int, int]], seed: int) -> Parting:
    """So many of each label asked and judged; the rest is learned from.

    Args:
        y: (n,) labels.
        counts: how many of a label are asked, and how many judged.
        seed: of the draw.

    """
    draw = np.random.default_rng(seed)
    asked, judged = [], []
    for label, (ask, judge) in counts.items():
        mixed = draw.permutation(np.flatnonzero(y == label))
        asked.append(mixed[:ask])
        judged.append(mixed[ask : ask + judge])
    return _parting(len(y), np.concatenate(judged), np.concatenate(asked))


def by_speaker(groups: np.ndarray, number: int, judges: int = 2) -> Parting:
    """The speaker of this number, in sorted order, is asked, the `judges` after it are judged, the others learned from.

    After the last speaker comes the first.
    """
    speakers = np.unique(groups)
    judging = [speakers[(number + 1 + k) % len(speakers)] for k in range(judges)]
    asked = np.flatnonzero(groups == speakers[number % len(speakers)])
    return _parting(len(groups), np.flatnonzero(np.isin(groups, judging)), asked)


def _parting(count: int, judged: np.ndarray, asked: np.ndarray) -> Parting:
    rest = np.setdiff1d(np.arange(count), np.concatenate([judged, asked]))
    return Parting(rest, np.sort(judged), np.sort(asked))
