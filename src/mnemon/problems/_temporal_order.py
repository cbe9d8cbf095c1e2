"""Noisy temporal order: S. Hochreiter and J. Schmidhuber, Neural Computation 9(8):1735-1780, 1997,
doi:10.1162/neco.1997.9.8.1735, experiment 6.

Two (6a) or three (6b) symbols X or Y stand far apart among distractors; their order is the class, asked for at the end:

    E r r ... r (X|Y) r ... r (X|Y) r ... r B,    r one of a b c d

With T = 100, steps counted from 1: lengths uniform in 100 ... 110, two symbols at t1 in 10 ... 20 and t2 in 50 ... 60,
three at t1 in 10 ... 20, t2 in 33 ... 43 and t3 in 66 ... 76. Between the last of them and the end lie at least 40 (24)
steps. Other T scale these windows, rounded down. Classes are numbered in binary order, X for 0 and Y for 1: XX, XY, YX,
YY; a target is 1 for its class and 0 elsewhere.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import PRNGKeyArray

from ..errors import InvalidInput
from ..sequences import Sequences
from ._problem import Sample, check_count, check_numbers, generator, one_hot

ALPHABET = "EBabcdXY"
E, B, X = (ALPHABET.index(symbol) for symbol in "EBX")
# Where the symbols stand, in hundredths of T, first and last.
WINDOWS = {2: ((10, 20), (50, 60)), 3: ((10, 20), (33, 43), (66, 76))}
SHORTEST = 20
CLOSE = 0.3


@dataclass(frozen=True)
class TemporalOrder:
    """Strings in which two or three symbols matter; targets are their order, one-hot, at the end.

    Args:
        length: the least length of a string, T.
        symbols: how many matter, 2 or 3.

    Raises:
        InvalidInput: another number of symbols, or strings of fewer than 20.

    Example:
        >>> import jax
        >>> from mnemon.problems import TemporalOrder
        >>> sample = TemporalOrder(100, symbols=3).sample(jax.random.key(0), 20)
        >>> sample.xs.alphabet, sample.targets.shape
        (('E', 'B', 'a', 'b', 'c', 'd', 'X', 'Y'), (20, 8))

    """

    length: int = 100
    symbols: int = 2

    def __post_init__(self) -> None:
        check_numbers("TemporalOrder", length=(self.length, SHORTEST))
        if self.symbols not in WINDOWS:
            raise InvalidInput(f"TemporalOrder: symbols={self.symbols!r}; expected 2 or 3")

    @property
    def input_size(self) -> int:
        """One input a symbol."""
        return len(ALPHABET)

    @property
    def output_size(self) -> int:
        """One a class: 4, or 8."""
        return 2**self.symbols

    @property
    def longest(self) -> int:
        """T + T/10."""
        return self.length + self.length // 10

    @property
    def reference(self) -> str:
        """Where the task is from."""
        which = "6a" if self.symbols == 2 else "6b"
        return f"S. Hochreiter and J. Schmidhuber, Neural Computation 9(8):1735-1780, 1997, experiment {which}"

    def sample(self, key: PRNGKeyArray, n: int) -> Sample:
        """`n` strings, targets (n, 4) or (n, 8).

        Raises:
            InvalidInput: fewer than one.

        """
        check_count(self, n)
        random = generator(key)
        lengths = random.integers(self.length, self.longest + 1, n)
        codes = random.integers(ALPHABET.index("a"), X, (n, self.longest))
        rows, classes = np.arange(n), np.zeros(n, int)
        codes[:, 0] = E
        codes[rows, lengths - 1] = B
        for first, last in WINDOWS[self.symbols]:
            steps = random.integers(first * self.length // 100, last * self.length // 100 + 1, n)
            which = random.integers(0, 2, n)
            codes[rows, steps - 1] = X + which
            classes = 2 * classes + which
        return Sample(Sequences(codes, lengths=lengths, alphabet=ALPHABET), one_hot(classes, self.output_size))

    def right(self, answers: Any, targets: Any) -> Any:
        """Answers of which every output is less than 0.3 away from its target."""
        return (abs(answers - targets) < CLOSE).all(axis=-1)
