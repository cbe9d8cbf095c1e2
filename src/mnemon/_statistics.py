"""Mean and deviation of channels, without cancellation; and how sure a share is."""

import math
from statistics import NormalDist

import numpy as np

CONFIDENCE = 0.95


def mean_and_deviation(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and population standard deviation over the rows of `values` `(time, channels)`, float64 `(channels,)`.

    NaN is left out; a channel of nothing else comes out as NaN. The first pass sums differences from one value of the
    channel, so that a constant channel has exactly its value and 0; the second sums squares around the mean.
    """
    values = values.astype(np.float64)
    missing = np.isnan(values)
    present = np.maximum((~missing).sum(axis=0), 1)
    origin = values[np.argmin(missing, axis=0), np.arange(values.shape[1])]
    values -= origin
    values[missing] = 0
    shift = values.sum(axis=0) / present
    values -= shift
    values[missing] = 0
    rest = values.sum(axis=0) / present
    variance = np.square(values).sum(axis=0) / present - rest**2
    deviation = np.sqrt(np.maximum(variance, 0))
    return origin + (shift + rest), np.where(np.isnan(origin), np.nan, deviation)


def wilson(k: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The interval in which the rate behind `k` of `n` lies with the given confidence; (0, 1) where `n` is 0."""
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    p, q = k / n, z * z / n
    half = z * math.sqrt(p * (1 - p) / n + q / (4 * n))
    low, high = (p + q / 2 - half) / (1 + q), (p + q / 2 + half) / (1 + q)
    return (0.0 if k == 0 else max(low, 0.0)), (1.0 if k == n else min(high, 1.0))
