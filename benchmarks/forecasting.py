"""How long a forecaster trains and foretells: an LSTM of 64 units on a series of 10,000 points.

    python benchmarks/forecasting.py [--networks 1] [--epochs 8]

Printed are the first epoch (with its compilation), a later one, the first forecast of 1,000 steps (with its
compilation), a later one, and one from a new end of the series, whose history is read first.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from _timing import machine

from mnemon import Forecaster


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=8)
    given = parser.parse_args()
    t = np.arange(10_010)
    y = np.sin(t / 10) + 0.1 * np.random.default_rng(0).normal(size=len(t))
    spent: list[float] = []
    forecaster = Forecaster(
        "lstm",
        units=64,
        epochs=given.epochs,
        n_networks=given.networks,
        random_state=0,
        callbacks=[lambda now: spent.append(now.seconds)],
    ).fit(y[:10_000])
    epochs = np.diff([0.0, *spent])
    first = _seconds(lambda: forecaster.predict(1000))
    later = statistics.median(_seconds(lambda: forecaster.predict(1000)) for _ in range(9))
    forecaster.update(y[10_000:])
    moved = _seconds(lambda: forecaster.predict(1000))
    print(f"{machine()}, {given.networks} networks")
    print(f"epoch: {np.median(epochs[1:]):.3f} s (the first, which is compiled, {epochs[0]:.1f} s)")
    print(
        f"forecast of 1,000 steps: {1e3 * later:.1f} ms (the first {first:.1f} s; from a new end {1e3 * moved:.0f} ms)"
    )


def _seconds(function: Callable[[], object]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
