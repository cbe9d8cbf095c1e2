"""Many steps of the laser: feed-forward against recurrent, in the closed loop.

The series is set A of the Santa Fe competition (A. Weigend and N. Gershenfeld, "Time series prediction", 1994): 1,000
values are learned from, and the next 100 foretold from the network's own forecasts. A. Chernodub, in
Koprinkova-Hristova and others (eds), Artificial Neural Networks, Springer 2014, pp. 221-244, has it as a figure and
says: feed-forward networks are better at one step, recurrent ones at many.

All networks are trained one step ahead by the Kalman filter first, as in `nmse-single-step`. Some then go on to learn
from the error of the closed loop (`_horizons.py`), in stages of so many steps. Sizes and stages were settled on the
last fifth of what is learned from: squared error over 100 steps, mean over 11 origins, medians of six recurrent
networks.

    order, units    one step    then 10 steps    then 30    then 30 again
    6, 8            1.72        0.57             0.51
    6, 12           2.26        0.47             0.15       0.09
    6, 16           0.79        0.26             0.25       0.11
    12, 8           2.31        1.44             0.07       0.10
    12, 12          2.13        1.10             0.26       0.23

The second row was taken, the order being that of the other experiment. Longer stages (of 60 steps) and surer filters
made it worse, and Adam in place of the filter did not come near.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ..layers import Network, dmlp, rmlp
from ..learning import Population, step_answers
from ..sequences import Sequences
from ._account import Account, Curve, Grid, Plot
from ._experiment import Asked, Placed, Run
from ._horizons import Stage, forecasts, staged, truths
from ._results import Record, pick
from ._series import TAPS, error_of, laser, scaled

LEARNED = 1000
STAGES = (Stage(10), Stage(30), Stage(30))
LABELS = {
    "laser-dmlp": "feed-forward, one step",
    "laser-rmlp": "recurrent, one step",
    "laser-dmlp-closed": "feed-forward, closed loop",
    "laser-rmlp-closed": "recurrent, closed loop",
}
HORIZONS = (1, 5, 10, 20, 50, 100)


@dataclass(frozen=True)
class LaserRun(Placed):
    """One kind of network; `length` is how many steps are foretold.

    Attributes:
        condition: one of `LABELS`. stages: of the closed loop.
        taps, units, uncertainty, noise, end, process, still, passes: of the training one step ahead.
        known: values before each origin that are given. origins: besides 1,000, evenly over the continuation.

    """

    condition: str
    length: int = 100
    stages: tuple[Stage, ...] = ()
    taps: int = TAPS
    units: int = 12
    uncertainty: float = 100.0
    noise: float = 100.0
    end: float = 1.0
    process: float = 1e-2
    still: float = 1e-6
    passes: int = 5
    known: int = 200
    origins: int = 20
    unit: int = 10

    def network(self, key: Any) -> Network:
        """One untrained network."""
        make = dmlp if "dmlp" in self.condition else rmlp
        return make(1, 1, taps=self.taps, units=self.units, key=key)

    def train(self, members: Sequence[int], seed: int, checkpoint: Path | None) -> list[Record]:
        """See `Run`; all together, not resumed within."""
        values = scaled(laser(), LEARNED)
        last = len(values) - self.length
        origins = [LEARNED, *np.linspace(LEARNED, last, self.origins + 1).astype(int)[1:].tolist()]
        with jax.enable_x64(True):
            population = staged(Population.make(self.network, list(members), seed), values[:LEARNED], self, seed)
            said = forecasts(population, values, origins, self.known, self.length)
            asked = Sequences([values[: LEARNED + 99]])
            one = step_answers(population, asked)[0][:, LEARNED - 1 :, 0]
        came = truths(values, origins, self.length)
        squares = np.square(said - came)
        return [
            {
                "network": int(member),
                "success": bool(squares[k].mean() < 1),
                "ended": "was tried",
                "one_step": error_of(values[LEARNED : LEARNED + 100, 0], one[k]),
                "competition": error_of(came[0], said[k, 0]),
                "error": float(squares[k].mean()),
                "by_horizon": [float(f"{error:.4g}") for error in squares[k].mean(axis=0)],
                "forecast": [round(float(value), 3) for value in said[k, 0]],
                "came": [round(float(value), 3) for value in came[0]],
            }
            for k, member in enumerate(members)
        ]


@dataclass(frozen=True)
class MultiStepLaser(Asked):
    """The figure, as an `Experiment`."""

    name: str = "multi-step-laser"
    title: str = "Many steps of the laser"
    question: str = (
        "Which network foretells 100 steps of the laser from its own forecasts: a feed-forward one trained one step "
        "ahead, or a recurrent one trained on the error of the closed loop? After A. Chernodub, Springer 2014, pp. "
        "221-244."
    )
    networks: int = 10
    lengths: tuple[int, ...] = (100,)

    def runs(self, lengths: Sequence[int], quick: bool) -> list[Run]:
        """Both networks, with and without the closed loop."""
        runs = [
            LaserRun(condition, length, STAGES if condition.endswith("-closed") else ())
            for length in lengths
            for condition in LABELS
        ]
        if not quick:
            return list(runs)
        short = tuple(replace(stage, passes=1, every=30) for stage in STAGES[:1])
        return [replace(run, passes=1, stages=short if run.stages else (), unit=8) for run in runs]

    def account(self, records: Mapping[str, Sequence[Record]], lengths: Sequence[int], quick: bool) -> Account:
        """Errors one and many steps ahead, and by horizon; the forecasts themselves."""
        grids, figures, claims = [], [], []
        for length in lengths:
            some = {label: pick(records.get(condition, ()), length=length) for condition, label in LABELS.items()}
            some = {label: group for label, group in some.items() if group}
            if not some:
                continue
            grids += [_errors(some, length), _by_horizon(some, length)]
            figures += [_curves(some), _pictures(some)]
            claims += _claim(some, length)
        run = LaserRun("laser-rmlp", lengths[0])
        return self.told(
            quick,
            grids=tuple(grids),
            figures=tuple(figures),
            notes={
                "What was claimed": tuple(claims),
                "Protocol": (
                    f"Order {run.taps}, {run.units} units, values to deviation 1 of the {LEARNED:,} that are learned "
                    f"from. One step ahead: as in `nmse-single-step`, {run.passes} passes. Closed loop: after that, "
                    f"{STAGES[0].passes} passes over pieces of the {LEARNED:,} values, each known for "
                    f"{STAGES[0].known} steps and then not for {' and then '.join(str(s.horizon) for s in STAGES)}, "
                    "by the same filter with derivatives through all that was fed back.",
                    f"Judged from 1,000, as in the competition, and from {run.origins} origins over the rest of the "
                    f"continuation, given {run.known} values before each. Stages were settled on the last fifth of "
                    "the values that are learned from.",
                ),
            },
        )


def _errors(some: Mapping[str, Sequence[Record]], length: int) -> Grid:
    rows = []
    for label, group in some.items():
        cells = [
            f"{np.median([record[name] for record in group]):.4f}" for name in ("one_step", "competition", "error")
        ]
        spread = [record["error"] for record in group]
        better = sum(record["success"] for record in group)
        rows.append((label, *cells, f"{min(spread):.3f} to {max(spread):.3f}", f"{better} of {len(group)}"))
    caption = (
        "Squared errors, medians over networks: one step ahead over the 100 values after the first 1,000, and the "
        f"closed loop over {length} steps from there (both in units of the deviations of these 100); the closed loop "
        "from all origins (in units of the deviations of what is learned from), its range, and how many networks are "
        "better there than the mean."
    )
    head = ("", "one step", "from 1,000", "all origins", "range", "below 1")
    return Grid(caption, head, tuple(rows))


def _claim(some: Mapping[str, Sequence[Record]], length: int) -> list[str]:
    """Whether feed-forward networks are better at one step, and recurrent ones at many."""
    names = (LABELS["laser-dmlp"], LABELS["laser-rmlp"], LABELS["laser-rmlp-closed"])
    if not all(name in some for name in names):
        return []
    one, many = (
        [float(np.median([record[what] for record in some[name]])) for name in names] for what in ("one_step", "error")
    )
    first = "better" if one[0] < one[1] else "no better"
    last = "better" if many[2] < many[0] else "no better"
    return [
        "Feed-forward networks are better at one step, recurrent ones at many (Chernodub). Here the feed-forward are "
        f"{first} at one step than recurrent ones trained alike ({one[0]:.4f} and {one[1]:.4f}); over {length} steps "
        f"the recurrent that learned from the closed loop are {last} ({many[2]:.3f} and {many[0]:.3f}); at one step "
        f"these have {one[2]:.4f}."
    ]


def _over(group: Sequence[Record]) -> np.ndarray:
    """Mean squared error over the first 1, 2 ... steps, (networks, steps)."""
    errors = np.array([record["by_horizon"] for record in group])
    return errors.cumsum(axis=1) / np.arange(1, errors.shape[1] + 1)


def _by_horizon(some: Mapping[str, Sequence[Record]], length: int) -> Grid:
    steps = [step for step in HORIZONS if step <= length]
    rows = []
    for label, group in some.items():
        medians = np.median(_over(group), axis=0)
        rows.append((label, *(f"{medians[step - 1]:.4f}" for step in steps)))
    caption = "Squared error of the closed loop over so many steps, mean over all origins, median over networks."
    return Grid(caption, ("", *(f"{step}" for step in steps)), tuple(rows))


def _curves(some: Mapping[str, Sequence[Record]]) -> Plot:
    curves = []
    for label, group in some.items():
        low, middle, high = np.quantile(_over(group), (0.25, 0.5, 0.75), axis=0)
        steps = list(range(1, len(middle) + 1))
        curves.append(Curve(label, steps, middle.tolist(), low.tolist(), high.tolist()))
    caption = "Squared error of the closed loop over so many steps; 1 is the mean's. Medians and quartiles of networks."
    return Plot(caption, "steps ahead", "squared error", tuple(curves), log_y=True)


def _pictures(some: Mapping[str, Sequence[Record]]) -> Plot:
    """The series, and what the median network of the two that the question is about foretells."""
    came = next(iter(some.values()))[0]["came"]
    steps = list(range(1, len(came) + 1))
    curves = [Curve("the laser", steps, came)]
    for label in (LABELS["laser-dmlp"], LABELS["laser-rmlp-closed"]):
        if label in some:
            group = sorted(some[label], key=lambda record: record["competition"])
            curves.append(Curve(label, steps, group[len(group) // 2]["forecast"]))
    caption = "The values after the first 1,000, and what the networks of median error foretell."
    return Plot(caption, "steps ahead", "intensity, scaled", tuple(curves))


MULTI_STEP_LASER = MultiStepLaser()
