"""Marks: what in the input itself ends a segment, such as the space that ends a word, or a loud moment.

tail(t)  =  u_i(t) = 1 for one of the symbols i          SymbolMark
tail(t)  =  u_c(t) > value   (or < value)                ThresholdMark
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ..errors import InvalidInput


class Mark(eqx.Module):
    """Base of all marks: from the inputs of steps to which of them end a segment."""

    def __call__(self, values: Float[Array, "*steps features"]) -> Bool[Array, "*steps"]:
        """True where a segment ends."""
        raise NotImplementedError

    def channels(self) -> tuple[int, ...]:
        """The channels that are looked at."""
        raise NotImplementedError


class SymbolMark(Mark):
    """A segment ends with any of some symbols of one-hot inputs.

    Args:
        symbols: the symbol's code, which is its channel, or several in a tuple.

    Raises:
        InvalidInput: no symbol, or a negative one.

    Example:
        >>> import jax
        >>> from mnemon.layers import SymbolMark
        >>> SymbolMark((0, 2))(jax.nn.one_hot(jax.numpy.array([1, 0, 2, 1]), 3)).tolist()
        [False, True, True, False]

    """

    symbols: tuple[int, ...] = eqx.field(static=True)

    def __init__(self, symbols: int | tuple[int, ...]) -> None:
        self.symbols = (symbols,) if isinstance(symbols, int) else tuple(symbols)
        if not self.symbols or min(self.symbols) < 0:
            raise InvalidInput(f"SymbolMark: symbols={symbols}; expected the codes of symbols, 0 or more, at least one")

    def __call__(self, values: Float[Array, "*steps features"]) -> Bool[Array, "*steps"]:
        """True at the symbols."""
        return jnp.stack([values[..., k] > 0.5 for k in self.symbols]).any(axis=0)

    def channels(self) -> tuple[int, ...]:
        """Those of the symbols."""
        return self.symbols


class ThresholdMark(Mark):
    """A segment ends where one channel lies above a value, or below it.

    Args:
        channel: which one.
        value: the threshold; a step that just equals it ends no segment.
        above: whether values above end segments, or values below.

    Raises:
        InvalidInput: a negative channel.

    Example:
        >>> import jax.numpy as jnp
        >>> from mnemon.layers import ThresholdMark
        >>> ThresholdMark(1, 0.5)(jnp.array([[0.0, 0.9], [3.0, 0.2]])).tolist()
        [True, False]

    """

    channel: int = eqx.field(static=True)
    value: float = eqx.field(static=True)
    above: bool = eqx.field(static=True)

    def __init__(self, channel: int, value: float, above: bool = True) -> None:
        if channel < 0:
            raise InvalidInput(f"ThresholdMark: channel={channel}; expected 0 or more")
        self.channel = channel
        self.value = float(value)
        self.above = above

    def __call__(self, values: Float[Array, "*steps features"]) -> Bool[Array, "*steps"]:
        """True beyond the threshold."""
        seen = values[..., self.channel]
        return seen > self.value if self.above else seen < self.value

    def channels(self) -> tuple[int, ...]:
        """The one."""
        return (self.channel,)
