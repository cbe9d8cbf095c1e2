"""Languages that have to be counted: F. Gers and J. Schmidhuber, IEEE Trans. Neural Networks 12(6):1333-1340, 2001,
doi:10.1109/72.963769, on a^n b^n and a^n b^n c^n.

The cell neither squashes its input nor its state, and its gates see the state (peepholes); outputs within (-2, 2) see
cells and inputs. Truncated gradient, an update a string, rate 1e-5 with momentum 0.99. A trial ends when all strings of
the training range are accepted; then longer ones are tried, one n after the other, until one is refused.

Settled here: E is half the squared error summed over steps and outputs; strings are drawn with equal probability for
each n; acceptance is judged after every 1000 strings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import jax
import numpy as np

from .._statistics import wilson
from ..cells import LSTM, Elman, uniform
from ..layers import Network, Readout
from ..learning import (
    BPTT,
    SENTENCES,
    Examples,
    Fresh,
    Learner,
    Optax,
    Population,
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
from ._experiment import Placed, Run
from ._next_symbols import NextSymbols
from ._results import Record, pick


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

    def train(self, members: Sequence[int], seed: int, checkpoint: Path | None) -> list[Record]:
        """See `Run`."""
        language = CountingLanguage(self.letters, most=self.length)
        everything = language.strings(range(1, self.length + 1))
        rule = Truncated1997() if self.cell == "counting" else BPTT()
        solution = train(
            Population.make(self.network, list(members), seed),
            Learner(rule, Optax("sgd", self.rate, momentum=self.momentum), Online()),
            Fresh(language, self.strings),
            loss=NextSymbols(language.right),
            until=Until(self.budget // self.strings, score=1.0, restore_best=False),
            validation=Examples(everything.xs, everything.targets),
            store=None if checkpoint is None else Store(checkpoint, every=20),
            seed=seed,
            width=self.width,
            buckets=1,
        )
        return [
            {
                "network": int(member),
                "success": result.reached,
                "ended": SENTENCES[result.code],
                "sequences": result.sequences,
                "reach": reach(network, language, self.tested) if result.reached else 0,
            }
            for member, network, result in zip(members, solution.networks, solution.results)
        ]


Row = tuple[str, CountingRun, tuple[str, str] | None]


@dataclass(frozen=True)
class Counting:
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
        return [replace(run, budget=5000, tested=50) if quick else run for run in some]

    def networks_of(self, run: Run, networks: int) -> int:
        """All."""
        return networks

    def account(self, records: Mapping[str, Sequence[Record]], lengths: Sequence[int], quick: bool) -> Account:
        """The table."""
        lines = []
        for label, run, published in self._rows(lengths):
            some = pick(records.get(run.condition, ()), length=run.length)
            if not some:
                continue
            good = [record for record in some if record["success"]]
            low, high = wilson(len(good), len(some))
            reached = [record["reach"] for record in good]
            lines.append(
                (
                    label,
                    f"{len(good)} of {len(some)}",
                    f"{100 * low:.0f} to {100 * high:.0f}",
                    f"{np.mean([record['sequences'] for record in good]):,.0f}" if good else "-",
                    f"{max(reached)}" if reached else "-",
                    f"{np.median([record['reach'] for record in some]):g}",
                    *(("-", "-") if published is None else published),
                )
            )
        caption = (
            "Trials that accepted all strings of their training range (with the 95 % interval in per cent), strings "
            f"until then (mean), and the largest N with all n up to N accepted (best, and median of all trials; no N "
            f"beyond {self.rows[0][1].tested} was tried); then the published successes and best N."
        )
        head = ("", "learned", "95 %", "strings", "best N", "median N", "published", "best N")
        return Account(
            name=self.name,
            title=self.title,
            question=self.question,
            quick=quick,
            grids=(Grid(caption, head, tuple(lines)),),
            figures=(),
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
    "that see the inputs too; truncated gradient, rate 1e-5, momentum 0.99, an update a string; at most 1,000,000 "
    "strings (published: 10,000,000).",
    "Peepholes pass errors to the cells here, and do not in the paper.",
    "The published best N are not reached. Training ends here with the first 1000 strings after which the training "
    "range is accepted; three networks that went on to 300,000 strings of a^n b^n went up and down between N = 15 and "
    "103. Whether the paper took the best N on the way is not known.",
)
ANBN = Counting(
    name="anbn",
    title="Counting: a^n b^n",
    question="Trained on short strings of a^n b^n, up to which n are all strings accepted? F. Gers and J. Schmidhuber, "
    "IEEE Trans. Neural Networks 12(6):1333-1340, 2001; J. Wiles and J. Elman, 1995.",
    rows=(
        ("LSTM, n = 1 ... 10", CountingRun("anbn", "ab", 10), ("100 %", "1000")),
        (
            "Elman, 2 units, n = 1 ... 11",
            CountingRun("anbn-elman", "ab", 11, cell="elman", units=2, rate=0.01, momentum=0.9, reach=0.5),
            ("20 %", "18"),
        ),
    ),
    notes=(*_PROTOCOL, "Elman network: logistic units, BPTT, rate 0.01, momentum 0.9, outputs within (-1, 1)."),
)
ANBNCN = Counting(
    name="anbncn",
    title="Counting: a^n b^n c^n",
    question="Trained on strings of a^n b^n c^n, up to which n are all strings accepted? F. Gers and J. Schmidhuber, "
    "IEEE Trans. Neural Networks 12(6):1333-1340, 2001.",
    rows=(
        ("LSTM, 2 blocks, n = 1 ... 50", CountingRun("anbncn", "abc", 50, units=2, tested=500), ("100 %", "500")),
        ("LSTM, 2 blocks, n = 1 ... 10", CountingRun("anbncn-10", "abc", 10, units=2, tested=500), None),
    ),
    notes=_PROTOCOL,
)
