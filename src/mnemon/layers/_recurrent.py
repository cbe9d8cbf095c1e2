"""A cell run over whole sequences, forwards or backwards, with recurrent dropout; and two of them, bidirectional."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray, PyTree

from ..cells import Cell, Recurs, advance, finishes
from ..errors import InvalidInput
from ._layer import Layer, Mode, Passage, over_batch, values_of
from ._recurrent_dropout import RecurrentDropout
from .unfold import batch_shape, dtype_of, looks_up, spelt, unfold


class Recurrent(Layer):
    """One cell over whole sequences.

    Args:
        cell: any cell.
        reverse: run each sequence from its end to its start; such a layer is not causal.
        dropout: share of the recurrent sources that is silent, the same ones along a sequence (see
            `RecurrentDropout`).

    Raises:
        InvalidInput: dropout outside [0, 1), or for a cell that cannot split off `recur`.

    """

    cell: Cell
    reverse: bool = eqx.field(static=True)
    dropout: float = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, cell: Cell, *, reverse: bool = False, dropout: float = 0.0) -> None:
        if not 0 <= dropout < 1:
            raise InvalidInput(f"dropout={dropout}: expected a share in [0, 1)")
        if dropout and not isinstance(cell, Recurs):
            raise InvalidInput(
                f"recurrent dropout needs a cell that can split off its recurrent product (`recur`); "
                f"{type(cell).__name__} cannot. Use the dropout between layers instead"
            )
        self.cell = cell
        self.reverse = reverse
        self.dropout = dropout
        self.input_size = cell.input_size
        self.output_size = cell.output_size

    @property
    def spells(self) -> bool:
        """Yes: weights of symbols are looked up where the engine can."""
        return True

    @property
    def causal(self) -> bool:
        """Forwards, over a causal cell."""
        return self.cell.causal and not self.reverse

    def __call__(
        self,
        xs: PyTree[Array],
        lengths: Int[Array, "*batch"] | None = None,
        *,
        key: PRNGKeyArray | None = None,
        mode: Mode = Mode(),  # noqa: B008 - a frozen module
    ) -> Passage:
        """See `Layer`."""
        cell, state, ends = self.cell, None, getattr(self.cell, "ends", None)
        xs = xs if ends is not None else values_of(xs)  # only a cell that ends segments reads where they end
        leading = batch_shape(xs)
        if self.dropout and key is not None:
            cell = RecurrentDropout(self.cell, self.dropout)
            state = cell.draw_states(key, leading)
        if not looks_up(cell, mode.engine, mode.truncate):
            xs = spelt(xs, cell.input_size, dtype_of(cell))
        outputs, final = unfold(
            cell, xs, state=state, lengths=lengths, reverse=self.reverse, engine=mode.engine, truncate=mode.truncate
        )
        last = over_batch(cell.output, len(leading))(final)
        return Passage(outputs, last, None if ends is None else ends(xs, lengths), lengths)

    def begin(self) -> Any:
        """The cell's initial state."""
        return self.cell.initial_state()

    def step(self, memory: Any, x: PyTree[Array], x_if_last: PyTree[Array]) -> tuple[Any, Array, Array]:
        """See `Layer`."""
        if not hasattr(self.cell, "ends"):
            x, x_if_last = (values_of(x),) * 2 if x_if_last is x else (values_of(x), values_of(x_if_last))
        state = advance(self.cell, memory, self._drive(x))
        output = self.cell.output(state)
        if x_if_last is x and not finishes(self.cell):
            return state, output, output
        ended = state if x_if_last is x else advance(self.cell, memory, self._drive(x_if_last))
        return state, output, self.cell.output(self.cell.finish(ended))

    def _drive(self, x: PyTree[Array]) -> PyTree[Array]:
        drives = self.cell.project(jax.tree.map(lambda leaf: leaf[None], x))
        return jax.tree.map(lambda leaf: leaf[0], drives)


class Bidirectional(Layer):
    """Two layers over the same sequences, one from each end; outputs side by side.

    M. Schuster and K. Paliwal, IEEE Trans. Signal Processing 45(11):2673-2681, 1997, doi:10.1109/78.650093. Each
    sequence is reversed within its own length, so that padding is never read.

    Args:
        forward, backward: the two cells.
        dropout: recurrent dropout of both.

    Raises:
        InvalidInput: cells of different input size.

    """

    forward: Recurrent
    backward: Recurrent
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, forward: Cell, backward: Cell, *, dropout: float = 0.0) -> None:
        if forward.input_size != backward.input_size:
            raise InvalidInput(
                f"Bidirectional: the cells take {forward.input_size} and {backward.input_size} inputs; they must agree"
            )
        self.forward = Recurrent(forward, dropout=dropout)
        self.backward = Recurrent(backward, reverse=True, dropout=dropout)
        self.input_size = forward.input_size
        self.output_size = forward.output_size + backward.output_size

    @property
    def spells(self) -> bool:
        """As its halves do."""
        return True

    @property
    def causal(self) -> bool:
        """Never: the backward half starts at the sequence's end."""
        return False

    def __call__(
        self,
        xs: PyTree[Array],
        lengths: Int[Array, "*batch"] | None = None,
        *,
        key: PRNGKeyArray | None = None,
        mode: Mode = Mode(),  # noqa: B008 - a frozen module
    ) -> Passage:
        """See `Layer`."""
        keys = (None, None) if key is None else jax.random.split(key)
        ahead = self.forward(xs, lengths, key=keys[0], mode=mode)
        back = self.backward(xs, lengths, key=keys[1], mode=mode)
        outputs = jnp.concatenate([ahead.outputs, back.outputs], axis=-1)
        return Passage(outputs, jnp.concatenate([ahead.last, back.last], axis=-1), ahead.ends, lengths)
