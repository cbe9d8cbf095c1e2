"""Running trained networks over sequences: answers at the end or at every step, and mean loss and score."""

from collections.abc import Iterator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, PyTree

from .._buckets import length_buckets
from ..cells import trainable
from ..errors import InvalidInput
from ..layers import Network, NetworkCell, unfold
from ..sequences import Sequences
from ._examples import Bucket, padded
from ._population import Population
from .losses import Loss

# Rows that are evaluated at once: bounds the memory of large sets, and keeps the working set in the cache.
ROWS = 128
# Steps of all rows that are evaluated at once.
STEPS = 1 << 17
# A causal network reads a longer recording in pieces of so many steps, in memory that does not grow with its length.
PIECE = 1 << 14


def answers(population: Population, xs: Sequences) -> np.ndarray:
    """What each network says at the end of each sequence: (members, sequences, outputs).

    Sequences are grouped by length and padded to round sizes, so that new data seldom need a new compilation. Causal
    networks read recordings of more than 16,384 steps in pieces.
    """
    result = np.empty((len(population), len(xs), population.stacked.output_size), _dtype(population))
    for some, values, lengths, pieces in _batches(population, xs):
        if pieces is None:
            said = _answer(population.stacked, values, lengths)
        else:
            *_, (_, said) = _in_pieces(population.stacked, values, lengths, pieces)
        result[:, some] = np.asarray(said)[:, : len(some)]
    return result


def step_answers(population: Population, xs: Sequences) -> list[np.ndarray]:
    """What each network says at each step of each sequence: an array (members, time, outputs) a sequence.

    Raises:
        InvalidInput: networks that answer once a sequence, or at another pace than their inputs.

    """
    result: list[Any] = [None] * len(xs)
    for some, values, lengths, pieces in _batches(population, xs):
        if pieces is None:
            said = np.asarray(_answer_steps(population.stacked, values, lengths))
        else:
            each = [np.asarray(part) for part, _ in _in_pieces(population.stacked, values, lengths, pieces)]
            said = np.concatenate(each, axis=2)
        for place, row in enumerate(some):
            result[row] = said[:, place, : xs.lengths[row]].copy()
    return result


def steps_worth_compiling(weights: int, *, passes: int) -> float:
    """How many padded steps take about as long as compiling one more shape (a second at some 30 GFLOP a second).

    `weights` are those of all networks; `passes` how often each multiplies and adds over a step in the whole run.
    """
    return 30e9 / (max(weights, 1) * passes)


def _batches(population: Population, xs: Sequences) -> Iterator[tuple[np.ndarray, PyTree[Array], Array, int | None]]:
    """Rows, their padded values and lengths, and in how many pieces they are read (None: whole)."""
    dtype = _dtype(population)
    work = sum(leaf.size for leaf in jax.tree.leaves(trainable(population.stacked)))
    causal = population.stacked.causal and not population.stacked.finishes
    for rows in length_buckets(xs.lengths, least=steps_worth_compiling(work, passes=2)):
        longest = -(-int(xs.lengths[rows].max()) // 8) * 8
        pieces = None
        if causal and longest > PIECE:
            pieces = -(-longest // PIECE)
            longest = pieces * PIECE
        width = min(ROWS, 1 << (len(rows) - 1).bit_length(), max(1, STEPS // longest))
        for first in range(0, len(rows), width):
            some = rows[first : first + width]
            filled = np.concatenate([some, np.repeat(some[:1], width - len(some))])
            values, lengths = padded(xs, filled, dtype, length=longest)
            yield some, values, jnp.full(width, longest, int) if lengths is None else lengths, pieces


def _dtype(population: Population) -> np.dtype:
    return np.dtype(population.stacked.dtype)


@eqx.filter_jit
def _answer(stacked: Network, xs: Any, lengths: Array) -> Float[Array, "members rows outputs"]:
    arrays, rest = eqx.partition(stacked, eqx.is_array)
    return lax.map(lambda one: eqx.combine(one, rest)(xs, lengths).at_end(), arrays)


@eqx.filter_jit
def _answer_steps(stacked: Network, xs: Any, lengths: Array) -> Float[Array, "members rows time outputs"]:
    arrays, rest = eqx.partition(stacked, eqx.is_array)
    time = jax.tree.leaves(xs)[0].shape[1]

    def one(arrays: Any) -> Array:
        answer = eqx.combine(arrays, rest)(xs, lengths)
        if answer.marks is None or answer.values.shape[1] != time:
            raise InvalidInput(
                'answers at every step need a network whose readout is at="steps" and whose layers keep the pace of '
                "time"
            )
        return answer.values

    return lax.map(one, arrays)


def _in_pieces(
    stacked: Network, xs: PyTree[Array], lengths: Array, pieces: int
) -> Iterator[tuple[Float[Array, "members rows time outputs"], Float[Array, "members rows outputs"]]]:
    """Answers at the steps of piece after piece, and those at the end of what has been read."""
    state = None
    for number in range(pieces):
        first = number * PIECE
        piece = jax.tree.map(lambda leaf, first=first: leaf[:, first : first + PIECE], xs)
        said, state = _read_piece(stacked, state, piece, jnp.clip(lengths - first, 0, PIECE))
        yield said, state.answer


@eqx.filter_jit
def _read_piece(stacked: Network, state: Any, xs: Any, lengths: Array) -> Any:
    arrays, rest = eqx.partition(stacked, eqx.is_array)

    def one(now: Any) -> Any:
        arrays, state = now
        return unfold(NetworkCell(eqx.combine(arrays, rest)), xs, state=state, lengths=lengths)

    return lax.map(one, (arrays, state))


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
            cost = loss(answer, some.targets)
            return (cost * some.weights * share).sum(), (loss.score(answer, some.targets) * share).sum()

        if pieces == 1:
            cost, score = piece((rows, shares))
        else:
            parts = lax.map(piece, (rows.reshape(pieces, size), shares.reshape(pieces, size)))
            cost, score = parts[0].sum(), parts[1].sum()
        total, right, count = total + cost, right + score, count + bucket.rows
    return total / count, right / count
