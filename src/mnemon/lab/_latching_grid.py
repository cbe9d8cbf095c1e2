"""Successes over learning rate and momentum, on the shortest strings: S. Gluege, R. Boeck and A. Wendemuth, NCTA 2012.

All momenta of a rate are one population, whose members have numbers of their own; network k has the same initial
weights and strings at every place of the grid.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ..layers import Network
from ..learning import BPTT, Examples, Learner, Optax, Population, SquaredError, Store, Until, train
from ..learning import Sequence as Online
from ..problems import Latching
from ._account import Account, Grid, HeatMap
from ._experiment import Asked, Placed, Run
from ._latching import QUICK, SETTING, LatchingRun, Setting
from ._results import Record, pick
from ._trial import own_strings

STEPS = tuple(k / 10 for k in range(1, 10))


@dataclass(frozen=True)
class GridRun(Placed):
    """One learning rate with all momenta."""

    PLACE: ClassVar[tuple[str, ...]] = ("length", "rate")

    length: int
    rate: float
    momenta: tuple[float, ...] = STEPS
    setting: Setting = SETTING
    condition: str = "grid"
    unit: int = 8
    width: int = 8

    def network(self, key: Any) -> Network:
        """One untrained network, as in the tables."""
        return LatchingRun("random", self.length, setting=self.setting).network(key)

    def train(self, members: Sequence[int], seed: int, checkpoint: Path | None) -> list[Record]:
        """See `Run`: a record a network, with lists over the momenta."""
        setting, problem = self.setting, Latching(self.length)
        each = own_strings(problem, seed, members, setting.strings(self.length))
        places = [(momentum, k) for k in range(len(members)) for momentum in self.momenta]
        population = Population.make(self.network, [members[k] for _, k in places], seed)
        update = Optax("sgd", self.rate / 2, momentum=[momentum for momentum, _ in places])
        solution = train(
            population,
            Learner(BPTT(), update, Online()),
            [Examples(each[k].xs, each[k].targets) for _, k in places],
            loss=SquaredError(),
            until=Until(setting.epochs, loss=setting.error),
            store=None if checkpoint is None else Store(checkpoint, every=20),
            seed=seed,
            width=self.width,
        )
        count = len(self.momenta)
        each_result = [solution.results[k * count : (k + 1) * count] for k in range(len(members))]
        return [
            {
                "network": int(member),
                "momenta": list(self.momenta),
                "success": any(result.reached for result in some),
                "successes": [result.reached for result in some],
                "ended": [result.sentence for result in some],
                "epochs": [result.epochs for result in some],
            }
            for member, some in zip(members, each_result)
        ]


@dataclass(frozen=True)
class LatchingGrid(Asked):
    """The grid, as an `Experiment`."""

    name: str = "latching-grid"
    title: str = "Information latching: successes over learning rate and momentum"
    question: str = (
        "Which learning rate and momentum let eBPTT succeed on the shortest strings? The published grid search (NCTA "
        "2012) chose a pair for each rule; the figures themselves are not given as numbers."
    )
    networks: int = 100
    lengths: tuple[int, ...] = (60,)

    def runs(self, lengths: Sequence[int], quick: bool) -> list[Run]:
        """Every rate."""
        rates, setting = (STEPS[::4], QUICK) if quick else (STEPS, SETTING)
        return [GridRun(length, rate, rates, setting) for length in lengths for rate in rates]

    def networks_of(self, run: Run, networks: int) -> int:
        """All; a few in a quick run."""
        return min(networks, 4) if getattr(run, "setting", None) == QUICK else networks

    def account(self, records: Mapping[str, Sequence[Record]], lengths: Sequence[int], quick: bool) -> Account:
        """A map of successes, and of epochs."""
        steps = STEPS[::4] if quick else STEPS
        some = records.get("grid", ())
        successes, epochs, rows = [], [], []
        for momentum in reversed(steps):
            here = [_at(pick(some, rate=rate, length=lengths[0]), momentum) for rate in steps]
            successes.append(tuple(_mean([100.0 * good for good, _ in group]) for group in here))
            epochs.append(tuple(_mean([count for good, count in group if good]) for group in here))
            rows.append((f"momentum {momentum:g}", *(f"{sum(g for g, _ in group)}/{len(group)}" for group in here)))
        names = tuple(f"{rate:g}" for rate in steps)
        ys = tuple(f"{momentum:g}" for momentum in reversed(steps))
        most = max((value for row in epochs for value in row if value is not None), default=1.0)
        axes = ("learning rate", "momentum")
        caption = f"Successes in per cent, T = {lengths[0]}."
        return self.told(
            quick,
            grids=(Grid("Successes of networks; columns are learning rates.", ("", *names), tuple(rows)),),
            figures=(
                HeatMap(caption, *axes, names, ys, tuple(successes)),
                HeatMap(
                    "Mean epochs of the successful.", "learning rate", "momentum", names, ys, tuple(epochs), 0, most
                ),
            ),
            notes={
                "Protocol": (
                    "As in latching-rules (mnemon reproduce latching-rules says all of it), but for rate and momentum; "
                    "rates are those of E = (d - z)^2 / 2.",
                ),
                "What the full run says": (
                    "What counts is rate / (1 - momentum), to which steps add up: networks begin to fail where it "
                    "reaches about 1, whatever the two are. The pair of the tables, 0.6 and 0.5, lies beyond, at 1.2.",
                ),
            },
        )


def _at(records: Sequence[Record], momentum: float) -> list[tuple[bool, int]]:
    """Success and epochs of each network at one momentum."""
    places = [(record, record["momenta"].index(momentum)) for record in records if momentum in record["momenta"]]
    return [(bool(record["successes"][k]), int(record["epochs"][k])) for record, k in places]


def _mean(values: Sequence[float] | Sequence[int]) -> float | None:
    return float(np.mean(values)) if values else None


LATCHING_GRID = LatchingGrid()
