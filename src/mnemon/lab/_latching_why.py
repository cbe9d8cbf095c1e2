"""Why published success counts differ so much where the gradient is the same: one choice of the protocol at a time."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ._account import Account
from ._experiment import Run
from ._latching import KNOWS, LENGTHS, QUICK, SETTING, SLOW, LatchingRun, Setting, latching_run
from ._results import Record
from ._success_table import Column, success_grid, success_plot

FIFTY = tuple((length, 50) for length in LENGTHS)


class Change(NamedTuple):
    """What differs from the tables: numbers of the `Setting`, and fields of the `LatchingRun`."""

    label: str
    setting: Mapping[str, Any] = {}
    run: Mapping[str, Any] = {}


# Conditions of the tables themselves.
SHARED = {
    "random": "as in the tables",
    "why-slow": "rate 0.1, momentum 0.4",
    "pretrained": "pre-trained, as in the tables",
    "pretrained-zero": "context zero, as in the tables",
    "pretrained-identity": "context identity, as in the tables",
}
IDENTITY = {"pretrained": True, "context": "identity"}
CHANGES = {
    "why-batch": Change("an update for 10 strings", {"batch": 10}),
    "why-wide": Change("weights in [-1, 1]", {"reach": 1.0}),
    "why-biases": Change("with biases", {"biases": True}),
    "why-fifty": Change("50 strings at every length", {"sequences": FIFTY}),
    "why-fifty-wide": Change("50 strings, weights in [-1, 1]", {"sequences": FIFTY, "reach": 1.0}),
    "why-slow-pretrained": Change("pre-trained, rate 0.1, momentum 0.4", SLOW, {"pretrained": True}),
    "why-slow-zero": Change("context zero, rate 0.1, momentum 0.4", SLOW, {"pretrained": True, "context": "zero"}),
    "why-slow-identity": Change("context identity, rate 0.1, momentum 0.4", SLOW, IDENTITY),
    # Which level's context weights the identity is good or bad for; those of the tables reset both.
    "why-identity-symbols": Change("identity at the symbol level alone", run=IDENTITY | {"levels": (0,)}),
    "why-identity-segments": Change("identity at the segment level alone", run=IDENTITY | {"levels": (1,)}),
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
        return [
            run
            for length in lengths
            for run in (
                *(latching_run(condition, length, quick) for condition in SHARED),
                *(_changed(condition, length, base) for condition in CHANGES),
            )
        ]

    def networks_of(self, run: Run, networks: int) -> int:
        """All."""
        return networks

    def account(self, records: Mapping[str, Sequence[Record]], lengths: Sequence[int], quick: bool) -> Account:
        """The table, and what it says."""
        labels = SHARED | {condition: change.label for condition, change in CHANGES.items()}
        columns = [Column(condition, label, {}) for condition, label in labels.items()]
        return Account(
            name=self.name,
            title=self.title,
            question=self.question,
            quick=quick,
            grids=(success_grid(columns, records, lengths, KNOWS),),
            figures=(success_plot(columns, records, lengths, KNOWS),),
            notes={
                "How": ("eBPTT throughout; each row changes the setting of latching-rules in the one way it names.",),
                "What it says": (
                    "The rate alone decides. 0.6 with momentum 0.5, an update a string, is at the edge: networks stay "
                    "where all answers are 0.5, or learn and are thrown back there, the more often the longer the "
                    "strings and the more updates an epoch has. A sixth of that rate, or the mean of ten strings, "
                    "takes most failures away; so do initial weights four times as wide, which leave the plateau at "
                    "once.",
                    "Pre-trained networks fail by being thrown back: at the smaller rate none fails, whatever becomes "
                    "of the context weights. The identity at both levels is the start that is thrown back most; that "
                    "is why it is not above zero here, as it was published to be.",
                    "With 50 strings of 130 letters success means nothing: no network knows new strings.",
                ),
            },
        )


def _changed(condition: str, length: int, base: Setting) -> LatchingRun:
    change = CHANGES[condition]
    return LatchingRun(condition, length, setting=dataclasses.replace(base, **change.setting), unit=16, **change.run)


LATCHING_WHY = LatchingWhy()
