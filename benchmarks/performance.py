"""A training step and an answer of LSTM, GRU and Elman networks, against other libraries and the bare arithmetic.

    python benchmarks/performance.py [--short] [--kinds LSTM] [--modes training] [--out docs/results/performance.md]
        [--keep docs/results/performance.jsonl]

Each library runs in a process of its own, with all cores; they take turns. Printed are milliseconds (medians of five
rounds) and ratios, our time divided by theirs: below 1 we are quicker. `scan` is our own plain scan in XLA; `floor` is
the same matrix products and as many exponentials with nothing in between. Libraries that are not installed
are left out; `pip install -e ".[compare]"` installs them. `--short` is the form that continuous integration runs.

All sizes take about two hours, and want the machine for themselves. With `--keep` every case is kept in a file as soon
as it was measured; what the file has is not measured again, and is in the tables.
"""

import argparse
import importlib.metadata
import importlib.util
import itertools
import json
import statistics
import sys
from collections import Counter
from pathlib import Path

from _contestants import CONTESTANTS, KINDS, MODES, make
from _timing import Timed, machine
from _turns import Worker, serve, take_turns

BATCHES, TIMES, UNITS = (1, 8, 32, 128), (50, 200, 1000), (16, 64, 128, 256)
PEERS = ("torch", "keras-jax", "flax", "equinox")
# No slower than the best: so much is given to chance. And how near the floor is near, from how many units on.
SLACK, NEAR, NEAR_FROM = 1.05, 1.5, 64
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
    parser.add_argument("--keep", type=Path, help="JSON lines of what was measured: added to, and not measured again")
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
    here = _here(names)
    results, places = _kept(given.keep, names)
    missing = [case for case in cases if case not in results]
    workers = {name: Worker(__file__, name) for name in names} if missing else {}
    for case in missing:
        results[case] = take_turns(workers, case, least=given.seconds, rounds=5)
        print(_row(case, results[case], names), file=sys.stderr, flush=True)
        if given.keep:
            with given.keep.open("a") as file:
                file.write(json.dumps({"case": case, "times": results[case], "where": here}) + "\n")
    for worker in workers.values():
        worker.close()
    results = {case: results[case] for case in cases}
    where = Counter(places.get(case, here) for case in cases)

    text = "\n".join(_page(results, names, where, " ".join(sys.argv[1:])))
    print(text)
    if given.out:
        given.out.write_text(text)


def _here(names: list[str]) -> str:
    """Machine and versions, in a line."""
    packages = dict.fromkeys(CONTESTANTS[name][1] for name in names)
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ["jax", *packages] if name != "mnemon"]
    return f"{machine()}; {', '.join(versions)}"


def _kept(path: Path | None, names: list[str]) -> tuple[dict[tuple, dict[str, Timed]], dict[tuple, str]]:
    """What a file of earlier measurements has of these contestants, all of them; and where it was measured."""
    lines = path.read_text().splitlines(keepends=True) if path and path.exists() else []
    if path and lines and not lines[-1].endswith("\n"):  # an earlier run was stopped while it wrote
        path.write_text("".join(lines := lines[:-1]))
    kept, places = {}, {}
    for line in map(json.loads, lines):
        times = {name: Timed(first, tuple(rounds)) for name, (first, rounds) in line["times"].items()}
        if all(name in times for name in names):
            kept[tuple(line["case"])], places[tuple(line["case"])] = times, line["where"]
    return kept, places


def _row(case: tuple, result: dict[str, Timed], names: list[str]) -> str:
    ours = result["mnemon"].median
    cells = [f"{ours * 1e3:.3g}"]
    cells += [f"{result[name].median * 1e3:.3g} ({ours / result[name].median:.2f})" for name in names[1:]]
    return "| " + " | ".join([*map(str, case[1:]), *cells]) + " |"


def _page(results: dict[tuple, dict[str, Timed]], names: list[str], where: Counter[str], words: str) -> list[str]:
    places = [place if len(where) == 1 else f"{place} ({cases} cases)" for place, cases in where.items()]
    lines = [
        f"`python benchmarks/performance.py {words}`".replace(" `", "`")
        + f" on {'; and on '.join(places)}. float32, 64 inputs, last-state classifier, Adam. Milliseconds; in brackets "
        "our time divided by theirs.",
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
    rows = {name: _ratios(results, [name]) for name in names[1:]}
    if peers:
        rows = {"best of the other libraries": _ratios(results, peers)} | rows
    firsts = {name: statistics.median(result[name].first for result in results.values()) for name in names}
    lines = [
        "| our time to theirs | geometric mean | median | largest | first call, s |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(
            f"| {name} | {statistics.geometric_mean(each.values()):.2f} | {statistics.median(each.values()):.2f} | "
            f"{max(each.values()):.2f} | " + (f"{firsts[name]:.2f} |" if name in firsts else " |")
            for name, each in rows.items()
        ),
        f"| mnemon itself | | | | {firsts['mnemon']:.2f} |",
    ]
    if peers:
        slower = {case: ratio for case, ratio in rows["best of the other libraries"].items() if ratio > SLACK}
        worst = ", ".join(
            f"{_words(case)} {ratio:.2f}" for case, ratio in sorted(slower.items(), key=lambda item: -item[1])
        )
        lines += ["", f"Above {SLACK} of the best: {len(slower)} of {len(results)} cases" + f": {worst}." * bool(worst)]
    if "floor" in names:
        large = {case: ratio for case, ratio in rows["floor"].items() if case[4] >= NEAR_FROM}
        of_batch = {
            batch: [ratio for case, ratio in large.items() if case[2] == batch] for batch in {case[2] for case in large}
        }
        near = ", ".join(
            f"{sum(ratio <= NEAR for ratio in some)} of {len(some)} at batch {batch} (largest {max(some):.2f})"
            for batch, some in sorted(of_batch.items())
        )
        lines += ["", f"Within {NEAR} of the floor, from {NEAR_FROM} units up: {near or 'none measured'}."]
    return lines


def _ratios(results: dict[tuple, dict[str, Timed]], theirs: list[str]) -> dict[tuple, float]:
    """Our time divided by the shortest of theirs, medians both, case by case."""
    return {
        case: result["mnemon"].median / min(result[name].median for name in theirs) for case, result in results.items()
    }


def _words(case: tuple) -> str:
    _, kind, batch, time, units = case
    return f"{kind} of {units} units, {batch} x {time} steps"


if __name__ == "__main__":
    main()
