"""What the transformers share: they take what the estimators take, and keep lengths, symbols and boundaries apart."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ..errors import InvalidInput
from ..sequences import Sequences, as_sequences


class SequenceTransformer(TransformerMixin, BaseEstimator):
    """Base of the transformers of number sequences.

    A subclass checks its parameters and learns from the data in `_learn`, and turns sequences into others in `_apply`.
    Missing values (NaN) pass through, and floats keep their dtype. Sequences are no table: scikit-learn's `set_output`
    changes nothing here.

    Attributes:
        n_features_in_: channels.

    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**{"auto_wrap_output_keys": None, **options})

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn what there is to learn.

        Raises:
            InvalidInput: parameters or data that cannot be used.

        """
        xs = self._numbers(X)
        self._learn(xs)
        self.n_features_in_ = xs.n_channels
        return self

    def transform(self, X: Any) -> Sequences:
        """The transformed sequences.

        Raises:
            InvalidInput: data that cannot be used, or of another number of channels than `fit` saw.
            NotFittedError: before `fit`.

        """
        return self._apply(self._known(X))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """The channels' names: those given, or channel0, channel1 ...

        Raises:
            InvalidInput: names of another number than the channels.

        """
        check_is_fitted(self, "n_features_in_")
        return channel_names(input_features, self.n_features_in_)

    def _learn(self, xs: Sequences) -> None:
        raise NotImplementedError

    def _apply(self, xs: Sequences) -> Sequences:
        raise NotImplementedError

    def _numbers(self, X: Any) -> Sequences:
        xs = as_sequences(X, allow_nan=True)
        if xs.alphabet is not None:
            raise InvalidInput(f"{type(self).__name__}: expected sequences of numbers, got symbols")
        return xs

    def _known(self, X: Any, channels: int | None = None) -> Sequences:
        """`X`, checked against what `fit` saw."""
        check_is_fitted(self, "n_features_in_")
        xs, expected = self._numbers(X), self.n_features_in_ if channels is None else channels
        if xs.n_channels != expected:
            raise InvalidInput(f"X has {xs.n_channels} channels, but {type(self).__name__} expects {expected}")
        return xs

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "n_features_in_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        return tags


def with_values(xs: Sequences, values: np.ndarray) -> Sequences:
    """Sequences of the same lengths, boundaries and dtype with other values (total_time, channels)."""
    values = values.astype(xs.dtype, copy=False)
    return Sequences.from_concatenated(values, xs.lengths, boundaries=xs.flat_boundaries, allow_nan=True)


def from_each(xs: Sequences, each: list[np.ndarray], marks: list[np.ndarray] | None) -> Sequences:
    """Sequences of the dtype of `xs` from arrays (time, channels) of each, and their boundaries."""
    each = [one.astype(xs.dtype, copy=False) for one in each]
    return Sequences(each, layout="channels_last", boundaries=marks, allow_nan=True)


def channel_names(given: Any, channels: int) -> np.ndarray:
    """Names of channels: those given, or channel0, channel1 ..."""
    if given is None:
        return np.array([f"channel{k}" for k in range(channels)], object)
    if len(given) != channels:
        raise InvalidInput(f"input_features: expected {channels} names, got {len(given)}")
    return np.asarray(given, object)
