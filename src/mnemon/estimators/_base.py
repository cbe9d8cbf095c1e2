"""What all sequence estimators share: parameters, checking, standardising, training, streaming, saving."""

import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..errors import InvalidInput, InvalidType, MnemonError, raise_together
from ..layers import Network
from ..learning import NONFINITE, Batch, Examples, Learner, Loss, Population, ProgressBar, Solution, Store, Until, train
from ..sequences import Sequences, as_sequences
from ._parts import build_network, cell_maker, check_readout, gradient_rule, update_rule
from ._saving import Savable
from ._stream import Stream

# Fitted attributes made of JAX's arrays.
STATE = {"population_", "memory_"}


class Split(NamedTuple):
    """Training examples, and validation examples where there are any."""

    training: Examples
    validation: Examples | None


class SequenceEstimator(Savable, BaseEstimator):
    """Base of the estimators. A task says what its targets are (`_outputs`, `_loss`) and what answers mean."""

    cell: Any
    units: int
    layers: int
    bidirectional: bool
    segment_length: int | None
    readout: Any
    gradient: Any
    optimizer: Any
    learning_rate: float
    epochs: int
    batch_size: int | None
    early_stopping: bool | int
    validation_fraction: float
    dropout: float
    standardize: bool
    n_networks: int
    precision: str
    random_state: Any
    verbose: Any
    network: Any
    store: Store | None

    def _outputs(self) -> int:
        """Number of outputs of the network, known once targets have been seen."""
        raise NotImplementedError

    def _loss(self) -> Loss:
        """What an answer costs."""
        raise NotImplementedError

    # Checking

    def _check_parameters(self) -> None:
        """Raise one `InvalidInput` that names all wrong parameters."""
        raise_together(self._parameter_problems(), type(self).__name__, most=12)

    def _parameter_problems(self) -> list[str]:
        """A sentence for each wrong parameter; a task adds its own."""
        problems = []

        def whole(name: str, least: int, *, none: bool = False) -> None:
            value = getattr(self, name)
            if none and value is None:
                return
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
                problems.append(f"{name}={value!r}: expected a whole number of at least {least}" + none * " or None")

        for name in ("units", "layers", "epochs", "n_networks"):
            whole(name, 1)
        whole("segment_length", 1, none=True)
        whole("batch_size", 1, none=True)
        for name, open_below, top in (("validation_fraction", True, 1.0), ("dropout", False, 1.0)):
            value = getattr(self, name)
            inside = isinstance(value, int | float | np.floating) and 0 <= value < top
            if not inside or (open_below and value == 0):
                problems.append(f"{name}={value!r}: expected a share in {'(' if open_below else '['}0, 1)")
        if not isinstance(self.learning_rate, int | float | np.floating) or not 0 < self.learning_rate < float("inf"):
            problems.append(f"learning_rate={self.learning_rate!r}: expected a positive number")
        if self.precision not in ("float32", "float64"):
            problems.append(f"precision={self.precision!r}: expected 'float32' or 'float64'")
        stopping = self.early_stopping
        if not isinstance(stopping, bool | np.bool_) and not (isinstance(stopping, int | np.integer) and stopping >= 1):
            problems.append(f"early_stopping={stopping!r}: expected True, False, or epochs to wait")
        if self.store is not None and not isinstance(self.store, Store):
            problems.append(f"store: expected a Store, got {type(self.store).__name__}")
        for check in (
            lambda: cell_maker(self.cell),
            lambda: gradient_rule(self.gradient),
            lambda: update_rule(self.optimizer, self.learning_rate),
            lambda: check_readout(self.readout),
        ):
            try:
                check()
            except MnemonError as problem:
                problems.append(str(problem))
        return problems

    def _check_X(self, X: Any, *, fitted: bool) -> Sequences:
        """`X` as sequences; with the channels (and symbols) of the training data where there were some."""
        sequences = as_sequences(X, alphabet=self.alphabet_ if fitted and self.alphabet_ is not None else None)
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

    # Training

    @contextlib.contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """What was fitted before stays as it was, if fitting is refused or interrupted."""
        before = dict(vars(self))
        try:
            yield
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    def _precise(self) -> Any:
        """The context in which arrays have the wanted precision; nothing is changed outside it."""
        return jax.enable_x64(self.precision == "float64")

    def _learner(self) -> Learner:
        update = update_rule(self.optimizer, self.learning_rate)
        return Learner(gradient_rule(self.gradient), update, Batch(self.batch_size))

    def _until(self, validated: bool) -> Until:
        patience = None
        if self.early_stopping:
            patience = 10 if isinstance(self.early_stopping, bool | np.bool_) else int(self.early_stopping)
        return Until(int(self.epochs), patience=patience, restore_best=validated and bool(self.early_stopping))

    def _learn_scale(self, xs: Sequences) -> None:
        """Remember the channels of the training part, and their mean and deviation."""
        self.n_features_in_ = xs.n_channels
        self.alphabet_ = xs.alphabet
        self.mean_ = np.zeros(xs.n_channels)
        self.scale_ = np.ones(xs.n_channels)
        if self.standardize and xs.alphabet is None:
            mean, deviation = xs.statistics()
            self.mean_ = mean
            self.scale_ = np.where(deviation > 0, deviation, 1.0)

    def _scaled(self, xs: Sequences) -> Sequences:
        """Sequences in the units of the network; symbols stay symbols."""
        if xs.alphabet is not None:
            return xs
        values = (xs.values.astype(np.float64) - self.mean_) / self.scale_
        return Sequences.from_concatenated(values, xs.lengths, boundaries=xs.flat_boundaries)

    def _build(self, seed: int) -> Population:
        """Untrained networks."""
        inputs, outputs = self.n_features_in_, self._outputs()
        if isinstance(self.network, Network):
            self._check_fit(self.network, inputs, outputs)
            if self.n_networks != 1:
                raise InvalidInput(
                    f"n_networks={self.n_networks}: a finished network= is one; give a function (inputs, outputs, *, "
                    "key) -> Network to draw several"
                )
            exact = jnp.result_type(float)
            cast = jax.tree.map(lambda leaf: leaf.astype(exact) if eqx.is_inexact_array(leaf) else leaf, self.network)
            return Population.of(cast, seed)
        if self.network is not None and not callable(self.network):
            raise InvalidType(
                "network: expected a Network or a function (inputs, outputs, *, key) -> Network; got "
                f"{type(self.network).__name__}"
            )

        def make(key: Any) -> Network:
            if self.network is not None:
                own = self.network(inputs, outputs, key=key)
                if not isinstance(own, Network):
                    raise InvalidType(f"network: expected a function that makes a Network, got {type(own).__name__}")
                return own
            return build_network(
                key,
                inputs,
                outputs,
                maker=cell_maker(self.cell),
                units=int(self.units),
                layers=int(self.layers),
                bidirectional=bool(self.bidirectional),
                segment_length=self.segment_length,
                readout=self.readout,
                dropout=float(self.dropout),
            )

        population = Population.make(make, int(self.n_networks), seed)
        self._check_fit(population.stacked, inputs, outputs)
        return population

    def _check_fit(self, network: Network, inputs: int, outputs: int) -> None:
        if (network.input_size, network.output_size) != (inputs, outputs):
            raise InvalidInput(
                f"network: takes {network.input_size} inputs and says {network.output_size} outputs; these data need "
                f"{inputs} inputs and {outputs} outputs"
            )

    def _train(self, population: Population, split: Split, until: Until, seed: int, memory: Any = None) -> Solution:
        """Run the training loop, watched as `verbose` asks."""

        def run(progress: Callable[..., object] | None) -> Solution:
            return train(
                population,
                self._learner(),
                split.training,
                loss=self._loss(),
                until=until,
                validation=split.validation,
                store=self.store if memory is None else None,
                seed=seed,
                progress=progress,
                memory=memory,
            )

        if callable(self.verbose):
            return run(self.verbose)
        if not self.verbose:
            return run(None)
        with ProgressBar(score_name=self._loss().score_name) as bar:
            return run(bar)

    def _keep(self, solution: Solution) -> None:
        """Fitted attributes from a solution."""
        self.population_ = solution.networks
        self.memory_ = solution.memory
        self.history_ = solution.history
        self.seconds_ = solution.seconds
        self.results_ = solution.results
        self.result_ = solution.results[0] if len(solution.results) == 1 else solution.results
        self.n_epochs_ = max(result.epochs for result in solution.results)
        failed = [k for k, result in enumerate(solution.results) if result.code == NONFINITE]
        if failed:
            warnings.warn(
                f"{len(failed)} of {len(solution.results)} networks became non-finite in training and keep the weights "
                "they had before; try a smaller learning_rate, or an optimizer with a smaller clip",
                ConvergenceWarning,
                stacklevel=4,
            )

    def _seed(self) -> int:
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    # Using

    @property
    def network_(self) -> Network:
        """The trained network; of several, the first."""
        check_is_fitted(self, "population_")
        return self.population_[0]

    def summary(self) -> str:
        """What the network is made of and how it was trained, as lines of text."""
        check_is_fitted(self, "population_")
        network = self.population_[0]
        lines = [f"{type(self).__name__}: {self.n_features_in_} channels in, {network.output_size} outputs"]
        lines += [
            f"  {describe(layer)}: {layer.input_size} -> {layer.output_size}, {count(layer):,} weights"
            for layer in network.layers.layers
        ]
        readout = network.readout
        places = {"end": "the end", "steps": "every step", "segments": "segment ends"}
        at = places.get(readout.at, f"{readout.at} over time")
        lines.append(f"  readout at {at}: {readout.input_size} -> {readout.output_size}, {count(readout):,} weights")
        lines.append(f"  {network.weight_count():,} weights in all, {self.precision}")
        if len(self.population_) > 1:
            lines.append(f"  {len(self.population_)} networks, whose probabilities are averaged")
        for k, result in enumerate(self.results_):
            who = f"network {k}" if len(self.results_) > 1 else "training"
            best = f", weights of epoch {result.best_epoch}" if self._restored() else ""
            lines.append(f"{who} {result.sentence}: {result.epochs} epochs, {result.evaluations} updates{best}")
        return "\n".join(lines)

    def _restored(self) -> bool:
        return bool(self.early_stopping) and "validation_loss" in self.history_

    def _open_stream(self, meaning: Callable[[np.ndarray], Any]) -> Stream:
        check_is_fitted(self, "population_")
        return Stream(self.population_, self._precise, self._scale_frame, meaning)

    def _scale_frame(self, frame: Any) -> np.ndarray:
        """One frame (channels,), or one symbol, in the units of the network."""
        if self.alphabet_ is not None:
            if not isinstance(frame, str) or frame not in self.alphabet_:
                raise InvalidInput(f"frame {frame!r} is none of the symbols {', '.join(map(str, self.alphabet_))}")
            return np.eye(self.n_features_in_)[list(self.alphabet_).index(frame)]
        try:
            values = np.atleast_1d(np.asarray(frame, float))
        except (TypeError, ValueError):
            raise InvalidInput(f"a frame has {self.n_features_in_} numbers, one a channel; got {frame!r}") from None
        if values.shape != (self.n_features_in_,):
            raise InvalidInput(f"a frame has {self.n_features_in_} channels; got shape {np.shape(frame)}")
        if not np.all(np.isfinite(values)):
            raise InvalidInput(f"a frame must be finite; channel {int(np.argmin(np.isfinite(values)))} is not")
        return (values - self.mean_) / self.scale_

    # Arrays of double precision would come out of a pickle in single precision: in it they are NumPy's.
    def __getstate__(self) -> dict[str, Any]:
        before: Any = super().__getstate__()
        state = dict(before)
        for name in STATE & state.keys():
            state[name] = jax.tree.map(lambda leaf: np.asarray(leaf) if eqx.is_array(leaf) else leaf, state[name])
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        with self._precise():
            for name in STATE & state.keys():
                arrays = jax.tree.map(
                    lambda leaf: jnp.asarray(leaf) if isinstance(leaf, np.ndarray) else leaf, state[name]
                )
                setattr(self, name, arrays)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.non_deterministic = False
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "population_")


def count(part: eqx.Module) -> int:
    """Trainable weights of a part."""
    return sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(part, eqx.is_inexact_array)))


def describe(layer: Any) -> str:
    """A layer in a few words."""
    name = type(layer).__name__
    cell = getattr(layer, "cell", None)
    if cell is not None:
        return describe(cell) + (" backwards" if layer.reverse else "")
    if hasattr(layer, "forward"):
        return f"{name} of {describe(layer.forward)}"
    if hasattr(layer, "symbol"):
        ends = f"of {layer.length} steps" if layer.length else "marked by the data"
        return f"{name}({describe(layer.symbol)}, {describe(layer.segment)}), segments {ends}"
    return name
