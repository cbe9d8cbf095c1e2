"""The context weights of a network, those from its own past, and setting them anew after pre-training.

S. Gluege, R. Boeck, G. Palm and A. Wendemuth, "Learning long-term dependencies in segmented-memory recurrent neural
networks with backpropagation of error", Neurocomputing 141:54-64, 2014, doi:10.1016/j.neucom.2013.11.043, keep what
pre-training found for the forward weights and set the context weights to zero or to the identity. Which levels is not
said; by default it is all of them.
"""

from collections.abc import Sequence
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from ...cells import identity, split
from ...errors import InvalidInput, suggest
from .._population import Population

Context = Literal["keep", "zero", "identity"]
CONTEXTS: tuple[Context, ...] = ("keep", "zero", "identity")
# The field's name in every cell of the package that has such a matrix.
FIELD = "recurrent_weights"


def context_weights(tree: Any) -> list[Array]:
    """The trainable recurrent matrices of a network or a population, from the lowest level to the highest."""
    return [leaf for path, leaf in _leaves(tree) if _is_context(path)]


def reset_context(population: Population, to: Context, *, levels: Sequence[int] | None = None) -> Population:
    """The population with all context weights kept, at zero, or the identity (one in each gate's square block).

    Identities are those of the initialiser `identity`; the strips of a `Clockwork` together make one.

    Args:
        population: the networks.
        to: "keep", "zero" or "identity".
        levels: which context weights, by their places in `context_weights`; None: all.

    Raises:
        InvalidInput: an unknown `to`, networks without context weights, or levels that are not there.

    """
    if to not in CONTEXTS:
        raise InvalidInput(f"reset_context({to!r}): {suggest(str(to), CONTEXTS)}")
    if to == "keep":
        return population
    there = [path for path, _ in _leaves(population.stacked) if _is_context(path)]
    if not there:
        raise InvalidInput(f"reset_context({to!r}): these networks have no {FIELD} that are trained")
    if levels is not None and not all(0 <= level < len(there) for level in levels):
        raise InvalidInput(f"reset_context(levels={list(levels)}): there are {len(there)}, numbered from 0")
    chosen = there if levels is None else [there[level] for level in levels]

    def fresh(path: Any, leaf: Array) -> Array:
        if path not in chosen:
            return leaf
        value = jnp.zeros(leaf.shape[1:]) if to == "zero" else identity()(jax.random.key(0), leaf.shape[1:])
        return jnp.broadcast_to(value.astype(leaf.dtype)[None], leaf.shape)

    trained, rest = split(population.stacked)
    return Population(eqx.combine(jax.tree_util.tree_map_with_path(fresh, trained), rest), population.seeds)


def _leaves(tree: Any) -> list[tuple[Any, Array]]:
    return jax.tree_util.tree_leaves_with_path(split(tree)[0])


def _is_context(path: Any) -> bool:
    return any(getattr(key, "name", None) == FIELD for key in path)
