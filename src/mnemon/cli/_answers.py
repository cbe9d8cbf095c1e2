"""What a model says, as rows of a table: a head, and a line for each sequence, step or window."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..data import Dataset
from ..errors import InvalidInput
from ._tasks import task_of

WITHOUT_CHANCES = "--proba: this model says numbers, which have no probabilities"


class Said(NamedTuple):
    """Columns, and rows that have them; probabilities stand under the names of their classes, apart."""

    columns: list[str]
    classes: list[Any]
    rows: Iterator[tuple[list[Any], list[float] | None]]


def answers_of(model: Any, data: Dataset, *, proba: bool, window: int | None) -> Said:
    """What `model` says of `data`.

    Args:
        model: a fitted estimator.
        data: sequences.
        proba: probabilities too.
        window: read recordings in windows of so many steps.

    Raises:
        InvalidInput: what this model cannot say, or data it cannot read.

    """
    task = task_of(model).name
    if window is not None and task == "predict-next":
        raise InvalidInput("--window is for models that classify, regress or label; this one predicts what follows")
    if task == "label":
        return _of_steps(model, data, proba, window)
    if window is not None:
        return _of_windows(model, data, proba, window)
    if not says_chances(model):
        if proba:
            raise InvalidInput(WITHOUT_CHANCES)
        values = np.asarray(model.predict(data.X))
        return Said(["index", *value_columns(model)], [], (([k, *listed(v)], None) for k, v in enumerate(values)))
    rows = (
        ([k, *chosen(model, chances)], chances.tolist() if proba else None)
        for k, chances in enumerate(model.predict_proba(data.X))
    )
    return Said(["index", *choice_columns(model)], names_of(model) if proba else [], rows)


def with_files(said: Said, files: list[str]) -> Said:
    """The same, with the file of each sequence behind its number."""
    head, *columns = said.columns
    rows = (([values[0], files[values[0]], *values[1:]], chances) for values, chances in said.rows)
    return Said([head, "file", *columns], said.classes, rows)


def says_chances(model: Any) -> bool:
    """Whether a model chooses between classes or symbols."""
    return hasattr(model, "classes_") or (task_of(model).name == "predict-next" and model.alphabet_ is not None)


def names_of(model: Any) -> list[Any]:
    """What a model chooses between."""
    return list(model.alphabet_) if task_of(model).name == "predict-next" else np.asarray(model.classes_).tolist()


def choice_columns(model: Any) -> list[str]:
    """What its choice is called; of several labels that may hold together, each has a column."""
    if getattr(model, "multilabel_", False):
        return [f"label_{name}" for name in names_of(model)]
    return ["symbol" if task_of(model).name == "predict-next" else "label"]


def chosen(model: Any, chances: Any) -> list[Any]:
    """What a model chooses, given its probabilities."""
    if getattr(model, "multilabel_", False):
        return [int(chance > 0.5) for chance in chances]
    return [names_of(model)[int(chances.argmax())]]


def value_columns(model: Any) -> list[str]:
    """What the numbers that a model says are called."""
    if task_of(model).name == "predict-next":
        return [f"channel_{k}" for k in range(model.n_features_in_)]
    return ["value"] if model.flat_ else [f"value_{k}" for k in range(model.n_outputs_)]


def listed(values: Any) -> list[Any]:
    """One number, or several, as a list."""
    return np.atleast_1d(np.asarray(values)).tolist()


def _of_steps(labeler: Any, data: Dataset, proba: bool, window: int | None) -> Said:
    each, names = labeler.predict_proba(data.X, window=window), names_of(labeler)
    rows = (
        ([k, step, *chosen(labeler, c)], c.tolist() if proba else None)
        for k, chances in enumerate(each)
        for step, c in enumerate(chances)
    )
    return Said(["index", "step", "label"], names if proba else [], rows)


def _of_windows(model: Any, data: Dataset, proba: bool, window: int) -> Said:
    if proba:
        raise InvalidInput("--proba and --window exclude each other: windows are told their answers only")
    each = model.predict_windows(data.X, window)
    columns = choice_columns(model) if says_chances(model) else value_columns(model)
    rows = (
        ([k, int(start), *listed(value)], None)
        for k, (starts, values) in enumerate(each)
        for start, value in zip(starts, values)
    )
    return Said(["index", "start", *columns], [], rows)
