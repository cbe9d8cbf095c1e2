"""Some of the channels, in any order."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import InvalidInput, suggest
from ..sequences import Sequences
from ._channel_scaler import channel_names
from ._transformer import SequenceTransformer, with_values


class SelectChannels(SequenceTransformer):
    """Keeps the channels that are asked for, in the order in which they are.

    Args:
        channels: their numbers from 0 (negative ones from the end), or their names.
        names: the names of all channels of the data, where `channels` holds names.

    Attributes:
        channels_: the numbers, not negative.
        n_features_in_: channels before.

    Example:
        >>> import numpy as np
        >>> from mnemon.preprocessing import SelectChannels
        >>> SelectChannels(["z"], names=["x", "y", "z"]).fit_transform([np.array([[1.0, 2.0, 3.0]])])[0].tolist()
        [[3.0]]

    """

    def __init__(self, channels: Sequence[int | str], names: Sequence[str] | None = None) -> None:
        self.channels = channels
        self.names = names

    def _learn(self, xs: Sequences) -> None:
        if isinstance(self.channels, str) or not len(self.channels):
            raise InvalidInput(f"channels={self.channels!r}: expected a list of numbers or names, at least one")
        known = None if self.names is None else channel_names(self.names, xs.n_channels).tolist()
        self.channels_ = np.array([self._place(channel, known, xs.n_channels) for channel in self.channels])

    def _place(self, channel: Any, known: list[str] | None, count: int) -> int:
        if isinstance(channel, str):
            if known is None:
                raise InvalidInput(f"channels: {channel!r} is a name; give the names of all channels with names=")
            if channel not in known:
                raise InvalidInput(f"channels: {channel!r}: {suggest(channel, known)}")
            return known.index(channel)
        if isinstance(channel, bool) or not isinstance(channel, int | np.integer) or not -count <= channel < count:
            raise InvalidInput(f"channels: {channel!r}: expected whole numbers from {-count} to {count - 1}, or names")
        return int(channel) % count

    def _apply(self, xs: Sequences) -> Sequences:
        return with_values(xs, xs.values[:, self.channels_])

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """The names of those that are kept."""
        return channel_names(self.names if input_features is None else input_features, self.n_features_in_)[
            self.channels_
        ]
