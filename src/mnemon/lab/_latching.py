"""The segmented-memory network on the latching problem: what all experiments on it share.

S. Gluege, R. Boeck and A. Wendemuth, "Extension of backpropagation through time for segmented-memory recurrent neural
networks", NCTA 2012, pp. 451-456; "Auto-encoder pre-training of segmented-memory recurrent neural networks", ESANN
2013, pp. 29-34; S. Gluege and others, Neurocomputing 141:54-64, 2014, doi:10.1016/j.neucom.2013.11.043.

Given there: 26-10-10-1 logistic units, segments of 15, 100 networks a length, training until the mean squared error is
below 0.01 or 1000 epochs are spent. Not given there, and settled here on strings of 60 letters alone, before longer
ones were looked at (docs/results/latching.md tells how): the numbers of `Setting`.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import jax

from ..cells import Elman, uniform
from ..layers import Network, Readout, Segmented
from ..learning import (
    BPTT,
    RTRL,
    Batch,
    Learner,
    Optax,
    Population,
    Until,
)
from ..learning import (
    Sequence as Online,
)
from ..learning.pretraining import Context, pretrain, reset_context
from ..problems import Latching
from ._experiment import Placed
from ._results import Record
from ._trial import own_strings, trial

LENGTHS = (60, 70, 80, 90, 100, 110, 120, 130)
# A network that also knows strings it was not trained on.
KNOWS = 0.95


@dataclass(frozen=True)
class Setting:
    """What the papers leave open. Rates are those of E = (d - z)^2 / 2, as in the paper's equations.

    Attributes:
        sequences: training strings by length; between two of them, and beyond, in proportion.
        reach: initial weights are uniform in [-reach, reach].
        biases: whether units have any; the published equations show none.
        rate, momentum: of gradient descent.
        batch: strings of an update; 1 is online.
        epochs, error: the budget, and the mean squared error that counts as success.
        test: strings that a network is tested on, of their own, the same for all.
        pretraining_rate: of the auto-encoders, on the squared error's mean over their outputs; an update a segment.
        pretraining_momentum: of the same.
        pretraining_unexplained, pretraining_epochs: a level ends once its error is below this share of its inputs'
            variance, or after so many epochs; a share, because there are more segments the longer the strings are.

    """

    sequences: tuple[tuple[int, int], ...] = (
        (60, 75), (70, 100), (80, 150), (90, 200), (100, 250), (110, 300), (120, 400), (130, 500),
    )  # fmt: skip
    reach: float = 0.25
    biases: bool = False
    rate: float = 0.6
    momentum: float = 0.5
    batch: int = 1
    epochs: int = 1000
    error: float = 0.01
    test: int = 1000
    units: int = 10
    segment: int = 15
    pretraining_rate: float = 2.0
    pretraining_momentum: float = 0.5
    pretraining_unexplained: float = 0.5
    pretraining_epochs: int = 300

    def strings(self, length: int) -> int:
        """Training strings of a length."""
        known = dict(self.sequences)
        if length in known:
            return known[length]
        nearest = min(known, key=lambda other: abs(other - length))
        return max(2, round(known[nearest] * length / nearest))


SETTING = Setting()
QUICK = dataclasses.replace(SETTING, epochs=150, test=200)
# The one change that turns most failures into successes: see `latching-why`.
SLOW: dict[str, Any] = {"rate": 0.1, "momentum": 0.4}


@dataclass(frozen=True)
class LatchingRun(Placed):
    """One condition at one length.

    Attributes:
        condition: its name. rule: how the gradient is found.
        pretrained: whether the levels are auto-encoders first; context: what becomes of the context weights then;
            levels: of which (0 the symbols', 1 the segments'); None: of both.

    """

    condition: str
    length: int
    rule: Literal["BPTT", "RTRL"] = "BPTT"
    pretrained: bool = False
    context: Context = "keep"
    levels: tuple[int, ...] | None = None
    setting: Setting = SETTING
    unit: int = 24
    width: int = 8

    @property
    def protocol(self) -> dict[str, Any]:
        """Everything but the length, and what does not concern this condition."""
        numbers = {name: value for name, value in super().protocol.items() if value is not None}
        if not self.pretrained:
            kept = {k: v for k, v in numbers["setting"].items() if not k.startswith("pretraining")}
            numbers = {**numbers, "setting": kept}
        return numbers

    def network(self, key: Any) -> Network:
        """One untrained network."""
        a, b, c = jax.random.split(key, 3)
        units, small, biases = self.setting.units, uniform(self.setting.reach), self.setting.biases
        letters = Latching(self.length).input_size
        how: Any = {"squashing": "logistic", "bias": biases, "initialiser": small}
        levels = Elman(letters, units, key=a, **how), Elman(units, units, key=b, **how)
        return Network(Segmented(*levels, self.setting.segment), Readout(units, 1, key=c, **how))

    def train(self, members: Sequence[int], seed: int, checkpoint: Path | None) -> list[Record]:
        """See `Run`: each network has its own initial weights and its own training strings."""
        setting, problem = self.setting, Latching(self.length)
        strings = own_strings(problem, seed, members, setting.strings(self.length))
        population = Population.make(self.network, list(members), seed)
        if self.pretrained:
            population = self.pretrain(population, [sample.xs for sample in strings], seed)
        # SquaredError has twice the slope of the papers' E.
        update = Optax("sgd", setting.rate / 2, momentum=setting.momentum)
        gradient = BPTT() if self.rule == "BPTT" else RTRL()
        learner = Learner(gradient, update, Online() if setting.batch == 1 else Batch(setting.batch))
        return trial(
            problem, population, learner, strings, members=members, until=Until(setting.epochs, loss=setting.error),
            test=setting.test, seed=seed, width=self.width, checkpoint=checkpoint,
        )  # fmt: skip

    def pretrain(self, population: Population, xs: list[Any], seed: int) -> Population:
        """Auto-encoders first, on each network's own strings; then the context weights as the condition wants them."""
        setting = self.setting
        update = Optax("sgd", setting.pretraining_rate, momentum=setting.pretraining_momentum)
        learner = Learner(BPTT(), update, Online())
        trained = pretrain(
            population, xs, learner=learner, until=Until(setting.pretraining_epochs),
            unexplained=setting.pretraining_unexplained, initialiser=uniform(setting.reach), bias=setting.biases,
            seed=seed, width=self.width,
        )  # fmt: skip
        return reset_context(trained.population, self.context, levels=self.levels)


def latching_run(condition: str, length: int, quick: bool) -> LatchingRun:
    """A condition of the published tables at a length."""
    setting = QUICK if quick else SETTING
    how: dict[str, dict[str, Any]] = {
        "random": {},
        "rtrl": {"rule": "RTRL", "unit": 3, "width": 3},
        "why-slow": {"setting": dataclasses.replace(setting, **SLOW), "unit": 16},
        "pretrained": {"pretrained": True},
        "pretrained-zero": {"pretrained": True, "context": "zero"},
        "pretrained-identity": {"pretrained": True, "context": "identity"},
    }
    numbers: dict[str, Any] = {"setting": setting} | how[condition]
    return LatchingRun(condition, length, **numbers)
