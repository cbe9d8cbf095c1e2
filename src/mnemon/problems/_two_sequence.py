"""The two-sequence problem: the first values of a sequence carry its class, all others are noise.

    class 1:  +1 ... +1 r ... r        class 2:  -1 ... -1 r ... r        r normal, mean 0, variance 0.2

N values carry the class; lengths are uniform in T ... T + T/10, rounded down. Y. Bengio, P. Simard and P. Frasconi,
IEEE Trans. Neural Networks 5(2):157-166, 1994, doi:10.1109/72.279181; in this form S. Hochreiter and J. Schmidhuber,
Neural Computation 9(8):1735-1780, 1997, doi:10.1162/neco.1997.9.8.1735, experiment 3:

    3a  targets 1 and 0; T = 100 or 1000, N = 1 or 3; wrong is an error above 0.2
    3b  the values that carry the class have noise of variance 0.2 as well
    3c  as 3b, and targets are 0.2 for class 1 and 0.8 for class 2 with noise of variance 0.1, so that their means must
        be learned; wrong is an error above 0.1 against the target without noise

Settled here: both classes are equally likely, drawn for each sequence.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import PRNGKeyArray

from ..errors import InvalidInput
from ..sequences import Sequences
from ._problem import Sample, check_count, check_numbers, generator

SPREAD = np.sqrt(0.2)
TARGET_SPREAD = np.sqrt(0.1)


@dataclass(frozen=True)
class TwoSequence:
    """Sequences of one channel whose first values tell their class; the target stands at the end.

    Args:
        length: the least length of a sequence, T.
        carriers: how many values carry the class, N.
        noisy_carriers: whether noise is added to them, as in experiments 3b and 3c.
        noisy_targets: whether targets are 0.2 and 0.8 with noise, as in experiment 3c.

    Raises:
        InvalidInput: no values that carry the class, or too many.

    Example:
        >>> import jax
        >>> from mnemon.problems import TwoSequence
        >>> sample = TwoSequence(100, carriers=3).sample(jax.random.key(0), 20)
        >>> bool((sample.targets[0, 0] == 1) == (sample.xs[0][0, 0] == 1))
        True

    """

    length: int = 100
    carriers: int = 3
    noisy_carriers: bool = False
    noisy_targets: bool = False

    def __post_init__(self) -> None:
        check_numbers("TwoSequence", length=(self.length, 1), carriers=(self.carriers, 1))
        if self.carriers > self.length:
            raise InvalidInput(f"TwoSequence: carriers={self.carriers}, but sequences may have {self.length} steps")

    @property
    def input_size(self) -> int:
        """One."""
        return 1

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
        return "S. Hochreiter and J. Schmidhuber, Neural Computation 9(8):1735-1780, 1997, experiment 3"

    def sample(self, key: PRNGKeyArray, n: int) -> Sample:
        """`n` sequences, targets (n, 1), noisy where the problem's are: what is learned from.

        Raises:
            InvalidInput: fewer than one.

        """
        xs, targets, random = self._draw(key, n)
        if self.noisy_targets:
            targets = targets + TARGET_SPREAD * random.standard_normal((n, 1))
        return Sample(xs, targets)

    def noise_free(self, key: PRNGKeyArray, n: int) -> Sample:
        """The same sequences with targets that have no noise: what is judged by.

        Raises:
            InvalidInput: fewer than one.

        """
        return Sample(*self._draw(key, n)[:2])

    def right(self, answers: Any, targets: Any) -> Any:
        """Answers at most 0.2 away from their targets; 0.1 from those of `noise_free`, where targets are noisy."""
        return (abs(answers - targets) <= (0.1 if self.noisy_targets else 0.2)).all(axis=-1)

    def _draw(self, key: PRNGKeyArray, n: int) -> tuple[Sequences, np.ndarray, np.random.Generator]:
        check_count(self, n)
        random = generator(key)
        lengths = random.integers(self.length, self.longest + 1, n)
        first = random.integers(0, 2, (n, 1)) == 0
        values = SPREAD * random.standard_normal((n, self.longest))
        sign, carrying = np.where(first, 1.0, -1.0), values[:, : self.carriers]
        carrying[:] = sign + carrying if self.noisy_carriers else sign
        targets = np.where(first, 0.2, 0.8) if self.noisy_targets else np.where(first, 1.0, 0.0)
        return Sequences(values, lengths=lengths), targets, random
