"""`Dataset`: sequences with their labels and where they come from."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mnemon.errors import raise_together
from mnemon.sequences import Sequences


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Sequences `X` with one label each, or one a step.

    - `X`: `Sequences` of n.
    - `y`: labels `(n,)`, strings or integers for classes and floats for targets, or targets `(n, targets)`; or a list
      (or an object array) of n arrays `(time,)`, a label for each step; or None.
    - `name`: what to call the data.
    - `about`: source, reference and licence, where known.
    - `groups`: `(n,)` who or what each sequence is of (a speaker, a machine), for scikit-learn's group splitters.

    `y` and `groups` may come as lists, and are arrays afterwards. Raises `InvalidInput` where there is not one label
    (or one group) a sequence, or not one a step.

    Example:
        >>> from mnemon import Sequences
        >>> from mnemon.data import Dataset
        >>> Dataset(Sequences([[1.0, 2.0], [3.0]]), ["up", "down"], "walks")
        Dataset('walks', Sequences(2 sequences, 1 channel, 1-2 steps), 2 classes)

    """

    X: Sequences
    y: np.ndarray | None
    name: str
    about: str = ""
    groups: np.ndarray | None = None

    def __post_init__(self):
        object.__setattr__(self, "y", _as_array(self.y))
        object.__setattr__(self, "groups", _as_array(self.groups))
        problems = [
            f"{len(self.X)} sequences, but {what} of shape {values.shape}"
            for what, values in (("labels", self.y), ("groups", self.groups))
            if values is not None and values.shape[:1] != (len(self.X),)
        ]
        if self.y is not None and self.by_step and not problems:
            for k, (labels, length) in enumerate(zip(self.y, self.X.lengths)):
                if not isinstance(labels, np.ndarray) or labels.ndim != 1:
                    problems.append(f"labels of sequence {k}: expected an array (time,), as of sequence 0")
                elif len(labels) != length:
                    problems.append(f"sequence {k} has {length} steps, but {len(labels)} labels")
        raise_together(problems, self.name)

    @property
    def by_step(self) -> bool:
        """Whether labels stand at steps."""
        if self.y is None or self.y.dtype != object or self.y.ndim != 1:
            return False
        return len(self.y) > 0 and isinstance(self.y[0], np.ndarray)

    def __repr__(self) -> str:
        if self.y is None:
            labels = "no labels"
        else:
            flat = np.concatenate([one.ravel() for one in self.y]) if self.by_step else self.y
            if flat.dtype.kind in "fc":
                labels = "numbers as targets"
            else:
                count = len(set(flat.ravel().tolist()))
                noun, ending = ("label", "s") if self.by_step else ("class", "es")
                labels = f"{count} {noun}{ending if count != 1 else ''}"
            labels += " at steps" if self.by_step else ""
        return f"Dataset({self.name!r}, {self.X!r}, {labels})"


def _as_array(values: Any) -> np.ndarray | None:
    """A list as an array; a list of arrays as an object array of them, also where they are equally long."""
    if values is None or isinstance(values, np.ndarray):
        return values
    values = list(values)
    arrays = bool(values) and isinstance(values[0], np.ndarray) and values[0].ndim > 0
    try:
        if not arrays:
            return np.asarray(values)
    except ValueError:  # lists of differing length
        values = [np.asarray(value) for value in values]
    each = np.empty(len(values), object)
    each[:] = values
    return each
