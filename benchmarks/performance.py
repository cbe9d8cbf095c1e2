"""A training step and an answer of LSTM, GRU and Elman networks, against other libraries and the bare arithmetic.

    python benchmarks/performance.py [--short] [--kinds LSTM] [--modes training] [--out docs/results/performance.md]

Each library runs in a process of its own, with all cores; they take turns. Printed are milliseconds (medians of five
rounds) and ratios, our time divided by theirs: below 1 we are quicker. `scan` is our own plain scan in XLA; `floor` is
the same matrix products and as many exponentials with nothing in between. Libraries that are not installed
are left out; `pip install -e ".[compare]"` installs them. `--short` is the form that continuous integration runs.
"""

import argparse
import importlib.metadata
import importlib.util
import itertools
import statistics
import sys
from pathlib import Path

from _contestants import CONTESTANTS, KINDS, MODES, make
from _timing import Timed, machine
from _turns import Worker, serve, take_turns

BATCHES, TIMES, UNITS = (1, 8, 32, 128), (50, 200, 1000), (16, 64, 128, 256)
PEERS = ("torch", "keras-jax", "flax", "equinox")
SHORT = {"batches": (1, 32), "times": (50,), "units": (16, 128)}


def main() -> None:
    """Measure, print as it goes, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="a few small cases")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    parser.add_argument("--modes", nargs="+", default=list(MODES), choices=MODES)
    parser.add_argument("--batches", nargs="+", type=int)
    parser.add_argument("--times", nargs="+", type=int)
    parser.add_argument("--units", nargs="+", type=int)
    parser.add_argument("--contestants", nargs="+", choices=[name for name in CONTESTANTS if name != "mnemon"])
    parser.add_argument("--seconds", type=float, default=0.1, help="least length of a round")
    parser.add_argument("--out", type=Path, help="write the tables as Markdown")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        serve(given.worker, make)
        return

    wanted = given.contestants or [name for name in CONTESTANTS if name != "mnemon"]
    names = ["mnemon", *(name for name in wanted if importlib.util.find_spec(CONTESTANTS[name][1]))]
    sizes = SHORT if given.short else {"batches": BATCHES, "times": TIMES, "units": UNITS}
    cases = list(
        itertools.product(
            given.modes,
            given.kinds,
            given.batches or sizes["batches"],
            given.times or sizes["times"],
            given.units or sizes["units"],
        )
    )
    workers = {name: Worker(__file__, name) for name in names}
    results: dict[tuple, dict[str, Timed]] = {}
    for case in cases:
        results[case] = take_turns(workers, case, least=given.seconds, rounds=5)
        print(_row(case, results[case], names), file=sys.stderr, flush=True)
    for worker in workers.values():
        worker.close()

    text = "\n".join(_page(results, names, " ".join(sys.argv[1:])))
    print(text)
    if given.out:
        given.out.write_text(text)


def _row(case: tuple, result: dict[str, Timed], names: list[str]) -> str:
    ours = result["mnemon"].median
    cells = [f"{ours * 1e3:.3g}"]
    cells += [f"{result[name].median * 1e3:.3g} ({ours / result[name].median:.2f})" for name in names[1:]]
    return "| " + " | ".join([*map(str, case[1:]), *cells]) + " |"


def _page(results: dict[tuple, dict[str, Timed]], names: list[str], words: str) -> list[str]:
    packages = dict.fromkeys(CONTESTANTS[name][1] for name in names)
    versions = {package: importlib.metadata.version(package) for package in ["jax", *packages] if package != "mnemon"}
    lines = [
        f"`python benchmarks/performance.py {words}`".replace(" `", "`")
        + f" on {machine()}; "
        + ", ".join(f"{package} {version}" for package, version in versions.items())
        + ". float32, 64 inputs, last-state classifier, Adam. Milliseconds; in brackets our time divided by theirs.",
        "",
    ]
    for mode in dict.fromkeys(case[0] for case in results):
        here = {case: result for case, result in results.items() if case[0] == mode}
        lines += [f"## One {'training step' if mode == 'training' else 'answer'}", "", *_summary(here, names), ""]
        lines += [
            "| cell | batch | steps | units | mnemon | " + " | ".join(names[1:]) + " |",
            "| --- |" + " --- |" * (4 + len(names) - 1),
            *(_row(case, result, names) for case, result in here.items()),
            "",
        ]
    return lines


def _summary(results: dict[tuple, dict[str, Timed]], names: list[str]) -> list[str]:
    """Ratios over all cases: to each contestant, and to the best of the other libraries."""
    peers = [name for name in names if name in PEERS]

    def ratios(theirs: list[str]) -> list[float]:
        return [
            result["mnemon"].median / min(result[name].median for name in theirs)
            for result in results.values()
            if all(name in result for name in theirs)
        ]

    rows = {name: ratios([name]) for name in names[1:]}
    if peers:
        rows = {"best of the other libraries": ratios(peers)} | rows
    firsts = {name: statistics.median(result[name].first for result in results.values()) for name in names}
    return [
        "| our time to theirs | geometric mean | median | largest | first call, s |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(
            f"| {name} | {statistics.geometric_mean(each):.2f} | {statistics.median(each):.2f} | {max(each):.2f} | "
            + (f"{firsts[name]:.2f} |" if name in firsts else " |")
            for name, each in rows.items()
        ),
        f"| mnemon itself | | | | {firsts['mnemon']:.2f} |",
    ]


if __name__ == "__main__":
    main()
