"""How long the BPTT half of `mnemon reproduce latching-rules` takes: 100 networks at each of eight lengths.

    python benchmarks/latching_rules.py [--jobs 2] [--networks 100] [--out docs/results/latching_rules_time.md]

Only the rows of eBPTT are trained, by as many processes as given, a core each, into a folder that is thrown away.
"""

import argparse
import dataclasses
import tempfile
import time
from pathlib import Path

from _timing import machine

from mnemon.lab import reproduce
from mnemon.lab._latching_rules import LATCHING_RULES


def main() -> None:
    """Train, and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--networks", type=int, default=100)
    parser.add_argument("--out", type=Path, help="write the line as Markdown")
    given = parser.parse_args()
    half = dataclasses.replace(LATCHING_RULES, columns=LATCHING_RULES.columns[:1])
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        account = reproduce(half, out=folder, networks=given.networks, jobs=given.jobs)
    minutes = (time.perf_counter() - begun) / 60
    grid = account.grids[0]
    head = [grid.head, ("---",) * len(grid.head)]
    text = "\n".join(
        [
            f"`python benchmarks/latching_rules.py --jobs {given.jobs} --networks {given.networks}` on {machine()}: "
            f"{minutes:.1f} minutes, compilation and tests on new strings included.",
            "",
            *(f"| {' | '.join(row)} |" for row in [*head, *grid.rows]),
            "",
        ]
    )
    print(text)
    if given.out:
        given.out.write_text(text)


if __name__ == "__main__":
    main()
