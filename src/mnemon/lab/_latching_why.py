"""Why published success counts differ so much where the gradient is the same: one choice of the protocol at a time."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ._account import Account
from ._experiment import Run
from ._latching import KNOWS, LENGTHS, QUICK, SETTING, LatchingRun, Setting, latching_run
from ._results import Record
from ._success_table import Column, success_grid, success_plot

FIFTY = tuple((length, 50) for length in LENGTHS)
CHANGES: dict[str, tuple[str, dict[str, object]]] = {
    "random": ("as in the tables", {}),
    "why-fifty": ("50 strings at every length", {"sequences": FIFTY}),
    "why-slow": ("rate 0.1, momentum 0.4", {"rate": 0.1, "momentum": 0.4}),
    "why-wide": ("weights in [-1, 1]", {"reach": 1.0}),
    "why-biases": ("with biases", {"biases": True}),
    "why-batch": ("an update for 10 strings", {"batch": 10}),
    "why-fifty-wide": ("50 strings, weights in [-1, 1]", {"sequences": FIFTY, "reach": 1.0}),
}
# Which level's context weights the identity is good or bad for; those of the tables reset both.
RESETS: dict[str, tuple[str, tuple[int, ...]]] = {
    "why-identity-symbols": ("identity at the symbol level alone", (0,)),
    "why-identity-segments": ("identity at the segment level alone", (1,)),
}
SHARED = {
    "pretrained": "pre-trained, as in the tables",
    "pretrained-zero": "context zero, as in the tables",
    "pretrained-identity": "context identity, as in the tables",
}


@dataclass(frozen=True)
class LatchingWhy:
    """The setting of the tables with one choice changed, as an `Experiment`."""

    name: str = "latching-why"
    title: str = "Information latching: what the number of successes hangs on"
    question: str = (
        "eBPTT and eRTRL compute the same gradient, yet 14 and 96 of 100 networks were published to succeed at T = "
        "130. Which of the choices that the papers leave open can make such a difference?"
    )
    networks: int = 16
    lengths: tuple[int, ...] = (60, 130)

    def runs(self, lengths: Sequence[int], quick: bool) -> list[Run]:
        """Every change at every length."""
        base = QUICK if quick else SETTING
        runs: list[Run] = []
        for length in lengths:
            runs += [
                LatchingRun(condition, length, setting=_changed(base, changes), unit=_unit(condition))
                for condition, (_, changes) in CHANGES.items()
            ]
            runs += [latching_run(condition, length, quick) for condition in SHARED]
            runs += [
                LatchingRun(
                    condition, length, pretrained=True, context="identity", levels=levels, setting=base, unit=16
                )
                for condition, (_, levels) in RESETS.items()
            ]
        return runs

    def networks_of(self, run: Run, networks: int) -> int:
        """All."""
        return networks

    def account(self, records: Mapping[str, Sequence[Record]], lengths: Sequence[int], quick: bool) -> Account:
        """The table, and what it says."""
        labels = {condition: label for condition, (label, _) in CHANGES.items()} | SHARED
        labels |= {condition: label for condition, (label, _) in RESETS.items()}
        columns = [Column(condition, label, {}) for condition, label in labels.items()]
        return Account(
            name=self.name,
            title=self.title,
            question=self.question,
            quick=quick,
            grids=(success_grid(columns, records, lengths, KNOWS),),
            figures=(success_plot(columns, records, lengths, KNOWS),),
            notes={
                "How": ("eBPTT throughout; each row changes the setting of latching-rules in the one way it names.",)
            },
        )


def _unit(condition: str) -> int:
    """As in the tables, where the results are theirs; else what one job takes."""
    return 24 if condition == "random" else 16


def _changed(base: Setting, changes: dict[str, object]) -> Setting:
    return dataclasses.replace(base, **changes)  # pyright: ignore[reportArgumentType]


LATCHING_WHY = LatchingWhy()
