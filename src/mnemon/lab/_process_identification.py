"""Plants identified from their inputs: K. Narendra and K. Parthasarathy, IEEE Trans. Neural Networks 1(1):4-27, 1990,
examples 1 to 4, which shows plant and model as curves and prints no error.

    series-parallel    y^(k+1) = N( u(k), u(k-1), y(k), y(k-1), y(k-2) )           how N is trained: the plant's outputs
    parallel           y^(k+1) = N( u(k), u(k-1), y^(k), y^(k-1), y^(k-2) )        how it is used: its own
    recurrent          y^(k+1) = N( u(k), state )                                  trained as it is used

Models learn from random inputs, drawn anew at every step as in the paper, or held for some ("held"), and are judged in
parallel, from rest, with the inputs that the paper tests by: NMSE = sum (y^ - y)^2 / sum (y - mean y)^2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from ..cells import Elman
from ..layers import Feedback, Network, Readout, dlnn, dmlp, unfold
from ..learning import (
    BPTT,
    SENTENCES,
    Batch,
    Examples,
    Learner,
    Optax,
    Population,
    Ridge,
    Schedule,
    SquaredError,
    Store,
    Until,
    step_answers,
    train,
)
from ..problems import Plant
from ..sequences import Sequences
from ..targets import StepTargets
from ._account import Account, Grid
from ._experiment import Asked, Placed, Run
from ._results import Record, pick
from ._share import share

# What a series-parallel model sees: u(k) and u(k-1); y(k), y(k-1) and y(k-2). Plants need no more.
INPUTS, OUTPUTS = 2, 3
LENGTH, TEST = 200, 800
CLOSE = 0.1
# A model in parallel that has run away.
_AWAY = 1e6
_TRAINING, _NEW = 0, 1


@dataclass(frozen=True)
class PlantRun(Placed):
    """Models of one kind of one plant.

    Attributes:
        condition: the kind, and how inputs are drawn. plant: the example's number. held: how many steps an input
            stays on average, 1 for new ones at every step.
        units: hidden units, of each layer. sequences: of training, of 200 steps; new: as many to be judged by.
        epochs, rate, batch: of gradients, with Adam. penalty: of Ridge.

    """

    PLACE: ClassVar[tuple[str, ...]] = ("plant",)

    condition: str
    plant: int
    kind: str
    units: tuple[int, ...] = ()
    held: int = 1
    sequences: int = 40
    new: int = 10
    epochs: int = 300
    rate: float = 0.01
    batch: int = 4
    penalty: float = 1e-8
    unit: int = 5

    @property
    def protocol(self) -> dict[str, Any]:
        """See `Run`."""
        return {**super().protocol, "length": LENGTH, "test": TEST}

    def network(self, key: Any) -> Network:
        """One untrained network; for a series-parallel one, N."""
        if self.kind == "linear":
            return dlnn(INPUTS + OUTPUTS, 1, taps=1, key=key)
        if self.kind == "series-parallel":
            return dmlp(INPUTS + OUTPUTS, 1, taps=1, units=self.units, key=key)
        below, above = jax.random.split(key)
        (units,) = self.units
        return Network(Elman(1, units, key=below), Readout(units, 1, at="steps", key=above))

    def train(self, members: Sequence[int], seed: int, checkpoint: Path | None) -> list[Record]:
        """See `Run`."""
        plant = Plant(self.plant)
        key = np.random.SeedSequence((seed, self.plant, self.held)).spawn(2)
        shown, new = (
            inputs_held(plant, np.random.default_rng(key[part]), count, self.held)
            for part, count in ((_TRAINING, self.sequences), (_NEW, self.new))
        )
        scale = plant.respond(shown).std()
        examples = self.examples(shown, plant.respond(shown) / scale)
        linear = self.kind == "linear"
        updates = self.epochs * -(-self.sequences // self.batch)
        falling = Schedule("cosine_decay_schedule", init_value=1.0, decay_steps=updates)
        adam = Optax("adam", self.rate, clip=1.0, schedule=falling)
        solution = train(
            Population.make(self.network, list(members), seed),
            Ridge(self.penalty) if linear else Learner(BPTT(), adam, Batch(self.batch)),
            examples,
            loss=SquaredError(),
            until=Until(1 if linear else self.epochs),
            store=None if checkpoint is None or linear else Store(checkpoint, every=60),
            seed=seed,
            width=1,
            buckets=1,
        )
        tests = plant.test_inputs(TEST)[None]
        errors = {}
        for name, inputs in (("test", tests), ("new", new)):
            wanted = plant.respond(inputs) / scale
            errors[name] = nmse(self.parallel(solution.networks, inputs), wanted)
            errors[f"{name}_one_step"] = nmse(_answers(solution.networks, self.examples(inputs, wanted).xs), wanted)
        return [
            {
                "network": int(member),
                "success": bool(errors["test"][k] < CLOSE),
                "ended": SENTENCES[result.code],
                "weights": next(iter(solution.networks)).weight_count(),
                **{name: float(each[k]) for name, each in errors.items()},
            }
            for k, (member, result) in enumerate(zip(members, solution.results))
        ]

    def examples(self, inputs: np.ndarray, outputs: np.ndarray) -> Examples:
        """Inputs u(0) ... and the outputs y(1) ... that follow, (sequences, time) each, as the network sees them."""
        seen = inputs[..., None]
        if self.kind != "recurrent":
            seen = np.concatenate([_delayed(inputs, range(INPUTS)), _delayed(outputs, range(1, OUTPUTS + 1))], axis=-1)
        targets = StepTargets(outputs.reshape(-1, 1), np.full(len(outputs), outputs.shape[1]))
        return Examples(Sequences(seen), targets)

    def parallel(self, networks: Population, inputs: np.ndarray) -> np.ndarray:
        """What the models say after each input, given no output of the plant: (members, sequences, time)."""
        if self.kind == "recurrent":
            return _answers(networks, Sequences(inputs[..., None]))
        return np.asarray(_closed(networks.stacked, jnp.asarray(_delayed(inputs, range(INPUTS)), jnp.float32)))


@eqx.filter_jit
def _closed(stacked: Network, xs: jax.Array) -> jax.Array:
    """Networks on their own answers, (members, sequences, time)."""
    return eqx.filter_vmap(lambda one: unfold(Feedback(one, tuple(range(1, OUTPUTS + 1))), xs)[0][..., 0])(stacked)


def _answers(networks: Population, xs: Sequences) -> np.ndarray:
    """What networks say at each step of sequences of one length, (members, sequences, time)."""
    return np.stack(step_answers(networks, xs), axis=1)[..., 0]


def _delayed(values: np.ndarray, delays: Sequence[int]) -> np.ndarray:
    """(sequences, time) as they were so many steps ago, zeros before the first: (sequences, time, delays)."""
    time = values.shape[1]
    return np.stack([np.pad(values, [(0, 0), (delay, 0)])[:, :time] for delay in delays], axis=-1)


def inputs_held(plant: Plant, random: np.random.Generator, count: int, held: int) -> np.ndarray:
    """Random inputs (count, 200), each kept for a random number of steps, `held` on average."""
    inputs, _ = plant.draw(random, count, LENGTH)
    drawn = random.uniform(size=inputs.shape) * held < 1
    steps = np.where(drawn, np.arange(LENGTH), 0)
    return np.take_along_axis(inputs, np.maximum.accumulate(steps, axis=1), axis=1)


def nmse(said: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Of what members said (members, sequences, time), over all steps: (members,); bounded where they ran away."""
    with np.errstate(over="ignore", invalid="ignore"):
        errors = ((said.astype(np.float64) - wanted) ** 2).sum(axis=(1, 2)) / ((wanted - wanted.mean()) ** 2).sum()
    return np.where(errors < _AWAY, errors, _AWAY)


KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "linear": ("linear, series-parallel", {}),
    "series-parallel": ("20 + 10 units, series-parallel", {"units": (20, 10)}),
    "recurrent": ("Elman, 32 units, parallel", {"units": (32,)}),
}
HELD = {"": ("new at every step", 1), "-held": ("held", 10)}


@dataclass(frozen=True)
class ProcessIdentification(Asked):
    """The four plants, as an `Experiment`; its lengths are their numbers."""

    name: str = "process-identification"
    title: str = "Identification of four plants"
    question: str = (
        "Does a network that has seen a plant's answers to random inputs say what it does under other inputs, with "
        "nothing but those to go by? Examples 1 to 4 of K. Narendra and K. Parthasarathy, IEEE Trans. Neural Networks "
        "1(1):4-27, 1990."
    )
    networks: int = 5
    lengths: tuple[int, ...] = (1, 2, 3, 4)

    def runs(self, lengths: Sequence[int], quick: bool) -> list[Run]:
        """Every kind of model, from both kinds of inputs, of every plant."""
        runs = [
            PlantRun(f"plant-{kind}{suffix}", plant, kind, held=held, **how)
            for plant in lengths
            for suffix, (_, held) in HELD.items()
            for kind, (_, how) in KINDS.items()
        ]
        return [replace(run, epochs=30) for run in runs] if quick else list(runs)

    def networks_of(self, run: Run, networks: int) -> int:
        """All; a linear one is the same from every start."""
        return 1 if isinstance(run, PlantRun) and run.kind == "linear" else networks

    def account(self, records: Mapping[str, Sequence[Record]], lengths: Sequence[int], quick: bool) -> Account:
        """A table a plant."""
        grids = []
        for plant in lengths:
            rows = [
                (f"{label}; inputs {drawn}", *_words(some))
                for suffix, (drawn, _) in HELD.items()
                for kind, (label, _) in KINDS.items()
                if (some := pick(records.get(f"plant-{kind}{suffix}", ()), plant=plant))
            ]
            head = ("", "weights", "NMSE, median", "least to largest", f"below {CLOSE:g}", "95 %", "new", "one step")
            caption = (
                f"Plant {plant}: error in parallel under the paper's test inputs; on new inputs like those of training "
                "(median); and of one step under the test inputs, given the plant's outputs (median). Published: as "
                "curves."
            )
            if rows:
                grids.append(Grid(caption, head, tuple(rows)))
        usual = PlantRun("", 1, "linear")
        return self.told(
            quick,
            grids=tuple(grids),
            notes={
                "Protocol": (
                    f"{usual.sequences} sequences of {LENGTH} steps from rest; inputs uniform in [-1, 1] for plants 1 "
                    f"and 4, [-2, 2] for 2 and 3. Held inputs stay for {HELD['-held'][1]} steps on average. Judged "
                    f"over {TEST} steps from rest. Outputs in units of their standard deviation in training.",
                    f"Adam at {usual.rate:g} falling to 0, clipped to norm 1, {usual.epochs} epochs in batches of "
                    f"{usual.batch}, no validation, nothing tuned; linear models by Ridge({usual.penalty:g}).",
                ),
                "Departures from the published protocol": (
                    "The paper gives its models what is known of each plant (the linear part of plant 1, the form of "
                    "the sums) and trains them by 50,000 to 100,000 steps of plain back-propagation; here a model "
                    f"knows nothing, and sees {usual.sequences * LENGTH:,} steps again and again. Steps at which test "
                    "inputs change, and ranges, are from memory.",
                    "Held inputs are ours: inputs that are new at every step move the first plant, which is slow, "
                    "little: a third of its answers to the test's waves lie outside of all that was seen in training.",
                ),
            },
        )


def _words(records: Sequence[Record]) -> tuple[str, ...]:
    errors = np.array([record["test"] for record in records])
    good = int((errors < CLOSE).sum())
    return (
        f"{records[0]['weights']}",
        _error(np.median(errors)),
        _error(errors.min()) if len(records) == 1 else f"{_error(errors.min())} to {_error(errors.max())}",
        *share(good, len(records)),
        _error(np.median([record["new"] for record in records])),
        _error(np.median([record["test_one_step"] for record in records])),
    )


def _error(value: float) -> str:
    return "ran away" if value >= _AWAY else f"{value:.2g}"


PROCESS_IDENTIFICATION = ProcessIdentification()
