"""Which weights reach which parts of a state, and in how many steps: what forward-mode rules need not compute.

For a step s' = f(w, s, x), the immediate influence is df/dw (most weights reach one unit's state only) and the
transition is df/ds. Their patterns of zeros are found by evaluating both at random points, with positive weights and
inputs so that no unit is at rest; where a state counts (a clockwork's steps, a segment's symbols), what reaches what
may change with the count, and nothing is taken to be zero.

Zeros save work twice. Rows that no weight reaches together are differentiated together (A. Curtis, M. Powell and
J. Reid, IMA J. Applied Mathematics 13:117-119, 1974, doi:10.1093/imamat/13.1.117): one pass instead of one a unit. And
sensitivities are kept for the parts of a state that a weight reaches at all: all n of a dense layer, one of a diagonal.
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import numpy as np
from jax.flatten_util import ravel_pytree

Step = Callable[..., jax.Array]

PROBES = 3


@dataclass(frozen=True, eq=False)
class Group:
    """Weights whose sensitivities have one shape, in `count` blocks.

    Attributes:
        rows: (count, k), which parts of the state each block keeps.
        columns: (count, p), which weights.

    """

    rows: np.ndarray
    columns: np.ndarray


@dataclass(frozen=True, eq=False)
class Structure:
    """What need be computed of one step's derivatives.

    Attributes:
        weight_rows: (colours, state), True where a row belongs to the colour; each is one backward pass.
        weight_colour: (state,), the colour of each row.
        row_of: (colours, weights), the one row of that colour that a weight reaches; -1 for none.
        state_columns: (colours, state), the same for columns of the transition; each is one forward pass.
        state_colour: (state,), the colour of each column.
        reaches: (state, state), True where the transition may differ from zero.
        groups: the sensitivities that are kept.

    """

    weight_rows: np.ndarray
    weight_colour: np.ndarray
    row_of: np.ndarray
    state_columns: np.ndarray
    state_colour: np.ndarray
    reaches: np.ndarray
    groups: tuple[Group, ...]


def find_structure(patterns: tuple[np.ndarray, np.ndarray], order: int | None) -> Structure:
    """The structure for sensitivities kept where a weight reaches in `order` steps; None: in any number of them.

    Args:
        patterns: (state, weights) and (state, state), True where a derivative may differ from zero.
        order: at least 1.

    """
    immediate, reaches = patterns
    weight_colours = _colours(immediate)
    row_of = np.full((weight_colours.max(initial=0) + 1, immediate.shape[1]), -1)
    for colour in range(row_of.shape[0]):
        part = immediate & (weight_colours == colour)[:, None]
        row_of[colour] = np.where(part.any(axis=0), part.argmax(axis=0), -1)
    state_colours = _colours(reaches.T)
    kept, reached = immediate.copy(), immediate
    for _ in range(reaches.shape[0] if order is None else order - 1):
        reached = (reaches.astype(np.float32) @ reached.astype(np.float32)) > 0
        if not (reached & ~kept).any():
            break
        kept = kept | reached
    return Structure(
        _members(weight_colours), weight_colours, row_of, _members(state_colours), state_colours, reaches, _groups(kept)
    )


def find_patterns(step: Step, weights: object, state: jax.Array, x: jax.Array) -> tuple[np.ndarray, np.ndarray]:
    """Where df/dw and df/ds of `step(weights, state, x) -> state` may differ from zero, flat."""
    random = np.random.default_rng(0)

    def draw(leaf: jax.Array) -> np.ndarray:
        return random.uniform(0.2, 1.0, leaf.shape).astype(leaf.dtype) / max(leaf.shape[-1:] or (1,))

    with jax.ensure_compile_time_eval():
        slopes = jax.jit(jax.jacrev(step, argnums=(0, 1)))
        immediate, reaches = np.zeros((), bool), np.zeros((), bool)
        for _ in range(PROBES):
            by_weight, by_state = slopes(jax.tree.map(draw, weights), draw(state), draw(x))
            flat = [np.asarray(leaf).reshape(state.size, -1) for leaf in jax.tree.leaves(by_weight)]
            immediate = immediate | (np.concatenate(flat, axis=1) != 0)
            reaches = reaches | (np.asarray(by_state) != 0)
    return immediate, reaches


def everything(weights: object, state: jax.Array) -> tuple[np.ndarray, np.ndarray]:
    """Patterns without a zero."""
    count = ravel_pytree(jax.tree.map(lambda leaf: np.zeros(leaf.shape), weights))[0].size
    return np.ones((state.size, count), bool), np.ones((state.size, state.size), bool)


def _colours(pattern: np.ndarray) -> np.ndarray:
    """A number for each row, so that no column has two entries in rows of one number; greedily, few numbers."""
    taken: list[np.ndarray] = []
    colours = np.zeros(len(pattern), int)
    for row, entries in enumerate(pattern):
        free = (number for number, columns in enumerate(taken) if not (columns & entries).any())
        colours[row] = next(free, len(taken))
        if colours[row] == len(taken):
            taken.append(np.zeros_like(entries))
        taken[colours[row]] |= entries
    return colours


def _members(colours: np.ndarray) -> np.ndarray:
    return np.arange(colours.max(initial=0) + 1)[:, None] == colours[None]


def _groups(kept: np.ndarray) -> tuple[Group, ...]:
    """Weights by the rows they keep; blocks of one shape together."""
    if not kept.size:
        return ()
    packed = np.packbits(kept, axis=0)
    _, which = np.unique(packed, axis=1, return_inverse=True)
    which = which.reshape(-1)
    order = np.argsort(which, kind="stable")
    blocks: dict[tuple[int, int], list[tuple[np.ndarray, np.ndarray]]] = {}
    for columns in np.split(order, np.flatnonzero(np.diff(which[order])) + 1):
        rows = np.flatnonzero(kept[:, columns[0]])
        if rows.size:
            blocks.setdefault((rows.size, columns.size), []).append((rows, columns))
    return tuple(
        Group(np.stack([rows for rows, _ in some]), np.stack([columns for _, columns in some]))
        for some in blocks.values()
    )
