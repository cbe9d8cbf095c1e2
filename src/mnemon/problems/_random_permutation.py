"""Random permutation: the last symbol is the first, and nothing between them can be foretold.

    a r ... r a,    a one of two symbols, r drawn from the other 98

A network reads the string without its last symbol and is to say which one follows. J. Martens and I. Sutskever, ICML
2011, after the long time lags of S. Hochreiter and J. Schmidhuber, 1997; R. Pascanu, T. Mikolov and Y. Bengio, ICML
2013, arXiv:1211.5063.

Settled here: the symbols between are drawn one by one, so that strings may be longer than there are symbols. Networks
of the papers foretell every symbol and are judged by the last one; `every_step` gives targets for that.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import PRNGKeyArray

from ..sequences import Sequences
from ..targets import StepTargets
from ._problem import Sample, check_count, check_numbers, generator

SYMBOLS = tuple(str(k) for k in range(1, 101))
ENDS = 2


@dataclass(frozen=True)
class RandomPermutation:
    """Strings that end as they begin; the target is the last symbol, which is not shown.

    Args:
        length: symbols of a string with the last, T.
        every_step: whether each next symbol is a target; the last one alone is judged.

    Raises:
        InvalidInput: strings of fewer than 3 symbols.

    Example:
        >>> import jax
        >>> from mnemon.problems import RandomPermutation
        >>> sample = RandomPermutation(50).sample(jax.random.key(0), 20)
        >>> bool((sample.xs.pad()[0][:, 0].argmax(axis=1) == sample.targets).all())
        True

    """

    length: int
    every_step: bool = False

    def __post_init__(self) -> None:
        check_numbers("RandomPermutation", length=(self.length, 3))

    @property
    def input_size(self) -> int:
        """One input a symbol."""
        return len(SYMBOLS)

    @property
    def output_size(self) -> int:
        """One output a symbol."""
        return len(SYMBOLS)

    @property
    def longest(self) -> int:
        """All strings have one length; the last symbol is not shown."""
        return self.length - 1

    @property
    def reference(self) -> str:
        """Where the task is from."""
        return "J. Martens and I. Sutskever, ICML 2011"

    def sample(self, key: PRNGKeyArray, n: int) -> Sample:
        """`n` strings, targets (n,); with `every_step` (total_time,).

        Raises:
            InvalidInput: fewer than one.

        """
        check_count(self, n)
        random = generator(key)
        codes = random.integers(ENDS, len(SYMBOLS), (n, self.length))
        codes[:, 0] = codes[:, -1] = random.integers(0, ENDS, n)
        xs = Sequences(codes[:, :-1], lengths=np.full(n, self.longest), alphabet=SYMBOLS)
        return Sample(xs, StepTargets(codes[:, 1:].ravel(), xs.lengths) if self.every_step else codes[:, -1])

    def right(self, answers: Any, targets: Any) -> Any:
        """Answers whose largest output at the end is the last symbol's."""
        if self.every_step:
            answers, targets = answers[..., self.longest - 1, :], targets[..., self.longest - 1]
        return answers.argmax(axis=-1).astype(targets.dtype) == targets
