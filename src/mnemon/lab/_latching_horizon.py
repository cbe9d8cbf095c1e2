"""Who still latches: every cell of the package under back-propagation, and every learning rule on one cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax

from ..cells import CELLS, Elman
from ..layers import Network, Readout, Segmented
from ..learning import (
    BPTT,
    RFLO,
    RTRL,
    UORO,
    Batch,
    Gradient,
    Learner,
    Optax,
    Population,
    SnAp,
    Truncated1997,
    TruncatedBPTT,
    Until,
)
from ..problems import Latching
from ._account import Account, Grid, HeatMap
from ._experiment import Asked, Placed, Run
from ._results import Record, pick
from ._trial import shared_strings, trial

LENGTHS = (60, 130, 300, 1000)
RULES: dict[str, Gradient] = {
    "rtrl": RTRL(),
    "snap1": SnAp(1),
    "uoro": UORO(),
    "rflo": RFLO(),
    "truncated1997": Truncated1997(),
    "truncated-20": TruncatedBPTT(20),
}
# The cell that all rules are tried on.
CELL = "lstm"
SEGMENTED = ("segmented-elman", "segmented-lstm")
# Exact, and far dearer than back-propagation, whose numbers it has by law: not run on longer strings.
MOST = {"rtrl": 130}
KNOWS = 0.95


@dataclass(frozen=True)
class HorizonRun(Placed):
    """One cell and rule at one length."""

    cell: str
    rule: str
    length: int
    units: int = 16
    strings: int = 200
    rate: float = 0.01
    batch: int = 10
    epochs: int = 15
    error: float = 0.01
    test: int = 500
    condition: str = field(default="", init=False)
    unit: int = 4
    width: int = 4

    def __post_init__(self) -> None:
        object.__setattr__(self, "condition", f"horizon-{self.cell}-{self.rule}")

    def network(self, key: Any) -> Network:
        """One untrained network."""
        a, b, c = jax.random.split(key, 3)
        letters, units = Latching(self.length).input_size, self.units
        if self.cell in SEGMENTED:
            above = CELLS[self.cell.removeprefix("segmented-")](units, units, key=b)
            cell = Segmented(Elman(letters, units, key=a), above, max(15, -(-self.length // 25)))
        else:
            cell = CELLS[self.cell](letters, units, key=a)
        return Network(cell, Readout(cell.output_size, 1, squashing="logistic", key=c))

    def train(self, members: Sequence[int], seed: int, checkpoint: Path | None) -> list[Record]:
        """See `Run`."""
        problem = Latching(self.length)
        gradient = BPTT() if self.rule == "bptt" else RULES[self.rule]
        records = trial(
            problem,
            Population.make(self.network, list(members), seed),
            Learner(gradient, Optax("adam", self.rate, clip=1.0), Batch(self.batch)),
            shared_strings(problem, seed, self.strings),
            members=members, until=Until(self.epochs, loss=self.error),
            test=self.test, seed=seed, width=self.width, checkpoint=checkpoint,
        )  # fmt: skip
        jax.clear_caches()  # many programs, each used once
        # What counts is what a network knows, whether its training ended by its error or not.
        return [
            {**record, "success": record["test_accuracy"] >= KNOWS, "reached": record["success"]} for record in records
        ]


def _pairs() -> list[tuple[str, str]]:
    return [(cell, "bptt") for cell in (*CELLS, *SEGMENTED)] + [(CELL, rule) for rule in RULES]


@dataclass(frozen=True)
class LatchingHorizon(Asked):
    """The picture, as an `Experiment`."""

    name: str = "latching-horizon"
    title: str = "Information latching: who still latches"
    question: str = (
        "Which cell, and which learning rule, still tells at the end of T letters whether the first 50 were the "
        "keyword? New here; nothing was published."
    )
    networks: int = 4
    lengths: tuple[int, ...] = LENGTHS

    def runs(self, lengths: Sequence[int], quick: bool) -> list[Run]:
        """Every cell and every rule, where it is not too dear."""
        pairs = [("lstm", "bptt"), ("segmented-lstm", "bptt"), ("lstm", "rflo")] if quick else _pairs()
        return [
            HorizonRun(cell, rule, length)
            for length in lengths
            for cell, rule in pairs
            if length <= MOST.get(rule, length)
        ]

    def account(self, records: Mapping[str, Sequence[Record]], lengths: Sequence[int], quick: bool) -> Account:
        """One map: who knows new strings, over the length."""
        rows, values, names = [], [], []
        for cell, rule in _pairs():
            some = records.get(f"horizon-{cell}-{rule}", ())
            here = [pick(some, length=length) for length in lengths]
            if not any(here):
                continue
            names.append(cell if rule == "bptt" else f"{cell}, {rule}")
            values.append(tuple(_share(group) for group in here))
            rows.append((names[-1], *(_words(group) for group in here)))
        run = HorizonRun(CELL, "bptt", LENGTHS[0])
        heads = tuple(f"T = {length}" for length in lengths)
        caption = f"Networks that know new strings (accuracy of at least {KNOWS:g}), in per cent."
        return self.told(
            quick,
            grids=(
                Grid(
                    f"Networks with a test accuracy of at least {KNOWS:g}, and the mean.",
                    ("", *heads),
                    tuple(rows),
                ),
            ),
            figures=(
                HeatMap(caption, "letters, T", "cell, rule", tuple(map(str, lengths)), tuple(names), tuple(values)),
            ),
            notes={
                "How": (
                    f"{run.units} units with the cell's own defaults, one logistic output at the end, Adam at "
                    f"{run.rate:g} clipped to norm 1, batches of {run.batch} of {run.strings} strings (the same "
                    f"for all networks), "
                    f"at most {run.epochs} epochs: a small budget, alike for all, and nobody's best.",
                    "Names without a rule are under bptt. Segmented networks have segments of max(15, T / 25) letters "
                    "and a tanh cell below. rtrl has bptt's gradient by law (rounded otherwise, so that single "
                    "networks part), and is not run beyond T = 130.",
                )
            },
        )


def _share(group: Sequence[Record]) -> float | None:
    return 100 * sum(record["success"] for record in group) / len(group) if group else None


def _words(group: Sequence[Record]) -> str:
    if not group:
        return "-"
    mean = sum(record["test_accuracy"] for record in group) / len(group)
    return f"{sum(record['success'] for record in group)}/{len(group)} ({mean:.2f})"


LATCHING_HORIZON = LatchingHorizon()
