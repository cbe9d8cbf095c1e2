"""Counting with a Kalman filter: J. Perez-Ortiz, F. Gers, D. Eck and J. Schmidhuber, Neural Networks 16(2):241-250,
2003, doi:10.1016/S0893-6080(02)00219-8, on a^n b^n c^n, trained on n = 1 ... 10.

The network of `anbncn`, with the decoupled extended Kalman filter (a group a gate and a cell) in place of gradient
descent: an update at every step, by the truncated derivatives of 1997 (no error through peepholes), in float64. P(0) =
100 I and Q = 0.005 I as published; R falls from 100 to 1 over 10,000 steps. Of five Q from 1e-5 to 0.005 the published
one left the least error on the training strings, in an independent program of the equations; the two programs agree.

How far a network counts goes up and down as it is trained. After every 100 strings it is tried; the table has what it
reached at the end, and the best on the way, which is a choice by the test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import jax
import numpy as np

from ..learning import (
    SENTENCES,
    Annealed,
    DecoupledKalmanFilter,
    Fresh,
    Learner,
    Population,
    Step,
    Truncated1997,
    Until,
    train,
)
from ..problems import CountingLanguage
from ._account import Account, Grid
from ._counting import CountingRun
from ._counting_reach import accepts, reach
from ._experiment import Asked, Placed, Run
from ._next_symbols import JudgedSquares
from ._results import Record

PUBLISHED = "22,000,000"


@dataclass(frozen=True)
class CountingKalmanRun(Placed):
    """Networks of two blocks, trained on n = 1 ... length.

    Attributes:
        condition: the name of its file of results. uncertainty, noise, end, over, process: of the filter.
        strings: at most; every: between trials. tested: all n up to it are tried; far: and so many beyond, log-spaced,
            by networks that accept all of those, up to `farthest`.

    """

    PLACE: ClassVar[tuple[str, ...]] = ("length",)

    condition: str = "anbncn-kalman"
    length: int = 10
    uncertainty: float = 100.0
    noise: float = 100.0
    end: float = 1.0
    over: int = 10_000
    process: float = 0.005
    strings: int = 3000
    every: int = 100
    tested: int = 1000
    far: int = 100
    farthest: int = 30_000_000
    unit: int = 5
    width: int = 1

    def train(self, members: Sequence[int], seed: int, checkpoint: Path | None) -> list[Record]:
        """See `Run`; not resumed within a unit."""
        with jax.enable_x64(True):
            return self._train(members, seed)

    def _train(self, members: Sequence[int], seed: int) -> list[Record]:
        language = CountingLanguage("abc", most=self.length)
        run = CountingRun("", "abc", self.length, units=2)
        noise = Annealed(self.noise, self.end, self.over)
        learner = Learner(
            Truncated1997(), DecoupledKalmanFilter(self.uncertainty, noise, self.process, groups="gates"), Step()
        )
        population, memory = Population.make(run.network, list(members), seed), None
        best, learned = np.zeros(len(members), int), np.zeros(len(members), int)
        known, codes = np.zeros(len(members), int), [""] * len(members)
        farthest = best.copy()
        for turn in range(self.strings // self.every):
            # Other strings every time: members' seeds say what is drawn.
            seeds = population.seeds
            turned = Population(population.stacked, seeds + np.uint32(turn))
            solution = train(
                turned, learner, Fresh(language, self.every), loss=JudgedSquares(right=language.right),
                until=Until(1, restore_best=False), seed=seed, width=self.width, buckets=1, memory=memory,
            )  # fmt: skip
            population, memory = Population(solution.networks.stacked, seeds), solution.memory
            for k, (network, result) in enumerate(zip(population, solution.results)):
                codes[k] = SENTENCES[result.code]
                known[k] = reach(network, language, self.tested)
                if known[k] >= self.length and not learned[k]:
                    learned[k] = (turn + 1) * self.every
                best[k] = max(best[k], known[k])
                if known[k] == self.tested:
                    farthest[k] = max(farthest[k], self._far(network, language))
        return [
            {
                "network": int(member),
                "success": bool(learned[k]),
                "ended": codes[k],
                "sequences": int(learned[k]),
                "reach": int(known[k]),
                "best_reach": int(best[k]),
                "farthest": int(farthest[k]),
            }
            for k, member in enumerate(members)
        ]

    def _far(self, network: Any, language: CountingLanguage) -> int:
        """The largest of some log-spaced n from `tested` on, with all smaller ones of them accepted."""
        last = self.tested
        for n in np.unique(np.geomspace(self.tested, self.farthest, self.far).astype(int)):
            if not accepts(network, language, int(n)):
                break
            last = int(n)
        return last


@dataclass(frozen=True)
class CountingKalman(Asked):
    """The published row, as an `Experiment`."""

    name: str = "anbncn-kalman"
    title: str = "Counting a^n b^n c^n with a Kalman filter"
    question: str = (
        "Trained on n = 1 ... 10 with a decoupled Kalman filter, up to which n are strings accepted? J. Perez-Ortiz "
        "and others, Neural Networks 16(2):241-250, 2003."
    )
    networks: int = 20
    lengths: tuple[int, ...] = (10,)

    def runs(self, lengths: Sequence[int], quick: bool) -> list[Run]:
        """One."""
        run = CountingKalmanRun()
        return [replace(run, strings=400, tested=100, farthest=1000) if quick else run]

    def account(self, records: Mapping[str, Sequence[Record]], lengths: Sequence[int], quick: bool) -> Account:
        """The table."""
        some = list(records.get("anbncn-kalman", ()))
        good = [record for record in some if record["success"]]
        run = CountingKalmanRun()
        final, best = ([record[name] for record in some] for name in ("reach", "best_reach"))
        far = max((record["farthest"] for record in some), default=0)
        line = (
            "LSTM, 2 blocks, decoupled Kalman filter",
            f"{len(good)} of {len(some)}",
            f"{np.mean([record['sequences'] for record in good]):,.0f}" if good else "-",
            f"{np.median(final):g}",
            f"{np.median(best):g}",
            f"{max(best):,}" + (f" ({far:,})" if far else ""),
            PUBLISHED,
        )
        caption = (
            "Networks that accepted all ten strings of the training range, strings until then (mean); the largest N "
            f"with all n up to N accepted (none beyond {run.tested:,} was tried so): median at the end and of the best "
            "on the way, and the best of all (in brackets: the largest of log-spaced n beyond); then the published "
            "best."
        )
        head = ("", "learned", "strings", "median N, end", "median N, best", "best N", "published")
        return self.told(
            quick,
            grids=(Grid(caption, head, (line,)),),
            notes={
                "Protocol": (
                    f"P(0) = {run.uncertainty:g} I, R from {run.noise:g} to {run.end:g} over {run.over:,} steps, "
                    f"Q = {run.process:g} I, a group a gate and a cell, an update a step, float64, {run.strings:,} "
                    f"strings; tried after every {run.every}. The published schedule of R is not known.",
                    "Q is as published. Of 1e-5, 1e-4, 3e-4, 1e-3 and 0.005 it left the least error on the ten "
                    "training strings in an independent program of the equations. With Q = 1e-5 and errors through "
                    "peepholes, which the paper does not have, all of 20 learned here, and the best N was 391.",
                    "That some networks do not learn lies in the setting, not in this program. The independent one, "
                    "given the same weights and strings, learned with 18 of these 20; 16 of them came to the same N "
                    "after the same strings, and the other four part by rounding. With weights and strings of its own "
                    "it learned with 16 to 20 of 20, ten times, 179 of 200 in all. There a slower fall of R learned "
                    "with more (59 of 60 over 40,000 steps, 58 of 60 from 400 to 4), and a smaller R with few (18 of "
                    "60 from 25 to 0.25).",
                )
            },
        )


COUNTING_KALMAN = CountingKalman()
