"""The contract of a recurrent cell: one step, of one sequence, in the paper's own equations.

    drives   = project(xs)                 everything that needs no state, for all steps in one product
    s(t)     = step(s(t-1), drives(t) + recur(s(t-1)))        where the cell can split off `recur`
    s(t)     = step(s(t-1), drives(t))                        where it cannot
    y(t)     = output(s(t))
    s(end)   = finish(s(T))

A cell knows no loop over time, no batch, no loss and no learning rule. `mnemon.layers.unfold` owns the loop and the
batch; learning rules see the cell through this contract only.
"""

from typing import Any, ClassVar, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from ..kernels import StandardForm

State = PyTree[Array]
Drive = PyTree[Array]


class Cell(eqx.Module):
    """Base of all cells. A subclass sets the two sizes and writes four short methods.

    Attributes:
        input_size: number of features of one input step.
        output_size: number of units that `output` returns.
        causal: whether the answer at a step needs no later step (true for every cell; layers may differ).

    """

    input_size: eqx.AbstractVar[int]
    output_size: eqx.AbstractVar[int]
    causal: ClassVar[bool] = True

    def initial_state(self) -> State:
        """The state before the first step: a pytree, of which learning rules differentiate the inexact leaves."""
        raise NotImplementedError

    def project(self, xs: PyTree[Array]) -> Drive:
        """Inputs (time, input_size) to drives with the same time axis; a cell that cannot split returns `xs`."""
        raise NotImplementedError

    def step(self, state: State, drive: Drive) -> State:
        """The state after one step. Where the cell has `recur`, `drive` already holds the recurrent product."""
        raise NotImplementedError

    def cut_step(self, state: State, drive: Drive) -> State:
        """`step`, of the same value, for rules that pass errors along a unit's own way only (`Truncated1997`).

        A cell of which more than that passes back inside `step` takes it as given here.
        """
        return self.step(state, drive)

    def output(self, state: State) -> Float[Array, " units"]:
        """What the rest of the network sees of a state."""
        raise NotImplementedError

    def finish(self, state: State) -> State:
        """The state once the sequence has ended; cells that gather inputs (segments) complete their work here."""
        return state

    def standard(self) -> StandardForm | None:
        """The cell in the form that compiled code runs (`StandardForm`), or None: it has none."""
        return None


@runtime_checkable
class Recurs(Protocol):
    """The capability of splitting off the recurrent product, `drive(t) + recur(state)`.

    `step` is then element-wise or block-wise. Engines sum the gradient of the recurrent weights in one product after
    the backward walk; forward-mode rules and the 1997 truncation use the same seam.
    """

    def recur(self, state: Any) -> Any:
        """The recurrent product U h, shaped like one step of `project`."""
        ...


def advance(cell: Cell, state: State, drive: Drive) -> State:
    """One full step of one sequence: add the recurrent product where the cell has one, then `step`."""
    if isinstance(cell, Recurs):
        drive = jax.tree.map(jnp.add, drive, cell.recur(state))
    return cell.step(state, drive)


def finishes(part: Any) -> bool:
    """Whether a cell changes its state at the end of a sequence."""
    return type(part).finish is not Cell.finish
