"""Hessian-free training of plain recurrent networks on long-time-lag problems: J. Martens and I. Sutskever, ICML 2011.

100 tanh units, 15 recurrent weights into each with a spectral radius of 1.1, on problems of T steps; a network succeeds
when at most 1 % of new sequences are answered wrong. Beside it, the first-order substitute of I. Sutskever, J. Martens,
G. Dahl and G. Hinton, ICML 2013: the same start with clipped gradient descent and momentum.

The batch sizes and the structural damping of each problem were not published. Here: 1000 new sequences an update, of
which 250 for the curvature, and 0.03; at most 300 updates. The substitute: batches of 100, rate 0.01, momentum 0.9, as
many sequences.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import jax
import numpy as np

from ..cells import Elman, Start, gaussian, sparse_spectral, zeros
from ..layers import Network, Readout
from ..learning import (
    BPTT,
    Batch,
    CrossEntropy,
    Examples,
    Fresh,
    HessianFree,
    Learner,
    Optax,
    Population,
    Store,
    Until,
    train,
)
from ..problems import MarkedProduct, MarkedSum, Memorisation, OrderOfThree, OrderOfTwo, Xor
from ._account import Account, Grid
from ._experiment import Asked, Placed, Run
from ._next_symbols import JudgedSquares
from ._records import records_of
from ._results import Record, pick

PROBLEMS: dict[str, tuple[str, Any]] = {
    "adding": ("adding", MarkedSum),
    "multiplication": ("multiplication", MarkedProduct),
    "xor": ("exclusive or", Xor),
    "order": ("temporal order, 2 symbols", OrderOfTwo),
    "order-3": ("temporal order, 3 symbols", OrderOfThree),
    "memory-5": ("memorisation, 5 bits", lambda length: Memorisation(length, bits=5)),
    "memory-20": ("memorisation, 20 bits", lambda length: Memorisation(length, bits=20)),
}
UPDATES = {"hf": "Hessian-free", "momentum": "momentum"}
_JUDGED = 1


@dataclass(frozen=True)
class SuiteRun(Placed):
    """One problem at one length by one of the updates."""

    PLACE: ClassVar[tuple[str, ...]] = ("length",)

    condition: str
    length: int
    problem: str
    update: str
    units: int = 100
    batch: int = 1000
    curvature: int = 250
    structural: float = 0.03
    iterations: int = 100
    updates: int = 300
    rate: float = 0.01
    momentum: float = 0.9
    every: int = 10
    judged: int = 1000
    unit: int = 2
    width: int = 1

    def network(self, key: Any) -> Network:
        """One untrained network."""
        below, above = jax.random.split(key)
        problem = PROBLEMS[self.problem][1](self.length)
        inputs = gaussian(0.1 if self.problem.startswith("memory") else 0.03)
        start = Start(inputs, sparse_spectral(15, 1.1), zeros)
        cell = Elman(problem.input_size, self.units, initialiser=start, key=below)
        at = "steps" if self.problem.startswith("memory") else "end"
        readout = Readout(self.units, problem.output_size, at=at, initialiser=gaussian(0.1), key=above)
        return Network(cell, readout)

    def train(self, members: Sequence[int], seed: int, checkpoint: Path | None) -> list[Record]:
        """See `Run`."""
        problem = PROBLEMS[self.problem][1](self.length)
        key = jax.random.fold_in(jax.random.key(seed), self.length)
        judged = problem.sample(jax.random.fold_in(key, _JUDGED), self.judged)
        classes = np.issubdtype(judged.targets.dtype, np.integer)
        if self.update == "hf":
            update: Any = HessianFree(
                structural=self.structural, curvature=self.curvature, iterations=self.iterations, damping=0.1
            )
            moment, size = Batch(self.batch), self.batch
        else:
            update = Optax("sgd", self.rate, momentum=self.momentum, clip=1.0)
            moment, size = Batch(100), self.batch
        solution = train(
            Population.make(self.network, list(members), seed),
            Learner(BPTT(), update, moment),
            Fresh(problem, size * self.every),
            loss=CrossEntropy() if classes else JudgedSquares(right=problem.right),
            until=Until(self.updates // self.every, score=0.99, restore_best=False),
            validation=Examples(judged.xs, judged.targets),
            store=None if checkpoint is None else Store(checkpoint, every=60),
            seed=seed,
            width=self.width,
            buckets=1,
        )
        scores = np.asarray(solution.history["validation_score"])
        return records_of(members, solution, best_score=np.nanmax(scores, axis=0).tolist())


@dataclass(frozen=True)
class HessianFreeSuite(Asked):
    """The problems, as an `Experiment`."""

    name: str = "hessian-free-suite"
    title: str = "Hessian-free training on long-time-lag problems"
    question: str = (
        "Which of the classic problems does a plain recurrent network learn with Hessian-free optimisation, and which "
        "with momentum? J. Martens and I. Sutskever, ICML 2011; I. Sutskever and others, ICML 2013."
    )
    networks: int = 2
    lengths: tuple[int, ...] = (30, 50, 100)

    def runs(self, lengths: Sequence[int], quick: bool) -> list[Run]:
        """Every problem by both at every length."""
        runs = [
            SuiteRun(f"suite-{problem}-{update}", length, problem, update)
            for length in lengths
            for problem in PROBLEMS
            for update in UPDATES
        ]
        few = {"updates": 20, "units": 20, "batch": 100, "curvature": 50, "judged": 200}
        return [replace(run, **few) for run in runs] if quick else list(runs)

    def account(self, records: Mapping[str, Sequence[Record]], lengths: Sequence[int], quick: bool) -> Account:
        """A row a problem and length."""
        lines = []
        for problem, (label, _) in PROBLEMS.items():
            for length in lengths:
                cells = [
                    _words(pick(records.get(f"suite-{problem}-{update}", ()), length=length)) for update in UPDATES
                ]
                if any(cell[0] != "-" for cell in cells):
                    lines.append((f"{label}, T = {length}", *cells[0], *cells[1]))
        caption = (
            "Networks with at most 1 % of new sequences (of memorisation: of symbols) wrong, sequences until then, and "
            "the largest share ever right (mean); Hessian-free, then momentum. Published: Hessian-free succeeds on all "
            "of them to T = 100 and mostly to 200, as figures only."
        )
        head = ("", "Hessian-free", "sequences", "right", "momentum", "sequences", "right")
        run = SuiteRun("", 30, "adding", "hf")
        return self.told(
            quick,
            grids=(Grid(caption, head, tuple(lines)),),
            notes={
                "Protocol": (
                    f"{run.units} tanh units; {run.batch} new sequences an update, {run.curvature} of them for the "
                    f"curvature, at most {run.updates} updates of {run.iterations} conjugate gradients, structural "
                    f"damping {run.structural:g}. Momentum: {run.momentum:g} at rate {run.rate:g}, clipped to norm 1, "
                    "batches of 100, as many sequences. Neither was tuned.",
                    "Problems and lengths that have no row were not run: a network that spends its budget on "
                    "Hessian-free updates takes six minutes at T = 30, half an hour at T = 50.",
                )
            },
        )


def _words(records: Sequence[Record]) -> tuple[str, str, str]:
    if not records:
        return ("-", "-", "-")
    good = [record["sequences"] for record in records if record["success"]]
    return (
        f"{len(good)} of {len(records)}",
        f"{np.mean(good):,.0f}" if good else "-",
        f"{np.mean([record['best_score'] for record in records]):.3f}",
    )


HESSIAN_FREE_SUITE = HessianFreeSuite()
