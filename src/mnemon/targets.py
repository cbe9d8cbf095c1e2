"""Targets that stand at the steps of sequences: a label or a vector for each step, some of them unknown."""

from dataclasses import dataclass

import numpy as np

from .errors import InvalidInput

# A class number that says: this step has no label.
UNLABELLED = -1


@dataclass(frozen=True, eq=False)
class StepTargets:
    """One target a step, all sequences one after another.

    Args:
        values: (total_time,) class numbers, -1 where a step has no label; or (total_time, outputs) numbers, NaN where
            a step is not asked for.
        lengths: (n,) steps of each sequence.

    Raises:
        InvalidInput: lengths that do not sum to the steps there are.

    """

    values: np.ndarray
    lengths: np.ndarray

    def __post_init__(self) -> None:
        if int(np.sum(self.lengths)) != len(self.values):
            raise InvalidInput(f"StepTargets: {len(self.values)} targets, but the lengths sum to {sum(self.lengths)}")

    def __len__(self) -> int:
        """Number of sequences."""
        return len(self.lengths)

    @property
    def dtype(self) -> np.dtype:
        """Of the values."""
        return self.values.dtype

    @property
    def known(self) -> np.ndarray:
        """(total_time,), True at the steps that have a target."""
        if self.values.ndim == 1:
            return self.values != UNLABELLED
        return np.asarray(~np.isnan(self.values).any(axis=1))

    def padded(self, rows: np.ndarray, length: int) -> np.ndarray:
        """Targets of some sequences, (rows, length, ...), unknown behind each end."""
        fill = UNLABELLED if self.values.ndim == 1 else np.nan
        result = np.full((len(rows), length, *self.values.shape[1:]), fill, self.values.dtype)
        starts = np.cumsum(self.lengths) - self.lengths
        for place, row in enumerate(rows):
            size = self.lengths[row]
            result[place, :size] = self.values[starts[row] : starts[row] + size]
        return result

    def take(self, rows: np.ndarray) -> "StepTargets":
        """Those of some sequences."""
        starts = np.cumsum(self.lengths) - self.lengths
        pieces = [self.values[starts[row] : starts[row] + self.lengths[row]] for row in rows]
        return StepTargets(np.concatenate(pieces), self.lengths[rows])


Targets = np.ndarray | StepTargets


def take_targets(targets: Targets, rows: np.ndarray) -> Targets:
    """Those of some sequences."""
    return targets.take(rows) if isinstance(targets, StepTargets) else targets[rows]
