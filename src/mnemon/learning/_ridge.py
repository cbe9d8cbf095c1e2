"""The ridge readout: a linear regression of the targets on what the layers say, solved in closed form.

    [ W b ] = ( sum w r~ d' )' ( sum w r~ r~' + penalty I )^-1,    r~ = ( r, 1 ),   the bias is not punished

It trains reservoirs (H. Jaeger, "The echo state approach", GMD report 148, 2001), and gives any network's readout its
best squared error. M. Lukosevicius and H. Jaeger, Computer Science Review 3(3):127-149, 2009,
doi:10.1016/j.cosrev.2009.03.005, recommend the regularised form. Classes are regressed as vectors of 0 and 1.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ..errors import InvalidInput
from ..layers import Network
from ._examples import Bucket
from ._hosted import Hosted
from .losses import BinaryCrossEntropy, CrossEntropy, Loss

# Answers are logits in units of this, so that a regression near 1 of 0 and 1 is a sure class.
SURENESS = 10.0


class Ridge(Hosted):
    """Ridge regression of the readout's weights; everything below the readout stays as it is.

    Args:
        penalty: strength of the penalty, in units of the mean square of what the readout sees; not negative.

    Raises:
        InvalidInput: a negative penalty; (by `solve`) a readout that squashes, or has no weights.

    """

    penalty: float = eqx.field(static=True, default=1e-4)

    def __check_init__(self) -> None:
        if not 0 <= self.penalty < float("inf"):
            raise InvalidInput(f"Ridge(penalty={self.penalty!r}): expected a number of at least 0")

    def solve(self, network: Network, buckets: tuple[Bucket, ...], loss: Loss, seed: int) -> Network:
        """See `Hosted`; float64 inside, whatever the network's precision."""
        readout = network.readout
        if not readout.weighs:
            raise InvalidInput(
                f"Ridge: the readout, {type(readout).__name__}, hands on what the layers say and has no weights to "
                "solve for; give the network a Readout"
            )
        if not readout.answers_linearly:
            raise InvalidInput("Ridge: the readout squashes its answers; it needs squashing='identity'")
        square = cross = None
        for bucket in buckets:
            seen, shares = (np.asarray(part, np.float64) for part in _seen(network, bucket))
            wanted, asked = _wanted(bucket, loss, network.output_size, seen.shape[:-1])
            shares = np.where(asked, shares, 0.0)
            ones = np.ones((*seen.shape[:-1], 1))
            rows = np.concatenate([seen, ones] if readout.bias is not None else [seen], axis=-1)
            weighted = rows * shares[..., None]
            flat, flat_weighted = rows.reshape(-1, rows.shape[-1]), weighted.reshape(-1, rows.shape[-1])
            part = (
                flat_weighted.T @ flat,
                flat_weighted.T @ np.where(asked[..., None], wanted, 0.0).reshape(len(flat), -1),
            )
            square, cross = part if square is None or cross is None else (square + part[0], cross + part[1])
        assert square is not None  # there is at least one bucket
        assert cross is not None
        sources = readout.weights.shape[1]
        punished = np.zeros(len(square))
        punished[:sources] = self.penalty * np.trace(square[:sources, :sources]) / max(sources, 1)
        solution = np.linalg.lstsq(square + np.diag(punished), cross, rcond=None)[0].T
        dtype = readout.weights.dtype
        network = eqx.tree_at(lambda n: n.readout.weights, network, jax.device_put(solution[:, :sources].astype(dtype)))
        if readout.bias is not None:
            network = eqx.tree_at(lambda n: n.readout.bias, network, jax.device_put(solution[:, sources].astype(dtype)))
        return network


@eqx.filter_jit
def _seen(network: Network, bucket: Bucket) -> tuple[Array, Array]:
    """What the readout sees, and what each place counts: (rows, [time,] sources) and (rows, [time])."""
    answer = network.seen(bucket.xs, bucket.lengths)
    if answer.marks is None:
        return answer.values, bucket.weights
    marks = answer.marks.astype(bucket.weights.dtype)
    shares = marks / marks.sum(axis=-1, keepdims=True) * bucket.weights[:, None]
    # what stands behind an end is no number to rely on
    return jnp.where(answer.marks[..., None], answer.values, jnp.zeros_like(answer.values)), shares


def _wanted(bucket: Bucket, loss: Loss, outputs: int, places: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Targets (*places, outputs), and where there are any."""
    targets = np.asarray(bucket.targets)
    if isinstance(loss, CrossEntropy):
        known = targets >= 0
        vectors = (np.eye(outputs)[np.maximum(targets, 0)] - 1 / outputs) * SURENESS
    else:
        known = np.asarray(~np.isnan(targets).any(axis=-1))
        vectors = (targets - 0.5) * SURENESS if isinstance(loss, BinaryCrossEntropy) else targets
    if len(places) > known.ndim:  # one target a sequence, asked for at each place
        known, vectors = np.broadcast_to(known[:, None], places), np.broadcast_to(vectors[:, None], (*places, outputs))
    return vectors, known
