"""Networks whose recurrent products pass no error back: what truncated and local rules propagate through.

    drive(t) + recur( stop(s(t-1)) )        in place of        drive(t) + recur( s(t-1) )

Values stay as they are. What `step` does with s(t-1), such as the constant error carousel of an LSTM, still passes
errors back, so that a weight's gradient needs no more than a trace along its own unit's step.
"""

from typing import Any

import jax

from ...cells import Cell, Drive, Recurs, State, WrappedRecurrence
from ...errors import InvalidInput
from ...kernels import StandardForm
from ...layers import Feedback, Network


class CutRecurrence(WrappedRecurrence):
    """A cell with `recur`, of which no error passes back from the recurrent product to the state before."""

    def standard(self) -> StandardForm | None:
        """The cell's own, where it has one, with no way back through the recurrent weights."""
        form = self.cell.standard()
        return None if form is None else form._replace(cut=True)

    def recur(self, state: State) -> Drive:
        """The cell's own, of a state that is taken as given."""
        return self.cell.recur(jax.lax.stop_gradient(state))


def cut(network: Network, rule: str) -> Network:
    """`network` with `CutRecurrence` around every cell with `recur`, those inside other cells (`Segmented`) included.

    Args:
        network: any network.
        rule: who asks, for the message.

    Raises:
        InvalidInput: a cell that cannot split off its recurrent product and does not consist of cells that can; or
            `Feedback`, whose answers come back by another way.

    """

    def wrap(part: Any) -> Any:
        if not isinstance(part, Cell):
            return part
        if isinstance(part, Recurs):
            return CutRecurrence(part)
        inner = jax.tree.leaves(part, is_leaf=lambda leaf: leaf is not part and isinstance(leaf, Cell))
        if isinstance(part, Feedback) or not any(isinstance(leaf, Cell) for leaf in inner):
            raise InvalidInput(
                f"{rule} needs a cell that can split off its recurrent product (`recur`); {type(part).__name__} cannot"
            )
        return jax.tree.map(wrap, part, is_leaf=lambda leaf: leaf is not part and isinstance(leaf, Cell))

    return jax.tree.map(wrap, network, is_leaf=lambda leaf: isinstance(leaf, Cell))
