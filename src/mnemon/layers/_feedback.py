"""Networks that see their own answers: output feedback.

    z(t) = network( u(t), z(t-d1), z(t-d2), ... )             closed loop; z is 0 before the start
    z(t) = network( u(t), z*(t-d1), z*(t-d2), ... )           open loop: given targets z* in place of answers

With one delay this is M. I. Jordan, "Serial order", ICS Report 8604, 1986; with a tapped delay line, NARX:
H. Siegelmann, B. Horne and C. Giles, IEEE Trans. SMC B 27(2):208-215, 1997, doi:10.1109/3477.558801. Learning in the
open loop is teacher forcing: R. Williams and D. Zipser, Neural Computation 1(2):270-280, 1989,
doi:10.1162/neco.1989.1.2.270.
"""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..errors import InvalidInput
from ._network import Network
from ._network_cell import NetworkState
from ._own_answers import OwnAnswers
from .unfold import unfold


class FeedbackState(NamedTuple):
    """The network's state, and its last answers, the newest last."""

    network: NetworkState
    past: Float[Array, "... deepest outputs"]


class Feedback(OwnAnswers):
    """A network whose own earlier answers stand beside its inputs: a cell, for `unfold` and `generate`.

    `network` is also run by itself, over whole sequences in the open loop, on inputs made by `forced`; where targets
    are what the closed loop answers, both give the same answers, except for layers that finish (an open segment is
    completed before each answer of the closed loop, and in the open loop at the sequence's end only).

    Args:
        network: a causal network; its input is the given input and, behind it, one answer for each delay, in their
            order. All of the input may be answers: inputs are then (*batch, time, 0).
        delays: how many steps ago the answers were given, each at least 1.

    Raises:
        InvalidInput: delays that are not whole numbers of at least 1, or not all different; a network too small for
            its answers, or one that is not causal.

    Example:
        >>> import jax
        >>> from mnemon.cells import Elman
        >>> from mnemon.layers import Feedback, Network, Readout, unfold
        >>> a, b = jax.random.split(jax.random.key(0))
        >>> narx = Feedback(Network(Elman(5, 8, key=a), Readout(8, 2, at="steps", key=b)), delays=(1, 2))
        >>> narx.input_size
        1
        >>> xs, targets = jax.numpy.ones((3, 20, 1)), jax.numpy.ones((3, 20, 2))
        >>> closed, _ = unfold(narx, xs)
        >>> narx.network(narx.forced(xs, targets)).values.shape == closed.shape
        True

    """

    delays: tuple[int, ...] = eqx.field(static=True)

    def __init__(self, network: Network, delays: tuple[int, ...] = (1,)) -> None:
        self.delays = tuple(delays)
        if not self.delays or min(self.delays) < 1 or len(set(self.delays)) < len(self.delays):
            raise InvalidInput(f"Feedback: delays={delays}; expected different whole numbers of at least 1")
        answers = network.output_size * len(self.delays)
        if network.input_size < answers:
            raise InvalidInput(
                f"Feedback: {len(self.delays)} delays of {network.output_size} answers make {answers} inputs, but the "
                f"network takes {network.input_size}; make it with input_size = {answers} + the given inputs"
            )
        super().__init__(network, network.input_size - answers)

    def forced(
        self, xs: Float[Array, "*batch time inputs"], targets: Float[Array, "*batch time outputs"]
    ) -> Float[Array, "*batch time all_inputs"]:
        """Inputs for the network by itself: `xs`, and beside them the targets of the delayed steps (0 before any)."""
        time = targets.shape[-2]
        return jnp.concatenate([xs, *(_delayed(targets, delay)[..., :time, :] for delay in self.delays)], axis=-1)

    def after(
        self, xs: Float[Array, "*batch time inputs"], targets: Float[Array, "*batch time outputs"]
    ) -> FeedbackState:
        """States (*batch, ...) after whole sequences in the open loop, from which the closed loop forecasts."""
        _, network = unfold(self.cell, self.forced(xs, targets))
        deepest = max(self.delays)
        return FeedbackState(network, _delayed(targets, deepest)[..., -deepest:, :])

    def initial_state(self) -> FeedbackState:
        """The network's, and answers of zero."""
        start = self.cell.initial_state()
        return FeedbackState(start, jnp.zeros((max(self.delays), self.output_size), start.answer.dtype))

    def step(self, state: FeedbackState, drive: Float[Array, " inputs"]) -> FeedbackState:
        """The first of the equations above."""
        seen = jnp.concatenate([drive, *(state.past[-delay] for delay in self.delays)])
        after = self.cell.step(state.network, seen)
        return FeedbackState(after, jnp.concatenate([state.past[1:], after.answer[None]]))


def _delayed(targets: Float[Array, "*batch time outputs"], delay: int) -> Float[Array, "*batch later outputs"]:
    """Targets so many steps later, zeros before the first."""
    return jnp.pad(targets, [(0, 0)] * (targets.ndim - 2) + [(delay, 0), (0, 0)])
