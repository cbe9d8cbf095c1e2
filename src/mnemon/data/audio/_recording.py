"""Sound files: read, mixed down to one channel, brought to another rate."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mnemon._files import existing
from mnemon.errors import InvalidInput

NEEDED = 'needs libraries for sound: pip install "mnemon[audio]"'


class Recording(NamedTuple):
    """A sound of one channel.

    Attributes:
        samples: float32 (n,); full scale is -1 to 1.
        rate: samples a second.

    """

    samples: np.ndarray
    rate: int


def read_audio(path: str | os.PathLike[str], rate: int | None = None) -> Recording:
    """A sound file (wav, flac, ogg, and what else libsndfile reads) of any rate; several channels are averaged.

    Args:
        path: the file.
        rate: samples a second to resample to; None: as in the file.

    Raises:
        InvalidInput: no such file or a folder, an empty file, one that holds no sound or breaks off, one of 0 s,
            samples that are not finite, or a library that is missing.

    Example:
        >>> import pathlib, tempfile
        >>> import numpy as np, soundfile
        >>> from mnemon.data.audio import read_audio
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "tone.wav"
        >>> soundfile.write(file, np.sin(np.arange(8000) / 5), 16000)
        >>> sound = read_audio(file, rate=8000)
        >>> sound.samples.shape, sound.rate
        ((4000,), 8000)

    """
    if rate is not None:
        check_rate(rate, "read_audio")
    samples, found = _opened(path, lambda sound: (sound.read(dtype="float32", always_2d=True), sound.samplerate))
    recording = Recording(checked(samples.mean(axis=1, dtype=np.float32), str(path)), int(found))
    return recording if rate is None else Recording(resampled(recording, rate), int(rate))


def head_of(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Samples a second of a sound file, and how many: only its head is read."""
    return _opened(path, lambda sound: (int(sound.samplerate), int(sound.frames)))


def resampled(recording: Recording, rate: int) -> np.ndarray:
    """The samples at another rate, float32, by libsoxr (band-limited, linear phase)."""
    if recording.rate == rate:
        return recording.samples
    try:
        import soxr
    except ImportError:
        raise InvalidInput(f"resampling: {NEEDED}") from None
    return soxr.resample(recording.samples, recording.rate, rate)


def checked(samples: np.ndarray, name: str) -> np.ndarray:
    """The samples as they came, where there are some and all are finite."""
    if not samples.size:
        raise InvalidInput(f"{name}: 0 s long, it holds no samples")
    if bad := int((~np.isfinite(samples)).sum()):
        raise InvalidInput(f"{name}: {bad} of {samples.size} samples are NaN or infinite")
    return samples


def check_rate(rate: Any, what: str) -> None:
    """Refuse a rate that is no whole number above 0."""
    if isinstance(rate, bool) or not isinstance(rate, int | np.integer) or rate < 1:
        raise InvalidInput(f"{what}: rate={rate!r}: expected samples a second, a whole number such as 16000")


def _opened(path: str | os.PathLike[str], look: Callable[[Any], Any]) -> Any:
    """What `look` says of the open file."""
    file = _sized(existing(path))
    try:
        import soundfile
    except ImportError:
        raise InvalidInput(f"{path}: reading sound {NEEDED}") from None
    try:
        with soundfile.SoundFile(file) as sound:
            return look(sound)
    except (soundfile.SoundFileError, RuntimeError) as error:
        said = str(getattr(error, "error_string", error)).rstrip(".")
        raise InvalidInput(f"{path}: cannot be read as sound ({said})") from None


def _sized(file: Path) -> Path:
    if file.stat().st_size == 0:
        raise InvalidInput(f"{file}: is empty (0 bytes)")
    return file
