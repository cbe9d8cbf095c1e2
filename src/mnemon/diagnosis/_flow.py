"""Error flow by lag: how much of an error is left the further back it has flowed.

    e(t) = dE/ds(t),    flow at lag k = |e(T-k)|,    T the step at which a layer has read the whole sequence

S. Hochreiter, "Untersuchungen zu dynamischen neuronalen Netzen", diploma thesis, TU Munich, 1991; Y. Bengio, P. Simard
and P. Frasconi, IEEE Trans. Neural Networks 5(2):157-166, 1994, doi:10.1109/72.279181. Lags count from each sequence's
own end; in a layer that reads backwards from its start, where its reading ends.
"""

from typing import NamedTuple

import numpy as np

SHARE = 0.01  # of the largest flow: what is below is called gone
MOST_LAGS = 256  # all lags of shorter sequences; of longer ones so many, evenly


class Flow(NamedTuple):
    """What reaches the states, or the inputs, of a layer by lag.

    Attributes:
        lags: (lags,), how many steps before the end.
        norm: (lags,), the norm of the gradient, mean over the sequences that are so long.
        relative: (lags,), the same as a share of each sequence's own norm at lag 0; NaN where no sequence has one, as
            beneath a pool that takes nothing from the last step.
        by_unit: (lags, entries), the root mean square of each entry of the state.
        pace: the factor by which it changes a step, by least squares of log(relative) over all lags and sequences.
        span: the largest lag at which `relative` is at least a hundredth of its largest value.
        oldest: `relative` at the largest lag that has one.

    """

    lags: np.ndarray
    norm: np.ndarray
    relative: np.ndarray
    by_unit: np.ndarray
    pace: float
    span: int
    oldest: float


def flow(gradients: np.ndarray, lengths: np.ndarray, *, reverse: bool = False) -> Flow:
    """The flow of gradients (sequences, time, entries) of sequences of these lengths.

    Args:
        gradients: at each step; signs do not matter.
        lengths: (sequences,), at least 1 each.
        reverse: the layer reads each sequence from its end.

    """
    aligned = by_lag(np.abs(np.asarray(gradients, np.float64)), lengths, reverse=reverse)
    norms = np.sqrt((aligned**2).sum(axis=2))
    start = norms[:, :1]
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(start > 0, norms / start, np.nan)
    share = _mean(relative)
    reached = np.flatnonzero(share >= SHARE * np.nanmax(share)) if np.isfinite(share).any() else np.zeros(0, int)
    told = np.flatnonzero(np.isfinite(share))
    chosen = thinned(aligned.shape[1])
    return Flow(
        chosen,
        _mean(norms)[chosen],
        share[chosen],
        np.sqrt(_mean(aligned**2))[chosen],
        pace(relative),
        int(reached[-1]) if len(reached) else 0,
        float(share[told[-1]]) if len(told) else float("nan"),
    )


def by_lag(values: np.ndarray, lengths: np.ndarray, *, reverse: bool = False) -> np.ndarray:
    """Values (sequences, time, ...) as (sequences, lags, ...): NaN where a sequence is not so long."""
    longest = int(lengths.max())
    lags = np.arange(longest)[None]
    steps = lags if reverse else lengths[:, None] - 1 - lags
    there = lags < lengths[:, None]
    taken = values[np.arange(len(values))[:, None], np.where(there, steps, 0)]
    return np.where(there.reshape(*there.shape, *(1,) * (values.ndim - 2)), taken, np.nan)


def pace(relative: np.ndarray) -> float:
    """The factor a step of (sequences, lags) that start at 1; NaN where there is but one lag, 0 where all is gone."""
    lags = np.broadcast_to(np.arange(relative.shape[1]), relative.shape)
    later = relative[:, 1:]
    if not (later > 0).any():
        return 0.0 if (later == 0).any() else float("nan")
    there = (relative > 0) & np.isfinite(relative)
    x, y = lags[there].astype(float), np.log(relative[there])
    x = x - x.mean()
    return float(np.exp((x * y).sum() / (x * x).sum()))


def thinned(count: int, most: int = MOST_LAGS) -> np.ndarray:
    """All numbers below `count`, or so many of them, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


def _mean(values: np.ndarray) -> np.ndarray:
    """The mean over sequences of those that are so long; NaN where none is."""
    there = ~np.isnan(values)
    count = there.sum(axis=0)
    total = np.where(there, values, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
