"""The segmented-memory recurrent network, for any two cells: J. Chen and N. Chaudhari, "Segmented-memory recurrent
neural networks", IEEE Trans. Neural Networks 20(8):1267-1280, 2009, doi:10.1109/TNN.2009.2022980.

A sequence is read in segments. The symbol cell reads the symbols of a segment and starts anew at each segment's head;
the segment cell takes one step at each segment's tail, on what the symbol cell says there, and keeps its state between:

    x(t) = symbol.advance( x(0) if t is a head else x(t-1), u(t) )
    y(t) = segment.advance( y(t-1), symbol.output(x(t)) )   at a tail;    y(t) = y(t-1)   elsewhere

Heads are t = 1, d+1, 2d+1 ..., tails t = d, 2d ...; a last segment shorter than d is a segment, whose tail is the
sequence's end. (The published figures leave that open; ignoring the rest would ignore inputs.) With two Elman cells of
logistic units these are the published equations; back-propagation through it is the published eBPTT, and real-time
recurrent learning eRTRL: no learning rule is written for this network.

Either cell may be segmented itself. The inner one of `Segmented(Segmented(a, b, 3), c, 4)` is finished at the outer
tail, so that its open segment is summarised, and starts anew; the upper one of `Segmented(a, Segmented(b, c, 4), 3)`
counts segments as its symbols.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PyTree

from ..cells import Cell, Drive, State, advance, finishes
from ..errors import InvalidInput
from ._layer import Steps, values_of
from ._marks import Mark
from .unfold import batch_shape, unfold


class SegmentedState(NamedTuple):
    """States of both cells, and how many symbols of the running segment have been read."""

    symbol: State
    segment: State
    read: Int[Array, ""]


class SegmentedDrive(NamedTuple):
    """The symbol cell's drive, and whether the step ends a segment (None: the length decides)."""

    symbol: Drive
    boundary: Bool[Array, "..."] | None


class Segmented(Cell):
    """A cell made of a symbol-level and a segment-level cell.

    Args:
        symbol: reads the inputs. Its output is the segment cell's input.
        segment: reads one summary a segment; its output is the output.
        length: symbols in a segment, the d of the paper; or
        boundaries: True where the data say which steps end a segment: inputs are then `Steps(values, boundary)`, as
            made from a `Sequences` with boundaries; or
        marks: what in the input itself ends a segment, a `SymbolMark` or a `ThresholdMark`.

    Raises:
        InvalidInput: sizes that do not fit, not exactly one of `length`, `boundaries` and `marks`, a mark on a channel
            that is not there, or a segmented segment cell without a length: there is nothing else that it could go by.

    Example:
        >>> import jax
        >>> from mnemon.cells import Elman
        >>> from mnemon.layers import Segmented, unfold
        >>> a, b = jax.random.split(jax.random.key(0))
        >>> cell = Segmented(Elman(26, 10, key=a), Elman(10, 10, key=b), length=15)
        >>> unfold(cell, jax.numpy.ones((50, 60, 26)))[0].shape
        (50, 60, 10)

    """

    symbol: Cell
    segment: Cell
    length: int | None = eqx.field(static=True)
    marks: Mark | None
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        symbol: Cell,
        segment: Cell,
        length: int | None = None,
        *,
        boundaries: bool = False,
        marks: Mark | None = None,
    ) -> None:
        if symbol.output_size != segment.input_size:
            raise InvalidInput(
                f"Segmented: the symbol cell says {symbol.output_size} values but the segment cell takes "
                f"{segment.input_size}; make the segment cell with input_size={symbol.output_size}"
            )
        if (length is not None) + boundaries + (marks is not None) != 1:
            raise InvalidInput("Segmented: give exactly one of length=d, boundaries=True and marks=SymbolMark(...)")
        if marks is not None and max(marks.channels()) >= symbol.input_size:
            raise InvalidInput(
                f"Segmented: the marks look at channel {max(marks.channels())}, but inputs have the channels 0 to "
                f"{symbol.input_size - 1}"
            )
        if isinstance(segment, Segmented) and segment.length is None:
            raise InvalidInput(
                "Segmented: a segmented segment cell counts segments, which bring no boundaries and no marks; make it "
                "with length=d"
            )
        if length is not None and length < 1:
            raise InvalidInput(f"Segmented: length={length}; a segment has at least one symbol")
        self.symbol = symbol
        self.segment = segment
        self.length = length
        self.marks = marks
        self.input_size = symbol.input_size
        self.output_size = segment.output_size

    def initial_state(self) -> SegmentedState:
        """Both cells' own, no symbol read."""
        return SegmentedState(self.symbol.initial_state(), self.segment.initial_state(), jnp.zeros((), jnp.int32))

    def project(self, xs: PyTree[Array]) -> SegmentedDrive:
        """The symbol cell's projection; boundaries pass."""
        below, boundary = self._split(xs)
        return SegmentedDrive(self.symbol.project(below), boundary)

    def step(self, state: SegmentedState, drive: SegmentedDrive) -> SegmentedState:
        """The equations above."""
        head = state.read == 0
        before = jax.tree.map(lambda new, old: jnp.where(head, new, old), self.symbol.initial_state(), state.symbol)
        symbol = advance(self.symbol, before, drive.symbol)
        read = state.read + 1
        tail = read == self.length if drive.boundary is None else drive.boundary
        symbol, segment = self._summarise(tail, symbol, state.segment)
        return SegmentedState(symbol, segment, jnp.where(tail, 0, read))

    def output(self, state: SegmentedState) -> Float[Array, " units"]:
        """The segment cell's."""
        return self.segment.output(state.segment)

    def finish(self, state: SegmentedState) -> SegmentedState:
        """The sequence's end is a tail: an open segment is summarised."""
        symbol, segment = self._summarise(state.read > 0, state.symbol, state.segment)
        return SegmentedState(symbol, self.segment.finish(segment), jnp.zeros_like(state.read))

    def ends(self, xs: PyTree[Array], lengths: Int[Array, "*batch"] | None) -> Bool[Array, "*batch time"]:
        """(*batch, time), True at the tail of each segment of inputs `xs`, the sequence's own end included.

        Where the segment cell is segmented, these are its tails: there, and only there, the output changes.
        """
        values, (_, boundary) = values_of(xs), self._split(xs)
        leading = batch_shape(values)
        time = values.shape[len(leading)]
        steps = jnp.arange(time)
        last = jnp.broadcast_to(time if lengths is None else lengths, leading)[..., None]
        steps = steps.reshape((1,) * len(leading) + (time,))
        tails = (steps + 1) % (self.length or 1) == 0 if boundary is None else boundary
        if isinstance(self.segment, Segmented):
            passed = jnp.cumsum(jnp.broadcast_to(tails, (*leading, time)), axis=-1)
            tails = tails & (passed % self.segment.count() == 0)
        return (tails | (steps == last - 1)) & (steps < last)

    @property
    def first(self) -> Cell | None:
        """The cell that `sweep` walks first, over the inputs as they are; None where it takes single steps."""
        return None if self.length is None else self.symbol

    def levels(self) -> tuple[Cell, Cell]:
        """The symbol and the segment cell; with `with_levels`, how rules take a network of levels apart."""
        return self.symbol, self.segment

    def with_levels(self, symbol: Cell, segment: Cell) -> "Segmented":
        """The same segments, with other cells."""
        boundaries = self.length is None and self.marks is None
        return Segmented(symbol, segment, self.length, boundaries=boundaries, marks=self.marks)

    def count(self) -> int:
        """How many symbols make one segment of the uppermost level, where lengths say so."""
        above = self.segment.count() if isinstance(self.segment, Segmented) else 1
        return (self.length or 1) * above

    def sweep(
        self, xs: PyTree[Array], lengths: Int[Array, " batch"] | None
    ) -> tuple[Float[Array, "batch time units"], SegmentedState] | None:
        """Whole sequences at once, where segments have one length: they are independent at the symbol level.

        All segments of all sequences are one batch of d steps; then the segment cell takes T/d steps. Returns None
        where boundaries come with the data or are marked by the input: `unfold` then takes single steps.
        """
        if self.length is None:
            return None
        d = self.length
        below, _ = self._split(xs)
        batch, time = values_of(xs).shape[:2]
        segments = -(-time // d)

        def cut(leaf: Array) -> Array:
            padded = jnp.pad(leaf, [(0, 0), (0, segments * d - time)] + [(0, 0)] * (leaf.ndim - 2))
            return padded.reshape(batch, segments, d, *leaf.shape[2:])

        if lengths is None and segments * d == time:
            within, count, ends = None, None, jnp.full(batch, time)
        else:
            ends = jnp.full(batch, time) if lengths is None else lengths
            within = jnp.clip(ends[:, None] - d * jnp.arange(segments)[None], 0, d)
            count = -(-ends // d)
        _, symbols = unfold(self.symbol, jax.tree.map(cut, below), lengths=within)
        said = jax.vmap(jax.vmap(self.symbol.output))(symbols)
        summaries, segment = unfold(self.segment, said, lengths=count)

        first = jnp.broadcast_to(self.segment.output(self.segment.initial_state()), (batch, 1, self.output_size))
        steps = jnp.arange(time)[None]
        passed = jnp.where(steps >= ends[:, None] - 1, -(-ends // d)[:, None], (steps + 1) // d)
        outputs = jnp.take_along_axis(jnp.concatenate([first, summaries], axis=1), passed[..., None], axis=1)
        final_segment = (-(-ends // d) - 1)[:, None]
        symbol = jax.tree.map(
            lambda leaf: jnp.take_along_axis(leaf, final_segment.reshape(batch, *(1,) * (leaf.ndim - 1)), axis=1)[:, 0],
            symbols,
        )
        return outputs, SegmentedState(symbol, segment, jnp.zeros(batch, jnp.int32))

    def _summarise(self, tail: Bool[Array, ""], symbol: State, segment: State) -> tuple[State, State]:
        """At a tail, both cells' states after the segment cell's step on what the symbol cell says in the end."""
        ended = self.symbol.finish(symbol)
        drives = self.segment.project(self.symbol.output(ended)[None])
        after = advance(self.segment, segment, jax.tree.map(lambda leaf: leaf[0], drives))
        if finishes(self.symbol):
            symbol = jax.tree.map(lambda new, old: jnp.where(tail, new, old), ended, symbol)
        return symbol, jax.tree.map(lambda new, old: jnp.where(tail, new, old), after, segment)

    def _split(self, xs: PyTree[Array]) -> tuple[PyTree[Array], Bool[Array, "..."] | None]:
        """What the symbol cell reads, and which steps end a segment (None: the length decides).

        Raises:
            InvalidInput: boundaries wanted and not there.

        """
        values = values_of(xs)
        below = xs if isinstance(self.symbol, Segmented) else values
        if self.length is not None:
            return below, None
        if self.marks is not None:
            return below, self.marks(values)
        if not isinstance(xs, Steps):
            raise InvalidInput(
                "Segmented(boundaries=True) reads Steps(values, boundary); these inputs bring no boundaries. "
                "Give the Sequences boundaries, or make the layer with length=d"
            )
        return below, xs.boundary
