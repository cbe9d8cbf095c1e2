"""The contract of a generated problem: where its data come from, and when it counts as solved."""

from typing import NamedTuple, Protocol

import numpy as np
from jaxtyping import PRNGKeyArray

from ..errors import InvalidInput
from ..sequences import Sequences


class Sample(NamedTuple):
    """Sequences with their targets: (n, outputs) numbers, or (n,) classes."""

    xs: Sequences
    targets: np.ndarray


class Problem(Protocol):
    """A task that is generated. Everything is a function of the problem's own numbers and the key."""

    @property
    def input_size(self) -> int:
        """Features of a step."""
        ...

    @property
    def output_size(self) -> int:
        """Numbers that are asked for."""
        ...

    @property
    def reference(self) -> str:
        """The paper."""
        ...

    def sample(self, key: PRNGKeyArray, n: int) -> Sample:
        """`n` sequences; the same for the same key."""
        ...

    def right(self, answers: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Which answers (..., n, outputs) count as right, (..., n)."""
        ...


def check_count(problem: Problem, n: int) -> None:
    """Complain of a sample of no sequences.

    Raises:
        InvalidInput: fewer than one.

    """
    if n < 1:
        raise InvalidInput(f"{type(problem).__name__}.sample: n={n}; expected at least 1")
