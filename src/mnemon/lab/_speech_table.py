"""What classifiers of speech decided, as lines of a table: repeated partings, and speakers left out."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import product

import numpy as np
from scipy.stats import t as student

from .._statistics import wilson
from ._account import Grid
from ._emotion import accuracy, mean_recall
from ._results import Record, pick

CONFIDENCE = 0.95


def corrected(values: Sequence[float], asked: int, learned: int) -> tuple[float, float]:
    """The 95 % interval of the mean over random partings of one data set.

    Partings share recordings, so that their results vary together: the variance of the mean is s^2 (1 / k + asked /
    learned). C. Nadeau and Y. Bengio, Machine Learning 52(3):239-281, 2003, doi:10.1023/A:1024068626366.
    """
    each = np.asarray(values, float)
    if len(each) < 2:
        return float("nan"), float("nan")
    half = student.ppf((1 + CONFIDENCE) / 2, len(each) - 1) * each.std(ddof=1)
    half *= math.sqrt(1 / len(each) + asked / learned)
    return max(each.mean() - half, 0.0), min(each.mean() + half, 1.0)


def tables(records: Sequence[Record], name: str = "asked") -> np.ndarray:
    """(records, decisions, classes) confusions of this name."""
    return np.array([record[name] for record in records])


def repeated(records: Sequence[Record]) -> tuple[str, ...]:
    """How many partings; then mean, 95 % interval and range over partings, of the accuracy and of the mean recall; and
    both on what was learned from.
    """
    cells = [f"{len(records)}"]
    asked, learned = tables(records), tables(records, "learned")
    sizes = int(asked[0].sum()), int(learned[0].sum())
    for measure in (accuracy, mean_recall):
        each = [measure(table) for table in asked]
        low, high = corrected(each, *sizes)
        cells += [_percent(float(np.mean(each))), _interval(low, high), _interval(min(each), max(each))]
    own = [np.mean([measure(table) for table in learned]) for measure in (accuracy, mean_recall)]
    return (*cells, " / ".join(_percent(float(value)) for value in own))


def speakers_out(records: Sequence[Record]) -> tuple[str, ...]:
    """How many speakers; of all their recordings together the accuracy, its 95 % interval, and the mean recall; and the
    least and the largest mean recall of a speaker.
    """
    each = tables(records)
    whole = each.sum(axis=0)
    low, high = wilson(int(np.trace(whole)), int(whole.sum()))
    recalls = [mean_recall(table) for table in each]
    return (
        f"{len(records)}",
        _percent(accuracy(whole)),
        _interval(low, high),
        _percent(mean_recall(whole)),
        _interval(min(recalls), max(recalls)),
    )


def found_of(
    records: Mapping[str, Sequence[Record]], name: str, systems: Iterable[str], partings: Iterable[str], **place: int
) -> dict[tuple[str, str], list[Record]]:
    """The records of each system and parting at a place; conditions are called name-system-parting."""
    return {
        (system, parting): pick(records.get(f"{name}-{system}-{parting}", ()), **place)
        for system, parting in product(systems, partings)
    }


def speakers_grid(task: str, rows: Sequence[tuple[str, ...]]) -> Grid:
    """A table of `speakers_out`, a named row a system."""
    return Grid(
        f"{task} In per cent: accuracy over all recordings, its 95 % interval, mean recall, and mean recalls of single "
        "speakers.",
        ("", "speakers", "accuracy", "95 %", "mean recall", "of speakers"),
        tuple(rows),
    )


def shares(records: Sequence[Record], classes: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Rows of a confusion: a decision each, and in what share of each true class it was made, in per cent."""
    whole = tables(records).sum(axis=0)
    columns = whole / np.maximum(whole.sum(axis=0), 1)
    return tuple((name, *(f"{100 * share:.0f}" for share in row)) for name, row in zip(classes, columns))


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"


def _interval(low: float, high: float) -> str:
    return "-" if math.isnan(low) else f"{100 * low:.0f} to {100 * high:.0f}"
