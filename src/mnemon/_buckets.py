"""Sorting sequences into few groups of similar length, so that little is computed on padding.

A group is padded to its longest member. The plan is the exact minimum of the padded steps over all ways to cut the
sorted lengths into a given number of groups, found by dynamic programming over the distinct lengths.
"""

import numpy as np
from numpy.typing import ArrayLike

from mnemon.errors import InvalidInput

# The programme is quadratic in the number of possible cuts; beyond this many, cuts fall on quantiles of the lengths.
_MOST_CUTS = 1000


def length_buckets(lengths: ArrayLike, most: int = 4, *, saving: float = 0.1, least: float = 0.0) -> list[np.ndarray]:
    """Partition sequences by length so that padding each group to its longest member costs fewest steps.

    One group more is used only where it saves at least the share `saving` of the padded steps (sequences times longest
    length, summed over groups) of the plan with one group less: every group is one more shape to compile.

    - `lengths`: `(n,)` positive integers.
    - `most`: the largest number of groups.
    - `saving`: the share of padded steps that a further group must save.
    - `least`: the number of padded steps that a further group must save, too.

    Returns: at most `most` index arrays, shortest sequences first, that together hold `0 .. n-1` once each; within a
    group the indices ascend.

    Raises `InvalidInput` where `lengths` is not a non-empty vector of positive integers or `most` is below 1.
    """
    lengths = np.asarray(lengths)
    if lengths.ndim != 1 or lengths.size == 0 or lengths.dtype.kind not in "iu" or lengths.min() < 1:
        raise InvalidInput("lengths: expected a non-empty vector of positive integers")
    if most < 1:
        raise InvalidInput(f"most: expected at least 1 group, got {most}")
    ends = np.unique(lengths)
    if len(ends) > _MOST_CUTS:
        ends = np.unique(np.quantile(lengths, np.linspace(0, 1, _MOST_CUTS), method="higher"))
    covered = np.searchsorted(np.sort(lengths), ends, side="right")
    limits = ends[_cuts(ends, covered, most, saving, least)]
    group = np.searchsorted(limits, lengths, side="left")
    return [np.flatnonzero(group == g) for g in range(len(limits))]


def _cuts(ends: np.ndarray, covered: np.ndarray, most: int, saving: float, least: float) -> list[int]:
    """Positions in `ends` at which groups end; `covered[j]` sequences are no longer than `ends[j]`."""
    ends = ends.astype(np.float64)
    before = np.concatenate([[0], covered]).astype(np.float64)
    # cost[j]: least padded steps for the sequences up to ends[j - 1], with the number of groups so far.
    cost = np.concatenate([[0.0], ends * before[1:]])
    choices = [np.zeros(len(cost), dtype=np.intp)]
    while len(choices) < min(most, len(ends)):
        fewer, cost, choice = cost, np.zeros_like(cost), np.zeros(len(cost), dtype=np.intp)
        for j in range(1, len(cost)):
            options = fewer[:j] + ends[j - 1] * (before[j] - before[:j])
            choice[j] = np.argmin(options)
            cost[j] = options[choice[j]]
        if fewer[-1] - cost[-1] < max(saving * fewer[-1], least):
            break
        choices.append(choice)
    cuts, j = [], len(ends)
    for choice in reversed(choices):
        cuts.append(j - 1)
        j = int(choice[j])
    return cuts[::-1]
