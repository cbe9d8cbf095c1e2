"""What goes on inside cells at every step: their gates, how much of its memory a unit keeps, and its squashed value.

The gates are not part of a cell's state. A cell is therefore wrapped in one that computes them from its drive, once
more, and carries them in its state; so they come through `unfold`, and through a `Segmented` cell's levels, as any
state does.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from ..cells import GRU, LSTM, SQUASHING, Cell, MinimalGated, Recurs, State, Wrapped
from ..layers import unfold
from ._bounds import inner
from ._watching import Seen, unflat

KEPT, UNITS = "kept", "units"


class Recorded(NamedTuple):
    """A cell's state, and the signals of the step that led to it; NaN before the first."""

    inner: State
    signals: dict[str, Array]


class Recording(Wrapped):
    """A cell that carries its signals along."""

    def initial_state(self) -> Recorded:
        """The cell's own, no signal yet."""
        start = self.cell.initial_state()

        def shapes() -> dict[str, Array]:
            values = jnp.zeros((1, self.input_size), _dtype(start))
            return self._advance(start, jax.tree.map(lambda leaf: leaf[0], self.cell.project(values))).signals

        nothing = jax.tree.map(lambda leaf: jnp.full(leaf.shape, jnp.nan, leaf.dtype), jax.eval_shape(shapes))
        return Recorded(start, nothing)

    def step(self, state: Recorded, drive: Any) -> Recorded:
        """The cell's own, and its signals."""
        return self._advance(state.inner, drive)

    def output(self, state: Recorded) -> Float[Array, " units"]:
        """The cell's own."""
        return self.cell.output(state.inner)

    def finish(self, state: Recorded) -> Recorded:
        """The cell's own; the signals stay."""
        return Recorded(self.cell.finish(state.inner), state.signals)

    def _advance(self, before: State, drive: Any) -> Recorded:
        cell: Cell = self.cell
        if isinstance(cell, Recurs):
            drive = jax.tree.map(jnp.add, drive, cell.recur(before))
        after = cell.step(before, drive)
        return Recorded(after, signals_of(cell, before, drive, after))


def recording(cell: Cell) -> Cell:
    """The same cell with its signals in its state; of a cell of several levels, those of each level."""
    me: Any = cell
    levels = getattr(cell, "levels", None)
    return Recording(cell) if levels is None else me.with_levels(*map(recording, levels()))


def levels_of(cell: Cell, name: str = "") -> dict[str, Cell]:
    """The cells of a cell of several levels by name, "symbol", "segment"; of any other the cell itself, as ""."""
    levels = getattr(cell, "levels", None)
    if levels is None:
        return {name: cell}
    found = {}
    for part, level in zip(("symbol", "segment"), levels()):
        found |= levels_of(level, f"{name}.{part}".lstrip("."))
    return found


def signals(
    cell: Cell, xs: PyTree[Array], lengths: Int[Array, " batch"] | None, *, reverse: bool = False
) -> dict[str, dict[str, np.ndarray]]:
    """By level and name the signals (batch, time, ...) of each step; NaN before a level's first step and behind ends.

    "units" are squashed values; "kept" the factor on what a unit remembers; others are gates. A level of segments holds
    its signals until its next step.
    """
    whole = recording(cell)
    said = np.asarray(_run(whole, xs, lengths, reverse))
    tree = unflat(whole.initial_state(), said)  # pyright: ignore[reportArgumentType]
    batch, time = said.shape[:2]
    ends = np.full(batch, time) if lengths is None else np.asarray(lengths)
    over = np.arange(time)[None] >= ends[:, None]
    nodes = jax.tree.leaves_with_path(tree, is_leaf=lambda node: isinstance(node, Recorded))
    found = {}
    for path, node in nodes:
        if isinstance(node, Recorded):
            level = ".".join(key.name for key in path)
            found[level] = {
                name: np.where(over[..., None], np.nan, np.asarray(values, np.float64))
                for name, values in node.signals.items()
            }
    return found


def signals_of(cell: Cell, before: State, drive: Any, after: State) -> dict[str, Array]:
    """The signals of one step, from the states around it and the whole drive, the recurrent product included."""
    me: Any = inner(cell)
    if isinstance(me, LSTM):
        return _of_lstm(me, before, drive, after)
    if isinstance(me, GRU):
        keep, reset = jnp.split(jax.nn.sigmoid(drive.gates), 2)
        return {"update": keep, "reset": reset, KEPT: keep, UNITS: after}
    if isinstance(me, MinimalGated):
        replaced = jax.nn.sigmoid(drive[: me.output_size])
        return {"forget": replaced, KEPT: 1 - replaced, UNITS: after}
    return {UNITS: cell.output(after)}


def _of_lstm(cell: LSTM, before: Any, drive: Array, after: Any) -> dict[str, Array]:
    """The gates that the row has, as in the equations of `LSTM`; coupled ones are one minus each other."""
    variant, blocks = cell.variant, cell.blocks
    found: dict[str, Array] = {}
    for k, name in enumerate(variant.gates):
        net = drive[k * blocks : (k + 1) * blocks]
        if cell.peepholes is not None:
            seen = cell.peepholes[k] * (after.cells if name == "output" else before.cells)
            net = net + seen.reshape(blocks, cell.cells_per_block).sum(axis=1)
        found[name] = jax.nn.sigmoid(net)
        if variant.coupled and name != "output":
            other = "forget" if name == "input" else "input"
            found[other] = 1 - jax.nn.sigmoid(net - variant.coupling_shift)
    kept = found["forget"] if "forget" in found else jnp.ones_like(drive[:blocks])
    found[KEPT] = jnp.repeat(kept, cell.cells_per_block)
    found[UNITS] = SQUASHING[variant.squash_out](after.cells)
    return found


@eqx.filter_jit
def _run(cell: Cell, xs: Any, lengths: Any, reverse: bool) -> Float[Array, "batch time entries"]:
    said, _ = unfold(Seen(cell), xs, lengths=lengths, reverse=reverse, engine="plain")
    return said[..., : said.shape[-1] - cell.output_size]


def _dtype(state: State) -> Any:
    return jnp.result_type(*jax.tree.leaves(eqx.filter(state, eqx.is_inexact_array)))
