"""Which data and which model a command line means."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .. import load
from .._files import existing
from ..data import Dataset
from ..errors import InvalidInput, MnemonError, ModelFileError
from ..estimators import Forecaster
from ._reading import data_for
from ._targets import check_targets_of, step_classes, targets_in_words, tasks_of
from ._tasks import TASKS, Task, task_of


def judgeable(model: Any, path: str) -> Dataset:
    """Sequences with the targets that a model of this kind is judged by.

    Raises:
        InvalidInput: a file that cannot be read, or whose targets are missing, of another kind, or all unknown.

    """
    data = data_for(model, path)
    check_targets_of(task_of(model), data, path, fitting=False)
    if hasattr(model, "classes_"):
        check_classes(classes_in(data), np.asarray(model.classes_).tolist(), path, "the model knows")
    return data


def load_model(
    path: str,
    data: str | None = None,
    tasks: tuple[str, ...] = tuple(TASKS),
    why: str = "",
    *,
    trained: bool = True,
) -> Any:
    """The estimator in a model file.

    Args:
        path: the file.
        data: the argument after it, for the case that they are exchanged.
        tasks: the tasks of which it may be.
        why: what only those can do.
        trained: a network that was trained is needed; where not, hidden Markov models will do, too.

    Raises:
        InvalidInput: no such file, no model in it, or one of another task or kind.

    """
    model = any_model(path, data)
    if isinstance(model, Forecaster):
        raise InvalidInput(f"{path}: is a model of a measured series; mnemon forecast goes on from it")
    if trained and not hasattr(model, "results_"):
        raise InvalidInput(
            f"{path}: is of {type(model).__name__}, no single network; only mnemon predict and show use it"
        )
    task = task_of(model)
    if task.name not in tasks:
        others = " or ".join(f"--task {name}" for name in tasks)
        raise InvalidInput(f"{path}: is a model of --task {task.name}, and only one of {others} {why}")
    return model


def any_model(path: str, data: str | None = None) -> Any:
    """The estimator in a model file, whatever its task; see `load_model`."""
    try:
        return load(existing(path))
    except ModelFileError as problem:
        if data is not None and data.endswith(".safetensors"):
            raise InvalidInput(f"{path} is no model; the model comes first, then the data") from None
        raise problem from None


@contextmanager
def in_file(path: str) -> Iterator[None]:
    """Mistakes in data, with the name of the file they came from; those of options are about no file."""
    try:
        yield
    except MnemonError as problem:
        if str(problem).startswith("--"):
            raise
        raise InvalidInput(f"{path}: {problem}") from None


def described(data: Dataset, task: Task) -> str:
    """A data set in a line."""
    low, high = data.X.lengths.min(), data.X.lengths.max()
    what = "channels" if data.X.alphabet is None else "symbols"
    steps = f"{low:,}-{high:,} steps" if low < high else f"{low:,} steps"
    parts = [f"{len(data.X):,} sequence{'s' * (len(data.X) > 1)}", f"{data.X.n_channels} {what}", steps]
    if data.y is not None and task.name in tasks_of(data):
        parts.append(targets_in_words(data))
    return f"{data.name}, {', '.join(parts)}"


def classes_in(data: Dataset) -> list[Any]:
    """The different classes of sequences, or of steps."""
    y: Any = data.y
    return step_classes(y) if tasks_of(data)[:1] == ["label"] else np.unique(y).tolist()


def check_classes(found: list[Any], known: list[Any], where: str, whose: str) -> None:
    """Raise where no label is among those `known`."""
    if not set(found) & set(known):
        words = ["{}{}".format(", ".join(map(repr, c[:5])), ", ..." * (len(c) > 5)) for c in (found, known)]
        raise InvalidInput(f"{where}: classes {words[0]}, none of which {whose} ({words[1]})")
