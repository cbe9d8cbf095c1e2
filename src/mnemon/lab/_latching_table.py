"""What the published tables on the latching problem have in common: conditions by lengths, and what we depart in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ._account import Account
from ._experiment import Asked, Run
from ._latching import KNOWS, LENGTHS, QUICK, SETTING, latching_run
from ._results import Record
from ._success_table import Column, success_grid, success_plot

# Networks of a condition that cost too much for all; the table says so.
FEW = {"rtrl": 3, "why-slow": 24}


@dataclass(frozen=True)
class LatchingTable(Asked):
    """A table of successes over lengths, as an `Experiment`."""

    name: str
    title: str
    question: str
    columns: tuple[Column, ...]
    notes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    networks: int = 100
    lengths: tuple[int, ...] = LENGTHS

    def runs(self, lengths: Sequence[int], quick: bool) -> list[Run]:
        """Every condition at every length."""
        return [latching_run(column.condition, length, quick) for length in lengths for column in self.columns]

    def networks_of(self, run: Run, networks: int) -> int:
        """All, or a few."""
        return min(networks, FEW.get(run.condition, networks))

    def account(self, records: Mapping[str, Sequence[Record]], lengths: Sequence[int], quick: bool) -> Account:
        """The table, the picture, and the words."""
        return self.told(
            quick,
            grids=(success_grid(self.columns, records, lengths, KNOWS),),
            figures=(success_plot(self.columns, records, lengths, KNOWS),),
            notes={"Protocol": _protocol(quick), "What the papers leave open, and what we took": _open(quick)}
            | dict(self.notes),
        )


def _protocol(quick: bool) -> tuple[str, ...]:
    setting = QUICK if quick else SETTING
    return (
        "Strings of T letters; in half of them the first 50 are a keyword, else all are random. One logistic output, "
        "at the end, is to be 1 or 0. Networks of 26-10-10-1 logistic units, segments of 15 letters.",
        f"A network succeeds when its mean squared error over an epoch falls below {setting.error:g} within "
        f"{setting.epochs} epochs (published: 1000). Accuracy is the share of new strings on the right side of 0.5, "
        "averaged over successful networks.",
    )


def _open(quick: bool) -> tuple[str, ...]:
    setting = QUICK if quick else SETTING
    sets = ", ".join(f"{n} for T = {length}" for length, n in setting.sequences)
    return (
        f"Training strings: {sets}. Each network has its own; the keyword is the same for all. {setting.test} test "
        "strings.",
        f"Initial weights are uniform in [-{setting.reach:g}, {setting.reach:g}]; units have "
        f"{'biases' if setting.biases else 'no biases, as in the published equations'}; initial states are 0. T is the "
        "last segment's end, also where it is no multiple of 15.",
        f"Gradient descent with rate {setting.rate:g} and momentum {setting.momentum:g} (of E = (d - z)^2 / 2), an "
        f"update after each string, in a new order every epoch.",
        "Pre-training: each level repeats its current input through a logistic decoder without biases, an update a "
        f"segment, rate {setting.pretraining_rate:g} of the mean squared error, momentum "
        f"{setting.pretraining_momentum:g}, until that error is below {setting.pretraining_unexplained:g} of the "
        f"inputs' variance ({setting.pretraining_epochs} epochs at most); its strings are the training strings.",
        "One setting serves all rows of all four tables. It was chosen on T = 60 alone (docs/results/latching.md) and "
        "committed before longer rows were run; the set sizes follow the rule that sets must grow with T, or networks "
        "memorise them.",
    )
