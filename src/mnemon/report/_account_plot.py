"""Curves over one axis, with their intervals, beside published ones."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ._account_key import Style, key, styles
from ._figure import drawing, to_svg
from ._markup import Markup, element, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

    from ..lab import Curve, Plot

POINTS = 400  # at most so many are drawn of a curve
BARS = 20  # a curve of more points has a band for its intervals, one of fewer has bars
MARKED = 30  # points at most that each have a marker
SAID = 12  # points at most that are read aloud one by one


def plot(of: "Plot", name: str) -> list[Markup | None]:
    """The drawing with its key above, and with the names of its axes as text of the page, which wraps and is found."""
    looks = styles(of.curves)
    with drawing(height=270) as (figure, axes):
        data = [_points(curve, of) for curve in of.curves]
        floor = min((part[part > 0].min() for part in data if (part > 0).any()), default=1.0)
        for points, style in zip(data, looks):
            _intervals(axes, np.maximum(points, floor / 2) if of.log_y else points, style)
        for points, style in zip(data, looks):
            _line(axes, points, style)
        _scale(axes, "x", _finite([points[0] for points in data]), of.log_x)
        _scale(axes, "y", _finite([points[1] for points in data]), of.log_y)
        drawn = to_svg(figure, name, _described(of, data))
    return [
        key(zip([curve.label for curve in of.curves], looks)),
        element("p", of.y_name, class_="axis"),
        drawn,
        element("p", of.x_name, class_="axis below"),
    ]


def _points(curve: "Curve", of: "Plot") -> NDArray[np.float64]:
    """Rows x, y, low and high; not a number where there is nothing to draw."""
    low, high = (curve.y if bound is None else bound for bound in (curve.low, curve.high))
    points = np.array([np.asarray(row, float).reshape(-1) for row in (curve.x, curve.y, low, high)])
    points[~np.isfinite(points)] = np.nan
    for row, log in ((0, of.log_x), (1, of.log_y)):
        if log:
            points[row, points[row] <= 0] = np.nan
    if points.shape[1] > POINTS:
        points = points[:, np.linspace(0, points.shape[1] - 1, POINTS).round().astype(int)]
    return points


def _finite(rows: list[NDArray]) -> NDArray[np.float64]:
    every = np.concatenate([np.zeros(0), *rows])
    return every[np.isfinite(every)]


def _intervals(axes: "Axes", points: NDArray, style: Style) -> None:
    """Bars where points are few enough to be seen one by one, else a band."""
    x, _, low, high = points[:, np.isfinite(points).all(axis=0)]
    if not len(x) or (low == high).all():
        return
    if points.shape[1] > BARS:
        axes.fill_between(x, low, high, color=style.colour, alpha=0.14, linewidth=0)
        return
    axes.vlines(x, low, high, color=style.colour, linewidth=1, alpha=0.6)
    ends = np.concatenate([low, high])
    axes.plot(np.tile(x, 2), ends, "_", color=style.colour, markersize=5, markeredgewidth=1, alpha=0.6)


def _line(axes: "Axes", points: NDArray, style: Style) -> None:
    n = points.shape[1]
    axes.plot(
        points[0],
        points[1],
        color=style.colour,
        linestyle=style.line,
        linewidth=1.7,
        marker=style.marker,
        markersize=style.size,
        markerfacecolor=style.inside,
        markeredgewidth=1.2,
        markevery=1 if n <= MARKED else n // 10,
        solid_joinstyle="round",
    )


def _scale(axes: "Axes", which: str, values: NDArray, log: bool) -> None:
    """Plain figures at a few places; 1, 3, 10, ... along a logarithmic axis that reaches so far."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    axis: Axis = getattr(axes, f"{which}axis")
    wide = len(values) and log and values.max() / values.min() >= 10
    if log and len(values):
        getattr(axes, f"set_{which}scale")("log")
        axis.set_minor_locator(NullLocator())
    if wide:
        many = values.max() / values.min() > 1000
        axis.set_major_locator(LogLocator(10, subs=(1.0,) if many else (1.0, 3.0), numticks=8))
    else:
        axis.set_major_locator(MaxNLocator(6 if which == "x" else 5, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))


def _described(of: "Plot", data: list[NDArray]) -> str:
    words = [f"{of.caption}: {of.y_name} by {of.x_name}"]
    for curve, points in zip(of.curves, data):
        x, y = points[:2, np.isfinite(points[:2]).all(axis=0)]
        shown = range(len(x)) if len(x) <= SAID else (0, len(x) - 1)
        said = ", ".join(f"{number(float(y[i]))} at {number(float(x[i]))}" for i in shown)
        words.append(f"{curve.label}: {said or 'nothing'}")
    return ". ".join(words) + "."
