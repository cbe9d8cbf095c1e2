"""What recurrent weights alone say of the error that flows through them.

    h(t) = f( W x(t) + U h(t-1) + b ):    |e(t-1)| <= g |U| |e(t)|,    g the largest slope of f

so that an error shrinks at least by g |U| a step where that is below 1, whatever the inputs: in the norm of the largest
row sum S. Hochreiter (diploma thesis, TU Munich, 1991; Int. J. Uncertainty, Fuzziness and Knowledge-Based Systems
6(2):107-116, 1998, doi:10.1142/S0218488598000094), in the spectral norm R. Pascanu, T. Mikolov and Y. Bengio (ICML
2013, arXiv:1211.5063). It can grow only where g |U| > 1. A leaky unit keeps 1 - a of itself: 1 - a + a g |U|.
"""

from typing import Any, NamedTuple

import numpy as np

from ..cells import (
    GRU,
    LSTM,
    SQUASHING,
    Cell,
    Elman,
    Frozen,
    FullyRecurrent,
    Hierarchical,
    LeakyESN,
    MinimalGated,
)

# The largest slope of each squashing function, and the interval that its values fill.
SLOPES = {"logistic": 0.25, "tanh": 1.0, "relu": 1.0, "identity": 1.0, "logistic1": 0.5, "logistic2": 1.0}
RANGES = {"logistic": (0.0, 1.0), "tanh": (-1.0, 1.0), "logistic1": (-1.0, 1.0), "logistic2": (-2.0, 2.0)}


class Bound(NamedTuple):
    """The bounds of a layer of squashed units, for one step.

    Attributes:
        slope: the largest slope of the squashing function.
        row_sum: slope times the largest row sum of absolute recurrent weights (Hochreiter).
        spectral: slope times their largest singular value (Pascanu and others).

    """

    slope: float
    row_sum: float
    spectral: float


def bound(cell: Cell) -> Bound | None:
    """The bounds of a cell whose step is a squashed sum, leaky or not; None for any other."""
    me: Any = cell
    if type(cell) not in (Elman, FullyRecurrent, LeakyESN, Hierarchical):
        return None
    weights = _square(cell)
    slope = SLOPES.get(squashing_name(cell) or "")
    if weights is None or slope is None:
        return None
    leaks = np.ones(len(weights))
    if hasattr(me, "leak"):
        leaks = np.full(len(weights), float(me.leak))
    elif hasattr(me, "scales"):
        leaks = np.repeat(1 / np.asarray(me.scales, float), me.sizes)
    # |J| <= |1 - a| + |a g U|: of each row for the row sum, as matrices for the spectral norm
    rows = (1 - leaks) + leaks * slope * np.abs(weights).sum(axis=1)
    spectral = (1 - leaks).max() + slope * np.linalg.norm(leaks[:, None] * weights, ord=2)
    return Bound(slope, float(rows.max()), float(spectral))


def spectral_radii(cell: Cell) -> dict[str, float]:
    """The largest absolute eigenvalue of a cell's recurrent weights: of each gate's and of the cells' own block.

    Empty for cells whose recurrent weights are no square matrices beneath each other.
    """
    weights = recurrent_weights(cell)
    if weights is None or weights.shape[0] % weights.shape[1]:
        return {}
    blocks = np.split(weights, weights.shape[0] // weights.shape[1])
    if len(blocks) == 1:
        names = ["recurrent weights"]
    elif isinstance(inner(cell), LSTM):
        names = [f"{gate} gate" for gate in inner(cell).variant.gates] + ["cells"]
    elif isinstance(inner(cell), GRU):
        names = ["update gate", "reset gate", "candidate"]
    elif isinstance(inner(cell), MinimalGated):
        names = ["forget gate", "candidate"]
    else:
        return {}
    if len(names) != len(blocks) or not np.isfinite(weights).all():
        return {}
    return {name: float(np.abs(np.linalg.eigvals(block)).max()) for name, block in zip(names, blocks)}


def recurrent_weights(cell: Cell) -> np.ndarray | None:
    """A cell's recurrent weights where they are one matrix, frozen or not."""
    weights: Any = getattr(inner(cell), "recurrent_weights", None)
    weights = weights.value if isinstance(weights, Frozen) else weights
    return np.asarray(weights, np.float64) if getattr(weights, "ndim", 0) == 2 else None


def squashing_name(cell: Cell) -> str | None:
    """The name of what squashes a cell's units as they are seen (of an LSTM, its cell states); None: not known."""
    me: Any = inner(cell)
    if isinstance(me, LSTM):
        return me.variant.squash_out
    if isinstance(me, GRU | MinimalGated):
        return "tanh"
    if hasattr(me, "networks"):  # levels of one kind
        return squashing_name(me.networks[-1])
    function = getattr(me, "output_squashing", getattr(me, "squashing", None))
    name = getattr(function, "__name__", "")
    return name if SQUASHING.get(name) is function else None


def inner(cell: Cell) -> Any:
    """The cell inside those that only change its drive (`Normalised`)."""
    within = getattr(cell, "cell", None)
    return inner(within) if isinstance(within, Cell) else cell


def _square(cell: Cell) -> np.ndarray | None:
    weights = recurrent_weights(cell)
    whole = weights is not None and weights.shape[0] == weights.shape[1] and np.isfinite(weights).all()
    return weights if whole else None
