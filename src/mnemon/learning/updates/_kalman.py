"""The extended Kalman filter as a learning rule: the weights are the state, every answer is a measurement of them.

    S = H P H' + R = L L'                 H = dy/dw, a row for each output
    V = P H' L'^-1                        so that the gain is K = P H' S^-1 = V L^-1
    w <- w + V L^-1 (d - y)               d: what the answer should be
    P <- P - V V' + Q                     equal to P - K H P + Q

S. Singhal and L. Wu, "Training multilayer perceptrons with the extended Kalman algorithm", NIPS 1, 133-140, 1989;
recurrent networks: G. Puskorius and L. Feldkamp, IEEE Trans. Neural Networks 5(2):279-297, 1994,
doi:10.1109/72.279191. P, the uncertainty of the weights, plays the part of an inverse curvature, so that few sequences
suffice where a gradient needs many. It is O(W^2) numbers for W weights, and as many operations for each answer.

What is taken from P is a square, and P is made symmetric after it. The form of Joseph, multiplied out with the few rows
of H, costs twice as much and lost positive eigenvalues earlier in trials; a square root of P would keep them all, but
needs O(W^3) to take up Q. P has the precision of the network: in float32 it stays positive while P |H|^2 / R is well
below 10^6, in float64 without such a care. Where it does not, training ends as non-finite.
"""

import dataclasses
from typing import Any, ClassVar, NamedTuple, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int

from ...cells import split
from ...errors import InvalidInput
from ...layers import Answer, Network
from ._annealed import Annealed, Number, at_update, check_numbers, spread
from ._observed import observe, whole_shares
from ._update import Update

# The most numbers of a covariance, those of 3,000 weights: 36 MB a network in float32, 72 MB in float64.
MOST = 3000**2


class KalmanMemory(NamedTuple):
    """What a Kalman filter remembers.

    Attributes:
        covariance: (groups, size, size), P, a block for each group of weights; zeros where a group is smaller.
        updates: how many there were.

    """

    covariance: Float[Array, "groups size size"]
    updates: Int[Array, ""]


class KalmanFilter(Update):
    """The extended Kalman filter over all weights together ("global").

    For rules that give Jacobians. At the moments `Sequence` and `Batch` all answers of a chunk are one measurement, by
    derivatives at the weights before it (L. Feldkamp and G. Puskorius call it multi-stream training); answers whose
    noise is independent may then be taken in one after another, which is the same and needs no large inverse. At the
    moment `Step` there is an update after each step, by the derivatives that a rule carries forward. Every answer that
    is asked for counts alike, however many its sequence has; weights of sequences and of classes divide R.

    Under `SquaredError` y is the answer. Under `CrossEntropy` and `BinaryCrossEntropy` y are the probabilities, and d
    is 1 for what holds and 0 for the others. A step without a target changes nothing.

    Args:
        uncertainty: P(0) = uncertainty I.
        measurement_noise: R = measurement_noise I, a positive number or `Annealed`; smaller learns faster.
        process_noise: Q = process_noise I, a number of at least 0 or `Annealed`; keeps the filter from falling asleep.
            It is added once an update.

        Each may be one number a network of the population.

    Raises:
        InvalidInput: numbers that make no sense; (in training) more than 3,000 weights, or a loss of another kind.

    Example:
        >>> from mnemon.learning import BPTT, Annealed, KalmanFilter, Learner, Sequence
        >>> update = KalmanFilter(measurement_noise=Annealed(100.0, 1.0, 500), process_noise=1e-4)
        >>> learner = Learner(BPTT(), update, Sequence())

    """

    needs: ClassVar[frozenset[str]] = frozenset({"jacobian"})

    uncertainty: Number = 100.0
    measurement_noise: Number | Annealed = Annealed(100.0, 1.0, 1000)
    process_noise: Number | Annealed = Annealed(1e-2, 1e-6, 1000)

    def __check_init__(self) -> None:
        if isinstance(self.uncertainty, Annealed):
            raise InvalidInput(f"{type(self).__name__}: uncertainty is that of the start; give a number")
        check_numbers(type(self).__name__, "uncertainty", self.uncertainty, positive=True)
        check_numbers(type(self).__name__, "measurement_noise", self.measurement_noise, positive=True)
        check_numbers(type(self).__name__, "process_noise", self.process_noise, positive=False)

    def for_members(self, members: int, dtype: Any) -> Self:
        """Each number as an array (members,); see `spread`."""
        names = ("uncertainty", "measurement_noise", "process_noise")
        own = {name: spread(type(self).__name__, getattr(self, name), members, dtype) for name in names}
        return dataclasses.replace(self, **own)

    def _places(self, network: Network) -> np.ndarray:
        """Which weights stand together, (groups, size), -1 where a group is smaller: here all of them."""
        return np.arange(network.weight_count())[None]

    def init(self, network: Network) -> KalmanMemory:
        """P(0).

        Raises:
            InvalidInput: too many weights.

        """
        weights = network.weight_count()
        index = self._places(network)
        count, size = index.shape
        if count * size**2 > MOST:
            raise InvalidInput(
                f"{type(self).__name__} keeps a covariance of {count} x {size} x {size} numbers for this network of "
                f"{weights:,} weights, and at most {MOST:,} are allowed; take a smaller network, "
                "DecoupledKalmanFilter() with smaller groups, or an optimiser that follows the gradient"
            )
        dtype = network.dtype
        start = jnp.asarray(self.uncertainty).astype(dtype) * _identity(index, dtype)
        return KalmanMemory(start, jnp.zeros((), jnp.int32))

    def learn(
        self, memory: KalmanMemory, network: Network, gradient: Any, carry: Any, loss: Any, chunk: Any
    ) -> tuple[KalmanMemory, Network, Any, Float[Array, ""]]:
        """See `Update`."""
        carry, answer, jacobian = gradient.jacobian(carry, network, chunk)
        value = (loss(answer, chunk.targets) * chunk.weights).sum()
        shares = whole_shares(chunk.weights)
        return *self.absorb(memory, network, answer, jacobian, chunk.targets, loss, shares), carry, value

    def absorb(
        self,
        memory: KalmanMemory,
        network: Network,
        answer: Answer,
        jacobian: Array,
        targets: Array,
        loss: Any,
        shares: Float[Array, " batch"],
    ) -> tuple[KalmanMemory, Network]:
        """See `Update`."""
        moving, rest = split(network)
        flat, unravel = ravel_pytree(moving)
        index = self._places(network)
        seen = observe(type(self).__name__, loss, answer, jacobian, targets, shares)
        noise = at_update(self.measurement_noise, memory.updates, flat.dtype)

        def take(now: tuple[Array, Array], one: tuple[Array, ...]) -> tuple[tuple[Array, Array], None]:
            covariance, moved = now
            errors, rows, asked, share = one
            blocks = _gathered(rows, index)
            # The answer as the weights would give it by now, as far as the derivatives tell.
            left = errors - jnp.einsum("goi,gi->o", blocks, moved)
            covariance, step = correct(covariance, blocks, left, noise / jnp.where(asked, share, jnp.ones_like(share)))
            return (covariance, moved + step), None

        start = memory.covariance, jnp.zeros(index.shape, flat.dtype)
        everything = (seen.errors, seen.rows, seen.asked, seen.shares)
        if seen.errors.shape[0] == 1:
            (covariance, moved), _ = take(start, tuple(part[0] for part in everything))
        else:
            (covariance, moved), _ = lax.scan(take, start, everything)
        some = seen.asked.any()
        drift = jnp.where(some, at_update(self.process_noise, memory.updates, flat.dtype), jnp.zeros((), flat.dtype))
        covariance = covariance + drift * _identity(index, flat.dtype)
        flat = flat + jnp.zeros(flat.size + 1, flat.dtype).at[index].add(moved)[:-1]
        updates = memory.updates + some.astype(memory.updates.dtype)
        return KalmanMemory(covariance, updates), eqx.combine(unravel(flat), rest)


def correct(
    covariance: Float[Array, "groups size size"],
    rows: Float[Array, "groups outputs size"],
    errors: Float[Array, " outputs"],
    noise: Float[Array, ""],
) -> tuple[Float[Array, "groups size size"], Float[Array, "groups size"]]:
    """One measurement: the new covariance, and how the weights move. For each group the others are noise.

    Args:
        covariance: P, in blocks.
        rows: H, in blocks. Where all are 0 nothing changes.
        errors: d - y.
        noise: R, the same for all outputs.

    """
    groups, outputs, size = rows.shape
    with jax.default_matmul_precision("highest"):
        reached = covariance @ rows.mT
        total = (rows @ reached).sum(axis=0) + noise * jnp.eye(outputs, dtype=errors.dtype)
        both = jnp.concatenate([reached.reshape(groups * size, outputs).T, errors[:, None]], axis=1)
        if outputs == 1:
            both = both / jnp.sqrt(total)
        else:
            both = jax.scipy.linalg.solve_triangular(jnp.linalg.cholesky(total), both, lower=True)
        root, scaled = both[:, :-1].T.reshape(groups, size, outputs), both[:, -1]
        left = covariance - root @ root.mT
        return (left + left.mT) / 2, root @ scaled


def _identity(index: np.ndarray, dtype: Any) -> Array:
    """Ones on the diagonals of blocks, where a weight stands."""
    return jnp.asarray((index >= 0)[:, :, None] * np.eye(index.shape[1]), dtype)


def _gathered(rows: Float[Array, "outputs weights"], index: np.ndarray) -> Float[Array, "groups outputs size"]:
    """Rows in blocks; 0 where no weight stands."""
    if len(index) == 1 and np.array_equal(index[0], np.arange(rows.shape[1])):
        return rows[None]
    padded = jnp.concatenate([rows, jnp.zeros((rows.shape[0], 1), rows.dtype)], axis=1)
    return jnp.swapaxes(padded[:, index], 0, 1)
