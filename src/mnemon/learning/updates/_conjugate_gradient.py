"""Conjugate gradients: the least of q(x) = x' B x / 2 - b' x, for a B of which only products B p are known.

    r = b - B x,   z = r / M,   p = z
    a = r' z / p' B p,   x <- x + a p,   r <- r - a B p,   p <- z + (r' z new / r' z old) p

M. Hestenes and E. Stiefel, J. Research of the National Bureau of Standards 49(6):409-436, 1952,
doi:10.6028/jres.049.044; M is a diagonal preconditioner. As J. Martens, "Deep learning via Hessian-free optimization",
ICML 2010, sections 4.4 and 4.6, has it, it ends when the model falls no more,

    i > k,  q(x_i) < 0  and  (q(x_i) - q(x_(i-k))) / q(x_i) < k tolerance,       k = max(10, i / 10)

and keeps the iterates 1, 2, 3 ... some 1.3 times as far apart each time, for one that comes too far for the true
function.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int

# How many iterations back progress is measured: at least, and one in so many of all.
LEAST_BACK, PART_BACK = 10, 10


class Iterates(NamedTuple):
    """What conjugate gradients went through.

    Attributes:
        kept: (slots, n), some of the iterates; `last` is the number of the last of them that is filled, and it is where
            the iteration ended.
        models: (slots,), q there.
        products: how many with B were asked for.

    """

    kept: Float[Array, "slots n"]
    models: Float[Array, " slots"]
    last: Int[Array, ""]
    products: Int[Array, ""]


def conjugate_gradients(
    product: Callable[[Float[Array, " n"]], Float[Array, " n"]],
    b: Float[Array, " n"],
    start: Float[Array, " n"],
    preconditioner: Float[Array, " n"],
    *,
    most: int,
    tolerance: float,
    spacing: float = 1.3,
) -> Iterates:
    """Minimise q.

    Args:
        product: x to B x, for a symmetric B without negative eigenvalues.
        b: the right-hand side.
        start: the first x, taken where q is below 0 there; else it starts from 0.
        preconditioner: the diagonal M, positive.
        most: most iterations; tolerance: see above.
        spacing: how much further apart each kept iterate is than the one before, above 1.

    Returns:
        The iterates; a direction without curvature ends the iteration.

    """
    marks = jnp.asarray(_marks(most, spacing))
    residual = b - product(start)
    model = -0.5 * (start @ (residual + b))
    warm = model < 0
    x, residual, model = (
        jnp.where(warm, there, cold)
        for there, cold in ((start, jnp.zeros_like(b)), (residual, b), (model, jnp.zeros_like(model)))
    )
    z = residual / preconditioner

    def going(now: _Now) -> Bool[Array, ""]:
        i, back = now.done, jnp.maximum(LEAST_BACK, now.done // PART_BACK)
        model, earlier = now.history[i], now.history[jnp.maximum(i - back, 0)]
        slow = (i > back) & (model < 0) & (earlier - model < back.astype(b.dtype) * tolerance * -model)
        return (i < most) & ~now.flat & ~slow

    def body(now: _Now) -> _Now:
        along = product(now.p)
        curvature = now.p @ along
        flat = ~((curvature > 0) & (now.agreement > 0))  # solved, or no way on; NaN too
        a = jnp.where(flat, 0, now.agreement / jnp.where(flat, 1, curvature))
        x, residual = now.x + a * now.p, now.residual - a * along
        z = residual / preconditioner
        agreement = residual @ z
        p = z + agreement / jnp.where(flat, 1, now.agreement) * now.p
        model = -0.5 * (x @ (residual + b))
        done = now.done + 1
        slot = jnp.where(now.done == marks[now.slot], now.slot + 1, now.slot)
        return _Now(
            x, residual, p, agreement, done, flat, now.history.at[done].set(model),
            now.kept.at[slot].set(x), now.models.at[slot].set(model), slot,
        )  # fmt: skip

    history = jnp.zeros(most + 1, b.dtype).at[0].set(model)
    kept, models = jnp.zeros((marks.size, b.size), b.dtype), jnp.zeros(marks.size, b.dtype)
    nothing = jnp.zeros((), jnp.int32)
    begin = _Now(
        x, residual, z, residual @ z, nothing, jnp.zeros((), bool), history,
        kept.at[0].set(x), models.at[0].set(model), nothing,
    )  # fmt: skip
    end = lax.while_loop(going, body, begin)
    return Iterates(end.kept, end.models, end.slot, end.done + 1)


class _Now(NamedTuple):
    """Where the iteration stands; `agreement` is r' z, `done` iterations, `history` q of all iterates."""

    x: Array
    residual: Array
    p: Array
    agreement: Array
    done: Array
    flat: Array
    history: Array
    kept: Array
    models: Array
    slot: Array


def _marks(most: int, spacing: float) -> np.ndarray:
    """Whole numbers from 1 to `most`, each about `spacing` times the one before, and `most`."""
    marks = [1]
    while marks[-1] < most:
        marks.append(min(most, max(marks[-1] + 1, math.ceil(marks[-1] * spacing))))
    return np.array(marks, np.int32)
