"""Classification of whole sequences."""

from typing import Any, Self, cast

import numpy as np
from scipy.special import softmax
from sklearn.base import ClassifierMixin
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from ..errors import InvalidInput, InvalidType, suggest
from ..learning import CrossEntropy, Examples, Loss, Population, Store, Until, answers
from ..sequences import Sequences
from ._base import SequenceEstimator, Split
from ._saving import FITTED
from ._stream import Stream


class SequenceClassifier(ClassifierMixin, SequenceEstimator):
    """A recurrent network that says which class a whole sequence is of.

    Args:
        cell: "lstm", "gru", "elman"; a cell class; or a function `(input_size, units, *, key) -> Cell`, such as
            `functools.partial(LSTM, variant="peephole")`.
        units: units of a layer.
        layers: layers on top of each other.
        bidirectional: read each sequence from both ends; such a classifier cannot stream.
        segment_length: make each layer a segmented-memory layer of two such cells, with segments of so many steps.
        readout: where the answer is read: "end", "mean", "max", "attention", "segments" or "steps".
        gradient: "bptt", or a rule such as `TruncatedBPTT(50)`.
        optimizer: a name of optax ("adam", "sgd", "rmsprop" ...), run at `learning_rate` and clipped to norm 1; an
            `Update` such as `Optax("sgd", 0.1, momentum=0.9)`; or an optax transformation.
        learning_rate: for an optimizer given by name.
        epochs: most passes over the training data.
        batch_size: sequences in an update; None for all of them.
        early_stopping: True, or epochs to wait: hold out `validation_fraction` (or use `validation_data`), stop when
            its loss no longer falls (True waits 10 epochs), and restore the best weights.
        validation_fraction: share of each class that is held out for early stopping.
        dropout: share of each layer's units that is silent in training, the same along a sequence, in what the layer
            hands on and in what it feeds back (Gal and Ghahramani 2016; segmented layers: only what they hand on).
        standardize: bring each channel to mean 0 and deviation 1, as measured on the training part.
        class_weight: None, "balanced", or a weight by class.
        n_networks: networks trained together in one compiled call; their probabilities are averaged.
        precision: "float32" or "float64".
        random_state: one integer seeds everything.
        verbose: 0 silent; 1 a progress bar (on a terminal); or a function called with a `Progress` after each epoch.
        network: your own: a `Network`, or a function `(inputs, outputs, *, key) -> Network`; the parameters from `cell`
            to `readout` and `dropout` are then not used.
        store: a `Store` that keeps checkpoints; fitting the same data with the same parameters goes on from there.

    Attributes:
        classes_: the classes, sorted.
        n_features_in_: channels.
        history_: by name an array (epochs, networks): "loss", "validation_loss", "validation_score"; and "epoch",
            (epochs,).
        n_epochs_: epochs trained, of the longest trained network.
        result_: how training ended, a `Result`; of several networks, a tuple of them (also `results_`).
        network_: the trained network; population_: all of them.
        mean_, scale_: of the channels.
        seconds_: where the time of training went.

    Example:
        >>> from mnemon import SequenceClassifier
        >>> from mnemon.data import japanese_vowels
        >>> train, test = japanese_vowels()
        >>> classifier = SequenceClassifier(units=8, epochs=2, random_state=0).fit(train.X, train.y)
        >>> classifier.predict(test.X[:3]).shape
        (3,)

    """

    _fitted = (*FITTED, "classes_")

    def __init__(
        self,
        cell: Any = "lstm",
        units: int = 64,
        layers: int = 1,
        bidirectional: bool = False,
        segment_length: int | None = None,
        readout: str = "end",
        gradient: Any = "bptt",
        optimizer: Any = "adam",
        learning_rate: float = 0.005,
        epochs: int = 60,
        batch_size: int | None = 32,
        early_stopping: bool | int = False,
        validation_fraction: float = 0.1,
        dropout: float = 0.3,
        standardize: bool = True,
        class_weight: Any = None,
        n_networks: int = 1,
        precision: str = "float32",
        random_state: Any = None,
        verbose: Any = 0,
        network: Any = None,
        store: Store | None = None,
    ) -> None:
        self.cell = cell
        self.units = units
        self.layers = layers
        self.bidirectional = bidirectional
        self.segment_length = segment_length
        self.readout = readout
        self.gradient = gradient
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.dropout = dropout
        self.standardize = standardize
        self.class_weight = class_weight
        self.n_networks = n_networks
        self.precision = precision
        self.random_state = random_state
        self.verbose = verbose
        self.network = network
        self.store = store

    def fit(self, X: Any, y: Any, sample_weight: Any = None, validation_data: tuple[Any, Any] | None = None) -> Self:
        """Train from the beginning.

        Args:
            X: `Sequences`, a list of (time, channels) arrays, an array (n, time, channels), or a 2-D array (n, time)
                of one-channel series.
            y: (n,) labels of any kind.
            sample_weight: (n,) what each sequence counts.
            validation_data: (X, y) to judge by after each epoch; used by early stopping instead of a held-out part.

        Raises:
            InvalidInput: parameters or data that cannot be used; all problems of one kind together.

        """
        self._check_parameters()
        with self._all_or_nothing():
            self._fit(X, y, sample_weight, validation_data)
        return self

    def _fit(self, X: Any, y: Any, sample_weight: Any, validation_data: tuple[Any, Any] | None) -> None:
        xs, labels = self._check_pair(X, y, fitted=False)
        self.classes_, numbers = _distinct(labels)
        if len(self.classes_) < 2:
            only = self.classes_.tolist()[0]
            raise InvalidInput(f"y holds one class only ({only!r}); a classifier needs sequences of at least 2 classes")
        weights = self._weights(labels, sample_weight, xs)
        held_out = None
        if validation_data is not None:
            held_out = self._validation(validation_data, xs)
        elif self.early_stopping:
            kept, out = self._hold_out(numbers)
            held_out = (_some(xs, out), numbers[out])
            xs, numbers, weights = _some(xs, kept), numbers[kept], weights[kept]
        self._learn_scale(xs)
        validation = None if held_out is None else Examples(self._scaled(held_out[0]), held_out[1])
        split = Split(Examples(self._scaled(xs), numbers, weights), validation)
        seed = self._seed()
        self.calls_ = 0
        with self._precise():
            self._keep(self._train(self._build(seed), split, self._until(held_out is not None), seed))

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
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
            self._fit_further(X, y, classes, sample_weight)
        return self

    def _fit_further(self, X: Any, y: Any, classes: Any, sample_weight: Any) -> None:
        first = not hasattr(self, "population_")
        xs, labels = self._check_pair(X, y, fitted=not first)
        if first:
            self.classes_, _ = _distinct(labels if classes is None else np.asarray(classes))
            if len(self.classes_) < 2:
                raise InvalidInput("a classifier needs at least 2 classes; name all of them with classes=")
            self._learn_scale(xs)
            self.calls_ = 0
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise InvalidInput(f"classes={classes!r} differ from those of the first call, {self.classes_!r}")
        numbers = self._numbers(labels, "y")
        weights = self._weights(labels, sample_weight, xs)
        seed = self._seed() if first or self.random_state is None else int(np.random.SeedSequence(
            [self._seed(), self.calls_]).generate_state(1)[0])  # fmt: skip
        with self._precise():
            population = self._build(seed) if first else Population.of(list(self.population_), seed)
            split = Split(Examples(self._scaled(xs), numbers, weights), None)
            before = getattr(self, "history_", None)
            self._keep(
                self._train(population, split, Until(1, restore_best=False), seed, None if first else self.memory_)
            )
        self.calls_ += 1
        if before is not None:
            loss = np.concatenate([before["loss"], self.history_["loss"]])
            self.history_ = {"epoch": np.arange(1, len(loss) + 1), "loss": loss}
            self.n_epochs_ = len(loss)

    def predict_proba(self, X: Any) -> np.ndarray:
        """(n, classes) probabilities, in the order of `classes_`; the mean over the networks.

        Raises:
            InvalidInput: data that cannot be used, or of another number of channels.
            NotFittedError: before `fit`.

        """
        check_is_fitted(self, "population_")
        xs = self._scaled(self._check_X(X, fitted=True))
        with self._precise():
            return self._probabilities(answers(self.population_, xs))

    def predict(self, X: Any) -> np.ndarray:
        """(n,) the most probable class of each sequence."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)] if hasattr(self, "classes_") else self._refuse()

    def predict_stream(self) -> Stream:
        """A `Stream`: push one frame at a time, and get the (classes,) probabilities of the sequence so far.

        After t frames they are those of `predict_proba` for the first t steps; the memory needed is constant.

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
        return self._open_stream(lambda said: self._probabilities(said)[0])

    def _parameter_problems(self) -> list[str]:
        problems, weight = super()._parameter_problems(), self.class_weight
        if isinstance(weight, str) and weight != "balanced":
            problems.append(f"class_weight={weight!r}: {suggest(weight, ['balanced'])}, None, or a weight by class")
        elif isinstance(weight, dict):
            numbers = (int, float, np.number)
            if wrong := {k: v for k, v in weight.items() if not (isinstance(v, numbers) and 0 <= v < np.inf)}:
                problems.append(f"class_weight={wrong!r}: expected finite numbers of at least 0")
        elif weight is not None and not isinstance(weight, str):
            problems.append(f"class_weight: expected 'balanced', a dict or None; got {type(weight).__name__}")
        return problems

    def _outputs(self) -> int:
        return len(self.classes_)

    def _loss(self) -> Loss:
        return CrossEntropy()

    def _probabilities(self, said: np.ndarray) -> np.ndarray:
        """Logits (networks, n, classes) as mean probabilities (n, classes)."""
        return softmax(said.astype(np.float64), axis=-1).mean(axis=0)

    def _refuse(self) -> np.ndarray:
        check_is_fitted(self, "population_")
        raise AssertionError  # check_is_fitted has raised

    def _check_pair(self, X: Any, y: Any, *, fitted: bool) -> tuple[Sequences, np.ndarray]:
        """Sequences and labels, as many of each."""
        if y is None:
            raise InvalidInput("requires y to be passed, but the target y is None: give one label for each sequence")
        xs = self._check_X(X, fitted=fitted)
        labels = column_or_1d(y, warn=True)
        if labels.dtype.kind == "f":
            assert_all_finite(labels, input_name="y")
        _distinct(labels)
        check_classification_targets(labels)
        if len(labels) != len(xs):
            raise InvalidInput(
                f"Found input variables with inconsistent numbers of samples: {len(xs)} sequences but {len(labels)} "
                "labels; give one label for each sequence"
            )
        return xs, labels

    def _numbers(self, labels: np.ndarray, name: str) -> np.ndarray:
        """Class numbers of labels."""
        numbers = np.searchsorted(self.classes_, labels).clip(0, len(self.classes_) - 1)
        wrong = self.classes_[numbers] != labels
        if np.any(wrong):
            k = int(np.argmax(wrong))
            label, known = labels[k : k + 1].tolist()[0], ", ".join(map(repr, self.classes_.tolist()))
            raise InvalidInput(f"{name} holds the label {label!r} (at {k}), which is none of {known}")
        return numbers

    def _weights(self, labels: np.ndarray, sample_weight: Any, xs: Sequences) -> np.ndarray:
        weights = _check_sample_weight(sample_weight, np.zeros((len(xs), 1)), dtype=np.float64)
        if np.any(weights < 0) or not weights.sum() > 0:
            raise InvalidInput("sample_weight: expected numbers of at least 0, not all of them 0")
        if self.class_weight is not None:
            weights = weights * compute_sample_weight(self.class_weight, labels)
        return weights

    def _validation(self, data: tuple[Any, Any], xs: Sequences) -> tuple[Sequences, np.ndarray]:
        """Validation data given by the user, checked against the training data."""
        try:
            X, y = data
        except (TypeError, ValueError):
            raise InvalidInput("validation_data: expected a pair (X, y)") from None
        self.alphabet_, self.n_features_in_ = xs.alphabet, xs.n_channels
        other, labels = self._check_pair(X, y, fitted=True)
        return other, self._numbers(labels, "validation_data's y")

    def _hold_out(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows kept for training and rows held out, every class in both."""
        counts = np.bincount(numbers)
        if counts.min() < 2:
            rare = ", ".join(map(repr, self.classes_[counts < 2].tolist()))
            raise InvalidInput(
                f"early_stopping: 1 sequence only of class {rare}, but a held-out part needs 2 of each class; give "
                "validation_data, or set early_stopping=False"
            )
        draw = np.random.default_rng(self._seed())
        out = np.zeros(len(numbers), bool)
        for k, count in enumerate(counts):
            share = min(max(round(self.validation_fraction * count), 1), count - 1)
            out[draw.permutation(np.flatnonzero(numbers == k))[:share]] = True
        return np.flatnonzero(~out), np.flatnonzero(out)

    def _after_load(self) -> None:
        """Attributes that follow from those in a model file."""
        self.result_ = self.results_[0] if len(self.results_) == 1 else self.results_
        self.n_epochs_ = max(result.epochs for result in self.results_)
        self.classes_ = np.asarray(self.classes_)


def _distinct(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The classes, sorted, and the number of each label's class."""
    try:
        return np.unique(labels, return_inverse=True)
    except TypeError:
        kinds = ", ".join(sorted({type(label).__name__ for label in labels}))
        raise InvalidType(f"y mixes labels that cannot be sorted ({kinds}); make them all of one kind") from None


def _some(xs: Sequences, rows: np.ndarray) -> Sequences:
    """Some of the sequences."""
    return cast(Sequences, xs[rows])
