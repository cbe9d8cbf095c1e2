"""Multinomial logistic regression on shares of classes.

    Q(W) = sum over rows t and classes k  c_tk log softmax(W x_t)_k  -  penalty / 2 |W|^2,

with counts c_tk >= 0 that need not sum to 1, is to be as large as it can. Q is concave. A step goes along Newton's
direction (iteratively reweighted least squares), or, where there are too many weights for that, along the direction of
the matrix that bounds the curvature everywhere (D. Boehning, "Multinomial logistic regression algorithm", Ann. Inst.
Statist. Math. 44:197-200, 1992, doi:10.1007/BF00048682); and is halved until Q does not fall.
"""

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

# With more weights than this, the curvature is bounded instead of computed.
MOST_WEIGHTS = 200
HALVINGS = 30
# Added to the curvature, in units of its mean diagonal: it is flat where a constant is added to all classes.
DAMPING = 1e-9


def soft_regression(
    weights: Float[Array, "classes sources"],
    rows: Float[Array, "rows sources"],
    counts: Float[Array, "rows classes"],
    steps: int,
    penalty: float,
) -> Float[Array, "classes sources"]:
    """The weights after so many steps up Q; it never falls."""
    totals = counts.sum(axis=1)

    def height(weights: Array) -> Float[Array, ""]:
        logs = jax.nn.log_softmax(rows @ weights.T, axis=1)
        return (counts * logs).sum() - 0.5 * penalty * jnp.square(weights).sum()

    def climb(_: Array, weights: Array) -> Array:
        chances = jax.nn.softmax(rows @ weights.T, axis=1)
        slope = (counts - totals[:, None] * chances).T @ rows - penalty * weights
        if weights.size <= MOST_WEIGHTS:
            direction = _solve(_curvature(rows, totals, chances), slope.reshape(-1), penalty).reshape(weights.shape)
        else:
            direction = _solve(0.5 * (rows * totals[:, None]).T @ rows, slope.T, penalty).T
        now = height(weights)

        def falls(tried: tuple[Array, Array]) -> Array:
            scale, count = tried
            # written so that a height that is not a number counts as a fall
            return ~(height(weights + scale * direction) >= now) & (count < HALVINGS)

        def halve(tried: tuple[Array, Array]) -> tuple[Array, Array]:
            return tried[0] / 2, tried[1] + 1

        scale, count = lax.while_loop(falls, halve, (jnp.ones_like(now), jnp.zeros((), jnp.int32)))
        return jnp.where(count < HALVINGS, weights + scale * direction, weights)

    return lax.fori_loop(0, steps, climb, weights)


def _curvature(rows: Array, totals: Array, chances: Array) -> Float[Array, "weights weights"]:
    """Minus the second derivatives of Q without its penalty."""
    classes, sources = chances.shape[1], rows.shape[1]
    own = jnp.einsum("tk,td,te->kde", totals[:, None] * chances, rows, rows)
    joint = (chances[:, :, None] * rows[:, None, :]).reshape(-1, classes * sources)
    diagonal = jnp.einsum("kde,kl->kdle", own, jnp.eye(classes, dtype=rows.dtype))
    return diagonal.reshape(classes * sources, -1) - (joint * totals[:, None]).T @ joint


def _solve(matrix: Array, slope: Array, penalty: float) -> Array:
    size = matrix.shape[0]
    damping = penalty + DAMPING * jnp.trace(matrix) / size + jnp.finfo(matrix.dtype).tiny ** 0.5
    return jnp.linalg.solve(matrix + damping * jnp.eye(size, dtype=matrix.dtype), slope)
