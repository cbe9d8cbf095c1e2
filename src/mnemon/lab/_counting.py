"""Languages that have to be counted: F. Gers and J. Schmidhuber, IEEE Trans. Neural Networks 12(6):1333-1340, 2001,
doi:10.1109/72.963769, on a^n b^n and a^n b^n c^n.

The cell neither squashes its input nor its state, and its gates see the state (peepholes); outputs within (-2, 2) see
cells and inputs. Truncated gradient (peepholes pass no error back), an update a string, rate 1e-5 with momentum 0.99. A
trial ends when all strings of the training range are accepted; then longer ones are tried, one n after the other, until
one is refused. A row goes on behind acceptance, and tries every so often.

Settled here: E is half the squared error summed over steps and outputs; strings are drawn with equal probability for
each n; acceptance is judged after every 1000 strings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import jax
import numpy as np

from ..cells import LSTM, Elman, uniform
from ..layers import Network, Readout
from ..learning import (
    BPTT,
    Examples,
    Fresh,
    Learner,
    Optax,
    Population,
    Solution,
    Store,
    Truncated1997,
    Until,
    train,
)
from ..learning import (
    Sequence as Online,
)
from ..problems import CountingLanguage
from ._account import Account, Grid
from ._counting_reach import reach
from ._experiment import Asked, Placed, Run
from ._next_symbols import NextSymbols
from ._records import records_of
from ._results import Record, pick
from ._share import share


@dataclass(frozen=True)
class CountingRun(Placed):
    """Networks on one language, trained on n = 1 ... length.

    Attributes:
        condition: the name of its file of results. letters: of the language. length: the largest n of training.
        cell: "counting" with as many blocks of one cell as `units`, or "elman".
        rate, momentum: of gradient descent. reach: initial weights are uniform in [-reach, reach].
        strings: between judgements; budget: at most. tested: no n beyond this is tried.

    """

    PLACE: ClassVar[tuple[str, ...]] = ("length",)

    condition: str
    letters: str
    length: int
    cell: Literal["counting", "elman"] = "counting"
    units: int = 1
    rate: float = 1e-5
    momentum: float = 0.99
    reach: float = 0.1
    strings: int = 1000
    budget: int = 1_000_000
    tested: int = 1000
    unit: int = 5
    width: int = 1

    def network(self, key: Any) -> Network:
        """One untrained network."""
        below, above = jax.random.split(key)
        size, small = CountingLanguage(self.letters).input_size, uniform(self.reach)
        how: dict[str, Any] = {"at": "steps", "initialiser": small, "key": above}
        if self.cell == "elman":
            cells: Any = Elman(size, self.units, squashing="logistic", initialiser=small, key=below)
            return Network(cells, Readout(self.units, size, squashing="tanh", **how))
        biases = {"input": -1.0, "forget": 2.0, "output": -2.0}
        cells = LSTM(size, self.units, variant="counting", gate_bias=biases, initialiser=small, key=below)
        return Network(cells, Readout(self.units, size, sees_input=size, squashing="logistic2", **how))

    def quick(self) -> "CountingRun":
        """Its short form."""
        return replace(self, budget=5000, tested=50)

    @property
    def language(self) -> CountingLanguage:
        """Of which it learns."""
        return CountingLanguage(self.letters, most=self.length)

    @property
    def learner(self) -> Learner:
        """How it learns."""
        rule = Truncated1997() if self.cell == "counting" else BPTT()
        return Learner(rule, Optax("sgd", self.rate, momentum=self.momentum), Online())

    def accepted(self, members: Sequence[int], seed: int, checkpoint: Path | None) -> Solution:
        """Networks as they are when their training range is accepted, or the budget spent."""
        everything = self.language.strings(range(1, self.length + 1))
        return train(
            Population.make(self.network, list(members), seed),
            self.learner,
            Fresh(self.language, self.strings),
            loss=NextSymbols(self.language.right),
            until=Until(self.budget // self.strings, score=1.0, restore_best=False),
            validation=Examples(everything.xs, everything.targets),
            store=None if checkpoint is None else Store(checkpoint, every=20),
            seed=seed,
            width=self.width,
            buckets=1,
        )

    def train(self, members: Sequence[int], seed: int, checkpoint: Path | None) -> list[Record]:
        """See `Run`."""
        language, solution = self.language, self.accepted(members, seed, checkpoint)
        reaches = [
            reach(network, language, self.tested) if result.reached else 0
            for network, result in zip(solution.networks, solution.results)
        ]
        return records_of(members, solution, reach=reaches)


@dataclass(frozen=True)
class FurtherRun(CountingRun):
    """Networks that go on behind acceptance.

    Attributes:
        further: strings behind acceptance. turn: after so many of them the network is tried again.

    """

    further: int = 500_000
    turn: int = 25_000

    def quick(self) -> "FurtherRun":
        """Its short form."""
        return replace(self, budget=5000, tested=50, further=2000, turn=1000)

    def train(self, members: Sequence[int], seed: int, checkpoint: Path | None) -> list[Record]:
        """See `Run`; not resumed behind acceptance. "reach" is the last one, "reaches" are all of them."""
        language, first = self.language, self.accepted(members, seed, checkpoint)
        population, memory = Population.make(self.network, list(members), seed), first.memory
        seeds, stacked = population.seeds, first.networks.stacked
        reaches = [[reach(network, language, self.tested)] for network in first.networks]
        for turn in range(1, self.further // self.turn + 1):
            # Other strings every time: members' seeds say what is drawn.
            solution = train(
                Population(stacked, seeds + np.uint32(turn)), self.learner, Fresh(language, self.turn),
                loss=NextSymbols(language.right), until=Until(1, restore_best=False), seed=seed, width=self.width,
                buckets=1, memory=memory,
            )  # fmt: skip
            stacked, memory = solution.networks.stacked, solution.memory
            for known, network in zip(reaches, solution.networks):
                known.append(reach(network, language, self.tested))
        return records_of(members, first, reach=[known[-1] for known in reaches], reaches=reaches)


# Published: successes, strings, and the best and the average N; "-" where unknown.
Row = tuple[str, CountingRun, tuple[str, str, str, str] | None]


@dataclass(frozen=True)
class Counting(Asked):
    """One language, as an `Experiment`."""

    name: str
    title: str
    question: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    networks: int = 10

    @property
    def lengths(self) -> tuple[int, ...]:
        """The largest n of each training."""
        return tuple(dict.fromkeys(run.length for _, run, _ in self.rows))

    def runs(self, lengths: Sequence[int], quick: bool) -> list[Run]:
        """A run a row."""
        some = [run for _, run, _ in self._rows(lengths)]
        return [run.quick() if quick else run for run in some]

    def account(self, records: Mapping[str, Sequence[Record]], lengths: Sequence[int], quick: bool) -> Account:
        """The table."""
        lines = []
        for label, run, published in self._rows(lengths):
            some = pick(records.get(run.condition, ()), length=run.length)
            if not some:
                continue
            good = [record for record in some if record["success"]]
            reached = [record["reach"] for record in good]
            lines.append(
                (
                    label,
                    *share(len(good), len(some)),
                    f"{np.mean([record['sequences'] for record in good]):,.0f}" if good else "-",
                    f"{max(reached)}" if reached else "-",
                    f"{np.median([record['reach'] for record in some]):g}",
                    f"{np.mean([record['reach'] for record in some]):.0f}",
                    *(("-",) * 4 if published is None else published),
                )
            )
        caption = (
            "Trials that accepted all strings of their training range (with the 95 % interval in per cent), strings "
            "until then (mean), and the largest N with all n up to N accepted (best, and median and mean of all "
            f"trials; none beyond {self.rows[0][1].tested} was tried); then what is published: successes, strings, "
            "best and mean N."
        )
        head = ("", "learned", "95 %", "strings", "best N", "median N", "mean N")
        head += ("published", "strings", "best N", "mean N")
        return self.told(
            quick,
            grids=(Grid(caption, head, tuple(lines)),),
            notes={"Protocol": self.notes},
        )

    def _rows(self, lengths: Sequence[int]) -> list[Row]:
        """The published rows of these lengths; at others, the first as if it were trained up to there."""
        found: list[Row] = []
        for length in lengths:
            here = [row for row in self.rows if row[1].length == length]
            found += here or [(f"LSTM, n = 1 ... {length}", replace(self.rows[0][1], length=length), None)]
        return found


_PROTOCOL = (
    "Counting cells with peepholes, biases of gates from -1 (input), 2 (forget), -2 (output), outputs within (-2, 2) "
    "that see the inputs too; truncated gradient, no error through peepholes, rate 1e-5, momentum 0.99, an update a "
    "string; at most 1,000,000 strings (published: 10,000,000). The published figures are as remembered, for want of "
    "the paper.",
    "How far a network counts when its training range is just accepted has a heavy tail: most trials stay near the "
    "range, and a few of them make the mean and the best. Of 300 trials of a^n b^n on n = 1 ... 10 by an independent "
    "program of the equations, in float64, the median was 14, the mean 30 and the best 1000. Updates at every step, "
    "plain descent at a hundred times the rate, twice the error, strings in turn, wider initial weights, and errors "
    "through peepholes leave the median between 13 and 17.",
    "Why: a cell that has just learned goes up by 3.4 at an a and down by 3.5 to 4.0 at a b, for its input gate is not "
    "saturated and its step depends on the state. Training on, past acceptance, saturates the gate and makes the steps "
    "equal (2.405 and 2.402 after 200,000 strings), and N grows from ten to hundreds.",
)


def _rows(
    letters: str, blocks: int, tested: int, published: Mapping[int, tuple[str, str, str, str]]
) -> tuple[Row, ...]:
    """LSTM of so many blocks, by the range of training."""
    name, label = "".join(f"{letter}n" for letter in letters), "LSTM" if blocks == 1 else f"LSTM, {blocks} blocks"
    return tuple(
        (f"{label}, n = 1 ... {top}", CountingRun(name, letters, top, units=blocks, tested=tested), published.get(top))
        for top in (10, 30, 50)
    )


ANBN = Counting(
    name="anbn",
    title="Counting: a^n b^n",
    question="Trained on short strings of a^n b^n, up to which n are all strings accepted? F. Gers and J. Schmidhuber, "
    "IEEE Trans. Neural Networks 12(6):1333-1340, 2001; J. Wiles and J. Elman, 1995.",
    rows=(
        *_rows("ab", 1, 1000, {10: ("100 %", "22,000", "1000", "118"), 50: ("100 %", "42,000", "767", "430")}),
        ("LSTM, n = 1 ... 10, 500,000 strings on", FurtherRun("anbn-further", "ab", 10), None),
        (
            "Elman, 2 units, n = 1 ... 11",
            CountingRun("anbn-elman", "ab", 11, cell="elman", units=2, rate=0.01, momentum=0.9, reach=0.5),
            ("20 %", "-", "18", "-"),
        ),
    ),
    notes=(*_PROTOCOL, "Elman network: logistic units, BPTT, rate 0.01, momentum 0.9, outputs within (-1, 1)."),
)
ANBNCN = Counting(
    name="anbncn",
    title="Counting: a^n b^n c^n",
    question="Trained on strings of a^n b^n c^n, up to which n are all strings accepted? F. Gers and J. Schmidhuber, "
    "IEEE Trans. Neural Networks 12(6):1333-1340, 2001.",
    rows=_rows("abc", 2, 500, {50: ("100 %", "-", "500", "-")}),
    notes=_PROTOCOL,
)
