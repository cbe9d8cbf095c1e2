"""The contract of a generated problem: where its data come from, and when it counts as solved."""

from typing import Any, NamedTuple, Protocol

import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from ..errors import InvalidInput, raise_together
from ..sequences import Sequences
from ..targets import StepTargets


class Sample(NamedTuple):
    """Sequences with what they should be answered by.

    Attributes:
        xs: the sequences.
        targets: (n, outputs) numbers, or (n,) classes; `StepTargets` where steps have their own.
        allowed: where a next symbol is to be foretold, which symbols may follow each step: (total_time, outputs), 1 or
            0; None elsewhere.

    """

    xs: Sequences
    targets: np.ndarray | StepTargets
    allowed: StepTargets | None = None


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
    def longest(self) -> int:
        """Steps of the longest sequence that can be drawn."""
        ...

    @property
    def reference(self) -> str:
        """The paper."""
        ...

    def sample(self, key: PRNGKeyArray, n: int) -> Sample:
        """`n` sequences; the same for the same key."""
        ...

    def right(self, answers: Any, targets: Any) -> Any:
        """Which answers (..., n, outputs) count as right, (..., n); of NumPy or of JAX, which it works on alike.

        Where steps have their own targets, both have an axis of time before the outputs, unknown targets are NaN, and
        right is what is right at every step.
        """
        ...


def check_count(problem: Problem, n: int) -> None:
    """Complain of a sample of no sequences.

    Raises:
        InvalidInput: fewer than one.

    """
    if n < 1:
        raise InvalidInput(f"{type(problem).__name__}.sample: n={n}; expected at least 1")


def check_numbers(problem: str, **bounds: tuple[Any, int]) -> None:
    """Complain of a problem's own numbers, each given with the least that it may be.

    Raises:
        InvalidInput: some are smaller, or not whole.

    """
    wrong = [
        f"{name}={value!r}; expected a whole number of at least {least}"
        for name, (value, least) in bounds.items()
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least
    ]
    raise_together(wrong, problem)


def generator(key: PRNGKeyArray) -> np.random.Generator:
    """A generator of NumPy's from a key of JAX's: for one key the same numbers on every machine."""
    return np.random.default_rng(np.asarray(jax.random.key_data(key)).ravel())


def one_hot(codes: np.ndarray, size: int) -> np.ndarray:
    """1 at each code and 0 elsewhere: float64, one axis more."""
    result = np.zeros((*codes.shape, size))
    np.put_along_axis(result, codes[..., None], 1, axis=-1)
    return result


def in_halves(random: np.random.Generator, n: int) -> np.ndarray:
    """So many booleans in random order, half of them True (one less where their number is odd)."""
    return random.permutation(n) < n // 2
