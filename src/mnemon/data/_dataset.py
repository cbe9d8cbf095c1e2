"""`Dataset`: sequences with their labels and where they come from."""

from dataclasses import dataclass

import numpy as np

from mnemon.errors import InvalidInput
from mnemon.sequences import Sequences


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Sequences `X` with one label each.

    - `X`: `Sequences` of n.
    - `y`: labels `(n,)`, strings or integers for classes and floats for targets; or an object array of n arrays
      `(time,)`, a label for each step; or None.
    - `name`: what to call the data.
    - `about`: source, reference and licence, where known.
    - `groups`: `(n,)` who or what each sequence is of (a speaker, a machine), for scikit-learn's group splitters.

    Raises `InvalidInput` where there is not one label (or one group) a sequence, or not one a step.
    """

    X: Sequences
    y: np.ndarray | None
    name: str
    about: str = ""
    groups: np.ndarray | None = None

    def __post_init__(self):
        for what, values in (("labels", self.y), ("groups", self.groups)):
            if values is not None and values.shape[:1] != (len(self.X),):
                raise InvalidInput(f"{self.name}: {len(self.X)} sequences, but {what} of shape {values.shape}")
        if self.by_step and self.y is not None:
            wrong = [k for k, (y, length) in enumerate(zip(self.y, self.X.lengths)) if len(y) != length]
            if wrong:
                k = wrong[0]
                raise InvalidInput(
                    f"{self.name}: sequence {k} has {self.X.lengths[k]} steps, but {len(self.y[k])} labels"
                )

    @property
    def by_step(self) -> bool:
        """Whether labels stand at steps."""
        return self.y is not None and self.y.dtype == object and isinstance(self.y[0], np.ndarray)

    def __repr__(self) -> str:
        if self.y is None:
            labels = "no labels"
        elif self.by_step:
            labels = f"{len({label for labels in self.y for label in labels.tolist()})} labels at steps"
        elif self.y.dtype.kind in "fc":
            labels = "numbers as targets"
        else:
            labels = f"{len(np.unique(self.y))} classes"
        return f"Dataset({self.name!r}, {self.X!r}, {labels})"
