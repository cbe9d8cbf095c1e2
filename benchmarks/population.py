"""A hundred segmented-memory networks trained as one population, against torch training them one after the other.

    python benchmarks/population.py [--networks 100] [--quick] [--out docs/results/population.md]

Each network is the published one: 26 one-hot inputs, 10 + 10 logistic units with segments of 15, one logistic output
at the end, squared error, 50 strings of 60 letters, one update with the full batch an epoch, plain gradient descent
with momentum, float32. torch runs its networks one after the other, in two ways: "step by step", the published
equations as they stand, and "folded", with all segments of a string in one batch, which is what Mnemon's `Segmented`
does by itself. torch flushes denormals and has as many threads as is quickest for it (1 or all; both are measured).
Printed: milliseconds an epoch of the whole population, in turns in one process; compile time apart; and how the width
of the blocks in which networks are mapped together changes our own time.
"""

import argparse
import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
from _timing import machine, time_together

from mnemon.cells import Elman, uniform
from mnemon.layers import Network, Readout, Segmented
from mnemon.learning import BPTT, Batch, Examples, Learner, Optax, Population, SquaredError, Until, train
from mnemon.sequences import Sequences

STRINGS, TIME, LETTERS, UNITS, SEGMENT = 50, 60, 26, 10, 15
RATE, MOMENTUM = 0.1, 0.5


def strings() -> tuple[np.ndarray, np.ndarray]:
    """Random one-hot strings and targets 0 or 1."""
    random = np.random.default_rng(0)
    xs = np.eye(LETTERS, dtype=np.float32)[random.integers(0, LETTERS, (STRINGS, TIME))]
    return xs, random.integers(0, 2, (STRINGS, 1)).astype(np.float32)


def make(key: Any) -> Network:
    """One network of the published sizes."""
    a, b, c = jax.random.split(key, 3)
    small = uniform(0.3)
    symbol = Elman(LETTERS, UNITS, squashing="logistic", initialiser=small, key=a)
    segment = Elman(UNITS, UNITS, squashing="logistic", initialiser=small, key=b)
    readout = Readout(UNITS, 1, squashing="logistic", initialiser=small, key=c)
    return Network(Segmented(symbol, segment, SEGMENT), readout)


def mnemon_epochs(networks: int, epochs: int, width: int | None) -> Callable[[], Any]:
    """So many epochs through `train`, all its bookkeeping included."""
    xs, ys = strings()
    examples = Examples(Sequences(xs), ys)
    learner = Learner(BPTT(), Optax("sgd", RATE, momentum=MOMENTUM), Batch(None))
    population = Population.make(make, networks, 0)
    until = Until(epochs)
    return lambda: train(population, learner, examples, loss=SquaredError(), until=until, width=width)


def torch_epochs(networks: int, threads: int, folded: bool) -> Callable[[], Any]:
    """One epoch of each network, one after the other."""
    import torch

    torch.set_flush_denormal(True)
    segments = TIME // SEGMENT

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.read = torch.nn.Linear(LETTERS, UNITS)
            self.symbol = torch.nn.Linear(UNITS, UNITS, bias=False)
            self.lift = torch.nn.Linear(UNITS, UNITS)
            self.segment = torch.nn.Linear(UNITS, UNITS, bias=False)
            self.out = torch.nn.Linear(UNITS, 1)

        def forward(self, xs: Any) -> Any:
            drives = self.read(xs)
            y = torch.zeros(STRINGS, UNITS)
            if folded:
                drives = drives.reshape(STRINGS * segments, SEGMENT, UNITS)
                x = torch.zeros(STRINGS * segments, UNITS)
                for t in range(SEGMENT):
                    x = torch.sigmoid(drives[:, t] + self.symbol(x))
                lifted = self.lift(x.reshape(STRINGS, segments, UNITS))
                for n in range(segments):
                    y = torch.sigmoid(lifted[:, n] + self.segment(y))
            else:
                for t in range(TIME):
                    x = torch.zeros(STRINGS, UNITS) if t % SEGMENT == 0 else x
                    x = torch.sigmoid(drives[:, t] + self.symbol(x))
                    if t % SEGMENT == SEGMENT - 1:
                        y = torch.sigmoid(self.lift(x) + self.segment(y))
            return torch.sigmoid(self.out(y))

    inputs, targets = (torch.from_numpy(a) for a in strings())
    nets = [Net() for _ in range(networks)]
    updates = [torch.optim.SGD(net.parameters(), RATE, MOMENTUM) for net in nets]

    def epoch() -> float:
        torch.set_num_threads(threads)
        total = 0.0
        for net, update in zip(nets, updates, strict=True):
            update.zero_grad()
            loss = ((net(inputs) - targets) ** 2).mean()
            loss.backward()
            update.step()
            total += loss.item()
        return total

    return epoch


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=100)
    parser.add_argument("--quick", action="store_true", help="10 networks, widths 1 and 8 only")
    parser.add_argument("--out", type=Path, help="write the table as Markdown")
    options = parser.parse_args()
    networks = 10 if options.quick else options.networks
    epochs = 20
    widths = [1, 8] if options.quick else [1, 4, 8, 16, 32]

    ours = {f"mnemon, width {width}": mnemon_epochs(networks, epochs, width) for width in widths}
    contestants = {"mnemon": mnemon_epochs(networks, epochs, None), **ours}
    if importlib.util.find_spec("torch"):
        for threads in sorted({1, os.cpu_count() or 1}):
            for folded in (False, True):
                name = f"torch, {'folded' if folded else 'step by step'}, {threads} thread{'s' * (threads > 1)}"
                contestants[name] = torch_epochs(networks, threads, folded)
    times = time_together(contestants, rounds=5)
    epoch = {name: t.median / (epochs if name.startswith("mnemon") else 1) for name, t in times.items()}
    lines = [
        "# A population against one network after the other",
        "",
        f"`python benchmarks/population.py{' --quick' if options.quick else ''}` on {machine()}; "
        f"jax {jax.__version__}. {networks} segmented-memory networks of {UNITS} + {UNITS} units, {STRINGS} strings of "
        f"{TIME} letters, full batch, float32.",
        "",
        "| | ms an epoch | times as long as mnemon |",
        "| --- | --- | --- |",
        *(f"| {name} | {t * 1e3:.1f} | {t / epoch['mnemon']:.1f} |" for name, t in epoch.items()),
        "",
        f"First call of mnemon, compilation included: {times['mnemon'].first:.1f} s for {epochs} epochs.",
        "",
    ]
    print("\n".join(lines))
    if options.out:
        options.out.write_text("\n".join(lines))


if __name__ == "__main__":
    main()
