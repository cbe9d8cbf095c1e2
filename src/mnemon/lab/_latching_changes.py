"""The setting of the latching tables with one choice changed: what experiments on the choices have in common."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ._account import Account
from ._experiment import Asked, Run
from ._latching import KNOWS, LENGTHS, QUICK, SETTING, SLOW, LatchingRun, latching_run
from ._results import Record
from ._success_table import Column, success_grid, success_plot


class Change(NamedTuple):
    """What differs from the tables: numbers of the `Setting`, and fields of the `LatchingRun`."""

    label: str
    setting: Mapping[str, Any] = {}
    run: Mapping[str, Any] = {}


FIFTY = tuple((length, 50) for length in LENGTHS)
WEAK = {"pretraining_epochs": 20, "pretraining_unexplained": 1e-9}
ZERO = {"pretrained": True, "context": "zero"}
IDENTITY = {"pretrained": True, "context": "identity"}
# Conditions of the tables themselves.
SHARED = {
    "random": "as in the tables",
    "why-slow": "rate 0.1, momentum 0.4",
    "pretrained": "pre-trained, as in the tables",
    "pretrained-zero": "context zero, as in the tables",
    "pretrained-identity": "context identity, as in the tables",
}
CHANGES = {
    "why-batch": Change("an update for 10 strings", {"batch": 10}),
    "why-wide": Change("weights in [-1, 1]", {"reach": 1.0}),
    "why-biases": Change("with biases", {"biases": True}),
    "why-fifty": Change("50 strings at every length", {"sequences": FIFTY}),
    "why-fifty-wide": Change("50 strings, weights in [-1, 1]", {"sequences": FIFTY, "reach": 1.0}),
    "why-slow-pretrained": Change("pre-trained, rate 0.1, momentum 0.4", SLOW, {"pretrained": True}),
    "why-slow-zero": Change("context zero, rate 0.1, momentum 0.4", SLOW, ZERO),
    "why-slow-identity": Change("context identity, rate 0.1, momentum 0.4", SLOW, IDENTITY),
    # Which level's context weights the identity is good or bad for; those of the tables reset both.
    "why-identity-symbols": Change("identity at the symbol level alone", run=IDENTITY | {"levels": (0,)}),
    "why-identity-segments": Change("identity at the segment level alone", run=IDENTITY | {"levels": (1,)}),
    "setting-narrow": Change("weights in [-0.1, 0.1]", {"reach": 0.1}),
    "setting-wider": Change("weights in [-0.3, 0.3]", {"reach": 0.3}),
    "setting-biases-narrow": Change("with biases, weights in [-0.1, 0.1]", {"biases": True, "reach": 0.1}),
    "setting-biases-wide": Change("with biases, weights in [-1, 1]", {"biases": True, "reach": 1.0}),
    "setting-weak-pretrained": Change("pre-trained for 20 epochs", WEAK, {"pretrained": True}),
    "setting-weak-zero": Change("pre-trained for 20 epochs, context zero", WEAK, ZERO),
    "setting-weak-identity": Change("pre-trained for 20 epochs, context identity", WEAK, IDENTITY),
}


@dataclass(frozen=True)
class LatchingChanges(Asked):
    """Conditions of `SHARED` and `CHANGES` side by side, as an `Experiment`."""

    name: str
    title: str
    question: str
    conditions: tuple[str, ...]
    notes: tuple[tuple[str, tuple[str, ...]], ...]
    lengths: tuple[int, ...]
    networks: int = 16

    def runs(self, lengths: Sequence[int], quick: bool) -> list[Run]:
        """Every condition at every length."""
        return [_run(condition, length, quick) for length in lengths for condition in self.conditions]

    def account(self, records: Mapping[str, Sequence[Record]], lengths: Sequence[int], quick: bool) -> Account:
        """The table, and what it says."""
        labels = SHARED | {condition: change.label for condition, change in CHANGES.items()}
        columns = [Column(condition, labels[condition], {}) for condition in self.conditions]
        how = "eBPTT throughout; each row changes the setting of latching-rules in the one way it names."
        return self.told(
            quick,
            grids=(success_grid(columns, records, lengths, KNOWS),),
            figures=(success_plot(columns, records, lengths, KNOWS),) if len(lengths) > 1 else (),
            notes={"How": (how,)} | dict(self.notes),
        )


def _run(condition: str, length: int, quick: bool) -> LatchingRun:
    if condition in SHARED:
        return latching_run(condition, length, quick)
    change = CHANGES[condition]
    setting = dataclasses.replace(QUICK if quick else SETTING, **change.setting)
    return LatchingRun(condition, length, setting=setting, unit=16, **change.run)
