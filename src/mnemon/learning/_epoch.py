"""One epoch of a population, compiled as a whole: every update of every network, validation, and the verdict.

Networks stand in blocks of a fixed width. The networks of a block are mapped (`vmap`), the blocks follow one another
(`lax.map`), and a block of which no member is active any more is skipped; so a member's numbers depend on nothing but
its own seed, the data and the width. Batches of all length buckets come in one mixed order, the same for all networks,
so that choosing the bucket stays a branch; which sequences form a batch is each network's own draw.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int, UInt

from ..cells import trainable
from ..layers import Network
from ._evaluate import judged
from ._examples import Bucket
from ._learner import Learner, Step
from ._solution import NONFINITE, REACHED, STALLED, Until
from .gradients import Chunk, learn_at_every_step
from .losses import Loss
from .updates import Update


class Member(eqx.Module):
    """One network in training. In a block every array has a leading axis (width).

    Attributes:
        number: which member of the population it is; blocks are packed anew as members end.
        network, update, memory, carry: what is trained, and what the update and the gradient rule remember.
        seed: randomness of its order and dropout.
        active: whether it is still trained; code: how it ended.
        epochs, sequences, evaluations: what it has used.
        streak: sequences in a row that were answered right, where that is the criterion.
        limit: the loss that is success, where there is one.
        best, best_value, best_epoch, waited: the best weights so far (None where not kept), the watched value there,
            the epoch, and epochs since.

    """

    number: Int[Array, ""]
    network: Network
    update: Update
    memory: Any
    carry: Any
    seed: UInt[Array, ""]
    active: Bool[Array, ""]
    code: Int[Array, ""]
    epochs: Int[Array, ""]
    sequences: Int[Array, ""]
    evaluations: Int[Array, ""]
    streak: Int[Array, ""]
    limit: Float[Array, ""]
    best: Network | None
    best_value: Float[Array, ""]
    best_epoch: Int[Array, ""]
    waited: Int[Array, ""]


class Record(eqx.Module):
    """What one epoch brought, a number a member; NaN for members that had ended before."""

    loss: Float[Array, "..."]
    validation_loss: Float[Array, "..."]
    validation_score: Float[Array, "..."]


@eqx.filter_jit
def run_epoch(
    blocks: Member,
    buckets: tuple[Bucket, ...],
    validation: tuple[Bucket, ...],
    plan: Int[Array, "updates 2"],
    epoch: Int[Array, ""],
    learner: Learner,
    loss: Loss,
    until: Until,
    sizes: tuple[int, ...],
    own: bool,
) -> tuple[Member, Record]:
    """Train all blocks for one epoch.

    Args:
        blocks: members with leading axes (blocks, width).
        buckets: training data, the same for all; or, with leading axes (blocks, width), each member's own.
        validation: data to judge by; may be empty.
        plan: bucket and number of the batch, for each update of the epoch.
        epoch: number of the epoch, from 0.
        learner: its gradient and its moment (the update, with numbers of their own, is the members').
        loss, until: see `train`.
        sizes: rows of a batch, one a bucket.
        own: whether each member has data of its own.

    """
    arrays, rest = eqx.partition(blocks, eqx.is_array)
    count, width = blocks.seed.shape

    def run(now: tuple[Any, tuple[Bucket, ...]]) -> tuple[Any, Record]:
        arrays, mine = now
        block, each = eqx.combine(arrays, rest), over_members(width)
        draws = [
            functools.partial(_order, epoch=epoch, bucket=number, count=bucket.weights.shape[-1], size=size)
            for number, (bucket, size) in enumerate(zip(buckets, sizes))
        ]
        orders = [each(draw)(block.seed) for draw in draws]

        def update(arrays: Any, now: Int[Array, "2"]) -> tuple[Any, Any]:
            def on(number: int) -> Callable[[Any], Any]:
                def branch(arrays: Any) -> Any:
                    def step(member: Any, order: Any, bucket: Bucket) -> Any:
                        return _update(eqx.combine(member, rest), bucket, order, now[1], epoch, learner, loss, until)

                    if own:
                        return each(step)(arrays, orders[number], mine[number])
                    return each(functools.partial(step, bucket=buckets[number]))(arrays, orders[number])

                return branch

            branches = [on(number) for number in range(len(buckets))]
            return branches[0](arrays) if len(branches) == 1 else lax.switch(now[0], branches, arrays)

        before = block.active
        arrays, (values, rows) = lax.scan(update, arrays, plan)
        mean = (values * rows).sum(axis=0) / rows.sum(axis=0)
        verdict = each(
            lambda member, mean, was: _verdict(eqx.combine(member, rest), mean, was, validation, epoch, loss, until)
        )
        return verdict(arrays, mean, before)

    def skip(now: tuple[Any, tuple[Bucket, ...]]) -> tuple[Any, Record]:
        arrays, _ = now
        nothing = jnp.full(width, jnp.nan, eqx.combine(arrays, rest).best_value.dtype)
        return arrays, Record(nothing, nothing, nothing)

    everything = (arrays, buckets if own else ())
    if count == 1:
        arrays, record = run(jax.tree.map(lambda leaf: leaf[0], everything))
        arrays, record = jax.tree.map(lambda leaf: leaf[None], (arrays, record))
    else:
        arrays, record = lax.map(lambda now: lax.cond(now[0].active.any(), run, skip, now), everything)
    return eqx.combine(arrays, rest), record


def over_members(width: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Map a function over the members of a block; a lone member is not mapped, so that its products stay plain."""
    if width > 1:
        return jax.vmap

    def alone(function: Callable[..., Any]) -> Callable[..., Any]:
        def mapped(*values: Any) -> Any:
            result = function(*jax.tree.map(lambda leaf: leaf[0], values))
            return jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], result)

        return mapped

    return alone


def _key(seed: UInt[Array, ""], stream: int, epoch: Int[Array, ""], number: Any) -> Any:
    """Randomness of one purpose (stream), epoch and thing, from a member's seed alone: nothing need be stored."""
    return jax.random.fold_in(jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), stream), epoch), number)


def _order(
    seed: UInt[Array, ""], epoch: Int[Array, ""], bucket: int, count: int, size: int
) -> tuple[Int[Array, "batches size"], Bool[Array, "batches size"]]:
    """Which rows of a bucket form which batch, and which places of a batch are real: all, or all but its last."""
    batches = -(-count // size)
    rows = jnp.arange(count) if batches == 1 else jax.random.permutation(_key(seed, 1, epoch, bucket), count)
    starts = np.arange(batches + 1) * count // batches
    places = starts[:-1, np.newaxis] + np.arange(size)
    return rows[np.minimum(places, count - 1)], jnp.asarray(places < starts[1:, np.newaxis])


def _update(
    member: Member,
    bucket: Bucket,
    order: tuple[Int[Array, "batches size"], Bool[Array, "batches size"]],
    number: Int[Array, ""],
    epoch: Int[Array, ""],
    learner: Learner,
    loss: Loss,
    until: Until,
) -> tuple[Any, tuple[Float[Array, ""], Float[Array, ""]]]:
    """One update of one member; returns its arrays, the loss of the batch and how many rows it had."""
    places, real = order
    if places.shape[0] == 1:
        some, present = bucket, jnp.ones(bucket.rows, bucket.weights.dtype)
    else:
        some = jax.tree.map(lambda leaf: leaf[places[number]], bucket)
        present = real[number].astype(bucket.weights.dtype)
    rows = present.sum()
    weights = some.weights * present / rows
    chunk = Chunk(some.xs, some.lengths, some.targets, weights, _key(member.seed, 2, epoch, member.evaluations))
    if isinstance(learner.moment, Step):
        memory, network, value = learn_at_every_step(
            learner.gradient, member.update, member.network, member.memory, member.carry, loss, chunk
        )
        carry = member.carry
    else:
        memory, network, carry, value = member.update.learn(
            member.memory, member.network, learner.gradient, member.carry, loss, chunk
        )
    finite = jnp.isfinite(value)
    for leaf in jax.tree.leaves(trainable(network)):
        finite &= jnp.isfinite(leaf).all()
    moves = member.active & finite
    one = moves.astype(member.evaluations.dtype)
    streak, reached = member.streak, jnp.zeros((), bool)
    if until.streak is not None:
        streak = jnp.where(_all_right(member.network, some, present, until), streak + rows.astype(streak.dtype), 0)
        reached = member.active & (streak >= until.streak)
        moves &= ~reached
    after = dataclasses.replace(
        member,
        streak=streak,
        network=_where(moves, network, member.network),
        memory=_where(moves, memory, member.memory),
        carry=_where(moves, carry, member.carry),
        active=moves,
        code=jnp.where(reached, REACHED, jnp.where(member.active & ~finite, NONFINITE, member.code)),
        sequences=member.sequences + one * rows.astype(member.sequences.dtype),
        evaluations=member.evaluations + one * member.update.evaluations,
    )
    return eqx.filter(after, eqx.is_array), (value, rows)


def _all_right(network: Network, some: Bucket, present: Array, until: Until) -> Bool[Array, ""]:
    """Whether each sequence of a batch is answered right, by the weights before they learn from it."""
    assert until.right is not None  # it comes with a streak
    answer = network(some.xs, some.lengths)
    at_steps = some.targets.ndim == answer.values.ndim and answer.marks is not None
    return (until.right(answer.values if at_steps else answer.at_end(), some.targets) | (present == 0)).all()


def _verdict(
    member: Member,
    mean: Float[Array, ""],
    was: Bool[Array, ""],
    validation: tuple[Bucket, ...],
    epoch: Int[Array, ""],
    loss: Loss,
    until: Until,
) -> tuple[Any, Record]:
    """Judge one member after an epoch: better than before, done, or go on."""
    nothing = jnp.full_like(member.best_value, jnp.nan)
    mean = mean.astype(nothing.dtype)
    cost, score = nothing, nothing
    if validation:
        cost, score = (value.astype(nothing.dtype) for value in judged(member.network, validation, loss))
    watched = mean
    if validation and until.monitor != "loss":
        watched = cost if until.monitor == "validation_loss" else -score
    better = member.active & (watched < member.best_value)
    waited = jnp.where(better, 0, member.waited + 1)
    code = member.code
    if until.patience is not None:
        code = jnp.where(member.active & (waited >= until.patience), STALLED, code)
    if until.loss is not None:
        code = jnp.where(member.active & (mean < member.limit), REACHED, code)
    if until.score is not None:
        code = jnp.where(member.active & (score >= until.score), REACHED, code)
    after = dataclasses.replace(
        member,
        active=member.active & (code == member.code),
        code=code,
        epochs=member.epochs + was.astype(member.epochs.dtype),
        best=None if member.best is None else _where(better, member.network, member.best),
        best_value=jnp.where(better, watched, member.best_value),
        best_epoch=jnp.where(better, epoch + 1, member.best_epoch),
        waited=waited,
    )
    return eqx.filter(after, eqx.is_array), Record(*(jnp.where(was, value, nothing) for value in (mean, cost, score)))


def _where(choose: Bool[Array, ""], new: Any, old: Any) -> Any:
    """`new` where `choose`, else `old`, for all arrays of a tree."""
    return jax.tree.map(lambda a, b: jnp.where(choose, a, b) if eqx.is_array(a) else b, new, old)
