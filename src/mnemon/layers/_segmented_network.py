"""A segmented-memory network with a size for each of its two levels, as an object that an estimator takes.

S. Gluege, R. Boeck and A. Wendemuth, "Segmented-memory recurrent neural networks versus hidden Markov models in emotion
recognition from speech", NCTA 2011, gave each emotion a network of its own sizes; the equations stand in `Segmented`.
With n_u inputs, n_x and n_y units and n_z outputs, two Elman cells without biases have

    n_x (n_u + n_x) + n_y (n_x + n_y) + n_z n_y    weights.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
from jaxtyping import PRNGKeyArray

from ..cells import CELLS, Initialiser, Start
from ..errors import InvalidInput, suggest
from ._network import Network
from ._readout import Readout
from ._segmented import Segmented
from ._stack import Stack


@dataclass(frozen=True)
class SegmentedNetwork:
    """Makes networks `(inputs, outputs, *, key) -> Network`: what an estimator's `network=` takes.

    Args:
        symbol_units: units that read the symbols of a segment.
        segment_units: units that read one summary a segment.
        length: symbols in a segment.
        cell: of both levels: a name of `CELLS`, a cell class, or a function `(input_size, units, *, key) -> Cell`.
        squashing: of both cells, such as "logistic", as published; None for the cell's own.
        bias: whether cells and readout have biases (the published equations have none); a cell is told only if not.
        initialiser: a `Start`, or one `(key, shape) -> array` for all weights; None for each cell's own.
        readout: where the answer is read, as for `Readout`.
        dropout: share of the segment units that is silent in training.

    Raises:
        InvalidInput: an unknown cell, or a size below 1.

    Example:
        >>> import jax
        >>> from mnemon.layers import SegmentedNetwork
        >>> anger = SegmentedNetwork(28, 8, 17, squashing="logistic", bias=False)
        >>> anger(13, 1, key=jax.random.key(0)).weight_count()
        1444

    """

    symbol_units: int
    segment_units: int
    length: int
    cell: Any = "elman"
    squashing: str | None = None
    bias: bool = True
    initialiser: Initialiser | Start | None = None
    readout: str = "end"
    dropout: float = 0.0

    def __post_init__(self) -> None:
        for name in ("symbol_units", "segment_units", "length"):
            if getattr(self, name) < 1:
                raise InvalidInput(f"SegmentedNetwork: {name}={getattr(self, name)!r}; expected at least 1")
        if isinstance(self.cell, str) and self.cell not in CELLS:
            raise InvalidInput(f"SegmentedNetwork: cell={self.cell!r}: {suggest(self.cell, CELLS)}")

    def __call__(self, inputs: int, outputs: int, *, key: PRNGKeyArray) -> Network:
        """A network with weights drawn by `key`."""
        below, above, out = jax.random.split(key, 3)
        make: Callable[..., Any] = CELLS[self.cell] if isinstance(self.cell, str) else self.cell
        told = {"squashing": self.squashing, "bias": None if self.bias else False, "initialiser": self.initialiser}
        how = {name: value for name, value in told.items() if value is not None}
        symbol = make(inputs, int(self.symbol_units), key=below, **how)
        segment = make(symbol.output_size, int(self.segment_units), key=above, **how)
        readout = Readout(
            segment.output_size,
            outputs,
            at=self.readout,  # pyright: ignore[reportArgumentType] - `Readout` says which there are
            bias=self.bias,
            initialiser=self.initialiser,
            key=out,
        )
        return Network(Stack(Segmented(symbol, segment, int(self.length)), dropout=self.dropout), readout)
