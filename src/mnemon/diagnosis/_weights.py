"""Weights by what they bring to a unit: what is new (forward), or its own past (context)."""

from typing import Any

import jax
import numpy as np

from ..cells import split

# The fields' names in every cell of the package.
FORWARD, CONTEXT = "input_weights", "recurrent_weights"


def forward_and_context(stacked: Any) -> dict[str, np.ndarray]:
    """The trained weights of a population's layers, "forward" and "context", each (members, weights).

    Biases are neither.

    Args:
        stacked: layers, or whole networks, whose arrays have a leading axis (members).

    """
    leaves = jax.tree_util.tree_leaves_with_path(split(stacked)[0])
    found = {}
    for kind, field in (("forward", FORWARD), ("context", CONTEXT)):
        some = [
            np.asarray(leaf).reshape(leaf.shape[0], -1)
            for path, leaf in leaves
            if any(getattr(key, "name", None) == field for key in path)
        ]
        if some:
            found[kind] = np.concatenate(some, axis=1)
    return found
