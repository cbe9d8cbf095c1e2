"""Storing and multiplying real values: S. Hochreiter and J. Schmidhuber, Neural Computation 9(8):1735-1780, 1997,
doi:10.1162/neco.1997.9.8.1735, experiment 5.

As `Adding`, whose marks and lengths it has, but an integrator alone does not solve it:

    x(t) = (value(t), marker(t)),  value uniform in [0, 1]
    target = X1 X2

Where the very first step is marked, its value is 1.
"""

from dataclasses import dataclass
from typing import Any

from jaxtyping import PRNGKeyArray

from ..sequences import Sequences
from ._adding import CLOSE, FIRST_MARKS, marked_pairs
from ._problem import Sample, check_count, check_numbers


@dataclass(frozen=True)
class Multiplication:
    """Sequences of values of which two are marked; the target is their product, at the end.

    Args:
        length: the least length of a sequence, T.

    Raises:
        InvalidInput: sequences too short for two marks.

    Example:
        >>> import jax
        >>> from mnemon.problems import Multiplication
        >>> sample = Multiplication(100).sample(jax.random.key(0), 20)
        >>> len(sample.xs), sample.targets.shape
        (20, (20, 1))

    """

    length: int = 100

    def __post_init__(self) -> None:
        check_numbers("Multiplication", length=(self.length, 2 * FIRST_MARKS))

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

    @property
    def reference(self) -> str:
        """Where the task is from."""
        return "S. Hochreiter and J. Schmidhuber, Neural Computation 9(8):1735-1780, 1997, experiment 5"

    def sample(self, key: PRNGKeyArray, n: int) -> Sample:
        """`n` sequences, targets (n, 1).

        Raises:
            InvalidInput: fewer than one.

        """
        check_count(self, n)
        steps, lengths, first, second = marked_pairs(key, n, self.length, 0, 1, of_first=1)
        return Sample(Sequences(steps, lengths=lengths), (first * second)[:, None])

    def right(self, answers: Any, targets: Any) -> Any:
        """Answers less than 0.04 away from their targets."""
        return (abs(answers - targets) < CLOSE).all(axis=-1)
