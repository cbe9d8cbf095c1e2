"""`mnemon stream --audio`: what a model says of a sound as it comes."""

import math
import sys
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from ..data.audio import read_audio
from ..errors import InvalidInput
from ._answers import choice_columns, chosen, listed, names_of, says_chances, value_columns
from ._lines import Format, csv_line, json_object

RECORDER = "arecord -t raw -f S16_LE -c 1 -r RATE"
SAMPLE = np.dtype("<i2")  # 16-bit PCM, little-endian


def listen(model: Any, source: str, rate: int | None, every: float, form: Format) -> None:
    """Write a line for each `every` milliseconds of sound: its end in seconds, and what holds of all so far.

    Args:
        model: an estimator with features.
        source: a sound file; or "-", raw samples of one channel on standard input.
        rate: samples a second of those; None: as the features have it.
        every: milliseconds.
        form: csv or json.

    Raises:
        InvalidInput: a model that is not of recordings, or needs the whole of one; options and files that cannot be
            used.

    """
    features = getattr(model, "features_", None)  # files of earlier versions have none
    if features is None:
        raise InvalidInput("--audio: this model was not trained on recordings; give a frame a line without it")
    if not every > 0 or math.isinf(every):
        raise InvalidInput(f"--every {every:g}: expected milliseconds, such as 100")
    sound = None
    if source != "-":
        if rate is not None:
            raise InvalidInput(f"--rate {rate}: only samples on standard input (--audio -) do not say their rate")
        sound = read_audio(source)
    elif sys.stdin.isatty():
        raise InvalidInput(f"--audio -: samples should come on standard input, as from {RECORDER}")
    frames = features.stream(rate=rate if sound is None else sound.rate)
    size = max(round(every / 1000 * frames.rate), 1)
    writer, heard = _Writer(model, form), 0
    pieces = _samples_of(sys.stdin.buffer, size) if sound is None else _pieces_of(sound.samples, size)
    for piece in pieces:
        heard += len(piece)
        writer.push(frames.push(piece))
        writer.say(heard / frames.rate)
    writer.push(frames.end())
    writer.end(heard / frames.rate)


def _samples_of(stream: IO[bytes], size: int) -> Iterator[np.ndarray]:
    """Samples (size,), int16, as soon as there are so many; the last may be fewer."""
    while data := stream.read(size * SAMPLE.itemsize):
        yield np.frombuffer(data[: len(data) // SAMPLE.itemsize * SAMPLE.itemsize], SAMPLE)


def _pieces_of(samples: np.ndarray, size: int) -> list[np.ndarray]:
    return [samples[k : k + size] for k in range(0, len(samples), size)]


class _Writer:
    """The latest answer of a model as a line, whenever asked for."""

    def __init__(self, model: Any, form: Format) -> None:
        self._model, self._form = model, form
        self._chooses = says_chances(model)
        self._columns = ["seconds", *(choice_columns(model) if self._chooses else value_columns(model))]
        self._classes = names_of(model) if self._chooses else []
        self._stream = model.predict_stream()
        self._latest: Any = None  # what has been answered and not been said
        self._stream.push(np.zeros(model.n_features_in_))  # compiles, so that the first words are not kept waiting
        self._stream.reset()
        if form is Format.csv:
            self._write(csv_line([*self._columns, *self._classes]))

    def push(self, frames: np.ndarray) -> None:
        """Read frames (k, channels)."""
        for frame in frames:
            self._keep(self._stream.push(frame))

    def end(self, seconds: float) -> None:
        """The sound has ended: say what was not known before."""
        if self._stream.frames:
            for answer in self._stream.flush():
                self._keep(answer)
        self.say(seconds)

    def say(self, seconds: float) -> None:
        """The latest answer, where there is a new one, of what was heard until then."""
        if self._latest is None:
            return
        answer, self._latest = self._latest, None
        values = [round(seconds, 6), *(chosen(self._model, answer) if self._chooses else listed(answer))]
        chances = answer.tolist() if self._chooses else None
        if self._form is Format.csv:
            self._write(csv_line([*values, *(chances or ())]))
        else:
            self._write(json_object(self._columns, self._classes, (values, chances)) + "\n")

    def _keep(self, answer: Any) -> None:
        self._latest = self._latest if answer is None else answer

    def _write(self, line: str) -> None:
        sys.stdout.write(line)
        sys.stdout.flush()
