"""The long-time-lag experiments of the first LSTM: a new sequence for every update, until 2000 in a row are right.

S. Hochreiter and J. Schmidhuber, Neural Computation 9(8):1735-1780, 1997, doi:10.1162/neco.1997.9.8.1735, experiments
3 to 6. Blocks of one or two cells of the 1997 kind; gates feed gates and cells; the truncated gradient; plain gradient
descent without momentum; one logistic output a class, or one for the value (`_adding.py` has a linear one, too).
"Sequences" counts all that were shown, each once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import jax
import numpy as np

from ..cells import LSTM, LSTM_TABLE, uniform
from ..layers import Network, Readout
from ..learning import (
    BPTT,
    Fresh,
    Learner,
    Optax,
    Population,
    SquaredError,
    Store,
    Truncated1997,
    Until,
    answers,
    train,
)
from ..learning import (
    Sequence as Online,
)
from ..problems import Adding, Multiplication, Problem, TemporalOrder, TwoSequence
from ._account import Account, Grid
from ._experiment import Asked, Placed, Run
from ._records import records_of
from ._results import Record, pick
from ._share import share

PROBLEMS: dict[str, Any] = {
    "adding": Adding,
    "multiplication": Multiplication,
    "two-sequence": lambda length: TwoSequence(length, carriers=3),
    "two-sequence-1": lambda length: TwoSequence(length, carriers=1),
    "temporal-order": lambda length: TemporalOrder(length, symbols=2),
    "temporal-order-3": lambda length: TemporalOrder(length, symbols=3),
}
TEST = 2560


@dataclass(frozen=True)
class LongLagRun(Placed):
    """Networks on one of the problems at one length.

    Attributes:
        OUTPUT: the squashing of the output units.
        condition: the name of its file of results. problem: of `PROBLEMS`. length: T.
        blocks: of so many `cells` each. input_bias, output_bias: of the gates, one a block; None: drawn as all weights.
        biases: see `LSTMVariant`; output_unit_bias: whether the output units have biases.
        reach: initial weights are uniform in [-reach, reach]. rate: of E = sum (d - z)^2 / 2.
        rule: "truncated" as in the paper, or "bptt".
        streak: so many right answers in a row end a trial. sequences: of an epoch, epochs: of those at most.

    """

    PLACE: ClassVar[tuple[str, ...]] = ("length",)
    OUTPUT: ClassVar[str] = "logistic"

    condition: str
    problem: str
    length: int
    blocks: int = 2
    cells: int = 2
    input_bias: tuple[float, ...] | None = None
    output_bias: tuple[float, ...] | None = None
    biases: Literal["all", "gates"] = "all"
    output_unit_bias: bool = True
    reach: float = 0.1
    rate: float = 0.5
    rule: str = "truncated"
    streak: int = 2000
    sequences: int = 1000
    epochs: int = 2000
    test: int = TEST
    unit: int = 5
    width: int = 1

    def network(self, key: Any) -> Network:
        """One untrained network."""
        below, above = jax.random.split(key)
        problem, small = PROBLEMS[self.problem](self.length), uniform(self.reach)
        wanted = {"input": self.input_bias, "output": self.output_bias}
        cells = LSTM(
            problem.input_size, self.cells * self.blocks, variant=replace(LSTM_TABLE["1997"], biases=self.biases),
            cells_per_block=self.cells, gate_bias={k: v for k, v in wanted.items() if v is not None},
            initialiser=small, key=below,
        )  # fmt: skip
        how: dict[str, Any] = {"squashing": self.OUTPUT, "bias": self.output_unit_bias, "initialiser": small}
        return Network(cells, Readout(cells.output_size, problem.output_size, key=above, **how))

    def learner(self, problem: Problem) -> Learner:
        """Gradient descent after every sequence."""
        # SquaredError is the mean over outputs of (d - z)^2.
        rate = self.rate * problem.output_size / 2
        return Learner({"truncated": Truncated1997, "bptt": BPTT}[self.rule](), Optax("sgd", rate), Online())

    def train(self, members: Sequence[int], seed: int, checkpoint: Path | None) -> list[Record]:
        """See `Run`: each network has its own weights and its own sequences."""
        problem: Problem = PROBLEMS[self.problem](self.length)
        solution = train(
            Population.make(self.network, list(members), seed),
            self.learner(problem),
            Fresh(problem, self.sequences),
            loss=SquaredError(),
            until=Until(self.epochs, streak=self.streak, right=problem.right),
            store=None if checkpoint is None else Store(checkpoint, every=20),
            seed=seed,
            width=self.width,
        )
        new = problem.sample(jax.random.fold_in(jax.random.key(seed), self.length), self.test)
        wrong = (~problem.right(answers(solution.networks, new.xs), new.targets)).sum(axis=-1)
        return records_of(members, solution, test_wrong=wrong.tolist())


@dataclass(frozen=True)
class Row:
    """A line of the table: the condition of its records, its words, and what was published: wrong, and sequences."""

    condition: str
    length: int
    label: str
    published: tuple[float, float] | None = None


def long_lag_grid(rows: Sequence[Row], records: Mapping[str, Sequence[Record]]) -> Grid:
    """Trials that met the criterion, sequences until then, and wrong answers to new sequences."""
    lines = []
    for row in rows:
        some = pick(records.get(row.condition, ()), length=row.length)
        if not some:
            continue
        good = [record for record in some if record["success"]]
        used = [record["sequences"] for record in good]
        wrong = [record["test_wrong"] for record in good]
        theirs = ("-", "-") if row.published is None else (f"{row.published[0]:g}", f"{row.published[1]:,.0f}")
        lines.append(
            (
                row.label,
                *share(len(good), len(some)),
                f"{np.mean(used):,.0f}" if used else "-",
                f"{min(used):,} to {max(used):,}" if used else "-",
                f"{np.mean(wrong):.1f}" if wrong else "-",
                *theirs,
            )
        )
    return Grid(
        "Trials that met the criterion (with the 95 % interval in per cent), sequences until then (mean, least and "
        f"most), and wrong of {TEST} new ones; then the published wrong answers and sequences.",
        ("", "solved", "95 %", "sequences", "from, to", "wrong", "published wrong", "sequences"),
        tuple(lines),
    )


@dataclass(frozen=True)
class LongLags(Asked):
    """One of the paper's tables, as an `Experiment`: the published row, and variations of it."""

    name: str
    title: str
    question: str
    rows: tuple[tuple[Row, LongLagRun], ...]
    networks: int
    lengths: tuple[int, ...]
    protocol: tuple[str, ...] = ()
    few: tuple[tuple[int, int], ...] = ()
    notes: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def runs(self, lengths: Sequence[int], quick: bool) -> list[Run]:
        """Those of the lengths."""
        return [_short(run) if quick else run for _, run in self._rows(lengths)]

    def networks_of(self, run: Run, networks: int) -> int:
        """All, or a few where a trial takes long."""
        return min(networks, dict(self.few).get(run.place["length"], networks))

    def account(self, records: Mapping[str, Sequence[Record]], lengths: Sequence[int], quick: bool) -> Account:
        """The table and the protocol."""
        rows = [row for row, _ in self._rows(lengths)]
        run = self.rows[0][1]
        return self.told(
            quick,
            grids=(long_lag_grid(rows, records),),
            notes={
                "Protocol": (
                    f"{run.blocks} blocks of {run.cells} cells of the 1997 kind, initial weights within "
                    f"{run.reach:g}, truncated gradient, plain gradient descent at rate {run.rate:g} after every "
                    "sequence, states 0 at its start; every network has weights and sequences of its own.",
                    f"A trial ends when the {run.streak:,} sequences shown last were all answered right, each before "
                    f"anything was learned from it, or after {run.epochs * run.sequences:,}.",
                    *self.protocol,
                ),
                **dict(self.notes),
            },
        )

    def _rows(self, lengths: Sequence[int]) -> list[tuple[Row, LongLagRun]]:
        """The published rows of these lengths; at others, the first as if it had that length."""
        found = []
        for length in lengths:
            here = [(row, run) for row, run in self.rows if run.length == length]
            row, run = self.rows[0]
            found += here or [(Row(row.condition, length, f"T = {length}"), replace(run, length=length))]
        return found


def _short(run: LongLagRun) -> LongLagRun:
    """To see that it runs: a short streak, and few sequences."""
    return replace(run, streak=50, epochs=3, sequences=500, test=100)
