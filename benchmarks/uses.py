"""Three uses for which sizes alone say little, and a stream: the native engine against XLA's, and against torch.

    python benchmarks/uses.py [--out docs/results/uses.md]

- unequal: 32 sequences of 10 to 1000 steps (uniform), LSTM of 64 units, one training step; torch packs its sequences.
- population: 100 segmented networks of 10 units on the latching problem (T = 60, an update a string, 75 strings each),
  one epoch of `train`. torch has no populations: it is left out.
- online: the adding problem, T = 1000, an update a sequence, LSTM of two blocks of two cells (torch: of four cells);
  time of one sequence, its update included. `train` runs an epoch of 50 sequences; torch loops over them.
- stream: one step of one cell, in C++ and from Python.

`xla` is Mnemon without its kernels (MNEMON_KERNELS=0). Each in a process of its own, in turns; medians of five rounds.
"""

import argparse
import functools
import importlib.util
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from _timing import machine
from _turns import Worker

USES = ("unequal", "population", "online")
ONLINE_SEQUENCES, POPULATION = 50, 100
Call = Callable[[], Any]


def unequal_data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs, lengths and classes."""
    random = np.random.default_rng(0)
    lengths = random.integers(10, 1001, 32)
    xs = random.normal(size=(32, 1000, 64)).astype(np.float32)
    return xs, lengths.astype(np.int32), random.integers(0, 10, 32).astype(np.int32)


def adding_data() -> Any:
    """Sequences of the adding problem and their targets."""
    import jax

    from mnemon.problems import Adding

    return Adding(1000).sample(jax.random.key(0), ONLINE_SEQUENCES)


def _unequal() -> Call:
    import jax
    import jax.numpy as jnp
    import optax

    from mnemon.cells import LSTM
    from mnemon.layers import Network, Readout
    from mnemon.learning import BPTT, Chunk, CrossEntropy

    xs, lengths, ys = (jnp.asarray(a) for a in unequal_data())
    a, b = jax.random.split(jax.random.key(0))
    network = Network(LSTM(64, 64, key=a), Readout(64, 10, key=b))
    adam, rule, loss = optax.adam(1e-3), BPTT(), CrossEntropy()
    chunk = Chunk(xs, lengths, ys, jnp.full(32, 1 / 32), None)

    @jax.jit
    def step(network: Any, memory: Any) -> Any:
        _, value, gradient = rule.step(None, network, loss, chunk)
        changes, memory = adam.update(gradient, memory)
        return optax.apply_updates(network, changes), memory, value

    box = [network, adam.init(network)]

    def call() -> float:
        box[0], box[1], value = step(*box)
        return float(value)

    return call


def _epoch_seconds(run: Callable[[Callable[[Any], bool]], Any]) -> float:
    """The median epoch of a training that is watched; the first, which holds the compilation, is left out."""
    marks: list[float] = []
    run(lambda _: bool(marks.append(time.perf_counter())))
    return statistics.median(np.diff(marks))


def _population_seconds() -> float:
    import jax

    from mnemon.lab._latching import LatchingRun
    from mnemon.learning import BPTT, Examples, Learner, Optax, Population, Sequence, SquaredError, Until, train
    from mnemon.problems import Latching

    run = LatchingRun("random", 60)
    sample = Latching(60).sample(jax.random.key(0), 75)
    population = Population.make(run.network, POPULATION, 0)
    learner = Learner(BPTT(), Optax("sgd", 0.6, momentum=0.5), Sequence())
    examples = Examples(sample.xs, sample.targets)
    return _epoch_seconds(
        lambda watch: train(population, learner, examples, loss=SquaredError(), until=Until(12), progress=watch)
    )


def _online_seconds() -> float:
    import jax

    from mnemon.cells import LSTM
    from mnemon.layers import Network, Readout
    from mnemon.learning import BPTT, Examples, Learner, Optax, Population, Sequence, SquaredError, Until, train

    def network(key: Any) -> Network:
        a, b = jax.random.split(key)
        return Network(LSTM(2, 4, cells_per_block=2, key=a), Readout(4, 1, key=b))

    sample = adding_data()
    population = Population.make(network, 1, seed=0)
    learner, examples = Learner(BPTT(), Optax("sgd", 0.1), Sequence()), Examples(sample.xs, sample.targets)
    return (
        _epoch_seconds(
            lambda watch: train(population, learner, examples, loss=SquaredError(), until=Until(6), progress=watch)
        )
        / ONLINE_SEQUENCES
    )


def _torch(use: str) -> Call:
    """The same by torch."""
    import torch

    torch.set_flush_denormal(True)
    torch.set_num_threads(os.cpu_count() or 1)
    if use == "unequal":
        xs, lengths, ys = unequal_data()
        layer, readout = torch.nn.LSTM(64, 64, batch_first=True), torch.nn.Linear(64, 10)
        update = torch.optim.Adam([*layer.parameters(), *readout.parameters()], 1e-3, foreach=True)
        inputs, targets = torch.from_numpy(xs), torch.from_numpy(ys).long()
        counts = torch.from_numpy(lengths.astype(np.int64))

        def step() -> float:
            update.zero_grad()
            packed = torch.nn.utils.rnn.pack_padded_sequence(inputs, counts, batch_first=True, enforce_sorted=False)
            loss = torch.nn.functional.cross_entropy(readout(layer(packed)[1][0][0]), targets)
            loss.backward()
            update.step()
            return loss.item()

        return step
    torch.set_num_threads(1)  # quicker for four cells
    sample = adding_data()
    sequences = [torch.tensor(np.asarray(x), dtype=torch.float32)[None] for x in sample.xs]
    targets = torch.tensor(sample.targets, dtype=torch.float32)
    layer, readout = torch.nn.LSTM(2, 4, batch_first=True), torch.nn.Linear(4, 1)
    update = torch.optim.SGD([*layer.parameters(), *readout.parameters()], 0.1)

    def epoch() -> None:
        for x, target in zip(sequences, targets):
            update.zero_grad()
            loss = (readout(layer(x)[0][:, -1]) - target).square().mean()
            loss.backward()
            update.step()

    return epoch


@functools.cache
def _call(name: str, use: str) -> Call:
    return _torch(use) if name == "torch" else _unequal()


def measure(name: str, use: str) -> float:
    """Seconds of one step, one epoch of the population, or one online sequence."""
    if name != "torch" and use == "population":
        return _population_seconds()
    if name != "torch" and use == "online":
        return _online_seconds()
    call, times = _call(name, use), []
    call()
    for _ in range(5):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return statistics.median(times) / (ONLINE_SEQUENCES if use == "online" else 1)


def _stream_rows() -> list[str]:
    import jax

    from mnemon import cells, kernels

    rows = ["| cell | units | C++, microseconds | from Python |", "| --- | ---: | ---: | ---: |"]
    for kind in ("LSTM", "GRU", "Elman"):
        for units in (16, 64, 128):
            cell = getattr(cells, kind)(64, units, key=jax.random.key(0))
            stepper, x = kernels.Stepper(cell.standard()), np.ones(64, np.float32)
            bare = statistics.median(stepper.seconds(5000) for _ in range(5))
            whole = []
            for _ in range(5):
                begun = time.perf_counter()
                for _ in range(2000):
                    stepper.step(x)
                whole.append((time.perf_counter() - begun) / 2000)
            rows.append(f"| {kind} | {units} | {bare * 1e6:.2f} | {statistics.median(whole) * 1e6:.1f} |")
    return rows


def main() -> None:
    """Measure and print; write the tables where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="write the tables as Markdown")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        for line in sys.stdin:
            print(json.dumps(measure(given.worker, json.loads(line)["use"])), flush=True)
        return
    workers = {"native": Worker(__file__, "native"), "xla": Worker(__file__, "xla", MNEMON_KERNELS="0")}
    if importlib.util.find_spec("torch"):
        workers["torch"] = Worker(__file__, "torch")
    lines = [
        f"`python benchmarks/uses.py` on {machine()}. Milliseconds, medians of five rounds; in brackets the native "
        "engine's time divided by it.",
        "",
        "| | " + " | ".join(workers) + " |",
        "| --- |" + " ---: |" * len(workers),
    ]
    for use in USES:
        here = {name: worker for name, worker in workers.items() if name != "torch" or use != "population"}
        rounds = [{name: worker.ask(use=use) for name, worker in here.items()} for _ in range(5)]
        medians = {name: statistics.median(each[name] for each in rounds) for name in here}
        ours = medians["native"]
        cells = [f"{ours * 1e3:.3g}"]
        cells += [
            f"{medians[name] * 1e3:.3g} ({ours / medians[name]:.2f})" if name in medians else "-"
            for name in list(workers)[1:]
        ]
        lines.append(f"| {use} | " + " | ".join(cells) + " |")
        print(lines[-1], file=sys.stderr, flush=True)
    for worker in workers.values():
        worker.close()
    text = "\n".join([*lines, "", *_stream_rows(), ""])
    print(text)
    if given.out:
        given.out.write_text(text)


if __name__ == "__main__":
    main()
