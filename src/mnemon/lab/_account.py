"""What an experiment has to say when it is rendered: words, tables and figures, as plain data.

The lab fills an `Account`; `mnemon.report` draws it for a terminal, as Markdown, and as a page. Nothing is computed
there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Grid:
    """A table: its caption, the names of its columns, and its rows, all as text; the first column names the row."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Curve:
    """One line of a plot; `low` and `high` bound an interval at each point; `published` is drawn as another's."""

    label: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    published: bool = False


@dataclass(frozen=True)
class Plot:
    """Curves over one axis."""

    caption: str
    x_name: str
    y_name: str
    curves: tuple[Curve, ...]
    log_x: bool = False
    log_y: bool = False


@dataclass(frozen=True)
class HeatMap:
    """Numbers over two axes: `values[row][column]` stands at `ys[row]`, `xs[column]`; None where nothing was measured.

    `low` and `high` are the ends of the colour scale.
    """

    caption: str
    x_name: str
    y_name: str
    xs: tuple[str, ...]
    ys: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]
    low: float = 0.0
    high: float = 100.0


@dataclass(frozen=True)
class Panel:
    """Histograms over the same bins: `counts` by label, one more edge than counts."""

    title: str
    edges: Sequence[float]
    counts: Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Histograms:
    """Panels of histograms beside each other."""

    caption: str
    x_name: str
    panels: tuple[Panel, ...]


Figure = Plot | HeatMap | Histograms


@dataclass(frozen=True)
class Account:
    """An experiment's whole story.

    Attributes:
        name, title: what it is called in commands, and in a heading.
        question: a paragraph: what is asked, and where it was published.
        quick: a shortened run, which the heading says.
        grids, figures: what was measured, beside what was published.
        notes: by heading ("Protocol", "Departures from the published protocol", "Why", ...) lines of text.
        provenance: commit, versions, time taken, the command that repeats it ...

    """

    name: str
    title: str
    question: str
    quick: bool
    grids: tuple[Grid, ...]
    figures: tuple[Figure, ...]
    notes: Mapping[str, tuple[str, ...]]
    provenance: Mapping[str, str] = field(default_factory=dict)
