"""Forecasts over many steps: training on the error of the closed loop, and errors by horizon.

A forecaster that was trained one step ahead goes on in the closed loop: series are cut into pieces that are known for a
while and then not, and the extended Kalman filter takes in the errors of what the network foretells from there, with
derivatives through all that was fed back (real-time recurrent learning through `closed`). Pieces whose unknown part
grows from stage to stage keep the errors small enough for the filter's linear view of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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
        updates = self.passes * len(data) * self.horizon
        drift = Annealed(self.process, self.still, updates)
        update = KalmanFilter(self.uncertainty, Annealed(self.noise, self.end, updates), drift)
        closing = Population(closed(population.stacked), population.seeds)
        ended = _filtered(closing, update, data, self.passes, seed, width)
        return Population(opened(ended.stacked), population.seeds)


def one_step_trained(
    population: Population, values: np.ndarray, taps: int, passes: int, update: Any, seed: int, width: int
) -> Population:
    """A population after passes of the filter over `values` (time, 1), asked for the next one at every step."""
    return _filtered(population, update, one_step_ahead(values, taps - 1), passes, seed, width)


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


def _filtered(population: Population, update: Any, data: Examples, passes: int, seed: int, width: int) -> Population:
    until = Until(passes, restore_best=False)
    learner = Learner(RTRL(), update, Step())
    return train(
        population, learner, data, loss=SquaredError(), until=until, seed=seed, width=width, buckets=1
    ).networks
