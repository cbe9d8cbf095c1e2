"""Scheduled sampling: of what a network is given in training, more and more is its own.

S. Bengio, O. Vinyals, N. Jaitly and N. Shazeer, NeurIPS 2015, arXiv:1506.03099. Here the share of own answers grows
linearly over the first half of the epochs, and each step of each piece is drawn for itself.
"""

from dataclasses import dataclass, replace

import numpy as np

from ..learning import Examples, Fresh
from ..problems import Sample
from ..sequences import Sequences


@dataclass(frozen=True)
class Pieces:
    """Examples as a source that always gives all of them."""

    examples: Examples

    @property
    def longest(self) -> int:
        """Steps of the longest."""
        return int(self.examples.xs.lengths.max())

    def sample(self, key: object, n: int) -> Sample:
        """All of them."""
        return Sample(self.examples.xs, self.examples.targets)  # pyright: ignore[reportArgumentType]


@dataclass(frozen=True)
class Hidden(Fresh):
    """Examples of which, in every epoch, other values are hidden (NaN), so that own answers take their place.

    Args:
        problem: the `Pieces`.
        sequences: how many there are.
        fed: the first so many inputs are hidden.
        share: of the steps, in the end.
        ramp: epochs until then.

    """

    fed: int = 1
    share: float = 0.0
    ramp: int = 1

    @classmethod
    def of(cls, examples: Examples, fed: int, share: float, epochs: int) -> "Hidden":
        """Of a training of so many epochs."""
        return cls(Pieces(examples), len(examples.xs), fed, share, max(1, epochs // 2))

    def examples(self, seed: int, epoch: int) -> Examples:
        """See `Fresh`."""
        whole = self.problem.examples  # pyright: ignore[reportAttributeAccessIssue]
        draw = np.random.default_rng([int(np.uint32(seed)), epoch, _STREAM])
        values = whole.xs.values.copy()
        own = draw.random(len(values)) < self.share * min(1.0, epoch / self.ramp)
        own[np.cumsum(whole.xs.lengths) - whole.xs.lengths] = False  # before the first there is no own answer
        values[own, : self.fed] = np.nan
        return replace(whole, xs=Sequences.from_concatenated(values, whole.xs.lengths, allow_nan=True))


# Beside the streams of order and dropout, and what `Fresh` draws.
_STREAM = 4
