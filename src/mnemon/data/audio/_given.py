"""What a user calls recordings: sound files, arrays, or `Recording`s, in one list."""

import os
from typing import Any, NamedTuple

import numpy as np

from mnemon._files import existing
from mnemon.data.audio._recording import Recording, check_rate, checked, head_of, read_audio
from mnemon.errors import InvalidInput, InvalidType

# Louder than full scale by so much: integers that were turned into floats without scaling.
LOUDEST = 8.0


class Given(NamedTuple):
    """One recording, not yet read.

    Attributes:
        name: what messages call it.
        sound: a path, an array (n,) or a `Recording`.

    """

    name: str
    sound: Any

    def head(self, default: int | None) -> tuple[int, int]:
        """Samples a second, and how many; of a file only the head is read."""
        if isinstance(self.sound, str | os.PathLike):
            return head_of(self.sound)
        samples, rate = self.read(default)
        return rate, len(samples)

    def read(self, default: int | None) -> Recording:
        """The recording; an array is of the rate `default`.

        Raises:
            InvalidInput: a sound that cannot be used, named.

        """
        if isinstance(self.sound, str | os.PathLike):
            return read_audio(self.sound)
        if isinstance(self.sound, Recording):
            samples, rate = self.sound
            check_rate(rate, self.name)
        elif default is None:
            raise InvalidInput(f"{self.name}: an array does not say its rate; give rate=, or Recording(samples, rate)")
        else:
            samples, rate = self.sound, default
        return Recording(floats(np.asarray(samples), self.name), int(rate))

    def content(self, default: int | None) -> tuple[bytes, int]:
        """What the recording is, byte for byte, and for arrays their rate (0 for files: it stands in the bytes)."""
        if isinstance(self.sound, str | os.PathLike):
            return existing(self.sound).read_bytes(), 0
        samples, rate = self.read(default)
        return samples.tobytes(), rate


def gather(X: Any, what: str) -> list[Given]:
    """The recordings of `X`, named by their file or their number.

    Raises:
        InvalidInput: an empty list.
        InvalidType: one recording where a list belongs, or things that are no recordings.

    """
    if isinstance(X, str | os.PathLike | Recording) or (
        isinstance(X, np.ndarray) and X.ndim == 1 and X.dtype != object and X.dtype.kind not in "US"
    ):
        raise InvalidType(f"{what}: expected a list of recordings, got one; put it in a list: [X]")
    try:
        sounds = list(X)
    except TypeError:
        raise InvalidType(f"{what}: expected paths, arrays or Recordings, got {type(X).__name__}") from None
    if not sounds:
        raise InvalidInput(f"{what}: no recordings were given")
    if wrong := [k for k, sound in enumerate(sounds) if not _is_sound(sound)]:
        kind = type(sounds[wrong[0]]).__name__
        raise InvalidType(f"{what}: recording {wrong[0]}: expected a path, an array (n,) or a Recording, got {kind}")
    return [
        Given(str(sound) if isinstance(sound, str | os.PathLike) else f"recording {k}", sound)
        for k, sound in enumerate(sounds)
    ]


def _is_sound(sound: Any) -> bool:
    return isinstance(sound, str | os.PathLike | Recording | list) or (
        hasattr(sound, "__array__") and np.ndim(sound) > 0
    )


def floats(samples: np.ndarray, name: str) -> np.ndarray:
    """Float32 samples, full scale 1, of floats or of the integers of sound files."""
    if samples.ndim != 1:
        raise InvalidInput(f"{name}: expected samples (n,) of one channel, got shape {samples.shape}")
    if samples.dtype in (np.int16, np.int32):
        return checked((samples / -float(np.iinfo(samples.dtype).min)).astype(np.float32), name)
    if samples.dtype == np.uint8:
        return checked((samples.astype(np.float32) - 128) / 128, name)
    if samples.dtype.kind != "f":
        raise InvalidInput(f"{name}: expected floats in [-1, 1], or int16, int32 or uint8, got {samples.dtype}")
    checked(samples, name)
    if (loudest := float(np.abs(samples).max())) > LOUDEST:
        raise InvalidInput(f"{name}: samples up to {loudest:.5g} where full scale is 1; divide 16-bit samples by 32768")
    return np.ascontiguousarray(samples, np.float32)
