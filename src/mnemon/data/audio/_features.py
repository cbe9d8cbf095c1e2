"""What all features of sound share: parameters, and the way from recordings to `Sequences`."""

import dataclasses
import os
from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import NotFittedError

from mnemon._slopes import with_slopes
from mnemon._statistics import mean_and_deviation
from mnemon.data.audio._cache import Cache
from mnemon.data.audio._checks import parameter_problems
from mnemon.data.audio._given import Given, gather
from mnemon.data.audio._jobs import each
from mnemon.data.audio._pitch import CHANNELS, check_pitch, pitch_at
from mnemon.data.audio._recording import Recording, check_rate, resampled
from mnemon.data.audio._spectra import Extractor, samples_in
from mnemon.data.audio._stream import FrameStream
from mnemon.data.audio._trim import speech
from mnemon.errors import InvalidInput, raise_together
from mnemon.sequences import Sequences

WINDOW = 2  # steps to either side of a slope: HTK's DELTAWINDOW and ACCWINDOW
# Parameters that do not change the frames of one recording, and the rate, which is settled elsewhere.
ASIDE = {"rate", "normalize", "augment", "cache", "n_jobs", "verbose"}


@dataclass(eq=False, repr=False)
class AudioFeatures(TransformerMixin, BaseEstimator):
    """Base of the transformers of recordings; a subclass says what its frames are, and explains the parameters."""

    rate: int | None = None
    _: KW_ONLY
    window: float = 0.025
    step: float = 0.010
    filters: int = 26
    preemphasis: float = 0.97
    energy: bool = False
    pitch: bool = False
    deltas: int = 0
    normalize: str | None = None
    trim: bool = False
    augment: Any = None
    cache: Any = None
    n_jobs: int | None = 1
    verbose: int = 0

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**{"auto_wrap_output_keys": None, **options})  # sequences are no table

    # What a kind of features says

    def _online(self, rate: int) -> Any:
        """The library's extractor of frames."""
        raise NotImplementedError

    def _names(self) -> list[str]:
        """Channels of a frame, without energy, pitch and deltas."""
        raise NotImplementedError

    def _own_problems(self) -> list[str]:
        """What is wrong with the parameters that only this kind has."""
        return []

    # What a user calls

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check parameters and recordings (of files only the heads), and settle the rate.

        Raises:
            InvalidInput: parameters or recordings that cannot be used, all of them together.
            InvalidType: no list of recordings.

        """
        self._check()

        def work(k: int, one: Given) -> int:
            rate, samples = one.head(self.rate)
            raise_together([*_too_low(rate, self.rate or 0), *self._too_short(samples, rate)], one.name)
            return rate

        rates = each(work, gather(X, self._what), self._what)
        settled = int(min(rates) if self.rate is None else self.rate)
        self._extractor(settled)  # refuses settings that this rate does not allow
        self.rate_ = settled
        return self

    def transform(self, X: Any, groups: Any = None) -> Sequences:
        """The frames of recordings, float32 `Sequences` of n.

        Args:
            X: a list of sound files, of arrays (n,) (of the rate of the features), or of `Recording`s.
            groups: (n,) who each recording is of, for `normalize="group"`.

        Raises:
            InvalidInput: recordings that cannot be used, all of them together.
            NotFittedError: before `fit`, where no rate was given.

        """
        given, rate = self._ready(X)
        return self._gathered(self._frames_of_each(given, rate), self._labels(groups, len(given)))

    def fit_transform(self, X: Any, y: Any = None, groups: Any = None) -> Sequences:  # type: ignore[override]
        """`fit`, then `transform`; `augment` does not count here (see `augmented`)."""
        return self.fit(X).transform(X, groups)

    def augmented(self, X: Any, y: Any, groups: Any = None) -> tuple[Sequences, np.ndarray, np.ndarray | None]:
        """The frames of recordings and of their changed copies, with labels and groups beside them.

        First come all recordings as `transform` gives them, then all of them once more for each copy of `augment`. A
        copy is normalised as a recording of its own (or with the same copies of its group), masks come after that.

        Returns: n (1 + copies) sequences, their labels, and their groups (None where none were given).

        """
        given, rate = self._ready(X)
        y, labels = np.asarray(y), self._labels(groups, len(given))
        if y.shape[:1] != (len(given),):
            raise InvalidInput(f"{self._what}: {len(given)} recordings, but labels of shape {y.shape}")
        parts = [self._gathered(self._frames_of_each(given, rate), labels)]
        parts += [self._copy(given, rate, labels, copy) for copy in range(self.augment.copies if self.augment else 0)]
        groups = None if groups is None else np.concatenate([np.asarray(groups)] * len(parts))
        return Sequences.concatenate(parts), np.concatenate([y] * len(parts)), groups

    def stream(self, rate: int | None = None) -> FrameStream:
        """Frames as samples come, the same that `transform` gives.

        Args:
            rate: of the samples that will come; None: the rate of the features.

        Raises:
            InvalidInput: `normalize`, `trim` or `pitch`, which need the whole recording; a rate below that of the
                features.
            NotFittedError: before `fit`, where no rate was given.

        """
        self._check()
        own = self._settled()
        problems = [
            f"{name}={value!r} needs the whole recording, and a stream does not know its end; use {name}={none!r}"
            for name, value, none in (
                ("normalize", self.normalize, None),
                ("trim", self.trim, False),
                ("pitch", self.pitch, False),
            )
            if value
        ]
        if rate is not None:
            check_rate(rate, f"{self._what}.stream")
            problems += _too_low(rate, own)
        raise_together(problems, f"{self._what}.stream")
        pushed = own if rate is None else int(rate)
        return FrameStream(lambda: self._extractor(own), pushed, own, self.deltas, WINDOW)

    def resolved(self) -> Self:
        """The same features with `rate=rate_`: they need no `fit`. The cache's folder is a string, as files hold it."""
        cache = None if self.cache is None else os.fspath(self.cache)
        return dataclasses.replace(self, rate=self._settled(), cache=cache)

    def portable(self) -> Self:
        """What a file of a model should hold: `resolved`, without what belongs to this machine or to training.

        Left out are `cache`, `n_jobs`, `verbose` and `augment`; `transform` gives the same.

        Raises:
            NotFittedError: before `fit`, where no rate was given.

        """
        return dataclasses.replace(self.resolved(), cache=None, n_jobs=1, verbose=0, augment=None)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the channels; those of slopes begin with delta_ and delta_delta_."""
        names = self._channels()
        return np.array(["delta_" * k + name for k in range(self.deltas + 1) for name in names], object)

    def __sklearn_is_fitted__(self) -> bool:
        return self.rate is not None or hasattr(self, "rate_")

    # How

    @property
    def _what(self) -> str:
        return type(self).__name__

    def _channels(self) -> list[str]:
        """Channels of a frame, without deltas."""
        return self._names() + ["energy"] * bool(self.energy) + list(CHANNELS) * bool(self.pitch)

    def _check(self) -> None:
        raise_together(parameter_problems(self) + self._own_problems(), self._what)

    def _ready(self, X: Any) -> tuple[list[Given], int]:
        self._check()
        return gather(X, self._what), self._settled()

    def _settled(self) -> int:
        rate = self.rate if self.rate is not None else vars(self).get("rate_")
        if rate is None:
            raise NotFittedError(f"{self._what}: the rate is not known; call fit first, or give rate=")
        return int(rate)

    def _labels(self, groups: Any, count: int) -> np.ndarray | None:
        """Which recordings are normalised together, numbers (n,); None: none are normalised."""
        if groups is not None and np.shape(groups) != (count,):
            raise InvalidInput(f"{self._what}: {count} recordings, but groups of shape {np.shape(groups)}")
        if self.normalize == "group" and groups is None:
            raise InvalidInput(f'{self._what}: normalize="group" needs groups=, who each recording is of')
        if self.normalize == "group":
            return np.unique(np.asarray(groups), return_inverse=True)[1]
        return np.arange(count) if self.normalize == "utterance" else None

    def _frames_of_each(self, given: list[Given], rate: int) -> list[np.ndarray]:
        cache = None if self.cache is None else Cache.opened(self.cache)
        settings = {name: value for name, value in self.get_params(deep=False).items() if name not in ASIDE}
        settings |= {"rate": rate, "kind": self._what}

        def work(k: int, one: Given) -> np.ndarray:
            def compute() -> np.ndarray:
                return self._frames(one.read(rate), rate)

            return compute() if cache is None else cache.get(one.content(rate), settings, compute)

        return each(work, given, self._what, n_jobs=self.n_jobs, verbose=self.verbose)

    def _copy(self, given: list[Given], rate: int, labels: np.ndarray | None, copy: int) -> Sequences:
        def work(k: int, one: Given) -> np.ndarray:
            sound = Recording(_brought(one.read(rate), rate), rate)
            return self._frames(self.augment.sound(sound, k, copy), rate)

        frames = each(work, given, f"{self._what} copy {copy + 1}", n_jobs=self.n_jobs, verbose=self.verbose)
        channels = len(self._channels())
        masked = [self.augment.masked(one, k, copy, channels) for k, one in enumerate(self._gathered(frames, labels))]
        return Sequences(masked, layout="channels_last")

    def _frames(self, recording: Recording, rate: int) -> np.ndarray:
        """The frames of one recording with deltas, trimmed, not normalised."""
        samples = _brought(recording, rate)
        frames = self._extractor(rate).push(samples)
        if not len(frames):
            raise InvalidInput(self._shorter(len(samples) / rate))
        if self.pitch:
            window, step = self._samples(rate)
            centres = (np.arange(len(frames)) * step + window / 2) / rate
            frames = np.concatenate([frames, pitch_at(samples, rate, centres)], axis=1)
        frames = with_slopes(frames, WINDOW, self.deltas).astype(np.float32)
        return frames[speech(samples, *self._samples(rate))] if self.trim else frames

    def _too_short(self, samples: int, rate: int) -> list[str]:
        """A sentence where there is surely no whole window, at whatever rate."""
        if samples == 0:
            return ["0 s long, it holds no samples"]
        return [self._shorter(samples / rate)] if (samples + 1) / rate < self.window else []

    def _shorter(self, seconds: float) -> str:
        return f"{seconds:.4g} s long, shorter than one window of {self.window:g} s"

    def _gathered(self, frames: list[np.ndarray], labels: np.ndarray | None) -> Sequences:
        """One collection of all frames, normalised where `labels` say with whom."""
        lengths, values = [len(one) for one in frames], np.concatenate(frames)
        if labels is not None:
            label_of = np.repeat(labels, lengths)
            order = np.argsort(label_of, kind="stable")
            for rows in np.split(order, np.flatnonzero(np.diff(label_of[order])) + 1):
                mean, deviation = mean_and_deviation(values[rows])
                values[rows] = (values[rows] - mean) / np.where(deviation > 0, deviation, 1.0)
        return Sequences.from_concatenated(values, lengths)

    def _samples(self, rate: int) -> tuple[int, int]:
        """Window and step in samples."""
        return samples_in(self.window, rate), samples_in(self.step, rate)

    def _extractor(self, rate: int) -> Extractor:
        if self.pitch:
            check_pitch(rate)
        try:
            online = self._online(rate)
        except InvalidInput:
            raise
        except (ValueError, RuntimeError) as error:
            raise InvalidInput(
                f"{self._what}: window={self.window}, step={self.step} and filters={self.filters} "
                f"do not go with {rate} samples a second ({error})"
            ) from None
        return Extractor(online, rate, *self._samples(rate), len(self._names()), energy=bool(self.energy))


def _brought(recording: Recording, rate: int) -> np.ndarray:
    """The samples at the rate of the features, which may not be higher."""
    for problem in _too_low(recording.rate, rate):
        raise InvalidInput(problem)
    return resampled(recording, rate)


def _too_low(rate: int, own: int) -> list[str]:
    if rate >= own:
        return []
    return [
        f"{rate} samples a second, but the features are of {own}: what lies above {rate / 2:g} Hz is missing; "
        f"fit with rate={rate}"
    ]
