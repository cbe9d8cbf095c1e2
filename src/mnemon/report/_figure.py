"""Matplotlib figures as SVG that belongs to the page.

Figures are drawn in sentinel colours which become variables of the page's style sheet, so that one drawing serves the
light, the dark and the printed page. Fonts are the page's own. What Matplotlib writes besides (a prolog, a style
sheet for the whole page, clip paths, ids that clash between figures) is taken out. The same data give the same bytes.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ._markup import Markup, element

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, RULE, ACCENT, WARM, PAPER = "#010203", "#040506", "#070809", "#0a0b0c", "#0d0e0f", "#101112"
_VARIABLES = {
    INK: "--ink", MUTED: "--muted", RULE: "--rule", ACCENT: "--accent", WARM: "--warm", PAPER: "--paper"
}  # fmt: skip
WIDTH, HEIGHT = 420, 250  # in units of the drawing: about the pixels of half a page, and of a phone


@contextmanager
def drawing(height: int = HEIGHT) -> Iterator[tuple["Figure", "Axes"]]:
    """A figure with one set of axes in the style of the page; no global setting of Matplotlib is changed or heeded."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "svg.fonttype": "none",
                "svg.hashsalt": "mnemon",
                "font.size": 11,
                "text.color": INK,
                "axes.edgecolor": MUTED,
                "axes.labelcolor": MUTED,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "axes.grid": True,
                "axes.grid.axis": "y",
                "axes.axisbelow": True,
                "grid.color": RULE,
                "grid.linewidth": 0.8,
                "xtick.color": MUTED,
                "ytick.color": MUTED,
                "xtick.labelcolor": MUTED,
                "ytick.labelcolor": MUTED,
                "xtick.bottom": False,
                "ytick.left": False,
                "ytick.minor.left": False,
                "xtick.labelsize": 11,
                "ytick.labelsize": 11,
                "legend.frameon": False,
                "legend.fontsize": 11,
            }
        )
        figure = Figure(figsize=(WIDTH / 72, height / 72), layout="constrained")
        FigureCanvasSVG(figure)
        yield figure, figure.add_subplot()


def to_svg(figure: "Figure", name: str, described: str) -> Markup:
    """`figure` as an `svg` element; `name` tells its ids from those of other figures, `described` is read aloud."""
    text = io.StringIO()
    nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
    figure.savefig(text, format="svg", transparent=True, metadata=nothing)
    return embed(text.getvalue(), name, described)


def embed(svg: str, name: str, described: str) -> Markup:
    """An SVG file of Matplotlib as an element of the page."""
    box = re.search(r'viewBox="([^"]*)"', svg)
    start, end = re.search(r"<svg[^>]*>", svg), svg.rindex("</svg>")
    if not (box and start):
        raise ValueError("not an SVG file: there is no svg element with a viewBox")
    body = svg[start.end() : end]
    body = re.sub(
        r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->|<clipPath.*?</clipPath>", "", body, flags=re.S
    )
    body = re.sub(r' clip-path="url\([^"]*"', "", body)
    body = body.replace("xlink:href=", "href=").replace(' transform="rotate(-0 ', ' transform="rotate(0 ')
    body = re.sub(r' transform="rotate\(0 [^"]*"', "", body)

    used = set(re.findall(r'href="#([^"]*)"', body))
    body = re.sub(r' id="([^"]*)"', lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", body)
    body = body.replace('href="#', f'href="#{name}-')

    body = re.sub(r"font-family:[^;\"]*;? ?", "", body)
    body = re.sub(r"font: ([\d.]+)px[^;\"]*", r"font-size: \1px", body)
    body = in_page_colours(body)
    body = re.sub(r'<path d="[^"]*" style="fill: none; opacity: 0"/>|<path d="[^"]*" style="fill: none"/>', "", body)
    body = re.sub(r' (d|x|y|cx|cy|transform)="([^"]*)"', _short, body)
    body = re.sub(r"<defs>\s*</defs>", "", body)
    while (shorter := re.sub(r"<g>\s*</g>", "", body)) != body:
        body = shorter
    body = re.sub(r"\s*\n\s*", "\n", body).strip()
    inside = Markup("\n" + body + "\n")
    return element("svg", inside, class_="chart", viewBox=box[1], role="img", aria_label=described)


def in_page_colours(text: str) -> str:
    """`text` with the variables of the style sheet for the colours that stand for them."""
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    return text


def _short(match: re.Match[str]) -> str:
    """Coordinates with two decimals, and one space where Matplotlib breaks the line."""
    numbers = re.sub(r"-?\d+\.\d+", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), match[2])
    return f' {match[1]}="{" ".join(numbers.split())}"'
