"""What a network's answers cost, one number a sequence, and how good they are."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ..errors import InvalidInput
from ..layers import Answer


class Loss(eqx.Module):
    """Base of all losses. A loss is given answers of a batch and says one number a sequence, smaller is better.

    Attributes:
        score_name: what `score` measures.

    """

    score_name: ClassVar[str] = "score"

    def __call__(self, answer: Answer, targets: Array, lengths: Int[Array, " batch"] | None) -> Float[Array, " batch"]:
        """The cost of each sequence; where the answer is marked, the mean over its marked steps."""
        raise NotImplementedError

    def score(self, answer: Answer, targets: Array, lengths: Int[Array, " batch"] | None) -> Float[Array, " batch"]:
        """How good each sequence's answer is, larger is better."""
        raise NotImplementedError

    def check_targets(self, targets: np.ndarray, outputs: int) -> None:
        """Raise `InvalidInput` where these targets do not fit a network of so many outputs."""


class CrossEntropy(Loss):
    """-log softmax(z)[class]: answers are logits, targets are class numbers (batch,).

    Where a network answers at several steps the class is asked for at each of them (target replication; Z. Lipton and
    others, ICLR 2016, arXiv:1511.03677); the score is the share right at the end.
    """

    score_name: ClassVar[str] = "accuracy"

    def check_targets(self, targets: np.ndarray, outputs: int) -> None:
        """Class numbers (n,) from 0."""
        if targets.ndim != 1 or not np.issubdtype(targets.dtype, np.integer):
            raise InvalidInput(
                f"CrossEntropy needs class numbers (n,), whole and from 0; got {targets.dtype} of shape {targets.shape}"
            )
        if targets.min() < 0 or targets.max() >= outputs:
            raise InvalidInput(
                f"CrossEntropy: the classes go from {targets.min()} to {targets.max()}, but the network has {outputs} "
                f"outputs, for classes 0 to {outputs - 1}"
            )

    def __call__(
        self, answer: Answer, targets: Int[Array, " batch"], lengths: Int[Array, " batch"] | None
    ) -> Float[Array, " batch"]:
        """See `Loss`."""
        logs = jax.nn.log_softmax(answer.values, axis=-1)
        if answer.marks is None:
            return -jnp.take_along_axis(logs, targets[:, None], axis=-1)[:, 0]
        return _over_marks(-jnp.take_along_axis(logs, targets[:, None, None], axis=-1)[..., 0], answer)

    def score(
        self, answer: Answer, targets: Int[Array, " batch"], lengths: Int[Array, " batch"] | None
    ) -> Float[Array, " batch"]:
        """1 where the largest logit at the end is the target's, else 0."""
        return (answer.at_end().argmax(axis=-1).astype(targets.dtype) == targets).astype(answer.values.dtype)


class SquaredError(Loss):
    """Mean over outputs of (d - z)^2: targets (batch, outputs). The score is its negative."""

    score_name: ClassVar[str] = "negative squared error"

    def check_targets(self, targets: np.ndarray, outputs: int) -> None:
        """Values (n, outputs)."""
        if targets.ndim != 2 or targets.shape[1] != outputs or not np.issubdtype(targets.dtype, np.number):
            raise InvalidInput(
                f"SquaredError needs numbers (n, {outputs}), one for each output of the network; got {targets.dtype} "
                f"of shape {targets.shape}"
            )
        if not np.all(np.isfinite(targets)):
            raise InvalidInput("SquaredError: the targets hold NaN or infinity")

    def __call__(
        self, answer: Answer, targets: Float[Array, "batch outputs"], lengths: Int[Array, " batch"] | None
    ) -> Float[Array, " batch"]:
        """See `Loss`."""
        if answer.marks is None:
            return jnp.square(targets - answer.values).mean(axis=-1)
        return _over_marks(jnp.square(targets[:, None] - answer.values).mean(axis=-1), answer)

    def score(
        self, answer: Answer, targets: Float[Array, "batch outputs"], lengths: Int[Array, " batch"] | None
    ) -> Float[Array, " batch"]:
        """The negative squared error at the end."""
        return -jnp.square(targets - answer.at_end()).mean(axis=-1)


def _over_marks(each: Float[Array, "batch time"], answer: Answer) -> Float[Array, " batch"]:
    """Mean over the marked steps; the values elsewhere never matter."""
    assert answer.marks is not None  # callers have looked
    return jnp.where(answer.marks, each, jnp.zeros_like(each)).sum(axis=-1) / answer.marks.sum(axis=-1).astype(
        each.dtype
    )
