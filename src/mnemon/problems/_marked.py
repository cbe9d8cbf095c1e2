"""Two marked values far apart, marks in tenths of the length: their mean, their product, the exclusive or of two bits.

J. Martens and I. Sutskever, ICML 2011, and R. Pascanu, T. Mikolov and Y. Bengio, ICML 2013, arXiv:1211.5063, ask for
these:

    x(t) = (value(t), marker(t)),  values uniform in [0, 1] (bits: 0 or 1),  marker 1 at the two marked steps, else 0
    MarkedSum: (X1 + X2) / 2;    MarkedProduct: X1 X2;    Xor: X1 + X2 - 2 X1 X2

Lengths T' are uniform in T ... T + T/10; one of the first T'/10 steps is marked, and one of those after it up to T'/2,
rounded down. `Adding` and `Multiplication` of 1997 also mark the ends, and have their first mark within ten steps.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import PRNGKeyArray

from ..sequences import Sequences
from ._problem import Sample, check_numbers, generator

SHORTEST = 10
CLOSE = 0.04


@dataclass(frozen=True)
class _Marked:
    """What the three have in common: lengths, sizes, and how their inputs are drawn."""

    length: int

    def __post_init__(self) -> None:
        check_numbers(type(self).__name__, length=(self.length, SHORTEST))

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
        return "J. Martens and I. Sutskever, ICML 2011"

    def _draw(self, key: PRNGKeyArray, n: int, *, bits: bool = False) -> tuple[Sequences, np.ndarray, np.ndarray]:
        """The sequences, and the two marked values (n,) each."""
        check_numbers(f"{type(self).__name__}.sample", n=(n, 1))
        random = generator(key)
        lengths = random.integers(self.length, self.longest + 1, n)
        shape = n, self.longest
        values = random.integers(0, 2, shape).astype(np.float64) if bits else random.random(shape)
        first = random.integers(0, lengths // 10)
        second = random.integers(lengths // 10, lengths // 2)
        rows, markers = np.arange(n), np.zeros(shape)
        markers[rows, first] = markers[rows, second] = 1
        xs = Sequences(np.stack([values, markers], axis=-1), lengths=lengths)
        return xs, values[rows, first], values[rows, second]


@dataclass(frozen=True)
class MarkedSum(_Marked):
    """Sequences of values of which two are marked; the target is their mean, at the end.

    Args:
        length: the least length of a sequence, T.

    Raises:
        InvalidInput: fewer than 10 steps.

    """

    def sample(self, key: PRNGKeyArray, n: int) -> Sample:
        """`n` sequences, targets (n, 1).

        Raises:
            InvalidInput: fewer than one.

        """
        xs, first, second = self._draw(key, n)
        return Sample(xs, (first + second)[:, None] / 2)

    def right(self, answers: Any, targets: Any) -> Any:
        """Answers at most 0.04 away from their targets."""
        return (abs(answers - targets) <= CLOSE).all(axis=-1)


@dataclass(frozen=True)
class MarkedProduct(_Marked):
    """Sequences of values of which two are marked; the target is their product, at the end.

    Args:
        length: the least length of a sequence, T.

    Raises:
        InvalidInput: fewer than 10 steps.

    """

    def sample(self, key: PRNGKeyArray, n: int) -> Sample:
        """`n` sequences, targets (n, 1).

        Raises:
            InvalidInput: fewer than one.

        """
        xs, first, second = self._draw(key, n)
        return Sample(xs, (first * second)[:, None])

    def right(self, answers: Any, targets: Any) -> Any:
        """Answers at most 0.04 away from their targets."""
        return (abs(answers - targets) <= CLOSE).all(axis=-1)


@dataclass(frozen=True)
class Xor(_Marked):
    """Sequences of bits of which two are marked; the target is 1 where exactly one of them is set, else 0, at the end.

    Nothing that is learned of one bit alone helps: all short lags are without use.

    Args:
        length: the least length of a sequence, T.

    Raises:
        InvalidInput: fewer than 10 steps.

    Example:
        >>> import jax
        >>> from mnemon.problems import Xor
        >>> x = Xor(10).sample(jax.random.key(0), 1).xs[0]
        >>> int(x[:, 1].sum())  # marks
        2

    """

    def sample(self, key: PRNGKeyArray, n: int) -> Sample:
        """`n` sequences, targets (n, 1).

        Raises:
            InvalidInput: fewer than one.

        """
        xs, first, second = self._draw(key, n, bits=True)
        return Sample(xs, (first != second)[:, None].astype(np.float64))

    def right(self, answers: Any, targets: Any) -> Any:
        """Answers on the target's side of 0.5."""
        return ((answers > 0.5) == (targets > 0.5)).all(axis=-1)
