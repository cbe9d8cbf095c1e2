"""What a learning rule costs: S. Gluege, R. Boeck and A. Wendemuth, NCTA 2012: time for 100 epochs of 50 strings of 60
letters, over the number of hidden units; 3 minutes (eBPTT) against 21.65 hours (eRTRL) at 100.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import jax
import numpy as np

from ..learning import BPTT, RTRL, Examples, Learner, Optax, Population, SquaredError, Until, train
from ..learning import Sequence as Online
from ..problems import Latching
from ._account import Account, Curve, Grid, Plot
from ._experiment import Asked, Placed, Run
from ._latching import LatchingRun, Setting
from ._results import Record, pick

EPOCHS, STRINGS, LENGTH = 100, 50, 60
UNITS = (10, 20, 50, 100, 200, 500, 1000)
# Beyond so many units a rule is not run: sensitivities of 500 + 500 units take 700 million numbers.
MOST = {"BPTT": 1000, "RTRL": 200}
PUBLISHED = {"BPTT": 180.0, "RTRL": 21.65 * 3600}
LABELS = {"BPTT": "eBPTT", "RTRL": "eRTRL"}
# Enough epochs for a steady time; the 100 are counted from those.
ENOUGH = 20.0


@dataclass(frozen=True)
class CostRun(Placed):
    """One rule at one number of units, in each of the two levels."""

    PLACE: ClassVar[tuple[str, ...]] = ("units",)

    rule: str
    units: int
    enough: float = ENOUGH
    condition: str = field(default="", init=False)
    unit: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "condition", f"cost-{self.rule.lower()}")

    @property
    def protocol(self) -> dict[str, Any]:
        """The rule, and the task."""
        return {**super().protocol, "strings": STRINGS, "length": LENGTH}

    def train(self, members: Sequence[int], seed: int, checkpoint: Path | None) -> list[Record]:
        """See `Run`: the time of an epoch, compilation apart."""
        setting = Setting(units=self.units)
        network = LatchingRun("random", LENGTH, setting=setting).network
        sample = Latching(LENGTH).sample(jax.random.key(seed), STRINGS)
        examples = Examples(sample.xs, sample.targets)
        learner = Learner({"BPTT": BPTT, "RTRL": RTRL}[self.rule](), Optax("sgd", 0.05, momentum=0.5), Online())
        records = []
        for member in members:
            begun, marks = time.perf_counter(), []

            def watch(_: Any, marks: list[float] = marks, begun: float = begun) -> bool:
                marks.append(time.perf_counter() - begun)
                return len(marks) > 2 and marks[-1] - marks[0] > self.enough

            population = Population.make(network, [member], seed)
            train(population, learner, examples, loss=SquaredError(), until=Until(EPOCHS + 1), progress=watch)
            each = np.diff(marks)
            records.append(
                {
                    "network": int(member),
                    "success": True,
                    "epochs": len(each),
                    "epoch_seconds": float(np.median(each)),
                    "first_epoch_seconds": marks[0],
                    "weights": population.stacked.weight_count(),
                    "seconds": marks[-1],
                }
            )
        return records


@dataclass(frozen=True)
class RuleCost(Asked):
    """The figure, as an `Experiment`. Time what is to be compared with one job, on a machine that does nothing else."""

    name: str = "rule-cost"
    title: str = "The cost of a learning rule over the number of hidden units"
    question: str = (
        "How long do 100 epochs of 50 strings of 60 letters take, and how does that grow with the hidden units? Figure "
        "of S. Gluege, R. Boeck and A. Wendemuth, NCTA 2012: at 100 hidden units 3 minutes (eBPTT) and 21.65 hours "
        "(eRTRL)."
    )
    networks: int = 1
    lengths: tuple[int, ...] = (LENGTH,)

    def runs(self, lengths: Sequence[int], quick: bool) -> list[Run]:
        """Both rules at every size that is sane."""
        units = tuple(n for n in UNITS if n <= 50) if quick else UNITS
        return [CostRun(rule, n, 2.0 if quick else ENOUGH) for n in units for rule in MOST if n <= MOST[rule]]

    def account(self, records: Mapping[str, Sequence[Record]], lengths: Sequence[int], quick: bool) -> Account:
        """Times of 100 epochs, the fitted power, and what it says beyond."""
        curves, rows, notes = [], [], []
        for rule, label in LABELS.items():
            some = records.get(f"cost-{rule.lower()}", ())
            times = {n: [r["epoch_seconds"] for r in pick(some, units=n)] for n in UNITS}
            known = {n: EPOCHS * float(np.median(each)) for n, each in times.items() if each}
            if not known:
                continue
            curves.append(Curve(label, list(known), list(known.values())))
            large = {n: t for n, t in known.items() if n >= 50} if len(known) > 4 else known
            power, start = (
                np.polyfit(np.log(list(large)), np.log(list(large.values())), 1) if len(large) > 1 else (0, 0)
            )
            beyond = [n for n in UNITS if n > max(known)]
            fitted = {n: float(np.exp(start + power * np.log(n))) for n in beyond}
            if fitted and not quick:
                curves.append(
                    Curve(f"{label}, power law", [max(known), *fitted], [known[max(known)], *fitted.values()])
                )
            curves.append(Curve(f"{label}, published", [100], [PUBLISHED[rule]], published=True))
            for n in UNITS:
                theirs = _time(PUBLISHED[rule]) if n == 100 else "-"
                if n in known:
                    measured = sum(r["epochs"] for r in pick(some, units=n))
                    rows.append((f"{label}, {n} + {n} units", _time(known[n]), f"{measured} epochs", theirs))
                elif n in fitted and not quick:
                    rows.append((f"{label}, {n} + {n} units", f"({_time(fitted[n])})", "power law", theirs))
            sizes = f"{min(large)} to {max(large)} units"
            notes.append(f"{label}: time grows as units to the power {power:.2f} ({sizes}; operations alone would say "
                         f"{'4' if rule == 'RTRL' else '2'}).")  # fmt: skip
        return self.told(
            quick,
            grids=(
                Grid("Time for 100 epochs, an update a string.", ("", "ours", "measured on", "published"), tuple(rows)),
            ),
            figures=(Plot("Time for 100 epochs.", "hidden units in each level", "seconds", tuple(curves), True, True),),
            notes={
                "Growth": tuple(notes),
                "Protocol": (
                    "n hidden units are n at the symbol level and n at the segment level (the paper does not say "
                    "whether 100 are 50 + 50; that would be about a sixteenth of our time for eRTRL). One network on "
                    "one core, float32, compilation left out; 100 epochs are 100 times the median of those timed.",
                    "Beyond 200 + 200 units eRTRL is not run; its power law is in brackets.",
                ),
            },
        )


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:,.1f} h"


RULE_COST = RuleCost()
