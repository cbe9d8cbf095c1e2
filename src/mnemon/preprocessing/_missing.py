"""Missing values, marked as NaN: refused, interpolated over time, or filled in and marked in channels of their own."""

from typing import Any

import numpy as np

from ..errors import InvalidInput, suggest
from ..sequences import Sequences, as_sequences
from ._transformer import SequenceTransformer, with_values

POLICIES = ("error", "interpolate", "mask")


def missing_means(xs: Sequences) -> np.ndarray:
    """(channels,) mean of the values that are known; 0 for a channel without any."""
    known = ~np.isnan(xs.values)
    total = np.where(known, xs.values, 0).sum(axis=0, dtype=np.float64)
    return total / np.maximum(known.sum(axis=0), 1)


def fill_missing(xs: Sequences, policy: str, means: np.ndarray) -> Sequences:
    """`xs` without missing values.

    Args:
        xs: sequences of numbers.
        policy: "interpolate": a straight line between the known steps around, the nearest known value at a sequence's
            edges, `means` where a channel of a sequence has no value at all. "mask": `means`, and behind the channels
            as many again, 1 where a value was missing and 0 elsewhere. "error": refuse them.
        means: (channels,) what stands for the unknown; see `missing_means`.

    Values are float64 afterwards.

    Raises:
        InvalidInput: an unknown policy, symbols, means of another number, or, by "error", missing values (it says
            where).

    """
    if policy not in POLICIES:
        raise InvalidInput(f"missing={policy!r}: {suggest(str(policy), POLICIES)}")
    if xs.alphabet is not None:
        raise InvalidInput("missing values belong to sequences of numbers; these are symbols")
    if policy == "error":
        return as_sequences(xs)
    means = np.asarray(means, np.float64)
    if means.shape != (xs.n_channels,):
        raise InvalidInput(f"means: expected {xs.n_channels} numbers, one a channel, got shape {means.shape}")
    gone = np.isnan(xs.values)
    values = np.array(xs.values, np.float64)
    if policy == "mask":
        values = np.concatenate([np.where(gone, means, values), gone], axis=1)
    elif gone.any():
        starts = np.cumsum(xs.lengths) - xs.lengths
        for start, length in zip(starts, xs.lengths):
            some = slice(start, start + length)
            for channel in np.flatnonzero(gone[some].any(axis=0)):
                values[some, channel] = _bridged(values[some, channel], gone[some, channel], means[channel])
    return Sequences.from_concatenated(values, xs.lengths, boundaries=xs.flat_boundaries)


def _bridged(values: np.ndarray, gone: np.ndarray, mean: float) -> np.ndarray:
    """One channel of one sequence, (time,), with straight lines where it is gone."""
    if gone.all():
        return np.full_like(values, mean)
    steps = np.arange(len(values))
    return np.interp(steps, steps[~gone], values[~gone])


class Missing(SequenceTransformer):
    """A transformer that leaves no value missing; see `fill_missing` for the policies.

    Args:
        policy: "error", "interpolate" or "mask".

    Attributes:
        n_features_in_: channels.
        means_: (channels,) what stands for the unknown, as measured by `fit`.

    Example:
        >>> import numpy as np
        >>> from mnemon.preprocessing import Missing
        >>> Missing("interpolate").fit_transform([np.array([1.0, np.nan, 3.0])])[0].tolist()
        [[1.0], [2.0], [3.0]]

    """

    def __init__(self, policy: str = "interpolate") -> None:
        self.policy = policy

    def _learn(self, xs: Sequences) -> None:
        if self.policy not in POLICIES:
            raise InvalidInput(f"policy={self.policy!r}: {suggest(str(self.policy), POLICIES)}")
        self.means_ = missing_means(xs)

    def _apply(self, xs: Sequences) -> Sequences:
        return with_values(xs, fill_missing(xs, self.policy, self.means_).values)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """The channels' names, and by "mask" the same with missing_ before them."""
        names = super().get_feature_names_out(input_features)
        marks = [f"missing_{name}" for name in names] if self.policy == "mask" else []
        return np.array([*names, *marks], object)
