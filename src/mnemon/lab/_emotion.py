"""EMO-DB as the speech experiments hear it, and what they make of decisions.

F. Burkhardt and others, "A database of German emotional speech", Interspeech 2005,
doi:10.21437/Interspeech.2005-446. Of three emotions only the first two seconds are at hand. So there are two tasks: the
four emotions that are complete, at full length; and all seven, of which everybody hears the first two seconds at
15 kHz (what is above had been lost in a part of them).
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple, cast

import numpy as np

from ..data.audio import MFCC, Recordings, emodb
from ..errors import InvalidInput
from ..sequences import Sequences
from ._partings import Parting, at_random, by_speaker
from ._real_data import real_data

# In the order of the published tables.
SEVEN: tuple[str, ...] = ("anger", "boredom", "disgust", "fear", "happiness", "neutral", "sadness")
FOUR: tuple[str, ...] = ("anger", "happiness", "neutral", "sadness")
# Of each, how many the published split asks, and how many it judges while networks learn.
COUNTS: dict[str, tuple[int, int]] = dict(zip(SEVEN, ((12, 13), (8, 8), (4, 4), (5, 6), (7, 6), (8, 8), (5, 5))))
SPEAKERS = 10


class Heard(NamedTuple):
    """Recordings as features.

    Attributes:
        xs: the features. y: (n,) the emotion as a number of `classes`. groups: (n,) the speakers.
        classes: names of the emotions.

    """

    xs: Sequences
    y: np.ndarray
    groups: np.ndarray
    classes: tuple[str, ...]


def classes_of(count: int) -> tuple[str, ...]:
    """The emotions of the task with so many.

    Raises:
        InvalidInput: another number than 4 or 7.

    """
    if count not in (len(FOUR), len(SEVEN)):
        raise InvalidInput(f"{count} emotions: there are tasks of {len(FOUR)} and of {len(SEVEN)}")
    return FOUR if count == len(FOUR) else SEVEN


@cache
def heard(count: int, *, published: bool, step: float, deltas: int = 0, pitch: bool = False) -> Heard:
    """The recordings of a task as MFCCs of 25 ms windows.

    Args:
        count: 4 or 7 emotions.
        published: only those that listeners recognised and found natural.
        step: seconds from frame to frame.
        deltas: 1 for slopes too, 2 for slopes of slopes.
        pitch: voicing, pitch and its slope, too.

    """
    found = recordings(count, published=published)
    classes = classes_of(count)
    features = MFCC(step=step, deltas=deltas, pitch=pitch)
    return Heard(
        features.fit_transform(found.heard()),
        np.array([classes.index(emotion) for emotion in np.asarray(found.y)]),
        np.asarray(found.groups),
        classes,
    )


def recordings(count: int, *, published: bool) -> Recordings:
    """The recordings of a task."""
    whole = count == len(FOUR)
    return emodb(real_data("emodb"), emotions=classes_of(count), cropped=not whole, published=published)


def partings(data: Heard, members: Sequence[int], seed: int, *, speakers: bool) -> list[Parting]:
    """A parting for each number: a speaker left out, or one drawn with the published sizes."""
    if speakers:
        return [by_speaker(data.groups, member) for member in members]
    counts: Any = {k: COUNTS[name] for k, name in enumerate(data.classes)}
    return [at_random(data.y, counts, seed * 100_003 + member) for member in members]


def standardised(xs: Sequences, learned: np.ndarray) -> Sequences:
    """Features of mean 0 and deviation 1 over the recordings learned from."""
    mean, deviation = cast(Sequences, xs[learned]).statistics()
    values = (xs.values - mean) / np.where(deviation > 0, deviation, 1)
    return Sequences.from_concatenated(values, xs.lengths)


def confusion(decided: np.ndarray, true: np.ndarray, classes: int) -> list[list[int]]:
    """Rows are decisions, columns true classes."""
    table = np.zeros((classes, classes), int)
    np.add.at(table, (decided, true), 1)
    return table.tolist()


def accuracy(table: np.ndarray) -> float:
    """The share of right decisions in a confusion (decisions, classes)."""
    return float(np.trace(table) / table.sum())


def mean_recall(table: np.ndarray) -> float:
    """The mean over classes of the share that was decided right; classes that were not asked are left out."""
    asked = table.sum(axis=0)
    return float(np.mean(np.diag(table)[asked > 0] / asked[asked > 0]))
