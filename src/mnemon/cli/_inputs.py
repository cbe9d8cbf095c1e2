"""Which data and which model a command line means."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils.multiclass import type_of_target

from .. import load
from .._files import existing
from ..data import Dataset, japanese_vowels, read
from ..errors import InvalidInput, MnemonError, ModelFileError
from ..estimators import SequenceClassifier
from ..sequences import Sequences, as_sequences

HELD_OUT = 0.25


class Parts(NamedTuple):
    """What is learnt from, what is judged, and where the latter comes from, in words."""

    training: Dataset
    test: Dataset
    origin: str


def training_and_test(data: str | None, test: str | None, seed: int) -> Parts:
    """The parts that `mnemon fit` needs: given, found beside `data`, held out of it, or those of the package.

    Raises:
        InvalidInput: files that cannot be read, without labels, too small to hold out a part, or at odds.

    """
    if data is None:
        if test is not None:
            raise InvalidInput(f"--test {test} needs DATA to learn from: mnemon fit DATA --test {test}")
        return Parts(*japanese_vowels(), "the published test part")
    sibling = Path(data).with_name(re.sub(r"_TRAIN(?=\.(ts|ts\.gz|npz)$)", "_TEST", Path(data).name))
    if test is None and sibling.name != Path(data).name and sibling.is_file():
        parts = Parts(labelled(data), labelled(str(sibling)), f"{sibling}, found beside the training data")
    elif test is not None:
        same = Path(test).resolve() == Path(data).resolve()
        origin = f"{test}, the training data themselves: this says nothing about new sequences" if same else test
        parts = Parts(labelled(data), labelled(test), origin)
    else:
        return _held_out(labelled(data), data, seed)
    _check_agreement(parts)
    return parts


def labelled(path: str, known: np.ndarray | None = None) -> Dataset:
    """The sequences in a file, with one class each.

    Args:
        path: the file.
        known: classes of a model that is to judge them.

    Raises:
        InvalidInput: a file that cannot be read, or whose labels are missing, no classes, or all of them not `known`.

    """
    data = read(path)
    if data.y is None:
        raise InvalidInput(f"{path}: holds no labels, but each sequence needs its class here")
    if data.y.ndim != 1 or type_of_target(data.y) not in ("binary", "multiclass"):
        what = "numbers" if data.y.dtype.kind == "f" else f"labels of shape {data.y.shape}"
        raise InvalidInput(f"{path}: holds {what} as targets, but each sequence needs one class here")
    if known is not None:
        _check_classes(data, known, path, "the model knows")
    return data


def load_model(path: str, data: str | None = None) -> SequenceClassifier:
    """The classifier in a model file; `data` is the argument after it, for the case that they are exchanged.

    Raises:
        InvalidInput: no such file, or no model in it.

    """
    try:
        classifier = load(existing(path))
    except ModelFileError as problem:
        if data is not None and data.endswith(".safetensors"):
            raise InvalidInput(f"{path} is no model; the model comes first, then the data") from None
        raise problem from None
    if not isinstance(classifier, SequenceClassifier):
        raise InvalidInput(f"{path}: holds a {type(classifier).__name__}, expected a SequenceClassifier")
    return classifier


@contextmanager
def in_file(path: str) -> Iterator[None]:
    """Mistakes in data, with the name of the file they came from."""
    try:
        yield
    except MnemonError as problem:
        raise InvalidInput(f"{path}: {problem}") from None


def described(data: Dataset) -> str:
    """A data set in a line."""
    low, high = data.X.lengths.min(), data.X.lengths.max()
    what = "channels" if data.X.alphabet is None else "symbols"
    parts = [f"{len(data.X):,} sequences", f"{data.X.n_channels} {what}", f"{low}-{high} steps"]
    if data.y is not None:
        parts.append(f"{len(np.unique(data.y))} classes")
    return f"{data.name}, {', '.join(parts)}"


def _held_out(data: Dataset, path: str, seed: int) -> Parts:
    """A quarter of each class to judge by."""
    labels = cast(np.ndarray, data.y)
    classes, counts = np.unique(labels, return_counts=True)
    out = max(round(HELD_OUT * len(labels)), len(classes))
    if counts.min() < 2 or len(labels) - out < len(classes):
        few = f"class {classes[counts.argmin()]} has {counts.min()}" if counts.min() < 2 else f"there are {len(labels)}"
        raise InvalidInput(f"{path}: {few} sequences, too few to hold a part out; give test data with --test")
    rows = train_test_split(np.arange(len(labels)), test_size=out, stratify=labels, random_state=seed)
    kept, held = (np.sort(part) for part in rows)
    share = f"{out} of {len(labels)} sequences, held out of {path} (with --seed {seed})"
    return Parts(_some(data, kept, "the rest"), _some(data, held, "held out"), share)


def _some(data: Dataset, rows: np.ndarray, name: str) -> Dataset:
    labels = cast(np.ndarray, data.y)
    return replace(data, X=cast(Sequences, data.X[rows]), y=labels[rows], name=f"{data.name} ({name})")


def _check_agreement(parts: Parts) -> None:
    """Raise, before hours of training, where the test data cannot be judged by what the training data teach."""
    ours, theirs = parts.training.X, parts.test.X
    if (ours.alphabet is None) != (theirs.alphabet is None):
        kinds = ("numbers", "symbols") if ours.alphabet is None else ("symbols", "numbers")
        raise InvalidInput(f"the test data are {kinds[1]}, but the training data {kinds[0]}")
    if ours.alphabet is None and ours.n_channels != theirs.n_channels:
        raise InvalidInput(f"the test data have {theirs.n_channels} channels, the training data {ours.n_channels}")
    as_sequences(theirs, alphabet=ours.alphabet, name="test data")
    _check_classes(
        parts.test, np.unique(cast(np.ndarray, parts.training.y)), "the test data", "is in the training data"
    )


def _check_classes(data: Dataset, known: np.ndarray, where: str, whose: str) -> None:
    """Raise where no label is among those `known`."""
    found = np.unique(cast(np.ndarray, data.y))
    if not set(found.tolist()) & set(known.tolist()):
        words = ["{}{}".format(", ".join(map(repr, c[:5].tolist())), ", ..." * (len(c) > 5)) for c in (found, known)]
        raise InvalidInput(f"{where}: classes {words[0]}, none of which {whose} ({words[1]})")
