"""Running trained networks over sequences: answers at the end, and mean loss and score."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from .._buckets import length_buckets
from ..layers import Network
from ..sequences import Sequences
from ._examples import Bucket, padded
from ._population import Population
from .losses import Loss

# Rows that are evaluated at once: bounds the memory of large sets, and keeps the working set in the cache.
ROWS = 128


def answers(population: Population, xs: Sequences) -> np.ndarray:
    """What each network says at the end of each sequence: (members, sequences, outputs).

    Sequences are grouped by length and padded to round sizes, so that new data seldom need a new compilation.
    """
    dtype = np.dtype(jax.tree.leaves(eqx.filter(population.stacked, eqx.is_inexact_array))[0].dtype)
    result = np.empty((len(population), len(xs), population.stacked.output_size), dtype)
    work = sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(population.stacked, eqx.is_inexact_array)))
    for rows in length_buckets(xs.lengths, least=steps_worth_compiling(work, passes=2)):
        longest = -(-int(xs.lengths[rows].max()) // 8) * 8
        width = min(ROWS, 1 << (len(rows) - 1).bit_length())
        for first in range(0, len(rows), width):
            some = rows[first : first + width]
            filled = np.concatenate([some, np.repeat(some[:1], width - len(some))])
            values, lengths = padded(xs, filled, dtype, length=longest)
            lengths = jnp.full(width, longest, int) if lengths is None else lengths
            result[:, some] = np.asarray(_answer(population.stacked, values, lengths))[:, : len(some)]
    return result


def steps_worth_compiling(weights: int, *, passes: int) -> float:
    """How many padded steps take about as long as compiling one more shape (a second at some 30 GFLOP a second).

    `weights` are those of all networks; `passes` how often each multiplies and adds over a step in the whole run.
    """
    return 30e9 / (weights * passes)


@eqx.filter_jit
def _answer(stacked: Network, xs: Any, lengths: Array) -> Float[Array, "members rows outputs"]:
    arrays, rest = eqx.partition(stacked, eqx.is_array)
    return lax.map(lambda one: eqx.combine(one, rest)(xs, lengths).at_end(), arrays)


def judged(network: Network, buckets: tuple[Bucket, ...], loss: Loss) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Weighted mean loss and mean score of one network over all buckets; traced inside a compiled epoch."""
    total = right = jnp.zeros((), buckets[0].weights.dtype)
    count = 0
    for bucket in buckets:
        pieces = -(-bucket.rows // ROWS)
        size = -(-bucket.rows // pieces)
        rows = jnp.arange(pieces * size)
        shares = jnp.where(rows < bucket.rows, 1, 0).astype(bucket.weights.dtype)
        rows = jnp.minimum(rows, bucket.rows - 1)

        def piece(now: tuple[Array, Array], bucket: Bucket = bucket) -> tuple[Array, Array]:
            index, share = now
            some = jax.tree.map(lambda leaf: leaf[index], bucket)
            answer = network(some.xs, some.lengths)
            cost = loss(answer, some.targets, some.lengths)
            return (cost * some.weights * share).sum(), (loss.score(answer, some.targets, some.lengths) * share).sum()

        if pieces == 1:
            cost, score = piece((rows, shares))
        else:
            parts = lax.map(piece, (rows.reshape(pieces, size), shares.reshape(pieces, size)))
            cost, score = parts[0].sum(), parts[1].sum()
        total, right, count = total + cost, right + score, count + bucket.rows
    return total / count, right / count
