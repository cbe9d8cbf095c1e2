"""What a network's answers cost, one number a sequence, and how good they are.

Targets are one a sequence, or one a step (`StepTargets`). A network that answers at several steps, but is given one
target a sequence, is asked for it at each of them (target replication; Z. Lipton and others, ICLR 2016,
arXiv:1511.03677), and judged by its answer at the end.
"""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from ..errors import InvalidInput
from ..layers import Answer
from ..targets import UNLABELLED, StepTargets, Targets


class Loss(eqx.Module):
    """Base of all losses. A loss is given answers of a batch and says one number a sequence, smaller is better.

    Attributes:
        score_name: what `score` measures.

    """

    score_name: ClassVar[str] = "score"

    def __call__(self, answer: Answer, targets: Array) -> Float[Array, " batch"]:
        """The cost of each sequence: where the answer is marked or targets stand at steps, the mean over those."""
        raise NotImplementedError

    def score(self, answer: Answer, targets: Array) -> Float[Array, " batch"]:
        """How good each sequence's answer is, larger is better."""
        raise NotImplementedError

    def check_targets(self, targets: Targets, outputs: int) -> None:
        """Raise `InvalidInput` where these targets do not fit a network of so many outputs."""


class CrossEntropy(Loss):
    """-log softmax(z)[class]: answers are logits; targets are class numbers, (batch,) or (batch, time).

    A step whose class is -1 has no label and costs nothing. The score is the share right: at the end, or of the
    labelled steps.

    Args:
        weights: what each class counts, at steps; None: all the same.

    """

    weights: tuple[float, ...] | None = eqx.field(static=True, default=None)

    score_name: ClassVar[str] = "accuracy"

    def check_targets(self, targets: Targets, outputs: int) -> None:
        """Class numbers from 0: (n,), or one a step."""
        steps = isinstance(targets, StepTargets)
        values = targets.values if steps else targets
        if values.ndim != 1 or not np.issubdtype(values.dtype, np.integer):
            raise InvalidInput(
                f"CrossEntropy needs class numbers (n,), whole and from 0; got {values.dtype} of shape {values.shape}"
            )
        least = UNLABELLED if steps else 0
        if values.min() < least or values.max() >= outputs:
            raise InvalidInput(
                f"CrossEntropy: the classes go from {values.min()} to {values.max()}, but the network has {outputs} "
                f"outputs, for classes 0 to {outputs - 1}"
            )
        if steps and not targets.known.any():
            raise InvalidInput("CrossEntropy: no step has a label")

    def __call__(
        self, answer: Answer, targets: Int[Array, " batch"] | Int[Array, "batch time"]
    ) -> Float[Array, " batch"]:
        """See `Loss`."""
        logs = jax.nn.log_softmax(answer.values, axis=-1)
        if answer.marks is None and targets.ndim == 1:
            return -jnp.take_along_axis(logs, targets[:, None], axis=-1)[:, 0]
        wanted = _at_steps(targets, answer)
        costs = -jnp.take_along_axis(logs, jnp.maximum(wanted, 0)[..., None], axis=-1)[..., 0]
        asked = _marks(answer) & (wanted != UNLABELLED)
        if self.weights is None:
            return _mean(costs, asked)
        shares = jnp.asarray(self.weights, costs.dtype)[jnp.maximum(wanted, 0)]
        return _mean(costs * shares, asked)

    def score(self, answer: Answer, targets: Int[Array, " batch"] | Int[Array, "batch time"]) -> Float[Array, " batch"]:
        """See `Loss`."""
        if targets.ndim == 1:
            return (answer.at_end().argmax(axis=-1).astype(targets.dtype) == targets).astype(answer.values.dtype)
        right = answer.values.argmax(axis=-1).astype(targets.dtype) == targets
        return _mean(right.astype(answer.values.dtype), _marks(answer) & (targets != UNLABELLED))


class BinaryCrossEntropy(Loss):
    """-d log f(z) - (1 - d) log(1 - f(z)), mean over outputs, f logistic: for labels of which several may hold.

    Answers are logits; targets are 0 or 1, (batch, outputs). The score is the share of sequences with all outputs
    right.
    """

    score_name: ClassVar[str] = "accuracy"

    def check_targets(self, targets: Targets, outputs: int) -> None:
        """Zeros and ones (n, outputs)."""
        if isinstance(targets, StepTargets) or targets.ndim != 2 or targets.shape[1] != outputs:
            raise InvalidInput(f"BinaryCrossEntropy needs zeros and ones (n, {outputs}), one for each output")
        if not np.isin(targets, (0, 1)).all():
            raise InvalidInput("BinaryCrossEntropy: the targets hold other numbers than 0 and 1")

    def __call__(self, answer: Answer, targets: Float[Array, "batch outputs"]) -> Float[Array, " batch"]:
        """See `Loss`."""
        wanted = targets if answer.marks is None else targets[:, None]
        # softplus(z) - d z is the cross-entropy without a logarithm of a rounded 0
        costs = (jax.nn.softplus(answer.values) - wanted * answer.values).mean(axis=-1)
        return costs if answer.marks is None else _mean(costs, answer.marks)

    def score(self, answer: Answer, targets: Float[Array, "batch outputs"]) -> Float[Array, " batch"]:
        """See `Loss`."""
        return ((answer.at_end() > 0) == (targets > 0.5)).all(axis=-1).astype(answer.values.dtype)


class ValueLoss(Loss):
    """Base of losses whose targets are numbers: (batch, series), or (batch, time, series).

    A step with NaN as target is not asked for. The score is the negative loss, of one target a sequence at the end.

    Attributes:
        one_for_each: what there is one target for, in words.

    """

    one_for_each: ClassVar[str]

    def series(self, outputs: int) -> int:
        """How many numbers a target of a network of so many outputs has.

        Raises:
            InvalidInput: the outputs do not make whole series.

        """
        raise NotImplementedError

    def costs(self, wanted: Float[Array, "*batch series"], said: Float[Array, "*batch outputs"]) -> Float[Array, "..."]:
        """What each answer costs, (*batch,)."""
        raise NotImplementedError

    def check_targets(self, targets: Targets, outputs: int) -> None:
        """Values (n, series), or (series,) a step."""
        name, size = type(self).__name__, self.series(outputs)
        steps = isinstance(targets, StepTargets)
        values = targets.values if steps else targets
        if values.ndim != 2 or values.shape[1] != size or not np.issubdtype(values.dtype, np.number):
            raise InvalidInput(
                f"{name} needs numbers (n, {size}), one for each {self.one_for_each}; got {values.dtype} of shape "
                f"{values.shape}"
            )
        known = values[targets.known] if steps else values
        if not np.all(np.isfinite(known)):
            raise InvalidInput(f"{name}: the targets hold NaN or infinity")
        if not known.size:
            raise InvalidInput(f"{name}: no step has a target")

    def __call__(
        self, answer: Answer, targets: Float[Array, "batch series"] | Float[Array, "batch time series"]
    ) -> Float[Array, " batch"]:
        """See `Loss`."""
        if targets.ndim == 3:
            asked = _marks(answer) & ~jnp.isnan(targets).any(axis=-1)
            # no gradient of what is not asked
            wanted, said = (jnp.where(asked[..., None], part, 0) for part in (targets, answer.values))
            return _mean(self.costs(wanted, said), asked)
        if answer.marks is None:
            return self.costs(targets, answer.values)
        wanted = jnp.broadcast_to(targets[:, None], (*answer.marks.shape, targets.shape[-1]))
        return _mean(self.costs(wanted, answer.values), answer.marks)

    def score(
        self, answer: Answer, targets: Float[Array, "batch series"] | Float[Array, "batch time series"]
    ) -> Float[Array, " batch"]:
        """See `Loss`."""
        return -self(answer, targets) if targets.ndim == 3 else -self.costs(targets, answer.at_end())


class SquaredError(ValueLoss):
    """Mean over outputs of (d - z)^2: targets (batch, outputs), or (batch, time, outputs). The score is its negative.

    A step with NaN as target is not asked for.
    """

    score_name: ClassVar[str] = "negative squared error"
    one_for_each: ClassVar[str] = "output of the network"

    def series(self, outputs: int) -> int:
        """As many as outputs."""
        return outputs

    def costs(
        self, wanted: Float[Array, "*batch outputs"], said: Float[Array, "*batch outputs"]
    ) -> Float[Array, "..."]:
        """The mean of the squares."""
        return jnp.square(wanted - said).mean(axis=-1)


def _marks(answer: Answer) -> Bool[Array, "batch time"]:
    if answer.marks is None:
        raise InvalidInput(
            'targets stand at steps, but the network answers once a sequence; give its readout at="steps"'
        )
    return answer.marks


def _at_steps(targets: Array, answer: Answer) -> Array:
    """One target a sequence is asked for at each marked step; targets at steps stay."""
    marks = _marks(answer)
    if targets.ndim == 2 and targets.shape != marks.shape:
        raise InvalidInput(
            f"targets stand at {targets.shape[1]} steps, but the network answers at {marks.shape[1]}: its layers "
            "change the pace of time"
        )
    return targets if targets.ndim == 2 else jnp.broadcast_to(targets[:, None], marks.shape)


def _mean(each: Float[Array, "batch time"], asked: Bool[Array, "batch time"]) -> Float[Array, " batch"]:
    """Mean over the steps that are asked for, 0 where none is; the values elsewhere never matter."""
    count = jnp.maximum(asked.sum(axis=-1), 1).astype(each.dtype)
    return jnp.where(asked, each, jnp.zeros_like(each)).sum(axis=-1) / count
