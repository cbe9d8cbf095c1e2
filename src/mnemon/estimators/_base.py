"""What all sequence estimators share: parameters, and the way from data to trained networks."""

from dataclasses import dataclass
from typing import Any, Self, cast

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from ..errors import InvalidInput, raise_together
from ..learning import (
    Examples,
    Loss,
    Population,
    Targets,
    Until,
    take_targets,
)
from ..sequences import Sequences
from ._describe import part_lines
from ._groups import groups_held_out
from ._labels import label_count_problem
from ._parameters import parameter_problems
from ._pickling import PicklesArrays
from ._reading import Reads
from ._saving import Savable
from ._training import Split, Trains


@dataclass(eq=False, repr=False)
class SequenceEstimator(Trains, PicklesArrays, Reads, Savable, BaseEstimator):
    """Base of the estimators, with the parameters that all of them have.

    Args:
        cell: a name (`mnemon list cells`), a cell class; or a function `(input_size, units, *, key) -> Cell`, such as
            `functools.partial(LSTM, variant="peephole")`.
        units: units of a layer.
        layers: layers on top of each other.
        bidirectional: read each sequence from both ends; such a network cannot stream.
        segment_length: make each layer a segmented-memory layer of two such cells, with segments of so many steps.
        embedding: for symbols: numbers of a learnt vector for each; None: one-hot vectors.
        gradient: "bptt", "rtrl", "snap", "uoro", "rflo" or "truncated1997"; or a rule such as `TruncatedBPTT(50)`.
            "rtrl", "snap" and "uoro" train without dropout.
        optimizer: a name of optax ("adam", "sgd", "rmsprop" ...), run at `learning_rate` and clipped to norm 1; an
            `Update` such as `Optax("sgd", 0.1, momentum=0.9)`; an optax transformation; a learner of its own, by name
            ("kalman-filter", "levenberg-marquardt", "hessian-free" ...; "ridge" solves for the readout and leaves the
            layers as they are) or with settings, such as `KalmanFilter(uncertainty=1000)`; or a whole
            `Learner(gradient, update, moment)`, beside which `gradient` and `batch_size` are not used.
        learning_rate: for an optimizer given by name.
        epochs: most passes over the training data.
        batch_size: sequences in an update; None for all of them.
        early_stopping: True, or epochs to wait: hold out `validation_fraction` (or use `validation_data`), stop when
            its loss no longer falls (True waits 10 epochs), and restore the best weights.
        validation_fraction: share of the data (of each class) that is held out for early stopping.
        dropout: share of each layer's units that is silent in training, the same along a sequence, in what the layer
            hands on and in what it feeds back (Gal and Ghahramani 2016; segmented layers: only what they hand on).
        standardize: bring each channel to mean 0 and deviation 1, as measured on the training part.
        missing: what NaN in the data means: "error"; "interpolate" linearly between the known steps; or "mask": the
            training mean, and a channel beside each channel that says where it was missing.
        n_networks: networks trained together in one compiled call; their answers are averaged.
        features: what makes sequences of recordings, such as `mnemon.data.audio.MFCC()` ("mfcc", "logmel"): `X` is then
            a list of sound files (`Sequences` are taken as they are), also in `predict`; it is kept in the model file.
            `fit` learns from the changed copies that `augment=Augment(...)` of the features says, too.
        precision: "float32" or "float64".
        random_state: one integer seeds everything.
        verbose: 0 silent; 1 a progress bar (on a terminal); or a function called with a `Progress` after each epoch.
        callbacks: functions called with a `Progress` after each epoch; one that returns True ends training.
        warm_start: `fit` goes on from the networks of the last `fit`, with the optimiser's memory and the scale of
            channels it had; for `epochs` more.
        network: your own: a `Network`, or a function `(inputs, outputs, *, key) -> Network`; the parameters of layers
            (and `dropout`) are then not used.
        store: a `Store` that keeps checkpoints; fitting the same data with the same parameters goes on from there.

    Attributes:
        n_features_in_: channels.
        history_: by name an array (epochs, networks): "loss", "validation_loss", "validation_score"; and "epoch",
            (epochs,).
        n_epochs_: epochs trained, of the longest trained network.
        result_: how training ended, a `Result`; of several networks, a tuple of them (also `results_`).
        network_: the trained network; population_: all of them.
        mean_, scale_: of the channels.
        seconds_: where the time of training went.

    """

    cell: Any = "lstm"
    units: int = 64
    layers: int = 1
    bidirectional: bool = False
    segment_length: int | None = None
    embedding: int | None = None
    gradient: Any = "bptt"
    optimizer: Any = "adam"
    learning_rate: float = 0.005
    epochs: int = 60
    batch_size: int | None = 32
    early_stopping: bool | int = False
    validation_fraction: float = 0.1
    dropout: float = 0.0
    standardize: bool = True
    missing: str = "error"
    n_networks: int = 1
    features: Any = None
    precision: str = "float32"
    random_state: Any = None
    verbose: Any = 0
    callbacks: Any = ()
    warm_start: bool = False
    network: Any = None
    store: Any = None

    # What a task says

    def _outputs(self) -> int:
        """Number of outputs of the network, known once targets have been seen."""
        raise NotImplementedError

    def _loss(self) -> Loss:
        """What an answer costs."""
        raise NotImplementedError

    def _place(self) -> Any:
        """Where the readout stands."""
        return "steps"

    def _check_pair(self, X: Any, y: Any, *, fitted: bool) -> tuple[Sequences, Any]:
        """Sequences and what they should be answered by, checked against each other."""
        raise NotImplementedError

    def _learn_targets(self, y: Any) -> None:
        """Remember the classes, or the scale, of the targets."""
        raise NotImplementedError

    def _encode(self, y: Any, name: str) -> Targets:
        """Targets as the loss takes them."""
        raise NotImplementedError

    def _weights(self, y: Any, sample_weight: Any, xs: Sequences) -> np.ndarray:
        """What each sequence counts."""
        weights = _check_sample_weight(sample_weight, np.zeros((len(xs), 1)), dtype=np.float64)
        if np.any(weights < 0) or not weights.sum() > 0:
            raise InvalidInput("sample_weight: expected numbers of at least 0, not all of them 0")
        return weights

    def _hold_out(self, y: Any, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows kept for training and rows held out, of so many sequences."""
        if count < 2:
            raise InvalidInput(
                "early_stopping: a held-out part needs at least 2 sequences; give validation_data, or set "
                "early_stopping=False"
            )
        order = np.random.default_rng(self._seed()).permutation(count)
        share = min(max(round(self.validation_fraction * count), 1), count - 1)
        return np.sort(order[share:]), np.sort(order[:share])

    def _whole_groups_out(self, y: Any, groups: Any, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows kept and rows held out, in whole groups."""
        label_count_problem(count, np.asarray(groups), "groups")
        return groups_held_out(groups, self.validation_fraction, self._seed(), self._class_numbers(y))

    def _class_numbers(self, y: Any) -> np.ndarray | None:
        """The class of each sequence as a number, where each has one."""
        return None

    def _parameter_problems(self) -> list[str]:
        """A sentence for each wrong parameter; a task adds its own."""
        return parameter_problems(self)

    # Training

    def fit(self, X: Any, y: Any, sample_weight: Any = None, validation_data: Any = None, groups: Any = None) -> Self:
        """Train from the beginning (with `warm_start`, go on).

        Args:
            X: `Sequences`, a list of (time, channels) arrays, an array (n, time, channels), a 2-D array (n, time) of
                one-channel series; or strings of symbols; with `features`, recordings.
            y: targets, one a sequence (or one a step, where the task labels steps).
            sample_weight: (n,) what each sequence counts.
            validation_data: (X, y) to judge by after each epoch; used by early stopping instead of a held-out part.
            groups: (n,) such as speakers: early stopping then holds out whole groups.

        Raises:
            InvalidInput: parameters or data that cannot be used; all problems of one kind together.

        """
        self._check_parameters()
        with self._all_or_nothing():
            self._fit(X, y, sample_weight, validation_data, groups)
        return self

    def _fit(self, X: Any, y: Any, sample_weight: Any, validation_data: Any, groups: Any) -> None:
        again = bool(self.warm_start) and hasattr(self, "population_")
        xs, raw = self._check_pair(X, y, fitted=again)
        if not again:
            self._learn_targets(raw)
        weights = self._weights(raw, sample_weight, xs)
        kept, out, other = np.arange(len(xs)), None, None
        if validation_data is not None:
            self._learn_channels(xs)
            other = self._validation(validation_data)
        elif self.early_stopping:
            kept, out = self._hold_out(raw, len(xs)) if groups is None else self._whole_groups_out(raw, groups, len(xs))
        if not again:
            self._learn_scale(xs if out is None else some(xs, kept))
            self.calls_ = 0
        targets, readable = self._encode(raw, "y"), self._readable(xs)
        validation = None
        if other is not None:
            validation = Examples(self._readable(other[0]), self._encode(other[1], "validation_data's y"))
        elif out is not None:
            validation = Examples(some(readable, out), take_targets(targets, out))
        copies = self._with_copies(X, kept)  # of what is learned from only
        rows = kept if copies is None else copies[1]
        readable = some(readable, kept) if copies is None else self._readable(copies[0])
        targets, weights = take_targets(targets, rows), weights[rows]
        split, until = Split(Examples(readable, targets, weights), validation), self._until(validation is not None)
        if again:
            self._go_on(split, until)
            return
        seed = self._seed()
        with self._precise():
            self._keep(self._train(self._build(seed), split, until, seed))

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """One more epoch on these data, with the optimiser's memory; also after `mnemon.load`.

        Args:
            X, y, sample_weight: as for `fit`.

        Raises:
            InvalidInput: as `fit`.

        """
        self._check_parameters()
        with self._all_or_nothing():
            self._fit_further(X, y, sample_weight)
        return self

    def _fit_further(self, X: Any, y: Any, sample_weight: Any) -> None:
        first = not hasattr(self, "population_")
        xs, raw = self._check_pair(X, y, fitted=not first)
        if first:
            self._learn_targets(raw)
            self._learn_scale(xs)
            self.calls_ = 0
        targets, weights = self._encode(raw, "y"), self._weights(raw, sample_weight, xs)
        split, once = Split(Examples(self._readable(xs), targets, weights), None), Until(1, restore_best=False)
        if not first:
            self._go_on(split, once)
            return
        seed = self._seed()
        with self._precise():
            self._keep(self._train(self._build(seed), split, once, seed))
        self.calls_ = 1

    def _go_on(self, split: Split, until: Until) -> None:
        """Train the networks there are, and lengthen the history."""
        seed = self._seed()
        if self.random_state is not None:
            seed = int(np.random.SeedSequence([seed, self.calls_]).generate_state(1)[0])
        before = self.history_
        with self._precise():
            population = Population.of(list(self.population_), seed)
            self._keep(self._train(population, split, until, seed, self.memory_))
        self.calls_ += 1
        shared = [name for name in self.history_ if name in before and name != "epoch"]
        joined = {name: np.concatenate([before[name], self.history_[name]]) for name in shared}
        self.n_epochs_ = len(joined["loss"])
        self.history_ = {"epoch": np.arange(1, self.n_epochs_ + 1), **joined}

    def _validation(self, data: Any) -> tuple[Sequences, Any]:
        """Validation data given by the user, checked against the training data; not yet encoded."""
        try:
            X, y = data
        except (TypeError, ValueError):
            raise InvalidInput("validation_data: expected a pair (X, y)") from None
        return self._check_pair(X, y, fitted=True)

    def _check_parameters(self) -> None:
        """Raise one `InvalidInput` that names all wrong parameters."""
        raise_together(self._parameter_problems(), type(self).__name__, most=12)

    # Telling

    def summary(self) -> str:
        """What the network is made of and how it was trained, as lines of text."""
        check_is_fitted(self, "population_")
        network = self.population_[0]
        kind = "channels" if self.alphabet_ is None else "symbols"
        lines = [f"{type(self).__name__}: {self.n_features_in_} {kind} in, {network.output_size} outputs"]
        lines += part_lines(network, self.precision)
        if len(self.population_) > 1:
            lines.append(f"  {len(self.population_)} networks, whose {self._averaged} are averaged")
        for k, result in enumerate(self.results_):
            who = f"network {k}" if len(self.results_) > 1 else "training"
            best = f", weights of epoch {result.best_epoch}" if self._restored() else ""
            lines.append(f"{who} {result.sentence}: {result.epochs} epochs, {result.evaluations} updates{best}")
        return "\n".join(lines)

    _averaged = "probabilities"

    def _restored(self) -> bool:
        return bool(self.early_stopping) and "validation_loss" in self.history_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = self.missing != "error"
        tags.non_deterministic = False
        return tags


def some(xs: Sequences, rows: np.ndarray) -> Sequences:
    """Some of the sequences."""
    return cast(Sequences, xs[rows])
