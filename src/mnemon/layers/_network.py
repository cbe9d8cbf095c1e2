"""A network: layers and a readout. Batches of whole sequences, or one sequence a step at a time."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from ..cells import Cell, finishes, trainable
from ..errors import InvalidInput
from ._layer import Layer, Mode, Passage, values_of
from ._readout import Answer, Readout
from ._stack import Stack
from .unfold import spelt


class Network(eqx.Module):
    """Layers ending in a readout, which says where the error enters.

    Args:
        layers: a `Stack`, another layer, or a cell.
        readout: reads the uppermost layer.

    Raises:
        InvalidInput: a readout of another size than the layers.

    Example:
        >>> import jax
        >>> from mnemon.cells import LSTM
        >>> from mnemon.layers import Network, Readout
        >>> a, b = jax.random.split(jax.random.key(0))
        >>> network = Network(LSTM(12, 16, key=a), Readout(16, 9, key=b))
        >>> network(jax.numpy.ones((4, 20, 12))).values.shape
        (4, 9)

    """

    layers: Stack
    readout: Readout
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, layers: Layer | Cell, readout: Readout) -> None:
        self.layers = layers if isinstance(layers, Stack) else Stack(layers)
        if self.layers.output_size != readout.input_size:
            raise InvalidInput(
                f"Network: the layers say {self.layers.output_size} values, but the readout takes {readout.input_size}"
            )
        if readout.sees_input not in (0, self.layers.input_size):
            raise InvalidInput(
                f"Network: the readout expects to see {readout.sees_input} inputs; the network has "
                f"{self.layers.input_size}"
            )
        self.readout = readout
        self.input_size = self.layers.input_size
        self.output_size = readout.output_size

    @property
    def causal(self) -> bool:
        """Whether the answer so far needs no later step, so that the network can be stepped."""
        return self.layers.causal

    @property
    def finishes(self) -> bool:
        """Whether a sequence's end changes the answer there: cells that complete an open segment do so."""
        parts = jax.tree.leaves(self, is_leaf=lambda part: isinstance(part, Cell))
        return any(isinstance(part, Cell) and finishes(part) for part in parts)

    @property
    def dtype(self) -> Any:
        """The type of its weights, of those of the readout where it has some."""
        leaves = jax.tree.leaves(eqx.filter(self, eqx.is_inexact_array))
        return leaves[-1].dtype if leaves else jnp.result_type(float)

    def weight_count(self) -> int:
        """Number of trainable weights."""
        return sum(leaf.size for leaf in jax.tree.leaves(trainable(self)))

    def __call__(
        self,
        xs: PyTree[Array],
        lengths: Int[Array, "*batch"] | None = None,
        *,
        key: PRNGKeyArray | None = None,
        mode: Mode = Mode(),  # noqa: B008 - a frozen module
    ) -> Answer:
        """Answer whole sequences (*batch, time, features), or codes of symbols (*batch, time); `key`: dropout."""
        return self.read(self.passage(xs, lengths, key=key, mode=mode), xs)

    def passage(
        self,
        xs: PyTree[Array],
        lengths: Int[Array, "*batch"] | None = None,
        *,
        key: PRNGKeyArray | None = None,
        mode: Mode = Mode(),  # noqa: B008 - a frozen module
    ) -> Passage:
        """What the layers hand to the readout."""
        return self.layers(xs if self.layers.spells else self.readable(xs), lengths, key=key, mode=mode)

    def read(self, passage: Passage, xs: PyTree[Array]) -> Answer:
        """The readout's answer to what the layers handed on of inputs `xs`."""
        return self.readout(passage, values_of(self._spelt(xs)))

    def seen(self, xs: PyTree[Array], lengths: Int[Array, "*batch"] | None = None) -> Answer:
        """What the readout's affine map is given of whole sequences, for learners that solve for it."""
        return self.readout.see(self.passage(xs, lengths), values_of(self._spelt(xs)))

    def begin(self) -> Any:
        """Memory before the first step of one sequence.

        Raises:
            InvalidInput: a network that is not causal.

        """
        for layer in self.layers.layers:
            if not layer.causal:
                raise InvalidInput(
                    f"this network cannot be stepped through time: its layer {type(layer).__name__} {layer.because}"
                )
        return self.layers.begin(), self.readout.begin()

    def step(self, memory: Any, x: PyTree[Array]) -> tuple[Any, Float[Array, " outputs"]]:
        """One step of one sequence: the new memory, and the answer if the sequence ends here."""
        layers, readout = memory
        readable = self.readable(x)
        layers, seen, seen_if_last = self.layers.step(layers, readable, readable)
        if self.readout.sees_input:
            values = values_of(self._spelt(x))
            seen, seen_if_last = (jnp.concatenate([s, values]) for s in (seen, seen_if_last))
        readout, answer = self.readout.step(readout, seen, seen_if_last)
        return (layers, readout), answer

    def readable(self, xs: PyTree[Array]) -> PyTree[Array]:
        """Inputs as the lowest layer takes them."""
        return xs if self.layers.reads_symbols else self._spelt(xs)

    def _spelt(self, xs: PyTree[Array]) -> PyTree[Array]:
        return spelt(xs, self.input_size, self.dtype)
