"""Classification of whole sequences."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted

from ..errors import InvalidInput
from ..learning import BinaryCrossEntropy, CrossEntropy, Loss, Targets, answers
from ..sequences import Sequences
from ._labels import at_least_two, class_labels, class_numbers, distinct, label_count_problem
from ._parameters import class_weight_problems
from ._saving import FITTED
from ._stream import Stream
from ._whole import WholeSequenceEstimator


@dataclass(eq=False, repr=False)
class SequenceClassifier(ClassifierMixin, WholeSequenceEstimator):
    """A recurrent network that says which class a whole sequence is of; or which labels, where several may hold.

    Args:
        readout: where the answer is read: "end", "mean", "max", "attention", "segments" or "steps".
        class_weight: None, "balanced", or a weight by class.
        dropout: as for all estimators, but 0.3 by default.

    Further parameters, `cell`, `units`, `layers`, `epochs`, `random_state` and so on, and the attributes they leave:
    see `SequenceEstimator`.

    Attributes:
        classes_: the classes, sorted; for multi-label targets the numbers of the columns.
        multilabel_: whether targets are (n, labels) of 0 and 1, several of which may hold.

    Example:
        >>> from mnemon import SequenceClassifier
        >>> from mnemon.data import japanese_vowels
        >>> train, test = japanese_vowels()
        >>> classifier = SequenceClassifier(units=8, epochs=2, random_state=0).fit(train.X, train.y)
        >>> classifier.predict(test.X[:3]).shape
        (3,)

    """

    class_weight: Any = None
    dropout: float = 0.3  # chosen by cross-validation on JapaneseVowels' training part: .953 -> .978

    _fitted = (*FITTED, "classes_", "multilabel_")

    def partial_fit(  # pyright: ignore[reportIncompatibleMethodOverride]  # scikit-learn's order of arguments
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> Self:
        """One more epoch on these data, with the optimiser's memory; also after `mnemon.load`.

        Args:
            X, y, sample_weight: as for `fit`.
            classes: all classes there will ever be; needed in the first call on an unfitted classifier, unless y
                holds them all.

        Raises:
            InvalidInput: as `fit`; or a label that is none of the classes.

        """
        self._check_parameters()
        with self._all_or_nothing():
            if not hasattr(self, "population_"):
                self._announced = None if classes is None else np.unique(classes)
            elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
                raise InvalidInput(f"classes={classes!r} differ from those of the first call, {self.classes_!r}")
            self._fit_further(X, y, sample_weight)
            vars(self).pop("_announced", None)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """(n, classes) probabilities, in the order of `classes_`; the mean over the networks.

        Raises:
            InvalidInput: data that cannot be used, or of another number of channels.
            NotFittedError: before `fit`.

        """
        check_is_fitted(self, "population_")
        xs = self._readable(self._check_X(X, fitted=True))
        with self._precise():
            return self._probabilities(answers(self.population_, xs))

    def predict(self, X: Any) -> np.ndarray:
        """(n,) the most probable class of each sequence; multi-label: (n, labels), 1 where more likely than not."""
        check_is_fitted(self, "population_")
        chances = self.predict_proba(X)
        return (chances > 0.5).astype(int) if self.multilabel_ else self.classes_[chances.argmax(axis=1)]

    def predict_stream(self, streams: int | None = None) -> Stream:
        """A `Stream`: push one frame at a time, and get the (classes,) probabilities of the sequence so far.

        After t frames they are those of `predict_proba` for the first t steps; the memory needed is constant.

        Args:
            streams: read so many sequences at once: frames and answers then have a leading axis (streams,).

        Raises:
            InvalidInput: a network that is not causal (bidirectional).
            NotFittedError: before `fit`.

        Example:
            >>> from mnemon import SequenceClassifier
            >>> from mnemon.data import japanese_vowels
            >>> train, test = japanese_vowels()
            >>> classifier = SequenceClassifier(units=8, epochs=2, random_state=0).fit(train.X, train.y)
            >>> stream = classifier.predict_stream()
            >>> for frame in test.X[0]:
            ...     probabilities = stream.push(frame)
            >>> probabilities.shape
            (9,)

        """
        check_is_fitted(self, "population_")
        return Stream(self.population_, self._precise, self._frame, self._probabilities, streams)

    def _parameter_problems(self) -> list[str]:
        return super()._parameter_problems() + class_weight_problems(self.class_weight)

    def _outputs(self) -> int:
        return len(self.classes_)

    def _loss(self) -> Loss:
        return BinaryCrossEntropy() if self.multilabel_ else CrossEntropy()

    def _probabilities(self, said: np.ndarray) -> np.ndarray:
        """Logits (networks, n, classes) as mean probabilities (n, classes)."""
        exact = said.astype(np.float64)
        return (expit(exact) if self.multilabel_ else softmax(exact, axis=-1)).mean(axis=0)

    def _check_pair(self, X: Any, y: Any, *, fitted: bool) -> tuple[Sequences, np.ndarray]:
        xs = self._check_X(X, fitted=fitted)
        table = y.toarray() if hasattr(y, "toarray") else np.asarray(y)
        if table.ndim == 2 and type_of_target(table) == "multilabel-indicator":
            labels = table
        else:
            labels = class_labels(y)
        label_count_problem(len(xs), labels)
        if fitted and (labels.ndim == 2) != self.multilabel_:
            raise InvalidInput(f"y has shape {labels.shape}, but the classifier was fitted to targets of another kind")
        return xs, labels

    def _learn_targets(self, y: np.ndarray) -> None:
        partly = "_announced" in vars(self)
        announced = vars(self).get("_announced")
        self.multilabel_ = y.ndim == 2
        if self.multilabel_:
            self.classes_ = np.arange(y.shape[1])
            return
        self.classes_ = distinct(y)[0] if announced is None else announced
        if partly and len(self.classes_) < 2:
            raise InvalidInput("a classifier needs at least 2 classes; name all of them with classes=")
        at_least_two(self.classes_)

    def _encode(self, y: np.ndarray, name: str) -> Targets:
        if not self.multilabel_:
            return class_numbers(y, self.classes_, name)
        if y.shape[1] != len(self.classes_):
            raise InvalidInput(f"{name} has {y.shape[1]} labels a sequence, but {len(self.classes_)} are known")
        return y.astype(float)

    def _weights(self, y: np.ndarray, sample_weight: Any, xs: Sequences) -> np.ndarray:
        weights = super()._weights(y, sample_weight, xs)
        if self.class_weight is not None:
            weights = weights * compute_sample_weight(self.class_weight, y)
        return weights

    def _class_numbers(self, y: np.ndarray) -> np.ndarray | None:
        return None if self.multilabel_ else class_numbers(y, self.classes_, "y")

    def _hold_out(self, y: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Every class in both parts."""
        if self.multilabel_:
            return super()._hold_out(y, count)
        numbers = class_numbers(y, self.classes_, "y")
        counts = np.bincount(numbers, minlength=len(self.classes_))
        if counts.min() < 2:
            rare = ", ".join(map(repr, self.classes_[counts < 2].tolist()))
            raise InvalidInput(
                f"early_stopping: 1 sequence only of class {rare}, but a held-out part needs 2 of each class; give "
                "validation_data, or set early_stopping=False"
            )
        draw = np.random.default_rng(self._seed())
        out = np.zeros(len(numbers), bool)
        for k, many in enumerate(counts):
            share = min(max(round(self.validation_fraction * many), 1), many - 1)
            out[draw.permutation(np.flatnonzero(numbers == k))[:share]] = True
        return np.flatnonzero(~out), np.flatnonzero(out)

    def _after_load(self) -> None:
        super()._after_load()
        self.classes_ = np.asarray(self.classes_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
