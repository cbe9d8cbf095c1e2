"""Layers on top of each other, with dropout between them, and with residual connections past them.

    x_k(t) = layer_k(x_(k-1))(t) + x_(k-1)(t)      with residual=True, where both have as many units

Y. Wu and others, "Google's neural machine translation system", 2016, arXiv:1609.08144.
"""

import itertools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int, PRNGKeyArray, PyTree

from ..cells import Cell
from ..errors import InvalidInput, InvalidType
from ._layer import Layer, Mode, Passage, Steps, hold, values_of
from ._recurrent import Recurrent


class Stack(Layer):
    """Layers one above the other; each reads the outputs of the one below.

    Segment ends that come with the data reach every layer, up to one that changes the pace of time.

    Args:
        *layers: layers, or cells (which are run forwards).
        dropout: share of each layer's units that is silent during training, the last layer's included; the same units
            along a whole sequence (Gal and Ghahramani 2016, arXiv:1512.05287).
        residual: whether each layer that has as many outputs as inputs adds its inputs to what it says, after dropout.
            To what it says of a whole sequence, `Passage.last`, it adds what the layer below says of it; the lowest
            layer adds the input at the sequence's end.

    Raises:
        InvalidInput: no layer, sizes that do not fit, or dropout outside [0, 1); residual connections around layers
            none of which has as many outputs as inputs, or one of which changes the pace of time.
        InvalidType: something that is neither a layer nor a cell.

    """

    layers: tuple[Layer, ...]
    dropout: float = eqx.field(static=True)
    residual: bool = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, *layers: Layer | Cell, dropout: float = 0.0, residual: bool = False) -> None:
        if not layers:
            raise InvalidInput("Stack: give at least one layer")
        if not 0 <= dropout < 1:
            raise InvalidInput(f"dropout={dropout}: expected a share in [0, 1)")
        for part in layers:
            if not isinstance(part, Layer | Cell):
                raise InvalidType(f"Stack takes layers and cells; got {type(part).__name__}")
        for k, (below, above) in enumerate(itertools.pairwise(layers)):
            if below.output_size != above.input_size:
                raise InvalidInput(
                    f"Stack: layer {k} ({type(below).__name__}) says {below.output_size} values, but layer {k + 1} "
                    f"({type(above).__name__}) takes {above.input_size}"
                )
        self.layers = tuple(Recurrent(part) if isinstance(part, Cell) else part for part in layers)
        self.dropout = dropout
        self.residual = residual
        self.input_size = layers[0].input_size
        self.output_size = layers[-1].output_size
        if residual:
            self._check_residual()

    @property
    def reads_symbols(self) -> bool:
        """Whether the lowest layer does."""
        return self.layers[0].reads_symbols

    @property
    def spells(self) -> bool:
        """Whether the lowest layer does, and no input is added to what it says."""
        return self.layers[0].spells and not self._adds(self.layers[0])

    @property
    def keeps_pace(self) -> bool:
        """Whether all layers do."""
        return all(layer.keeps_pace for layer in self.layers)

    @property
    def causal(self) -> bool:
        """Whether all layers are."""
        return all(layer.causal for layer in self.layers)

    def __call__(
        self,
        xs: PyTree[Array],
        lengths: Int[Array, "*batch"] | None = None,
        *,
        key: PRNGKeyArray | None = None,
        mode: Mode = Mode(),  # noqa: B008 - a frozen module
    ) -> Passage:
        """See `Layer`. The segment ends are those of the uppermost segmented layer."""
        ends, passage = None, None
        boundary = xs.boundary if isinstance(xs, Steps) else None
        for number, layer in enumerate(self.layers):
            layer_key, drop_key = (None, None) if key is None else jax.random.split(jax.random.fold_in(key, number))
            below, passage = passage, layer(xs, lengths, key=layer_key, mode=mode)
            if not layer.keeps_pace:  # what ended segments below is no step of this layer
                ends, boundary = None, None
            ends = ends if passage.ends is None else passage.ends
            if self.dropout and drop_key is not None:
                passage = _drop(passage, drop_key, self.dropout)
            if self._adds(layer):
                inputs = hold(values_of(xs), lengths) if below is None else below.outputs
                last = inputs[..., -1, :] if below is None else below.last
                passage = passage._replace(outputs=passage.outputs + inputs, last=passage.last + last)
            xs, lengths = _with(boundary, passage.outputs), passage.lengths
        assert passage is not None  # a stack has at least one layer
        return passage._replace(ends=ends)

    def begin(self) -> Any:
        """The memories of all layers."""
        return tuple(layer.begin() for layer in self.layers)

    def step(self, memory: Any, x: PyTree[Array], x_if_last: PyTree[Array]) -> tuple[Any, Array, Array]:
        """See `Layer`."""
        memories = []
        boundary = x.boundary if isinstance(x, Steps) else None
        for layer, before in zip(self.layers, memory):
            after, y, y_if_last = layer.step(before, x, x_if_last)
            memories.append(after)
            same = y_if_last is y and x_if_last is x
            if self._adds(layer):
                y, y_if_last = y + values_of(x), y_if_last + values_of(x_if_last)
            x = _with(boundary, y)
            x_if_last = x if same else _with(boundary, y_if_last)
        return tuple(memories), values_of(x), values_of(x_if_last)

    def _adds(self, layer: Layer) -> bool:
        """Whether a layer's inputs are added to its outputs."""
        return self.residual and layer.input_size == layer.output_size and not layer.reads_symbols

    def _check_residual(self) -> None:
        for number, layer in enumerate(self.layers):
            if not layer.keeps_pace:
                raise InvalidInput(
                    f"residual=True: layer {number} ({type(layer).__name__}) changes the pace of time, so that its "
                    "inputs cannot be added to its outputs; put a Stack(..., residual=True) of the others above it"
                )
        if not any(self._adds(layer) for layer in self.layers):
            sizes = ", ".join(
                f"{type(layer).__name__} {layer.input_size} -> {layer.output_size}" for layer in self.layers
            )
            raise InvalidInput(f"residual=True: no layer has as many outputs as inputs ({sizes}); make at least one so")


def _with(boundary: Bool[Array, "..."] | None, values: Array) -> PyTree[Array]:
    """Values, with the segment ends of the data where there are some."""
    return values if boundary is None else Steps(values, boundary)


def _drop(passage: Passage, key: PRNGKeyArray, rate: float) -> Passage:
    """Silence the same share of units along each whole sequence."""
    kept = jax.random.bernoulli(key, 1 - rate, passage.last.shape)
    scale = jnp.where(kept, jnp.asarray(1 / (1 - rate), passage.last.dtype), jnp.zeros((), passage.last.dtype))
    return passage._replace(outputs=passage.outputs * scale[..., None, :], last=passage.last * scale)
