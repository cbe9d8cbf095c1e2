"""Random feedback local online learning: J. M. Murray, "Local online learning in recurrent networks with random
feedback", eLife 8:e43299, 2019, doi:10.7554/eLife.43299.

For leaky units h(t) = (1 - 1/tau) h(t-1) + (1/tau) phi(u(t)), u = W h(t-1) + W_in x(t), and outputs y = W_out h with
errors e = d - y, each weight has a trace p of its own, and learns from what fixed random weights B bring of the errors:

    p_ij(t)  = (1 - 1/tau) p_ij(t-1) + (1/tau) phi'(u_i(t)) h_j(t-1)         (of W_in: x_j(t) in place of h_j(t-1))
    dW_ij    = sum_t [B e(t)]_i p_ij(t)
    dW_out   = sum_t e(t) h(t)'

The gradient would have W_out' in place of B, and traces by all weights on all units. So two things are changed in
back-propagation here, and each leaves the answers as they are. Recurrent products pass no error back (`_cut.py`), which
leaves of any cell the traces along its own `step`; and the readout is

    z = f( W r* + B' (r - r*) + b ),    r* = r, taken as given (' transposes)

whose second product is zero, and through which errors reach r by B. The slopes by W and b are the true ones.
"""

import dataclasses
from typing import Any, ClassVar, Literal

import equinox as eqx
import jax
from jaxtyping import Array, Float

from ...cells import Cell
from ...errors import InvalidInput, suggest
from ...layers import Mode, Network, Readout
from ..losses import Loss
from ._bptt import back_propagate
from ._cut import cut
from ._gradient import STEPS, Chunk, Gradient, Tracks
from ._rtrl import sensitive

FEEDBACK = ("random", "readout")


class RFLO(Gradient):
    """Random feedback local online learning.

    The random weights, B' of the equations, have the readout's shape (outputs, sources) and the reach of its usual
    start: uniform in 1 / sqrt(sources). They follow from the seed alone, so that they stay the same however often
    training is taken up again, and are the same for all networks of a population. In a stack they bring the errors to
    the uppermost layer, and to what pools its outputs; from there down errors take the layers' own weights.

    Args:
        feedback: "random", or "readout" for the readout's own weights, which makes it `Truncated1997`.
        seed: of the random weights.

    Raises:
        InvalidInput: another feedback; (by `init` and `step`) a network with a cell that cannot split off `recur`,
            or random weights for a readout that has none.

    """

    gives: ClassVar[frozenset[str]] = STEPS

    feedback: Literal["random", "readout"] = eqx.field(static=True, default="random")
    seed: int = eqx.field(static=True, default=0)

    def __check_init__(self) -> None:
        if self.feedback not in FEEDBACK:
            raise InvalidInput(f"RFLO(feedback={self.feedback!r}): {suggest(str(self.feedback), FEEDBACK)}")

    def init(self, network: Network) -> Float[Array, "outputs sources"] | None:
        """The random weights, or None where the readout's own are used."""
        cut(network, "RFLO")
        if self.feedback == "readout":
            return None
        if not network.readout.weighs:
            raise InvalidInput(
                f"RFLO: random weights stand for those of the readout, but {type(network.readout).__name__} has none; "
                'take RFLO(feedback="readout"), or a network with a Readout'
            )
        weights = network.readout.weights
        reach = weights.shape[1] ** -0.5
        return jax.random.uniform(jax.random.key(self.seed), weights.shape, weights.dtype, -reach, reach)

    def step(self, carry: Any, network: Network, loss: Loss, chunk: Chunk) -> tuple[Any, Float[Array, ""], Network]:
        """See `Gradient`; the carry is the random weights."""
        value, slope = back_propagate(network, loss, chunk, Mode(), lambda whole: self.through(whole, carry))
        return carry, value, slope

    def track(self, cell: Cell) -> Tracks:
        """The cut cell with its sensitivities, the eligibility traces."""
        return sensitive(cell, order=None)

    def through(self, network: Network, carry: Any) -> Network:
        """The cut network, with random weights for the errors."""
        whole = cut(network, "RFLO")
        if carry is None:
            return whole
        return eqx.tree_at(lambda n: n.readout, whole, _RandomFeedback(whole.readout, carry))


class _RandomFeedback(Readout):
    """A readout of the same answers, through whose affine map errors go back by `feedback`: see above."""

    feedback: Float[Array, "outputs sources"]

    def __init__(self, readout: Readout, feedback: Float[Array, "outputs sources"]) -> None:
        for field in dataclasses.fields(readout):
            setattr(self, field.name, getattr(readout, field.name))
        self.feedback = feedback

    def _affine(self, seen: Float[Array, "*batch sources"]) -> Float[Array, "*batch outputs"]:
        given = jax.lax.stop_gradient(seen)
        nets = given @ self.weights.T + (seen - given) @ self.feedback.T
        if self.bias is not None:
            nets = nets + self.bias.reshape((1,) * (nets.ndim - 1) + (-1,))
        return self.squashing(nets)
