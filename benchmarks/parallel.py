"""What keeps two cores busy with a population: one process with threads, one device a core, or one process a core.

    python benchmarks/parallel.py [--networks 48] [--epochs 20] [--out docs/results/parallel.md]

Each way trains the same networks of the latching tables (T = 60, online) for the same epochs, on so many cores:

- "threads": one process, XLA's own threads;
- "devices": one process, one CPU device of one thread a core, half of the networks on each, in Python threads;
- "processes": one process of one thread a core, half of the networks in each (what `mnemon reproduce --jobs` does).

Each way is a fresh set of processes; what is timed is the second training, compiled already, by the slowest part.
"""

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ONE_CORE = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


def work(members: list[int], epochs: int, device: int | None = None) -> None:
    import jax

    from mnemon.lab._latching import SETTING, LatchingRun

    run = LatchingRun("random", 60, setting=dataclasses.replace(SETTING, epochs=epochs, error=-1.0, test=10))
    if device is None:
        run.train(members, 0, None)
        return
    with jax.default_device(jax.devices("cpu")[device]):
        run.train(members, 0, None)


def child(way: str, networks: int, epochs: int, part: int, parts: int) -> float:
    """Seconds of the second training of this process's share."""
    members = list(range(networks))[part * networks // parts : (part + 1) * networks // parts]
    halves = [members[: len(members) // 2], members[len(members) // 2 :]]
    seconds = 0.0
    for _ in range(2):
        begun = time.perf_counter()
        if way == "devices":
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(lambda k: work(halves[k], epochs, k), range(2)))
        else:
            work(members, epochs)
        seconds = time.perf_counter() - begun
    return seconds


def measure(way: str, networks: int, epochs: int) -> float:
    parts = 2 if way == "processes" else 1
    flags = {"threads": "", "devices": f"--xla_force_host_platform_device_count=2 {ONE_CORE}", "processes": ONE_CORE}
    environment = {**os.environ, "XLA_FLAGS": flags[way]}
    words = [sys.executable, __file__, "--networks", str(networks), "--epochs", str(epochs), "--child", way]
    started: list[Any] = [
        subprocess.Popen([*words, "--part", f"{k}/{parts}"], env=environment, stdout=subprocess.PIPE, text=True)
        for k in range(parts)
    ]
    return max(json.loads(process.communicate()[0].splitlines()[-1]) for process in started)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--networks", type=int, default=48)
    options.add_argument("--epochs", type=int, default=20)
    options.add_argument("--out", type=Path)
    options.add_argument("--child", help=argparse.SUPPRESS)
    options.add_argument("--part", default="0/1", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        part, parts = map(int, given.part.split("/"))
        print(json.dumps(child(given.child, given.networks, given.epochs, part, parts)))
        return
    lines = ["| way | seconds | to threads |", "| --- | ---: | ---: |"]
    times: dict[str, float] = {}
    for way in ("threads", "devices", "processes"):
        times[way] = min(measure(way, given.networks, given.epochs) for _ in range(2))
        lines.append(f"| {way} | {times[way]:.2f} | {times[way] / times['threads']:.2f} |")
        print(lines[-1], flush=True)
    if given.out:
        heading = (
            "# Two cores, one population\n\n"
            f"{given.networks} networks of the latching tables (T = 60, an update a string), {given.epochs} epochs; "
            "the better of two runs. "
            f"`python benchmarks/parallel.py --networks {given.networks} --epochs {given.epochs}`\n\n"
        )
        given.out.write_text(heading + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
