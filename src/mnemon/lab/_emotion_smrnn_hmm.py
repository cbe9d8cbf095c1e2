"""A segmented-memory network for each emotion against hidden Markov models: S. Glüge, R. Böck and A. Wendemuth,
"Segmented-memory recurrent neural networks versus hidden Markov models in emotion recognition from speech", NCTA 2011.

An utterance is given to a network (a model) of each emotion, and is of the emotion whose network has the largest
output (whose model the largest likelihood). Networks see 13 MFCCs of windows side by side, models 13, 26 or 39 numbers
(with slopes, and with slopes of slopes) every 10 ms.

Settled here, as nothing of it is published: networks learn by back-propagation through time (to which the published
extension of RTRL is equal) from recordings weighted so that "this emotion" and "not this" count alike, to minimise the
cross-entropy of one logistic output; features have mean 0 and deviation 1 over the recordings learned from; the epoch
is the one with the least cross-entropy on the recordings judged. The rest by the mean recall there, over six partings
of four emotions:

    tanh units with biases, one answer at the end, Adam at 0.003       .72, .74
        at 0.01 .73; logistic units without biases .65, at 0.01 .70; dropout 0.3 .77; batches of 4 at 0.001 .77;
        coefficients of mean 0 over each recording .56; the mean of what is said at every step .78
    the mean of what is said at the ends of segments, Adam at 0.003    .82
    one answer at the end, gradient descent at 0.03, momentum 0.9      .80         (at 0.01 .78)
    at the ends of segments, gradient descent at 0.03, momentum 0.9    .87         (at 0.01 .78, at 0.1 without .83,
                                                                                    dropout .82, batches of 8 .81)

Models have as many Gaussians a state as had the best mean recall there, and learn then from both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ..layers import SegmentedNetwork
from ..learning import BPTT, Batch, BinaryCrossEntropy, Learner, Optax
from ._account import Account, Grid
from ._emotion import (
    COUNTS,
    FOUR,
    SEVEN,
    SPEAKERS,
    Heard,
    accuracy,
    classes_of,
    confusion,
    heard,
    mean_recall,
    partings,
    standardised,
)
from ._experiment import Asked, Placed, Run
from ._markov import decided_by_models
from ._partings import Parting
from ._results import Record
from ._side_by_side import Share, side_by_side
from ._speech_table import found_of, repeated, shares, speakers_grid, speakers_out

# Units of the symbol level and of the segment level, and the length of segments, found by the authors.
SIZES: dict[str, tuple[int, int, int]] = {
    "anger": (28, 8, 17),
    "boredom": (19, 8, 14),
    "disgust": (22, 14, 8),
    "fear": (17, 17, 7),
    "happiness": (19, 29, 2),
    "neutral": (8, 26, 19),
    "sadness": (13, 13, 11),
}
# Overall accuracy and mean recall on 49 utterances, and both on what was learned from. The publication calls them UA
# and WA, the other way round than is usual today.
PUBLISHED = {
    "smrnn": (73.47, 71.02, 91.62, 91.08),
    "hmm-delta-delta": (77.55, 73.75, 81.76, 79.70),
    "hmm-delta": (63.27, 60.03, 81.08, 81.17),
    "hmm": (55.10, 51.72, 70.72, 71.15),
}
SYSTEMS = {
    "smrnn": "SMRNN",
    "smrnn-end": "SMRNN, one answer at the end",
    "hmm-delta-delta": "HMM, slopes of slopes",
    "hmm-delta": "HMM, slopes",
    "hmm": "HMM, static",
}
PARTINGS = {"splits": False, "speakers": True}


@dataclass(frozen=True)
class _EmotionRun(Placed):
    """One system on all partings of one kind; a "network" is a parting.

    Attributes:
        classes: 4 or 7 emotions. system: of `SYSTEMS`. parting: of `PARTINGS`.

    """

    PLACE: ClassVar[tuple[str, ...]] = ("classes",)

    classes: int
    system: str
    parting: str
    condition: str = field(default="", init=False)
    unit: int = 20

    def __post_init__(self) -> None:
        object.__setattr__(self, "condition", f"emotion-{self.system}-{self.parting}")

    def data(self) -> Heard:
        """What this system hears."""
        raise NotImplementedError

    def decisions(self, data: Heard, parts: Sequence[Parting], members: Sequence[int], seed: int) -> np.ndarray:
        """(partings, recordings) the class that each recording is taken for."""
        raise NotImplementedError

    def train(self, members: Sequence[int], seed: int, checkpoint: Path | None) -> list[Record]:
        """See `Run`; not resumed within."""
        data = self.data()
        parts = partings(data, members, seed, speakers=PARTINGS[self.parting])
        records = []
        for member, part, decided in zip(members, parts, self.decisions(data, parts, members, seed)):
            tables = {
                name: confusion(decided[rows], data.y[rows], len(data.classes)) for name, rows in part._asdict().items()
            }
            asked = np.array(tables["asked"])
            records.append(
                {
                    "network": int(member),
                    "success": mean_recall(asked) >= PUBLISHED[self.system.removesuffix("-end")][1] / 100,
                    "accuracy": round(accuracy(asked), 4),
                    **tables,
                }
            )
        return records


@dataclass(frozen=True)
class SegmentedRun(_EmotionRun):
    """A segmented-memory network a class.

    Attributes:
        readout: where the answer is read, see `Readout`. squashing, bias: of its cells. rate, momentum, batch: of
        gradient descent. rounds: of `epochs` epochs each, after each of which the recordings judged are looked at.

    """

    readout: str = "segments"
    squashing: str = "tanh"
    bias: bool = True
    rate: float = 0.03
    momentum: float = 0.9
    batch: int = 32
    epochs: int = 2
    rounds: int = 20

    def data(self) -> Heard:
        """See `_EmotionRun`: windows side by side."""
        return heard(self.classes, published=self.parting == "splits", step=0.025)

    def decisions(self, data: Heard, parts: Sequence[Parting], members: Sequence[int], seed: int) -> np.ndarray:
        """See `_EmotionRun`; the networks of a class and all partings are one population."""
        xs = [standardised(data.xs, part.learned) for part in parts]
        said = [self._outputs(k, data, xs, parts, members, seed) for k in range(len(data.classes))]
        return np.argmax(said, axis=0)

    def _outputs(
        self, number: int, data: Heard, xs: Sequence[Any], parts: Sequence[Parting], members: Sequence[int], seed: int
    ) -> np.ndarray:
        """(partings, recordings) logits of one class, each parting's of its best epoch."""
        sizes, how = SIZES[data.classes[number]], {"squashing": self.squashing, "bias": self.bias}
        make = SegmentedNetwork(*sizes, **how, readout=self.readout)
        own = data.y == number
        weights = len(own) / np.bincount(own)[own.astype(int)] / 2
        best, said = np.full(len(parts), np.inf), np.zeros((len(parts), len(own)))
        for logits in side_by_side(
            lambda key: make(data.xs.n_channels, 1, key=key),
            [Share(one, part.learned) for one, part in zip(xs, parts)],
            own.astype(float)[:, None],
            weights,
            Learner(BPTT(), Optax("sgd", self.rate, momentum=self.momentum, clip=1.0), Batch(self.batch)),
            BinaryCrossEntropy(),
            members=members,
            seed=seed * len(SEVEN) + number,
            epochs=self.epochs,
            rounds=self.rounds,
        ):
            costs = np.logaddexp(0, np.where(own, -1, 1) * logits[..., 0]) * weights
            judged = np.array([cost[part.judged].mean() for cost, part in zip(costs, parts)])
            better = judged < best
            best[better], said[better] = judged[better], logits[better, :, 0]
        return said


@dataclass(frozen=True)
class MarkovRun(_EmotionRun):
    """A hidden Markov model a class.

    Attributes:
        deltas: 1 for slopes too, 2 for slopes of slopes. states: from left to right. iterations: of Baum and Welch.
        mixtures: Gaussians a state, of which the recordings judged choose.

    """

    deltas: int = 0
    states: int = 3
    mixtures: tuple[int, ...] = (1, 2, 4)
    iterations: int = 20
    unit: int = 1

    def data(self) -> Heard:
        """See `_EmotionRun`: a window every 10 ms."""
        return heard(self.classes, published=self.parting == "splits", step=0.010, deltas=self.deltas)

    def decisions(self, data: Heard, parts: Sequence[Parting], members: Sequence[int], seed: int) -> np.ndarray:
        """See `_EmotionRun`."""
        how = {"states": self.states, "mixtures": self.mixtures, "iterations": self.iterations}
        return np.array([decided_by_models(data, part, seed=seed + k, **how) for k, part in zip(members, parts)])


def _runs(classes: int, parting: str) -> list[Run]:
    return [
        SegmentedRun(classes, "smrnn", parting),
        SegmentedRun(classes, "smrnn-end", parting, readout="end"),
        MarkovRun(classes, "hmm-delta-delta", parting, deltas=2),
        MarkovRun(classes, "hmm-delta", parting, deltas=1),
        MarkovRun(classes, "hmm", parting),
    ]


@dataclass(frozen=True)
class EmotionSegmentedMarkov(Asked):
    """The published comparison, as an `Experiment`; its lengths are numbers of emotions, its networks partings."""

    name: str = "emotion-smrnn-hmm"
    title: str = "Emotion from speech: segmented memory against hidden Markov models"
    question: str = (
        "Does a segmented-memory network of 13 features every 25 ms recognise the emotion of a voice as well as hidden "
        "Markov models that see 7.5 times as many numbers? S. Glüge, R. Böck and A. Wendemuth, NCTA 2011, on EMO-DB."
    )
    networks: int = 20
    lengths: tuple[int, ...] = (len(SEVEN), len(FOUR))

    def runs(self, lengths: Sequence[int], quick: bool) -> list[Run]:
        """Every system on partings of the published sizes, and with each speaker left out."""
        runs = [run for classes in lengths for parting in PARTINGS for run in _runs(classes, parting)]
        if not quick:
            return runs
        return [
            replace(run, rounds=3, unit=2) if isinstance(run, SegmentedRun) else replace(run, mixtures=(1,))  # type: ignore[type-var]
            for run in runs
            if run.condition.endswith("splits")
        ]

    def networks_of(self, run: Run, networks: int) -> int:
        """All partings at random; there are ten speakers."""
        return min(networks, SPEAKERS) if run.condition.endswith("speakers") else networks

    def account(self, records: Mapping[str, Sequence[Record]], lengths: Sequence[int], quick: bool) -> Account:
        """Two tables a task, and what was taken for what."""
        grids = []
        for classes in lengths:
            grids += _grids(classes, found_of(records, "emotion", SYSTEMS, PARTINGS, classes=classes))
        return self.told(
            quick,
            grids=tuple(grids),
            notes=_NOTES,
        )


def _grids(classes: int, found: Mapping[tuple[str, str], list[Record]]) -> list[Grid]:
    """The tables of one task."""
    task = "Seven emotions, the first two seconds" if classes == len(SEVEN) else "Four emotions, at full length"
    seven = classes == len(SEVEN)
    split = [
        (label, *repeated(some), *((_published(system),) if seven else ()))
        for system, label in SYSTEMS.items()
        if (some := found[system, "splits"])
    ]
    left = [(label, *speakers_out(some)) for system, label in SYSTEMS.items() if (some := found[system, "speakers"])]
    names = classes_of(classes)
    grids = []
    if split:
        sizes = sum(COUNTS[name][0] for name in names)
        grids.append(
            Grid(
                f"{task}; random partings of the published sizes ({sizes} utterances asked), of those that listeners "
                "recognised and found natural. Overall accuracy and mean recall in per cent: mean, its 95 % interval, "
                "least to largest; and both where it was learned"
                + (", and published of one parting of whole utterances." if seven else "."),
                (
                    *("", "partings", "accuracy", "95 %", "range", "mean recall", "95 %", "range", "learned"),
                    *(("published",) if seven else ()),
                ),
                tuple(split),
            )
        )
    if left:
        grids.append(speakers_grid(f"{task}; each of the ten speakers left out in turn, all recordings.", left))
    for system, parting in (("smrnn", "splits"), ("hmm-delta-delta", "splits"), ("smrnn", "speakers")):
        if some := found[system, parting]:
            how = "random partings" if parting == "splits" else "speakers left out"
            caption = (
                f"{task}; {SYSTEMS[system]}, {how}: rows are decisions, columns true emotions, in per cent of these."
            )
            grids.append(Grid(caption, ("", *names), shares(some, names)))
    return grids


def _published(system: str) -> str:
    return " / ".join(f"{value:.1f}" for value in PUBLISHED[system][:2]) if system in PUBLISHED else "-"


_NOTES = {
    "What was not reached": (
        "The networks are 9 points of accuracy below the models with slopes of slopes on four emotions at full length, "
        "and 18 on the first two seconds of seven (published: 4, on whole utterances). The models are 6 below the "
        "published on two seconds, the networks 20. Models without slopes of slopes are better than published.",
        "Training longer is not the reason: with 120 epochs the best one still comes before the 40th. The luck of a "
        "single small network is a part: over six partings the best of five by the recordings judged has 78 instead of "
        "77 % of four emotions and 54 instead of 53 % of seven, the mean of five 81 and 61 %. What is left we put down "
        "to sizes that were found for other features, of whole utterances, on one split; we could not try that.",
    ),
    "What differs in the data": (
        "Of boredom, disgust and fear only the first two seconds are at hand, and not at their first sampling rate. So "
        "all seven emotions are heard for two seconds and up to 7.5 kHz only, and the published figures, of whole "
        "utterances, are not to be expected there; the four emotions of which the utterances are complete have no "
        "published figure.",
        "The utterances are the published ones (80 % of listeners recognised the emotion, 60 % found it natural), the "
        "classes of a split have the published sizes; which utterances were asked is unknown. The published test sets "
        "of the two systems were not the same; here they are.",
        "A single split asks 49 utterances: by chance alone its accuracy strays by 12 points either way. The ranges "
        "show it.",
    ),
    "Protocol": (
        "Random partings share speakers and sentences between what is learned and what is asked, as published. With a "
        "speaker left out, the next two judge.",
        "Networks: the published sizes and lengths of segments of each emotion; 25 ms windows side by side. Gradient "
        "descent with momentum, the answers at segment ends averaged (or the one at the end alone), 40 epochs at most, "
        "the epoch chosen by the recordings judged. Published: found on one validation set, learned by eRTRL.",
        "A first full run had one answer at the end and Adam: 48.5 % of seven emotions, 71.4 % of four. Then settings "
        "were compared on the recordings judged of six partings (those of one parting are asked in others).",
        "Models: three states from left to right, diagonal covariances, 1, 2 or 4 Gaussians a state as the "
        "recordings judged had it. The published number of Gaussians is unknown.",
        "The publication says UA and WA the other way round than is usual; here they have their names.",
    ),
}

EMOTION_SMRNN_HMM = EmotionSegmentedMarkov()
