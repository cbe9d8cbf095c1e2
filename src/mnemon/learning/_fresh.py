"""New sequences of a generated problem for every epoch: each is learned from once, as in the classic experiments."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from ..errors import InvalidInput
from ..problems import Sample
from ._examples import Bucket, Examples

# Beside the streams of order (1) and dropout (2): what a member draws from its own seed.
_STREAM = 3


class Source(Protocol):
    """What `Fresh` draws from: a `Problem`, or a fixed set."""

    @property
    def longest(self) -> int:
        """Steps of the longest sequence that can be drawn."""
        ...

    def sample(self, key: PRNGKeyArray, n: int) -> Sample:
        """`n` sequences; the same for the same key."""
        ...


@dataclass(frozen=True)
class Fresh:
    """Data for `train` that are drawn anew for every epoch, by each network for itself.

    A network's sequences depend on its own seed and the epoch alone.

    Args:
        problem: what draws them, with a `longest`: they are padded to it, so that nothing is compiled anew.
        sequences: how many a network is shown in an epoch.

    Raises:
        InvalidInput: fewer than one sequence.

    Example:
        >>> from mnemon.learning import Fresh
        >>> from mnemon.problems import Adding
        >>> data = Fresh(Adding(100), 1000)

    """

    problem: Source
    sequences: int = 1000

    def __post_init__(self) -> None:
        if self.sequences < 1:
            raise InvalidInput(f"Fresh(sequences={self.sequences}): expected at least 1")

    def examples(self, seed: int, epoch: int) -> Examples:
        """What the network of this seed is shown in an epoch (from 0)."""
        key = jax.random.fold_in(jax.random.fold_in(jax.random.key(np.uint32(seed)), _STREAM), epoch)
        sample = self.problem.sample(key, self.sequences)
        return Examples(sample.xs, sample.targets)

    def buckets(self, seeds: Sequence[int] | np.ndarray, active: np.ndarray, epoch: int, dtype: Any) -> list[Bucket]:
        """The same for several, padded, on the device; those not active are given what another one is."""
        drawn = {
            int(seed): self.examples(seed, epoch).buckets(dtype, 1, length=self.problem.longest)[0]
            for seed in np.asarray(seeds)[active]
        }
        other = next(iter(drawn.values()))
        return [drawn.get(int(seed), other) for seed in seeds]
