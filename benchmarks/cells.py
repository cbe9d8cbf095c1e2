"""All cells of the package at equal numbers of weights, on four problems, under one protocol.

    MNEMON_DATA=FOLDER python benchmarks/cells.py [--only NAME ...] [--quick] [--out docs/results/cells.md]

As J. Chung, C. Gulcehre, K. Cho and Y. Bengio compared tanh, GRU and LSTM (2014, arXiv:1412.3555), every cell gets
as many units as a budget of trainable weights allows, its readout included. One learning rate of two is chosen for
each cell and problem by the loss on a fifth of the training part that is held out; the network is then trained on the
whole training part with 3 seeds and judged once on test data. Nothing else is tuned: Adam, clipped to norm 1, no
dropout, one layer. A reservoir's readout is solved for (classes) or trained alone (text).

- vowels: JapaneseVowels, which speaker of 9; maximum over time; 5,000 weights; official split.
- gunpoint: GunPoint, gun or finger; maximum over time; 5,000 weights; official split (`$MNEMON_DATA/uea_ts`).
- recall: which of 8 symbols stood first of 50, the others being noise; answer at the end; 2,000 weights;
  1,000 sequences to learn from and 1,000 others to be judged by.
- text: tiny Shakespeare, next character; 20,000 weights; the first 200,000 characters, judged by the 20,000 after
  them (nats a character); one seed (`$MNEMON_DATA/text`).

Their music sets (Nottingham, JSB chorales, MuseData, Piano-midi) are not among the data at hand.

What decides the recall column for gated cells is mostly how far the gate of memory is open before anything is learnt:
with 800 updates there is time to learn what to keep, not that keeping is of use. The last rows change nothing but that
start: the GRU gets there with its update gate open, the LSTM does not with its forget gate half closed; coupled gates
get there, too, from an input bias of -2 (not shown). Peepholes got there at neither rate. The second-order network is
made for short strings of symbols; its state fades with real-valued inputs.
"""

import argparse
import functools
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np
from _timing import machine
from sklearn.model_selection import train_test_split

import mnemon
from mnemon import SequenceClassifier, SequencePredictor, Sequences
from mnemon.cells import CELLS, GRU, LSTM, Frozen
from mnemon.data import japanese_vowels, read_ts
from mnemon.estimators._parts import build_network, cell_maker
from mnemon.learning import Ridge

RATES = (0.002, 0.01)
SEEDS = range(3)
# By the name in the table: what an estimator takes as `cell`, and how long segments are (None: not segmented).
ROWS: dict[str, tuple[Any, int | None]] = {
    **{name: (name, None) for name in CELLS if name != "lstm-forget"},  # "lstm" is that row
    "elman in elman, segments of 10": ("elman", 10),
    "gru, update bias 2": (functools.partial(GRU, update_bias=2.0), None),
    "lstm, forget bias 0": (functools.partial(LSTM, gate_bias={"forget": 0.0}), None),
}


class Problem(NamedTuple):
    """One column of the table: how many inputs, outputs and weights, and how a setting is chosen and judged."""

    inputs: int
    outputs: int
    weights: int
    choose: Callable[[dict[str, Any]], float]
    judge: Callable[[dict[str, Any]], list[float]]
    readout: str


def classification(
    train: tuple[Any, Any], test: tuple[Any, Any], *, weights: int, readout: str, inputs: int, **how: Any
) -> Problem:
    """Classes of whole sequences; judged by test accuracy."""
    X, y = train
    kept, out = train_test_split(np.arange(len(y)), test_size=0.2, stratify=y, random_state=0)

    def choose(settings: dict[str, Any]) -> float:
        model = SequenceClassifier(**how, **settings, readout=readout, random_state=0)
        chances = model.fit(X[kept], y[kept]).predict_proba(X[out])
        right = chances[np.arange(len(out)), np.searchsorted(model.classes_, y[out])]
        return float(-np.log(np.maximum(right, 1e-12)).mean())

    def judge(settings: dict[str, Any]) -> list[float]:
        models = (SequenceClassifier(**how, **settings, readout=readout, random_state=seed) for seed in SEEDS)
        return [float(model.fit(X, y).score(*test)) for model in models]

    return Problem(inputs, len(np.unique(y)), weights, choose, judge, readout)


def recall(count: int, seed: int) -> tuple[Sequences, np.ndarray]:
    """Sequences of 50 symbols of 8, and the first of each."""
    codes = np.random.default_rng(seed).integers(0, 8, (count, 50))
    return Sequences(codes, alphabet="abcdefgh"), codes[:, 0]


def text(folder: Path) -> Problem:
    """Next characters; judged by nats a character."""
    characters = (folder / "text" / "tinyshakespeare.txt").read_text()[:220_000]
    alphabet = sorted(set(characters))

    def part(first: int, end: int) -> Sequences:
        return Sequences.from_strings([characters[first:end]], alphabet)

    def nats(settings: dict[str, Any], learnt: Sequences, judged: Sequences, seed: int) -> float:
        how: dict[str, Any] = {"window": 100, "batch_size": 32, "epochs": 4, "dropout": 0.0}
        return -SequencePredictor(**how | settings, random_state=seed).fit(learnt).score(judged)

    def choose(settings: dict[str, Any]) -> float:
        return nats({**settings, "epochs": 1}, part(0, 160_000), part(160_000, 200_000), 0)

    def judge(settings: dict[str, Any]) -> list[float]:
        return [nats(settings, part(0, 200_000), part(200_000, 220_000), 0)]

    return Problem(len(alphabet), len(alphabet), 20_000, choose, judge, "steps")


def problems(quick: bool) -> dict[str, Problem]:
    """The columns of the table for which there are data."""
    train, test = japanese_vowels()
    found = {
        "vowels": classification(
            (train.X, train.y), (test.X, test.y), inputs=12, weights=5000, readout="max", batch_size=16,
            epochs=2 if quick else 40, dropout=0.0,
        ),
        "recall": classification(
            recall(1000, 0), recall(1000, 1), inputs=8, weights=2000, readout="end", batch_size=25,
            epochs=1 if quick else 20, dropout=0.0,
        ),
    }  # fmt: skip
    folder = Path(os.environ.get("MNEMON_DATA", ""))
    if os.environ.get("MNEMON_DATA") and not quick:
        gun = [read_ts(folder / "uea_ts" / "GunPoint" / f"GunPoint_{part}.ts") for part in ("TRAIN", "TEST")]
        found["gunpoint"] = classification(
            (gun[0].X, gun[0].y), (gun[1].X, gun[1].y), inputs=1, weights=5000, readout="max", batch_size=10,
            epochs=100, dropout=0.0,
        )  # fmt: skip
        found["text"] = text(folder)
    elif not quick:
        print("gunpoint and text are left out: MNEMON_DATA names no folder", file=sys.stderr)
    return found


def count(problem: Problem, cell: Any, segment: int | None, units: int) -> int:
    """Trainable weights of the network that the estimator would build."""

    def make(key: Any) -> Any:
        return build_network(
            key, problem.inputs, problem.outputs, maker=cell_maker(cell), units=units, layers=1, bidirectional=False,
            segment_length=segment, embedding=None, readout=problem.readout, dropout=0.0,
        )  # fmt: skip

    shapes = eqx.filter_eval_shape(make, jax.random.key(0))
    leaves = jax.tree.leaves(shapes, is_leaf=lambda leaf: isinstance(leaf, Frozen))
    return sum(math.prod(leaf.shape) for leaf in leaves if hasattr(leaf, "shape") and leaf.dtype.kind == "f")


def most_units(problem: Problem, cell: Any, segment: int | None) -> int:
    """The largest number of units within the budget."""
    units = 1
    while count(problem, cell, segment, 2 * units) <= problem.weights:
        units *= 2
    low, high = units, 2 * units
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count(problem, cell, segment, middle) <= problem.weights else (low, middle)
    return low


def compared(name: str, problem: Problem) -> str:
    """One field of the table: units, and the mean of what was reached."""
    cell, segment = ROWS[name]
    units = most_units(problem, cell, segment)
    base: dict[str, Any] = {"cell": cell, "units": units, "segment_length": segment}
    settings = [{**base, "learning_rate": rate} for rate in RATES]
    if cell == "leakyesn" and problem.readout != "steps":
        settings = [{**base, "optimizer": Ridge(penalty)} for penalty in (1e-4, 1e-2)]
    losses = [problem.choose(setting) for setting in settings]
    best = min(range(len(settings)), key=lambda k: losses[k] if math.isfinite(losses[k]) else math.inf)
    each = problem.judge(settings[best])
    spread = f" ({min(each):.3f}-{max(each):.3f})" if len(each) > 1 else ""
    reached = f"{np.mean(each):.3f}" if np.all(np.isfinite(each)) else "not finite"
    return f"{reached}{spread}, {units} units"


def kept_rows(out: Path | None) -> dict[str, str]:
    """Rows of an earlier run that was stopped: delete the file to measure them anew."""
    lines = out.read_text().splitlines() if out is not None and out.exists() else []
    names = {line.split("|")[1].strip(): line for line in lines if line.startswith("| ")}
    return {name: line for name, line in names.items() if name in ROWS}


def main() -> None:
    """Compare, print, and write the table after each row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few epochs, two problems: whether it runs")
    parser.add_argument("--only", nargs="+", choices=ROWS, metavar="NAME", help="rows of the table")
    parser.add_argument("--out", type=Path, help="write the table as Markdown")
    options = parser.parse_args()
    columns = problems(options.quick)
    rows = kept_rows(options.out)
    text = ""
    for name in options.only or ROWS:
        if name in rows:
            print(f"{name} is in {options.out} already", file=sys.stderr)
            continue
        jax.clear_caches()  # so many programs in one process are more than the system will map
        fields = []
        for label, problem in columns.items():
            fields.append(compared(name, problem))
            print(f"{name}: {label}: {fields[-1]}", file=sys.stderr, flush=True)
        rows[name] = f"| {name} | {' | '.join(fields)} |"
        head = [f"{label}, {problem.weights:,} weights" for label, problem in columns.items()]
        text = "\n".join([
            "# All cells at equal numbers of weights",
            "",
            f"`python benchmarks/cells.py{' --quick' if options.quick else ''}` on {machine()}; Mnemon "
            f"{mnemon.__version__}.",
            "",
            *(line for line in (__doc__ or "").split("\n")[4:]),
            "Fields: accuracy on test data (text: nats a character, smaller is better), the mean of 3 seeds (smallest-"
            "largest), and the units that the weights allow.",
            "",
            f"| cell | {' | '.join(head)} |",
            f"| --- |{' --- |' * len(columns)}",
            *rows.values(),
            "",
        ])  # fmt: skip
        if options.out:
            options.out.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
