"""Backtests of forecasters on measured monthly and annual series, beside the usual baselines.

    MNEMON_DATA=FOLDER python benchmarks/backtests.py [--series chickenpox] [--out docs/results/backtests.md]

The first two thirds of each series are known at the first origin; from there on a year (monthly) or five years
(annual) are foretold from about ten origins, and all models are fitted anew at each. Every candidate below is judged
in the same way within the known two thirds; the one of smallest MASE there is the one that the table shows. Series are
read from `$MNEMON_DATA/timeseries`.

Choosing by ten origins, tried afterwards on four of the series, makes other choices and is no better: of these it is
then at least as good as linear AR on chickenpox and the Saugeen River.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from _timing import machine

from mnemon import Forecaster
from mnemon.data import read_series
from mnemon.series import Backtest, Log, backtest, baselines

# File, steps of a season (1: none), steps ahead.
SERIES: dict[str, tuple[str, int, int]] = {
    "chickenpox, monthly": ("chickenpox_nyc_monthly.dat", 12, 12),
    "sunspots, monthly": ("sunspots_monthly_1749-1983.dat", 12, 12),
    "Pigeon River, monthly": ("river_pigeon_monthly.dat", 12, 12),
    "Piper's Hole River, monthly": ("river_pipers_hole_monthly.dat", 12, 12),
    "Saugeen River, monthly": ("river_saugeen_monthly.dat", 12, 12),
    "sunspots, annual": ("sunspots_annual_1700-1988.dat", 1, 5),
    "Mississippi at St Louis, annual": ("river_mississippi_st_louis_annual.dat", 1, 5),
}
Candidate = Callable[[int, int], Forecaster]
COMMON: dict[str, Any] = {"random_state": 0, "epochs": 60}
# Counts and flows, of which some are 0.
LOG = Log(offset=1.0)
CANDIDATES: dict[str, Candidate] = {
    "dlnn": lambda season, ahead: Forecaster("dlnn", taps=2 * max(season, 6), **COMMON),
    "dlnn, differences": lambda season, ahead: Forecaster(
        "dlnn", taps=max(season, 6) + 1, transform=["seasonal_difference"], period=season, **COMMON
    ),
    "dmlp": lambda season, ahead: Forecaster("dmlp", units=8, taps=max(season, 6) + 1, **COMMON),
    "dmlp, differences of logarithms": lambda season, ahead: Forecaster(
        "dmlp", units=8, taps=max(season, 6) + 1, transform=[LOG, "seasonal_difference"], period=season, **COMMON
    ),
    "gru, many steps": lambda season, ahead: Forecaster(
        "gru", units=12, taps=max(season, 6), steps_ahead=ahead, **COMMON
    ),
    "gru, many steps, differences of logarithms": lambda season, ahead: Forecaster(
        "gru", units=12, steps_ahead=ahead, transform=[LOG, "seasonal_difference"], period=season, **COMMON
    ),
}
# Origins in the known part, by which a candidate is chosen, and in the last third.
CHOOSING, JUDGING = 4, 10


def main() -> None:
    """Choose, judge, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", nargs="+", help="only those whose names begin so")
    parser.add_argument("--out", type=Path, help="write the table as Markdown")
    given = parser.parse_args()
    folder = Path(os.environ.get("MNEMON_DATA", "")) / "timeseries"
    if not os.environ.get("MNEMON_DATA") or not folder.is_dir():
        sys.exit("backtests: MNEMON_DATA names no folder with timeseries/")
    lines = []
    for name, (file, season, ahead) in SERIES.items():
        if given.series and not any(name.startswith(wanted) for wanted in given.series):
            continue
        began = time.perf_counter()
        y = read_series(folder / file).values[:, 0]
        known = y[: 2 * len(y) // 3]
        candidates = {one: make(season, ahead) for one, make in CANDIDATES.items()}
        judged = backtest(candidates, known, horizon=ahead, step=_step(known, ahead, CHOOSING), period=season)
        scores = {one: judged.mean(one, "mase") for one in CANDIDATES}
        chosen = min(scores, key=lambda one: scores[one] if np.isfinite(scores[one]) else np.inf)
        models = {**baselines(season, statistical=False), "chosen": candidates[chosen]}
        found = backtest(models, y, horizon=ahead, step=_step(y, ahead, JUDGING), period=season)
        lines.append(_row(name, chosen, found))
        print(lines[-1], f"  [{time.perf_counter() - began:.0f} s]", file=sys.stderr, flush=True)
    text = "\n".join(_page(lines, " ".join(sys.argv[1:])))
    print(text)
    if given.out:
        given.out.write_text(text + "\n")


def _step(y: np.ndarray, ahead: int, origins: int) -> int:
    """Steps from one origin to the next, so that there are about so many."""
    return ahead * max(1, round((len(y) - 2 * len(y) // 3) / (ahead * origins)))


SHOWN = ("naive", "seasonal naive", "drift", "linear AR", "chosen")


def _row(name: str, chosen: str, found: Backtest) -> str:
    errors = [f"{found.mean(one, 'mase'):.3f}" for one in SHOWN]
    better = [one for one in ("seasonal naive", "linear AR") if found.mean("chosen", "mase") <= found.mean(one, "mase")]
    said = "both" if len(better) == 2 else better[0] if better else "neither"
    return f"| {name} | {chosen} | {' | '.join(errors)} | {found.mean('chosen', 'nmse'):.3f} | {said} |"


def _page(lines: list[str], words: str) -> list[str]:
    return [
        f"`python benchmarks/backtests.py {words}` on {machine()}.",
        "",
        "MASE of forecasts a year ahead (annual series: five years) over the last third of each series, from a rolling",
        "origin; then our NMSE, and whom we are at least as good as. The candidate was chosen on the first two thirds.",
        "",
        f"| series | chosen | {' | '.join(SHOWN[:-1])} | ours | NMSE | at least as good as |",
        "| --- | --- |" + " ---: |" * 6 + " --- |",
        *lines,
    ]


if __name__ == "__main__":
    main()
