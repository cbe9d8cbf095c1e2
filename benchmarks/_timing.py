"""Timing for the benchmarks: medians of interleaved rounds in one process, compile time apart."""

import os
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple


class Timed(NamedTuple):
    """One contestant's times in seconds: its first call, and the mean call of each later round."""

    first: float
    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Of the rounds."""
        return statistics.median(self.rounds)


def time_together(
    contestants: dict[str, Callable[[], Any]], *, least: float = 0.3, rounds: int = 5
) -> dict[str, Timed]:
    """Time several callables that do the same work.

    They take turns, so that a busy moment of the machine falls on all of them; each round calls a contestant often
    enough to fill `least` / `rounds` seconds. A callable returns only once its work is done.
    """
    first, repeats = {}, {}
    for name, call in contestants.items():
        begun = time.perf_counter()
        call()
        first[name] = time.perf_counter() - begun
        begun = time.perf_counter()
        call()
        repeats[name] = max(1, round(least / rounds / max(time.perf_counter() - begun, 1e-6)))
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, call in contestants.items():
            begun = time.perf_counter()
            for _ in range(repeats[name]):
                call()
            times[name].append((time.perf_counter() - begun) / repeats[name])
    return {name: Timed(first[name], tuple(each)) for name, each in times.items()}


def machine() -> str:
    """The machine in a line: processor, cores, Python."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as file:
            model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), model)
    except OSError:
        pass
    return f"{model}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
