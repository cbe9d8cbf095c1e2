"""Storing and adding real values: S. Hochreiter and J. Schmidhuber, Neural Computation 9(8):1735-1780, 1997,
doi:10.1162/neco.1997.9.8.1735, experiment 4.

Each step brings a value and a marker. Two steps are marked; at the end the output is to be their values' sum, scaled:

    x(t) = (value(t), marker(t)),  value uniform in [-1, 1],  marker 1 at the marked steps, -1 at both ends, 0 elsewhere
    target = 0.5 + (X1 + X2) / 4

The first mark is on one of the first ten steps, the second on one of the first T/2 - 1 that is not marked yet. Where
the very first step is chosen, its marker is 1 and its value 0. (That value counts as 0 in the target; leaving another
one in the input makes a tenth of the sequences lie.) Lengths are uniform in T ... T + T/10, rounded down.
"""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PRNGKeyArray

from ..sequences import Sequences
from ._problem import Sample, check_count, check_numbers

FIRST_MARKS = 10
CLOSE = 0.04


@dataclass(frozen=True)
class MarkedPairs:
    """What this and `Multiplication` have in common: lengths, sizes, how their inputs are drawn, and what is right."""

    length: int

    def __post_init__(self) -> None:
        check_numbers(type(self).__name__, length=(self.length, 2 * FIRST_MARKS))

    @property
    def input_size(self) -> int:
        """A value and a marker."""
        return 2

    @property
    def output_size(self) -> int:
        """One."""
        return 1

    @property
    def longest(self) -> int:
        """T + T/10."""
        return self.length + self.length // 10

    def right(self, answers: Any, targets: Any) -> Any:
        """Answers less than 0.04 away from their targets."""
        return (abs(answers - targets) < CLOSE).all(axis=-1)

    def _draw(
        self, key: PRNGKeyArray, n: int, low: float, high: float, *, of_first: float
    ) -> tuple[Sequences, np.ndarray, np.ndarray]:
        """Sequences of values uniform in [low, high] with markers, and the two marked values (n,) each.

        The value of the very first step is `of_first` where it is marked.
        """
        length_key, value_key, first_key, second_key = jax.random.split(key, 4)
        lengths = np.asarray(jax.random.randint(length_key, (n,), self.length, self.longest + 1))
        steps = np.array(jax.random.uniform(value_key, (n, self.longest, 2), jnp.float32, low, high), np.float64)
        first = np.asarray(jax.random.randint(first_key, (n,), 0, FIRST_MARKS))
        second = np.asarray(jax.random.randint(second_key, (n,), 0, self.length // 2 - 2))
        second = second + (second >= first)  # one of the others
        rows = np.arange(n)
        steps[:, :, 1] = 0
        steps[:, 0, 1] = steps[rows, lengths - 1, 1] = -1
        for marked in (first, second):
            steps[rows[marked == 0], 0, 0] = of_first
            steps[rows, marked, 1] = 1
        return Sequences(steps, lengths=lengths), steps[rows, first, 0], steps[rows, second, 0]


@dataclass(frozen=True)
class Adding(MarkedPairs):
    """Sequences of values of which two are marked; the target is 0.5 + their sum / 4, at the end.

    Args:
        length: the least length of a sequence, T.

    Raises:
        InvalidInput: sequences too short for two marks.

    Example:
        >>> import jax
        >>> from mnemon.problems import Adding
        >>> sample = Adding(100).sample(jax.random.key(0), 20)
        >>> len(sample.xs), sample.targets.shape
        (20, (20, 1))

    """

    @property
    def reference(self) -> str:
        """Where the task is from."""
        return "S. Hochreiter and J. Schmidhuber, Neural Computation 9(8):1735-1780, 1997, experiment 4"

    def sample(self, key: PRNGKeyArray, n: int) -> Sample:
        """`n` sequences, targets (n, 1).

        Raises:
            InvalidInput: fewer than one.

        """
        check_count(self, n)
        xs, first, second = self._draw(key, n, -1, 1, of_first=0)
        return Sample(xs, 0.5 + (first + second)[:, None] / 4)
