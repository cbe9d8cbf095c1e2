"""Back-propagation through time, whole or truncated.

The network is unfolded over the sequence, and the error runs back through all of it: D. Rumelhart, G. Hinton and
R. Williams, "Learning internal representations by error propagation", 1986; P. Werbos, Proc. IEEE 78(10):1550-1560,
1990, doi:10.1109/5.58337. Truncated after h steps: R. Williams and J. Peng, Neural Computation 2(4):490-501, 1990,
doi:10.1162/neco.1990.2.4.490.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax
from jaxtyping import Array, Float

from ...cells import split
from ...errors import InvalidInput
from ...layers import Answer, Mode, Network
from ..losses import Loss
from ._gradient import JACOBIAN, Chunk, Gradient
from ._jacobian import back_jacobian


class BPTT(Gradient):
    """The exact gradient, by back-propagation through whole sequences. Through `Segmented` it is eBPTT."""

    gives: ClassVar[frozenset[str]] = frozenset({"gradient"}) | JACOBIAN

    def step(self, carry: Any, network: Network, loss: Loss, chunk: Chunk) -> tuple[Any, Float[Array, ""], Network]:
        """See `Gradient`."""
        return carry, *back_propagate(network, loss, chunk, Mode())

    def jacobian(self, carry: Any, network: Network, chunk: Chunk) -> tuple[Any, Answer, Float[Array, "..."]]:
        """See `Gradient`."""
        return carry, *back_jacobian(network, chunk, Mode())


class TruncatedBPTT(Gradient):
    """Errors run back through at most `steps` steps, in blocks counted from each sequence's end.

    An error at the end of a sequence reaches exactly `steps` steps back; an error in the middle of a block as far as
    the block's head. With `steps` at least the length it is `BPTT`.

    Args:
        steps: how far errors run, at least 1.

    Raises:
        InvalidInput: fewer than one step.

    """

    gives: ClassVar[frozenset[str]] = frozenset({"gradient"}) | JACOBIAN

    steps: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        if self.steps < 1:
            raise InvalidInput(f"TruncatedBPTT(steps={self.steps}): errors need at least 1 step")

    def step(self, carry: Any, network: Network, loss: Loss, chunk: Chunk) -> tuple[Any, Float[Array, ""], Network]:
        """See `Gradient`."""
        return carry, *back_propagate(network, loss, chunk, Mode(truncate=self.steps))

    def jacobian(self, carry: Any, network: Network, chunk: Chunk) -> tuple[Any, Answer, Float[Array, "..."]]:
        """See `Gradient`."""
        return carry, *back_jacobian(network, chunk, Mode(truncate=self.steps))


def back_propagate(
    network: Network, loss: Loss, chunk: Chunk, mode: Mode, through: Callable[[Network], Network] = lambda n: n
) -> tuple[Float[Array, ""], Network]:
    """The chunk's loss and gradient; the error runs back through the network that `through` makes of this one."""
    moving, rest = split(network)

    def cost(moving: Any) -> Float[Array, ""]:
        answer = through(eqx.combine(moving, rest))(chunk.xs, chunk.lengths, key=chunk.key, mode=mode)
        return (loss(answer, chunk.targets) * chunk.weights).sum()

    return jax.value_and_grad(cost)(moving)
