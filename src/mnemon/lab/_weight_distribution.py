"""How auto-encoder pre-training moves forward and context weights: S. Gluege, R. Boeck and A. Wendemuth, ESANN 2013."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..diagnosis import forward_and_context
from ..learning import Population
from ..problems import Latching
from ._account import Account, Grid, Histograms, Panel
from ._experiment import Asked, Placed, Run
from ._latching import QUICK, SETTING, LatchingRun, Setting
from ._results import Record
from ._trial import own_strings

EDGES = tuple(round(float(edge), 6) for edge in np.linspace(-3, 3, 61))
KINDS = ("forward", "context")
STAGES = {"random": "random", "pretrained": "pre-trained"}


@dataclass(frozen=True)
class WeightsRun(Placed):
    """The weights of a network before and after pre-training, as counts between `EDGES`; what lies beyond is apart."""

    length: int
    setting: Setting = SETTING
    condition: str = "weights"
    unit: int = 24
    width: int = 8

    @property
    def protocol(self) -> dict[str, Any]:
        """The setting, and where counts are between."""
        return {**super().protocol, "edges": EDGES}

    def train(self, members: Sequence[int], seed: int, checkpoint: Path | None) -> list[Record]:
        """See `Run`."""
        run = LatchingRun("pretrained", self.length, pretrained=True, setting=self.setting, width=self.width)
        before = Population.make(run.network, list(members), seed)
        strings = own_strings(Latching(self.length), seed, members, self.setting.strings(self.length))
        xs = [sample.xs for sample in strings]
        records: list[Record] = [{"network": int(k), "success": True} for k in members]
        for stage, population in (("random", before), ("pretrained", run.pretrain(before, xs, seed))):
            for kind, weights in forward_and_context(population.stacked.layers).items():
                for record, values in zip(records, weights):
                    counts, _ = np.histogram(values, EDGES)
                    record[f"{stage} {kind}"] = counts.tolist()
                    record[f"{stage} {kind} beyond"] = int(values.size - counts.sum())
                    record[f"{stage} {kind} deviation"] = round(float(values.std()), 6)
        return records


@dataclass(frozen=True)
class WeightDistribution(Asked):
    """The figure, as an `Experiment`."""

    name: str = "weight-distribution"
    title: str = "Forward and context weights, random and pre-trained"
    question: str = (
        "What does auto-encoder pre-training do to a segmented-memory network? Figure of S. Gluege, R. Boeck and "
        "A. Wendemuth, ESANN 2013, pp. 29-34: the forward weights spread, the context weights stay about as they were."
    )
    networks: int = 100
    lengths: tuple[int, ...] = (60,)

    def runs(self, lengths: Sequence[int], quick: bool) -> list[Run]:
        """One a length."""
        return [WeightsRun(length, QUICK if quick else SETTING) for length in lengths]

    def account(self, records: Mapping[str, Sequence[Record]], lengths: Sequence[int], quick: bool) -> Account:
        """Two panels of two histograms, and the deviations."""
        some = [record for record in records.get("weights", ()) if record["length"] == lengths[0]]
        panels = tuple(
            Panel(
                f"{kind} weights",
                EDGES,
                {
                    label: np.sum([r[f"{stage} {kind}"] for r in some], axis=0).tolist()
                    for stage, label in STAGES.items()
                },
            )
            for kind in KINDS
        )
        rows = tuple(
            (
                f"{kind} weights, {label}",
                f"{np.mean([r[f'{stage} {kind} deviation'] for r in some]):.3f}",
                f"{sum(r[f'{stage} {kind} beyond'] for r in some):,}",
            )
            for kind in KINDS
            for stage, label in STAGES.items()
        )
        caption = f"Weights of {len(some)} networks, T = {lengths[0]}."
        return self.told(
            quick,
            grids=(Grid("Standard deviation of the weights.", ("", "deviation", "beyond 3"), rows),),
            figures=(Histograms(caption, "weight", panels),),
            notes={"Protocol": ("Initial weights and pre-training are those of latching-pretraining.",)},
        )


WEIGHT_DISTRIBUTION = WeightDistribution()
