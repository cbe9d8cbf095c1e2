"""Real-time recurrent learning, exact or sparse: sensitivities of the state to the weights go forward in time.

R. Williams and D. Zipser, "A learning algorithm for continually running fully recurrent neural networks", Neural
Computation 1(2):270-280, 1989, doi:10.1162/neco.1989.1.2.270. Through `Segmented` it is the eRTRL of S. Gluege,
R. Boeck and A. Wendemuth, NCTA 2012, pp. 451-456. Sparse: J. Menick, E. Elsen, U. Evci, S. Osindero, K. Simonyan and
A. Graves, "Practical real time recurrent learning with a sparse approximation", ICLR 2021, arXiv:2006.07232.

With fixed weights the exact rule gives the gradient of back-propagation through time, in memory that does not grow with
the length of a sequence: for a dense layer of n units O(n^4) operations a step and O(n^3) numbers, for a layer whose
units feed back to themselves alone O(n^2) of both.
"""

from typing import Any, ClassVar

import equinox as eqx
from jaxtyping import Array, Float

from ...cells import Cell, finishes
from ...errors import InvalidInput
from ...layers import Answer, Network, Recurrent, Stack
from ..losses import Loss
from ._forward import carry_forward
from ._gradient import JACOBIAN, STEPS, Chunk, Gradient, Tracks
from ._jacobian import forward_jacobian
from ._sensitive import LayersCell, Sensitive


class RTRL(Gradient):
    """The exact gradient, by real-time recurrent learning. For any causal network without dropout.

    At the moments `Batch` and `Sequence` weights are fixed along a sequence; at the moment `Step` they change at every
    step, while the sensitivities are those of the weights that were (the rule of 1989).
    """

    gives: ClassVar[frozenset[str]] = STEPS | JACOBIAN

    def step(self, carry: Any, network: Network, loss: Loss, chunk: Chunk) -> tuple[Any, Float[Array, ""], Network]:
        """See `Gradient`."""
        return carry, *carry_forward(network, loss, chunk, self.track, "RTRL()")

    def jacobian(self, carry: Any, network: Network, chunk: Chunk) -> tuple[Any, Answer, Float[Array, "..."]]:
        """See `Gradient`."""
        return carry, *forward_jacobian(network, chunk, self.track, "RTRL()")

    def track(self, cell: Cell) -> Tracks:
        """The cell with all its sensitivities."""
        return sensitive(cell, order=None)


class SnAp(Gradient):
    """Sparse n-step approximation: a sensitivity is kept only where a weight reaches that part of the state in `order`
    steps; the others are taken to be zero. With an order of at least the number of units it is `RTRL`.

    Where the state counts (`Clockwork`, layers above one another with segments) every weight is taken to reach
    everything. In a `Segmented` network the order holds within each level.

    Args:
        order: the n of SnAp-n, at least 1.

    Raises:
        InvalidInput: an order below 1.

    """

    gives: ClassVar[frozenset[str]] = STEPS | JACOBIAN

    order: int = eqx.field(static=True, default=1)

    def __check_init__(self) -> None:
        if self.order < 1:
            raise InvalidInput(f"SnAp(order={self.order}): expected at least 1")

    def step(self, carry: Any, network: Network, loss: Loss, chunk: Chunk) -> tuple[Any, Float[Array, ""], Network]:
        """See `Gradient`."""
        return carry, *carry_forward(network, loss, chunk, self.track, f"SnAp({self.order})")

    def jacobian(self, carry: Any, network: Network, chunk: Chunk) -> tuple[Any, Answer, Float[Array, "..."]]:
        """See `Gradient`."""
        return carry, *forward_jacobian(network, chunk, self.track, f"SnAp({self.order})")

    def track(self, cell: Cell) -> Tracks:
        """The cell with the sensitivities that are kept."""
        return sensitive(cell, order=self.order)


def sensitive(cell: Cell, *, order: int | None, below: int = 0, emits: bool = False) -> Tracks:
    """A cell with its sensitivities; a cell of levels as the same levels of such cells."""
    levels = getattr(cell, "levels", None)
    if levels is None:
        # What the end of a sequence does to a state is a matter of its output there.
        tracked = Sensitive(
            LayersCell(Stack(Recurrent(cell))) if _closes(cell) else cell, order=order, below=below, emits=emits
        )
        return Tracks(tracked, tracked.gradient)
    symbol, segment = levels()
    lower = sensitive(symbol, order=order, below=below, emits=True)
    upper = sensitive(segment, order=order, below=_weights(lower.cell), emits=emits)

    def gradient(state: Any, error: Array, *, final: bool) -> Float[Array, " weights"]:
        return upper.gradient(state.segment, error, final=final)

    return Tracks(cell.with_levels(lower.cell, upper.cell), gradient)  # pyright: ignore[reportAttributeAccessIssue]


def _closes(cell: Cell) -> bool:
    return finishes(cell) and not isinstance(cell, LayersCell)


def _weights(cell: Any) -> int:
    """Weights of which a tracking cell's output brings the sensitivities."""
    return cell.weight_count if isinstance(cell, Sensitive) else _weights(cell.segment)
