"""The form in which a cell can be run by compiled code: a matrix product and one of a few point-wise steps.

A cell that has such a form says so by `standard()`; one with steps of its own gives None, and takes the general way.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from jaxtyping import Array, Float

State = Any  # a cell's state

# Numbers of the compiled code (native/job.h).
KINDS = {"elman": 0, "gru": 1, "lstm": 2}
SQUASHING = {"tanh": 0, "logistic": 1, "relu": 2, "identity": 3, "logistic1": 4, "logistic2": 5}


class StandardForm(NamedTuple):
    """A cell as weights, a kind of point-wise step, and how its states are sources and cells.

    Nets are groups of units: one for "elman"; candidate, update, reset and remembered for "gru" (inputs drive the first
    three, sources the last three); input, forget and output gate and cell input for "lstm", where an absent gate's rows
    are zeros. Sources are the outputs, and, where gates feed back, three groups of gates behind them.

    Attributes:
        kind: "elman", "gru" or "lstm".
        input_weights: (driven groups * units, inputs). recurrent_weights: (driven groups * units, sources).
        bias: (groups * units,). peepholes: (3 * units,) of input, forget and output gate, or None.
        enter: a cell's state as (sources, cells); leave: the state again.
        squash_in, squash_out: names of squashing functions; of an "elman", the first is its own.
        input_gate, forget_gate, output_gate, coupled, gates_feed_back, shift: see `LSTMVariant`.
        cut: no error passes back through the recurrent weights and the peepholes.

    """

    kind: str
    input_weights: Float[Array, "rows inputs"]
    recurrent_weights: Float[Array, "rows sources"]
    bias: Float[Array, " nets"]
    enter: Callable[[State], tuple[Any, Any]]
    leave: Callable[[Any, Any], State]
    peepholes: Float[Array, " gates"] | None = None
    squash_in: str = "tanh"
    squash_out: str = "tanh"
    input_gate: bool = True
    forget_gate: bool = True
    output_gate: bool = True
    coupled: bool = False
    gates_feed_back: bool = False
    shift: float = 0.0
    cut: bool = False

    @property
    def source_groups(self) -> int:
        """Groups of units among the sources."""
        return 4 if self.gates_feed_back else 1

    @property
    def units(self) -> int:
        """Units of a group."""
        return self.recurrent_weights.shape[1] // self.source_groups


def words_of(form: StandardForm) -> tuple[tuple[str, int | float], ...]:
    """The point-wise step of a form, in the numbers of the compiled code."""
    flags = (
        form.input_gate, form.forget_gate, form.output_gate,
        form.peepholes is not None, form.coupled, form.gates_feed_back, form.cut,
    )  # fmt: skip
    return (
        ("kind", KINDS[form.kind]),
        ("squash_in", SQUASHING[form.squash_in]),
        ("squash_out", SQUASHING[form.squash_out]),
        ("flags", sum(1 << k for k, flag in enumerate(flags) if flag)),
        ("shift", float(form.shift)),
    )
