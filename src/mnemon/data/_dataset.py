"""`Dataset`: sequences with their labels and where they come from."""

from dataclasses import dataclass

import numpy as np

from mnemon.errors import InvalidInput
from mnemon.sequences import Sequences


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Sequences `X` with one label each.

    - `X`: `Sequences` of n.
    - `y`: labels `(n,)`, strings for classes and floats for targets, or None.
    - `name`: what to call the data.
    - `about`: source, reference and licence, where known.

    Raises `InvalidInput` where there is not one label a sequence.
    """

    X: Sequences
    y: np.ndarray | None
    name: str
    about: str = ""

    def __post_init__(self):
        if self.y is not None and self.y.shape[:1] != (len(self.X),):
            raise InvalidInput(f"{self.name}: {len(self.X)} sequences, but labels of shape {self.y.shape}")

    def __repr__(self) -> str:
        if self.y is None:
            labels = "no labels"
        elif self.y.dtype.kind in "fc":
            labels = "numbers as targets"
        else:
            labels = f"{len(np.unique(self.y))} classes"
        return f"Dataset({self.name!r}, {self.X!r}, {labels})"
