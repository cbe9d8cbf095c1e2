"""Memorisation without noise, and copying: symbols are read, and written again after a long pause.

    read    s_1 ... s_N  - - ... - >  - ... -        N symbols, T steps of pause of which the last is the cue, N steps
    write   - ...     -  - - ... - -  s_1 ... s_N

`Memorisation`: 5 bits, or 10 symbols of 5 kinds (for historical reasons "20 bits"): S. Hochreiter and J. Schmidhuber's
long time lags taken further by J. Martens and I. Sutskever, ICML 2011. `Copy`: 10 symbols of 8 kinds, M. Arjovsky,
A. Shah and Y. Bengio, ICML 2016, arXiv:1511.06464, with T from 100 to 500. An answer without memory costs at best

    N log(kinds) / (T + 2N)

nats a step of cross-entropy: sure of the pause, and any symbol as likely as any other after the cue.

Settled here for `Memorisation`: the cue stands at the last step of the pause, as in the copying task.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import PRNGKeyArray

from ..errors import InvalidInput
from ..sequences import Sequences
from ..targets import UNLABELLED, StepTargets
from ._problem import Sample, check_count, check_numbers, generator

# (symbols, kinds) by bits
MEMORISED = {5: (5, 2), 20: (10, 5)}
PAUSE, CUE = "-", ">"


@dataclass(frozen=True)
class Memorisation:
    """Strings to be written again after a pause; targets are classes at each step, the last of which is the pause.

    Args:
        pause: steps between reading and writing, T.
        bits: 5: five symbols of two kinds; 20: ten symbols of five kinds.
        every_step: whether silence is asked for until the cue; otherwise the steps of writing alone have targets.

    Raises:
        InvalidInput: no pause, or another number of bits.

    Example:
        >>> import jax
        >>> from mnemon.problems import Memorisation
        >>> sample = Memorisation(4).sample(jax.random.key(0), 1)
        >>> sample.xs.strings(), sample.targets.values.tolist()
        (['22211--->-----'], [2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 0, 0])

    """

    pause: int
    bits: int = 5
    every_step: bool = True

    def __post_init__(self) -> None:
        check_numbers("Memorisation", pause=(self.pause, 1))
        if self.bits not in MEMORISED:
            raise InvalidInput(f"Memorisation: bits={self.bits!r}; expected 5 or 20")

    @property
    def input_size(self) -> int:
        """One input a kind, one for the pause, one for the cue."""
        return MEMORISED[self.bits][1] + 2

    @property
    def output_size(self) -> int:
        """One output a kind, one for the pause."""
        return MEMORISED[self.bits][1] + 1

    @property
    def longest(self) -> int:
        """All have one length."""
        return self.pause + 2 * MEMORISED[self.bits][0]

    @property
    def baseline(self) -> float:
        """Cross-entropy of the best answers without memory, in nats a step that is asked for."""
        return _baseline(*MEMORISED[self.bits], self.pause, self.every_step)

    @property
    def reference(self) -> str:
        """Where the task is from."""
        return "J. Martens and I. Sutskever, ICML 2011"

    def sample(self, key: PRNGKeyArray, n: int) -> Sample:
        """`n` strings, targets (total_time,).

        Raises:
            InvalidInput: fewer than one.

        """
        check_count(self, n)
        return _draw(key, n, *MEMORISED[self.bits], self.pause, self.every_step)

    def right(self, answers: Any, targets: Any) -> Any:
        """Answers (..., n, time, outputs) whose largest output is the class's at every step that has one."""
        return _recalled(answers, targets)


@dataclass(frozen=True)
class Copy:
    """Strings to be written again after a pause; targets are classes at each step, the last of which is the pause.

    Args:
        pause: steps between reading and writing, T.
        symbols: how many are to be written again.
        kinds: how many different ones there are.
        every_step: whether silence is asked for until the cue; otherwise the steps of writing alone have targets.

    Raises:
        InvalidInput: no pause, no symbols, or fewer than two kinds.

    Example:
        >>> from mnemon.problems import Copy
        >>> problem = Copy(100)
        >>> problem.longest, round(problem.baseline, 4)
        (120, 0.1733)

    """

    pause: int
    symbols: int = 10
    kinds: int = 8
    every_step: bool = True

    def __post_init__(self) -> None:
        check_numbers("Copy", pause=(self.pause, 1), symbols=(self.symbols, 1), kinds=(self.kinds, 2))

    @property
    def input_size(self) -> int:
        """One input a kind, one for the pause, one for the cue."""
        return self.kinds + 2

    @property
    def output_size(self) -> int:
        """One output a kind, one for the pause."""
        return self.kinds + 1

    @property
    def longest(self) -> int:
        """All have one length."""
        return self.pause + 2 * self.symbols

    @property
    def baseline(self) -> float:
        """Cross-entropy of the best answers without memory, in nats a step that is asked for."""
        return _baseline(self.symbols, self.kinds, self.pause, self.every_step)

    @property
    def reference(self) -> str:
        """Where the task is from."""
        return "M. Arjovsky, A. Shah and Y. Bengio, ICML 2016, arXiv:1511.06464"

    def sample(self, key: PRNGKeyArray, n: int) -> Sample:
        """`n` strings, targets (total_time,).

        Raises:
            InvalidInput: fewer than one.

        """
        check_count(self, n)
        return _draw(key, n, self.symbols, self.kinds, self.pause, self.every_step)

    def right(self, answers: Any, targets: Any) -> Any:
        """Answers (..., n, time, outputs) whose largest output is the class's at every step that has one."""
        return _recalled(answers, targets)


def _draw(key: PRNGKeyArray, n: int, symbols: int, kinds: int, pause: int, every_step: bool) -> Sample:
    shape = n, pause + 2 * symbols
    codes, targets = np.full(shape, kinds), np.full(shape, kinds if every_step else UNLABELLED)
    codes[:, :symbols] = targets[:, symbols + pause :] = generator(key).integers(0, kinds, (n, symbols))
    codes[:, symbols + pause - 1] = kinds + 1
    alphabet = (*(str(k + 1) for k in range(kinds)), PAUSE, CUE)
    xs = Sequences(codes, lengths=np.full(n, shape[1]), alphabet=alphabet)
    return Sample(xs, StepTargets(targets.ravel(), xs.lengths))


def _baseline(symbols: int, kinds: int, pause: int, every_step: bool) -> float:
    return symbols * math.log(kinds) / (pause + 2 * symbols if every_step else symbols)


def _recalled(answers: Any, targets: Any) -> Any:
    return ((answers.argmax(axis=-1).astype(targets.dtype) == targets) | (targets < 0)).all(axis=-1)
