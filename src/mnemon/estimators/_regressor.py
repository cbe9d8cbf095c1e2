"""Regression of whole sequences: numbers for each of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_array, check_is_fitted

from ..errors import InvalidInput
from ..learning import Loss, SquaredError, Targets, answers
from ..sequences import Sequences
from ._labels import label_count_problem
from ._saving import FITTED
from ._stream import Stream
from ._whole import WholeSequenceEstimator


@dataclass(eq=False, repr=False)
class SequenceRegressor(RegressorMixin, WholeSequenceEstimator):
    """A recurrent network that gives one number, or several, for a whole sequence.

    Targets are brought to mean 0 and deviation 1 for training, and answers back; the loss of `history_` is in those
    units. The score is R squared.

    Args:
        readout: where the answer is read: "end", "mean", "max", "attention", "segments" or "steps".

    Further parameters, `cell`, `units`, `layers`, `epochs`, `random_state` and so on, and the attributes they leave:
    see `SequenceEstimator`.

    Attributes:
        n_outputs_: numbers a sequence.
        target_mean_, target_scale_: of each of them, (n_outputs_,).

    Example:
        >>> import numpy as np
        >>> from mnemon import SequenceRegressor
        >>> X = np.random.default_rng(0).normal(size=(40, 6, 2))
        >>> regressor = SequenceRegressor(units=8, epochs=3, random_state=0).fit(X, X[:, :, 0].sum(axis=1))
        >>> regressor.predict(X[:3]).shape
        (3,)

    """

    _fitted = (*FITTED, "n_outputs_", "flat_", "target_mean_", "target_scale_")
    _averaged = "answers"

    def predict(self, X: Any) -> np.ndarray:
        """(n,) or (n, outputs), as the targets were; the mean over the networks.

        Raises:
            InvalidInput: data that cannot be used, or of another number of channels.
            NotFittedError: before `fit`.

        """
        check_is_fitted(self, "population_")
        xs = self._readable(self._check_X(X, fitted=True))
        with self._precise():
            return self._values(answers(self.population_, xs))

    def predict_stream(self, streams: int | None = None) -> Stream:
        """A `Stream`: push one frame at a time, and get the answer for the sequence so far.

        Args:
            streams: read so many sequences at once: frames and answers then have a leading axis (streams,).

        Raises:
            InvalidInput: a network that is not causal (bidirectional).
            NotFittedError: before `fit`.

        """
        check_is_fitted(self, "population_")
        return Stream(self.population_, self._precise, self._frame, self._values, streams)

    def _outputs(self) -> int:
        return self.n_outputs_

    def _loss(self) -> Loss:
        return SquaredError()

    def _values(self, said: np.ndarray) -> np.ndarray:
        """Answers (networks, n, outputs) in the units of the targets."""
        values = said.astype(np.float64).mean(axis=0) * self.target_scale_ + self.target_mean_
        return values[:, 0] if self.flat_ else values

    def _check_pair(self, X: Any, y: Any, *, fitted: bool) -> tuple[Sequences, np.ndarray]:
        if y is None:
            raise InvalidInput("requires y to be passed, but the target y is None: give numbers for each sequence")
        xs = self._check_X(X, fitted=fitted)
        values = check_array(y, ensure_2d=False, allow_nd=False, dtype="numeric", input_name="y").astype(np.float64)
        label_count_problem(len(xs), values, "targets")
        if fitted and values.reshape(len(values), -1).shape[1] != self.n_outputs_:
            raise InvalidInput(f"y has shape {values.shape}, but {self.n_outputs_} numbers a sequence are expected")
        return xs, values

    def _learn_targets(self, y: np.ndarray) -> None:
        self.flat_ = y.ndim == 1
        table = y.reshape(len(y), -1)
        self.n_outputs_ = table.shape[1]
        deviation = table.std(axis=0)
        self.target_mean_ = table.mean(axis=0)
        self.target_scale_ = np.where(deviation > 0, deviation, 1.0)

    def _encode(self, y: np.ndarray, name: str) -> Targets:
        return (y.reshape(len(y), -1) - self.target_mean_) / self.target_scale_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.single_output = True
        tags.target_tags.multi_output = True
        return tags
