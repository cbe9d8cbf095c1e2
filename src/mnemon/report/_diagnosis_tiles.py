"""Tables of numbers as tiles: shaded ones for magnitudes, and squares of two colours for signed weights.

As paths in the colours of the page's style sheet, so that one drawing serves the light, the dark and the printed page.
Squares: G. Hinton, J. McClelland and D. Rumelhart, "Distributed representations", in Parallel Distributed Processing,
vol. 1, MIT Press, 1986.
"""

import numpy as np
from numpy.typing import NDArray

from ._markup import Markup, element

WIDTH, TILE = 420, 10  # of a table of tiles, and of one square, in units of the drawing
LEVELS = 12  # of shading
DECADES = 6.0  # from the darkest tile to an empty one
MOST_ROWS, MOST_COLUMNS = 64, 128  # of a larger table so many are drawn, evenly
MOST_SQUARES = 48


def tiles(values: NDArray, described: str) -> Markup:
    """Magnitudes (rows, columns), each a tile as dark as its logarithm is large."""
    values = values[np.ix_(evenly(values.shape[0], MOST_ROWS), evenly(values.shape[1], MOST_COLUMNS))]
    rows, columns = values.shape
    finite = np.where(np.isfinite(values), values, 0.0)
    top = finite.max(initial=0.0)
    with np.errstate(divide="ignore"):
        shades = np.clip(1 + np.log10(finite / top) / DECADES, 0, 1) if top > 0 else np.zeros_like(finite)
    level = np.ceil(shades * LEVELS).astype(int)
    wide, high = WIDTH / columns, min(14.0, max(4.0, 240 / rows))
    paths = [
        element(
            "path",
            d="".join(_tile(wide * c, high * r, wide, high) for r, c in np.argwhere(level == step)),
            fill="var(--accent)",
            fill_opacity=f"{step / LEVELS:.3g}",
        )
        for step in range(1, LEVELS + 1)
        if (level == step).any()
    ]
    return _drawing(paths, WIDTH, high * rows, described)


def squares(values: NDArray, described: str) -> Markup:
    """Weights (rows, columns) as squares whose area is their magnitude; the two colours are the two signs."""
    values = values[np.ix_(evenly(values.shape[0], MOST_SQUARES), evenly(values.shape[1], MOST_SQUARES))]
    rows, columns = values.shape
    finite = np.where(np.isfinite(values), values, 0.0)
    top = np.abs(finite).max(initial=0.0) or 1.0
    sides = TILE * 0.94 * np.sqrt(np.abs(finite) / top)
    ground = element("rect", width=f"{TILE * columns}", height=f"{TILE * rows}", fill="var(--panel)")
    paths = [
        element(
            "path", d="".join(_square(r, c, float(sides[r, c])) for r, c in np.argwhere(there)), fill=f"var({colour})"
        )
        for there, colour in (((finite > 0) & (sides > 0.3), "--accent"), ((finite < 0) & (sides > 0.3), "--warm"))
    ]
    return _drawing([ground, *paths], TILE * columns, TILE * rows, described, f"max-width:{max(3, 0.9 * columns):g}rem")


def evenly(count: int, most: int) -> NDArray[np.intp]:
    """All places below `count`, or so many of them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


def _drawing(paths: list[Markup], width: float, height: float, described: str, style: str | None = None) -> Markup:
    box = f"0 0 {width:g} {height:g}"
    return element("svg", paths, class_="chart", viewBox=box, role="img", aria_label=described, style=style)


def _tile(x: float, y: float, wide: float, high: float) -> str:
    return f"M{x:.2f} {y:.2f}h{wide:.2f}v{high:.2f}h{-wide:.2f}z"


def _square(row: int, column: int, side: float) -> str:
    left, above = TILE * (column + 0.5) - side / 2, TILE * (row + 0.5) - side / 2
    return f"M{left:.1f} {above:.1f}h{side:.1f}v{side:.1f}h{-side:.1f}z"
