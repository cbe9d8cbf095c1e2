"""Whether one forecaster is better than another by more than chance.

The test of Diebold and Mariano with the correction for few forecasts of Harvey, Leybourne and Newbold: d(o) is the
difference of two models' losses at origin o, and forecasts that overlap q origins are correlated as far,

    V = (g_0 + 2 sum_{k <= q} g_k) / n,   t = mean d / sqrt(V) sqrt((n + 1 - 2 h + h (h - 1) / n) / n),   h = q + 1,

g_k being the autocovariances of d and t from Student's distribution with n - 1 degrees of freedom.

References: Diebold, Mariano: Comparing predictive accuracy. Journal of Business & Economic Statistics 13(3), 253-263,
1995, doi:10.1080/07350015.1995.10524599. Harvey, Leybourne, Newbold: Testing the equality of prediction mean squared
errors. International Journal of Forecasting 13(2), 281-291, 1997, doi:10.1016/S0169-2070(96)00719-4.
"""

import numpy as np
from scipy import stats


def chance(first: np.ndarray, second: np.ndarray, overlap: int = 0) -> float:
    """How often chance makes two models' losses differ as much: the two-sided p of the test, 1 where it cannot say.

    - `first`, `second`: (origins,) mean loss at each origin.
    - `overlap`: following origins whose forecasts share steps with an origin's own.

    Example:
        >>> import numpy as np
        >>> from mnemon.series._advantage import chance
        >>> bool(chance(np.array([1.0, 2.0, 1.0, 2.0]), np.array([3.0, 4.1, 2.9, 4.0])) < 0.01)
        True

    """
    d = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    n, reach = len(d), overlap + 1
    mean = d.mean() if n else 0.0
    if n < 2 or reach >= n or mean == 0:
        return 1.0
    around = d - mean
    covariances = [float(around[k:] @ around[: n - k]) / n for k in range(reach)]
    variance = (covariances[0] + 2 * sum(covariances[1:])) / n
    if variance <= 0:  # the sum over overlaps may fall below 0; then without it, which is nearer to the truth
        variance = covariances[0] / n
    if variance <= (1e-12 * mean) ** 2:
        return 0.0
    shrunk = np.sqrt(max(n + 1 - 2 * reach + reach * (reach - 1) / n, 0) / n)
    return float(2 * stats.t.sf(abs(mean) / np.sqrt(variance) * shrunk, n - 1))
