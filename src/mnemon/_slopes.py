"""How values change along time: the regression coefficients that speech recognisers append to their features.

d(t) = sum over k = 1 .. window of k (x(t+k) - x(t-k)) / (2 sum of k^2); the first and last value stand before and
behind. S. Young and others, The HTK Book (for HTK 3.4), 2006, section 5.9.
"""

import numpy as np


def slopes(values: np.ndarray, window: int) -> np.ndarray:
    """The slopes of `values` (time, channels) over 2 `window` + 1 steps, (time, channels)."""
    count = len(values)
    ends = values[:1].repeat(window, axis=0), values[-1:].repeat(window, axis=0)
    padded = np.concatenate([ends[0], values, ends[1]])
    total = np.zeros_like(values)
    for k in range(1, window + 1):
        total += k * (padded[window + k : window + k + count] - padded[window - k : window - k + count])
    return total / (2 * sum(k * k for k in range(1, window + 1)))


def with_slopes(values: np.ndarray, window: int, order: int) -> np.ndarray:
    """`values` with their slopes, the slopes of these, and so on: float64 (time, (1 + `order`) channels)."""
    levels = [np.asarray(values, np.float64)]
    for _ in range(order):
        levels.append(slopes(levels[-1], window))
    return np.concatenate(levels, axis=1)
