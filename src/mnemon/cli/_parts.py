"""What `mnemon fit` learns from and what it judges by."""

import re
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
from sklearn.model_selection import train_test_split

from ..data import Dataset, japanese_vowels
from ..errors import InvalidInput
from ..estimators._groups import groups_held_out
from ..sequences import Sequences, as_sequences
from ._inputs import check_classes, classes_in
from ._reading import Reading, is_text
from ._targets import check_targets_of
from ._tasks import Task

HELD_OUT = 0.25
LAST = 0.1  # of a single sequence
FEWEST = 4  # sequences of which one can be held out
TOLD = 10  # groups that are named
SHORTEST = 20  # steps of a sequence of which the end can be held out


class Parts(NamedTuple):
    """What is learnt from, what is judged, and where the latter comes from, in words."""

    training: Dataset
    test: Dataset
    origin: str


def training_and_test(data: str | None, test: str | None, seed: int, task: Task, reading: Reading) -> Parts:
    """The parts that `mnemon fit` needs: given, found beside `data`, held out of it, or those of the package.

    Raises:
        InvalidInput: files that cannot be read, without the targets of the task, too small to hold out a part, or at
            odds.

    """
    if reading.group_by is not None and (data is None or test is not None or is_text(data, task)):
        why = "the vowels that come with the package" if data is None else f"--test {test}" if test else "a text"
        raise InvalidInput(f"--group-by {reading.group_by}: {why}: there are no groups to hold out")
    if data is None:
        if test is not None:
            raise InvalidInput(f"--test {test} needs DATA to learn from: mnemon fit DATA --test {test}")
        if task.name not in ("classify", "predict-next"):
            raise InvalidInput(
                f"--task {task.name} needs DATA: the vowels that come with the package have classes only"
            )
        return Parts(*japanese_vowels(), "the published test part")

    def targeted(path: str) -> Dataset:
        found = reading.data(path, task)
        check_targets_of(task, found, path, fitting=True)
        return found

    sibling = Path(data).with_name(re.sub(r"_TRAIN(?=\.\w+(\.gz)?$)", "_TEST", Path(data).name))
    if test is None and sibling.name != Path(data).name and sibling.is_file():
        parts = Parts(targeted(data), targeted(str(sibling)), f"{sibling}, found beside the training data")
    elif test is not None:
        same = Path(test).resolve() == Path(data).resolve()
        origin = f"{test}, the training data themselves: this says nothing about new sequences" if same else test
        parts = Parts(targeted(data), targeted(test), origin)
    else:
        if is_text(data, task):
            return _text_held_out(data, reading)
        if reading.group_by is not None:
            return _groups_held_out(targeted(data), data, seed, task, reading.group_by)
        return _held_out(targeted(data), data, seed, task)
    _check_agreement(parts, task)
    return parts


def _held_out(data: Dataset, path: str, seed: int, task: Task) -> Parts:
    """A quarter to judge by (of each class, where sequences have classes); of a single sequence the end."""
    if task.name == "predict-next" and len(data.X) == 1:
        return _end_held_out(data, path)
    n, labels = len(data.X), None
    out = max(round(HELD_OUT * n), 1)
    advice = "too few to hold a part out; give test data with --test"
    if task.name == "classify":
        labels = cast(np.ndarray, data.y)
        classes, counts = np.unique(labels, return_counts=True)
        out = max(out, len(classes))
        if rare := [str(c) for c in classes[counts < 2]]:
            few = f"class {rare[0]} has" if len(rare) == 1 else f"classes {', '.join(rare)} have each"
            raise InvalidInput(f"{path}: {few} 1 sequence, {advice}")
        if n - out < len(classes):
            raise InvalidInput(f"{path}: there are {n} sequences, {advice}")
    elif n < FEWEST:
        raise InvalidInput(f"{path}: there are {n} sequences, {advice}")
    rows = train_test_split(np.arange(n), test_size=out, stratify=labels, random_state=seed)
    kept, held = (np.sort(part) for part in rows)
    share = f"{out} of {n} sequences, held out of {path} (with --seed {seed})"
    if data.groups is not None:
        share += "; groups may be in both parts, --group-by holds whole ones out"
    return Parts(_some(data, kept, "the rest"), _some(data, held, "held out"), share)


def _groups_held_out(data: Dataset, path: str, seed: int, task: Task, name: str) -> Parts:
    """About a quarter to judge by, in whole groups; where there are classes, with about as many of each."""
    groups, n = cast(np.ndarray, data.groups), len(data.X)
    classes = np.unique(cast(np.ndarray, data.y), return_inverse=True)[1] if task.name == "classify" else None
    try:
        kept, held = groups_held_out(groups, HELD_OUT, seed, classes)
    except InvalidInput as problem:
        raise InvalidInput(f"--group-by {name}: {path}: {problem}") from None
    out = np.unique(groups[held])
    names = ", ".join(map(str, out[:TOLD])) + (", ..." if len(out) > TOLD else "")
    share = f"{len(held)} of {n} sequences, all of {name} {names}, held out of {path} (with --seed {seed})"
    parts = Parts(_some(data, kept, "the rest"), _some(data, held, "held out"), share)
    _check_agreement(parts, task)
    return parts


def _text_held_out(path: str, reading: Reading) -> Parts:
    """The end of a text; words that only it has are unknown there."""
    kept, end = reading.parts_of_text(path, (1 - LAST, LAST))
    steps = (len(kept.X.values), len(end.X.values))
    share = f"the last {steps[1]:,} of {sum(steps):,} {reading.by}s, held out of {path}"
    return Parts(replace(kept, name=f"{kept.name} (the rest)"), replace(end, name=f"{end.name} (its end)"), share)


def _end_held_out(data: Dataset, path: str) -> Parts:
    steps = int(data.X.lengths[0])
    if steps < SHORTEST:
        raise InvalidInput(f"{path}: {steps} steps, too few to hold their end out; give test data with --test")
    cut = steps - round(LAST * steps)
    marks = data.X.flat_boundaries

    def part(first: int, end: int, name: str) -> Dataset:
        X = Sequences.from_concatenated(
            data.X.values[first:end],
            [end - first],
            alphabet=data.X.alphabet,
            boundaries=None if marks is None else marks[first:end],
            allow_nan=data.X.alphabet is None,
        )
        return replace(data, X=X, y=None, groups=None, name=f"{data.name} ({name})")

    share = f"the last {steps - cut:,} of {steps:,} steps, held out of {path}"
    return Parts(part(0, cut, "the rest"), part(cut, steps, "its end"), share)


def _some(data: Dataset, rows: np.ndarray, name: str) -> Dataset:
    y, groups = (None if values is None else values[rows] for values in (data.y, data.groups))
    return replace(data, X=cast(Sequences, data.X[rows]), y=y, groups=groups, name=f"{data.name} ({name})")


def _check_agreement(parts: Parts, task: Task) -> None:
    """Raise, before hours of training, where the test data cannot be judged by what the training data teach."""
    ours, theirs = parts.training.X, parts.test.X
    if (ours.alphabet is None) != (theirs.alphabet is None):
        kinds = ("numbers", "symbols") if ours.alphabet is None else ("symbols", "numbers")
        raise InvalidInput(f"the test data are {kinds[1]}, but the training data {kinds[0]}")
    if ours.alphabet is None and ours.n_channels != theirs.n_channels:
        raise InvalidInput(f"the test data have {theirs.n_channels} channels, the training data {ours.n_channels}")
    as_sequences(theirs, alphabet=ours.alphabet, allow_nan=ours.alphabet is None, name="test data")
    if task.name in ("classify", "label"):
        known = classes_in(parts.training)
        check_classes(classes_in(parts.test), known, "the test data", "is in the training data")
    if task.name == "regress":
        shapes = [cast(np.ndarray, part.y).shape[1:] for part in (parts.training, parts.test)]
        if shapes[0] != shapes[1]:
            each = ["a number" if not shape else f"{shape[0]} numbers" for shape in shapes]
            raise InvalidInput(f"the test data have {each[1]} a sequence, the training data {each[0]}")
