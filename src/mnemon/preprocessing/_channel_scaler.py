"""Bringing channels to one scale."""

from typing import Any

import numpy as np

from .._intake import listing
from ..errors import InvalidInput, suggest
from ..sequences import Sequences
from ._transformer import SequenceTransformer, with_values

METHODS = ("standard", "minmax", "robust")


class ChannelScaler(SequenceTransformer):
    """(x - center) / scale, a center and a scale a channel, as measured over all steps of the training sequences.

    A channel that does not vary has scale 1. The estimators standardise by themselves (`standardize=True`); this is for
    other scales, and for other estimators.

    Args:
        method: "standard": mean and standard deviation; "minmax": least value and range, so that values lie in [0, 1];
            "robust": median and distance between the quartiles.

    Attributes:
        center_, scale_: (channels,).
        n_features_in_: channels.

    Example:
        >>> import numpy as np
        >>> from mnemon.preprocessing import ChannelScaler
        >>> ChannelScaler("minmax").fit_transform([np.array([1.0, 3.0]), np.array([5.0])])[0].tolist()
        [[0.0], [0.5]]

    """

    def __init__(self, method: str = "standard") -> None:
        self.method = method

    def _learn(self, xs: Sequences) -> None:
        if self.method not in METHODS:
            raise InvalidInput(f"method={self.method!r}: {suggest(str(self.method), METHODS)}")
        values = xs.values.astype(np.float64)
        if (empty := np.flatnonzero(np.all(np.isnan(values), axis=0))).size:
            raise InvalidInput(f"ChannelScaler: channel {listing(empty)} holds no value at all, so it has no scale")
        if self.method == "standard":
            self.center_, scale = xs.statistics()
        elif self.method == "minmax":
            self.center_ = np.nanmin(values, axis=0)
            scale = np.nanmax(values, axis=0) - self.center_
        else:
            low, self.center_, high = np.nanquantile(values, (0.25, 0.5, 0.75), axis=0)
            scale = high - low
        self.scale_ = np.where(scale > 0, scale, 1.0)

    def _apply(self, xs: Sequences) -> Sequences:
        return with_values(xs, (xs.values - self.center_) / self.scale_)

    def inverse_transform(self, X: Any) -> Sequences:
        """Back to the units of the data."""
        xs = self._known(X)
        return with_values(xs, xs.values * self.scale_ + self.center_)
