"""Unbiased online recurrent optimisation: all sensitivities in one random product of two vectors.

    s~(t) = r0 df/ds s~(t-1) + r1 v              v: random signs, one a part of the state
    w~(t) = w~(t-1) / r0 + (v' df/dw) / r1       the mean of s~ w~' over v is ds/dw, the S of `_sensitive.py`
    r0 = sqrt( |w~(t-1)| / |df/ds s~(t-1)| ),    r1 = sqrt( |v' df/dw| / |v| )

C. Tallec and Y. Ollivier, "Unbiased online recurrent optimization", ICLR 2018, arXiv:1702.05043: as cheap a step as
running the network, and right on average, at the price of noise that grows with the length and the number of units.
"""

from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PyTree

from ...cells import Cell, finishes
from ...layers import Network, Recurrent, Stack
from ..losses import Loss
from ._forward import carry_forward, recurrent_part
from ._gradient import STEPS, Chunk, Gradient, Tracks
from ._sensitive import FlatCell, LayersCell


class UORO(Gradient):
    """The gradient, right on average, by one random product in place of all sensitivities.

    For any causal network without dropout. The noise is drawn from the key of each update; without one (`Chunk.key` is
    None) always the same is.
    """

    gives: ClassVar[frozenset[str]] = STEPS

    def step(self, carry: Any, network: Network, loss: Loss, chunk: Chunk) -> tuple[Any, Float[Array, ""], Network]:
        """See `Gradient`."""
        return carry, *carry_forward(network, loss, chunk, self.track, "UORO()", self.noise(network, chunk))

    def track(self, cell: Cell) -> Tracks:
        """The cell with its random product."""
        tracked = RankOne(LayersCell(Stack(Recurrent(cell))) if finishes(cell) else cell)
        return Tracks(tracked, tracked.gradient)

    def noise(self, network: Network, chunk: Chunk) -> Float[Array, "batch time state"]:
        """Random signs, which the tracking cell reads beside each step's input."""
        cell, _ = recurrent_part(network, "UORO()")
        tracked: Any = self.track(cell).cell
        rows, time = chunk.weights.shape[0], jax.tree.leaves(chunk.xs)[0].shape[1]
        key = jax.random.key(0) if chunk.key is None else chunk.key
        return jax.random.rademacher(key, (rows, time, tracked.flat.size), chunk.weights.dtype)


class RankOneState(NamedTuple):
    """A state (flat, and the leaves that count) and the two vectors."""

    moving: Float[Array, "... state"]
    counting: Any
    by_state: Float[Array, "... state"]
    by_weight: Float[Array, "... weights"]


class RankOne(Cell):
    """A cell with the two vectors of the equations above; its inputs are pairs (x, v)."""

    cell: Cell
    flat: FlatCell = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.flat = FlatCell(cell)
        self.input_size = cell.input_size
        self.output_size = cell.output_size

    def initial_state(self) -> RankOneState:
        """The cell's own, and zeros."""
        start = self.flat.start
        weights = jnp.zeros(self.flat.weight_count, start.dtype)
        return RankOneState(start, self.flat.counting, jnp.zeros_like(start), weights)

    def project(self, xs: PyTree[Array]) -> PyTree[Array]:
        """As they are."""
        return xs

    def step(self, state: RankOneState, drive: tuple[PyTree[Array], Array]) -> RankOneState:
        """The equations above."""
        x, signs = drive
        flat, moving, counting = self.flat, state.moving, state.counting
        moved, push, counted = jax.linearize(lambda s: flat.step(flat.weights, s, counting, x), moving, has_aux=True)
        _, pull = jax.vjp(lambda w: flat.step(w, moving, counting, x)[0], flat.weights)
        pushed, pulled = push(state.by_state), _ravel(pull(signs)[0], state.by_weight)
        small = jnp.asarray(1e-7, moving.dtype)
        r0 = jnp.sqrt(_length(state.by_weight) / (_length(pushed) + small)) + small
        r1 = jnp.sqrt(_length(pulled) / (_length(signs) + small)) + small
        return RankOneState(moved, counted, r0 * pushed + r1 * signs, state.by_weight / r0 + pulled / r1)

    def output(self, state: RankOneState) -> Float[Array, " units"]:
        """The cell's own."""
        return self.flat.output(self.flat.weights, state.moving, state.counting, final=False)

    def gradient(self, state: RankOneState, error: Float[Array, " units"], *, final: bool) -> Float[Array, " weights"]:
        """What the weights did to an error at the output, on average over the signs."""
        _, pull = jax.vjp(
            lambda weights, moving: self.flat.output(weights, moving, state.counting, final),
            self.flat.weights,
            state.moving,
        )
        direct, reached = pull(error)
        return _ravel(direct, state.by_weight) + (reached @ state.by_state) * state.by_weight


def _ravel(tree: Any, like: Array) -> Array:
    return ravel_pytree(tree)[0] if like.size else like


def _length(vector: Array) -> Array:
    return jnp.sqrt((vector**2).sum())
