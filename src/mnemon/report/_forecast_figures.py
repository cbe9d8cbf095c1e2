"""The figures of forecasts, from their data: fans with history, errors by step, echoes of errors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ._account_figures import figure
from ._account_key import SOLID, Style, key
from ._figure import ACCENT, INK, MUTED, WARM, drawing, to_svg
from ._forecast_story import Band, Echo, Fan, Rivals
from ._forecast_text import metric_name, place
from ._markup import Markup, element, number
from ._parts import note

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDE, HIGH = 860, 340  # of the only fan, in units of the drawing
SEEN, EXPECTED = Style(INK, SOLID), Style(ACCENT, SOLID)
DRAWN = ("mase", "nmse", "rmse", "mae")  # what is drawn by steps ahead; the table has the others
SHADES = (0.16, 0.26, 0.4)  # of bands, the widest first


def fan(of: Fan, name: str, *, wide: bool) -> Markup:
    """A variable as it was seen and as it is expected, with its bands; `name` tells its ids from others'."""
    with drawing() as (drawn, axes):
        if wide:
            drawn.set_size_inches(WIDE / 72, HIGH / 72)
        seen, expected = np.asarray(of.seen, float), np.asarray(of.expected, float)
        at = np.concatenate([of.seen_at[-1:], of.expected_at])  # lines and bands begin at the last value seen
        for band, shade in zip(of.bands, SHADES):
            axes.fill_between(at, _from(seen, band.low), _from(seen, band.high), color=ACCENT, alpha=shade, linewidth=0)
        axes.plot(of.seen_at, seen, color=INK, linewidth=1.3, solid_joinstyle="round")
        axes.plot(at, _from(seen, expected), color=ACCENT, linewidth=1.8, solid_joinstyle="round")
        axes.axvline(of.seen_at[-1], color=MUTED, linewidth=1, linestyle=":")
        _places(axes, of.seen_at, wide)
        _values(axes)
        svg = to_svg(drawn, name, _described(of))
    entries = [("measured", SEEN), ("forecast", EXPECTED)]
    return element(
        "figure",
        element("figcaption", of.name),
        key(entries),
        svg,
        note(_bands(of.bands)),
        class_="fan" if wide else None,
    )


def by_step(of: Rivals) -> list[Markup]:
    """The errors of each model by how many steps ahead it foretells, a figure a metric."""
    from ..lab import Curve, Plot

    drawn = []
    for metric in DRAWN:
        errors = of.by_step.get(metric, {})
        shown = {model: np.asarray(values, float) for model, values in errors.items()}
        shown = {model: values for model, values in shown.items() if np.isfinite(values).any()}
        if not shown or max(len(values) for values in shown.values()) < 2:
            continue
        curves = tuple(Curve(model, np.arange(1, len(v) + 1).tolist(), v.tolist()) for model, v in shown.items())
        name = metric_name(metric)
        drawn.append(figure(Plot(f"{name} by steps ahead", "steps ahead", name, curves), f"by-step-{metric}"))
    return drawn


def echo(of: Echo, name: str) -> Markup:
    """Autocorrelations of errors one step ahead, between the bounds of chance."""
    values = np.asarray(of.values, float)
    lags = np.arange(1, len(values) + 1)
    with drawing(height=220) as (drawn, axes):
        out = np.abs(values) > of.bound
        for chosen, colour in ((~out, ACCENT), (out, WARM)):
            axes.vlines(lags[chosen], 0, values[chosen], color=colour, linewidth=2)
            axes.plot(lags[chosen], values[chosen], "o", color=colour, markersize=4)
        axes.axhline(0, color=MUTED, linewidth=1)
        for side in (-of.bound, of.bound):
            axes.axhline(side, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        reach = 1.15 * max(of.bound, float(np.max(np.abs(values), initial=0)))
        axes.set_ylim(-reach, reach)
        _values(axes)
        _whole(axes)
        said = f"Autocorrelation of the errors of {of.name} at the lags 1 to {len(values)}. {of.sentence}"
        svg = to_svg(drawn, name, said)
    return element(
        "figure",
        element("figcaption", of.name),
        element("p", "autocorrelation; dashed: the bounds of chance", class_="axis"),
        svg,
        element("p", "lag in steps", class_="axis below"),
        note(of.sentence),
    )


def _bands(bands: Sequence[Band]) -> str | None:
    shares = [f"{band.coverage:g}" for band in bands]
    if not shares:
        return None
    if len(shares) == 1:
        return f"The shaded band holds the value with a probability of {shares[0]}."
    return f"The shaded bands hold the value with probabilities of {', '.join(shares[:-1])} and {shares[-1]}."


def _from(seen: NDArray, ahead: NDArray) -> NDArray:
    """Values that begin at the last one seen, where there was one."""
    return np.concatenate([seen[-1:], np.asarray(ahead, float)])


def _places(axes: "Axes", places: NDArray, wide: bool) -> None:
    """Few ticks: dates as a calendar has them, numbers plain."""
    if places.dtype.kind == "M":
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        locator = AutoDateLocator(minticks=3, maxticks=9 if wide else 6)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
        return
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(9 if wide else 6, integer=places.dtype.kind in "iu"))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}"))


def _values(axes: "Axes") -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))


def _whole(axes: "Axes") -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))


def _described(of: Fan) -> str:
    seen, expected = np.asarray(of.seen, float), np.asarray(of.expected, float)
    words = [
        f"{of.name}: measured from {place(of.seen_at[0])} to {place(of.seen_at[-1])}, last {number(float(seen[-1]))}",
        f"forecast {number(float(expected[0]))} for {place(of.expected_at[0])}, {number(float(expected[-1]))} for "
        f"{place(of.expected_at[-1])}",
    ]
    words += [
        f"with a probability of {band.coverage:g} between {number(float(band.low[-1]))} and "
        f"{number(float(band.high[-1]))} there"
        for band in of.bands
    ]
    return ". ".join(words) + "."
