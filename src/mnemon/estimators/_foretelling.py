"""How a forecaster trains its networks and runs them on from the end of what it has seen."""

import dataclasses
import warnings
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..errors import InvalidInput
from ..layers import Network, closed, opened
from ..learning import Loss, Population, Until, step_answers
from ..sequences import Sequences
from ..series import Chain, Histories, Standardise, Track, Transformation, transformation
from ._forecast_models import Maker, network_maker, solves_itself, taps_of
from ._forecast_parameters import forecast_problems, is_ridge
from ._hidden import Hidden
from ._paths import drawn, expected, pooled, read
from ._told import Told, told
from ._training import Split, Trains
from ._windows import Cut

# Errors that are kept for drawing from, of each network.
RESIDUALS = 2000
# Paths that are drawn for intervals, of all networks together.
PATHS = 500


class Foretells(Trains):
    """Gives a forecaster its training and its futures; its parameters are those of `Forecaster`."""

    model: Any
    units: Any
    taps: int | None
    transform: Any
    standardize: bool
    period: int | None
    output: str
    quantiles: tuple[float, ...]
    steps_ahead: int
    scheduled_sampling: float
    window: int
    warmup: int | None
    missing: str
    validation_fraction: float
    keep: int | None
    histories_: Histories
    period_: int
    residuals_: np.ndarray
    seed_: int

    def _parameter_problems(self) -> list[str]:
        return forecast_problems(self)

    def _chosen_optimizer(self) -> Any:
        if self.optimizer is not None:
            return self.optimizer
        return "ridge" if self.network is None and solves_itself(self.model) else "adam"

    # What training is told

    def _told(self) -> Told:
        return told(self.output, self.histories_.fed, self.quantiles)

    def _inputs(self) -> int:
        return self.histories_.inputs

    def _outputs(self) -> int:
        return self._told().outputs

    def _loss(self) -> Loss:
        return self._told().loss()

    def _maker(self) -> Maker:
        units = tuple(self.units) if isinstance(self.units, tuple | list) else (self.units,)
        return network_maker(
            self.model, taps=taps_of(self.model, self.taps), units=tuple(map(int, units)), dropout=float(self.dropout)
        )

    def _members(self) -> int:
        """Networks to train; those that are solved for have all the same solution where nothing in them is random."""
        return 1 if self.model == "dlnn" and is_ridge(self._chosen_optimizer()) else int(self.n_networks)

    def _closes(self) -> bool:
        """Whether networks are trained on their own answers."""
        return self.steps_ahead > 1 or self.scheduled_sampling > 0

    def _as_trained(self, networks: Network) -> Network:
        return closed(networks, self._told().places) if self._closes() else networks

    def _warmup(self) -> int:
        if self.warmup is not None:
            return self.warmup
        taps = taps_of(self.model, self.taps) - 1
        return taps if isinstance(self.model, str) and self.model in ("dlnn", "dmlp") else taps + self.window // 10

    def _least(self) -> int:
        """Steps that a series must have."""
        return taps_of(self.model, self.taps) + self.steps_ahead + 1

    def _chain(self, period: int) -> Transformation:
        wanted = transformation(self.transform, period=period)
        return Chain(wanted, Standardise()) if self.standardize else wanted

    # Training

    def _fit(self, histories: Histories) -> None:
        """From data that were read to trained networks."""
        each = histories.observed.each
        if histories.observed.warning:
            warnings.warn(histories.observed.warning, UserWarning, stacklevel=4)
        self.period_ = self.period or each[0].timeline.period
        held = [max(1, round(self.validation_fraction * len(one))) if self._holds_out() else 0 for one in each]
        kept = [len(one) - out for one, out in zip(each, held, strict=True)]
        self.histories_ = histories.fitted(self._chain(self.period_), kept)
        if short := [k for k, one in enumerate(each) if len(one) - self.histories_.lost < self._least() + held[k]]:
            raise InvalidInput(
                f"y: {len(each[short[0]])} steps are too few for delays, differences and what is held out; at least "
                f"{self._least() + held[short[0]] + self.histories_.lost} are needed"
            )
        self.seed_ = self._seed()
        self.calls_ = 0
        with self._precise():
            population = self._build(self.seed_)
            self._learn(population, held, self.seed_)

    def _go_on(self) -> None:
        """Train the networks there are on all that was seen."""
        seed = int(np.random.SeedSequence([self.seed_, self.calls_ + 1]).generate_state(1)[0])
        self.calls_ += 1
        with self._precise():
            population = Population.of(list(self.population_), seed)
            self._learn(population, [0] * len(self.histories_.observed.each), seed, self.memory_)

    def _holds_out(self) -> bool:
        return bool(self.early_stopping) or self.keep is not None

    def _learn(self, population: Population, held: Sequence[int], seed: int, memory: Any = None) -> None:
        tracks = self.histories_.tracks()
        cut = Cut(self.window, min(self._warmup(), self.window - 1), self.steps_ahead)
        ends = [len(track.values) - 1 for track in tracks]
        splits = [end - out for end, out in zip(ends, held, strict=True)]
        training = cut.examples(tracks, [(0, split) for split in splits])
        before = cut.length - max(self.steps_ahead, 1) if self.steps_ahead > 1 else cut.warmup
        spans = [(max(0, split - before), end) for split, end in zip(splits, ends, strict=True)]
        validation = cut.examples(tracks, spans) if any(held) else None
        assert training is not None  # `_fit` has checked that there are steps enough
        data: Any = training
        if self.scheduled_sampling:
            data = Hidden.of(training, self.histories_.fed, float(self.scheduled_sampling), int(self.epochs))
        networks = Population(self._as_trained(population.stacked), population.seeds)
        solution = self._train(networks, Split(data, validation), self._until(validation is not None), seed, memory)
        self._keep(solution)
        if self._closes():
            self.population_ = Population(opened(solution.networks.stacked), solution.networks.seeds)
        if self.keep is not None and validation is not None:
            self._keep_best(int(self.keep))
        held_out = validation is not None
        self.residuals_ = self._errors(tracks, splits if held_out else [min(cut.warmup, end - 1) for end in ends])

    def _until(self, validated: bool) -> Until:
        until = super()._until(validated)
        return dataclasses.replace(until, restore_best=validated)

    def _keep_best(self, count: int) -> None:
        """The networks that are best on what was held out."""
        losses = self.history_["validation_loss"]
        least = np.where(np.isfinite(losses), losses, np.inf).min(axis=0)
        best = np.sort(np.argsort(least, kind="stable")[:count])

        def take(tree: Any) -> Any:
            return jax.tree.map(lambda leaf: leaf[best] if eqx.is_array(leaf) else leaf, tree)

        self.population_, self.memory_ = take(self.population_), take(self.memory_)
        self.results_ = tuple(self.results_[k] for k in best)
        self.history_ = {n: v[:, best] if v.ndim == 2 else v for n, v in self.history_.items()}

    # Foretelling

    def _foretold(self, tracks: Sequence[Track]) -> list[np.ndarray]:
        """What each network expected of each step from the second on, given those before: (steps, members, fed)."""
        xs = Sequences([track.inputs(0, len(track.values) - 1) for track in tracks], layout="channels_last")
        with self._precise():
            said = step_answers(self.population_, xs)
        meaning = self._told().expected
        return [meaning(np.swapaxes(one, 0, 1).astype(np.float64)) for one in said]

    def _errors(self, tracks: Sequence[Track], first: Sequence[int]) -> np.ndarray:
        """Errors one step ahead (members, rows, fed) in units of the network, the last `RESIDUALS` of them."""
        errors = [
            (track.values[1:, None] - said)[start:]
            for track, said, start in zip(tracks, self._foretold(tracks), first, strict=True)
        ]
        return np.swapaxes(np.concatenate(errors)[-RESIDUALS:], 0, 1)

    def _state(self) -> Any:
        """States after all that was seen but the last step of each series; kept until more is seen."""
        kept = getattr(self, "_reached", None)
        if kept is None or kept[0] is not self.histories_ or kept[1] is not self.population_:
            tracks = self.histories_.tracks()
            lengths = np.array([len(track.values) - 1 for track in tracks])
            rows = np.zeros((len(tracks), pooled(int(lengths.max())), self.histories_.inputs))
            for row, track, length in zip(rows, tracks, lengths, strict=True):
                row[:length] = track.inputs(0, length)
            xs, lengths = jax.device_put((rows, lengths))
            state = read(self.population_, self._told(), xs, lengths, None)
            self._reached = kept = (self.histories_, self.population_, state)
        return kept[2]

    def __getstate__(self) -> dict[str, Any]:
        state: Any = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_reached"}

    def _futures(self, steps: Sequence[int], X: Any, paths: int | None) -> list[np.ndarray]:
        """For each series, in its own units, (paths, steps, variables); one expected path where `paths` is None."""
        check_is_fitted(self, "population_")
        if paths is not None and (not isinstance(paths, int | np.integer) or paths < 1):
            raise InvalidInput(f"paths={paths!r}: expected a whole number of at least 1")
        histories, ahead = self.histories_, self.histories_.ahead(X, steps, self.missing)
        tracks, longest = histories.tracks(ahead), pooled(max(steps))
        with self._precise():
            state = self._state()
            rows = np.full((len(tracks), longest, histories.inputs), np.nan)
            for row, track, count in zip(rows, tracks, steps, strict=True):
                row[:count] = track.inputs(len(track.values) - 1, len(track.values) - 1 + count)
                row[count:, histories.fed :] = 0.0
            xs = jax.device_put(rows)
            if paths is None:
                said = self._told().expected(np.asarray(expected(self.population_, self._told(), state, xs), float))
                futures = said.mean(axis=0)[None]
            else:
                each = -(-paths // len(self.population_))
                errors = jax.device_put(self.residuals_.astype(xs.dtype, copy=False))
                key = jax.random.key(self.seed_)
                said = np.asarray(drawn(self.population_, self._told(), state, xs, errors, each, key), float)
                futures = said.reshape(-1, *said.shape[2:])[:paths]
        return [
            chain.continue_(futures[:, k, :count, : histories.variables])
            for k, (chain, count) in enumerate(zip(histories.chains, steps, strict=True))
        ]

    def _from_ends(self, ends: np.ndarray, horizon: int) -> np.ndarray:
        """What is expected (ends, horizon, fed) from each end of the one series, so many steps known."""
        track, lost = self.histories_.tracks()[0], self.histories_.lost
        told, state, at, found = self._told(), None, 0, []
        with self._precise():
            for end in ends - lost:
                piece = track.inputs(at, end - 1)
                rows = np.zeros((1, pooled(max(len(piece), 1)), piece.shape[1]))
                rows[0, : len(piece)] = piece
                xs, lengths = jax.device_put((rows, np.array([len(piece)])))
                state, at = read(self.population_, told, xs, lengths, state), end - 1
                found.append(state)
            states = jax.tree.map(lambda *leaves: jnp.concatenate(leaves, axis=1), *found)
            rows = np.stack([track.inputs(end - 1, end - 1 + horizon) for end in ends - lost])
            rows[:, 1:, : self.histories_.fed] = np.nan
            said = expected(self.population_, told, states, jax.device_put(rows))
        return told.expected(np.asarray(said, float)).mean(axis=0)
