"""Where time passes: `unfold` runs a cell over given inputs, `generate` on what it says itself.

The cell is written for one sequence and one step; here it is batched, masked where sequences are shorter than their
batch, reversed, and, by `engine`, walked through time in one of three ways, which a law ties together:

- "plain": one scan of the cell's own step. It is the definition, and can be differentiated in every way.
- "hoisted": the same forward pass, with a backward pass of its own that sums the gradient of the recurrent weights in
  one product after the walk. Reverse differentiation only; needs the cell's `recur`.
- "native": whole sequences in compiled code (`kernels/`), on the CPU, for cells that have a standard form. Reverse
  differentiation only.

`engine="auto"` takes the native way where it can be taken, else the hoisted one where the cell has `recur`. A rule that
needs forward or repeated differentiation asks for "plain".
"""

import math
from collections.abc import Callable
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from .. import kernels
from ..cells import Cell, Recurs, State, advance, finishes
from ..errors import InvalidInput, suggest
from ._walks import Walk, hoisted_walk, plain_walk

Engine = Literal["auto", "plain", "hoisted", "native"]

# A few units and a large batch go batch last inside the loop: the recurrent products are then long vectors, and a
# population of such networks runs about twice as fast. Everything else is quicker batch first (benchmarks/layout.py).
COLUMNS_MOST_UNITS = 12
COLUMNS_LEAST_BATCH = 64


def unfold(
    cell: Cell,
    xs: PyTree[Array],
    *,
    state: State | None = None,
    lengths: Int[Array, "*batch"] | None = None,
    reverse: bool = False,
    nudge: State | None = None,
    engine: Engine = "auto",
    truncate: int | None = None,
) -> tuple[Float[Array, "*batch time units"], State]:
    """Run `cell` over whole sequences.

    Args:
        cell: any cell under the contract of `mnemon.cells.Cell`.
        xs: inputs (*batch, time, features), or a pytree of arrays with the same leading axes. An integer or boolean
            leaf has shape (*batch, time). Cells with a standard form also take codes of symbols, integers
            (*batch, time), for inputs of which one is 1 and all others 0; the native engine looks their weights up.
        state: the state before the first step, with leading batch axes; the cell's own initial state if None.
        lengths: how many steps of each sequence count; all if None. Each is at least 1, except that sequences of
            length 0 keep their state.
        reverse: run each sequence from its own last step to its first; outputs stand at their steps.
        nudge: zeros like the states, (*batch, time, ...), as if added to the state after every step, so that the
            gradient with respect to it is dE/dstate at every step (see `no_nudge`); other numbers are not promised
            to have an effect.
        engine: "auto", "plain", "hoisted" or "native".
        truncate: let errors flow back through at most this many steps, counted in blocks from the sequence's end.

    Returns:
        Outputs (*batch, time, units), and the final state (*batch, ...) after `finish`. At a sequence's last step the
        output is that of the finished state; behind its end the last output is repeated.

    Raises:
        InvalidInput: an unknown engine, or one that cannot do what is asked.

    """
    form = _native(cell, xs, engine)
    engine = _choose(engine)
    if form is None and _are_codes(xs) and cell.standard() is not None:
        xs = spelt(xs, cell.input_size, dtype_of(cell))
    leading = batch_shape(xs)
    time = jax.tree.leaves(xs)[0].shape[len(leading)]
    flat_xs = _flatten(xs, leading)
    flat_lengths = None if lengths is None else lengths.reshape(-1)
    flat_state = None if state is None else _flatten(state, leading)
    if form is not None:
        start = None if flat_state is None else jax.vmap(form.enter)(flat_state)
        pushes = None if nudge is None else jax.vmap(jax.vmap(form.enter))(_flatten(nudge, leading))
        outputs, ended = kernels.walk(
            form, flat_xs, flat_lengths, start, nudge=pushes, reverse=reverse, truncate=truncate
        )
        return _unflatten(outputs, leading), _unflatten(jax.vmap(form.leave)(*ended), leading)

    nudge = None if nudge is None else _flatten(nudge, leading)
    if reverse:
        flat_xs = flip(flat_xs, flat_lengths)
        nudge = None if nudge is None else flip(nudge, flat_lengths)
    sweep = getattr(cell, "sweep", None)
    swept = None
    if sweep is not None and engine != "plain" and nudge is None and truncate is None and flat_state is None:
        swept = sweep(flat_xs, flat_lengths)
    if swept is not None:
        outputs, final = swept
    else:
        outputs, final = _walk(cell, flat_xs, flat_state, flat_lengths, nudge, engine, truncate, time)
    if reverse:
        outputs = flip(outputs, flat_lengths)
    return _unflatten(outputs, leading), _unflatten(final, leading)


def generate(
    cell: Cell,
    state: State,
    x: PyTree[Array],
    feed: Callable[[Array, PRNGKeyArray], PyTree[Array]],
    steps: int,
    *,
    key: PRNGKeyArray,
) -> tuple[PyTree[Array], State]:
    """Run `cell` on its own outputs: what it says at a step becomes, through `feed`, the input of the next.

    Args:
        cell: any cell; a whole network as `NetworkCell`.
        state: the states before the first step, (*batch, ...).
        x: the first inputs, (*batch, features), or codes of symbols (*batch,).
        feed: `(output (units,), key) -> x` of one sequence, of the shape and dtype of its first input.
        steps: how many inputs to generate, at least 1.
        key: randomness of `feed`; each step and sequence has its own.

    Returns:
        What was fed, (*batch, steps, ...), without the first `x`; and the state before the last of it is read.

    Raises:
        InvalidInput: fewer than one step.

    """
    if steps < 1:
        raise InvalidInput(f"generate: steps={steps}; expected at least 1")
    leaf = jax.tree.leaves(x)[0]
    leading = leaf.shape[:-1] if jnp.issubdtype(leaf.dtype, jnp.inexact) else leaf.shape

    def advance_one(state: State, x: PyTree[Array], key: PRNGKeyArray) -> tuple[State, PyTree[Array]]:
        drives = cell.project(jax.tree.map(lambda leaf: leaf[None], x))
        state = advance(cell, state, jax.tree.map(lambda leaf: leaf[0], drives))
        return state, feed(cell.output(state), key)

    def body(now: tuple[State, PyTree[Array]], key: PRNGKeyArray) -> tuple[tuple[State, PyTree[Array]], PyTree[Array]]:
        state, x = now
        state, x = jax.vmap(advance_one)(state, x, jax.random.split(key, jax.tree.leaves(x)[0].shape[0]))
        return (state, x), x

    start = _flatten(state, leading), _flatten(x, leading)
    (last, _), fed = lax.scan(body, start, jax.random.split(key, steps))
    return _unflatten(jax.tree.map(lambda leaf: jnp.swapaxes(leaf, 0, 1), fed), leading), _unflatten(last, leading)


def no_nudge(cell: Cell, leading: tuple[int, ...], time: int) -> State:
    """Zeros for `unfold(nudge=...)`: one for each inexact leaf of the state at each step, None for the others."""
    return jax.tree.map(
        lambda leaf: (
            jnp.zeros((*leading, time, *leaf.shape), leaf.dtype) if jnp.issubdtype(leaf.dtype, jnp.inexact) else None
        ),
        cell.initial_state(),
    )


def looks_up(cell: Cell, engine: Engine, truncate: int | None) -> bool:
    """Whether `unfold` takes codes of symbols as they are, so that nobody need spell them out."""
    if engine not in ("auto", "native"):
        return False
    first = getattr(cell, "first", None)  # of a cell of several levels that are walked one after the other
    if first is not None and truncate is None:
        return looks_up(first, engine, None)
    return not isinstance(_form(cell), str)


def spelt(xs: PyTree[Array], size: int, dtype: jnp.dtype) -> PyTree[Array]:
    """Inputs with codes of symbols spelt out: 1 at the symbol's place, 0 elsewhere; all 0 for what is no symbol."""

    def spell(leaf: Array) -> Array:
        return jax.nn.one_hot(leaf, size, dtype=dtype) if jnp.issubdtype(leaf.dtype, jnp.integer) else leaf

    return jax.tree.map(spell, xs)


def dtype_of(cell: Cell) -> jnp.dtype:
    """The type of a cell's weights."""
    return jnp.result_type(*jax.tree.leaves(eqx.filter(cell, eqx.is_inexact_array)))


def batch_shape(xs: PyTree[Array]) -> tuple[int, ...]:
    """The leading batch axes of inputs: (*batch, time, features), or (*batch, time) for an integer or boolean leaf."""
    leaf = jax.tree.leaves(xs)[0]
    return leaf.shape[:-2] if jnp.issubdtype(leaf.dtype, jnp.inexact) else leaf.shape[:-1]


def flip(values: PyTree[Array], lengths: Int[Array, " batch"] | None) -> PyTree[Array]:
    """Reverse each sequence of (batch, time, ...) within its own length; what lies behind its end stays in place."""
    if lengths is None:
        return jax.tree.map(lambda leaf: leaf[:, ::-1], values)

    def flip_leaf(leaf: Array) -> Array:
        steps = jnp.arange(leaf.shape[1])[None]
        ends = lengths[:, None]
        index = jnp.where(steps < ends, ends - 1 - steps, steps)
        return jnp.take_along_axis(leaf, index.reshape(index.shape + (1,) * (leaf.ndim - 2)), axis=1)

    return jax.tree.map(flip_leaf, values)


def engine_of(cell: Cell) -> tuple[str, str]:
    """Which engine `engine="auto"` takes for a cell in training, and why: "native" or "XLA", and words."""
    form = _form(cell)
    return ("XLA", form) if isinstance(form, str) else ("native", kernels.instruction_set())


def _form(cell: Cell) -> kernels.StandardForm | str:
    """The cell in the form that compiled code runs, or why it cannot be had."""
    reason = kernels.why_not()
    if reason is not None:
        return reason
    return cell.standard() or f"{type(cell).__name__} has no standard form as it is set"


def _native(cell: Cell, xs: PyTree[Array], engine: Engine) -> kernels.StandardForm | None:
    """The cell in the form that compiled code runs, where that engine is wanted and can be had.

    Raises:
        InvalidInput: it was asked for by name, and cannot.

    """
    if engine not in ("auto", "native"):
        return None
    form, leaf = _form(cell), jax.tree.leaves(xs)[0]
    if isinstance(form, str):
        reason = form
    elif _are_codes(xs):
        return form
    elif leaf.dtype != form.input_weights.dtype or leaf.dtype not in (jnp.float32, jnp.float64) or not leaf.size:
        reason = f"it takes inputs of float32 or float64 like the weights, and at least one, or codes; got {leaf.dtype}"
    else:
        return form
    if engine == "native":
        raise InvalidInput(f"engine='native': {reason}")
    return None


def _are_codes(xs: PyTree[Array]) -> bool:
    return isinstance(xs, jax.Array) and jnp.issubdtype(xs.dtype, jnp.integer)


def _choose(engine: Engine) -> Engine:
    if engine not in ("auto", "plain", "hoisted", "native"):
        raise InvalidInput(f"engine={engine!r}: {suggest(engine, ['auto', 'plain', 'hoisted', 'native'])}")
    return "hoisted" if engine == "auto" else engine


def _walk(
    cell: Cell,
    xs: PyTree[Array],
    state: State | None,
    lengths: Int[Array, " batch"] | None,
    nudge: State | None,
    engine: Engine,
    truncate: int | None,
    time: int,
) -> tuple[Float[Array, "batch time units"], State]:
    """Step through time with a flat batch, by the engine that was chosen."""
    batch = jax.tree.leaves(xs)[0].shape[0]
    columns = cell.output_size <= COLUMNS_MOST_UNITS and batch >= COLUMNS_LEAST_BATCH
    axis = -1 if columns else 0
    steps = jnp.arange(time)[:, None]
    ends = jnp.full((1, batch), time) if lengths is None else lengths[None]
    walk = Walk(
        axis,
        None if lengths is None else steps < ends,
        None if truncate is None else ((ends - steps) % truncate == 0) & (steps > 0) & (steps < ends),
    )
    # Time first already here: the inputs are turned once, and not the larger drives and their errors.
    by_time = jax.tree.map(lambda leaf: jnp.swapaxes(leaf, 0, 1), xs)
    drives = jax.vmap(cell.project, in_axes=1, out_axes=-1 if columns else 1)(by_time)
    if state is None:
        start = jax.tree.map(lambda leaf: _spread(leaf, batch, axis), cell.initial_state())
    else:
        start = jax.tree.map(lambda leaf: jnp.moveaxis(leaf, 0, axis), state)
    inexact = all(jnp.issubdtype(leaf.dtype, jnp.inexact) for leaf in jax.tree.leaves(drives))
    pushes = None
    if nudge is not None:
        pushes = jax.tree.map(lambda leaf: jnp.moveaxis(jnp.swapaxes(leaf, 0, 1), 1, axis if columns else 1), nudge)
    if engine == "hoisted" and isinstance(cell, Recurs) and inexact:
        states, last = hoisted_walk(cell, start, drives, walk, pushes)
    else:
        states, last = plain_walk(cell, start, drives, walk, pushes)

    read = jax.vmap(jax.vmap(cell.output, in_axes=axis), in_axes=0, out_axes=1)
    outputs = read(states)
    final = jax.tree.map(lambda leaf: jnp.moveaxis(leaf, axis, 0), last)
    if finishes(cell):
        final = jax.vmap(cell.finish)(final)
        ending = steps.T >= ends.T - 1
        outputs = jnp.where(ending[..., None], jax.vmap(cell.output)(final)[:, None], outputs)
    return outputs, final


def _spread(leaf: Array, batch: int, axis: int) -> Array:
    """One sequence's leaf, the same for each sequence of the batch."""
    return jnp.broadcast_to(leaf[None] if axis == 0 else leaf[..., None], _with(leaf.shape, batch, axis))


def _with(shape: tuple[int, ...], batch: int, axis: int) -> tuple[int, ...]:
    return (batch, *shape) if axis == 0 else (*shape, batch)


def _flatten(tree: PyTree[Array], leading: tuple[int, ...]) -> PyTree[Array]:
    return jax.tree.map(lambda leaf: leaf.reshape((math.prod(leading), *leaf.shape[len(leading) :])), tree)


def _unflatten(tree: PyTree[Array], leading: tuple[int, ...]) -> PyTree[Array]:
    return jax.tree.map(lambda leaf: leaf.reshape((*leading, *leaf.shape[1:])), tree)
