"""Bringing all sequences to one length."""

import numpy as np

from ..errors import InvalidInput, raise_together, suggest
from ..sequences import Sequences
from ._transformer import SequenceTransformer, from_each

SIDES = ("end", "start")


class PadOrCut(SequenceTransformer):
    """Every sequence `length` steps long: longer ones are cut, shorter ones filled up.

    The estimators of this package need no such thing; models that take rectangular arrays do.

    Args:
        length: steps of each sequence afterwards.
        side: where steps are cut off or added: "end" or "start".
        value: what stands in added steps.

    Attributes:
        n_features_in_: channels.

    """

    def __init__(self, length: int, side: str = "end", value: float = 0.0) -> None:
        self.length = length
        self.side = side
        self.value = value

    def _learn(self, xs: Sequences) -> None:
        problems = []
        if isinstance(self.length, bool) or not isinstance(self.length, int | np.integer) or self.length < 1:
            problems.append(f"length={self.length!r}: expected a whole number of at least 1")
        if self.side not in SIDES:
            problems.append(f"side={self.side!r}: {suggest(str(self.side), SIDES)}")
        if not isinstance(self.value, int | float | np.floating):
            problems.append(f"value={self.value!r}: expected a number")
        raise_together(problems, "PadOrCut")

    def _apply(self, xs: Sequences) -> Sequences:
        each = [self._fitted(one, self.value) for one in xs]
        marks = None if xs.boundaries is None else [self._fitted(one, False) for one in xs.boundaries]
        return from_each(xs, each, marks)

    def _fitted(self, one: np.ndarray, value: float) -> np.ndarray:
        """One sequence (time, ...), `length` steps long."""
        kept = one[: self.length] if self.side == "end" else one[max(len(one) - self.length, 0) :]
        missing = np.full((self.length - len(kept), *one.shape[1:]), value, one.dtype)
        return np.concatenate([kept, missing] if self.side == "end" else [missing, kept])


def check_positive(name: str, value: float) -> None:
    """Raise `InvalidInput` unless `value` is a finite number above 0."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < value < np.inf:
        raise InvalidInput(f"{name}={value!r}: expected a number above 0")
