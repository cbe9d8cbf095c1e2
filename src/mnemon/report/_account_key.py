"""How the curves of one figure are told apart, and the key that says which is which.

No curve is known by its colour alone: each has a marker of its own, and those that others published are broken lines
with hollow markers, so that a page printed in black can be read. The key is of HTML, whose words wrap on a phone.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ._figure import ACCENT, INK, MUTED, PAPER, WARM, in_page_colours
from ._markup import Markup, element

if TYPE_CHECKING:
    from ..lab import Curve

Dash = tuple[float, ...]
SOLID: Dash = ()
DASHED: Dash = (5.0, 2.5)
COLOURS = (ACCENT, WARM, INK, MUTED)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")
SIZE, LARGE = 5.5, 7.0  # of markers, in units of the drawing; crosses are large, that the hollow ones show paper
_THIN = {"stroke_width": "1.2"}  # the edge of a marker
_OUTLINES = (SOLID, (6.0, 2.0), (1.5, 1.5))


class Style(NamedTuple):
    """How a curve is drawn; `hollow` markers show the paper; without a marker, it is a line alone."""

    colour: str
    dash: Dash
    marker: str = ""
    hollow: bool = False

    @property
    def line(self) -> str | tuple[int, Dash]:
        """The line as Matplotlib is told of it."""
        return (0, self.dash) if self.dash else "-"

    @property
    def inside(self) -> str:
        """The colour inside the markers."""
        return PAPER if self.hollow else self.colour

    @property
    def size(self) -> float:
        """The size of the markers."""
        return LARGE if self.marker in ("P", "X") else SIZE


def styles(curves: "Sequence[Curve]") -> list[Style]:
    """A style for each curve; one that was published takes colour and marker of the measured one that it names.

    Markers repeat after eight curves, pairs of marker and colour after 32.
    """
    own = [curve.label.casefold() for curve in curves if not curve.published]
    free, given, places = len(own), iter(range(len(own))), []
    left = set(range(len(own)))
    for curve in curves:
        if not curve.published:
            places.append(next(given))
            continue
        same = [i for i in left if own[i] and own[i] in curve.label.casefold()]
        place = max(same, key=lambda i: (len(own[i]), -i), default=free)
        free += place == free
        left.discard(place)
        places.append(place)
    return [
        Style(
            COLOURS[(place + place // len(MARKERS)) % len(COLOURS)],
            DASHED if curve.published else SOLID,
            MARKERS[place % len(MARKERS)],
            curve.published,
        )
        for curve, place in zip(curves, places)
    ]


def outlines(labels: Iterable[str]) -> dict[str, Style]:
    """A style for the outline of each histogram by its label; colours repeat after three."""
    return {label: Style(COLOURS[i % 3], _OUTLINES[(i + i // 3) % 3]) for i, label in enumerate(labels)}


def key(entries: Iterable[tuple[str, Style]]) -> Markup | None:
    """The names of curves, each behind a piece of its line."""
    lines = [element("li", _swatch(style), element("span", _words(label, style))) for label, style in entries]
    return element("ul", lines, class_="key") if lines else None


def _words(label: str, style: Style) -> list[object]:
    said = style.hollow and "published" not in label.casefold()
    return [label, element("small", " published") if said else None]


def _swatch(style: Style) -> Markup:
    """A piece of a line with its marker; only to look at, the words stand beside it."""
    stroke = {"stroke": in_page_colours(style.colour), "stroke_width": "1.7"}
    dash = " ".join(f"{1.7 * length:g}" for length in style.dash) or None
    line = element("path", d="M0 7H34", fill="none", stroke_dasharray=dash, **stroke)
    marker = element("path", d=_outline(style), fill=in_page_colours(style.inside), **stroke | _THIN)
    shapes = [line, marker if style.marker else None]
    return element("svg", shapes, viewBox="0 0 34 14", aria_hidden="true")


def _outline(style: Style) -> str:
    """The shape of Matplotlib's marker around the middle of a swatch."""
    from matplotlib.markers import MarkerStyle

    if not style.marker:
        return ""
    shape, size = MarkerStyle(style.marker), 1.2 * style.size
    words = []
    for points, code in shape.get_path().transformed(shape.get_transform()).iter_segments():
        scaled = [f"{17 + size * x:.2f} {7 - size * y:.2f}" for x, y in zip(points[::2], points[1::2])]
        words.append("Z" if code == 79 else {1: "M", 2: "L", 3: "Q", 4: "C"}[int(code)] + " ".join(scaled))
    return "".join(words)
