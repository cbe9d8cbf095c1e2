"""Frames as samples come: what `transform` gives of the whole recording, handed out as soon as it is known."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mnemon._slopes import with_slopes
from mnemon.data.audio._given import floats
from mnemon.data.audio._recording import NEEDED
from mnemon.data.audio._spectra import Extractor
from mnemon.errors import InvalidInput


class FrameStream:
    """The frames of a recording that is still going on; made by `features.stream()`.

    A frame is known with the last sample of its window; with deltas, 2 frames later (4 with slopes of slopes), for a
    slope looks ahead; samples of another rate come out of the resampler some milliseconds late.

    Attributes:
        rate: samples a second of what is pushed.
        channels: of a frame.

    Example:
        >>> import numpy as np
        >>> from mnemon.data.audio import MFCC
        >>> features, sound = MFCC(16000, deltas=1), np.sin(np.arange(16000.0) / 5)
        >>> stream = features.stream()
        >>> live = [stream.push(piece) for piece in np.split(sound, 100)] + [stream.end()]
        >>> bool(np.allclose(np.concatenate(live), features.transform([sound])[0]))
        True

    """

    def __init__(self, start: Callable[[], Extractor], rate: int, own: int, deltas: int, reach: int) -> None:
        self.rate = rate
        self._start, self._own, self._deltas, self._reach = start, own, deltas, reach
        self._begin()
        self.channels = self._extractor.channels * (1 + deltas)

    def push(self, samples: Any) -> np.ndarray:
        """The frames (k, channels), float32, that are known now and were not before; k may be 0.

        Args:
            samples: (n,) of any n: floats, full scale 1, or the integers of sound files.

        Raises:
            InvalidInput: samples that are not finite or of a wrong kind; the stream is as it was before.

        """
        samples = np.asarray(samples)
        if samples.shape == (0,):
            return np.zeros((0, self.channels), np.float32)
        samples = floats(samples, "samples")
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples)
        return self._known(self._extractor.push(samples))

    def end(self) -> np.ndarray:
        """The last frames (k, channels); the stream is ready for a new recording.

        A recording shorter than one window has had no frames at all.
        """
        rest = np.zeros(0, np.float32)
        if self._resampler is not None:
            rest = self._resampler.resample_chunk(rest, last=True)
        frames = self._known(self._extractor.push(rest), ended=True)
        self._begin()
        return frames

    def _begin(self) -> None:
        self._extractor = self._start()
        self._resampler = None if self.rate == self._own else _resampler(self.rate, self._own)
        self._behind = np.zeros((0, self._extractor.channels), np.float32)  # frames that slopes to come look at
        self._given = 0  # of these, how many have been handed out

    def _known(self, frames: np.ndarray, *, ended: bool = False) -> np.ndarray:
        """Those frames, with deltas, that nothing to come can change."""
        if not self._deltas:
            return frames
        reach = self._reach * self._deltas
        self._behind = np.concatenate([self._behind, frames])
        until = len(self._behind) - (0 if ended else reach)
        if until <= self._given:
            return np.zeros((0, self.channels), np.float32)
        known = with_slopes(self._behind, self._reach, self._deltas)[self._given : until].astype(np.float32)
        forget = max(until - reach, 0)
        self._behind, self._given = self._behind[forget:], until - forget
        return known


def _resampler(given: int, own: int) -> Any:
    try:
        import soxr
    except ImportError:
        raise InvalidInput(f"resampling: {NEEDED}") from None
    return soxr.ResampleStream(given, own, 1, dtype="float32")
