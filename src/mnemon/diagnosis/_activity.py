"""Whether gates and units still move: what stands at the ends of its range has next to no slope, and learns nothing.

    memory of a unit = 1 / (1 - f),  f the mean of what it keeps from one step to the next

(F. Gers, J. Schmidhuber and F. Cummins, "Learning to forget", Neural Computation 12(10):2451-2471, 2000,
doi:10.1162/089976600300015015: why cell states drift, and what forget gates do about it.)
"""

from typing import NamedTuple

import numpy as np

from ..cells import Cell
from ._bounds import RANGES, squashing_name
from ._signals import KEPT, UNITS

SHUT, OPEN = 0.1, 0.9  # a gate below, and above
EDGE = 0.05  # of half its range: how near to an end a unit counts as saturated
STILL = 1e-3  # of half its range: a unit whose deviation is below does not move
BINS = 20


class Gate(NamedTuple):
    """A gate over all steps of all sequences.

    Attributes:
        name: "input", "forget", "output", "update" or "reset".
        shut, open: the share of activations below 0.1, and above 0.9.
        mean: of all activations; by_unit: (blocks,), of each.
        counts: (20,), how many activations lie in each twentieth of [0, 1].

    """

    name: str
    shut: float
    open: float
    mean: float
    by_unit: np.ndarray
    counts: np.ndarray


class Activity(NamedTuple):
    """The gates and units of one cell, of one level where there are several.

    Attributes:
        level: "", or "symbol", "segment".
        cell: the name of its class.
        gates: those that it has.
        memory: (units,), how many steps each unit remembers, 1 / (1 - mean kept); infinite where nothing is ever
            forgotten; None for a cell without gates.
        squashing: what squashes its units; None: not known.
        saturated: (units,), the share of steps at which each unit is near an end of its range; None where there is no
            range.
        still: (units,), True where a unit does not move.

    """

    level: str
    cell: str
    gates: tuple[Gate, ...]
    memory: np.ndarray | None
    squashing: str | None
    saturated: np.ndarray | None
    still: np.ndarray


def activity(level: str, cell: Cell, signals: dict[str, np.ndarray]) -> Activity:
    """Of a cell's signals (batch, time, ...), NaN where there are none; see `mnemon.diagnosis.signals`.

    Steps at which they are not finite are left out.
    """
    values = {name: v.reshape(-1, v.shape[-1]) for name, v in signals.items()}
    values = {name: v[np.isfinite(v).all(axis=1)] for name, v in values.items()}
    gates = tuple(gate(name, v) for name, v in values.items() if name not in (KEPT, UNITS))
    units, squashing = values[UNITS], squashing_name(cell)
    low, high = RANGES.get(squashing or "", (-np.inf, np.inf))
    half = (high - low) / 2
    saturated = None
    if np.isfinite(half) and len(units):
        saturated = ((units < low + EDGE * half) | (units > high - EDGE * half)).mean(axis=0)
    size = half if np.isfinite(half) else np.abs(units).max(initial=0.0)
    still = np.zeros(units.shape[1], bool) if len(units) < 2 else units.std(axis=0) <= STILL * size
    memory = None
    if KEPT in values and len(values[KEPT]):
        with np.errstate(divide="ignore"):
            memory = 1 / (1 - values[KEPT].mean(axis=0))
    return Activity(level, type(cell).__name__, gates, memory, squashing, saturated, still)


def gate(name: str, values: np.ndarray) -> Gate:
    """A gate's activations (steps, blocks)."""
    if not len(values):
        nothing = np.full(values.shape[1], np.nan)
        return Gate(name, 0.0, 0.0, float("nan"), nothing, np.zeros(BINS, int))
    counts = np.histogram(values, bins=BINS, range=(0.0, 1.0))[0]
    shares = float((values < SHUT).mean()), float((values > OPEN).mean())
    return Gate(name, *shares, float(values.mean()), values.mean(axis=0), counts)
