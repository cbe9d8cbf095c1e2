"""A diagnosis for a terminal: the findings, and a few numbers of each layer."""

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from ._account_text import printable

if TYPE_CHECKING:
    from ..diagnosis import Diagnosis, Flow, LayerDiagnosis

WIDTH = 100


def diagnosis_text(diagnosis: "Diagnosis", *, width: int = WIDTH) -> str:
    """Findings first, the gravest at the top; then layer by layer what they rest on."""
    margin = max((len(one.severity) for one in diagnosis.findings), default=0) + 2
    lines = []
    for one in diagnosis.findings:
        lines += textwrap.wrap(
            printable(one.sentence),
            width,
            initial_indent=one.severity.ljust(margin),
            subsequent_indent=" " * margin,
            break_long_words=False,
            break_on_hyphens=False,
        )
    if not diagnosis.findings:
        lines = ["nothing stands out"]
    if diagnosis.horizon.steps is not None:
        lines += ["", f"an input exchanged for another changes the answer up to {diagnosis.horizon.steps} steps back"]
    for layer in diagnosis.layers:
        facts = layer_facts(layer)
        names = max(map(len, facts))
        lines += ["", f"{layer.name}, {layer.cell}", *(f"  {k.ljust(names)}  {v}" for k, v in facts.items())]
    return "\n".join(lines) + "\n"


def layer_facts(layer: "LayerDiagnosis") -> dict[str, str]:
    """What the findings rest on, in words."""
    answer, told = layer.answer, {}
    told["error by lag"] = ", ".join(f"{answer.relative[k]:.2g} at {answer.lags[k]}" for k in _some(answer))
    if np.isfinite(answer.pace):
        told["pace"] = f"{answer.pace:.3g} a step; a hundredth is left {answer.span} steps back"
    told["inputs"] = f"a hundredth of their influence is left {layer.inputs.span} steps back"
    if layer.products is not None:
        p = layer.products
        told["Jacobians"] = (
            f"exponent {p.exponent:.3g} a step, norm {p.step_norm:.3g}, radius {p.step_radius:.3g}, of their mean "
            f"{p.mean_radius:.3g}"
        )
    for level, bound in layer.bounds.items():
        told[_named("bound", level)] = f"{bound.spectral:.3g} a step by the norm, {bound.row_sum:.3g} by row sums"
    for level, radii in layer.radii.items():
        told[_named("spectral radius", level)] = ", ".join(f"{name} {radius:.3g}" for name, radius in radii.items())
    for one in layer.activities:
        for gate in one.gates:
            told[_named(f"{gate.name} gates", one.level)] = (
                f"mean {gate.mean:.2f}, shut (< 0.1) {100 * gate.shut:.0f}%, open (> 0.9) {100 * gate.open:.0f}%"
            )
        if one.memory is not None:
            told[_named("memory", one.level)] = (
                f"{np.median(one.memory):.3g} steps (median unit), {one.memory.max():.3g} at most"
            )
        saturated = "" if one.saturated is None else f", saturated at {100 * one.saturated.mean():.0f}% of the steps"
        told[_named("units", one.level)] = f"{len(one.still)}, {int(one.still.sum())} of them still{saturated}"
    return told


def _some(flow: "Flow") -> list[int]:
    """A few places along a flow: near the end, and the oldest."""
    places = np.unique(np.concatenate([[0], np.geomspace(1, max(len(flow.lags) - 1, 1), 5).round().astype(int)]))
    return [int(k) for k in places if k < len(flow.lags) and np.isfinite(flow.relative[k])]


def _named(what: str, level: str) -> str:
    return f"{what} ({level})" if level else what
