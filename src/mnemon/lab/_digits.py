"""Spoken digits: Z. Jackson and others, the Free Spoken Digit Dataset, 3,000 recordings of six speakers.

The official split asks recordings 0 to 4 of each digit by each speaker. Networks learn from a part of the others; the
epoch is the one with the most right answers on the tenth that they do not learn from. With a speaker left out nothing
is chosen by it: the next speaker judges.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import jax
import numpy as np

from ..cells import LSTM
from ..data.audio import MFCC, fsdd
from ..layers import Bidirectional, Network, Readout, Stack
from ..learning import BPTT, Batch, CrossEntropy, Learner, Optax
from ._account import Account, Grid
from ._emotion import Heard, accuracy, confusion, standardised
from ._experiment import Asked, Placed, Run
from ._markov import decided_by_models
from ._partings import Parting, at_random, by_speaker
from ._real_data import real_data
from ._results import Record
from ._side_by_side import Share, side_by_side
from ._speech_table import found_of, shares, speakers_grid, speakers_out, tables

DIGITS = tuple(str(digit) for digit in range(10))
SPEAKERS = 6
JUDGED = 27  # of the 270 recordings of a digit to learn from
SYSTEMS = {
    "lstm": "LSTM both ways",
    "lstm-normalised": "LSTM both ways, recordings normalised",
    "hmm": "HMM",
    "hmm-normalised": "HMM, recordings normalised",
}
AIM = 0.98


@cache
def spoken(*, normalised: bool) -> tuple[Heard, np.ndarray]:
    """All recordings as 13 MFCCs every 10 ms with slopes, and which of them the official split asks, (n,) bool.

    Args:
        normalised: whether each recording is brought to mean 0 and deviation 1 by itself.

    """
    training, test = fsdd(real_data("fsdd"))
    xs = MFCC(deltas=1, normalize="utterance" if normalised else None).fit_transform([*training.paths, *test.paths])
    y, groups = (
        np.concatenate([np.asarray(getattr(part, name)) for part in (training, test)]) for name in ("y", "groups")
    )
    return Heard(xs, y, groups, DIGITS), np.arange(len(y)) >= len(training)


def _partings(data: Heard, test: np.ndarray, members: Sequence[int], seed: int, *, speakers: bool) -> list[Parting]:
    if speakers:
        return [by_speaker(data.groups, member, judges=1) for member in members]
    known = np.flatnonzero(~test)
    drawn = [at_random(data.y[known], dict.fromkeys(range(10), (0, JUDGED)), seed * 100_003 + m) for m in members]
    return [Parting(known[one.learned], known[one.judged], np.flatnonzero(test)) for one in drawn]


@dataclass(frozen=True)
class DigitsRun(Placed):
    """A system on the official split (a "network" is another start), or with each speaker left out (it is a speaker).

    Attributes:
        digits: 10. system: of `SYSTEMS`. parting: "official" or "speakers".
        units, dropout, rate, batch: of the LSTM and of Adam. epochs: of a round. rounds: at most.
        states, mixtures, iterations: of the models; mixtures are chosen by the recordings judged.

    """

    PLACE: ClassVar[tuple[str, ...]] = ("digits",)

    digits: int
    system: str
    parting: str
    units: int = 64
    dropout: float = 0.3
    rate: float = 0.003
    batch: int = 64
    epochs: int = 2
    rounds: int = 12
    states: int = 5
    mixtures: tuple[int, ...] = (1, 2, 4)
    iterations: int = 20
    condition: str = field(default="", init=False)
    unit: int = 6

    def __post_init__(self) -> None:
        object.__setattr__(self, "condition", f"digits-{self.system}-{self.parting}")

    def network(self, inputs: int, key: Any) -> Network:
        """One untrained network."""
        there, back, out = jax.random.split(key, 3)
        both = Bidirectional(LSTM(inputs, self.units, key=there), LSTM(inputs, self.units, key=back))
        return Network(Stack(both, dropout=self.dropout), Readout(2 * self.units, self.digits, at="mean", key=out))

    def train(self, members: Sequence[int], seed: int, checkpoint: Path | None) -> list[Record]:
        """See `Run`; not resumed within."""
        data, test = spoken(normalised=self.system.endswith("normalised"))
        parts = _partings(data, test, members, seed, speakers=self.parting == "speakers")
        decided = (
            self._by_models(data, parts, seed)
            if self.system.startswith("hmm")
            else self._heard(data, parts, members, seed)
        )
        records = []
        for member, part, said in zip(members, parts, decided):
            table = confusion(said[part.asked], data.y[part.asked], self.digits)
            right = accuracy(np.array(table))
            records.append(
                {"network": int(member), "success": right >= AIM, "accuracy": round(right, 4), "asked": table}
            )
        return records

    def _heard(self, data: Heard, parts: Sequence[Parting], members: Sequence[int], seed: int) -> np.ndarray:
        """(partings, recordings) decisions of networks, each of its best epoch."""
        best, decided = np.full(len(parts), -1.0), np.zeros((len(parts), len(data.y)), int)
        for logits in side_by_side(
            lambda key: self.network(data.xs.n_channels, key),
            [Share(standardised(data.xs, part.learned), part.learned) for part in parts],
            data.y,
            np.ones(len(data.y)),
            Learner(BPTT(), Optax("adam", self.rate, clip=1.0), Batch(self.batch)),
            CrossEntropy(),
            members=members,
            seed=seed,
            epochs=self.epochs,
            rounds=self.rounds,
        ):
            said = logits.argmax(axis=-1)
            judged = np.array([np.mean(one[part.judged] == data.y[part.judged]) for one, part in zip(said, parts)])
            better = judged > best
            best[better], decided[better] = judged[better], said[better]
        return decided

    def _by_models(self, data: Heard, parts: Sequence[Parting], seed: int) -> np.ndarray:
        """(partings, recordings) decisions of a model a digit."""
        how = {"states": self.states, "mixtures": self.mixtures, "iterations": self.iterations, "seed": seed}
        return np.array([decided_by_models(data, part, **how) for part in parts])


@dataclass(frozen=True)
class Digits(Asked):
    """Both partings, as an `Experiment`; its length is the number of digits."""

    name: str = "digits"
    title: str = "Spoken digits"
    question: str = (
        "How many spoken digits does a recurrent network recognise, of voices it knows (the official split of FSDD) "
        "and of a voice it never heard, beside hidden Markov models?"
    )
    networks: int = 6
    lengths: tuple[int, ...] = (len(DIGITS),)

    def runs(self, lengths: Sequence[int], quick: bool) -> list[Run]:
        """Both systems on both partings."""
        runs = [
            DigitsRun(digits, system, parting)
            for digits in lengths
            for parting in ("official", "speakers")
            for system in SYSTEMS
        ]
        if quick:
            return [replace(run, units=16, rounds=2, mixtures=(1,), unit=1) for run in runs]
        return list(runs)

    def networks_of(self, run: Run, networks: int) -> int:
        """As many as asked for; one of the models on the official split, and of the short form."""
        if run.unit == 1 or run.condition in ("digits-hmm-official", "digits-hmm-normalised-official"):
            return 1
        return min(networks, SPEAKERS) if run.condition.endswith("speakers") else networks

    def account(self, records: Mapping[str, Sequence[Record]], lengths: Sequence[int], quick: bool) -> Account:
        """A table for each parting, and the networks' confusions of a new voice."""
        grids = []
        for digits in lengths:
            found = found_of(records, "digits", SYSTEMS, ("official", "speakers"), digits=digits)
            official = [(label, *_official(some)) for s, label in SYSTEMS.items() if (some := found[s, "official"])]
            left = [(label, *speakers_out(some)) for s, label in SYSTEMS.items() if (some := found[s, "speakers"])]
            if official:
                grids.append(
                    Grid(
                        f"The official split, 300 recordings asked: networks, accuracy in per cent (the aim: "
                        f"{100 * AIM:g}) and the least and largest of a network.",
                        ("", "networks", "accuracy", "of networks"),
                        tuple(official),
                    )
                )
            if left:
                grids.append(speakers_grid("Each of the six speakers left out in turn.", left))
            if some := found["lstm", "speakers"]:
                caption = "LSTM, speakers left out: rows are decisions, columns spoken digits, in per cent of these."
                grids.append(Grid(caption, ("", *DIGITS), shares(some, DIGITS)))
        run = DigitsRun(len(DIGITS), "lstm", "official")
        return self.told(
            quick,
            grids=tuple(grids),
            notes={
                "Protocol": (
                    f"13 MFCCs every 10 ms at 8 kHz with slopes. {run.units} units each way, mean over time, dropout "
                    f"{run.dropout:g}, Adam at {run.rate:g}, at most {run.rounds * run.epochs} epochs, the epoch by "
                    "the recordings judged: a tenth of those to learn from, or the speaker after the one left out. "
                    f"Models: {run.states} states, Gaussians as the same recordings had it, from which models then "
                    "learn, too; networks do not.",
                    "Normalised: mean 0 and deviation 1 of each channel over each recording. These rows were added "
                    "when the first had shown how much a new voice and microphone cost; networks did not gain by it.",
                ),
            },
        )


def _official(records: Sequence[Record]) -> tuple[str, ...]:
    each = [accuracy(table) for table in tables(records)]
    spread = f"{100 * min(each):.1f} to {100 * max(each):.1f}" if len(each) > 1 else "-"
    return f"{len(each)}", f"{100 * float(np.mean(each)):.1f}", spread


DIGITS_EXPERIMENT = Digits()
