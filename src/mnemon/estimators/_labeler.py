"""Labelling: a class for every step of a sequence."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_is_fitted

from ..errors import InvalidInput
from ..learning import UNLABELLED, CrossEntropy, Loss, StepTargets, Targets, step_answers
from ..sequences import Sequences
from ._base import SequenceEstimator
from ._labels import StepLabels, at_least_two, class_numbers, distinct
from ._parameters import class_weight_problems, whole_problems
from ._saving import FITTED
from ._stream import Stream


@dataclass(eq=False, repr=False)
class SequenceLabeler(SequenceEstimator):
    """A recurrent network that says which class each step of a sequence is of.

    Targets are a list of (time,) labels, one a step; a step whose label is None or NaN has none: it is read, but
    neither learnt from nor judged.

    Args:
        delay: answer for a step only after so many more have been read (A. Graves and J. Schmidhuber, Neural Networks
            18:602-610, 2005, doi:10.1016/j.neunet.2005.06.042): a network that reads forwards so sees a little of what
            follows. Behind a sequence's end it reads frames of channel means (symbols: the last one, again).
        class_weight: None, "balanced" over all labelled steps, or a weight by class.

    Further parameters, `cell`, `units`, `layers`, `epochs`, `random_state` and so on, and the attributes they leave:
    see `SequenceEstimator`.

    Attributes:
        classes_: the classes, sorted.

    Example:
        >>> import numpy as np
        >>> from mnemon import SequenceLabeler
        >>> X = np.random.default_rng(0).normal(size=(20, 12, 1))
        >>> y = [np.where(x[:, 0].cumsum() > 0, "up", "down") for x in X]
        >>> labeler = SequenceLabeler(units=8, epochs=3, random_state=0).fit(X, y)
        >>> labeler.predict(X[:2])[1].shape
        (12,)

    """

    delay: int = 0
    class_weight: Any = None

    _fitted = (*FITTED, "classes_", "class_weights_")

    def predict_proba(self, X: Any, *, window: int | None = None, context: int = 0) -> list[np.ndarray]:
        """For each sequence the (time, classes) probabilities at its steps, in the order of `classes_`.

        Args:
            X: sequences, as for `fit`. A network that reads forwards takes recordings of any length in pieces, in
                constant memory and with the same answers.
            window: for very long recordings and a network that reads from both ends: read windows of so many steps,
                each for itself; the answers are then an approximation.
            context: steps read before and behind each window, whose answers are not used.

        Raises:
            InvalidInput: data that cannot be used, or of another number of channels; a window below 1.
            NotFittedError: before `fit`.

        """
        check_is_fitted(self, "population_")
        xs = self._check_X(X, fitted=True)
        if window is None:
            return self._chances(xs)
        if window < 1 or context < 0:
            raise InvalidInput(f"window={window}, context={context}: expected at least 1 step, and at least 0")
        cuts = [
            (row, start, max(start - context, 0), min(start + window + context, length))
            for row, length in enumerate(xs.lengths.tolist())
            for start in range(0, length, window)
        ]
        each: list[list[np.ndarray]] = [[] for _ in range(len(xs))]
        chances = self._chances(_pieces(xs, [(row, end, first) for row, _, first, end in cuts]))
        for (row, start, first, _), said in zip(cuts, chances):
            each[row].append(said[start - first : start - first + window])
        return [np.concatenate(parts) for parts in each]

    def predict(self, X: Any, *, window: int | None = None, context: int = 0) -> list[np.ndarray]:
        """For each sequence the (time,) most probable labels; arguments as for `predict_proba`."""
        chances = self.predict_proba(X, window=window, context=context)
        return [self.classes_[one.argmax(axis=1)] for one in chances]

    def score(self, X: Any, y: Any) -> float:
        """Share of the labelled steps of all sequences that are labelled right."""
        check_is_fitted(self, "population_")
        xs, labels = self._check_pair(X, y, fitted=True)
        said = np.concatenate(self.predict(xs))[labels.known]
        return float(np.mean(said == labels.known_labels()))

    def predict_stream(self, streams: int | None = None) -> Stream:
        """A `Stream`: push one frame at a time, and get the (classes,) probabilities of the frame `delay` before.

        The answers are those of `predict_proba` at the same steps. With a delay the first pushes answer None, and
        `flush()` tells the rest once the sequence has ended.

        Args:
            streams: read so many sequences at once: frames and answers then have a leading axis (streams,).

        Raises:
            InvalidInput: a network that reads from both ends, or one of segments, whose answer at a step would depend
                on whether the sequence ends there.
            NotFittedError: before `fit`.

        """
        check_is_fitted(self, "population_")
        if self.population_.stacked.finishes:
            raise InvalidInput(
                "a network of segments completes the open segment at a sequence's end, so that no step's answer is "
                "final before; it cannot label a stream"
            )
        return Stream(self.population_, self._precise, self._frame, self._probabilities, streams, delay=self.delay)

    def _parameter_problems(self) -> list[str]:
        problems = super()._parameter_problems() + whole_problems(self, "delay", 0)
        return problems + class_weight_problems(self.class_weight)

    def _outputs(self) -> int:
        return len(self.classes_)

    def _loss(self) -> Loss:
        return CrossEntropy(self.class_weights_)

    def _probabilities(self, said: np.ndarray) -> np.ndarray:
        """Logits (networks, ..., classes) as mean probabilities (..., classes)."""
        return softmax(said.astype(np.float64), axis=-1).mean(axis=0)

    def _readable(self, xs: Sequences) -> Sequences:
        """As the network reads them: `delay` steps longer."""
        readable = super()._readable(xs)
        if not self.delay:
            return readable
        last = readable.values[np.cumsum(readable.lengths) - 1]
        behind = last if xs.alphabet is not None else np.zeros_like(last)
        values, marks = [], []
        for one, rest in zip(readable, behind):
            values += [one, np.repeat(rest[None], self.delay, axis=0)]
        for mark in readable.boundaries or ():
            marks += [mark, np.zeros(self.delay, bool)]
        return Sequences.from_concatenated(
            np.concatenate(values),
            readable.lengths + self.delay,
            alphabet=xs.alphabet,
            boundaries=np.concatenate(marks) if marks else None,
        )

    def _chances(self, xs: Sequences) -> list[np.ndarray]:
        with self._precise():
            each = step_answers(self.population_, self._readable(xs))
        return [self._probabilities(said)[self.delay :] for said in each]

    def _check_pair(self, X: Any, y: Any, *, fitted: bool) -> tuple[Sequences, StepLabels]:
        if y is None:
            raise InvalidInput("requires y to be passed, but the target y is None: give a label for each step")
        xs = self._check_X(X, fitted=fitted)
        return xs, StepLabels.of(y, xs.lengths)

    def _learn_targets(self, y: StepLabels) -> None:
        self.classes_, numbers = distinct(y.known_labels())
        at_least_two(self.classes_)
        self.class_weights_ = None
        if self.class_weight is not None:
            each = compute_sample_weight(self.class_weight, self.classes_[numbers])
            self.class_weights_ = tuple(float(each[numbers == k][0]) for k in range(len(self.classes_)))

    def _encode(self, y: StepLabels, name: str) -> Targets:
        numbers = np.full(len(y.labels), UNLABELLED)
        numbers[y.known] = class_numbers(y.known_labels(), self.classes_, name)
        if not self.delay:
            return StepTargets(numbers, y.lengths)
        pieces = np.split(numbers, np.cumsum(y.lengths)[:-1])
        waiting = np.full(self.delay, UNLABELLED)
        return StepTargets(np.concatenate([part for one in pieces for part in (waiting, one)]), y.lengths + self.delay)

    def _after_load(self) -> None:
        super()._after_load()
        self.classes_ = np.asarray(self.classes_)


def _pieces(xs: Sequences, cuts: list[tuple[int, int, int]]) -> Sequences:
    """Pieces of sequences: (row, end, first) each."""
    starts = np.cumsum(xs.lengths) - xs.lengths
    index = np.concatenate([np.arange(starts[row] + first, starts[row] + end) for row, end, first in cuts])
    marks = None if xs.flat_boundaries is None else xs.flat_boundaries[index]
    lengths = [end - first for _, end, first in cuts]
    return Sequences.from_concatenated(
        xs.values[index], lengths, alphabet=xs.alphabet, boundaries=marks, allow_nan=xs.alphabet is None
    )
