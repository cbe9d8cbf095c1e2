"""One network a class, each with its own sizes: S. Gluege, R. Boeck and A. Wendemuth, "Segmented-memory recurrent
neural networks versus hidden Markov models in emotion recognition from speech", NCTA 2011.

    class of x = argmax_k p_k(x),    where network k has learnt to tell class k from all others

Each network's settings are those that did best on sequences held out; it is kept as it was trained on the others.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.metrics import balanced_accuracy_score, log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import check_random_state
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_is_fitted

from ..errors import InvalidInput, InvalidType, raise_together, suggest
from ..sequences import Sequences, as_sequences
from ._base import some
from ._classifier import SequenceClassifier
from ._groups import groups_held_out
from ._hearing import Hears, features_problems
from ._labels import at_least_two, class_labels, class_numbers, distinct, label_count_problem
from ._saving import Saves, restored, retold, told


class Split(NamedTuple):
    """Training sequences with the numbers of their classes, and those held out, where there are any."""

    xs: Sequences
    numbers: np.ndarray
    held: tuple[Sequences, np.ndarray] | None


class Judged(NamedTuple):
    """A trained network of one class, and how it did on the sequences held out (NaN where there are none)."""

    estimator: SequenceClassifier
    score: float
    loss: float


@dataclass(eq=False, repr=False)
class OneNetworkPerClass(ClassifierMixin, Hears, Saves, BaseEstimator):
    """A network of two classes for each class: this one, or not; the one that is surest says the class.

    Both sides of each network count the same in training, however rare the class.

    Args:
        estimator: the `SequenceClassifier` that each network is a copy of, or None for one as it comes.
        settings: None; or a dict by class of parameters of its network, such as `{"anger": {"units": 28}}`; or a list
            of such parameters, of which each class takes the best: that of the highest balanced accuracy on sequences
            held out, where several have the same that of the lowest loss.
        validation_fraction: about the share that is held out for a list of settings, each class in both parts.
        refit: train the networks of the chosen settings again on all sequences. By default they stay as they are.
        features: see `SequenceEstimator`; recordings are read once, for all networks.
        n_jobs: processes that train, as joblib counts them.
        random_state: one integer seeds everything; each class has a seed of its own.

    Attributes:
        classes_: the classes, sorted.
        estimators_: a fitted `SequenceClassifier` a class, whose classes are False and True.
        settings_: the parameters of each, a dict a class.
        scores_: (classes, settings) balanced accuracies on what was held out; NaN where nothing was.
        losses_: as `scores_`, the mean cross-entropies, both sides counting the same.
        n_features_in_: channels.

    Example:
        >>> import numpy as np
        >>> from mnemon import OneNetworkPerClass, SequenceClassifier
        >>> from mnemon.data import japanese_vowels
        >>> train, test = japanese_vowels()
        >>> few = np.isin(train.y, np.unique(train.y)[:2])
        >>> network = SequenceClassifier("elman", epochs=2)
        >>> classifier = OneNetworkPerClass(network, [{"units": 2}, {"units": 4}], random_state=0)
        >>> classifier.fit(train.X[few], train.y[few]).scores_.shape
        (2, 2)

    """

    estimator: Any = None
    settings: Any = None
    validation_fraction: float = 0.1
    refit: bool = False
    features: Any = None
    n_jobs: int | None = None
    random_state: Any = None

    _fitted = ("features_", "classes_", "settings_", "scores_", "losses_")

    def fit(self, X: Any, y: Any, groups: Any = None, validation_data: Any = None) -> Self:
        """Train the networks, and choose the settings of each.

        Args:
            X: sequences, as `SequenceClassifier` takes them; with `features`, recordings.
            y: (n,) labels.
            groups: (n,) such as speakers: no group is both held out and trained on.
            validation_data: (X, y) to choose by (and, with the estimator's `early_stopping`, to stop by) instead of
                sequences held out.

        Raises:
            InvalidInput: parameters or data that cannot be used; a class with too few sequences, or in too few groups,
                to hold some out.
            InvalidType: `estimator` is no SequenceClassifier.

        """
        template = self._template()
        raise_together(self._parameter_problems(template), type(self).__name__, most=12)
        labels = class_labels(y)
        xs = as_sequences(self._heard(X, fitted=False), allow_nan=True)
        label_count_problem(len(xs), labels)
        classes, numbers = distinct(labels)
        at_least_two(classes)
        candidates = self._candidates(classes)
        split = self._split(xs, numbers, classes, groups, validation_data, search=len(candidates[0]) > 1)
        root = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        seeds = [int(np.random.SeedSequence([root, k]).generate_state(1)[0] >> 1) for k in range(len(classes))]
        wanted = [
            (k, _copy(template).set_params(**setting, class_weight="balanced", random_state=seeds[k]))
            for k, each in enumerate(candidates)
            for setting in each
        ]
        judged: Any = Parallel(n_jobs=self.n_jobs)(delayed(_judge)(one, k, split) for k, one in wanted)
        table = [judged[k * len(candidates[0]) : (k + 1) * len(candidates[0])] for k in range(len(classes))]
        best = [
            min(range(len(row)), key=lambda j: (-row[j].score, row[j].loss) if len(row) > 1 else 0) for row in table
        ]
        networks = [row[j].estimator for row, j in zip(table, best)]
        if self.refit and split.held is not None:
            whole = Split(xs, numbers, None)
            again: Any = Parallel(n_jobs=self.n_jobs)(
                delayed(_judge)(_copy(one), k, whole) for k, one in enumerate(networks)
            )
            networks = [one.estimator for one in again]
        self.classes_ = classes
        self.estimators_ = networks
        self.settings_ = [dict(each[j]) for each, j in zip(candidates, best)]
        self.scores_ = np.array([[one.score for one in row] for row in table])
        self.losses_ = np.array([[one.loss for one in row] for row in table])
        return self

    @property
    def n_features_in_(self) -> int:
        """Channels."""
        check_is_fitted(self, "estimators_")
        return self.estimators_[0].n_features_in_

    def predict_proba(self, X: Any) -> np.ndarray:
        """(n, classes) what the networks say, brought to a sum of 1, in the order of `classes_`."""
        said = self._said(X)
        return said / said.sum(axis=1, keepdims=True)

    def decision_function(self, X: Any) -> np.ndarray:
        """(n, classes) the probability that each network gives to its class; they need not sum to 1.

        Of two classes, as scikit-learn has it, (n,): that of the second less that of the first.
        """
        said = self._said(X)
        return said if len(self.classes_) > 2 else said[:, 1] - said[:, 0]

    def predict(self, X: Any) -> np.ndarray:
        """(n,) the class of each sequence whose network is surest.

        Raises:
            InvalidInput: data that cannot be used, or of another number of channels.
            NotFittedError: before `fit`.

        """
        said = self._said(X)
        return self.classes_[said.argmax(axis=1)]

    def summary(self) -> str:
        """The settings of each class and how they did, as lines of text."""
        check_is_fitted(self, "estimators_")
        lines = [f"OneNetworkPerClass: {self.n_features_in_} channels in, {len(self.classes_)} networks"]
        for label, setting, one, scores in zip(self.classes_, self.settings_, self.estimators_, self.scores_):
            how = ", ".join(f"{name}={value!r}" for name, value in setting.items()) or "as the estimator says"
            score = f", balanced accuracy {scores.max():.3f} held out" if np.isfinite(scores).all() else ""
            lines.append(f"  {label}: {how}: {one.network_.weight_count()} weights{score}")
        return "\n".join(lines)

    def _said(self, X: Any) -> np.ndarray:
        """(n, classes) probabilities, above 0."""
        check_is_fitted(self, "estimators_")
        heard = self._heard(X, fitted=True)
        each = [one.predict_proba(heard)[:, 1] for one in self.estimators_]
        return np.maximum(np.stack(each, axis=1), np.finfo(float).tiny)

    def _template(self) -> SequenceClassifier:
        template = SequenceClassifier() if self.estimator is None else self.estimator
        if not isinstance(template, SequenceClassifier):
            raise InvalidType(f"estimator: expected a SequenceClassifier, got {type(template).__name__}")
        return template

    def _candidates(self, classes: np.ndarray) -> list[list[dict[str, Any]]]:
        """The settings to try, for each class as many."""
        if not isinstance(self.settings, dict):
            return [list(self.settings or [{}])] * len(classes)
        named = classes.tolist()
        raise_together(
            [f"a class {label!r}, which y does not hold" for label in self.settings if label not in named], "settings"
        )
        return [[self.settings.get(label, {})] for label in named]

    def _split(
        self, xs: Sequences, numbers: np.ndarray, classes: np.ndarray, groups: Any, given: Any, *, search: bool
    ) -> Split:
        """What is trained on and what is judged by."""
        if given is not None:
            try:
                X, y = given
            except (TypeError, ValueError):
                raise InvalidInput("validation_data: expected a pair (X, y)") from None
            others = as_sequences(self._heard(X, fitted=True), alphabet=xs.alphabet, allow_nan=True)
            labels = class_labels(y)
            label_count_problem(len(others), labels)
            return Split(xs, numbers, (others, class_numbers(labels, classes, "validation_data's y")))
        if not search:
            return Split(xs, numbers, None)
        kept, out = held_out(numbers, classes, groups, self.validation_fraction, self.random_state)
        return Split(some(xs, kept), numbers[kept], (some(xs, out), numbers[out]))

    def _parameter_problems(self, template: SequenceClassifier) -> list[str]:
        problems = features_problems(self.features)
        if template.features is not None:
            problems.append("estimator: its features= belong to OneNetworkPerClass(features=...), which reads for all")
        if not isinstance(self.validation_fraction, int | float | np.floating) or not 0 < self.validation_fraction < 1:
            problems.append(f"validation_fraction={self.validation_fraction!r}: expected a share in (0, 1)")
        settings = self.settings
        each = list(settings.values()) if isinstance(settings, dict) else settings
        if each is None:
            return problems
        if not isinstance(each, list | tuple) or not each or not all(isinstance(one, dict) for one in each):
            return [*problems, "settings: expected a list of dicts of parameters, or such a dict by class"]
        known = template.get_params()
        wrong = {name for one in each for name in one if name not in known}
        problems += [f"settings: no parameter {name!r} of the estimator: {suggest(name, known)}" for name in wrong]
        fixed = {name for one in each for name in one if name in ("class_weight", "random_state", "features")}
        return problems + [f"settings: {name} is no setting of a single network" for name in sorted(fixed)]

    # The file holds the networks of all classes, each as a file of its own would

    def _parameters(self, *, weights_only: bool) -> dict[str, Any]:
        parameters = super()._parameters(weights_only=weights_only)
        del parameters["estimator"]
        return parameters

    def _described(self, *, weights_only: bool = False) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        about, tensors = super()._described(weights_only=weights_only)
        about["template"], about["members"] = None, []
        if self.estimator is not None:
            mine: dict[str, np.ndarray] = {}
            about["template"] = told(self.estimator, mine)
            tensors |= {f"template/{name}": tensor for name, tensor in mine.items()}
        for k, one in enumerate(self.estimators_):
            words, its = one._described()
            about["members"].append(words)
            tensors |= {f"{k}/{name}": tensor for name, tensor in its.items()}
        return about, tensors

    def _restore(self, about: dict[str, Any], tensors: dict[str, np.ndarray], like: Any) -> None:
        super()._restore(about, tensors, like)
        if about["template"] is not None:
            self.estimator = retold(about["template"], _under("template/", tensors))
        self.estimators_ = [restored(words, _under(f"{k}/", tensors)) for k, words in enumerate(about["members"])]

    def _after_load(self) -> None:
        self.classes_ = np.asarray(self.classes_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags = self._template().__sklearn_tags__().input_tags
        tags.non_deterministic = False
        return tags


def held_out(
    numbers: np.ndarray, classes: np.ndarray, groups: Any, share: float, random_state: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Rows kept and rows held out, every class in both; whole groups where there are some.

    Raises:
        InvalidInput: another number of groups than of sequences, or a class with too few sequences or groups.

    """
    what = "sequence" if groups is None else "group"
    each = np.arange(len(numbers)) if groups is None else np.asarray(groups)
    label_count_problem(len(numbers), each, "groups")
    counts = np.array([len(np.unique(each[numbers == k])) for k in range(len(classes))])
    raise_together(
        [
            f"class {classes.tolist()[k]!r} has 1 {what} only, but one must be held out"
            for k in np.flatnonzero(counts < 2)
        ],
        "settings (give validation_data, or one setting a class)",
    )
    if groups is not None:
        kept, out = groups_held_out(groups, share, random_state, numbers)
        if len(np.unique(numbers[out])) < len(classes):
            raise InvalidInput(
                "groups: no way was found to hold some of them out with every class in both parts; give validation_data"
            )
        return kept, out
    folds = int(min(max(round(1 / share), 2), counts.min()))
    return next(StratifiedKFold(folds, shuffle=True, random_state=random_state).split(np.zeros(len(numbers)), numbers))


def _copy(estimator: SequenceClassifier) -> SequenceClassifier:
    made: Any = clone(estimator)
    return made


def _judge(estimator: SequenceClassifier, number: int, split: Split) -> Judged:
    """The network of one class, trained and judged."""
    if split.held is None:
        return Judged(estimator.fit(split.xs, split.numbers == number), np.nan, np.nan)
    others, truth = split.held[0], split.held[1] == number
    stops = (others, truth) if estimator.early_stopping else None
    estimator.fit(split.xs, split.numbers == number, validation_data=stops)
    chances = estimator.predict_proba(others)
    score = balanced_accuracy_score(truth, chances[:, 1] > 0.5)
    weights = compute_sample_weight("balanced", truth)
    return Judged(estimator, float(score), float(log_loss(truth, chances, sample_weight=weights, labels=[False, True])))


def _under(prefix: str, tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The tensors of one part of the file, by their names there."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
