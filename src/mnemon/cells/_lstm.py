"""Long short-term memory, one generic step for every row of the table in `_lstm_table.py`.

    i(t) = f( Wi x + Ui r(t-1) + bi + pi * s(t-1) )         input gate of a block (1 where absent)
    f(t) = f( Wf x + Uf r(t-1) + bf + pf * s(t-1) )         forget gate           (1 where absent)
    s(t) = f(t) s(t-1) + i(t) g( Wc x + Uc r(t-1) + bc )    cell states: the constant error carousel
    o(t) = f( Wo x + Uo r(t-1) + bo + po * s(t) )           output gate           (1 where absent)
    y(t) = o(t) h( s(t) )                                   cell outputs

r is what feeds back: the cell outputs y; in some rows the gates too; in the projected row r(t) = P y(t), and then r is
also what is seen from outside. Coupled gates are one minus each other. The cells of a block share its gates; a peephole
sums over the cells of the block. Papers: see the rows of the table.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from ..errors import InvalidInput, suggest
from ..kernels import StandardForm
from ._cell import Cell
from ._initialisers import Initialiser, Start
from ._lstm_table import LSTM_TABLE, LSTMVariant
from ._squashing import SQUASHING, logistic

GATES: tuple[str, ...] = ("input", "forget", "output")


class LSTMState(NamedTuple):
    """State of a block of cells: `sources` is what feeds back (outputs, then gates where they do), `cells` is s."""

    sources: Float[Array, "... sources"]
    cells: Float[Array, "... cells"]


class LSTM(Cell):
    """Long short-term memory of `units` cells.

    Weights, rows in the order input, forget, output gate (those present, one a block), then cells:
    `input_weights` (rows, input_size), `recurrent_weights` (rows, sources), `bias` (biased rows,) or None,
    `peepholes` (gates, units) or None, `gate_weights` from gates to gates or None, `projection_weights` (projection,
    units) or None.

    Args:
        input_size: features of a step.
        units: number of cells.
        variant: a name in `LSTM_TABLE` ("forget", "1997", "peephole", "counting", "input-only", "coupled", "janet",
            "full-gates", "projection") or an `LSTMVariant`.
        cells_per_block: how many cells share one set of gates; must divide `units`.
        projection: size of the projection in a row that has one; a quarter of the units if None.
        gate_bias: starting bias by gate name, a number or one a block, e.g. `{"input": (-2, -4)}`; added to what the
            initialiser draws. The default starts forget gates open with 1 (Gers and others 2000; Jozefowicz and
            others, ICML 2015), and with them an input gate that stands for both at -1.
        initialiser: a `Start`, or one `(key, shape) -> array` for all weights.
        key: random key.

    Raises:
        InvalidInput: unknown variant or gate, blocks that do not divide the units, or a projection that the row does
            not have or that is empty.

    Example:
        >>> import jax
        >>> from mnemon.cells import LSTM
        >>> cell = LSTM(8, 4, variant="1997", cells_per_block=2, gate_bias={"input": (-2, -4)}, key=jax.random.key(0))
        >>> cell.recurrent_weights.shape  # 2 blocks of 2 cells: 4 gates and 4 cells feed each other
        (8, 8)

    """

    input_weights: Float[Array, "rows inputs"]
    recurrent_weights: Float[Array, "rows sources"]
    bias: Float[Array, " biased"] | None
    peepholes: Float[Array, "gates cells"] | None
    gate_weights: Float[Array, "gate_units gate_units"] | None
    projection_weights: Float[Array, "projection cells"] | None
    variant: LSTMVariant = eqx.field(static=True)
    cells_per_block: int = eqx.field(static=True)
    units: int = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        units: int,
        *,
        variant: str | LSTMVariant = "forget",
        cells_per_block: int = 1,
        projection: int | None = None,
        gate_bias: Mapping[str, float | Sequence[float]] | None = None,
        initialiser: Initialiser | Start | None = None,
        key: PRNGKeyArray,
    ) -> None:
        if isinstance(variant, str):
            if variant not in LSTM_TABLE:
                raise InvalidInput(f"variant={variant!r}: {suggest(variant, LSTM_TABLE)}")
            variant = LSTM_TABLE[variant]
        if units % cells_per_block:
            raise InvalidInput(f"cells_per_block={cells_per_block} does not divide units={units}")
        self.variant = variant
        self.cells_per_block = cells_per_block
        self.units = units
        self.input_size = input_size
        self.output_size = _projected(variant, units, projection)

        gates = len(variant.gates) * self.blocks
        sources = self.output_size + (gates if variant.recurrence == "cells and gates" else 0)
        biased = {"all": gates + units, "gates": gates, "none": 0}[variant.biases]
        start = Start.of(initialiser)
        input_key, recurrent_key, bias_key, peephole_key, gate_key, projection_key = jax.random.split(key, 6)
        self.input_weights = start.inputs(input_key, (gates + units, input_size))
        self.recurrent_weights = start.recurrent(recurrent_key, (gates + units, sources))
        opening = {"input": -1.0} if variant.coupled and variant.input_gate else {"forget": 1.0}
        shift = self._gate_bias(opening if gate_bias is None else gate_bias, biased, gate_bias is not None)
        self.bias = start.bias(bias_key, (biased,)) + shift if biased else None
        self.peepholes = (
            start.inputs(peephole_key, (len(variant.gates), units)) if variant.peepholes and variant.gates else None
        )
        fed = variant.recurrence == "gates to gates" and gates
        self.gate_weights = start.recurrent(gate_key, (gates, gates)) if fed else None
        self.projection_weights = (
            start.inputs(projection_key, (self.output_size, units)) if variant.projection else None
        )

    @property
    def blocks(self) -> int:
        """Number of blocks, each with its own gates."""
        return self.units // self.cells_per_block

    def _gate_bias(
        self, wanted: Mapping[str, float | Sequence[float]], biased: int, strict: bool
    ) -> Float[Array, " b"]:
        """The shifts of the bias vector that `gate_bias` asks for; `strict` where the user asked."""
        shift = np.zeros(biased)
        for gate, value in wanted.items():
            if gate not in self.variant.gates or not biased:
                if strict:
                    known = self.variant.gates if biased else ()
                    raise InvalidInput(f"gate_bias: this LSTM has no biased gate {gate!r}; {suggest(gate, known)}")
                continue
            first = self.variant.gates.index(gate) * self.blocks
            try:
                shift[first : first + self.blocks] = value
            except ValueError:
                raise InvalidInput(
                    f"gate_bias[{gate!r}] takes one number or {self.blocks}, one a block; got {value!r}"
                ) from None
        return jnp.asarray(shift, jnp.result_type(float))

    def initial_state(self) -> LSTMState:
        """Zeros."""
        dtype = self.recurrent_weights.dtype
        sources = self.recurrent_weights.shape[1] + (0 if self.gate_weights is None else self.gate_weights.shape[1])
        return LSTMState(jnp.zeros(sources, dtype), jnp.zeros(self.units, dtype))

    def project(self, xs: Float[Array, "time inputs"]) -> Float[Array, "time rows"]:
        """W x + b."""
        drives = xs @ self.input_weights.T
        if self.bias is None:
            return drives
        missing = drives.shape[1] - self.bias.shape[0]
        return drives + jnp.pad(self.bias, (0, missing))[None]

    def recur(self, state: LSTMState) -> Float[Array, " rows"]:
        """U r."""
        if self.gate_weights is None:
            return self.recurrent_weights @ state.sources
        product = self.recurrent_weights @ state.sources[: self.output_size]
        return product + jnp.pad(self.gate_weights @ state.sources[self.output_size :], (0, self.units))

    def step(self, state: LSTMState, drive: Float[Array, " rows"]) -> LSTMState:
        """The equations above, for whichever gates the row has."""
        return self._step(state, drive, lambda cells: cells)

    def cut_step(self, state: LSTMState, drive: Float[Array, " rows"]) -> LSTMState:
        """The equations above, in which the cells that peepholes see are taken as given (Gers and others 2002)."""
        return self._step(state, drive, jax.lax.stop_gradient)

    def _step(self, state: LSTMState, drive: Float[Array, " rows"], seen_as: Callable[[Array], Array]) -> LSTMState:
        variant, blocks = self.variant, self.blocks
        seen_before = seen_as(state.cells)
        nets = {name: drive[k * blocks : (k + 1) * blocks] for k, name in enumerate(variant.gates)}
        net_cell = drive[len(variant.gates) * blocks :]
        seen = {name: net + self._peep(name, seen_before) for name, net in nets.items() if name != "output"}
        opened = {name: logistic(net) for name, net in seen.items()}
        through = {name: self._spread(gate) for name, gate in opened.items()}
        if variant.coupled:
            present, absent = ("input", "forget") if variant.input_gate else ("forget", "input")
            through[absent] = self._spread(1 - logistic(seen[present] - variant.coupling_shift))
        written = SQUASHING[variant.squash_in](net_cell)
        if "input" in through:
            written = through["input"] * written
        kept = through["forget"] * state.cells if "forget" in through else state.cells
        cells = kept + written
        read = SQUASHING[variant.squash_out](cells)
        if "output" in nets:
            opened["output"] = logistic(nets["output"] + self._peep("output", seen_as(cells)))
            read = self._spread(opened["output"]) * read
        if self.projection_weights is not None:
            read = self.projection_weights @ read
        if variant.recurrence == "cells":
            return LSTMState(read, cells)
        return LSTMState(jnp.concatenate([read, *(opened[name] for name in variant.gates)]), cells)

    def output(self, state: LSTMState) -> Float[Array, " outputs"]:
        """The cell outputs y, or their projection."""
        return state.sources[: self.output_size]

    def _peep(self, gate: str, cells: Float[Array, " cells"]) -> Float[Array, " blocks"]:
        """What a gate sees of the cells of its block."""
        if self.peepholes is None:
            return jnp.zeros(self.blocks, cells.dtype)
        seen = self.peepholes[self.variant.gates.index(gate)] * cells
        return seen.reshape(self.blocks, self.cells_per_block).sum(axis=1)

    def _spread(self, gate: Float[Array, " blocks"]) -> Float[Array, " cells"]:
        """A block's gate, once for each of its cells."""
        return gate if self.cells_per_block == 1 else jnp.repeat(gate, self.cells_per_block)

    def standard(self) -> StandardForm | None:
        """See `Cell`: each cell with gates of its own, those that a row lacks with zeros for weights.

        None for a projection, and for blocks of several cells that their gates see.
        """
        variant = self.variant
        if type(self).step is not LSTM.step or variant.projection or (variant.peepholes and self.cells_per_block > 1):
            return None
        feed_back = variant.recurrence != "cells"
        recurrent = self.recurrent_weights
        if self.gate_weights is not None:
            fed = jnp.pad(self.gate_weights, ((0, self.units), (0, 0)))
            recurrent = jnp.concatenate([recurrent, fed], axis=1)
        if feed_back:
            columns = [recurrent[:, : self.units], *jnp.split(self._by_gate(recurrent[:, self.units :].T, False), 3)]
            recurrent = jnp.concatenate([columns[0], *(c.T for c in columns[1:])], axis=1)
        bias = self.bias
        if bias is None or bias.shape[0] < self.input_weights.shape[0]:
            have = 0 if bias is None else bias.shape[0]
            rest = jnp.zeros(self.input_weights.shape[0] - have, recurrent.dtype)
            bias = rest if bias is None else jnp.concatenate([bias, rest])
        peepholes = None
        if self.peepholes is not None:
            seen = dict(zip(variant.gates, self.peepholes))
            none = jnp.zeros(self.units, recurrent.dtype)
            peepholes = jnp.concatenate([seen.get(name, none) for name in GATES])
        return StandardForm(
            "lstm",
            self._by_row(self.input_weights),
            self._by_row(recurrent),
            self._by_row(bias[:, None])[:, 0],
            enter=self._enter,
            leave=self._leave,
            peepholes=peepholes,
            squash_in=variant.squash_in,
            squash_out=variant.squash_out,
            input_gate=variant.input_gate,
            forget_gate=variant.forget_gate,
            output_gate=variant.output_gate,
            coupled=variant.coupled,
            gates_feed_back=feed_back,
            shift=variant.coupling_shift,
        )

    def _by_gate(self, rows: Float[Array, "gates columns"], repeat: bool) -> Float[Array, "expanded columns"]:
        """Rows of the gates that are present as those of all three, one a cell; zeros for absent ones.

        A block's row is repeated for each of its cells, or stands at the first of them, with zeros at the others.
        """
        groups = []
        for name in GATES:
            if name not in self.variant.gates:
                groups.append(jnp.zeros((self.units, rows.shape[1]), rows.dtype))
                continue
            k = self.variant.gates.index(name) * self.blocks
            own = rows[k : k + self.blocks]
            if repeat:
                groups.append(jnp.repeat(own, self.cells_per_block, axis=0))
            else:
                spread = jnp.zeros((self.blocks, self.cells_per_block, rows.shape[1]), rows.dtype)
                groups.append(spread.at[:, 0].set(own).reshape(self.units, -1))
        return jnp.concatenate(groups)

    def _by_row(self, rows: Float[Array, "rows columns"]) -> Float[Array, "expanded columns"]:
        """Rows of all nets: those of the gates, and those of the cells."""
        if self.variant.gates == GATES and self.cells_per_block == 1:
            return rows  # as they are: nothing to copy
        gates = rows.shape[0] - self.units
        return jnp.concatenate([self._by_gate(rows[:gates], True), rows[gates:]])

    def _enter(self, state: LSTMState) -> tuple[Array, Array]:
        sources = state.sources
        if self.variant.recurrence != "cells":
            gates = self._by_gate(sources[self.units :, None], False)[:, 0]
            sources = jnp.concatenate([sources[: self.units], gates])
        return sources, state.cells

    def _leave(self, sources: Float[Array, " sources"], cells: Float[Array, " units"]) -> LSTMState:
        if self.variant.recurrence == "cells":
            return LSTMState(sources, cells)
        groups = dict(zip(GATES, jnp.split(sources[self.units :], 3)))
        gates = [groups[name][:: self.cells_per_block] for name in self.variant.gates]
        return LSTMState(jnp.concatenate([sources[: self.units], *gates]), cells)


def _projected(variant: LSTMVariant, units: int, projection: int | None) -> int:
    """How many units are seen from outside."""
    if not variant.projection:
        if projection is not None:
            raise InvalidInput(f"projection={projection}: this row has none; variant='projection' does")
        return units
    size = max(1, units // 4) if projection is None else projection
    if size < 1:
        raise InvalidInput(f"projection={projection}; expected at least 1")
    return size
