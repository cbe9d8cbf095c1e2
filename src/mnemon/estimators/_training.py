"""From parameters to networks, and through the training loop."""

import contextlib
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..errors import InvalidInput, InvalidType
from ..layers import Network
from ..learning import (
    NONFINITE,
    Batch,
    Examples,
    Hosted,
    Learner,
    Loss,
    Population,
    Progress,
    ProgressBar,
    Solution,
    Until,
    train,
)
from ._parts import build_network, cell_maker, gradient_rule, update_rule


class Split(NamedTuple):
    """Training examples, and validation examples where there are any."""

    training: Examples
    validation: Examples | None


class Trains:
    """Gives an estimator `_build`, `_train` and `_keep`; its parameters are those of `SequenceEstimator`."""

    cell: Any
    units: Any
    layers: int
    bidirectional: bool
    segment_length: int | None
    embedding: int | None
    gradient: Any
    optimizer: Any
    learning_rate: float
    epochs: int
    batch_size: int | None
    early_stopping: bool | int
    dropout: float
    n_networks: int
    precision: str
    random_state: Any
    verbose: Any
    callbacks: Any
    network: Any
    store: Any
    alphabet_: tuple[str, ...] | None

    # What the estimator says of its task

    _inputs: Callable[..., int]
    _outputs: Callable[..., int]
    _loss: Callable[..., Loss]
    _place: Callable[..., Any]

    def _precise(self) -> Any:
        """The context in which arrays have the wanted precision; nothing is changed outside it."""
        return jax.enable_x64(self.precision == "float64")

    def _chosen_optimizer(self) -> Any:
        """The parameter, or what stands for it."""
        return self.optimizer

    def _learner(self) -> Learner | Hosted:
        chosen = self._chosen_optimizer()
        if isinstance(chosen, Learner):
            return chosen
        update = update_rule(chosen, self.learning_rate)
        if isinstance(update, Hosted):
            return update
        return Learner(gradient_rule(self.gradient), update, Batch(self.batch_size))

    def _until(self, validated: bool) -> Until:
        patience = None
        if self.early_stopping:
            patience = 10 if isinstance(self.early_stopping, bool | np.bool_) else int(self.early_stopping)
        return Until(int(self.epochs), patience=patience, restore_best=validated and bool(self.early_stopping))

    def _build(self, seed: int) -> Population:
        """Untrained networks."""
        inputs, outputs = self._inputs(), self._outputs()
        if isinstance(self.network, Network):
            self._check_fit(self.network, inputs, outputs)
            if self.n_networks != 1:
                raise InvalidInput(
                    f"n_networks={self.n_networks}: a finished network= is one; give a function (inputs, outputs, *, "
                    "key) -> Network to draw several"
                )
            exact = jnp.result_type(float)
            finished = jax.tree.map(
                lambda leaf: leaf.astype(exact) if eqx.is_inexact_array(leaf) else leaf, self.network
            )
            return Population.of(finished, seed)
        if self.network is not None and not callable(self.network):
            raise InvalidType(
                "network: expected a Network or a function (inputs, outputs, *, key) -> Network; got "
                f"{type(self.network).__name__}"
            )

        maker = self._maker() if self.network is None else self.network

        def make(key: Any) -> Network:
            made = maker(inputs, outputs, key=key)
            if not isinstance(made, Network):
                raise InvalidType(f"network: expected a function that makes a Network, got {type(made).__name__}")
            return made

        population = Population.make(make, self._members(), seed)
        self._check_fit(population.stacked, inputs, outputs)
        return population

    def _members(self) -> int:
        """Networks to train."""
        return int(self.n_networks)

    def _maker(self) -> Callable[..., Network]:
        """`(inputs, outputs, *, key) -> Network`, as the parameters of layers say."""

        def make(inputs: int, outputs: int, *, key: Any) -> Network:
            return build_network(
                key,
                inputs,
                outputs,
                maker=cell_maker(self.cell),
                units=int(self.units),
                layers=int(self.layers),
                bidirectional=bool(self.bidirectional),
                segment_length=self.segment_length,
                embedding=None if self.alphabet_ is None else self.embedding,
                readout=self._place(),
                dropout=float(self.dropout),
            )

        return make

    def _check_fit(self, network: Network, inputs: int, outputs: int) -> None:
        if (network.input_size, network.output_size) != (inputs, outputs):
            raise InvalidInput(
                f"network: takes {network.input_size} inputs and says {network.output_size} outputs; these data need "
                f"{inputs} inputs and {outputs} outputs"
            )

    def _train(self, population: Population, split: Split, until: Until, seed: int, memory: Any = None) -> Solution:
        """Run the training loop, watched as `verbose` and `callbacks` ask."""
        with ExitStack() as stack:
            watchers: list[Callable[[Progress], object]] = list(self.callbacks)
            if callable(self.verbose):
                watchers.append(self.verbose)
            elif self.verbose:
                watchers.append(stack.enter_context(ProgressBar(score_name=self._loss().score_name)))
            return train(
                population,
                self._learner(),
                split.training,
                loss=self._loss(),
                until=until,
                validation=split.validation,
                store=self.store if memory is None else None,
                seed=seed,
                progress=(lambda now: _watched(watchers, now)) if watchers else None,
                memory=memory,
            )

    def _keep(self, solution: Solution) -> None:
        """Fitted attributes from a solution."""
        self.population_ = solution.networks
        self.memory_ = solution.memory
        self.history_ = solution.history
        self.seconds_ = solution.seconds
        self.results_ = solution.results
        self._after_load()
        failed = [k for k, result in enumerate(solution.results) if result.code == NONFINITE]
        if failed:
            warnings.warn(
                f"{len(failed)} of {len(solution.results)} networks became non-finite in training and keep the weights "
                "they had before; try a smaller learning_rate, or an optimizer with a smaller clip",
                ConvergenceWarning,
                stacklevel=4,
            )

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

    def _after_load(self) -> None:
        """Attributes that follow from those in a model file."""
        self.result_ = self.results_[0] if len(self.results_) == 1 else self.results_
        self.n_epochs_ = len(self.history_["loss"])

    @property
    def network_(self) -> Network:
        """The trained network; of several, the first."""
        check_is_fitted(self, "population_")
        return self.population_[0]

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "population_")

    def _seed(self) -> int:
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))


def _watched(watchers: list[Callable[[Progress], object]], now: Progress) -> bool:
    """Whether one of them ends training; each is called, whatever the one before it said."""
    said = [watch(now) is True for watch in watchers]
    return any(said)
