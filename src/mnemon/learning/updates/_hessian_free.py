"""Hessian-free optimisation: J. Martens and I. Sutskever, "Learning recurrent neural networks with Hessian-free
optimization", ICML 2011, after J. Martens, "Deep learning via Hessian-free optimization", ICML 2010.

    q(d) = g' d + 1/2 d' B d,      B = G + lambda mu S + lambda I,      w <- w + a d

g is the gradient, G the Gauss-Newton matrix and S that of structural damping (`_curvature.py`): where a change of the
weights would change what the units say, it is held back, so that the model can be trusted along all other ways. One
update:

1. Conjugate gradients on q (`_conjugate_gradient.py`), from `decay` times where they ended last time.
2. Back-tracking: from the last iterate that was kept to earlier ones, as long as the loss is lower there.
3. Damping by the reduction ratio rho = (loss(w + d) - loss(w)) / q(d):
   lambda <- lambda * drift where rho < 1/4,    lambda / drift where rho > 3/4, or where q(d) is less than rounding
4. Line search: a = 1, 0.8, 0.8^2 ... until loss(w + a d) <= loss(w) + 0.01 a g' d; where none does, w stays.

The diagonal preconditioner is ( mean of squared gradients of single sequences + lambda )^0.75.
"""

import math
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int

from ...cells import split, trainable
from ...errors import InvalidInput, suggest
from ...layers import Network
from ._annealed import Number, check_numbers, spread
from ._conjugate_gradient import Iterates, conjugate_gradients
from ._curvature import DISTANCES, Distance, gauss_newton, some_sequences, squared_slopes
from ._update import Update

# The ratio of reductions between which damping stays, the powers of the preconditioner and of the line search.
LOW, HIGH, POWER = 0.25, 0.75, 0.75
SHORTER, TRIALS, ENOUGH = 0.8, 60, 0.01
SPACING = 1.3
# Losses differ by chance in so many last places.
ROUNDING = 8


class HessianFreeMemory(NamedTuple):
    """What is remembered between updates.

    Attributes:
        direction: (weights,), where conjugate gradients ended.
        damping: lambda.
        ratio: rho of the last update.
        products: how many products with the curvature all updates have taken so far.

    """

    direction: Float[Array, " weights"]
    damping: Float[Array, ""]
    ratio: Float[Array, ""]
    products: Int[Array, ""]


class HessianFree(Update):
    """Truncated-Newton steps by conjugate gradients, for large batches: `Learner(BPTT(), HessianFree(), Batch(1000))`.

    For losses that are convex in the answers. The loss of a batch never rises by its own update; nor does a weight
    change by more than 1 + the largest weight, divided by the root of rounding (times 3,000 in float32). Dropout, where
    a network has it, is the same throughout an update. On tasks of long lags it gets further in float64: what a step
    brings soon becomes less than float32 can show.

    Args:
        damping: lambda at the start, at least 0, or one a network; 0 stays 0.
        structural: mu, at least 0; 0 leaves structural damping out. The distances of all units are summed over units
            and steps and averaged over sequences.
        distance: of units, as structural damping measures it: "tanh" and "logistic" (cross-entropies, for units within
            these ranges) or "squared".
        curvature: how much of a batch the curvature is taken from: a share up to 1, or a whole number of sequences,
            drawn anew for each update.
        iterations: most iterations of conjugate gradients in one update.
        tolerance: progress, relative to all so far and per iteration, that is too little to go on.
        decay: of the direction from which conjugate gradients start, in [0, 1].
        drift: the factor by which lambda changes, above 1.
        preconditioned: whether to use the diagonal preconditioner; it takes a gradient of each single sequence.

    Raises:
        InvalidInput: numbers that make no sense; (in training) the moment `Step()`.

    Example:
        >>> from mnemon.learning import BPTT, Batch, HessianFree, Learner
        >>> learner = Learner(BPTT(), HessianFree(damping=0.1, structural=0.03, curvature=0.2), Batch())

    """

    needs: ClassVar[frozenset[str]] = frozenset({"gradient"})

    damping: Number = 0.1
    structural: float = eqx.field(static=True, default=0.03)
    distance: Distance = eqx.field(static=True, default="tanh")
    curvature: float | int = eqx.field(static=True, default=1.0)
    iterations: int = eqx.field(static=True, default=250)
    tolerance: float = eqx.field(static=True, default=0.0005)
    decay: float = eqx.field(static=True, default=0.95)
    drift: float = eqx.field(static=True, default=1.5)
    preconditioned: bool = eqx.field(static=True, default=False)

    def __check_init__(self) -> None:
        check_numbers("HessianFree", "damping", self.damping, positive=False)
        if self.distance not in DISTANCES:
            raise InvalidInput(f"HessianFree(distance={self.distance!r}): {suggest(str(self.distance), DISTANCES)}")
        whole = isinstance(self.curvature, int | np.integer)
        wrong = [
            f"{name}={value!r}, expected {wanted}"
            for name, value, right, wanted in (
                ("structural", self.structural, 0 <= self.structural < math.inf, "at least 0"),
                (
                    "curvature",
                    self.curvature,
                    self.curvature >= 1 if whole else 0 < self.curvature <= 1,
                    "a share in (0, 1] or a whole number of sequences",
                ),
                ("iterations", self.iterations, self.iterations >= 1, "at least 1"),
                ("tolerance", self.tolerance, 0 <= self.tolerance < math.inf, "at least 0"),
                ("decay", self.decay, 0 <= self.decay <= 1, "a number in [0, 1]"),
                ("drift", self.drift, 1 < self.drift < math.inf, "above 1"),
            )
            if not right
        ]
        if wrong:
            raise InvalidInput(f"HessianFree: {'; '.join(wrong)}")

    @property
    def evaluations(self) -> int:
        """At most: the gradient, products with the curvature, trials of iterates and of the line search."""
        return 3 + self.iterations + round(math.log(self.iterations, SPACING)) + TRIALS

    def for_members(self, members: int, dtype: Any) -> "HessianFree":
        """The damping as an array (members,)."""
        return eqx.tree_at(lambda u: u.damping, self, spread("HessianFree", self.damping, members, dtype))

    def init(self, network: Network) -> HessianFreeMemory:
        """No direction, and the damping."""
        flat, _ = ravel_pytree(trainable(network))
        damping = jnp.asarray(self.damping).astype(flat.dtype)
        return HessianFreeMemory(jnp.zeros_like(flat), damping, jnp.zeros((), flat.dtype), jnp.zeros((), jnp.int32))

    def step(self, memory: Any, network: Network, gradient: Any) -> tuple[Any, Network]:
        """No gradient is enough.

        Raises:
            InvalidInput: always.

        """
        raise InvalidInput(
            "HessianFree looks at whole sequences, of which it takes many; give its learner the moment Batch() instead "
            "of Step()"
        )

    def learn(
        self, memory: HessianFreeMemory, network: Network, gradient: Any, carry: Any, loss: Any, chunk: Any
    ) -> tuple[HessianFreeMemory, Network, Any, Float[Array, ""]]:
        """See `Update`."""
        carry, value, slope = gradient.step(carry, network, loss, chunk)
        moving, rest = split(network)
        flat, unravel = ravel_pytree(moving)
        g, _ = ravel_pytree(trainable(slope))

        def cost(step: Float[Array, " weights"]) -> Float[Array, ""]:
            answer = eqx.combine(unravel(flat + step), rest)(chunk.xs, chunk.lengths, key=chunk.key)
            total = (loss(answer, chunk.targets) * chunk.weights).sum()
            return jnp.where(jnp.isnan(total), jnp.inf, total)

        before = cost(jnp.zeros_like(flat))
        found = self._directions(memory, network, loss, chunk, g)
        place, after = _back(cost, found)
        direction, model = found.kept[place], found.models[place]
        ratio = (after - before) / jnp.where(model < 0, model, -jnp.finfo(model.dtype).tiny)
        eps = jnp.finfo(model.dtype).eps
        # A step of which no more is foretold than rounding shows is too timid, unless the loss rises.
        timid = (-model <= ROUNDING * eps * jnp.abs(before)) & (after <= before)
        change = jnp.where(timid | (ratio > HIGH), 1 / self.drift, jnp.where(ratio >= LOW, 1, self.drift))
        damping = jnp.maximum(memory.damping * change, eps * jnp.asarray(self.damping).astype(eps.dtype))
        # Of weights much larger than this one sees rounding, not what they answer: their loss is no promise.
        most = (1 + jnp.abs(flat).max()) / jnp.sqrt(eps) / jnp.abs(direction).max()
        length = _length(cost, direction, before, after, g @ direction, most)
        moved = jnp.where(length > 0, flat + length * direction, flat)
        ended = found.kept[found.last]
        memory = HessianFreeMemory(
            jnp.where(jnp.isfinite(ended).all(), ended, jnp.zeros_like(ended)),
            damping,
            ratio,
            memory.products + found.products,
        )
        return memory, eqx.combine(unravel(moved), rest), carry, value

    def _directions(
        self, memory: HessianFreeMemory, network: Network, loss: Any, chunk: Any, g: Float[Array, " weights"]
    ) -> Iterates:
        """Conjugate gradients on the damped model."""
        batch = chunk.weights.size
        whole = isinstance(self.curvature, int | np.integer)
        count = min(self.curvature, batch) if whole else max(1, round(self.curvature * batch))
        some = some_sequences(chunk, int(count))
        mu = memory.damping * self.structural if self.structural else None
        curve = gauss_newton(network, loss, some, structural=mu, distance=self.distance)
        scale = jnp.ones_like(g)
        if self.preconditioned:
            scale = (squared_slopes(network, loss, some) + memory.damping) ** POWER
            scale = jnp.maximum(scale, jnp.finfo(g.dtype).eps * scale.max())  # where nothing damps it
            scale = jnp.where(scale > 0, scale, 1)
        return conjugate_gradients(
            lambda v: curve(v) + memory.damping * v,
            -g,
            self.decay * memory.direction,
            scale,
            most=self.iterations,
            tolerance=self.tolerance,
            spacing=SPACING,
        )


def _back(cost: Any, found: Iterates) -> tuple[Int[Array, ""], Float[Array, ""]]:
    """The iterate before which the loss is not lower, from the last one back, and the loss there."""

    def going(now: tuple[Array, Array, Array]) -> Array:
        place, here, earlier = now
        return (place > 0) & (earlier < here)

    def body(now: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        place, _, earlier = now
        return place - 1, earlier, cost(found.kept[jnp.maximum(place - 2, 0)])

    begin = (found.last, cost(found.kept[found.last]), cost(found.kept[jnp.maximum(found.last - 1, 0)]))
    place, here, _ = lax.while_loop(going, body, begin)
    return place, here


def _length(
    cost: Any, direction: Float[Array, " weights"], before: Array, after: Array, slope: Array, most: Array
) -> Float[Array, ""]:
    """How far to go: 1, or so much less, and at most `most`, that the loss falls enough; 0 where it never does."""

    def falls(length: Array, there: Array) -> Array:
        return (length <= most) & (there <= before + jnp.minimum(ENOUGH * length * slope, 0))

    def going(now: tuple[Array, Array, Array]) -> Array:
        tried, length, there = now
        return (tried < TRIALS) & ~falls(length, there)

    def body(now: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        tried, length, _ = now
        return tried + 1, SHORTER * length, cost(SHORTER * length * direction)

    begin = (jnp.zeros((), jnp.int32), jnp.ones_like(before), after)
    _, length, there = lax.while_loop(going, body, begin)
    return jnp.where(falls(length, there), length, jnp.zeros_like(length))
