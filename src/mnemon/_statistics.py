"""Mean and deviation of channels, without cancellation."""

import numpy as np


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
