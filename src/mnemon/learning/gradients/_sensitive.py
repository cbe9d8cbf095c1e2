"""A cell that carries the sensitivities of its state to its weights forward through time, as a cell itself.

    S(t) = df/ds S(t-1) + df/dw            S = ds/dw, for s(t) = f( w, s(t-1), x(t) );   S(0) = 0
    S_b(t) = df/ds S_b(t-1) + df/dx X(t)   to the weights below, where inputs bring their own sensitivities X = dx/dw

R. Williams and D. Zipser, "A learning algorithm for continually running fully recurrent neural networks", Neural
Computation 1(2):270-280, 1989, doi:10.1162/neco.1989.1.2.270. Being a cell, it goes through `unfold` like any other:
a `Segmented` network of two such cells has its sensitivities anew at each segment's head, and those of the segment
level move at tails only. What of S is kept and computed says `_structure.py`.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PyTree

from ...cells import Cell, State, advance, split
from ...layers import Stack
from ._structure import Group, Structure, everything, find_patterns, find_structure


class LayersState(NamedTuple):
    """What a stack remembers, what it says, and what it would say if the sequence ended here."""

    memory: Any
    output: Float[Array, "... units"]
    if_last: Float[Array, "... units"]


class LayersCell(Cell):
    """A stack of causal layers as one cell."""

    layers: Stack
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, layers: Stack) -> None:
        self.layers = layers
        self.input_size = layers.input_size
        self.output_size = layers.output_size

    def initial_state(self) -> LayersState:
        """The layers' own."""
        leaves = [leaf for leaf in jax.tree.leaves(self.layers) if eqx.is_inexact_array(leaf)]
        nothing = jnp.zeros(self.output_size, leaves[0].dtype if leaves else jnp.result_type(float))
        return LayersState(self.layers.begin(), nothing, nothing)

    def project(self, xs: PyTree[Array]) -> PyTree[Array]:
        """As they are."""
        return xs

    def step(self, state: LayersState, drive: PyTree[Array]) -> LayersState:
        """One step of every layer."""
        return LayersState(*self.layers.step(state.memory, drive, drive))

    def output(self, state: LayersState) -> Float[Array, " units"]:
        """What the uppermost says."""
        return state.output

    def finish(self, state: LayersState) -> LayersState:
        """What it says at the end stands."""
        return state._replace(output=state.if_last)


class FlatCell:
    """A cell's step between flat vectors: of the inexact leaves of its state, and of its trained weights."""

    def __init__(self, cell: Cell) -> None:
        self.weights, self.rest = split(cell)
        moving, self.counting = eqx.partition(cell.initial_state(), eqx.is_inexact_array)
        self.start, self.unravel = ravel_pytree(moving)
        self.size = self.start.size
        self.weight_count = sum(leaf.size for leaf in jax.tree.leaves(self.weights))

    def step(self, weights: Any, moving: Array, counting: Any, x: PyTree[Array]) -> tuple[Array, Any]:
        """The state after a step on `x`; its counting leaves beside it."""
        cell = eqx.combine(weights, self.rest)
        drive = jax.tree.map(lambda leaf: leaf[0], cell.project(jax.tree.map(lambda leaf: leaf[None], x)))
        after, counted = eqx.partition(advance(cell, self.state(moving, counting), drive), eqx.is_inexact_array)
        return ravel_pytree(after)[0], counted

    def output(self, weights: Any, moving: Array, counting: Any, final: bool) -> Array:
        """What is seen of a state; `final`: of a sequence that has ended."""
        cell = eqx.combine(weights, self.rest)
        state = self.state(moving, counting)
        return cell.output(cell.finish(state) if final else state)

    def state(self, moving: Array, counting: Any) -> State:
        """The state that the vector stands for."""
        return eqx.combine(self.unravel(moving), counting)


class SensitiveState(NamedTuple):
    """A state (flat, and the leaves that count), and what its weights and those below have done to it."""

    moving: Float[Array, "... state"]
    counting: Any
    kept: tuple[Float[Array, "... blocks rows columns"], ...]
    below: Float[Array, "... state below"] | None


class Sensitive(Cell):
    """A cell with its sensitivities.

    Args:
        cell: any cell.
        order: sensitivities are kept where a weight reaches in so many steps; None: all.
        below: how many weights stand below: inputs are then (x, dx/dw) in one vector, else x alone.
        emits: whether the output is (y, dy/dw) in one vector, weights from the lowest up, else y alone.

    """

    cell: Cell
    flat: FlatCell = eqx.field(static=True)
    structure: Structure = eqx.field(static=True)
    below: int = eqx.field(static=True)
    emits: bool = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, cell: Cell, *, order: int | None, below: int, emits: bool) -> None:
        self.cell = cell
        self.flat = FlatCell(cell)
        self.structure = _structure(cell, self.flat, order)
        self.below = below
        self.emits = emits
        self.input_size = cell.input_size * (1 + below)
        self.output_size = cell.output_size * (1 + self.weight_count if emits else 1)

    @property
    def weight_count(self) -> int:
        """Weights below and own."""
        return self.below + self.flat.weight_count

    def initial_state(self) -> SensitiveState:
        """The cell's own, which no weight has reached."""
        dtype = self.flat.start.dtype
        kept = tuple(jnp.zeros((*group.rows.shape, group.columns.shape[1]), dtype) for group in self.structure.groups)
        below = jnp.zeros((self.flat.size, self.below), dtype) if self.below else None
        return SensitiveState(self.flat.start, self.flat.counting, kept, below)

    def project(self, xs: PyTree[Array]) -> PyTree[Array]:
        """As they are."""
        return xs

    def step(self, state: SensitiveState, drive: PyTree[Array]) -> SensitiveState:
        """The equations above."""
        flat, structure = self.flat, self.structure
        x, brought = self._part(drive)
        weights, moving, counting = flat.weights, state.moving, state.counting
        moved, push, counted = jax.linearize(lambda s: flat.step(weights, s, counting, x), moving, has_aux=True)
        columns = jax.vmap(push)(jnp.asarray(structure.state_columns, moving.dtype))
        kept = ()
        if flat.weight_count:
            _, pull = jax.vjp(lambda w: flat.step(w, moving, counting, x)[0], weights)
            shares = jax.vmap(pull)(jnp.asarray(structure.weight_rows, moving.dtype))
            rows = jnp.concatenate([leaf.reshape(leaf.shape[0], -1) for leaf in jax.tree.leaves(shares)], axis=1)
            kept = tuple(
                self._transition(group.rows, columns) @ old + self._immediate(group, rows)
                for group, old in zip(structure.groups, state.kept)
            )
        below = None
        if state.below is not None:
            _, push_input = jax.linearize(lambda x: flat.step(weights, moving, counting, x)[0], x)
            by_input = jax.vmap(push_input)(jnp.eye(x.size, dtype=x.dtype))
            whole = self._transition(np.arange(flat.size)[None], columns)[0]
            below = whole @ state.below + by_input.T @ brought
        return SensitiveState(moved, counted, kept, below)

    def output(self, state: SensitiveState) -> Float[Array, " outputs"]:
        """The cell's output, with its sensitivities where it emits them."""
        said = self.flat.output(self.flat.weights, state.moving, state.counting, final=False)
        if not self.emits:
            return said
        each = jax.vmap(lambda error: self.gradient(state, error, final=False))(jnp.eye(said.size, dtype=said.dtype))
        return jnp.concatenate([said, each.reshape(-1)])

    def gradient(
        self, state: SensitiveState, error: Float[Array, " units"], *, final: bool
    ) -> Float[Array, " weights"]:
        """What the weights, below and own, did to an error at the output; `final`: the sequence has ended."""
        _, pull = jax.vjp(
            lambda weights, moving: self.flat.output(weights, moving, state.counting, final),
            self.flat.weights,
            state.moving,
        )
        direct, reached = pull(error)
        own = ravel_pytree(direct)[0] if self.flat.weight_count else jnp.zeros(0, state.moving.dtype)
        for group, kept in zip(self.structure.groups, state.kept):
            shares = (reached[group.rows][:, None, :] @ kept)[:, 0]
            own = own + shares[0] if _all_in_order(group, own.size) else own.at[group.columns].add(shares)
        return own if state.below is None else jnp.concatenate([reached @ state.below, own])

    def _part(self, drive: PyTree[Array]) -> tuple[PyTree[Array], Array | None]:
        """The input, and its sensitivities to the weights below."""
        if not self.below:
            return drive, None
        size = self.cell.input_size
        return drive[:size], drive[size:].reshape(size, self.below)

    def _transition(self, rows: np.ndarray, columns: Float[Array, "colours state"]) -> Float[Array, "blocks k k"]:
        """df/ds among the parts of the state that a block keeps."""
        structure = self.structure
        if columns.shape[0] == columns.shape[1] == rows.shape[1]:  # as many colours as rows: nothing to sort out
            return columns.T[None]
        some = columns[structure.state_colour[rows][:, None, :], rows[:, :, None]]
        return jnp.where(structure.reaches[rows[:, :, None], rows[:, None, :]], some, jnp.zeros_like(some))

    def _immediate(self, group: Group, rows: Float[Array, "colours weights"]) -> Float[Array, "blocks k p"]:
        """df/dw of the parts and weights of a group."""
        structure = self.structure
        some = rows[:, None] if _all_in_order(group, rows.shape[1]) else rows[:, group.columns]
        reached = structure.row_of[:, group.columns]
        if len(rows) == 1:
            each, at = some[0][:, None], reached[0][:, None]
        else:
            colours, blocks = structure.weight_colour[group.rows], np.arange(len(group.rows))[:, None]
            each, at = some[colours, blocks], reached[colours, blocks]
        return jnp.where(at == group.rows[:, :, None], each, jnp.zeros_like(each))


def _structure(cell: Cell, flat: FlatCell, order: int | None) -> Structure:
    counts = bool(jax.tree.leaves(flat.counting))
    if counts or not flat.weight_count:
        return find_structure(everything(flat.weights, flat.start), order)
    x = jnp.zeros(cell.input_size, flat.start.dtype)
    return find_structure(find_patterns(_Pure(cell), flat.weights, flat.start, x), order)


def _all_in_order(group: Group, weights: int) -> bool:
    return group.columns.size == weights and group.columns.shape[0] == 1


class _Pure:
    """A step as a function of weights, state and input alone, made of shapes: `cell` may be traced."""

    def __init__(self, cell: Cell) -> None:
        self.rest = jax.tree.map(
            lambda leaf: np.ones(leaf.shape, leaf.dtype) if eqx.is_array(leaf) else leaf, split(cell)[1]
        )
        self.unravel = ravel_pytree(jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), cell.initial_state()))[
            1
        ]

    def __call__(self, weights: Any, moving: Array, x: Array) -> Array:
        cell = eqx.combine(weights, self.rest)
        drive = jax.tree.map(lambda leaf: leaf[0], cell.project(x[None]))
        return ravel_pytree(advance(cell, self.unravel(moving), drive))[0]
