"""What a filter observes of a network, and what it should have observed: one vector an answer.

y = f(z),  H = f'(z) dz/dw        z: the answer; f: identity, softmax or logistic function, by the loss
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ...errors import InvalidInput
from ...layers import Answer
from ...targets import UNLABELLED
from ..losses import BinaryCrossEntropy, CrossEntropy, Loss, SquaredError


class Observed(NamedTuple):
    """All answers of a chunk, one after another.

    Attributes:
        errors: (answers, outputs), d - y.
        rows: (answers, outputs, weights), H.
        asked: (answers,), whether there is a target.
        shares: (answers,), what each counts.

    """

    errors: Float[Array, "answers outputs"]
    rows: Float[Array, "answers outputs weights"]
    asked: Bool[Array, " answers"]
    shares: Float[Array, " answers"]


def observe(
    who: str, loss: Loss, answer: Answer, jacobian: Array, targets: Array, weights: Float[Array, " batch"]
) -> Observed:
    """Answers and their Jacobian as a filter takes them; errors and rows are 0 where nothing is asked.

    Args:
        who: the update, for refusals.
        loss: what the network is trained for.
        answer, jacobian: see `Gradient.jacobian`.
        targets: (batch, ...), one a sequence or one a step.
        weights: (batch,), what the answers of each sequence count.

    Raises:
        InvalidInput: a loss that does not say what an answer should be.

    """
    if not isinstance(loss, SquaredError | CrossEntropy | BinaryCrossEntropy):
        raise InvalidInput(
            f"{who} compares answers with what they should be, under SquaredError(), CrossEntropy() or "
            f"BinaryCrossEntropy(); {type(loss).__name__} does not say it"
        )
    outputs = answer.values.shape[-1]
    values, jacobian = answer.values.reshape(-1, outputs), jacobian.reshape(-1, outputs, jacobian.shape[-1])
    places, classes = answer.values.shape[:-1], isinstance(loss, CrossEntropy)
    if len(places) > targets.ndim - (not classes):  # one target a sequence, asked for at each marked step
        targets = jnp.broadcast_to(targets[:, None], (*places, *targets.shape[1:]))
    marks = jnp.ones(places, bool) if answer.marks is None else answer.marks
    shares = jnp.broadcast_to(weights.reshape(-1, *(1,) * (len(places) - 1)), places)
    if isinstance(loss, CrossEntropy):
        asked, squash = targets != UNLABELLED, jax.nn.softmax
        wanted = jax.nn.one_hot(targets, outputs, dtype=values.dtype)
        if loss.weights is not None:
            shares = shares * jnp.asarray(loss.weights, values.dtype)[jnp.maximum(targets, 0)]
    else:
        asked, squash = ~jnp.isnan(targets).any(axis=-1), None if isinstance(loss, SquaredError) else jax.nn.sigmoid
        wanted = targets
    asked = (asked & marks & (shares > 0)).reshape(-1)
    said = values
    if squash is not None:
        said = squash(values)
        jacobian = jnp.einsum("noz,nzw->now", jax.vmap(jax.jacfwd(squash))(values), jacobian)
    errors = jnp.where(asked[:, None], wanted.reshape(values.shape) - said, jnp.zeros_like(values))
    rows = jnp.where(asked[:, None, None], jacobian, jnp.zeros_like(jacobian))
    return Observed(errors, rows, asked, shares.reshape(-1))


def whole_shares(weights: Any) -> Float[Array, " batch"]:
    """Weights of a chunk, which add up to about 1, as what each sequence counts, 1 on average; 0 for what fills up."""
    return weights * jnp.maximum((weights > 0).sum(), 1).astype(weights.dtype)
