"""The table of long short-term memory variants: a row says in what a published cell differs from the generic step.

Most columns are the ones that K. Greff, R. K. Srivastava, J. Koutnik, B. R. Steunebrink and J. Schmidhuber, "LSTM: a
search space odyssey", IEEE Trans. Neural Networks and Learning Systems 28(10):2222-2232, 2017,
doi:10.1109/TNNLS.2016.2582924, switched on and off. A new variant is a new row (`LSTMVariant(...)`), handed to
`LSTM(variant=...)`; no class and no second step is needed.
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
        recurrence: what feeds back: the "cells" alone; "cells and gates", to both (1997); or "gates to gates", the
            cells to both and the gates of the step before to gates only (Greff and others).
        peepholes: gates see the cells of their block; input and forget gate the state before the step, output gate
            the state after it.
        coupled: of the input and the forget gate, one is present and the other is one minus it.
        coupling_shift: beta, subtracted from the present gate's net input where the other is formed: 1 - f(net - beta).
        projection: the outputs pass a matrix to fewer units, which feed back and are what is seen from outside.

    """

    input_gate: bool = True
    forget_gate: bool = True
    output_gate: bool = True
    squash_in: str = "tanh"
    squash_out: str = "tanh"
    biases: Literal["all", "gates", "none"] = "all"
    recurrence: Literal["cells", "cells and gates", "gates to gates"] = "cells"
    peepholes: bool = False
    coupled: bool = False
    coupling_shift: float = 0.0
    projection: bool = False

    def __post_init__(self) -> None:
        for column in ("squash_in", "squash_out"):
            if getattr(self, column) not in SQUASHING:
                raise InvalidInput(f"{column}={getattr(self, column)!r}: known are {', '.join(SQUASHING)}")
        if self.biases not in ("all", "gates", "none"):
            raise InvalidInput(f"biases={self.biases!r}: expected 'all', 'gates' or 'none'")
        if self.recurrence not in ("cells", "cells and gates", "gates to gates"):
            raise InvalidInput(
                f"recurrence={self.recurrence!r}: expected 'cells' or 'cells and gates' or 'gates to gates'"
            )
        if self.coupled and self.input_gate == self.forget_gate:
            raise InvalidInput(
                "coupled=True: one of input_gate and forget_gate is present, the other is formed from it; "
                f"got input_gate={self.input_gate}, forget_gate={self.forget_gate}"
            )
        if self.projection and self.recurrence != "cells":
            raise InvalidInput(f"projection=True goes with recurrence='cells'; got recurrence={self.recurrence!r}")

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
    # The 1997 cell with its input gate only: the paper's experiments 2a and 2b go without output gates.
    "input-only": LSTMVariant(
        forget_gate=False,
        output_gate=False,
        squash_in="logistic2",
        squash_out="logistic1",
        recurrence="cells and gates",
    ),
    # Greff and others 2017 (above), "CIFG": coupled input and forget gate, f = 1 - i, in a cell with peepholes.
    "coupled": LSTMVariant(forget_gate=False, peepholes=True, coupled=True),
    # J. van der Westhuizen and J. Lasenby, "The unreasonable effectiveness of the forget gate", 2018, arXiv:1804.04849:
    # JANET, the forget gate alone; s = f s + (1 - f') g with f' = f(net - beta), beta = 1, and y = s.
    "janet": LSTMVariant(input_gate=False, output_gate=False, squash_out="identity", coupled=True, coupling_shift=1.0),
    # Greff and others 2017 (above), "FGR": full gate recurrence, nine more matrices from gates to gates; as the 1997
    # cell has it, but with forget gate and peepholes, and without connections from gates to cell inputs.
    "full-gates": LSTMVariant(peepholes=True, recurrence="gates to gates"),
    # H. Sak, A. Senior and F. Beaufays, 2014, arXiv:1402.1128: peepholes, and a recurrent projection of the outputs.
    "projection": LSTMVariant(peepholes=True, projection=True),
}
