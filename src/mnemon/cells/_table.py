"""Every cell by its short name: a maker `(input_size, units, *, key) -> Cell`.

The rows of the LSTM table are there as "lstm-" and their name; a cell with arguments of its own is a
`functools.partial` of its class, or the class itself, whose defaults suit any number of units.
"""

from collections.abc import Callable
from functools import partial

from ._cascade import Cascade
from ._cell import Cell
from ._clockwork import Clockwork
from ._elman import Elman
from ._fully_recurrent import FullyRecurrent
from ._gru import GRU
from ._hierarchical import Hierarchical
from ._input_output_hmm import InputOutputHMM
from ._irnn import IRNN
from ._jordan import Jordan
from ._leaky_esn import LeakyESN
from ._lstm import LSTM
from ._lstm_table import LSTM_TABLE
from ._minimal_gated import MinimalGated
from ._output_loop import OutputLoop
from ._recurrent_cascade import RecurrentCascade
from ._second_order import SecondOrder

_CLASSES = (
    Elman, Jordan, FullyRecurrent, SecondOrder, Cascade, Hierarchical, Clockwork, LSTM, GRU, MinimalGated, LeakyESN,
    OutputLoop, RecurrentCascade, InputOutputHMM,
)  # fmt: skip

CELLS: dict[str, Callable[..., Cell]] = {
    **{cell.__name__.lower(): cell for cell in _CLASSES},
    "irnn": IRNN,
    "gru-before": partial(GRU, reset="before"),
    **{f"lstm-{row}": partial(LSTM, variant=row) for row in LSTM_TABLE},
}
