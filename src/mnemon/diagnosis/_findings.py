"""What the numbers say, in one sentence each, with the likely remedy; where they say nothing, nothing is said.

The remedies: gates that keep (S. Hochreiter and J. Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735), a forget bias of
about the logarithm of the time lag (C. Tallec and Y. Ollivier, ICLR 2018, arXiv:1804.11188), orthogonal recurrent
weights (A. Saxe and others, ICLR 2014, arXiv:1312.6120), clipped gradients (R. Pascanu and others, ICML 2013,
arXiv:1211.5063), segments (J. Chen and N. Chaudhari 2009, doi:10.1109/TNN.2009.2022980).
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..cells import GRU, LSTM, Cell, Frozen, MinimalGated
from ._activity import Activity
from ._bounds import inner
from ._horizon import Horizon
from ._matrices import Matrix
from ._signals import levels_of

SEVERITIES = ("alarm", "warning", "note")
SHORT = 4  # lags: of shorter sequences nothing is said about time
FADED, FAINT = 1e-3, 1e-2  # of the error at the end, at the oldest step
GROWN, LARGE = 1e3, 1e2
MOST_STEPS = 0.9  # of the steps: a gate that is shut for so many is shut


class Finding(NamedTuple):
    """One thing that was found.

    Attributes:
        severity: "alarm", "warning" or "note".
        kind: "error fades", "error grows", "gates", "units", "memory", "not finite" ...
        where: the layer, or "network".
        sentence: what the numbers are, and what would likely help.

    """

    severity: str
    kind: str
    where: str
    sentence: str


class Found(NamedTuple):
    """A layer's diagnosis, its cell, and whether an error has to arrive there at all."""

    layer: Any
    cell: Cell
    reached: bool


def findings(
    layers: Sequence[Found], horizon: Horizon, weights: Sequence[Matrix], cost: np.ndarray
) -> tuple[Finding, ...]:
    """All that is found, the gravest first."""
    broken = list(_not_finite(weights, cost))
    if broken:
        return tuple(broken)
    said: list[Finding] = []
    for one in layers:
        flow = list(_flow(one))
        said += flow
        fades = any(found.kind == "error fades" for found in flow)
        for activity in one.layer.activities:
            said += _gates(one, activity, fades)
            said += _units(one, activity)
    said += _memory(layers, horizon, any(found.kind == "error fades" for found in said))
    said += _loss(layers)
    return tuple(sorted(said, key=lambda one: SEVERITIES.index(one.severity)))


def _not_finite(weights: Sequence[Matrix], cost: np.ndarray) -> Iterator[Finding]:
    wrong = [m.name for m in weights if not np.isfinite(m.values).all()]
    if wrong:
        yield Finding(
            "alarm", "not finite", "network",
            f"{', '.join(wrong)}: {'weights are' if len(wrong) > 1 else 'some weights are'} not finite; training has "
            "diverged: train again with clipped gradients and a smaller learning rate",
        )  # fmt: skip
    elif not np.isfinite(cost).all():
        yield Finding(
            "alarm", "not finite", "network",
            f"the loss of {int((~np.isfinite(cost)).sum())} of {len(cost)} sequences is not finite; look for inputs "
            "far outside the range that was trained on, and clip gradients",
        )  # fmt: skip


def _flow(one: Found) -> Iterator[Finding]:
    """Whether errors fade or grow on their way back."""
    layer, answer = one.layer, one.layer.answer
    oldest = int(np.max(answer.lags[np.isfinite(answer.relative)], initial=0))
    who = f"{layer.name} ({layer.cell})"
    exponent = float("nan") if layer.products is None else layer.products.exponent
    if not one.reached:
        if math.isfinite(exponent) and exponent > 0 and oldest >= SHORT:
            yield Finding(
                "alarm", "state diverges", layer.name,
                f"{who}: its weights are fixed, and states that differ by little part by {math.exp(exponent):.3g} a "
                "step, so that it does not forget how it began; draw it with a smaller spectral radius",
            )  # fmt: skip
        return
    if oldest < SHORT or not math.isfinite(answer.pace):
        return
    largest = float(np.nanmax(answer.relative))
    # where errors enter early, as beneath a layer that reads the other way, older ones are larger without any growth
    if largest > LARGE and answer.pace > 1 and not exponent <= 0:
        at = int(answer.lags[np.nanargmax(answer.relative)])
        yield Finding(
            "alarm" if largest > GROWN else "warning", "error grows", layer.name,
            f"{who}: errors grow by {answer.pace:.3g} a step, to {largest:.2g} times their size {at} steps back; clip "
            f"gradients to norm 1, {_smaller(layer)}, or take an LSTM or GRU",
        )  # fmt: skip
    elif answer.oldest < FAINT and answer.pace < 1:
        grave = answer.oldest < FADED and answer.span < oldest / 2
        yield Finding(
            "alarm" if grave else "warning", "error fades", layer.name,
            f"{who}: errors shrink by {answer.pace:.3g} a step: of what lies more than {_steps(answer.span)} back less "
            f"than a hundredth arrives, and sequences have {oldest + 1}; if older steps matter, "
            + _remedy(one, oldest + 1),
        )  # fmt: skip
        bound = layer.bounds.get("")  # levels of segments take steps of their own
        if bound is not None and bound.spectral < 1:
            yield Finding(
                "note", "bound", layer.name,
                f"{who}: whatever the inputs, an error shrinks at least by {bound.spectral:.3g} a step (largest slope "
                f"{bound.slope:g} times the norm of the recurrent weights): only larger recurrent weights or another "
                "cell can change that",
            )  # fmt: skip
    else:
        yield Finding(
            "note", "error arrives", layer.name,
            f"{who}: errors reach back over all {oldest + 1} steps; at the oldest they are {answer.oldest:.2g} of what "
            "they were at the end",
        )  # fmt: skip


def _gates(one: Found, activity: Activity, fades: bool) -> Iterator[Finding]:
    """Shut gates; and what is kept too short, where that has not been said of the error already."""
    where, who = one.layer.name, f"{one.layer.name} ({activity.cell}){_of(activity.level)}"
    steps = int(one.layer.answer.lags[-1]) + 1
    does = {
        "input": ("next to nothing is written; start them with a larger bias, or learn more slowly"),
        "output": ("next to nothing is seen of the cells, nor any error; start them with a larger bias"),
    }
    shut = {gate.name: gate for gate in activity.gates if gate.shut > MOST_STEPS}
    for name, what in does.items():
        if name in shut:
            yield Finding(
                "alarm", "gates", where,
                f"{who}: the {name} gates are shut (below 0.1) at {_percent(shut[name].shut)} of the steps: {what}",
            )  # fmt: skip
    kept = next((gate for gate in activity.gates if gate.name == "update"), None)
    if kept is not None and activity.memory is not None and float(np.median(activity.memory)) > 10 * steps:
        yield Finding(
            "warning", "gates", where,
            f"{who}: the update gates keep {_percent(kept.mean)} of every unit a step: in {steps} steps next to "
            "nothing enters; start them with a smaller update_bias",
        )  # fmt: skip
    if activity.memory is not None and steps > 2 * SHORT and activity.level == "" and not fades:
        longest, middle = float(np.max(activity.memory)), float(np.median(activity.memory))
        if longest < steps / 4:
            yield Finding(
                "warning", "gates", where,
                f"{who}: what it keeps fades within {middle:.2g} steps (median unit; the longest-lived {longest:.2g}), "
                f"and sequences have {steps}; if older steps matter, {_open(one.cell, steps)}",
            )  # fmt: skip


def _units(one: Found, activity: Activity) -> Iterator[Finding]:
    where, who = one.layer.name, f"{one.layer.name} ({activity.cell}){_of(activity.level)}"
    still, count = int(activity.still.sum()), len(activity.still)
    if still > 0.1 * count:
        yield Finding(
            "alarm" if still > count / 2 else "warning", "units", where,
            f"{who}: {still} of {count} units do not move; {_waken(activity.squashing)}",
        )  # fmt: skip
    if activity.saturated is not None and activity.saturated.size:
        share = float(activity.saturated.mean())
        if share > 0.5:
            cells = isinstance(inner(levels_of(one.cell)[activity.level]), LSTM)
            what = "cell states have drifted to where their squashing is flat" if cells else "units stand at their ends"
            remedy = (
                "let them forget (a variant with forget gates), write less (a negative input gate bias), or cut "
                "sequences" if cells else "start with smaller weights, standardise inputs, or learn more slowly"
            )  # fmt: skip
            yield Finding(
                "alarm" if share > MOST_STEPS else "warning", "units", where,
                f"{who}: {what} at {_percent(share)} of the steps, where slopes are next to 0; {remedy}",
            )  # fmt: skip


def _memory(layers: Sequence[Found], horizon: Horizon, fades: bool) -> Iterator[Finding]:
    oldest = int(horizon.lags[-1])
    if np.isnan(horizon.change).all():
        if oldest:
            yield Finding(
                "warning", "memory", "network",
                "the inputs of all steps of all sequences are the same: there is nothing in them to remember",
            )  # fmt: skip
    elif horizon.steps is None:
        yield Finding(
            "alarm", "memory", "network",
            "the answer does not change whatever input is exchanged: the network does not listen; look for dead units, "
            "shut gates, or inputs that are all the same",
        )  # fmt: skip
    elif oldest >= 2 * SHORT and horizon.steps < oldest / 4:
        remedy = "" if fades else f"; if older ones matter, {longer(layers[0].cell, oldest + 1)}"
        yield Finding(
            "warning", "memory", "network",
            f"an input more than {_steps(horizon.steps)} back changes the answer by less than a hundredth of what the "
            f"most telling one does, and sequences have {oldest + 1}{remedy}",
        )  # fmt: skip


def _loss(layers: Sequence[Found]) -> Iterator[Finding]:
    if all(not np.nanmax(one.layer.error.norm, initial=0.0) > 0 for one in layers if one.reached) and any(
        one.reached for one in layers
    ):
        yield Finding(
            "note", "no error", "network",
            "the loss has no slope by any state: nothing is left to learn from these sequences, or the answers are "
            "saturated",
        )  # fmt: skip


def _remedy(one: Found, steps: int) -> str:
    """What would let errors reach further back; units without slopes first."""
    for activity in one.layer.activities:
        saturated = 0.0 if activity.saturated is None else float(activity.saturated.mean())
        if saturated > 0.5 or activity.still.mean() > 0.5:
            return "first bring back the slopes of its units, most of which are at an end of their range or still"
    return longer(one.cell, steps)


def longer(cell: Cell, steps: int) -> str:
    """What would make a cell remember longer."""
    levels = levels_of(cell)
    if len(levels) > 1:
        return "try longer segments, or LSTM cells in them"
    me = inner(cell)
    if isinstance(me, LSTM | GRU | MinimalGated):
        return _open(cell, steps)
    weights: Any = getattr(me, "recurrent_weights", None)
    if isinstance(weights, Frozen):
        return "draw it with a larger spectral radius, or a smaller leak"
    segment = max(2, round(math.sqrt(steps)))
    return (
        "try an LSTM with its forget gates open at the start, orthogonal recurrent weights, or segments of about "
        f"{segment} steps"
    )


def _open(cell: Cell, steps: int) -> str:
    """The start of its gates that keeps what a gated cell holds for so many steps."""
    bias, me = math.log(max(steps, 2)), inner(cell)
    if isinstance(me, GRU):
        return f"start with update_bias of about log({steps}) = {bias:.2g}"
    if isinstance(me, MinimalGated):
        return f"try a GRU with update_bias of about log({steps}) = {bias:.2g}"
    if isinstance(me, LSTM) and "forget" in me.variant.gates:
        return f"start with a forget gate bias of about log({steps}) = {bias:.2g}"
    if isinstance(me, LSTM) and me.variant.coupled:
        return f"start with an input gate bias of about -log({steps}) = {-bias:.2g}"
    return "let errors enter more often, at steps or segment ends, or pool over time"


def _waken(squashing: str | None) -> str:
    if squashing == "relu":
        return "they stand at 0 for every input: learn more slowly, or start with positive biases"
    return "their inputs or their slopes are gone: start with smaller weights, standardise inputs, or learn more slowly"


def _smaller(layer: Any) -> str:
    radii = [radius for level in layer.radii.values() for radius in level.values()]
    now = f" (now {radii[0]:.2g})" if len(radii) == 1 else ""
    return f"start with recurrent weights of a smaller spectral radius{now}"


def _of(level: str) -> str:
    return f", {level} level" if level else ""


def _steps(count: int) -> str:
    return f"{count} step{'s' * (count != 1)}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"
