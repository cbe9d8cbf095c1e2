"""The adding problem: S. Hochreiter and J. Schmidhuber, 1997, table 7."""

from dataclasses import dataclass

from ..learning import BPTT, Batch, Learner, Optax
from ..problems import Problem
from ._long_lags import LongLagRun, LongLags, Row

PUBLISHED = {100: (1, 74_000), 500: (0, 209_000), 1000: (1, 853_000)}
GATES = (-3.0, -6.0)


@dataclass(frozen=True)
class AdamRun(LongLagRun):
    """The same networks and sequences, learned from by Adam and the whole gradient, clipped, in batches."""

    rate: float = 0.01
    rule: str = "bptt"
    streak: int = 10_000
    batch: int = 20
    clip: float = 1.0

    def learner(self, problem: Problem) -> Learner:
        """See the class."""
        return Learner(BPTT(), Optax("adam", self.rate, clip=self.clip), Batch(self.batch))


_OURS = AdamRun("adding-adam", "adding", 100, input_bias=GATES)

ADDING = LongLags(
    name="adding",
    title="The adding problem",
    question="How many sequences does an LSTM need to add two values that were marked long ago? Table 7 of "
    "S. Hochreiter and J. Schmidhuber, Neural Computation 9(8):1735-1780, 1997.",
    networks=10,
    lengths=(100, 500, 1000),
    rows=tuple(
        (Row(run.condition, length, label, published), run)
        for length in PUBLISHED
        for label, published, run in (
            (f"T = {length}", PUBLISHED[length], LongLagRun("adding", "adding", length, input_bias=GATES)),
            (f"T = {length}, ours: Adam", None, AdamRun("adding-adam", "adding", length, input_bias=GATES)),
        )
    ),
    protocol=(
        f"Ours: the same networks, the whole gradient clipped to norm {_OURS.clip:g}, Adam at {_OURS.rate:g}, batches "
        f"of {_OURS.batch}, until {_OURS.streak:,} in a row were right.",
    ),
    few=((500, 5), (1000, 3)),
)
