"""Storing and multiplying real values: S. Hochreiter and J. Schmidhuber, Neural Computation 9(8):1735-1780, 1997,
doi:10.1162/neco.1997.9.8.1735, experiment 5.

As `Adding`, whose marks and lengths it has, but an integrator alone does not solve it:

    x(t) = (value(t), marker(t)),  value uniform in [0, 1]
    target = X1 X2

Where the very first step is marked, its value is 1.
"""

from dataclasses import dataclass

from jaxtyping import PRNGKeyArray

from ._adding import MarkedPairs
from ._problem import Sample, check_count


@dataclass(frozen=True)
class Multiplication(MarkedPairs):
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
        xs, first, second = self._draw(key, n, 0, 1, of_first=1)
        return Sample(xs, (first * second)[:, None])
