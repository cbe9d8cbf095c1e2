"""The Mackey-Glass series, many steps ahead: M. Mackey and L. Glass, Science 197(4300):287-289, 1977,
doi:10.1126/science.267326, at delays 17 and 30.

Values stand 6 apart, as where x(t+6) is foretold from x(t), x(t-6), x(t-12) and x(t-18); 84 is 14 steps of the closed
loop. Reservoirs are solved (H. Jaeger and H. Haas, Science 304(5667):78-80, 2004, doi:10.1126/science.1091277), the
others are trained by the extended Kalman filter one step ahead, and one goes on with the error of the closed loop
(`_horizons.py`). LSTM on this series: F. Gers, D. Eck and J. Schmidhuber, ICANN 2001, pp. 669-676,
doi:10.1007/3-540-44668-0_93. Reservoirs' radius (0.7, 0.9, 1.1) and scale of inputs (0.1, 0.3, 1) were settled on the
last fifth of what is learned from, at delay 17; the others have what they have in `multi-step-laser`, and ten passes.

    NRMSE(h) = sqrt( mean (x - y)^2 at step h over the origins ) / deviation of what is learned from
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ..cells import LSTM, LeakyESN
from ..layers import Network, Readout, dmlp, rmlp
from ..learning import Population, Ridge, SquaredError, Until, train
from ..problems import MackeyGlass
from ._account import Account, Curve, Grid, Plot
from ._experiment import Asked, Placed, Run
from ._horizons import Stage, forecasts, staged, truths
from ._results import Record, pick
from ._series import one_step_ahead, scaled

SPACING = 6
STAGES = (Stage(5), Stage(14))
# As the reservoir was published.
FINE: dict[str, Any] = {
    "spacing": 1, "learned": 3000, "known": 300, "reservoir": 1000, "scale": 0.3, "washout": 200, "origins": 50
}  # fmt: skip
LABELS = {
    "mg-esn-fine": "reservoir, values 1 apart",
    "mg-esn": "reservoir",
    "mg-dmlp": "feed-forward",
    "mg-rmlp": "recurrent",
    "mg-lstm": "LSTM",
    "mg-rmlp-closed": "recurrent, closed loop",
}
# What is shown, and how far networks foretell.
TIMES = (6, 30, 84, 120)
JUDGED, FARTHEST = TIMES[-2:]


@dataclass(frozen=True)
class MackeyGlassRun(Placed):
    """One kind of network; `length` is the delay.

    Attributes:
        condition: one of `LABELS`. stages: of the closed loop.
        learned: values that are learned from. known: values before each origin that are given.
        spacing: time between two values. origins: over as many values behind.
        taps, units: of `dmlp` and `rmlp`; cells: of the LSTM.
        reservoir, radius, scale, penalty, washout: of the reservoir, its Ridge, and the steps not asked for.
        uncertainty, noise, end, process, still, passes: of the filter one step ahead.

    """

    condition: str
    length: int
    stages: tuple[Stage, ...] = ()
    learned: int = 1500
    known: int = 100
    origins: int = 100
    spacing: int = SPACING
    taps: int = 6
    units: int = 12
    cells: int = 8
    reservoir: int = 400
    radius: float = 0.9
    scale: float = 1.0
    penalty: float = 1e-10
    washout: int = 100
    uncertainty: float = 100.0
    noise: float = 100.0
    end: float = 1.0
    process: float = 1e-2
    still: float = 1e-6
    passes: int = 10
    unit: int = 5

    def network(self, key: Any) -> Network:
        """One untrained network."""
        below, above = jax.random.split(key)
        if "esn" in self.condition:
            cell: Any = LeakyESN(
                1, self.reservoir, leak=1.0, spectral_radius=self.radius, input_scale=self.scale,
                bias_scale=self.scale, key=below,
            )  # fmt: skip
            return Network(cell, Readout(self.reservoir, 1, at="steps", key=above))
        if "lstm" in self.condition:
            return Network(LSTM(1, self.cells, key=below), Readout(self.cells, 1, at="steps", key=above))
        make = dmlp if "dmlp" in self.condition else rmlp
        return make(1, 1, taps=self.taps, units=self.units, key=key)

    def train(self, members: Sequence[int], seed: int, checkpoint: Path | None) -> list[Record]:
        """See `Run`; all together, not resumed within."""
        horizon = FARTHEST // self.spacing
        values = MackeyGlass(tau=self.length, spacing=self.spacing).series(2 * self.learned + horizon)
        values = scaled(values, self.learned)
        origins = np.linspace(self.learned, 2 * self.learned, self.origins).astype(int).tolist()
        with jax.enable_x64(True):
            population = self._trained(Population.make(self.network, list(members), seed), values[: self.learned], seed)
            said = forecasts(population, values, origins, self.known, horizon)
        squares = np.square(said - truths(values, origins, horizon)).mean(axis=1)
        return [
            {
                "network": int(member),
                "success": bool(squares[k, JUDGED // self.spacing - 1] < 1),
                "ended": "was tried",
                "spacing": self.spacing,
                "by_horizon": [float(f"{error:.4g}") for error in np.sqrt(squares[k])],
            }
            for k, member in enumerate(members)
        ]

    def _trained(self, population: Population, learned: np.ndarray, seed: int) -> Population:
        if "esn" in self.condition:
            data = one_step_ahead(learned, self.washout)
            return train(population, Ridge(self.penalty), data, loss=SquaredError(), until=Until(1)).networks
        return staged(population, learned, self, seed)


@dataclass(frozen=True)
class MackeyGlassHorizon(Asked):
    """The picture, as an `Experiment`."""

    name: str = "mackey-glass-horizon"
    title: str = "The Mackey-Glass series, many steps ahead"
    question: str = (
        "How does the error of the closed loop grow with the horizon, for reservoirs and for networks trained one step "
        "ahead, or on the closed loop itself? Mackey-Glass at delays 17 and 30, values 6 apart."
    )
    networks: int = 5
    lengths: tuple[int, ...] = (17, 30)

    def runs(self, lengths: Sequence[int], quick: bool) -> list[Run]:
        """Every kind of network at every delay; the short form has the quick ones."""
        runs = [
            MackeyGlassRun(condition, length, STAGES if condition.endswith("-closed") else ())
            for length in lengths
            for condition in LABELS
        ]
        runs = [replace(run, **FINE) if run.condition.endswith("-fine") else run for run in runs]
        if not quick:
            return list(runs)
        few = {"learned": 500, "reservoir": 100, "passes": 2, "origins": 30, "unit": 8}
        return [replace(run, **few) for run in runs if run.condition in ("mg-esn", "mg-dmlp", "mg-rmlp")]

    def account(self, records: Mapping[str, Sequence[Record]], lengths: Sequence[int], quick: bool) -> Account:
        """Errors at some steps, and over all of them."""
        rows, figures = [], []
        for length in lengths:
            curves = []
            for condition, label in LABELS.items():
                group = pick(records.get(condition, ()), length=length)
                if not group:
                    continue
                low, middle, high = np.quantile([record["by_horizon"] for record in group], (0, 0.5, 1), axis=0)
                apart = group[0]["spacing"]
                cells = (f"{middle[time // apart - 1]:.2g}" for time in TIMES)
                rows.append((f"delay {length}, {label}", f"{len(group)}", *cells))
                times = [apart * step for step in range(1, len(middle) + 1)]
                curves.append(Curve(label, times, middle.tolist(), low.tolist(), high.tolist()))
            if curves:
                caption = f"NRMSE of the closed loop at delay {length}: medians, least and largest of the networks."
                figures.append(Plot(caption, "time ahead", "NRMSE", tuple(curves), log_y=True))
        run = MackeyGlassRun("mg-rmlp", lengths[0])
        return self.told(
            quick,
            grids=(
                Grid(
                    "NRMSE of the closed loop so far ahead, median over networks.",
                    ("", "networks", *(f"t + {time}" for time in TIMES)),
                    tuple(rows),
                ),
            ),
            figures=tuple(figures),
            notes={
                "Protocol": (
                    f"{run.learned:,} values learned from, {run.origins} origins over as many behind, {run.known} "
                    f"values given before each. Reservoir: {run.reservoir} units, radius {run.radius:g}, ridge; "
                    f"with values 1 apart {FINE['reservoir']:,} units, and {FINE['learned']:,} values to learn from. "
                    f"Feed-forward and recurrent: order {run.taps}, {run.units} units; LSTM: {run.cells} cells; the "
                    f"Kalman filter at every step, {run.passes} passes, float64. Closed loop: after that, "
                    f"{STAGES[0].passes} passes each over pieces with "
                    f"{' and '.join(str(stage.horizon) for stage in STAGES)} steps unknown.",
                ),
                "Published": (
                    "From memory, not looked up, and not by this protocol: a reservoir of 1,000 units has an NRMSE of "
                    "10^-4.2 at t + 84 at delay 17, learned from 3,000 values 1 apart (Jaeger and Haas 2004), as the "
                    "first row does here. Values that stand 1 apart tell more, and each is an easier step.",
                ),
            },
        )


MACKEY_GLASS_HORIZON = MackeyGlassHorizon()
