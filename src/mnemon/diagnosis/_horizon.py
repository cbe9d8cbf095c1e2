"""How far back an input still changes the answer: not by slopes, but by putting another input in its place.

At each of some lags the input of every sequence is exchanged for one of another sequence of the batch, drawn with a
fixed seed; the answer's change is told in units of how much answers differ between sequences:

    change(k) = rms over sequences of |y - y'(k)|  /  rms over sequences of |y - mean y|
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int, PyTree

from ..layers import Network, Steps
from ._errors import at_own_end
from ._flow import SHARE
from ._watching import values_of

POINTS = 24  # lags that are tried


class Horizon(NamedTuple):
    """What exchanged inputs change.

    Attributes:
        lags: (lags,), how many steps before the end an input was exchanged.
        change: (lags,), how much the answer changed; NaN where no sequence had another input to exchange.
        steps: the largest lag whose change is at least a hundredth of the largest; None where nothing changes.
        spread: how much answers differ between sequences, rms; 0 for one sequence, whose `change` is then absolute.

    """

    lags: np.ndarray
    change: np.ndarray
    steps: int | None
    spread: float


def horizon(network: Network, xs: PyTree[Array], lengths: Int[Array, " batch"] | None, *, seed: int = 0) -> Horizon:
    """Exchange inputs (batch, time, features) one lag at a time; lags are at most the longest sequence's."""
    values = np.asarray(values_of(xs))
    batch, time = values.shape[:2]
    steps = np.full(batch, time) if lengths is None else np.asarray(lengths)
    lags = lags_to_try(int(steps.max()))
    random = np.random.default_rng(seed)
    others = np.stack([_others(values, steps, random) for _ in lags])
    places = steps[None] - 1 - lags[:, None]
    changed, answers = _changes(network, xs, lengths, jnp.asarray(others), jnp.asarray(places))
    changed, answers = np.asarray(changed, np.float64), np.asarray(answers, np.float64)
    spread = float(np.sqrt(((answers - answers.mean(axis=0)) ** 2).sum(axis=1).mean()))
    here = values[np.arange(batch)[None], np.maximum(places, 0)]
    there = (places >= 0) & (others != here).any(axis=2)
    with np.errstate(invalid="ignore"):
        size = np.sqrt(np.where(there, changed**2, 0).sum(axis=1) / there.sum(axis=1))
    rounding = 100 * np.finfo(values.dtype).eps * np.abs(answers).max(initial=0.0)
    seen = np.where(size > rounding, size, np.where(np.isnan(size), np.nan, 0.0))
    top = np.nanmax(seen) if np.isfinite(seen).any() else 0.0
    far = None if not top > 0 else int(lags[np.flatnonzero(seen >= SHARE * top)[-1]])
    return Horizon(lags, seen / spread if spread > rounding else seen, far, spread if spread > rounding else 0.0)


def lags_to_try(longest: int) -> np.ndarray:
    """Some lags below `longest`: dense near the end, the largest among them."""
    if longest <= POINTS:
        return np.arange(longest)
    return np.unique(np.concatenate([np.arange(4), np.geomspace(4, longest - 1, POINTS - 4).round().astype(int)]))


def _others(values: np.ndarray, steps: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """For each sequence an input of another one, at a random step of it."""
    batch = len(values)
    rows = (np.arange(batch) + random.integers(1, max(batch, 2), batch)) % batch
    return values[rows, random.integers(0, steps[rows])]


@eqx.filter_jit
def _changes(
    network: Network, xs: Any, lengths: Any, others: Float[Array, "lags batch features"], places: Int[Array, "lags b"]
) -> tuple[Float[Array, "lags batch"], Float[Array, "batch outputs"]]:
    def answer(xs: Any) -> Array:
        return network.read(at_own_end(network, network.passage(xs, lengths)), xs).at_end()

    values, before = values_of(xs), answer(xs)

    def one(now: tuple[Array, Array]) -> Array:
        other, place = now
        here = jnp.arange(values.shape[1])[None] == place[:, None]
        moved = jnp.where(here[..., None], other[:, None].astype(values.dtype), values)
        after = answer(Steps(moved, xs.boundary) if isinstance(xs, Steps) else moved)
        return jnp.sqrt(jnp.square(after - before).sum(axis=-1))

    return lax.map(one, (others, places)), before
