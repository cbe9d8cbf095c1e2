"""Whether the targets in a file are those of a task; where they are not, which task they are for."""

from typing import Any

import numpy as np
from sklearn.utils.multiclass import type_of_target

from ..data import Dataset
from ..errors import InvalidInput
from ._tasks import Task

ADVICE = {
    "regress": "--task regress learns numbers",
    "label": "--task label learns a label for each step",
    "classify": "--task classify learns classes",
    "predict-next": "--task predict-next learns from sequences alone, what follows in them",
}


def check_targets_of(task: Task, data: Dataset, path: str, *, fitting: bool) -> None:
    """Raise `InvalidInput` where the targets of `data`, read from `path`, are not those of `task`.

    Args:
        task: what is to be learnt, or what a model has learnt.
        data: sequences with or without targets.
        path: where they came from.
        fitting: the task could still be another.

    """
    suited = tasks_of(data)
    if task.name in suited or task.name == "predict-next":
        return
    advice = "; ".join(ADVICE[name] for name in suited) if fitting else ""
    raise InvalidInput(
        f"{path}: holds {_words(data.y, suited)}, but each sequence needs {task.each} here"
        + (f"; {advice}" * bool(advice))
    )


def tasks_of(data: Dataset) -> list[str]:
    """The tasks that targets are for, the likeliest first."""
    y: Any = data.y
    if y is None:
        return ["predict-next"]
    if steps_labelled(data):
        return ["label"]
    numbers = y.dtype.kind in "iuf" and y.ndim in (1, 2)
    classes = y.ndim == 1 and type_of_target(y) in ("binary", "multiclass")
    return ["classify"] * classes + ["regress"] * numbers


def steps_labelled(data: Dataset) -> bool:
    """Whether targets are a label a step; so are words in a table as wide as all sequences are long."""
    y: Any = data.y
    if y is None or data.by_step:
        return y is not None
    return y.ndim == 2 and y.dtype.kind in "USO" and bool(np.all(data.X.lengths == y.shape[1]))


def targets_in_words(data: Dataset) -> str:
    """What targets are, for a line that describes data; empty where there are none."""
    y: Any = data.y
    suited = tasks_of(data)
    if suited[:1] == ["label"]:
        return f"labelled steps, {len(step_classes(y))} classes"
    if suited[:1] == ["classify"]:
        return f"{len(np.unique(y))} classes"
    if suited[:1] == ["regress"]:
        return "a number each" if y.ndim == 1 else f"{y.shape[1]} numbers each"
    return ""


def step_classes(y: Any) -> list[Any]:
    """The different labels of steps, without those that stand for none."""
    found = {label for one in y for label in np.asarray(one).tolist()}
    return sorted((label for label in found if label is not None and label == label), key=str)


def _words(y: Any, suited: list[str]) -> str:
    if y is None:
        return "no labels"
    if "label" in suited:
        return "a label for each step"
    if "classify" in suited:
        return "classes"
    if y.ndim == 1 and y.dtype.kind == "f":
        return "numbers as targets"
    return f"labels of shape {y.shape}"
