"""What a report tells: a `Story` of plain Python and NumPy values, checked when it is made.

    Story ── training_data, test_data : DataSet     what was trained on, what was judged on
          └─ judged : Judged | Measured             the true and the named class of every judged sequence; or what
                                                    was measured, for tasks other than naming classes

Only `title` and `judged` must be there. Whatever else is left out is left out of the page.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import raise_together
from ._measured import Measured


@dataclass(frozen=True, kw_only=True, eq=False)
class DataSet:
    """A collection of labelled sequences, described and not held.

    `counts` says how many sequences each class has, `lengths` how many steps each sequence has; `about` is free
    text, such as where the data come from and under which licence.
    """

    name: str
    sequences: int
    channels: int | None = None
    counts: Mapping[Any, int] = field(default_factory=dict)
    lengths: ArrayLike | None = None
    about: str = ""

    def __post_init__(self) -> None:
        problems: list[str] = []
        _keep(self, lengths=_lengths(self.lengths, self.sequences, problems))
        raise_together(problems, f"report, data set {self.name!r}")


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """Judged sequences: their true class and the class a model named.

    `classes` are those that the model knows, in the order of the columns of `probabilities` (sequences, classes).
    `y_true` may hold classes that the model does not know; they count as wrong. `sequences` are arrays
    (time, channels), in the same order, from which the worst mistakes are drawn.
    """

    classes: Sequence[Any] | NDArray
    y_true: Sequence[Any] | NDArray
    y_pred: Sequence[Any] | NDArray
    probabilities: ArrayLike | None = None
    lengths: ArrayLike | None = None
    names: Sequence[str] | None = None
    sequences: Sequence[ArrayLike] | None = None

    def __post_init__(self) -> None:
        problems: list[str] = []
        classes, true, named = _plain(self.classes), _plain(self.y_true), _plain(self.y_pred)
        n = len(true)
        if not n:
            problems.append("y_true is empty: at least one judged sequence is needed")
        if not classes:
            problems.append("classes is empty: the classes that the model knows are needed")
        if len(set(classes)) < len(classes):
            problems.append("classes holds a class twice")
        if len(named) != n:
            problems.append(f"y_true has {n} labels, y_pred has {len(named)}: one each for every sequence is needed")
        strange = [label for label in dict.fromkeys(named) if label not in classes]
        if strange:
            problems.append(f"y_pred holds {strange[0]!r}, which is not among the classes {_some(classes)}")
        if n and not set(true) & set(classes):
            problems.append(f"no label of y_true ({_some(dict.fromkeys(true))}) is among the classes {_some(classes)}")
        for name in ("names", "sequences"):
            value = getattr(self, name)
            if value is not None and len(value) != n:
                problems.append(f"{name} has {len(value)} entries for {n} judged sequences")
        chances = None if self.probabilities is None else np.asarray(self.probabilities, float)
        if chances is not None and chances.shape != (n, len(classes)):
            problems.append(f"probabilities has shape {chances.shape}, expected {(n, len(classes))}")
        elif chances is not None and not (np.isfinite(chances) & (chances >= 0) & (chances <= 1.0001)).all():
            problems.append("probabilities holds values that are not between 0 and 1")
        _keep(self, classes=classes, y_true=true, y_pred=named, probabilities=chances)
        _keep(self, lengths=_lengths(self.lengths, n, problems))
        raise_together(problems, "report, judged sequences")

    @cached_property
    def labels(self) -> list[Any]:
        """The classes of the model, then those of `y_true` that it does not know."""
        return list(dict.fromkeys([*self.classes, *self.y_true]))

    @property
    def words(self) -> list[str]:
        """`labels` as text."""
        return [str(label) for label in self.labels]

    @cached_property
    def true(self) -> NDArray[np.intp]:
        """The true class of every sequence, as a position in `labels`."""
        return self._positions(self.y_true)

    @cached_property
    def named(self) -> NDArray[np.intp]:
        """The named class of every sequence, as a position in `labels`."""
        return self._positions(self.y_pred)

    @property
    def n(self) -> int:
        """How many sequences were judged."""
        return len(self.y_true)

    @property
    def right(self) -> int:
        """For how many sequences the model named the true class."""
        return int((self.true == self.named).sum())

    @property
    def accuracy(self) -> float:
        """The share of the sequences for which the model named the true class."""
        return self.right / self.n

    @property
    def chance(self) -> float:
        """The accuracy of always naming the class that the judged sequences have most often."""
        return int(np.bincount(self.true).max()) / self.n

    def _positions(self, labels: Iterable[Any]) -> NDArray[np.intp]:
        position = {label: i for i, label in enumerate(self.labels)}
        return np.array([position[label] for label in labels], dtype=np.intp)


@dataclass(frozen=True, kw_only=True, eq=False)
class Story:
    """Everything that one report tells.

    - `model`: rows such as `{"cell": "LSTM", "units": 32}`; `summary`: text of several lines, shown as it is.
    - `ending`: a sentence on why training ended.
    - `history`: an array for every quantity, (epochs,) or (epochs, networks). Drawn are `loss`, `validation_loss` and
      `validation_score` over `epoch` (1, 2, ... where missing); everything else is tabulated. Not finite values
      (a network that had ended) are gaps.
    - `best_epoch`: the epoch whose weights were kept; one for every network where there are several.
    - `times`: seconds by what they were spent on, in the order to show.
    - `model_path`, `python`, `shell`: where the model lies, and how to use it.
    - `versions`, `date`, `machine`, `command`, `seed`: where all of it came from.
    """

    title: str
    judged: Judged | Measured
    model: Mapping[str, Any] = field(default_factory=dict)
    summary: str = ""
    training_data: DataSet | None = None
    test_data: DataSet | None = None
    ending: str = ""
    history: Mapping[str, ArrayLike] = field(default_factory=dict)
    best_epoch: int | Sequence[int] | None = None
    times: Mapping[str, float] = field(default_factory=dict)
    model_path: str = ""
    python: str = ""
    shell: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    date: str = ""
    machine: str = ""
    command: str = ""
    seed: int | None = None

    def __post_init__(self) -> None:
        problems: list[str] = []
        history = {name: np.asarray(values, float) for name, values in self.history.items()}
        epochs = {values.shape[0] for values in history.values() if values.ndim}
        if any(values.ndim not in (1, 2) for values in history.values()):
            problems.append("history holds something else than arrays (epochs,) and (epochs, networks)")
        if len(epochs) > 1:
            problems.append(f"history holds arrays of {', '.join(map(str, sorted(epochs)))} epochs: all need the same")
        for what, seconds in self.times.items():
            if not (np.isfinite(seconds) and seconds >= 0):
                problems.append(f"times: {what!r} took {seconds} seconds")
        _keep(self, history=history if epochs - {0} else {})
        raise_together(problems, "report")


def _keep(of: object, **values: object) -> None:
    """Set fields of a frozen dataclass while it is made."""
    for name, value in values.items():
        object.__setattr__(of, name, value)


def _plain(labels: Iterable[Any]) -> list[Any]:
    """Labels as Python values, so that `numpy.int64(1)` and `1` are one class."""
    return [label.item() if isinstance(label, np.generic) else label for label in labels]


def _lengths(values: ArrayLike | None, n: int, problems: list[str]) -> NDArray[np.int64] | None:
    if values is None:
        return None
    lengths = np.asarray(values)
    if lengths.shape != (n,):
        problems.append(f"lengths has shape {lengths.shape}, expected one number for each of {n} sequences")
    elif n and not (np.isfinite(lengths).all() and (lengths >= 0).all()):
        problems.append("lengths holds values that are negative or not finite")
    else:
        return lengths.astype(np.int64)
    return None


def _some(labels: Iterable[Any], most: int = 8) -> str:
    labels = list(labels)
    return ", ".join(map(repr, labels[:most])) + (", ..." if len(labels) > most else "")
