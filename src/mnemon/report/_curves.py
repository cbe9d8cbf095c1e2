"""Learning curves: loss and score by epoch, of one network or of many."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._figure import ACCENT, INK, MUTED, WARM, drawing, to_svg
from ._markup import Markup, number, plural
from ._story import Story

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DASHES = (0, (6.0, 1.5))
POINTS, THIN_POINTS = 400, 100  # at most so many are drawn of a curve, and of each thin one


class Curve(NamedTuple):
    """A quantity of the history, and how it is drawn."""

    values: NDArray
    name: str
    colour: str
    style: str | tuple[int, tuple[float, float]]


def loss_curves(story: Story) -> Markup | None:
    """The losses by epoch; None where the history holds none."""
    curves = _curves(story, ("loss", "training", ACCENT, "-"), ("validation_loss", "validation", WARM, DASHES))
    return _chart(story, curves, "loss", "Loss by epoch") if curves else None


def score_curves(story: Story) -> Markup | None:
    """The validation score by epoch; None where the history holds none."""
    curves = _curves(story, ("validation_score", "validation", WARM, DASHES))
    return _chart(story, curves, "score", "Validation score by epoch") if curves else None


def epochs_of(story: Story) -> NDArray:
    """The epochs of the history, one for each of its entries; 1, 2, ... where it does not say."""
    n = len(next(iter(story.history.values())))  # pyright: ignore[reportArgumentType]
    epochs = story.history.get("epoch")
    return np.arange(1, n + 1) if epochs is None else middle(np.asarray(epochs, float))


def middle(values: NDArray) -> NDArray:
    """The median over networks; not a number where fewer than half of them go on."""
    if values.ndim == 1:
        return values
    finite = np.isfinite(values)
    return np.array(
        [np.median(row[f]) if 2 * f.sum() >= max(len(row), 1) else np.nan for row, f in zip(values, finite)]
    )


def best_epochs(story: Story) -> list[float]:
    """The best epoch of each network, or of all."""
    return [] if story.best_epoch is None else np.atleast_1d(np.asarray(story.best_epoch, float)).tolist()


def _curves(story: Story, *wanted: tuple[str, str, str, str | tuple[int, tuple[float, float]]]) -> list[Curve]:
    found = []
    for key, name, colour, style in wanted:
        if key in story.history:
            values = np.asarray(story.history[key], float)
            values = np.where(np.isfinite(values), values, np.nan)
            if np.isfinite(middle(values)).any():
                found.append(Curve(values, name, colour, style))
    return found


def _chart(story: Story, curves: list[Curve], name: str, title: str) -> Markup:
    epochs, best = epochs_of(story), best_epochs(story)
    networks = max(curve.values.shape[1] if curve.values.ndim == 2 else 1 for curve in curves)
    with drawing() as (figure, axes):
        for curve in curves:
            if curve.values.ndim == 2:
                for network in curve.values.T:
                    _draw(axes, epochs, network, best, THIN_POINTS, color=curve.colour, linewidth=0.7, alpha=0.3)
            line = {"color": curve.colour, "linestyle": curve.style, "linewidth": 1.7, "label": curve.name}
            _draw(axes, epochs, middle(curve.values), best, POINTS, **line)
        _scale(axes, [curve.values for curve in curves])
        _epoch_axis(axes, epochs)
        if len(curves) > 1:
            axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.09), ncols=2, borderpad=0, handlelength=2.6)
        _mark(axes, best)
        return to_svg(figure, name, _described(title, curves, epochs, best, networks))


def _draw(axes: "Axes", epochs: NDArray, values: NDArray, best: list[float], most: int, **line) -> None:
    """A curve with at most `most` points, the last and the best ones always among them."""
    there = np.flatnonzero(np.isfinite(values) & np.isfinite(epochs))
    if len(there) > most:
        evenly = there[np.linspace(0, len(there) - 1, most).round().astype(int)]
        there = np.union1d(evenly, there[np.isin(epochs[there], best)])
    if len(there) == 1:
        line |= {"marker": "o", "markersize": 4}
    axes.plot(epochs[there], values[there], solid_joinstyle="round", **line)


def _scale(axes: "Axes", values: list[NDArray]) -> None:
    """A logarithmic axis where values spread over it; plain figures; no room above a perfect score."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    every = np.concatenate([v[np.isfinite(v)] for v in values])
    low, high = every.min(), every.max()
    if low > 0 and high / low > 30:
        axes.set_yscale("log")
        # a decade apart where there are many, else 1, 2, 5
        axes.yaxis.set_major_locator(LogLocator(10, subs=(1.0,) if high / low > 1000 else (1.0, 3.0), numticks=8))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.yaxis.set_major_locator(MaxNLocator(5))
        if low >= 0 and high <= 1 < axes.get_ylim()[1]:
            axes.set_ylim(top=1)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}"))


def _epoch_axis(axes: "Axes", epochs: NDArray) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    first, last = np.nanmin(epochs), np.nanmax(epochs)
    room = max(0.02 * (last - first), 0.5 if first == last else 0)
    axes.set_xlim(first - room, last + room)


def _mark(axes: "Axes", best: list[float]) -> None:
    """A dotted line at the best epoch, or a mark at the foot for each of several networks."""
    low, high = axes.get_xlim()
    inside = [epoch for epoch in best if low <= epoch <= high]
    if not inside:
        return
    upright = axes.get_xaxis_transform()
    if len(best) > 1:
        axes.plot(inside, [0] * len(inside), "^", color=INK, markersize=4, transform=upright, zorder=3)
        words, at = "▲ best epochs", float(np.median(inside))
    else:
        axes.plot([inside[0]] * 2, [0, 1], color=INK, linewidth=1, linestyle=":", transform=upright, zorder=3)
        words, at = f"best epoch {inside[0]:.0f}", inside[0]
    side = {0: "left", 1: "center", 2: "right"}[int(2.999 * (at - low) / (high - low))]
    axes.text(at, 1.015, words, transform=upright, ha=side, va="bottom", color=MUTED)


def _described(title: str, curves: list[Curve], epochs: NDArray, best: list[float], networks: int) -> str:
    words = [f"{title}, {plural(len(epochs), 'epoch')}" + (f", {networks} networks" if networks > 1 else "")]
    for curve in curves:
        values = middle(curve.values)
        there = values[np.isfinite(values)]
        words.append(f"{curve.name}: from {number(float(there[0]))} to {number(float(there[-1]))}")
    if len(best) == 1:
        words.append(f"best epoch: {best[0]:.0f}")
    return ". ".join(words) + "."
