"""Changed copies of recordings to learn from: noise, speed, and masks in time and frequency.

T. Ko, V. Peddinti, D. Povey, S. Khudanpur, Audio augmentation for speech recognition, Interspeech 2015, 3586-3589.
doi:10.21437/Interspeech.2015-711 (speed)
D. Park and others, SpecAugment, Interspeech 2019, 2613-2617. doi:10.21437/Interspeech.2019-2680 (masks)
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mnemon.data.audio._recording import Recording, resampled
from mnemon.errors import raise_together

SLOWEST, FASTEST = 0.5, 2.0


@dataclass(frozen=True)
class Augment:
    """How copies of recordings differ from them; used by `features.augmented(X, y)`.

    What is drawn for a copy follows from the seed, the number of the recording and the number of the copy.

    Args:
        noise: (low, high), dB: white noise, so much below the power of the recording, drawn evenly between the two.
        speed: (low, high): played so many times as fast, drawn evenly; the pitch changes with it.
        time_mask: most steps in a row that a copy has replaced by the mean of each channel; 0 to that many are drawn.
        frequency_mask: most channels side by side that a copy has replaced by their means (and their slopes, too).
        copies: of each recording.
        seed: of all that is drawn.

    Example:
        >>> import numpy as np
        >>> from mnemon.data.audio import MFCC, Augment
        >>> features = MFCC(16000, augment=Augment(noise=(10, 30), speed=(0.9, 1.1), copies=2))
        >>> X, y, groups = features.augmented([np.sin(np.arange(16000.0) / 5)], ["tone"])
        >>> len(X), y.tolist()
        (3, ['tone', 'tone', 'tone'])

    """

    noise: tuple[float, float] | None = None
    speed: tuple[float, float] | None = None
    time_mask: int = 0
    frequency_mask: int = 0
    copies: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        problems = [
            f"{name}={getattr(self, name)!r}: expected a whole number of at least {least}"
            for name, least in (("time_mask", 0), ("frequency_mask", 0), ("copies", 1), ("seed", 0))
            if isinstance(getattr(self, name), bool)
            or not isinstance(getattr(self, name), int | np.integer)
            or getattr(self, name) < least
        ]
        for name, low, high in (("noise", -100.0, 200.0), ("speed", SLOWEST, FASTEST)):
            if (pair := getattr(self, name)) is not None and not _is_range(pair, low, high):
                problems.append(f"{name}={pair!r}: expected (low, high) within {low:g} and {high:g}, or None")
        raise_together(problems, "Augment")

    def sound(self, recording: Recording, k: int, copy: int) -> Recording:
        """Copy `copy` of recording number `k`."""
        random = np.random.default_rng((self.seed, copy, k, 0))
        samples, rate = recording
        if self.speed is not None:
            # What was recorded in a second takes 1 / factor of it: samples of a higher rate, so to say.
            shown = round(rate * random.uniform(*self.speed))
            samples = resampled(Recording(samples, shown), rate)
        if self.noise is not None:
            power = np.square(samples, dtype=np.float64).mean()
            deviation = np.sqrt(power * 10 ** (-random.uniform(*self.noise) / 10))
            samples = (samples + deviation * random.standard_normal(len(samples))).astype(np.float32)
        return Recording(samples, rate)

    def masked(self, frames: np.ndarray, k: int, copy: int, channels: int) -> np.ndarray:
        """Frames (time, channels) with masks; after `channels` channels the slopes of the same begin."""
        random = np.random.default_rng((self.seed, copy, k, 1))
        frames, means = frames.copy(), frames.mean(axis=0)
        rows = _some(random, self.time_mask, len(frames))
        frames[rows] = means
        columns = _some(random, self.frequency_mask, channels)
        for first in range(0, frames.shape[1], channels):
            frames[:, first + columns] = means[first + columns]
        return frames


def _some(random: np.random.Generator, most: int, of: int) -> np.ndarray:
    """Numbers in a row below `of`: 0 to `most` of them, from anywhere."""
    count = int(random.integers(0, min(most, of) + 1))
    return int(random.integers(0, of - count + 1)) + np.arange(count)


def _is_range(pair: Any, low: float, high: float) -> bool:
    try:
        first, last = (float(value) for value in pair)
    except (TypeError, ValueError):
        return False
    return low <= first <= last <= high
