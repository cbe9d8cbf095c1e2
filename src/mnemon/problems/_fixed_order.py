"""Temporal order with places in tenths of the length, as in the study of clipped and regularised gradients.

Two (or three) symbols A or B stand at random places among distractors c d e f; their order is the class at the end:

    two:    one in [T/10, 2T/10), one in [4T/10, 5T/10);                   AA, AB, BA, BB
    three:  one in [T/10, 2T/10), one in [3T/10, 4T/10), one in [6T/10, 7T/10);    AAA ... BBB, in binary order

R. Pascanu, T. Mikolov and Y. Bengio, ICML 2013, arXiv:1211.5063, after J. Martens and I. Sutskever, ICML 2011; unlike
`TemporalOrder` of 1997 there are no symbols that say where a string begins and ends, and T is fixed, or drawn from a
range where one network is to learn all of it (T = 50 ... 200).

Settled here: steps are counted from 0, tenths rounded down, and a window ends before its last step, as in the authors'
code; that code puts the second of two symbols into [5T/10, 6T/10), which `second=5` asks for.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import PRNGKeyArray

from ..errors import InvalidInput
from ..sequences import Sequences
from ._problem import Sample, check_count, check_numbers, generator

ALPHABET = "ABcdef"
SHORTEST = 10


@dataclass(frozen=True)
class _Order:
    """What both have in common; they differ in where the symbols stand that matter."""

    length: int
    most: int | None = None

    def __post_init__(self) -> None:
        self._check()

    def _check(self, **more: tuple[int, int]) -> None:
        name = type(self).__name__
        check_numbers(name, length=(self.length, SHORTEST), **more)
        check_numbers(name, most=(self.longest, self.length))

    @property
    def _tenths(self) -> tuple[int, ...]:
        """Where the windows begin, in tenths of T."""
        raise NotImplementedError

    @property
    def input_size(self) -> int:
        """One input a symbol."""
        return len(ALPHABET)

    @property
    def output_size(self) -> int:
        """One output a class: 4, or 8."""
        return 2 ** len(self._tenths)

    @property
    def longest(self) -> int:
        """`most`, or all strings have one length."""
        return self.length if self.most is None else self.most

    @property
    def reference(self) -> str:
        """Where the task is from."""
        return "R. Pascanu, T. Mikolov and Y. Bengio, ICML 2013, arXiv:1211.5063"

    def sample(self, key: PRNGKeyArray, n: int) -> Sample:
        """`n` strings, targets (n,).

        Raises:
            InvalidInput: fewer than one.

        """
        check_count(self, n)
        random = generator(key)
        lengths = random.integers(self.length, self.longest + 1, n)
        codes = random.integers(2, len(ALPHABET), (n, self.longest))
        classes = np.zeros(n, int)
        for tenth in self._tenths:
            which = random.integers(0, 2, n)
            codes[np.arange(n), random.integers(tenth * lengths // 10, (tenth + 1) * lengths // 10)] = which
            classes = 2 * classes + which
        return Sample(Sequences(codes, lengths=lengths, alphabet=ALPHABET), classes)

    def right(self, answers: Any, targets: Any) -> Any:
        """Answers whose largest output is the class's."""
        return answers.argmax(axis=-1).astype(targets.dtype) == targets


@dataclass(frozen=True)
class OrderOfTwo(_Order):
    """Strings in which two symbols matter; targets are four classes, asked for at the end.

    Args:
        length: steps of a string, T.
        most: the largest T, drawn evenly for each string; None: all have `length`.
        second: where the window of the second symbol begins, in tenths of T: 4 as published, or 5.

    Raises:
        InvalidInput: strings of fewer than 10 symbols, or numbers out of order.

    Example:
        >>> import jax
        >>> from mnemon.problems import OrderOfTwo
        >>> sample = OrderOfTwo(50, most=200).sample(jax.random.key(0), 20)
        >>> sample.targets.shape, sample.targets.max() < 4
        ((20,), np.True_)

    """

    second: int = 4

    def __post_init__(self) -> None:
        self._check(second=(self.second, 2))
        if self.second > 9:
            raise InvalidInput(f"OrderOfTwo: second={self.second}; expected a tenth, at most 9")

    @property
    def _tenths(self) -> tuple[int, ...]:
        return (1, self.second)


@dataclass(frozen=True)
class OrderOfThree(_Order):
    """Strings in which three symbols matter; targets are eight classes, asked for at the end.

    Args:
        length: steps of a string, T.
        most: the largest T, drawn evenly for each string; None: all have `length`.

    Raises:
        InvalidInput: strings of fewer than 10 symbols, or numbers out of order.

    """

    @property
    def _tenths(self) -> tuple[int, ...]:
        return (1, 3, 6)
