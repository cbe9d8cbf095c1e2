"""Forecasts over many steps: training on the error of the closed loop, and errors by horizon.

A forecaster that was trained one step ahead goes on in the closed loop: series are cut into pieces that are known for a
while and then not, and the extended Kalman filter takes in the errors of what the network foretells from there, with
derivatives through all that was fed back (real-time recurrent learning through `closed`). Pieces whose unknown part
grows from stage to stage keep the errors small enough for the filter's linear view of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..layers import closed, opened
from ..learning import (
    RTRL,
    Annealed,
    Examples,
    KalmanFilter,
    Learner,
    Population,
    SquaredError,
    Step,
    StepTargets,
    Until,
    step_answers,
    train,
)
from ..sequences import Sequences
from ._series import one_step_ahead


@dataclass(frozen=True)
class Stage:
    """Passes of the filter over pieces of a series.

    Attributes:
        horizon: how many steps of a piece are not known.
        passes: how often all pieces are gone over, in a new order each time.
        known: how many steps of a piece are known. every: between the starts of two pieces.
        uncertainty, noise, end, process, still: of the filter: P(0), R and Q at the start and at the end.

    """

    horizon: int
    passes: int = 3
    known: int = 30
    every: int = 7
    uncertainty: float = 1.0
    noise: float = 100.0
    end: float = 10.0
    process: float = 1e-4
    still: float = 1e-6

    def train(self, population: Population, values: np.ndarray, seed: int, width: int) -> Population:
        """Go on with a population, on the closed-loop errors of `values` (time, 1); float64 is the caller's."""
        data = pieces(values, self.known, self.horizon, self.every)
        closing = Population(closed(population.stacked), population.seeds)
        ended = _filtered(closing, self, self.passes * len(data) * self.horizon, data, seed, width)
        return Population(opened(ended.stacked), population.seeds)


class Settled(Protocol):
    """What is settled of a filter: P(0), R and Q at the start and at the end, and passes over the data."""

    @property
    def uncertainty(self) -> float: ...
    @property
    def noise(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def process(self) -> float: ...
    @property
    def still(self) -> float: ...
    @property
    def passes(self) -> int: ...


class Staged(Settled, Protocol):
    """A filter one step ahead on a delay line, and stages of the closed loop behind it, so many networks together."""

    @property
    def taps(self) -> int: ...
    @property
    def stages(self) -> tuple[Stage, ...]: ...
    @property
    def unit(self) -> int: ...


def staged(population: Population, values: np.ndarray, run: Staged, seed: int) -> Population:
    """A population trained on `values` (time, 1): asked for the next one at every step, then stage by stage."""
    updates = run.passes * (len(values) - run.taps)
    population = _filtered(population, run, updates, one_step_ahead(values, run.taps - 1), seed, run.unit)
    for stage in run.stages:
        population = stage.train(population, values, seed, run.unit)
    return population


def pieces(values: np.ndarray, known: int, horizon: int, every: int) -> Examples:
    """Pieces of a series (time, 1) that are known for some steps and then not, asked for all that is not known."""
    starts = np.arange(0, len(values) - known - horizon + 1, every)
    cut = np.stack([values[start : start + known + horizon] for start in starts])
    given, wanted = cut[:, :-1].copy(), cut[:, 1:].copy()
    given[:, known:] = np.nan
    wanted[:, : known - 1] = np.nan
    lengths = np.full(len(starts), known + horizon - 1)
    return Examples(Sequences(given, allow_nan=True), StepTargets(wanted.reshape(-1, 1), lengths))


def forecasts(
    population: Population, values: np.ndarray, origins: Sequence[int], known: int, horizon: int
) -> np.ndarray:
    """What each network foretells from each origin, given so many values before it: (members, origins, horizon)."""
    given = np.stack([values[origin - known : origin + horizon - 1] for origin in origins])
    given[:, known:] = np.nan
    closing = Population(closed(population.stacked), population.seeds)
    said = np.stack(step_answers(closing, Sequences(given, allow_nan=True)))
    return np.swapaxes(said[:, :, known - 1 :, 0], 0, 1)


def truths(values: np.ndarray, origins: Sequence[int], horizon: int) -> np.ndarray:
    """What came after each origin, (origins, horizon)."""
    return np.stack([values[origin : origin + horizon, 0] for origin in origins])


def _filtered(
    population: Population, settled: Settled, updates: int, data: Examples, seed: int, width: int
) -> Population:
    """Passes of the filter over the data, of so many updates in all."""
    noise, drift = Annealed(settled.noise, settled.end, updates), Annealed(settled.process, settled.still, updates)
    learner = Learner(RTRL(), KalmanFilter(settled.uncertainty, noise, drift), Step())
    until = Until(settled.passes, restore_best=False)
    return train(
        population, learner, data, loss=SquaredError(), until=until, seed=seed, width=width, buckets=1
    ).networks
