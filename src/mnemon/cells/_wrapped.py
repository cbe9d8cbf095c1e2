"""Cells around other cells: what does something beside a cell's work, or says more of it, and leaves the rest alone."""

from typing import Any

import equinox as eqx
from jaxtyping import Array, Float, PyTree

from ._cell import Cell, Drive, State, advance


class Wrapped(Cell):
    """Another cell, whole steps of it; a subclass writes what is different.

    Args:
        cell: the other cell.

    """

    cell: Any
    input_size: int = eqx.field(static=True, init=False)
    output_size: int = eqx.field(static=True, init=False)

    def __post_init__(self) -> None:
        self.input_size = self.cell.input_size
        self.output_size = self.cell.output_size

    def initial_state(self) -> State:
        """The cell's own."""
        return self.cell.initial_state()

    def project(self, xs: PyTree[Array]) -> Drive:
        """The cell's own."""
        return self.cell.project(xs)

    def step(self, state: State, drive: Drive) -> State:
        """The cell's own, its recurrent product included."""
        return advance(self.cell, state, drive)

    def output(self, state: State) -> Float[Array, " units"]:
        """The cell's own."""
        return self.cell.output(state)

    def finish(self, state: State) -> State:
        """The cell's own."""
        return self.cell.finish(state)


class WrappedRecurrence(Wrapped):
    """Another cell that splits off its recurrent product, and splits it off here too."""

    def recur(self, state: State) -> Drive:
        """The cell's own."""
        return self.cell.recur(state)

    def step(self, state: State, drive: Drive) -> State:
        """The cell's own."""
        return self.cell.step(state, drive)
