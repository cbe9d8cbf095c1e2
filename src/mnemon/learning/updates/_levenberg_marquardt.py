"""The method of Levenberg and Marquardt: Gauss and Newton's step, damped until it helps.

    ( J' C J + mu I ) step = - J' e         e, C: slope and curvature of the loss by the answers; J = dz/dw
    loss(w + step) < loss(w):   take it, mu <- mu * decrease
    otherwise:                  mu <- mu * increase, and try again

K. Levenberg, Quarterly of Applied Mathematics 2(2):164-168, 1944, doi:10.1090/qam/10666; D. Marquardt, J. SIAM
11(2):431-441, 1963, doi:10.1137/0111030; networks: M. Hagan and M. Menhaj, IEEE Trans. Neural Networks 5(6):989-993,
1994, doi:10.1109/72.329697. For squared errors C is the identity and the step theirs; for other losses it is the
generalised form of N. Schraudolph, Neural Computation 14(7):1723-1738, 2002, doi:10.1162/08997660260028683. The matrix
is taken apart into eigenvalues once, which serves for every mu that is tried.
"""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from ...cells import split
from ...errors import InvalidInput
from ...layers import Answer, Network
from ._annealed import Annealed, Number, check_numbers, spread
from ._update import Update

# Weights of the largest network, as for a Kalman filter.
MOST = 3000
# Jacobians of all sequences at once may take so many bytes; longer chunks go sequence by sequence.
BYTES = 1 << 27
# Damping never goes beyond this times the largest curvature; from 0 it starts at the least.
LEAST, LARGEST = 1e-8, 1e8


class LevenbergMarquardt(Update):
    """Damped Gauss-Newton steps, for small networks and the whole training set: `Learner(BPTT(), ..., Batch())`.

    For rules that give Jacobians, under any loss that is convex in the answers. `train(buckets=1)` keeps sequences of
    unequal length in one batch; several buckets make minibatches. It trains without dropout. Where no damping helps
    within `tries`, weights stay, and the next update goes on with the damping reached.

    Args:
        damping: mu at the start, at least 0, or one a network; 0 is Gauss and Newton's step, by the pseudo-inverse.
        increase, decrease: factors of mu after a failure, above 1, and a success, in (0, 1].
        tries: most dampings tried in one update, at least 1.

    Raises:
        InvalidInput: numbers that make no sense; (in training) more than 3,000 weights.

    Example:
        >>> from mnemon.learning import BPTT, Batch, Learner, LevenbergMarquardt
        >>> learner = Learner(BPTT(), LevenbergMarquardt(damping=0.01), Batch())

    """

    needs: ClassVar[frozenset[str]] = frozenset({"jacobian"})

    damping: Number = 1e-3
    increase: float = eqx.field(static=True, default=10.0)
    decrease: float = eqx.field(static=True, default=0.1)
    tries: int = eqx.field(static=True, default=10)

    def __check_init__(self) -> None:
        if isinstance(self.damping, Annealed):
            raise InvalidInput("LevenbergMarquardt adapts its damping itself; give the number at the start")
        check_numbers("LevenbergMarquardt", "damping", self.damping, positive=False)
        if not 1 < self.increase < np.inf or not 0 < self.decrease <= 1:
            raise InvalidInput(
                f"LevenbergMarquardt: increase={self.increase!r}, decrease={self.decrease!r}; expected a number above "
                "1 and one in (0, 1]"
            )
        if self.tries < 1:
            raise InvalidInput(f"LevenbergMarquardt: tries={self.tries}; expected at least 1")

    @property
    def evaluations(self) -> int:
        """The Jacobian, and at most so many trials."""
        return 1 + self.tries

    def for_members(self, members: int, dtype: Any) -> "LevenbergMarquardt":
        """The damping as an array (members,)."""
        own = spread("LevenbergMarquardt", self.damping, members, dtype)
        return LevenbergMarquardt(own, self.increase, self.decrease, self.tries)

    def init(self, network: Network) -> Float[Array, ""]:
        """The damping.

        Raises:
            InvalidInput: too many weights.

        """
        if network.weight_count() > MOST:
            raise InvalidInput(
                f"LevenbergMarquardt solves for all weights at once, of {MOST:,} at most; this network has "
                f"{network.weight_count():,}. Take a smaller one, or an optimiser that follows the gradient"
            )
        return jnp.asarray(self.damping).astype(network.dtype)

    def learn(
        self, memory: Float[Array, ""], network: Network, gradient: Any, carry: Any, loss: Any, chunk: Any
    ) -> tuple[Float[Array, ""], Network, Any, Float[Array, ""]]:
        """See `Update`."""
        chunk = chunk._replace(key=None)
        moving, rest = split(network)
        flat, unravel = ravel_pytree(moving)

        def cost(flat: Array) -> Float[Array, ""]:
            answer = eqx.combine(unravel(flat), rest)(chunk.xs, chunk.lengths)
            return (loss(answer, chunk.targets) * chunk.weights).sum()

        carry, slope, curvature = _model(network, gradient, carry, loss, chunk)
        before = cost(flat)
        sizes, ways = jnp.linalg.eigh(curvature)
        along, largest = ways.T @ slope, jnp.maximum(sizes[-1], jnp.finfo(flat.dtype).tiny)
        least = jnp.finfo(flat.dtype).eps * flat.size * largest  # what is no more than rounding is no curvature

        def attempt(now: tuple[Array, ...]) -> tuple[Array, ...]:
            tried, mu, _, _ = now
            damped = sizes + mu
            step = ways @ jnp.where(damped > least, along / jnp.maximum(damped, least), jnp.zeros_like(along))
            better = cost(flat - step) < before
            raised = jnp.clip(mu * self.increase, LEAST * largest, LARGEST * largest)
            return (
                tried + 1,
                jnp.where(better, mu * self.decrease, raised),
                better,
                jnp.where(better, flat - step, flat),
            )

        def go_on(now: tuple[Array, ...]) -> Array:
            return (now[0] < self.tries) & ~now[2]

        begin = (jnp.zeros((), jnp.int32), memory, jnp.zeros((), bool), flat)
        _, memory, _, flat = lax.while_loop(go_on, attempt, begin)
        return memory, eqx.combine(unravel(flat), rest), carry, before


def _model(network: Network, gradient: Any, carry: Any, loss: Any, chunk: Any) -> tuple[Any, Array, Array]:
    """The slope of the loss of a chunk, J' e, and its curvature without that of the network, J' C J."""
    rows, weights = chunk.weights.shape[0], network.weight_count()
    time = 1 if network.readout.at not in ("steps", "segments") else jax.tree.leaves(chunk.xs)[0].shape[1]
    dtype = network.dtype
    if rows == 1 or rows * time * network.output_size * weights * dtype.itemsize <= BYTES:
        return _model_of(network, gradient, carry, loss, chunk)

    def one(sums: tuple[Any, Array, Array], part: Any) -> tuple[tuple[Any, Array, Array], None]:
        carry, slope, curvature = sums
        carry, *more = _model_of(network, gradient, carry, loss, jax.tree.map(lambda leaf: leaf[None], part))
        return (carry, slope + more[0], curvature + more[1]), None

    return lax.scan(one, (carry, jnp.zeros(weights, dtype), jnp.zeros((weights, weights), dtype)), chunk)[0]


def _model_of(network: Network, gradient: Any, carry: Any, loss: Any, chunk: Any) -> tuple[Any, Array, Array]:
    carry, answer, jacobian = gradient.jacobian(carry, network, chunk)

    def cost(values: Array) -> Float[Array, ""]:
        return (loss(Answer(values, answer.marks), chunk.targets) * chunk.weights).sum()

    errors = jax.grad(cost)(answer.values)
    # The loss adds up over answers: one product with a unit vector gives a column of the curvature of each of them.
    ways = jnp.eye(network.output_size, dtype=errors.dtype)
    columns = [jax.jvp(jax.grad(cost), (answer.values,), (jnp.broadcast_to(way, errors.shape),))[1] for way in ways]
    curved = jnp.einsum("...op,...pw->...ow", jnp.stack(columns, axis=-1), jacobian)
    flat, flat_curved = (part.reshape(-1, part.shape[-1]) for part in (jacobian, curved))
    with jax.default_matmul_precision("highest"):
        return carry, errors.reshape(-1) @ flat, flat.T @ flat_curved
