"""A diagnosis as a page: one HTML file that asks nothing of any other."""

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from .._files import write_whole
from . import _diagnosis_figures as drawn
from . import _tables as tables
from ._diagnosis_text import layer_facts
from ._markup import Markup, element, number, plural
from ._page import document
from ._parts import block, folded, group, note, paragraph, section

if TYPE_CHECKING:
    from ..diagnosis import Diagnosis, Finding, LayerDiagnosis

LEAD = (
    "Each sentence follows from numbers below. Lags count steps back from each sequence's own end; in a layer that "
    "reads backwards, from its start."
)
FLOW = (
    "What is left of an error by how far back it has flowed, as a share of what it is at the end. A share that falls "
    "along a straight line shrinks by the same factor at every step, and what lies further back is learnt from that "
    "much less."
)
REACH = (
    "How far back an input still changes the answer at the end: by slopes, and by putting another sequence's input in "
    "its place."
)


def diagnosis_page(diagnosis: "Diagnosis", title: str, provenance: Mapping[str, object]) -> str:
    """The whole diagnosis as HTML.

    Args:
        diagnosis: what `mnemon.diagnosis.diagnose` found.
        title: the heading.
        provenance: model, data, versions, command ... by name.

    """
    reach = [(one.name, one.inputs) for one in _lowest(diagnosis.layers)]
    parts = [
        section("findings", "Findings", paragraph(LEAD), _findings(diagnosis.findings)),
        section("flow", "Error flow", paragraph(FLOW), *(_flow(k, one) for k, one in enumerate(diagnosis.layers))),
        section(
            "memory", "Memory", paragraph(REACH),
            group("charts", drawn.exchanged(diagnosis), drawn.reach(reach, "reach")),
        ),
        section("gates", "Gates", *(_gates(k, one) for k, one in enumerate(diagnosis.layers))),
        section("states", "States over time", *(_states(k, one) for k, one in enumerate(diagnosis.layers))),
        section(
            "weights", "Weights", drawn.distributions(diagnosis.matrices),
            block("One by one", drawn.colours_of_signs(), group("charts", *drawn.signed(diagnosis.matrices))),
            _left_out(diagnosis),
        ),
        section("provenance", "Provenance", tables.rows(provenance)),
    ]  # fmt: skip
    version = str(provenance.get("mnemon", ""))
    foot = element("footer", element("p", f"Written by Mnemon {version}".rstrip() + "."))
    return document(title, _header(diagnosis, title), element("main", [part for part in parts if part]), foot)


def write_diagnosis(
    path: str | os.PathLike[str],
    diagnosis: "Diagnosis",
    title: str,
    provenance: Mapping[str, object],
    *,
    overwrite: bool = False,
) -> Path:
    """Write `diagnosis` as one HTML file that needs no other; give back its path.

    A file that is there stays as it is, unless `overwrite` is set and the new one could be written whole.
    """
    text = diagnosis_page(diagnosis, title, provenance)
    return write_whole(path, "report", lambda beside: _write(beside, text), overwrite=overwrite)


def _write(beside: Path, text: str) -> None:
    beside.write_text(text, encoding="utf-8", newline="\n")


def _header(diagnosis: "Diagnosis", title: str) -> Markup:
    low, high = int(diagnosis.lengths.min()), int(diagnosis.lengths.max())
    steps = f"{low:,} steps" if low == high else f"{low:,} to {high:,} steps"
    loss = float(diagnosis.loss.mean())
    told = f"mean loss {number(loss)}" if math.isfinite(loss) else "a loss that is not finite"
    under = f"{plural(len(diagnosis.lengths), 'sequence')} of {steps}, {told}"
    return element("header", element("h1", title), element("p", under, class_="note"))


def _findings(found: "tuple[Finding, ...]") -> Markup | None:
    if not found:
        return paragraph("Nothing stands out.")
    kinds = {"alarm": "quick", "warning": "wrong"}
    lines = [
        element("li", element("strong", one.severity.capitalize(), class_=kinds.get(one.severity)), ": ", one.sentence)
        for one in found
    ]
    return element("ul", lines)


def _flow(k: int, layer: "LayerDiagnosis") -> Markup | None:
    name = f"layer-{k}"
    charts = group(
        "charts",
        drawn.error_by_lag(layer, name),
        drawn.singular_values(layer, name),
        drawn.parts_by_lag(layer, name),
        drawn.units_by_lag(layer),
    )
    none = None if layer.products else note("Its state is too large for products of Jacobians.")
    return block(_titled(layer), charts, none, folded("The numbers", tables.rows(layer_facts(layer))))


def _gates(k: int, layer: "LayerDiagnosis") -> Markup | None:
    inside = drawn.gates(layer, f"layer-{k}")
    return block(_titled(layer), inside) if inside else None


def _states(k: int, layer: "LayerDiagnosis") -> Markup | None:
    plane = drawn.in_the_plane(layer, f"layer-{k}")
    return block(_titled(layer), drawn.over_time(layer), group("charts", plane))


def _left_out(diagnosis: "Diagnosis") -> Markup | None:
    every = len(diagnosis.matrices)
    return note(f"{drawn.MOST_MATRICES} of {every} arrays of weights.") if every > drawn.MOST_MATRICES else None


def _titled(layer: "LayerDiagnosis") -> str:
    return f"{layer.name.capitalize()}, {layer.cell}"


def _lowest(layers: "tuple[LayerDiagnosis, ...]") -> "list[LayerDiagnosis]":
    """The layers that read the network's inputs: the first, and its other half where it reads from both ends."""
    first = layers[0].name.removesuffix(" forward")
    return [one for one in layers if one.name in (first, f"{first} forward", f"{first} backward")]
