"""How an estimator reads sequences: channels and symbols it knows, missing values, standardising."""

from typing import Any

import numpy as np

from ..errors import InvalidInput
from ..preprocessing import fill_missing, missing_means
from ..sequences import Sequences, as_sequences
from ._hearing import Hears


class Reads(Hears):
    """Gives an estimator `_check_X`, `_learn_scale`, `_readable` and `_frame`.

    Attributes:
        n_features_in_: channels (symbols of the alphabet).
        alphabet_: the symbols; None for numbers.
        mean_, scale_: of the channels, as the network sees them.
        fill_: what stands for a missing value, a number a channel.

    """

    _reads_strings = False

    standardize: bool
    missing: str
    n_features_in_: int
    alphabet_: tuple[str, ...] | None
    mean_: np.ndarray
    scale_: np.ndarray
    fill_: np.ndarray

    def _check_X(self, X: Any, *, fitted: bool) -> Sequences:
        """`X` as sequences; with the channels (and symbols) of the training data where there were some."""
        X = self._heard(X, fitted=fitted)
        alphabet = self.alphabet_ if fitted else None
        sequences = as_sequences(X, alphabet=alphabet, strings=self._reads_strings, allow_nan=self.missing != "error")
        if not fitted:
            return sequences
        if self.alphabet_ is None and sequences.alphabet is not None:
            raise InvalidInput(
                f"X: expected numbers of {self.n_features_in_} channels, got symbols of the alphabet "
                f"{', '.join(sequences.alphabet)}"
            )
        if sequences.n_channels != self.n_features_in_:
            raise InvalidInput(
                f"X has {sequences.n_channels} features (channels), but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input"
            )
        return sequences

    def _learn_channels(self, xs: Sequences) -> None:
        self.n_features_in_, self.alphabet_ = xs.n_channels, xs.alphabet

    def _learn_scale(self, xs: Sequences) -> None:
        """Remember the channels of the training part, and their mean and deviation."""
        self._learn_channels(xs)
        self.mean_, self.scale_ = np.zeros(xs.n_channels), np.ones(xs.n_channels)
        self.fill_ = np.zeros(xs.n_channels)
        if xs.alphabet is not None:
            return
        if self.missing != "error":
            self.fill_ = missing_means(xs)
        if self.standardize:
            mean, deviation = xs.statistics()
            self.mean_ = mean
            self.scale_ = np.where(deviation > 0, deviation, 1.0)

    def _inputs(self) -> int:
        """Number of inputs of the network."""
        masks = self.missing == "mask" and self.alphabet_ is None
        return self.n_features_in_ * (2 if masks else 1)

    def _readable(self, xs: Sequences) -> Sequences:
        """Sequences in the units of the network, nothing missing; symbols stay symbols."""
        if xs.alphabet is not None:
            return xs
        if self.missing != "error":
            xs = fill_missing(xs, self.missing, self.fill_)
        values = xs.values.astype(np.float64)
        values[:, : self.n_features_in_] = self._standard(values[:, : self.n_features_in_])
        return Sequences.from_concatenated(values, xs.lengths, boundaries=xs.flat_boundaries)

    def _standard(self, values: np.ndarray) -> np.ndarray:
        return (values - self.mean_) / self.scale_

    def _frame(self, frame: Any) -> Any:
        """One frame (channels,) in the units of the network, or the code of one symbol."""
        if self.alphabet_ is not None:
            if not isinstance(frame, str) or frame not in self.alphabet_:
                raise InvalidInput(f"frame {frame!r} is none of the symbols {', '.join(map(str, self.alphabet_))}")
            return np.int32(self.alphabet_.index(frame))
        try:
            values = np.atleast_1d(np.asarray(frame, float))
        except (TypeError, ValueError):
            raise InvalidInput(f"a frame has {self.n_features_in_} numbers, one a channel; got {frame!r}") from None
        if values.shape != (self.n_features_in_,):
            raise InvalidInput(f"a frame has {self.n_features_in_} channels; got shape {np.shape(frame)}")
        gone = np.isnan(values) if self.missing == "mask" else np.zeros(values.shape, bool)
        if not np.all(np.isfinite(values) | gone):
            where = int(np.argmin(np.isfinite(values) | gone))
            why = "; a stream cannot interpolate towards what has not come" if self.missing == "interpolate" else ""
            raise InvalidInput(f"a frame must be finite; channel {where} is not{why}")
        known = self._standard(np.where(gone, self.fill_, values))
        return np.concatenate([known, gone]) if self.missing == "mask" else known
