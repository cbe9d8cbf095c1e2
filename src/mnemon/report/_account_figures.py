"""The figures of an account: curves, maps of numbers and histograms, each under its caption."""

import math
from typing import TYPE_CHECKING

import numpy as np

from . import _tables as tables
from ._account_key import Style, key, outlines
from ._account_plot import plot
from ._figure import drawing, to_svg
from ._markup import Markup, element, number

if TYPE_CHECKING:
    from ..lab import HeatMap, Histograms, Panel, Plot

WIDE, MANY = 6, 12  # columns of a map; more have the width of the page, yet more are set smaller


def figure(of: "Plot | HeatMap | Histograms", name: str) -> Markup:
    """A figure with its caption; `name` tells its ids from those of other figures."""
    # where there is an account, its room is loaded already: this room itself loads nothing heavy
    from ..lab import HeatMap, Plot

    kind = None
    if isinstance(of, Plot):
        inside = plot(of, name)
    elif isinstance(of, HeatMap):
        kind, inside = "wide" if len(of.xs) > WIDE else None, _map(of)
    else:
        kind, inside = "wide", _histograms(of, name)
    return element("figure", element("figcaption", of.caption), inside, class_=kind)


def _map(of: "HeatMap") -> list[Markup | None]:
    """Numbers as a table, shaded by where they lie on the scale; a cell without a number is left out."""
    above = element(
        "tr",
        element("th", of.y_name, scope="col", rowspan="2"),
        element("th", of.x_name, scope="colgroup", colspan=str(len(of.xs))) if of.xs else None,
    )
    heads = element("tr", [element("th", element("span", x), scope="col") for x in of.xs])
    there = [value for row in of.values for value in row if value is not None and math.isfinite(value)]
    decimals = _decimals(there)
    lines = [
        element("tr", element("th", element("span", y), scope="row"), [_cell(value, of, decimals) for value in row])
        for y, row in zip(of.ys, of.values)
    ]
    kind = "matrix heat" + (" many" if len(of.xs) > MANY else "")
    described = f"{of.caption}: {of.y_name} by {of.x_name}"
    whole = element("table", element("thead", above, heads), element("tbody", lines), class_=kind, aria_label=described)
    ramp = element("span", class_="ramp", aria_hidden="true")
    gaps = "; empty: not measured" if len(there) < sum(map(len, of.values)) else None
    scale = element("p", number(of.low), ramp, number(of.high), gaps, class_="note")
    return [tables.scrolling(whole, of.caption or "map"), scale]


def _decimals(values: list[float]) -> int:
    """As many for every cell, which compares them: none of whole numbers, else three figures of the largest."""
    top = max(map(abs, values), default=0.0)
    if top >= 1000 or all(value == round(value) for value in values):
        return 0
    return max(2 - math.floor(math.log10(top)), 0)


def _cell(value: float | None, of: "HeatMap", decimals: int) -> Markup:
    if value is None or not math.isfinite(value):
        return element("td")
    span = of.high - of.low
    share = min(max((value - of.low) / span, 0.0), 1.0) if span else 1.0
    return element("td", f"{value:,.{decimals}f}", style=f"--s:{share:.3g}")


def _histograms(of: "Histograms", name: str) -> list[Markup | None]:
    """Panels beside each other where there is room, under one key."""
    looks = outlines(dict.fromkeys(label for panel in of.panels for label in panel.counts))
    panels = [
        element(
            "div",
            element("p", panel.title, class_="panel"),
            _panel(panel, looks, of, f"{name}-{i}"),
            element("p", of.x_name, class_="axis below"),
        )
        for i, panel in enumerate(of.panels)
    ]
    return [key(looks.items()), element("div", panels, class_="charts") if panels else None]


def _panel(panel: "Panel", looks: dict[str, Style], of: "Histograms", name: str) -> Markup:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    edges = np.asarray(panel.edges, float)
    with drawing(height=220) as (drawn, axes):
        for label, counts in panel.counts.items():
            heights = np.asarray(counts, float)
            heights = np.where(np.isfinite(heights), heights, np.nan)
            look = looks[label]
            if len(heights):
                axes.stairs(heights, edges, color=look.colour, linestyle=look.line, linewidth=1.6)
        axes.set_ylim(bottom=0)
        for axis, most in ((axes.xaxis, 6), (axes.yaxis, 5)):
            axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
        return to_svg(drawn, name, _described(panel, of))


def _described(panel: "Panel", of: "Histograms") -> str:
    """Between which values the counts lie, and where each label has its most."""
    words = [f"{of.caption}, {panel.title}: counts by {of.x_name}"]
    for label, counts in panel.counts.items():
        heights = np.nan_to_num(np.asarray(counts, float), nan=0.0, posinf=0.0, neginf=0.0)
        if len(heights):
            at = int(heights.argmax())
            low, high = (number(float(edge)) for edge in (panel.edges[at], panel.edges[at + 1]))
            words.append(f"{label}: {number(float(heights.sum()))} in all, most between {low} and {high}")
    return ". ".join(words) + "."
