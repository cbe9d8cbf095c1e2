"""Arrays that belong to a network but are never trained, and the parts of a network by what training may change.

The fixed weights of a reservoir are the classic case: H. Jaeger, "The echo state approach to analysing and training
recurrent neural networks", GMD Report 148, 2001, doi:10.24406/publica-fhg-291111.
"""

from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, PyTree


class Frozen(eqx.Module):
    """An array that is part of a network, saved with it, and never trained.

    A cell reads it as `jax.lax.stop_gradient(self.weights.value)`, so that no rule sees a slope by it either.

    Example:
        >>> import jax.numpy as jnp
        >>> from mnemon.cells import Frozen, trainable
        >>> trainable((jnp.ones(2), Frozen(jnp.ones(3))))[1].value is None
        True

    """

    value: Array


def trainable(tree: PyTree[Any]) -> PyTree[Any]:
    """`tree` with its trainable arrays, the inexact ones outside `Frozen`; everything else is None."""
    return split(tree)[0]


def split(tree: PyTree[Any]) -> tuple[PyTree[Any], PyTree[Any]]:
    """The trainable part of `tree`, and the rest; `equinox.combine` puts the two together again."""
    wanted = jax.tree.map(_trains, tree, is_leaf=_is_frozen)
    return eqx.partition(tree, wanted)


def _trains(leaf: Any) -> bool:
    return not _is_frozen(leaf) and eqx.is_inexact_array(leaf)


def _is_frozen(leaf: Any) -> bool:
    return isinstance(leaf, Frozen)
