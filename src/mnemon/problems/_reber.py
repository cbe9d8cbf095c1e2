"""The next symbol of strings of a grammar; the Reber grammar, and the embedded one.

A string is read symbol by symbol, and at each step the symbol that follows is to be foretold. Several often may, and a
network cannot know which will; it has learned the grammar where, at all steps, the symbols that may follow are its most
active outputs.

The Reber grammar (A. Reber, 1967, doi:10.1016/S0022-5371(67)80149-X), every branch with probability 1/2:

    B, then from 0:   0 -T-> 1   1 -S-> 1   2 -T-> 2   3 -X-> 2   4 -P-> 3   5 -E-> end
                      0 -P-> 2   1 -X-> 3   2 -V-> 4   3 -S-> 5   4 -V-> 5

Embedded, two of it stand side by side, and the second symbol returns as the last but one:

    B T (B ... E) T E    or    B P (B ... E) P E

so that it has to be kept over an inner string: A. Smith and D. Zipser, Int. J. Neural Systems 1(2):125-131, 1989;
S. Fahlman, NIPS 3:190-196, 1991; S. Hochreiter and J. Schmidhuber, Neural Computation 9(8):1735-1780, 1997,
doi:10.1162/neco.1997.9.8.1735, experiment 1, whose sets of 256 strings and criterion these are.

The papers bound no string. Here a sequence has at most `longest` steps; of all embedded strings 8 in 100 million are
longer than the 60 steps allowed by default.
"""

from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from ..errors import InvalidInput
from ..sequences import Sequences, as_sequences
from ..targets import StepTargets
from ._grammar import Grammar
from ._problem import Sample, check_numbers, one_hot

SET = 256
LONGEST = 60
# Rounds of as many strings again, until enough are found that are not in the training set.
ROUNDS = 200

_INNER = (
    (0, "T", 1), (0, "P", 2), (1, "S", 1), (1, "X", 3), (2, "T", 2), (2, "V", 4), (3, "X", 2), (3, "S", 5),
    (4, "P", 3), (4, "V", 5),
)  # fmt: skip


def _reber(first: int) -> list[tuple[int, str, int, float]]:
    """The arcs of one Reber grammar: states `first` ... `first` + 6, and from there E to `first` + 7."""
    start, end = first + 6, first + 7
    branches = [(first + state, symbol, first + to, 0.5) for state, symbol, to in _INNER]
    return [(start, "B", first, 1.0), *branches, (first + 5, "E", end, 1.0)]


def _embedded() -> list[tuple[int, str, int, float]]:
    """The arcs of the embedded one: an inner grammar in states 0 to 7, one in 10 to 17, and five states around them."""
    begin, second, before_last, end = 20, 21, 22, 23
    arcs = [(begin, "B", second, 1.0), (before_last, "E", end, 1.0)]
    for symbol, first in (("T", 0), ("P", 10)):
        arcs += [(second, symbol, first + 6, 0.5), *_reber(first), (first + 7, symbol, before_last, 1.0)]
    return arcs


REBER = Grammar(_reber(0), start=6)
EMBEDDED = Grammar(_embedded(), start=20)


@dataclass(frozen=True)
class NextSymbol:
    """Strings of a grammar; at each step the target is the symbol that follows, one-hot.

    The last symbol of a string is a target only. `Sample.allowed` says which symbols may follow.

    Args:
        grammar: what writes the strings.
        longest: steps of the longest sequence, one less than the symbols of its string.

    Raises:
        InvalidInput: strings of a single symbol, or none that is short enough.

    """

    grammar: Grammar
    longest: int = LONGEST

    def __post_init__(self) -> None:
        if self.grammar.shortest < 2:
            raise InvalidInput(f"{type(self).__name__}: the grammar has strings of one symbol, which nothing follows")
        check_numbers(type(self).__name__, longest=(self.longest, self.grammar.shortest - 1))

    @property
    def input_size(self) -> int:
        """One input a symbol."""
        return len(self.grammar.alphabet)

    @property
    def output_size(self) -> int:
        """One output a symbol."""
        return self.input_size

    @property
    def reference(self) -> str:
        """Where the task is from."""
        return "A. Cleeremans, D. Servan-Schreiber and J. McClelland, Neural Computation 1(3):372-381, 1989"

    def sample(self, key: PRNGKeyArray, n: int) -> Sample:
        """`n` strings without their last symbols, targets and what is allowed at each step: (total_time, symbols).

        Raises:
            InvalidInput: fewer than one.

        """
        check_numbers(f"{type(self).__name__}.sample", n=(n, 1))
        return self.pose(self.grammar.strings(key, n, self.longest + 1))

    def pose(self, strings: Any) -> Sample:
        """The same of given strings, as `Sequences` or a list.

        Raises:
            InvalidInput: what are no strings of the grammar, or a single symbol.

        """
        name = f"{type(self).__name__}.pose"
        strings = as_sequences(strings, alphabet=self.grammar.alphabet, strings=True, name=name)
        if strings.lengths.min() < 2:
            raise InvalidInput(f"{name}: sequence {strings.lengths.argmin()} has one symbol; nothing follows it")
        self.grammar.allowed(strings)  # are they of the grammar?
        after = np.cumsum(strings.lengths)
        lengths = strings.lengths - 1
        shown = Sequences.from_concatenated(
            np.delete(strings.values, after - 1), lengths, alphabet=self.grammar.alphabet
        )
        following = np.delete(strings.values, after - strings.lengths)
        targets = StepTargets(one_hot(following, self.output_size), lengths)
        return Sample(shown, targets, self.grammar.allowed(shown))

    def sets(self, key: PRNGKeyArray, n: int = SET) -> tuple[Sample, Sample]:
        """A training set and a test set of `n` strings each, none of the test set in the training set.

        Raises:
            InvalidInput: fewer than one, or hardly a string that is not in the training set.

        """
        check_numbers(f"{type(self).__name__}.sets", n=(n, 1))
        training_key, test_key = jax.random.split(key)
        training = self.grammar.strings(training_key, n, self.longest + 1)
        known = set(training.strings())
        others: list[Any] = []
        for round_ in range(ROUNDS):
            drawn = self.grammar.strings(jax.random.fold_in(test_key, round_), n, self.longest + 1).strings()
            others += [string for string in drawn if string not in known]
            if len(others) >= n:
                return self.pose(training), self.pose(others[:n])
        raise InvalidInput(
            f"{type(self).__name__}.sets: of {n * ROUNDS} strings only {len(others)} are not in the training set; "
            "allow longer ones, or ask for fewer"
        )

    def right(self, answers: Any, allowed: Any) -> Any:
        """Answers by which, at every step, each symbol that may follow is more active than each that may not.

        Args:
            answers: (..., n, time, symbols).
            allowed: `Sample.allowed`, padded: (n, time, symbols); steps of NaN are not judged.

        Returns:
            (..., n).

        """
        may, may_not = (allowed > 0.5)[..., :, None], (allowed < 0.5)[..., None, :]
        above = answers[..., :, None] > answers[..., None, :]
        return (above | ~(may & may_not)).all(axis=(-3, -2, -1))


@dataclass(frozen=True)
class Reber(NextSymbol):
    """Strings of the Reber grammar; at each step the target is the next symbol, one-hot over B E P S T V X.

    Args:
        longest: steps of the longest sequence.

    Raises:
        InvalidInput: fewer than the shortest string has.

    Example:
        >>> import jax
        >>> from mnemon.problems import Reber
        >>> Reber().pose(["BTXSE"]).xs.strings()
        ['BTXS']
        >>> training, test = Reber().sets(jax.random.key(0))
        >>> len(training.xs), len(test.xs)
        (256, 256)

    """

    grammar: Grammar = field(default=REBER, init=False, repr=False)

    @property
    def reference(self) -> str:
        """Where the task is from."""
        return "A. Reber, J. Verbal Learning and Verbal Behavior 6(6):855-863, 1967"


@dataclass(frozen=True)
class EmbeddedReber(NextSymbol):
    """Strings of the embedded Reber grammar; at each step the target is the next symbol, one-hot over B E P S T V X.

    Args:
        longest: steps of the longest sequence.

    Raises:
        InvalidInput: fewer than the shortest string has.

    Example:
        >>> from mnemon.problems import EmbeddedReber
        >>> sample = EmbeddedReber().pose(["BTBTXSETE"])
        >>> sample.targets.values.shape
        (8, 7)
        >>> sample.allowed.values[1]  # after BT: a B, and nothing else
        array([1., 0., 0., 0., 0., 0., 0.])

    """

    grammar: Grammar = field(default=EMBEDDED, init=False, repr=False)

    @property
    def reference(self) -> str:
        """Where the task is from."""
        return "S. Hochreiter and J. Schmidhuber, Neural Computation 9(8):1735-1780, 1997, experiment 1"
