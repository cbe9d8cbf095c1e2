"""Whole sequences through the compiled library, as a function that JAX can differentiate (in reverse, once) and map.

One call takes a batch; mapped over networks, it becomes one call for all of them, each with its own weights, and what
they share (weights or inputs) is not copied.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_batching import custom_vmap
from jax.custom_derivatives import SymbolicZero
from jaxtyping import Array, Float, Int

from ._library import library, threads
from ._standard_form import StandardForm, words_of

# Fewer sequences than this are not worth a thread of their own.
FEWEST_ROWS = 4


class _How(NamedTuple):
    """What is known when a call is compiled."""

    kind: str
    words: tuple[tuple[str, int | float], ...]
    sources: int
    reverse: bool
    truncate: int


class _Wants(NamedTuple):
    """Which gradients, beyond those of the weights, are wanted: () or None, for a trace keeps structure."""

    x: Any
    start: Any
    nudge: Any


def walk(
    form: StandardForm,
    xs: Float[Array, "batch time inputs"] | Int[Array, "batch time"],
    lengths: Int[Array, " batch"] | None,
    start: tuple[Float[Array, "batch sources"], Float[Array, "batch units"]] | None,
    *,
    nudge: tuple[Float[Array, "batch time sources"], Float[Array, "batch time units"]] | None = None,
    reverse: bool = False,
    truncate: int | None = None,
) -> tuple[Float[Array, "batch time units"], tuple[Float[Array, "batch sources"], Float[Array, "batch units"]]]:
    """Run a cell in its standard form over whole sequences.

    Args:
        form: the cell, as `Cell.standard` gives it.
        xs: inputs, float32 or float64 like the weights; or symbols, each the number of the input that is 1 while all
            others are 0 (one that is no input's number: all are 0). Their weights are looked up, not multiplied.
        lengths: how many steps of each sequence count; None: all.
        start: sources and cells before the first step; None: zeros.
        nudge: zeros, never read, beside sources and cells after every step: the gradient by them is the error there.
        reverse: walk from each sequence's last step to its first.
        truncate: errors flow back through at most this many steps, in blocks from the sequence's end.

    Returns:
        Outputs at their steps (behind a sequence's end the last one is repeated), and final sources and cells.

    """
    how = _How(form.kind, words_of(form), form.source_groups, reverse, truncate or 0)
    weights = (form.input_weights, form.recurrent_weights, form.bias, form.peepholes)
    if jnp.issubdtype(xs.dtype, jnp.integer):
        xs = xs.astype(jnp.int32)
    return _run(how, xs, None if lengths is None else lengths.astype(jnp.int32), weights, start, nudge)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _run(how: _How, x: Array, lengths: Array | None, weights: Any, start: Any, nudge: Any) -> Any:
    y, sources, cells, _ = _forward(how, keep=False)(*_arguments(x, lengths, weights, start))
    return y[0], (sources[0], cells[0])


def _run_forward(how: _How, x: Any, lengths: Any, weights: Any, start: Any, nudge: Any) -> Any:
    wants = _Wants(_perturbed(x), _perturbed(start), _perturbed(nudge))
    x, lengths, weights, start = jax.tree.map(lambda p: p.value, (x, lengths, weights, start), is_leaf=_is_primal)
    arguments = _arguments(x, lengths, weights, start)
    y, sources, cells, kept = _forward(how, keep=True)(*arguments)
    return (y[0], (sources[0], cells[0])), (arguments, y, kept, wants)


def _run_backward(how: _How, residuals: Any, cotangents: Any) -> Any:
    arguments, y, kept, wants = residuals
    no_peepholes, no_start = arguments[5].shape[1:] == (0,), arguments[6].shape[1:] == (0,)
    dy, (ds, dc) = cotangents
    entering = jnp.zeros((1, 0), y.dtype) if isinstance(dy, SymbolicZero) else dy[None]
    ds, dc = (jnp.zeros(ct.shape, y.dtype) if isinstance(ct, SymbolicZero) else ct for ct in (ds, dc))
    backward = _backward(how, *(want is not None for want in wants))
    dx, dw, du, db, dp, ds0, dc0, es, ec = backward(*arguments, y, kept, entering, ds[None], dc[None])
    weights = (dw[0], du[0], db[0], None if no_peepholes else dp[0])
    start = None if no_start else (None, None) if wants.start is None else (ds0[0], dc0[0])
    errors = None if wants.nudge is None else (es[0], ec[0])
    return None if wants.x is None else dx[0], None, weights, start, errors


_run.defvjp(_run_forward, _run_backward, symbolic_zeros=True)


def _is_primal(leaf: Any) -> bool:
    return isinstance(leaf, jax.custom_derivatives.CustomVJPPrimal)


def _perturbed(tree: Any) -> tuple[()] | None:
    """Whether the gradient by any of it is wanted, as `_Wants` says it."""
    return () if any(leaf.perturbed for leaf in jax.tree.leaves(tree, is_leaf=_is_primal)) else None


def _arguments(x: Array, lengths: Array | None, weights: Any, start: Any) -> tuple[Array, ...]:
    """The arrays of a call, each with an axis for members before it; empty where there is none."""
    w, u, b, p = weights
    none = jnp.zeros((0,), w.dtype)
    s0, c0 = (none, none) if start is None else start
    lengths = jnp.zeros((0,), jnp.int32) if lengths is None else lengths
    return tuple(a[None] for a in (x, lengths, w, u, b, none if p is None else p, s0, c0))


def _call(target: str, how: _How, shapes: list[tuple[int, ...]], arguments: tuple[Array, ...]) -> tuple[Array, ...]:
    dtype = arguments[2].dtype
    batch = arguments[0].shape[1]
    members = max(a.shape[0] for a in arguments)
    # Members are work enough for all threads; else the batch is cut. What is larger than a cache's worth is cut too.
    slices = 1 if members >= threads() else max(1, min(threads(), batch // FEWEST_ROWS))
    words = dict(how.words) | {"reverse": how.reverse, "truncate": how.truncate, "slices": max(slices, batch // 128)}
    attributes = {k: np.float64(v) if k == "shift" else np.int64(v) for k, v in words.items()}
    results = [jax.ShapeDtypeStruct((members, *shape), dtype) for shape in shapes]
    return tuple(jax.ffi.ffi_call(target, results)(*arguments, **attributes))


@functools.cache
def _forward(how: _How, keep: bool) -> Any:
    def call(*arguments: Array) -> tuple[Array, ...]:
        x, u = arguments[0], arguments[3]
        batch, time, units = x.shape[1], x.shape[2], u.shape[2] // how.sources
        words = dict(how.words)
        kept = library().mnemon_kept(words["kind"], words["flags"], units, u.dtype.itemsize) if keep else 0
        cells = units if how.kind == "lstm" else 0
        shapes = [(batch, time, units), (batch, how.sources * units), (batch, cells), (batch, time, kept)]
        return _call("mnemon_forward", how, shapes, arguments)

    return _mapped(call)


@functools.cache
def _backward(how: _How, want_x: bool, want_start: bool, want_errors: bool) -> Any:
    def call(*arguments: Array) -> tuple[Array, ...]:
        x, _, w, u, b, p, s0, c0 = arguments[:8]
        nothing = (0,)
        units = u.shape[2] // how.sources
        of_steps = [(*x.shape[1:3], size) for size in (u.shape[2], units if how.kind == "lstm" else 0)]
        shapes = [
            x.shape[1:] if want_x else nothing,
            *(a.shape[1:] for a in (w, u, b, p)),
            *((a.shape[1:] for a in (s0, c0)) if want_start else (nothing, nothing)),
            *(of_steps if want_errors else (nothing, nothing)),
        ]
        return _call("mnemon_backward", how, shapes, arguments)

    return _mapped(call)


def _mapped(call: Any) -> Any:
    """`call` on arrays with an axis of members: mapped over another axis, that becomes more members."""
    mapped = custom_vmap(call)

    @mapped.def_vmap
    def rule(size: int, batched: list[bool], *arguments: Array) -> tuple[Any, Any]:
        members = max(a.shape[1] if b else a.shape[0] for a, b in zip(arguments, batched))

        def merge(array: Array, is_batched: bool) -> Array:
            own = array.shape[1] if is_batched else array.shape[0]
            if not is_batched and own == 1:
                return array  # shared by all
            if not is_batched:
                array = jnp.broadcast_to(array[None], (size, *array.shape))
            if own != members:
                array = jnp.broadcast_to(array, (size, members, *array.shape[2:]))
            return array.reshape(size * members, *array.shape[2:])

        results = mapped(*(merge(a, b) for a, b in zip(arguments, batched)))
        split = tuple(r.reshape(size, members, *r.shape[1:]) for r in results)
        return split, (True,) * len(split)

    return mapped
