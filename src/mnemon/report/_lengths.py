"""Accuracy by length of the sequences, and how many there are of each length."""

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from .._statistics import wilson
from ._counts import Bin
from ._figure import ACCENT, WARM, drawing, to_svg
from ._markup import Markup, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def accuracy_by_length(bins: list[Bin]) -> Markup:
    """The accuracy in each bin with its interval."""
    places = [i for i, part in enumerate(bins) if part.n]
    rates = [100 * bins[i].right / bins[i].n for i in places]
    intervals = [wilson(bins[i].right, bins[i].n) for i in places]
    with drawing() as (figure, axes):
        axes.vlines(places, [100 * low for low, _ in intervals], [100 * high for _, high in intervals], color=ACCENT)
        axes.plot(places, rates, "o", color=ACCENT, markersize=5.5)
        lowest = min(100 * low for low, _ in intervals)
        axes.set_ylim(max(0, 10 * (lowest // 10)), 100)
        axes.set_ylabel("accuracy, %")
        _plain_figures(axes)
        _steps_axis(axes, bins)
        said = ", ".join(f"{bins[i].name}: {percent(bins[i].right, bins[i].n)}" for i in places)
        return to_svg(figure, "by-length", f"Accuracy by length in steps. {said}.")


def histogram(bins: list[Bin], training: np.ndarray | None) -> Markup:
    """How many judged sequences fall in each bin, and with which share the training sequences do."""
    total = sum(part.n for part in bins)
    shares = [100 * part.n / total for part in bins]
    with drawing() as (figure, axes):
        axes.bar(range(len(bins)), shares, width=0.86, color=ACCENT, alpha=0.45, label="judged")
        if training is not None and len(training):
            edges = [part.first for part in bins] + [bins[-1].last + 1]
            seen = [100 * np.mean((training >= a) & (training < b)) for a, b in pairwise(edges)]
            axes.stairs(seen, np.arange(len(edges)) - 0.5, color=WARM, linewidth=1.6, linestyle="--", label="training")
            axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, borderpad=0, handlelength=2.6)
        axes.set_ylim(bottom=0)
        axes.set_ylabel("share of sequences, %")
        _plain_figures(axes)
        _steps_axis(axes, bins)
        said = ", ".join(f"{part.name}: {part.n}" for part in bins)
        return to_svg(figure, "lengths", f"Number of judged sequences by length in steps. {said}.")


def _steps_axis(axes: "Axes", bins: list[Bin]) -> None:
    """Bins side by side: named where each is one length, else with a figure at every edge."""
    axes.set_xlim(-0.5, len(bins) - 0.5)
    axes.set_xlabel("length in steps")
    if all(part.first == part.last for part in bins):
        axes.set_xticks(range(len(bins)), [f"{part.first:,}" for part in bins])
    else:
        edges = [part.first for part in bins] + [bins[-1].last + 1]
        axes.set_xticks(np.arange(len(edges)) - 0.5, [f"{edge:,}" for edge in edges])


def _plain_figures(axes: "Axes") -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
