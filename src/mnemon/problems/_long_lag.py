"""Long time lags without noise: the last symbol is the first, p steps ago.

    2a    x a_1 a_2 ... a_(p-1) x    and    y a_1 a_2 ... a_(p-1) y
    2b    the same, with p - 1 symbols drawn from a_1 ... a_(p-1) between: nothing else can be foretold

S. Hochreiter and J. Schmidhuber, Neural Computation 9(8):1735-1780, 1997, doi:10.1162/neco.1997.9.8.1735, experiments
2a and 2b, with p = 4, 10 and 100. At each step the next symbol is to be foretold, one logistic output a symbol; a trial
has succeeded when the largest error of all outputs stayed below 0.25 over 10,000 strings in a row.

Settled here: in 2b the errors of the last symbol alone are judged, for no network can foretell the others.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import PRNGKeyArray

from ..sequences import Sequences
from ..targets import StepTargets
from ._problem import Sample, check_count, check_numbers, generator, one_hot

CLOSE = 0.25


@dataclass(frozen=True)
class LongLag:
    """Strings that end as they begin, x or y; at each step the target is the next symbol, one-hot.

    Args:
        lag: steps between the first symbol and the last, p.
        random: whether the symbols between are drawn (2b), or always the same (2a).

    Raises:
        InvalidInput: a lag below 2.

    Example:
        >>> import jax
        >>> from mnemon.problems import LongLag
        >>> sample = LongLag(4).sample(jax.random.key(0), 8)
        >>> sample.xs[0].tolist()  # x or y, then a1 a2 a3
        [4, 0, 1, 2]

    """

    lag: int = 100
    random: bool = False

    def __post_init__(self) -> None:
        check_numbers("LongLag", lag=(self.lag, 2))

    @property
    def alphabet(self) -> tuple[str, ...]:
        """The symbols a1 a2 ... and x, y."""
        return (*(f"a{k}" for k in range(1, self.lag)), "x", "y")

    @property
    def input_size(self) -> int:
        """One input a symbol, p + 1."""
        return self.lag + 1

    @property
    def output_size(self) -> int:
        """One output a symbol, p + 1."""
        return self.lag + 1

    @property
    def longest(self) -> int:
        """All have one length; the last symbol is not shown."""
        return self.lag

    @property
    def reference(self) -> str:
        """Where the task is from."""
        which = "2b" if self.random else "2a"
        return f"S. Hochreiter and J. Schmidhuber, Neural Computation 9(8):1735-1780, 1997, experiment {which}"

    def sample(self, key: PRNGKeyArray, n: int) -> Sample:
        """`n` strings without their last symbols, targets (total_time, p + 1).

        Raises:
            InvalidInput: fewer than one.

        """
        check_count(self, n)
        random, others = generator(key), self.lag - 1
        codes = np.empty((n, self.lag + 1), int)
        codes[:, 0] = codes[:, -1] = random.integers(others, others + 2, n)
        codes[:, 1:-1] = random.integers(0, others, (n, others)) if self.random else np.arange(others)
        xs = Sequences(codes[:, :-1], lengths=np.full(n, self.lag), alphabet=self.alphabet)
        return Sample(xs, StepTargets(one_hot(codes[:, 1:].ravel(), self.output_size), xs.lengths))

    def right(self, answers: Any, targets: Any) -> Any:
        """Answers (..., n, time, outputs) of which every output is less than 0.25 away from its target.

        At every step; where symbols between are drawn, at the last. Steps of NaN are not judged.
        """
        if self.random:
            answers, targets = answers[..., self.lag - 1 : self.lag, :], targets[..., self.lag - 1 : self.lag, :]
        return ((abs(answers - targets) < CLOSE) | (targets != targets)).all(axis=(-2, -1))
