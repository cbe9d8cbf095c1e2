"""A network's weights one matrix at a time: their distribution, and signed magnitudes as Hinton diagrams show them.

G. Hinton, J. McClelland and D. Rumelhart, "Distributed representations", in Parallel Distributed Processing, vol. 1,
MIT Press, 1986: white and black squares whose areas are the weights.
"""

from typing import Any, NamedTuple

import jax
import numpy as np

from ..cells import Frozen
from ..layers import Network

BINS = 30


class Matrix(NamedTuple):
    """One array of weights.

    Attributes:
        name: where it stands in the network, "layer 1 cell recurrent_weights".
        values: (rows, columns); a vector has one column.
        trained: False where training leaves it as it is.
        deviation, largest: the standard deviation, and the largest absolute value.
        edges, counts: (31,) and (30,), a histogram of the finite values, symmetric around 0.

    """

    name: str
    values: np.ndarray
    trained: bool
    deviation: float
    largest: float
    edges: np.ndarray
    counts: np.ndarray


def matrices(network: Network) -> tuple[Matrix, ...]:
    """All inexact arrays of a network, from the lowest layer to the readout."""
    found = []
    for path, leaf in jax.tree.leaves_with_path(network, is_leaf=_is_frozen):
        value: Any = leaf.value if _is_frozen(leaf) else leaf
        if getattr(value, "ndim", 0) and np.issubdtype(value.dtype, np.floating):
            found.append(_matrix(_name(path), np.asarray(value, np.float64), not _is_frozen(leaf)))
    return tuple(found)


def _matrix(name: str, values: np.ndarray, trained: bool) -> Matrix:
    table = values.reshape(len(values), -1)
    finite = table[np.isfinite(table)]
    largest = float(np.abs(finite).max(initial=0.0))
    reach = largest or 1.0
    counts, edges = np.histogram(finite, bins=BINS, range=(-reach, reach))
    return Matrix(name, table, trained, float(finite.std()) if len(finite) else 0.0, largest, edges, counts)


def _name(path: tuple[Any, ...]) -> str:
    """`.layers.layers[0].cell.bias` as "layer 1 cell bias"."""
    words = []
    for key in path:
        if hasattr(key, "idx"):
            words.append(str(key.idx + 1))
        elif getattr(key, "name", None) == "layers":
            words = ["layer"] if words in ([], ["layer"]) else [*words, "layer"]
        else:
            words.append(str(getattr(key, "name", key)))
    return " ".join(words)


def _is_frozen(leaf: Any) -> bool:
    return isinstance(leaf, Frozen)
