"""Parity: whether a long string of bits holds an odd number of ones is to be known at its end.

    x(t) = +1 for a one, -1 for a zero;    target = (number of ones) mod 2

S. Hochreiter and J. Schmidhuber, LSTM can solve hard long time lag problems, NIPS 9:473-479, 1996, where weights drawn
at random solve it within some thousand trials: strings of 500 to 600 bits, 100 to be learned and 100 to be tested by,
half of them of each class, an error at the end of less than 0.1. Y. Bengio and P. Frasconi, NIPS 6:75-82, 1994, ask for
it too.

Settled here: strings of one class are all equally likely at their length, which is uniform.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import PRNGKeyArray

from ..sequences import Sequences
from ._problem import Sample, check_count, check_numbers, generator, in_halves

CLOSE = 0.1


@dataclass(frozen=True)
class Parity:
    """Strings of bits, +1 and -1; the target is 1 where the number of ones is odd, else 0, at the end.

    Args:
        shortest: the least number of bits.
        longest: the largest.
        balanced: half of a sample is of each class (one more of class 0 where its number is odd); otherwise classes
            fall as they do.

    Raises:
        InvalidInput: no bits, or `longest` below `shortest`.

    Example:
        >>> import jax
        >>> from mnemon.problems import Parity
        >>> sample = Parity().sample(jax.random.key(0), 100)
        >>> sample.targets.shape, int(sample.targets.sum())
        ((100, 1), 50)

    """

    shortest: int = 500
    longest: int = 600
    balanced: bool = True

    def __post_init__(self) -> None:
        check_numbers("Parity", shortest=(self.shortest, 1))
        check_numbers("Parity", longest=(self.longest, self.shortest))

    @property
    def input_size(self) -> int:
        """One bit a step."""
        return 1

    @property
    def output_size(self) -> int:
        """One."""
        return 1

    @property
    def reference(self) -> str:
        """Where the task is from."""
        return "S. Hochreiter and J. Schmidhuber, NIPS 9:473-479, 1996"

    def sample(self, key: PRNGKeyArray, n: int) -> Sample:
        """`n` strings, targets (n, 1).

        Raises:
            InvalidInput: fewer than one.

        """
        check_count(self, n)
        random = generator(key)
        lengths = random.integers(self.shortest, self.longest + 1, n)
        ones = random.integers(0, 2, (n, self.longest)).astype(bool)
        odd = (ones & (np.arange(self.longest) < lengths[:, None])).sum(axis=1) % 2 == 1
        if self.balanced:
            wanted = in_halves(random, n)
            ones[:, 0] ^= odd != wanted
            odd = wanted
        bits = np.where(ones, 1.0, -1.0)
        return Sample(Sequences(bits, lengths=lengths), odd[:, None].astype(np.float64))

    def right(self, answers: Any, targets: Any) -> Any:
        """Answers less than 0.1 away from their targets."""
        return (abs(answers - targets) < CLOSE).all(axis=-1)
