"""The pyramid: W. Chan, N. Jaitly, Q. Le and O. Vinyals, "Listen, attend and spell", ICASSP 2016,
doi:10.1109/ICASSP.2016.7472621.

    h(k) = layer( h(k-1), [ x(w k), x(w k + 1), ... x(w k + w-1) ] ),    k = 0 ... ceil(T / w) - 1

Each layer of the paper's pyramid is bidirectional and halves the rate (w = 2), so that what stands above has fewer
steps to bridge. A sequence that w does not divide is filled up with zeros behind its own end.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray, PyTree

from ..cells import Cell
from ..errors import InvalidInput
from ._layer import Layer, Mode, Passage, silence, values_of
from ._recurrent import Recurrent


class Pyramid(Layer):
    """A layer that reads `width` successive inputs at once, side by side, and so takes fewer steps.

    A sequence of T steps becomes one of ceil(T / width). The layer changes the pace of time, so that it is never
    causal: it cannot be stepped along with its inputs.

    Args:
        layer: a cell, run forwards, or a layer, such as the paper's `Bidirectional`; its input_size is `width` times
            that of one step.
        width: how many inputs it reads at once.

    Raises:
        InvalidInput: a width below 1, or one that does not divide the layer's inputs; a layer of symbols.

    Example:
        >>> import jax
        >>> from mnemon.cells import LSTM
        >>> from mnemon.layers import Bidirectional, Pyramid
        >>> a, b = jax.random.split(jax.random.key(0))
        >>> passage = Pyramid(Bidirectional(LSTM(80, 8, key=a), LSTM(80, 8, key=b)))(
        ...     jax.numpy.ones((2, 9, 40)), jax.numpy.array([9, 4])
        ... )
        >>> passage.outputs.shape, passage.lengths.tolist()
        ((2, 5, 16), [5, 2])

    """

    layer: Layer
    width: int = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)
    because = "changes the pace of time"

    def __init__(self, layer: Layer | Cell, width: int = 2) -> None:
        if width < 1 or layer.input_size % width:
            raise InvalidInput(
                f"Pyramid: width={width} inputs side by side do not make the {layer.input_size} inputs of "
                f"{type(layer).__name__}; make it with width times the features of a step"
            )
        self.layer = Recurrent(layer) if isinstance(layer, Cell) else layer
        if self.layer.reads_symbols:
            raise InvalidInput(
                f"Pyramid: {type(layer).__name__} reads codes of symbols, which cannot stand side by side; put it below"
            )
        self.width = width
        self.input_size = layer.input_size // width
        self.output_size = layer.output_size

    @property
    def keeps_pace(self) -> bool:
        """Never."""
        return False

    @property
    def causal(self) -> bool:
        """Never: it has no output at most steps."""
        return False

    def __call__(
        self,
        xs: PyTree[Array],
        lengths: Int[Array, "*batch"] | None = None,
        *,
        key: PRNGKeyArray | None = None,
        mode: Mode = Mode(),  # noqa: B008 - a frozen module
    ) -> Passage:
        """See `Layer`. The passage is that of the layer at the lower rate, its lengths and segment ends included."""
        values = silence(values_of(xs), lengths)
        *leading, time, features = values.shape
        steps = -(-time // self.width)
        filled = jnp.pad(values, [(0, 0)] * len(leading) + [(0, steps * self.width - time), (0, 0)])
        beside = filled.reshape(*leading, steps, self.width * features)
        counts = None if lengths is None else -(-lengths // self.width)
        return self.layer(beside, counts, key=key, mode=mode)
