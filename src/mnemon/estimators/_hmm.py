"""Classification of whole sequences by hidden Markov models, one a class: what recurrent networks are compared with.

    class of x = argmax_k ( log P(x | model of k) + log P(k) )

The models are left-to-right, with Gaussians or mixtures of them, as in L. Rabiner, Proc. IEEE 77(2):257-286, 1989,
doi:10.1109/5.18626; the start, the floor under the variances and the defaults are those of the HTK book's recipes
(S. Young and others, Cambridge University, 2006). Unlike HTK's, these models may be left in any state.
"""

import warnings
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..errors import InvalidInput, raise_together, suggest
from ..sequences import Sequences
from ._base import some
from ._hearing import features_problems
from ._labels import at_least_two, class_labels, distinct, label_count_problem
from ._left_to_right import LeftToRight, equal_segments
from ._parameters import whole_problems
from ._reading import Reads
from ._saving import Saves

COVARIANCES = ("diag", "full")
PRIORS = ("equal", "empirical")


@dataclass(eq=False, repr=False)
class HMMClassifier(ClassifierMixin, Reads, Saves, BaseEstimator):
    """A left-to-right hidden Markov model a class; the likeliest says which class a sequence is of.

    Training needs hmmlearn (`pip install "mnemon[hmm]"`); predicting does not.

    Args:
        states: of each model; a sequence starts in the first, and stays or goes one on with each step.
        mixtures: Gaussians of a state.
        covariance: "diag" or "full".
        iterations: most re-estimations (Baum-Welch).
        tolerance: they end where the log-likelihood of a step grows by less.
        floor: least variance, as a share of that of all training sequences, channel by channel.
        priors: "equal", or "empirical": classes are as probable as they are frequent in training.
        features: see `SequenceEstimator`.
        random_state: seeds the k-means that deals steps to mixtures; unused with one Gaussian a state.

    Attributes:
        classes_: the classes, sorted.
        transitions_: (classes, states, states) probabilities of going from a row's state to a column's.
        weights_: (classes, states, mixtures).
        means_: (classes, states, mixtures, channels), of channels brought to mean 0 and deviation 1.
        covariances_: as `means_`; full ones (classes, states, mixtures, channels, channels).
        priors_: (classes,).
        history_: by class an array of log-likelihoods a step, before each re-estimation.
        n_features_in_: channels; mean_, scale_: of the channels.

    Example:
        >>> from mnemon import HMMClassifier
        >>> from mnemon.data import japanese_vowels
        >>> train, test = japanese_vowels()
        >>> classifier = HMMClassifier(states=3).fit(train.X, train.y)
        >>> bool(classifier.score(test.X, test.y) > 0.9)
        True

    """

    states: int = 3
    mixtures: int = 1
    covariance: str = "diag"
    iterations: int = 100
    tolerance: float = 1e-3
    floor: float = 0.01
    priors: str = "equal"
    features: Any = None
    random_state: Any = None

    # How it reads sequences, which are settings in `Reads`.
    standardize: ClassVar[bool] = True  # pyright: ignore[reportIncompatibleVariableOverride]
    missing: ClassVar[str] = "error"  # pyright: ignore[reportIncompatibleVariableOverride]

    _fitted = (
        "features_", "n_features_in_", "alphabet_", "mean_", "scale_", "fill_", "classes_", "priors_", "transitions_",
        "weights_", "means_", "covariances_", "history_",
    )  # fmt: skip

    def fit(self, X: Any, y: Any) -> Self:
        """Estimate a model for each class.

        Args:
            X: `Sequences`, a list of (time, channels) arrays, an array (n, time, channels), a 2-D array (n, time) of
                one-channel series; with `features`, recordings.
            y: (n,) labels.

        Raises:
            InvalidInput: parameters or data that cannot be used, symbols, a class with fewer steps in a state than
                there are mixtures; or hmmlearn is not installed.

        """
        raise_together(self._parameter_problems(), type(self).__name__, most=12)
        try:
            from ._baum_welch import Settings, estimate
        except ImportError:
            raise InvalidInput(
                'HMMClassifier needs hmmlearn, which is not installed: pip install "mnemon[hmm]"'
            ) from None
        labels = class_labels(y)
        xs = self._check_X(X, fitted=False)
        label_count_problem(len(xs), labels)
        if xs.alphabet is not None:
            raise InvalidInput(
                "HMMClassifier reads numbers, and these are symbols; give each symbol a vector of numbers, or take a "
                "SequenceClassifier"
            )
        classes, numbers = distinct(labels)
        at_least_two(classes)
        parts = [some(xs, np.flatnonzero(numbers == k)) for k in range(len(classes))]
        raise_together(self._class_problems(classes, parts), "X")
        self._learn_scale(xs)
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        settings = Settings(
            int(self.states), int(self.mixtures), self.covariance, int(self.iterations), float(self.tolerance),
            float(self.floor), seed,
        )  # fmt: skip
        made = [estimate(read.values, read.lengths, settings) for read in map(self._readable, parts)]
        self.classes_ = classes
        many = np.bincount(numbers) if self.priors == "empirical" else np.ones(len(classes))
        self.priors_ = many / many.sum()
        self.transitions_ = np.stack([one.model.transitions() for one in made])
        self.weights_, self.means_, self.covariances_ = (
            np.stack([getattr(one.model, name) for one in made]) for name in ("weights", "means", "covariances")
        )
        self.history_ = {label: one.history for label, one in zip(classes.tolist(), made)}
        if late := [label for label, one in zip(classes.tolist(), made) if not one.converged]:
            warnings.warn(
                f"the models of {', '.join(map(repr, late))} still grew likelier after {self.iterations} "
                "re-estimations; raise iterations, or tolerance",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def log_likelihoods(self, X: Any) -> np.ndarray:
        """(n, classes) log of the density of each sequence under the model of each class, in the units of `X`.

        Raises:
            InvalidInput: data that cannot be used, or of another number of channels.
            NotFittedError: before `fit`.

        """
        check_is_fitted(self)
        xs = self._readable(self._check_X(X, fitted=True))
        found = [model.log_likelihoods(xs.values, xs.lengths) for model in self._models()]
        return np.stack(found, axis=1) - (xs.lengths * np.log(self.scale_).sum())[:, np.newaxis]

    def predict_proba(self, X: Any) -> np.ndarray:
        """(n, classes) probabilities of the classes given the models, in the order of `classes_`.

        They are far too sure of themselves: the models take the steps of a sequence for independent, and each step
        for as good a reason as the first. What they put first means something; how sure they are does not.
        """
        said = self.log_likelihoods(X) + np.log(self.priors_)
        return softmax(said, axis=1)

    def predict(self, X: Any) -> np.ndarray:
        """(n,) the likeliest class of each sequence."""
        said = self.log_likelihoods(X) + np.log(self.priors_)
        return self.classes_[said.argmax(axis=1)]

    def summary(self) -> str:
        """What the models are made of and how they were estimated, as lines of text."""
        check_is_fitted(self)
        gaussians = "one Gaussian" if self.mixtures == 1 else f"a mixture of {self.mixtures} Gaussians"
        lines = [
            f"HMMClassifier: {self.n_features_in_} channels in, {len(self.classes_)} classes",
            f"  a left-to-right model a class: {self.states} states, each {gaussians}, covariance {self.covariance}",
        ]
        lines += [f"  {label}: {len(seen)} re-estimations, log-likelihood of a step {seen[-1]:.4g}"
                  for label, seen in self.history_.items()]  # fmt: skip
        return "\n".join(lines)

    def _models(self) -> list[LeftToRight]:
        stay = np.diagonal(self.transitions_, axis1=1, axis2=2)
        return [LeftToRight(*parts) for parts in zip(stay, self.weights_, self.means_, self.covariances_)]

    def _parameter_problems(self) -> list[str]:
        problems = [text for name in ("states", "mixtures", "iterations") for text in whole_problems(self, name, 1)]
        for name, known in (("covariance", COVARIANCES), ("priors", PRIORS)):
            if getattr(self, name) not in known:
                problems.append(f"{name}={getattr(self, name)!r}: {suggest(str(getattr(self, name)), known)}")
        for name, least in (("tolerance", "at least 0"), ("floor", "more than 0")):
            value = getattr(self, name)
            number = isinstance(value, int | float | np.number) and np.isfinite(value) and value >= 0
            if not number or (name == "floor" and value == 0):
                problems.append(f"{name}={value!r}: expected a number of {least}")
        return problems + features_problems(self.features)

    def _class_problems(self, classes: np.ndarray, parts: list[Sequences]) -> list[str]:
        """A sentence for each class whose sequences are too few or too short."""
        problems = []
        for label, part in zip(classes.tolist(), parts):
            lengths = part.lengths
            least = np.bincount(equal_segments(lengths, self.states), minlength=self.states).min()
            if least == 0:
                problems.append(
                    f"class {label!r}: its longest sequence has {lengths.max()} steps, but there are {self.states} "
                    "states; lower states"
                )
            elif least < self.mixtures:
                problems.append(
                    f"class {label!r}: {len(part)} sequences give a state {least} steps, but there are "
                    f"{self.mixtures} mixtures; lower mixtures or states"
                )
        return problems

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.non_deterministic = False
        return tags
