"""Layers on top of each other, with dropout between them."""

import itertools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray, PyTree

from ..cells import Cell
from ..errors import InvalidInput, InvalidType
from ._layer import Layer, Mode, Passage, batch_time
from ._recurrent import Recurrent


class Stack(Layer):
    """Layers one above the other; each reads the outputs of the one below.

    Args:
        *layers: layers, or cells (which are run forwards).
        dropout: share of each layer's units that is silent during training, the last layer's included; the same units
            along a whole sequence (Gal and Ghahramani 2016, arXiv:1512.05287).

    Raises:
        InvalidInput: no layer, sizes that do not fit, or dropout outside [0, 1).
        InvalidType: something that is neither a layer nor a cell.

    """

    layers: tuple[Layer, ...]
    dropout: float = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, *layers: Layer | Cell, dropout: float = 0.0) -> None:
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
        self.input_size = layers[0].input_size
        self.output_size = layers[-1].output_size

    @property
    def reads_symbols(self) -> bool:
        """Whether the lowest layer does."""
        return self.layers[0].reads_symbols

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
        for number, layer in enumerate(self.layers):
            layer_key, drop_key = (None, None) if key is None else jax.random.split(jax.random.fold_in(key, number))
            passage = layer(xs, lengths, key=layer_key, mode=mode)
            if passage.outputs.shape[-2] != batch_time(xs):
                ends = None  # segment ends below a layer that changes the pace of time are no steps of it
            ends = ends if passage.ends is None else passage.ends
            if self.dropout and drop_key is not None:
                passage = _drop(passage, drop_key, self.dropout)
            xs, lengths = passage.outputs, passage.lengths
        assert passage is not None  # a stack has at least one layer
        return passage._replace(ends=ends)

    def begin(self) -> Any:
        """The memories of all layers."""
        return tuple(layer.begin() for layer in self.layers)

    def step(self, memory: Any, x: PyTree[Array], x_if_last: PyTree[Array]) -> tuple[Any, Array, Array]:
        """See `Layer`."""
        memories = []
        for layer, before in zip(self.layers, memory):
            after, x, x_if_last = layer.step(before, x, x_if_last)
            memories.append(after)
        return tuple(memories), x, x_if_last


def _drop(passage: Passage, key: PRNGKeyArray, rate: float) -> Passage:
    """Silence the same share of units along each whole sequence."""
    kept = jax.random.bernoulli(key, 1 - rate, passage.last.shape)
    scale = jnp.where(kept, jnp.asarray(1 / (1 - rate), passage.last.dtype), jnp.zeros((), passage.last.dtype))
    return passage._replace(outputs=passage.outputs * scale[..., None, :], last=passage.last * scale)
