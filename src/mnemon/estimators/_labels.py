"""Labels and class numbers."""

from typing import Any, NamedTuple, Self

import numpy as np
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from ..errors import InvalidInput, InvalidType, raise_together


def class_labels(y: Any) -> np.ndarray:
    """(n,) labels, one a sequence.

    Raises:
        InvalidInput: no labels. ValueError: labels that are not finite, or numbers that are no classes.

    """
    if y is None:
        raise InvalidInput("requires y to be passed, but the target y is None: give one label for each sequence")
    labels = column_or_1d(y, warn=True)
    if labels.dtype.kind == "f":
        assert_all_finite(labels, input_name="y")
    distinct(labels)
    check_classification_targets(labels)
    return labels


def distinct(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The classes, sorted, and the number of each label's class."""
    try:
        return np.unique(labels, return_inverse=True)
    except TypeError:
        kinds = ", ".join(sorted({type(label).__name__ for label in labels}))
        raise InvalidType(f"y mixes labels that cannot be sorted ({kinds}); make them all of one kind") from None


def at_least_two(classes: np.ndarray) -> None:
    """Raise `InvalidInput` where there is nothing to tell apart."""
    if len(classes) < 2:
        only = classes.tolist()[0]
        raise InvalidInput(f"y holds one class only ({only!r}); a classifier needs sequences of at least 2 classes")


def class_numbers(labels: np.ndarray, classes: np.ndarray, name: str) -> np.ndarray:
    """Class numbers of labels; `InvalidInput` for one that is none of the classes."""
    numbers = np.searchsorted(classes, labels).clip(0, len(classes) - 1)
    wrong = classes[numbers] != labels
    if np.any(wrong):
        k = int(np.argmax(wrong))
        label, known = labels[k : k + 1].tolist()[0], ", ".join(map(repr, classes.tolist()))
        raise InvalidInput(f"{name} holds the label {label!r} (at {k}), which is none of {known}")
    return numbers


def label_count_problem(sequences: int, labels: Any, what: str = "labels") -> None:
    """Raise `InvalidInput` unless there are as many labels as sequences."""
    if len(labels) != sequences:
        raise InvalidInput(
            f"Found input variables with inconsistent numbers of samples: {sequences} sequences but {len(labels)} "
            f"{what}; give one for each sequence"
        )


class StepLabels(NamedTuple):
    """A label a step, all sequences one after another.

    Attributes:
        labels: (total_time,), None or NaN where a step has no label.
        known: (total_time,), True where it has one.
        lengths: (n,) steps of each sequence.

    """

    labels: np.ndarray
    known: np.ndarray
    lengths: np.ndarray

    @classmethod
    def of(cls, y: Any, lengths: np.ndarray) -> Self:
        """From a list of (time,) labels, one for each sequence of these lengths.

        Raises:
            InvalidInput: another number of sequences or of steps, or no label at all.

        """
        label_count_problem(len(lengths), y, "arrays of labels")
        raise_together(
            [
                f"sequence {k}: expected (time,) labels, one a step; got shape {np.shape(labels)}"
                for k, labels in enumerate(y)
                if isinstance(labels, str) or np.ndim(labels) != 1
            ],
            "y",
        )
        raise_together(
            [
                f"sequence {k} has {steps} steps but {len(labels)} labels"
                for k, (steps, labels) in enumerate(zip(lengths, y))
                if len(labels) != steps
            ],
            "y",
        )
        # A list is taken as it is: numbers beside words were not meant as words.
        each = [labels if isinstance(labels, np.ndarray) else np.array(list(labels), object) for labels in y]
        if len({labels.dtype.kind for labels in each}) > 1:
            each = [labels.astype(object) for labels in each]
        joined = np.concatenate(each)
        if joined.dtype == object:
            known = np.array([label is not None and label == label for label in joined])
        else:
            known = ~np.isnan(joined) if joined.dtype.kind == "f" else np.ones(len(joined), bool)
        if not known.any():
            raise InvalidInput("y: no step has a label")
        return cls(joined, known, lengths)

    def known_labels(self) -> np.ndarray:
        """The labels there are, (labelled steps,), in the plainest type that holds them."""
        labels = self.labels[self.known]
        if labels.dtype == object:
            kinds = {type(label) for label in labels.tolist()}
            if len(kinds) == 1 or kinds <= {int, float}:
                labels = np.array(labels.tolist())
        if labels.dtype.kind == "f" and np.array_equal(labels, np.round(labels)):
            labels = labels.astype(int)  # whole numbers became floats beside NaN
        return labels
