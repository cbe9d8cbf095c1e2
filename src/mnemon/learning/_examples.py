"""Sequences with what they should be answered by, and their padded buckets on the device."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from .._buckets import length_buckets
from ..errors import InvalidInput, raise_together
from ..layers import Steps
from ..sequences import Sequences
from ..targets import StepTargets, Targets


class Bucket(NamedTuple):
    """Sequences of similar length, padded to the longest of them.

    Attributes:
        xs: (sequences, time, features), or codes of symbols (sequences, time); in `Steps` where boundaries come with
            the data.
        lengths: (sequences,), or None where all are equally long, so that nothing need be masked.
        targets: (sequences, ...), or (sequences, time, ...) where they stand at steps.
        weights: (sequences,), 1 on average over all buckets.

    """

    xs: PyTree[Array]
    lengths: Int[Array, " sequences"] | None
    targets: Array
    weights: Float[Array, " sequences"]

    @property
    def rows(self) -> int:
        """Number of sequences."""
        return self.weights.shape[0]

    def known_lengths(self) -> Int[Array, " sequences"]:
        """The lengths, also where all are equal."""
        if self.lengths is not None:
            return self.lengths
        return jnp.full(self.rows, jax.tree.leaves(self.xs)[0].shape[1], int)


@dataclass(frozen=True)
class Examples:
    """What `train` learns from.

    Args:
        xs: the sequences.
        targets: (n,) class numbers or (n, outputs) values; or `StepTargets`.
        weights: (n,) what each sequence counts, not negative; all the same if None.

    Raises:
        InvalidInput: lengths that do not agree, or weights that are negative, not finite or all zero.

    """

    xs: Sequences
    targets: Targets
    weights: np.ndarray | None = None

    def __post_init__(self) -> None:
        problems = []
        if len(self.targets) != len(self.xs):
            problems.append(f"{len(self.xs)} sequences but {len(self.targets)} targets")
        elif isinstance(self.targets, StepTargets) and not np.array_equal(self.targets.lengths, self.xs.lengths):
            k = int(np.argmax(self.targets.lengths != self.xs.lengths))
            problems.append(f"sequence {k} has {self.xs.lengths[k]} steps but {self.targets.lengths[k]} targets")
        if self.weights is not None:
            if self.weights.shape != (len(self.xs),):
                problems.append(f"{len(self.xs)} sequences but weights of shape {self.weights.shape}")
            elif not np.all(np.isfinite(self.weights)) or np.any(self.weights < 0) or not self.weights.sum() > 0:
                problems.append("weights must be finite, not negative, and not all zero")
        raise_together(problems, "Examples")

    def __len__(self) -> int:
        """Number of sequences."""
        return len(self.xs)

    def buckets(self, dtype: Any, most: int, *, least: float = 0.0, length: int | None = None) -> tuple[Bucket, ...]:
        """Buckets of similar length, on the device, in floats of `dtype`; see `length_buckets` for `most`, `least`.

        With `length`, all are padded to it.
        """
        weights = np.ones(len(self.xs)) if self.weights is None else self.weights / self.weights.mean()
        kind = np.int32 if np.issubdtype(self.targets.dtype, np.integer) else dtype
        buckets = []
        for rows in length_buckets(self.xs.lengths, most, least=least):
            xs, lengths = padded(self.xs, rows, dtype, length=length)
            if isinstance(self.targets, StepTargets):
                targets = self.targets.padded(rows, int(self.xs.lengths[rows].max()) if length is None else length)
            else:
                targets = self.targets[rows]
            buckets.append(Bucket(xs, lengths, *jax.device_put((targets.astype(kind), weights[rows].astype(dtype)))))
        return tuple(buckets)


def check_own(data: Sequence[Examples], members: int) -> None:
    """Raise `InvalidInput` where these cannot be the data of so many members, one for each."""
    if len(data) != members:
        raise InvalidInput(f"got {len(data)} sets of examples for a population of {members} networks")
    first = data[0]
    for k, one in enumerate(data):
        kinds = [
            (len(d), type(d.targets), d.targets.dtype, d.xs.n_channels, d.xs.alphabet, d.xs.boundaries is None)
            for d in (one, first)
        ]
        if kinds[0] != kinds[1]:
            raise InvalidInput(
                f"the networks of a population have data of one kind; set {k} ({len(one)} sequences) differs from set "
                f"0 ({len(first)} sequences) in their number, their targets, or their symbols"
            )


def padded(
    xs: Sequences, rows: np.ndarray, dtype: Any, *, length: int | None = None
) -> tuple[PyTree[Array], Int[Array, " n"] | None]:
    """Some sequences as device arrays, with their lengths where they differ from the padding.

    Numbers are (n, time, features); symbols are their codes (n, time), 0 behind each end.
    """
    if xs.alphabet is None:
        try:
            values, lengths = xs.pad(rows, length=length, dtype=dtype)
        except OverflowError as problem:
            raise InvalidInput(f"the sequences do not fit {np.dtype(dtype).name}: {problem}") from None
    else:
        lengths = xs.lengths[rows]
        codes = StepTargets(xs.values, xs.lengths).padded(rows, int(lengths.max()) if length is None else length)
        values = np.maximum(codes, 0).astype(np.int32)
    array: PyTree[Array] = jax.device_put(values)
    if xs.boundaries is not None:
        array = Steps(array, jax.device_put(xs.pad_boundaries(rows, length=length)))
    full = bool((lengths == values.shape[1]).all())
    return array, None if full else jax.device_put(lengths.astype(int))
