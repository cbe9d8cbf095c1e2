"""State Jacobians, and what their products make of an error.

    J(t) = ds(t)/ds(t-1),    P(k) = J(T) J(T-1) ... J(T-k+1) = ds(T)/ds(T-k)
    exponent = log sigma_1(P(k)) / k        for the largest lag k: below 0 errors fade, above 0 they grow

sigma_1 is the largest singular value; the exponent is the largest Lyapunov exponent of the driven network in the limit
of many steps (V. Oseledets, 1968). That |J(t)| < 1 is what latching a bit robustly asks for, and what makes its
gradient vanish: Y. Bengio, P. Simard and P. Frasconi, IEEE Trans. Neural Networks 5(2):157-166, 1994,
doi:10.1109/72.279181. The state is all inexact leaves of a cell's state in a row; what `finish` does is left out.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from ..cells import Cell, State, Wrapped, advance
from ..layers import flip, unfold
from ._flow import thinned
from ._watching import flat, unflat

ENTRIES = 1 << 23  # of all Jacobians of a layer together
LONGEST = 256  # lags
SEQUENCES = 3  # the longest of the batch
POINTS = 48  # lags at which singular values are taken


class Sloped(NamedTuple):
    """A cell's state, and the Jacobian of the step that led to it."""

    inner: State
    slope: Float[Array, "... entries entries"]


class Unfinished(Wrapped):
    """A cell that does nothing at a sequence's end, so that it can go on from there."""

    finish = Cell.finish


class Slopes(Unfinished):
    """A cell that says the Jacobian of each of its steps, row by row."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.output_size = flat(self.cell.initial_state()).size ** 2

    def initial_state(self) -> Sloped:
        """The cell's own, after no step."""
        start = self.cell.initial_state()
        entries = flat(start)
        return Sloped(start, jnp.zeros((entries.size, entries.size), entries.dtype))

    def step(self, state: Sloped, drive: Any) -> Sloped:
        """The cell's own, and its slope."""
        fixed = eqx.filter(state.inner, eqx.is_inexact_array, inverse=True)

        def moved(entries: Array) -> tuple[Array, State]:
            after = advance(self.cell, eqx.combine(unflat(state.inner, entries), fixed), drive)
            return flat(after), after

        slope, after = jax.jacfwd(moved, has_aux=True)(flat(state.inner))
        return Sloped(after, slope)

    def output(self, state: Sloped) -> Float[Array, " entries"]:
        """The slope."""
        return state.slope.reshape(-1)


class Products(NamedTuple):
    """Singular values by lag, and what single steps do.

    Attributes:
        lags: (lags,), from 1.
        log_singular: (lags, entries), natural logarithms of the singular values of P(lag), the largest first; mean
            over the sequences. What has become smaller than rounding beside the largest says nothing.
        exponent: log sigma_1 / lag at the largest lag; minus infinity where the product is 0.
        step_norm: the mean over steps of |J(t)|, its largest singular value.
        step_radius: the mean over steps of the largest absolute eigenvalue of J(t).
        mean_radius: the largest absolute eigenvalue of the mean of all J(t).

    """

    lags: np.ndarray
    log_singular: np.ndarray
    exponent: float
    step_norm: float
    step_radius: float
    mean_radius: float


def products(
    cell: Cell, xs: PyTree[Array], lengths: Int[Array, " batch"] | None, *, reverse: bool = False
) -> Products | None:
    """Products of a cell's Jacobians over the ends of the longest of these sequences (batch, time, ...).

    None for a cell whose state is too large for even one step's Jacobian.
    """
    slopes = jacobians(cell, xs, lengths, reverse=reverse)
    if slopes is None:
        return None
    entries = slopes.shape[-1]
    lags = 1 + thinned(slopes.shape[1], POINTS)
    logs = np.stack([_log_singular(one, lags) for one in slopes])
    with np.errstate(invalid="ignore"):
        mean = logs.mean(axis=0)
    every = slopes.reshape(-1, entries, entries)
    finite = every[np.isfinite(every).all(axis=(1, 2))]
    if not len(finite):
        return Products(lags, mean, float("nan"), float("nan"), float("nan"), float("nan"))
    radii = np.abs(np.linalg.eigvals(finite)).max(axis=1)
    return Products(
        lags,
        mean,
        float(mean[-1, 0] / lags[-1]),
        float(np.linalg.norm(finite, ord=2, axis=(1, 2)).mean()),
        float(radii.mean()),
        float(np.abs(np.linalg.eigvals(finite.mean(axis=0))).max()),
    )


def jacobians(
    cell: Cell, xs: PyTree[Array], lengths: Int[Array, " batch"] | None, *, reverse: bool = False
) -> np.ndarray | None:
    """(sequences, lags, entries, entries) J(T), J(T-1) ... of the longest sequences, the last step first."""
    entries = flat(cell.initial_state()).size
    batch, time = jax.tree.leaves(xs)[0].shape[:2]
    steps = np.full(batch, time) if lengths is None else np.asarray(lengths)
    most = ENTRIES // entries**2
    if not most:
        return None
    rows = np.sort(np.argsort(-steps, kind="stable")[: min(SEQUENCES, most)])
    count = int(min(LONGEST, steps[rows].min(), most // len(rows)))
    some = jax.tree.map(lambda leaf: leaf[rows], xs)
    said = _slopes(cell, some, jnp.asarray(steps[rows], int), count, reverse)
    return np.asarray(said, np.float64).reshape(len(rows), count, entries, entries)[:, ::-1]


@eqx.filter_jit
def _slopes(cell: Cell, xs: Any, lengths: Array, count: int, reverse: bool) -> Float[Array, "batch count squares"]:
    """The slopes of the last `count` steps; those before lead to the state that they start from."""
    xs = flip(xs, lengths) if reverse else xs
    _, before = unfold(Unfinished(cell), xs, lengths=lengths - count, engine="plain")
    steps = lengths[:, None] - count + jnp.arange(count)[None]

    def ending(leaf: Array) -> Array:
        return jnp.take_along_axis(leaf, steps.reshape(*steps.shape, *(1,) * (leaf.ndim - 2)), axis=1)

    ends = jax.tree.map(ending, xs)
    sloped = Slopes(cell)
    none = sloped.initial_state().slope
    start = Sloped(before, jnp.broadcast_to(none[None], (lengths.shape[0], *none.shape)))
    return unfold(sloped, ends, state=start, engine="plain")[0]


def _log_singular(slopes: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """Logarithms of the singular values of the products at `lags`; the product is kept at norm 1, its scale beside."""
    product, scale, found = np.eye(slopes.shape[-1]), 0.0, []
    wanted = set(lags.tolist())
    for lag, slope in enumerate(slopes, 1):
        product = product @ slope
        size = np.abs(product).max()
        if size > 0 and np.isfinite(size):
            product, scale = product / size, scale + np.log(size)
        if lag in wanted:
            if np.isfinite(product).all():
                with np.errstate(divide="ignore"):
                    found.append(np.log(np.linalg.svd(product, compute_uv=False)) + scale)
            else:
                found.append(np.full(len(product), np.nan))
    return np.stack(found)
