"""What systems driven by an input share: their series, their sequences, and when an identification of one is right.

A system is at rest until its first input. u(k) and what came before make y(k+1):

    series    rows (u(k), y(k))
    sample    the network reads u(k) and is asked for y(k+1), at every step but the first `washout`

An answer is right where its normalised mean squared error over the sequence,

    NMSE = sum (answer - y)^2 / sum (y - mean y)^2,

is below 0.1: a tenth of the variance is left. (Settled here; the literature prints the error itself.)
"""

from typing import Any

import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from ..errors import InvalidInput
from ..sequences import Sequences
from ..targets import StepTargets
from ._problem import Sample, check_count, check_numbers, generator
from ._series import check_points

CLOSE = 0.1


class Driven:
    """Base of frozen dataclasses with `length` and `washout`, that say how inputs are drawn and answered."""

    length: int
    washout: int

    def draw(self, random: np.random.Generator, count: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """Inputs u(0) ... (count, steps), and the responses y(1) ... (count, steps) to them."""
        raise NotImplementedError

    @property
    def channels(self) -> tuple[str, ...]:
        """Of `series`: the input, and the output."""
        return ("u", "y")

    @property
    def input_size(self) -> int:
        """The input."""
        return 1

    @property
    def output_size(self) -> int:
        """The output that follows."""
        return 1

    @property
    def longest(self) -> int:
        """All sequences are of one length."""
        return self.length

    def series(self, n: int, key: PRNGKeyArray | None = None) -> np.ndarray:
        """`n` rows of u(k) and y(k), (n, 2), the first `washout` thrown away. The key draws the inputs (None: key 0).

        Raises:
            InvalidInput: fewer than one.

        """
        check_points(self, n)
        random = generator(jax.random.key(0) if key is None else key)
        inputs, responses = self.draw(random, 1, self.washout + n)
        outputs = np.concatenate([[0.0], responses[0, :-1]])
        return np.stack([inputs[0], outputs], axis=1)[self.washout :]

    def sample(self, key: PRNGKeyArray, n: int) -> Sample:
        """`n` sequences of inputs (n, length, 1); targets (n * length, 1), NaN during the washout.

        Raises:
            InvalidInput: fewer than one.

        """
        check_count(self, n)  # type: ignore[arg-type]
        inputs, responses = self.draw(generator(key), n, self.length)
        responses[:, : self.washout] = np.nan
        lengths = np.full(n, self.length)
        return Sample(Sequences(inputs[..., None]), StepTargets(responses.reshape(-1, 1), lengths))

    def right(self, answers: Any, targets: Any) -> Any:
        """Answers (..., n, time, 1) whose NMSE over their sequence is below 0.1; steps of NaN are not judged."""
        errors, spread = error_and_spread(answers, targets)
        return errors < CLOSE * spread


def error_and_spread(answers: Any, targets: Any) -> tuple[Any, Any]:
    """Sums over time (axis -2) of squared errors and of squared differences from the mean, both (..., n).

    Of NumPy or of JAX; steps of NaN in `targets` (..., n, time, outputs) are left out. Their ratio is the NMSE.
    """
    known = targets == targets
    count = known.sum(axis=(-2, -1), keepdims=True).astype(targets.dtype)
    mean = targets.sum(axis=(-2, -1), keepdims=True, where=known) / count
    off = targets - mean
    errors = (answers - targets) ** 2
    return errors.sum(axis=(-2, -1), where=known), (off * off).sum(axis=(-2, -1), where=known)


def check_lengths(system: str, length: int, washout: int) -> None:
    """Complain of sequences that are all washout.

    Raises:
        InvalidInput: so they are, or numbers that are not whole.

    """
    check_numbers(system, length=(length, 2), washout=(washout, 0))
    if length < washout + 2:
        raise InvalidInput(f"{system}: length={length} with washout={washout}; expected at least two steps more")
