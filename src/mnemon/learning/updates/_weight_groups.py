"""Weights by the unit that they lead to.

Weights of a cell or readout that stand in one row feed one net input: row r of its matrices, and entry r of its biases.
Cells with gates have rows of gates above those of their units (`LSTM`, `GRU`); rows that serve one unit, or one block
of cells, can be taken together.
"""

from typing import Any

import jax
import numpy as np
from jax.tree_util import GetAttrKey

from ...cells import trainable
from ...layers import Network

MATRICES = ("recurrent_weights", "input_weights", "weights")


def by_row(network: Network, *, fold: bool) -> list[np.ndarray]:
    """Places of weights (in `ravel_pytree(trainable(network))`) that feed one net input.

    Args:
        network: any; only its shapes matter. What belongs to no row (an embedding, a gain) goes by its own rows.
        fold: take all rows of a unit and its gates together.

    """
    groups: dict[Any, list[np.ndarray]] = {}
    first = 0
    for path, leaf in jax.tree_util.tree_flatten_with_path(trainable(network))[0]:
        at = max(k for k, key in enumerate(path) if isinstance(key, GetAttrKey))
        owner = _follow(network, path[:at])
        name = path[at].name
        places = first + np.arange(leaf.size)
        first += leaf.size
        shared, rows = _rows(owner, name, leaf.shape)
        if fold:
            rows = _units(owner, rows) if shared else rows
        whose = (jax.tree_util.keystr(path[:at]), None if shared else jax.tree_util.keystr(path[at:]))
        for row in np.unique(rows):
            groups.setdefault((*whose, int(row)), []).append(places[rows.reshape(-1) == row])
    return [np.concatenate(parts) for parts in groups.values()]


def _rows(owner: Any, name: str, shape: tuple[int, ...]) -> tuple[bool, np.ndarray]:
    """Whether weights belong to rows of the owner, and the row of each of them."""
    own = np.broadcast_to(np.arange(shape[0] if shape else 1).reshape(-1, *(1,) * (len(shape) - 1)), shape or (1,))
    count = _row_count(owner)
    if count is None:
        return False, own
    if name == "peepholes":  # (gates, cells): a gate's row for each block
        gates, cells = shape
        blocks = (count - cells) // gates
        return True, np.arange(gates)[:, None] * blocks + np.arange(cells)[None] // (cells // blocks)
    if name == "candidate_bias":  # of the last rows
        return True, own + count - shape[0]
    shared = name in ("bias", "gate_weights") or bool(shape and shape[0] == count)
    return shared, own


def _units(owner: Any, rows: np.ndarray) -> np.ndarray:
    """The unit, or block of cells, that each row serves."""
    count, units = _row_count(owner), getattr(owner, "units", getattr(owner, "output_size", None))
    if count is None or not isinstance(units, int) or count <= units or hasattr(owner, "output_weights"):
        return rows
    blocks = getattr(owner, "blocks", units)
    gates = count - units
    return np.where(rows < gates, rows % blocks, (rows - gates) // (units // blocks))


def _row_count(owner: Any) -> int | None:
    for name in MATRICES:
        shape = getattr(getattr(owner, name, None), "shape", ())
        if len(shape) == 2:
            return shape[0]
    return None


def _follow(tree: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        tree = (
            getattr(tree, key.name)
            if isinstance(key, GetAttrKey)
            else tree[getattr(key, "idx", getattr(key, "key", 0))]
        )
    return tree
