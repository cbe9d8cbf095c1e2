"""The loops over time: every step of every recurrent network is taken in one of the two walks of this file.

`plain_walk` is one scan of the cell's own step: the definition, differentiable in every way.

`hoisted_walk` takes the same steps, with a backward pass written out so that weight gradients need no work inside the
loop. Differentiating a scan adds each step's share of dE/dU inside the loop: an outer product and a sum of the size of
the recurrent matrix at every step. With `recur` split off, the loop only has to carry

    e(t) = dE/ds(t),    d(t) = e(t) dstep/ddrive,    e(t-1) += e(t) dstep/dstate + d(t) drecur/dstate

and the recurrent weights' gradient is one product of all d(t) with all s(t-1) afterwards; back-propagation through
time as in R. J. Williams and J. Peng, Neural Computation 2(4):490-501, 1990, doi:10.1162/neco.1990.2.4.490.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jax.custom_derivatives import SymbolicZero
from jaxtyping import Array, Bool, PyTree

from ..cells import Cell, Drive, State, advance


class Walk(NamedTuple):
    """How one call walks through time.

    Attributes:
        axis: axis of the batch in the leaves of one step (0 or -1); the leaves of a whole walk have time before them.
        alive: (time, batch), False once a sequence has ended; None where all have the full length.
        cut: (time, batch), True where no error passes from this step to the one before; None for no truncation.

    """

    axis: int
    alive: Bool[Array, "time batch"] | None
    cut: Bool[Array, "time batch"] | None


def plain_walk(cell: Cell, start: State, drives: Drive, walk: Walk, pushes: State | None) -> tuple[State, State]:
    """One scan of the cell's step; `pushes` are added to the states. Returns the states of all steps, and the last."""
    step = jax.vmap(lambda state, drive: advance(cell, state, drive), in_axes=walk.axis, out_axes=walk.axis)

    def body(state: State, now: tuple[Any, ...]) -> tuple[State, State]:
        drive, alive, cut, push = now
        before = state if cut is None else select(cut, jax.tree.map(lax.stop_gradient, state), state, walk.axis)
        after = pushed(step(before, drive), push)
        if alive is not None:
            after = select(alive, after, state, walk.axis)
        return after, after

    last, states = lax.scan(body, start, (drives, walk.alive, walk.cut, pushes))
    return states, last


def hoisted_walk(
    cell: Cell, start: State, drives: Drive, walk: Walk, pushes: State | None = None
) -> tuple[State, State]:
    """The same walk for a cell with `recur` and inexact drives; can be differentiated in reverse, once."""
    axis = walk.axis
    parameters, rest = eqx.partition(cell, eqx.is_inexact_array)
    arrays, structure = eqx.partition(rest, eqx.is_array)
    moving, counting = eqx.partition(start, eqx.is_inexact_array)

    def recur(parameters: PyTree[Array], arrays: PyTree[Array], state: State) -> Drive:
        whole: Any = eqx.combine(parameters, arrays, structure)
        return jax.vmap(whole.recur, in_axes=axis, out_axes=axis)(state)

    def step(
        parameters: PyTree[Array],
        arrays: PyTree[Array],
        moving: State,
        counting: State,
        drive: Drive,
        alive: Any,
        push: State | None = None,
    ):
        """One step of the batch; the inexact leaves of the state after it, and the others."""
        whole: Any = eqx.combine(parameters, arrays, structure)
        before = eqx.combine(moving, counting)
        after = pushed(jax.vmap(whole.step, in_axes=axis, out_axes=axis)(before, drive), push)
        after = after if alive is None else select(alive, after, before, axis)
        return eqx.partition(after, eqx.is_inexact_array)

    def forward(parameters: PyTree[Array], moving: State, drives: Drive, pushes: Any, fixed: Any, keep: bool) -> Any:
        arrays, counting, alive, _ = fixed

        def body(state: tuple[State, State], now: Any) -> Any:
            moving, counting = state
            drive, alive, push = now
            drive = jax.tree.map(jnp.add, drive, recur(parameters, arrays, eqx.combine(moving, counting)))
            moved, pull, counted = jax.vjp(
                lambda m, d: step(parameters, arrays, m, counting, d, alive, push), moving, drive, has_aux=True
            )
            after = (moved, counted)
            return after, (after, (pull, drive) if keep else None)

        last, (states, kept) = lax.scan(body, (moving, counting), (drives, alive, pushes))
        return (states, last), kept

    @jax.custom_vjp
    def run(parameters: PyTree[Array], moving: State, drives: Drive, pushes: Any, fixed: Any) -> Any:
        return forward(parameters, moving, drives, pushes, fixed, keep=False)[0]

    def run_forward(*primals: Any) -> Any:
        parameters, moving, drives, pushes, fixed = jax.tree.map(
            lambda p: p.value, primals, is_leaf=lambda p: isinstance(p, jax.custom_derivatives.CustomVJPPrimal)
        )
        reached, kept = forward(parameters, moving, drives, pushes, fixed, keep=True)
        before = jax.tree.map(
            lambda first, all_: jnp.concatenate([first[None], all_[:-1]]), (moving, fixed[1]), reached[0]
        )
        return reached, (parameters, fixed, before, kept)

    def run_backward(residuals: Any, cotangents: Any) -> Any:
        parameters, fixed, before, (pulls, drives) = residuals
        arrays, _, alive, cut = fixed
        (entering, _), (last, _) = cotangents
        entering = jax.tree.map(lambda ct: None if _is_zero(ct) else ct, entering, is_leaf=_is_zero)
        last = jax.tree.map(lambda ct: jnp.zeros(ct.shape, ct.dtype) if _is_zero(ct) else ct, last, is_leaf=_is_zero)

        def body(error: State, now: Any) -> tuple[State, tuple[State, Drive]]:
            entering, (moving, counting), pull, cut = now
            error = jax.tree.map(lambda new, e: e if new is None else e + new, entering, error, is_leaf=_is_none)
            through_step, drive_error = pull(error)
            _, pull_recur = jax.vjp(lambda m: recur(parameters, arrays, eqx.combine(m, counting)), moving)
            (through_recur,) = pull_recur(drive_error)
            earlier = jax.tree.map(jnp.add, through_step, through_recur)
            if cut is not None:
                earlier = select(cut, jax.tree.map(jnp.zeros_like, earlier), earlier, axis)
            return earlier, (error, drive_error)

        start_error, (errors, drive_errors) = lax.scan(body, last, (entering, before, pulls, cut), reverse=True)

        def shares(parameters: PyTree[Array], state: Any, drive: Drive, alive: Any) -> Any:
            moving, counting = state
            stepped, _ = step(parameters, arrays, moving, counting, drive, alive)
            return stepped, recur(parameters, arrays, eqx.combine(moving, counting))

        alive_axis = None if alive is None else 0
        if axis == -1:  # many small products, then their sum: quicker than one product over two axes of the batch

            def share(state: Any, drive: Drive, alive: Any, errors: Any) -> PyTree[Array]:
                return jax.vjp(lambda p: shares(p, state, drive, alive), parameters)[1](errors)[0]

            each = jax.vmap(share, in_axes=(0, 0, alive_axis, 0))(before, drives, alive, (errors, drive_errors))
            gradient = jax.tree.map(lambda leaf: leaf.sum(axis=0), each)
        else:
            over_time = jax.vmap(shares, in_axes=(None, 0, 0, alive_axis))
            _, pull = jax.vjp(lambda p: over_time(p, before, drives, alive), parameters)
            (gradient,) = pull((errors, drive_errors))
        push_errors = None
        if pushes is not None:  # what reaches a state reaches what was added to it, while its sequence lasts
            reached = errors if alive is None else jax.vmap(_of_the_living, in_axes=(0, 0, None))(errors, alive, axis)
            push_errors = jax.tree.map(lambda p, e: None if p is None else e, pushes, reached, is_leaf=_is_none)
        return gradient, start_error, drive_errors, push_errors, None

    run.defvjp(run_forward, run_backward, symbolic_zeros=True)
    states, last = run(parameters, moving, drives, pushes, (arrays, counting, walk.alive, walk.cut))
    return eqx.combine(*states), eqx.combine(*last)


def pushed(state: State, push: State | None) -> State:
    """A state with a push added to those of its leaves that have one."""
    if push is None:
        return state
    return jax.tree.map(lambda p, s: s if p is None else s + p, push, state, is_leaf=_is_none)


def select(choose: Bool[Array, " batch"], new: State, old: State, axis: int) -> State:
    """`new` for the sequences of the batch where `choose` is True, `old` for the others."""

    def pick(a: Array, b: Array) -> Array:
        spare = (1,) * (a.ndim - 1)
        return jnp.where(choose.reshape((-1, *spare) if axis == 0 else (*spare, -1)), a, b)

    return jax.tree.map(pick, new, old)


def _of_the_living(errors: State, alive: Bool[Array, " batch"], axis: int) -> State:
    """Errors of one step, 0 where the sequence has ended."""
    return select(alive, errors, jax.tree.map(jnp.zeros_like, errors), axis)


def _is_zero(leaf: Any) -> bool:
    return isinstance(leaf, SymbolicZero)


def _is_none(leaf: Any) -> bool:
    return leaf is None
