"""Some of the channels, in any order."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import InvalidInput, raise_together, suggest
from ..sequences import Sequences
from ._transformer import SequenceTransformer, channel_names, with_values


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
        problems: list[str] = []
        places = [_place(channel, known, xs.n_channels, problems) for channel in self.channels]
        raise_together(problems, "channels")
        self.channels_ = np.array(places)

    def _apply(self, xs: Sequences) -> Sequences:
        return with_values(xs, xs.values[:, self.channels_])

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """The names of those that are kept."""
        return super().get_feature_names_out(self.names if input_features is None else input_features)[self.channels_]


def _place(channel: Any, known: list[str] | None, count: int, problems: list[str]) -> int:
    """The number of a channel, not negative; what is wrong with it joins the `problems`."""
    if isinstance(channel, str):
        if known is not None and channel in known:
            return known.index(channel)
        hint = "is a name; give the names of all channels with names=" if known is None else suggest(channel, known)
        problems.append(f"{channel!r}{' ' if known is None else ': '}{hint}")
        return 0
    if isinstance(channel, bool) or not isinstance(channel, int | np.integer) or not -count <= channel < count:
        problems.append(f"{channel!r}: expected whole numbers from {-count} to {count - 1}, or names")
    return int(channel) % count if isinstance(channel, int | np.integer) else 0
