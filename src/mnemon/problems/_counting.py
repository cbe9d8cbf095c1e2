"""Languages that have to be counted: a^n b^n, a^n b^n c^n, and a^n b^m B^m A^n.

A string is read after a start symbol S. At each step all symbols that may follow are to be foretold, also the end, T:

    a^n b^n        after S: {a, T};  after an a: {a, b};  after a b: {b}, after the n-th: {T}
    a^n b^n c^n    the same;  after the n-th b: {c};  after a c: {c}, after the n-th: {T}
    a^n b^m B^m A^n    after S: {a, T};  an a: {a, b};  a b: {b, B};  a B: {B}, the m-th: {A};  an A: {A}, the n-th: {T}

The empty string belongs to each of them. An input is +1 for the symbol that is shown and -1 for the others (the
letters and S), a target +1 for each symbol that may follow and -1 for the others (the letters and T); an output above 0
foretells its symbol. A string is accepted where all is foretold right, a language is learned up to N where all n up to
N are.

F. Gers and J. Schmidhuber, IEEE Trans. Neural Networks 12(6):1333-1340, 2001, doi:10.1109/72.963769;
J. Perez-Ortiz, F. Gers, D. Eck and J. Schmidhuber, Neural Networks 16(2):241-250, 2003,
doi:10.1016/S0893-6080(02)00219-8.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import PRNGKeyArray

from ..errors import InvalidInput
from ..sequences import Sequences
from ..targets import StepTargets
from ._problem import Sample, check_count, check_numbers, generator


class _Language:
    """What both languages have of their letters and of the largest number of each."""

    letters: Any
    most: int

    @property
    def input_size(self) -> int:
        """The letters, and S."""
        return len(self.letters) + 1

    @property
    def output_size(self) -> int:
        """The letters, and T."""
        return len(self.letters) + 1

    @property
    def longest(self) -> int:
        """S and `most` of each letter."""
        return 1 + self.most * len(self.letters)

    @property
    def reference(self) -> str:
        """Where the task is from."""
        return "F. Gers and J. Schmidhuber, IEEE Trans. Neural Networks 12(6):1333-1340, 2001"

    def right(self, answers: Any, targets: Any) -> Any:
        """Answers (..., n, time, outputs) on their targets' side of 0 at every step; steps of NaN are not judged."""
        return _foretold(answers, targets)


@dataclass(frozen=True)
class CountingLanguage(_Language):
    """Strings of n of each letter, one letter after another; targets are the sets of symbols that may follow.

    Args:
        letters: "ab", "abc", or more: different ones, in their order.
        least: the least n of a sample.
        most: the largest.

    Raises:
        InvalidInput: fewer than two letters, one twice, or numbers out of order.

    Example:
        >>> from mnemon.problems import CountingLanguage
        >>> sample = CountingLanguage("ab").string(2)  # S a a b b
        >>> sample.xs[0][:, 0].tolist(), sample.targets.values[:, 0].tolist()  # the a's, and where one may follow
        ([-1.0, 1.0, 1.0, -1.0, -1.0], [1.0, 1.0, 1.0, -1.0, -1.0])

    """

    letters: str = "ab"
    least: int = 1
    most: int = 10

    def __post_init__(self) -> None:
        if len(self.letters) < 2 or len(set(self.letters)) < len(self.letters):
            raise InvalidInput(f"CountingLanguage: letters={self.letters!r}; expected two different ones, or more")
        check_numbers("CountingLanguage", least=(self.least, 0))
        check_numbers("CountingLanguage", most=(self.most, max(self.least, 1)))

    def sample(self, key: PRNGKeyArray, n: int) -> Sample:
        """`n` strings, whose numbers are uniform in `least` ... `most`; targets (total_time, letters + 1).

        Raises:
            InvalidInput: fewer than one.

        """
        check_count(self, n)
        return self.strings(generator(key).integers(self.least, self.most + 1, n))

    def strings(self, numbers: Iterable[int]) -> Sample:
        """One string for each number, as `range(1, 11)`: in this order.

        Raises:
            InvalidInput: none, or one below 0.

        """
        counts = _whole(numbers, 1, "CountingLanguage.strings")
        return _spelled(np.repeat(counts, len(self.letters), axis=1), free=1)

    def string(self, n: int) -> Sample:
        """The string of n of each letter, alone.

        Raises:
            InvalidInput: below 0.

        """
        return self.strings([n])


@dataclass(frozen=True)
class NestedLanguage(_Language):
    """Strings a^n b^m B^m A^n; targets are the sets of symbols that may follow.

    Args:
        least: the least n and m of a sample.
        most: the largest.

    Raises:
        InvalidInput: below 1, or out of order.

    Example:
        >>> from mnemon.problems import NestedLanguage
        >>> len(NestedLanguage().string(3, 2).xs[0])  # S aaa bb BB AAA
        11

    """

    letters: ClassVar[str] = "abBA"  # pyright: ignore[reportIncompatibleVariableOverride]
    least: int = 1
    most: int = 10

    def __post_init__(self) -> None:
        check_numbers("NestedLanguage", least=(self.least, 1))
        check_numbers("NestedLanguage", most=(self.most, self.least))

    def sample(self, key: PRNGKeyArray, n: int) -> Sample:
        """`n` strings, whose two numbers are uniform in `least` ... `most`; targets (total_time, 5).

        Raises:
            InvalidInput: fewer than one.

        """
        check_count(self, n)
        return self.pairs(generator(key).integers(self.least, self.most + 1, (n, 2)))

    def strings(self, numbers: Iterable[int]) -> Sample:
        """One string for each pair (n, m) of these numbers, as `range(1, 11)`: n by n.

        Raises:
            InvalidInput: none, or one below 1.

        """
        some = list(numbers)
        return self.pairs([(n, m) for n in some for m in some])

    def string(self, n: int, m: int) -> Sample:
        """a^n b^m B^m A^n alone.

        Raises:
            InvalidInput: below 1 (but for both 0, the empty string).

        """
        return self.pairs([(n, m)])

    def pairs(self, numbers: Any) -> Sample:
        """One string for each pair (n, m), in this order.

        Raises:
            InvalidInput: none, or a pair with a number below 1 (but for both 0, the empty string).

        """
        counts = _whole(numbers, 2, "NestedLanguage")
        if ((counts == 0).any(axis=1) & (counts > 0).any(axis=1)).any():
            raise InvalidInput("NestedLanguage: expected n and m of at least 1, or both 0")
        return _spelled(counts[:, [0, 1, 1, 0]], free=2)


def _whole(numbers: Any, each: int, name: str) -> np.ndarray:
    """Counts (strings, each)."""
    counts = np.asarray(list(numbers)).reshape(-1, each) if each == 1 else np.asarray(numbers)
    if counts.ndim != 2 or counts.shape[1] != each or not len(counts) or counts.dtype.kind not in "iu":
        raise InvalidInput(f"{name}: expected whole numbers, at least one; got {numbers!r}")
    if counts.min() < 0:
        raise InvalidInput(f"{name}: no string has {counts.min()} letters")
    return counts


def _spelled(counts: np.ndarray, free: int) -> Sample:
    """S and runs of letters, `counts` (strings, letters) of each.

    The runs of the first `free` letters are as long as they like; from then on the string says how long they are.
    """
    strings, letters = counts.shape
    runs = np.concatenate([np.ones((strings, 1), int), counts], axis=1)
    shown = np.repeat(np.tile([letters, *range(letters)], strings), runs.ravel())
    last = np.zeros(len(shown), bool)
    last[np.cumsum(runs.ravel())[runs.ravel() > 0] - 1] = True
    may = np.zeros((len(shown), letters + 1), bool)  # the letters, and T behind them
    start = shown == letters
    may[start, 0] = may[start, letters] = True
    undecided = shown < free
    for steps, following in (
        (undecided | (~last & ~start), shown),
        (undecided | (last & ~start), shown + 1),
    ):
        may[steps, following[steps]] = True
    lengths = runs.sum(axis=1)
    inputs = np.where(shown[:, None] == np.arange(letters + 1), 1.0, -1.0)
    targets, allowed = np.where(may, 1.0, -1.0), may.astype(np.float64)
    return Sample(
        Sequences.from_concatenated(inputs, lengths), StepTargets(targets, lengths), StepTargets(allowed, lengths)
    )


def _foretold(answers: Any, targets: Any) -> Any:
    return (((answers > 0) == (targets > 0)) | (targets != targets)).all(axis=(-2, -1))
