"""The long-time-lag experiments of the first LSTM: a new sequence for every update, until 2000 in a row are right.

S. Hochreiter and J. Schmidhuber, Neural Computation 9(8):1735-1780, 1997, doi:10.1162/neco.1997.9.8.1735, experiments
4 to 6. Blocks of two cells of the 1997 kind; gates feed gates and cells; the truncated gradient; plain gradient descent
without momentum; one logistic output a class, or one for the value. "Sequences" counts all that were shown, each once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import jax
import numpy as np

from .._statistics import wilson
from ..cells import LSTM, uniform
from ..layers import Network, Readout
from ..learning import (
    BPTT,
    SENTENCES,
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
from ..problems import Adding, Multiplication, Problem, TemporalOrder
from ._account import Account, Grid
from ._experiment import Placed, Run
from ._results import Record, pick

PROBLEMS: dict[str, Any] = {
    "adding": Adding,
    "multiplication": Multiplication,
    "temporal-order": lambda length: TemporalOrder(length, symbols=2),
    "temporal-order-3": lambda length: TemporalOrder(length, symbols=3),
}
TEST = 2560


@dataclass(frozen=True)
class LongLagRun(Placed):
    """Networks on one of the problems at one length.

    Attributes:
        condition: the name of its file of results. problem: of `PROBLEMS`. length: T.
        blocks: of two cells each. input_bias: of the input gates, one a block, or None: drawn as all weights.
        reach: initial weights are uniform in [-reach, reach]. rate: of E = sum (d - z)^2 / 2.
        rule: "truncated" as in the paper, or "bptt".
        streak: so many right answers in a row end a trial. sequences: of an epoch, epochs: of those at most.

    """

    PLACE: ClassVar[tuple[str, ...]] = ("length",)

    condition: str
    problem: str
    length: int
    blocks: int = 2
    input_bias: tuple[float, ...] | None = None
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
        biases = {} if self.input_bias is None else {"input": self.input_bias}
        cells = LSTM(
            problem.input_size, 2 * self.blocks, variant="1997", cells_per_block=2, gate_bias=biases,
            initialiser=small, key=below,
        )  # fmt: skip
        readout = Readout(cells.output_size, problem.output_size, squashing="logistic", initialiser=small, key=above)
        return Network(cells, readout)

    def train(self, members: Sequence[int], seed: int, checkpoint: Path | None) -> list[Record]:
        """See `Run`: each network has its own weights and its own sequences."""
        problem: Problem = PROBLEMS[self.problem](self.length)
        # SquaredError is the mean over outputs of (d - z)^2.
        rate = self.rate * problem.output_size / 2
        solution = train(
            Population.make(self.network, list(members), seed),
            Learner({"truncated": Truncated1997, "bptt": BPTT}[self.rule](), Optax("sgd", rate), Online()),
            Fresh(problem, self.sequences),
            loss=SquaredError(),
            until=Until(self.epochs, streak=self.streak, right=problem.right),
            store=None if checkpoint is None else Store(checkpoint, every=20),
            seed=seed,
            width=self.width,
        )
        new = problem.sample(jax.random.fold_in(jax.random.key(seed), self.length), self.test)
        wrong = (~problem.right(answers(solution.networks, new.xs), new.targets)).sum(axis=-1)
        return [
            {
                "network": int(member),
                "success": result.reached,
                "ended": SENTENCES[result.code],
                "sequences": result.sequences,
                "test_wrong": int(wrong[k]),
            }
            for k, (member, result) in enumerate(zip(members, solution.results))
        ]


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
        low, high = wilson(len(good), len(some))
        used = [record["sequences"] for record in good]
        wrong = [record["test_wrong"] for record in good]
        theirs = ("-", "-") if row.published is None else (f"{row.published[0]:g}", f"{row.published[1]:,.0f}")
        lines.append(
            (
                row.label,
                f"{len(good)} of {len(some)}",
                f"{100 * low:.0f} to {100 * high:.0f}",
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
class LongLags:
    """One of the paper's tables, as an `Experiment`: the published row, and variations of it."""

    name: str
    title: str
    question: str
    rows: tuple[tuple[Row, LongLagRun], ...]
    networks: int
    lengths: tuple[int, ...]
    few: tuple[tuple[int, int], ...] = ()
    notes: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def runs(self, lengths: Sequence[int], quick: bool) -> list[Run]:
        """Those of the lengths."""
        return [_short(run) if quick else run for _, run in self.rows if run.length in lengths]

    def networks_of(self, run: Run, networks: int) -> int:
        """All, or a few where a trial takes long."""
        return min(networks, dict(self.few).get(run.place["length"], networks))

    def account(self, records: Mapping[str, Sequence[Record]], lengths: Sequence[int], quick: bool) -> Account:
        """The table and the protocol."""
        rows = [row for row, _ in self.rows if row.length in lengths]
        run = self.rows[0][1]
        return Account(
            name=self.name,
            title=self.title,
            question=self.question,
            quick=quick,
            grids=(long_lag_grid(rows, records),),
            figures=(),
            notes={
                "Protocol": (
                    f"{run.blocks} blocks of two cells of the 1997 kind, biases everywhere but at the inputs, initial "
                    f"weights within {run.reach:g}, plain gradient descent at rate {run.rate:g} after every "
                    "sequence, states 0 at its start; every network has weights and sequences of its own.",
                    f"A trial ends when the {run.streak:,} sequences shown last were all answered right, each before "
                    f"anything was learned from it, or after {run.epochs * run.sequences:,}.",
                    "The paper also asks for a small mean error over training; that follows from all being right.",
                ),
                **dict(self.notes),
            },
        )


def _short(run: LongLagRun) -> LongLagRun:
    """To see that it runs: a short streak, and few sequences."""
    return replace(run, streak=50, epochs=3, sequences=500, test=100)
