"""The figures of a diagnosis, from its data: curves by lag, histograms, tiles, sketches of units over time."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from ._account_figures import figure
from ._diagnosis_tiles import squares, tiles
from ._drawing import channel_ranges, sketch
from ._markup import Markup, element, number, percent
from ._parts import note

if TYPE_CHECKING:
    from ..diagnosis import Diagnosis, Flow, LayerDiagnosis, Matrix
    from ..lab import Curve

MOST_MATRICES = 12
LARGEST = 1e6  # of a bound that is drawn
ROUNDING = 1e-13  # of the largest singular value: smaller ones say nothing


def error_by_lag(layer: "LayerDiagnosis", name: str) -> Markup:
    """What is left of errors, beside what the weights alone allow."""
    from ..lab import Plot

    curves = [
        _curve("of the loss", layer.error.lags, layer.error.relative),
        _curve("of the answer at the end", layer.answer.lags, layer.answer.relative),
    ]
    curves += _bound("at most, by the weights", layer, layer.answer.lags)
    of = Plot(
        "Errors by the states", "steps before the end", "share of the error at the end", tuple(curves), log_y=True
    )
    return _as_drawn(figure(of, f"{name}-error"))


def parts_by_lag(layer: "LayerDiagnosis", name: str) -> Markup | None:
    """The parts of a state by themselves."""
    from ..lab import Plot

    if len(layer.parts) < 2:
        return None
    curves = [
        _curve(part, layer.answer.lags, np.sqrt((layer.answer.by_unit[:, first:last] ** 2).sum(axis=1)))
        for part, (first, last) in layer.parts.items()
    ]
    of = Plot("Parts of the state", "steps before the end", "d answer / d part, norm", tuple(curves), log_y=True)
    return figure(of, f"{name}-parts")


def units_by_lag(layer: "LayerDiagnosis") -> Markup:
    """Which entries of the state an error reaches."""
    rows = layer.answer.by_unit.T
    said = f"{layer.name}: d answer / d state of {len(rows)} entries by lag, 0 to {layer.answer.lags[-1]}"
    parts = ", ".join(f"{part} {first + 1} to {last}" for part, (first, last) in layer.parts.items())
    return element(
        "figure",
        element("figcaption", "Unit by unit"),
        element("p", f"from the top: {parts}", class_="axis"),
        tiles(rows, said),
        element("p", f"steps before the end, 0 to {layer.answer.lags[-1]}", class_="axis below"),
        note("The stronger the colour, the more the answer hangs on the entry; empty: a millionth of that or less."),
    )


def singular_values(layer: "LayerDiagnosis", name: str) -> Markup | None:
    """What products of Jacobians do to an error in the best, the middle and the worst direction."""
    from ..lab import Plot

    products = layer.products
    if products is None:
        return None
    with np.errstate(over="ignore"):
        values = np.exp(products.log_singular)
        values = np.where(values < ROUNDING * values[:, :1], np.nan, values)
    entries = values.shape[1]
    chosen = {"largest": 0, "median": entries // 2, "smallest": entries - 1}
    curves = [_curve(label, products.lags, values[:, k]) for label, k in chosen.items() if k or label == "largest"]
    curves += _bound("largest at most, by the weights", layer, products.lags)
    of = Plot("Singular values of Jacobian products", "steps", "singular value", tuple(curves), log_y=True)
    return _as_drawn(figure(of, f"{name}-singular"))


def reach(flows: Iterable[tuple[str, "Flow"]], name: str) -> Markup:
    """How much inputs count by how far back they lie, by slopes."""
    from ..lab import Plot

    curves = tuple(_curve(label, flow.lags, flow.relative) for label, flow in flows)
    of = Plot("Slopes of the answer by inputs", "steps before the end", "share of that at the end", curves, log_y=True)
    return figure(of, name)


def exchanged(diagnosis: "Diagnosis") -> Markup:
    """How much the answer changes when an input is exchanged."""
    from ..lab import Plot

    told = diagnosis.horizon
    unit = "change, in units of the answers' spread" if told.spread else "change"
    curve = _curve("input exchanged for another sequence's", told.lags, told.change)
    return figure(Plot("Inputs exchanged", "steps before the end", unit, (curve,), log_y=True), "exchanged")


def gates(layer: "LayerDiagnosis", name: str) -> Markup | None:
    """Where the gates stand."""
    from ..lab import Histograms, Panel

    panels = []
    for one in layer.activities:
        for gate in one.gates:
            edges = np.linspace(0, 1, len(gate.counts) + 1)
            title = f"{gate.name} gates" + (f", {one.level} level" if one.level else "")
            words = f"{title}: shut {percent(gate.shut)}, open {percent(gate.open)}"
            panels.append(Panel(words, edges.tolist(), {"steps": gate.counts.tolist()}))
    if not panels:
        return None
    of = Histograms("Activations of gates over all steps and sequences", "shut (0) to open (1)", tuple(panels))
    return figure(of, f"{name}-gates")


def over_time(layer: "LayerDiagnosis") -> Markup:
    """Units of some sequences, each in a lane."""
    told = layer.trajectories
    ranges = channel_ranges(list(told.units))
    cards = [
        element(
            "li",
            sketch(units, ranges, f"units of {layer.name} over the {len(units)} steps of sequence {row}"),
            element("p", f"sequence {row}, {len(units):,} steps", class_="note"),
        )
        for row, units in zip(told.rows, told.units)
    ]
    return element("ul", cards, class_="cards")


def in_the_plane(layer: "LayerDiagnosis", name: str) -> Markup | None:
    """The same in the plane of the first two principal components."""
    from ..lab import Plot

    told = layer.trajectories
    if not told.shares.any():
        return None
    curves = tuple(_curve(f"sequence {row}", two[:, 0], two[:, 1]) for row, two in zip(told.rows, told.plane))
    words = [f"component {k + 1}, {percent(float(share))} of the variance" for k, share in enumerate(told.shares)]
    return figure(Plot("In the plane of the first two components", words[0], words[1], curves), f"{name}-plane")


def distributions(matrices: "Iterable[Matrix]") -> Markup | None:
    """Histograms of weights."""
    from ..lab import Histograms, Panel

    panels = tuple(
        Panel(f"{one.name}: deviation {number(one.deviation)}", one.edges.tolist(), {"weights": one.counts.tolist()})
        for one in shown(matrices)
    )
    return figure(Histograms("Distribution of weights", "weight", panels), "weights") if panels else None


def signed(matrices: "Iterable[Matrix]") -> list[Markup]:
    """Hinton diagrams."""
    drawn: list[Markup] = []
    for one in shown(matrices):
        values: Any = one.values.T if one.values.shape[1] == 1 else one.values
        shape = "x".join(map(str, values.shape))
        fixed = "" if one.trained else ", not trained"
        drawn.append(
            element(
                "figure",
                element("figcaption", one.name),
                squares(values, f"{one.name}, {shape}: squares as large as the weights, largest {number(one.largest)}"),
                note(f"{shape}, the largest {number(one.largest)}{fixed}"),
            )
        )
    return drawn


def shown(matrices: "Iterable[Matrix]") -> "list[Matrix]":
    """Those that there is room for: matrices before vectors."""
    return sorted(matrices, key=lambda one: one.values.shape[1] == 1)[:MOST_MATRICES]


def colours_of_signs() -> Markup:
    """Which colour is which sign."""
    swatch = [
        element(
            "li",
            element("svg", element("rect", width="14", height="14", fill=f"var({colour})"), viewBox="0 0 34 14"),
            element("span", word),
        )
        for word, colour in (("positive", "--accent"), ("negative", "--warm"))
    ]
    return element("ul", swatch, class_="key")


def _as_drawn(drawn: Markup) -> Markup:
    """Bounds are dashed as published curves are; they are not called so."""
    return Markup(drawn.replace("<small> published</small>", ""))


def _curve(label: str, x: np.ndarray, y: np.ndarray, *, published: bool = False) -> "Curve":
    from ..lab import Curve

    return Curve(label, x.tolist(), y.tolist(), published=published)


def _bound(label: str, layer: "LayerDiagnosis", lags: np.ndarray) -> "list[Curve]":
    """The bound to the power of the lag; levels of segments take steps of their own, and have none by lag."""
    if "" not in layer.bounds:
        return []
    with np.errstate(over="ignore"):
        most = layer.bounds[""].spectral ** lags.astype(float)
    return [_curve(label, lags[most < LARGEST], most[most < LARGEST], published=True)]
