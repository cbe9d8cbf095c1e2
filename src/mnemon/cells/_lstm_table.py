"""The table of long short-term memory variants: a row says in what a published cell differs from the generic step.

A new variant is a new row (`LSTMVariant(...)`), handed to `LSTM(variant=...)`; no class and no second step is needed.
"""

from dataclasses import dataclass
from typing import Literal

from ..errors import InvalidInput
from ._squashing import SQUASHING


@dataclass(frozen=True)
class LSTMVariant:
    """One row: which gates, which squashing functions, which biases, which recurrence.

    Attributes:
        input_gate, forget_gate, output_gate: the gates present; an absent gate is open (1).
        squash_in: g, on the cell's input. squash_out: h, on the cell's state.
        biases: "all" units, "gates" only, or "none".
        recurrence: what feeds back: the "cells" alone, or "cells and gates" (1997).
        peepholes: gates see the cells of their block; input and forget gate the state before the step, output gate
            the state after it.

    """

    input_gate: bool = True
    forget_gate: bool = True
    output_gate: bool = True
    squash_in: str = "tanh"
    squash_out: str = "tanh"
    biases: Literal["all", "gates", "none"] = "all"
    recurrence: Literal["cells", "cells and gates"] = "cells"
    peepholes: bool = False

    def __post_init__(self) -> None:
        for column in ("squash_in", "squash_out"):
            if getattr(self, column) not in SQUASHING:
                raise InvalidInput(f"{column}={getattr(self, column)!r}: known are {', '.join(SQUASHING)}")
        if self.biases not in ("all", "gates", "none"):
            raise InvalidInput(f"biases={self.biases!r}: expected 'all', 'gates' or 'none'")
        if self.recurrence not in ("cells", "cells and gates"):
            raise InvalidInput(f"recurrence={self.recurrence!r}: expected 'cells' or 'cells and gates'")

    @property
    def gates(self) -> tuple[str, ...]:
        """Names of the gates present, in the order of the rows of the weight matrices."""
        present = {"input": self.input_gate, "forget": self.forget_gate, "output": self.output_gate}
        return tuple(name for name, here in present.items() if here)


LSTM_TABLE: dict[str, LSTMVariant] = {
    # S. Hochreiter and J. Schmidhuber, Neural Computation 9(8):1735-1780, 1997, doi:10.1162/neco.1997.9.8.1735.
    # No forget gate; gates feed gates and cells. Biases of the cells differ by experiment (see `biases`).
    "1997": LSTMVariant(forget_gate=False, squash_in="logistic2", squash_out="logistic1", recurrence="cells and gates"),
    # F. Gers, J. Schmidhuber and F. Cummins, Neural Computation 12(10):2451-2471, 2000,
    # doi:10.1162/089976600300015015: the forget gate; with tanh it is the LSTM of today's libraries.
    "forget": LSTMVariant(),
    # F. Gers, N. Schraudolph and J. Schmidhuber, JMLR 3:115-143, 2002: gates that see the cell states.
    "peephole": LSTMVariant(peepholes=True),
    # F. Gers and J. Schmidhuber, IEEE Trans. Neural Networks 12(6):1333-1340, 2001, doi:10.1109/72.963769:
    # peepholes, and neither g nor h squashes, so that a cell can count.
    "counting": LSTMVariant(peepholes=True, squash_in="identity", squash_out="identity"),
}
