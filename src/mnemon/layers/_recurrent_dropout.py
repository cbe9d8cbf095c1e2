"""Dropout of recurrent connections: Y. Gal and Z. Ghahramani, "A theoretically grounded application of dropout in
recurrent neural networks", NIPS 2016, arXiv:1512.05287.

    recur(s) = U ( m * r(s) ) / (1 - p),    m drawn once a sequence, 1 with probability 1 - p
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, PRNGKeyArray, PyTree

from ..cells import Drive, State, WrappedRecurrence


class DroppedState(NamedTuple):
    """A cell's state, and which of its leaves' entries may feed back (None: all, unscaled)."""

    inner: State
    kept: PyTree[Bool[Array, "..."]] | None


class RecurrentDropout(WrappedRecurrence):
    """A cell whose recurrent product sees only a part of the state, the same part along the whole sequence.

    Only what `recur` reads is dropped: the carousel of an LSTM keeps its content.
    """

    rate: float = eqx.field(static=True)

    def initial_state(self) -> DroppedState:
        """Nothing dropped."""
        return DroppedState(self.cell.initial_state(), None)

    def draw_states(self, key: PRNGKeyArray, leading: tuple[int, ...]) -> DroppedState:
        """Initial states (*leading, ...), each with its own drawn mask."""
        inner = jax.tree.map(
            lambda leaf: jnp.broadcast_to(leaf, (*leading, *leaf.shape)) if leading else leaf,
            self.cell.initial_state(),
        )
        leaves, structure = jax.tree.flatten(inner)
        keys = jax.random.split(key, len(leaves))
        kept = [jax.random.bernoulli(k, 1 - self.rate, leaf.shape) for k, leaf in zip(keys, leaves)]
        return DroppedState(inner, jax.tree.unflatten(structure, kept))

    def recur(self, state: DroppedState) -> Drive:
        """The cell's own, of the part that is kept."""
        if state.kept is None:
            return self.cell.recur(state.inner)
        scale = 1 / (1 - self.rate)
        seen = jax.tree.map(
            lambda s, k: jnp.where(k, s * scale, jnp.zeros_like(s)) if jnp.issubdtype(s.dtype, jnp.inexact) else s,
            state.inner,
            state.kept,
        )
        return self.cell.recur(seen)

    def step(self, state: DroppedState, drive: Drive) -> DroppedState:
        """The cell's own."""
        return DroppedState(self.cell.step(state.inner, drive), state.kept)

    def output(self, state: DroppedState) -> Array:
        """The cell's own."""
        return self.cell.output(state.inner)

    def finish(self, state: DroppedState) -> DroppedState:
        """The cell's own."""
        return DroppedState(self.cell.finish(state.inner), state.kept)
