"""Networks whose recurrent products pass no error back: what truncated and local rules propagate through.

    drive(t) + recur( stop(s(t-1)) )        in place of        drive(t) + recur( s(t-1) )

Values stay as they are. What `cut_step` does with s(t-1), such as the constant error carousel of an LSTM, still passes
errors back, so that a weight's gradient needs no more than a trace along its own unit's step. Through peepholes none
pass: F. Gers, N. Schraudolph and J. Schmidhuber, JMLR 3:115-143, 2002, take what gates see as given.
"""

from typing import Any

import jax

from ...cells import Cell, Drive, Recurs, State, WrappedRecurrence
from ...errors import InvalidInput
from ...kernels import StandardForm
from ...layers import ClosedLoop, Feedback, Network


class CutRecurrence(WrappedRecurrence):
    """A cell with `recur`, of which errors pass back by its `cut_step` only, and not by the recurrent product."""

    def standard(self) -> StandardForm | None:
        """The cell's own, where it has one, with no way back through the recurrent weights and the peepholes."""
        form = self.cell.standard()
        return None if form is None else form._replace(cut=True)

    def recur(self, state: State) -> Drive:
        """The cell's own, of a state that is taken as given."""
        return self.cell.recur(jax.lax.stop_gradient(state))

    def step(self, state: State, drive: Drive) -> State:
        """The cell's own, along each unit's own way."""
        return self.cell.cut_step(state, drive)


def cut(network: Network, rule: str) -> Network:
    """`network` with `CutRecurrence` around every cell with `recur`, those inside other cells (`Segmented`) included.

    Args:
        network: any network.
        rule: who asks, for the message.

    Raises:
        InvalidInput: a cell that cannot split off its recurrent product and does not consist of cells that can; or
            `Feedback` or `ClosedLoop`, whose answers come back by another way.

    """

    def wrap(part: Any) -> Any:
        if not isinstance(part, Cell):
            return part
        if isinstance(part, Recurs):
            return CutRecurrence(part)
        inner = jax.tree.leaves(part, is_leaf=lambda leaf: leaf is not part and isinstance(leaf, Cell))
        if isinstance(part, Feedback | ClosedLoop) or not any(isinstance(leaf, Cell) for leaf in inner):
            raise InvalidInput(
                f"{rule} needs a cell that can split off its recurrent product (`recur`); {type(part).__name__} cannot"
            )
        return jax.tree.map(wrap, part, is_leaf=lambda leaf: leaf is not part and isinstance(leaf, Cell))

    return jax.tree.map(wrap, network, is_leaf=lambda leaf: isinstance(leaf, Cell))
