"""A configuration of today that latches: what to take where a decision must be held over a long lag.

Segments shorten the lag: a tanh cell reads each segment, and an LSTM, whose forget gates start open (bias 5), takes one
step a segment. There are about 25 of these, and more where they would outgrow the keyword: a segment of more than 50
letters leaves it to the tanh cell to hold what it read. Adam in small batches, clipped to norm 1.

Settled on T = 1000 and 3000 with 8 to 16 networks, after 500 strings, rate 0.01 and batches of 10 had left 10 of 100
networks behind at T = 1000, and segments of 120 letters all of 12 at T = 3000.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax

from ..cells import LSTM, Elman
from ..layers import Network, Readout, Segmented
from ..learning import BPTT, Batch, Learner, Optax, Population, Until
from ..problems import Latching
from ._account import Account
from ._experiment import Asked, Placed, Run
from ._results import Record
from ._success_table import Column, success_grid, success_plot
from ._trial import own_strings, trial

LENGTHS = (60, 130, 300, 1000, 3000)
KNOWS = 0.99


@dataclass(frozen=True)
class RecommendedRun(Placed):
    """The configuration at one length. The error at which training ends is a tenth of the published criterion."""

    length: int
    units: int = 16
    segments: int = 25
    shortest: int = 15
    longest: int = 40
    forget_bias: float = 5.0
    strings: int = 1000
    rate: float = 0.003
    batch: int = 20
    epochs: int = 40
    error: float = 0.001
    test: int = 1000
    condition: str = "recommended"
    unit: int = 24
    width: int = 8

    def network(self, key: Any) -> Network:
        """One untrained network."""
        a, b, c = jax.random.split(key, 3)
        symbol = Elman(Latching(self.length).input_size, self.units, key=a)
        segment = LSTM(self.units, self.units, gate_bias={"forget": self.forget_bias}, key=b)
        levels = Segmented(symbol, segment, min(self.longest, max(self.shortest, -(-self.length // self.segments))))
        return Network(levels, Readout(self.units, 1, squashing="logistic", key=c))

    def train(self, members: Sequence[int], seed: int, checkpoint: Path | None) -> list[Record]:
        """See `Run`."""
        problem = Latching(self.length)
        return trial(
            problem,
            Population.make(self.network, list(members), seed),
            Learner(BPTT(), Optax("adam", self.rate, clip=1.0), Batch(self.batch)),
            own_strings(problem, seed, members, self.strings),
            members=members, until=Until(self.epochs, loss=self.error),
            test=self.test, seed=seed, width=self.width, checkpoint=checkpoint,
        )  # fmt: skip


@dataclass(frozen=True)
class LatchingRecommended(Asked):
    """How far the configuration holds, as an `Experiment`."""

    name: str = "latching-recommended"
    title: str = "Information latching: a configuration that latches"
    question: str = (
        "Which network of this package, trained how, holds the decision with 100 of 100 networks at T = 130 and knows "
        "new strings, and how far does that go?"
    )
    networks: int = 100
    lengths: tuple[int, ...] = LENGTHS

    def runs(self, lengths: Sequence[int], quick: bool) -> list[Run]:
        """One a length."""
        return [RecommendedRun(length) for length in lengths]

    def account(self, records: Mapping[str, Sequence[Record]], lengths: Sequence[int], quick: bool) -> Account:
        """The table, and the configuration."""
        columns = [Column("recommended", "recommended", {})]
        run = RecommendedRun(LENGTHS[0])
        return self.told(
            quick,
            grids=(success_grid(columns, records, lengths, KNOWS),),
            figures=(success_plot(columns, records, lengths, KNOWS),),
            notes={
                "Configuration": (
                    f"Segmented(Elman(26, {run.units}), LSTM({run.units}, {run.units}, forget bias "
                    f"{run.forget_bias:g}), length=T / {run.segments}, but between {run.shortest} and {run.longest}), "
                    f"one logistic output at the end, squared error.",
                    f"Optax('adam', {run.rate:g}, clip=1), batches of {run.batch}, {run.strings} training strings of "
                    f"each network's own, until the error is below {run.error:g} ({run.epochs} epochs at most).",
                )
            },
        )


LATCHING_RECOMMENDED = LatchingRecommended()
