"""How channels change: the regression coefficients that speech recognisers append to their features."""

from typing import Any

import numpy as np

from .._slopes import with_slopes
from ..errors import raise_together
from ..sequences import Sequences
from ._transformer import SequenceTransformer, with_values


class Deltas(SequenceTransformer):
    """Appends the slope of each channel over 2 `window` + 1 steps; with `order=2` the slope of the slopes, too.

    d(t) = sum over k = 1 .. window of k (x(t+k) - x(t-k)) / (2 sum of k^2); a sequence's first and last value stand
    before and behind it. S. Young and others, The HTK Book (for HTK 3.4), 2006, section 5.9.

    Args:
        window: steps to either side.
        order: 1 for slopes, 2 for slopes of slopes too, and so on.

    Attributes:
        n_features_in_: channels before.

    Example:
        >>> import numpy as np
        >>> from mnemon.preprocessing import Deltas
        >>> Deltas(window=1).fit_transform([np.array([0.0, 1.0, 4.0])])[0].tolist()
        [[0.0, 0.5], [1.0, 2.0], [4.0, 1.5]]

    """

    def __init__(self, window: int = 2, order: int = 1) -> None:
        self.window = window
        self.order = order

    def _learn(self, xs: Sequences) -> None:
        problems = []
        for name in ("window", "order"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                problems.append(f"{name}={value!r}: expected a whole number of at least 1")
        raise_together(problems, "Deltas")

    def _apply(self, xs: Sequences) -> Sequences:
        return with_values(xs, np.concatenate([with_slopes(one, self.window, self.order) for one in xs]))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """The channels' names, and the same with delta_ (delta_delta_ ...) before them."""
        names = super().get_feature_names_out(input_features)
        return np.array(["delta_" * k + name for k in range(self.order + 1) for name in names], object)
