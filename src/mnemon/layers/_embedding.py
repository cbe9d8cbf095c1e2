"""Symbols as vectors that are learned: Y. Bengio, R. Ducharme, P. Vincent and C. Jauvin, "A neural probabilistic
language model", Journal of Machine Learning Research 3:1137-1155, 2003, https://www.jmlr.org/papers/v3/bengio03a.html.

    y(t) = C[s(t)]          the row of symbol s(t), which is  x(t) C  for its one-hot vector x(t)
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from ..cells import Initialiser, Start
from ..errors import InvalidInput
from ._layer import Layer, Mode, Passage, hold, values_of


class Embedding(Layer):
    """A vector for each symbol. Reads codes (*batch, time) as they are, and never makes them one-hot.

    Rows of numbers (*batch, time, symbols), such as one-hot vectors or the probabilities of symbols, are multiplied by
    the table. A code of no symbol is the zero vector. `table` holds symbols * size weights.

    Args:
        symbols: how many symbols there are; their codes are 0 to symbols - 1.
        size: numbers in a vector.
        initialiser: a `Start` (its `inputs` draws the table, each vector's entries as the weights of a unit), or one
            `(key, shape) -> array`.
        key: random key.

    Raises:
        InvalidInput: no symbols, or vectors without entries.

    Example:
        >>> import jax
        >>> from mnemon.cells import GRU
        >>> from mnemon.layers import Embedding, Network, Readout, Stack
        >>> a, b, c = jax.random.split(jax.random.key(0), 3)
        >>> network = Network(Stack(Embedding(1000, 8, key=a), GRU(8, 16, key=b)), Readout(16, 2, key=c))
        >>> network(jax.numpy.array([[5, 999, 3], [7, 7, 0]])).values.shape
        (2, 2)

    """

    table: Float[Array, "symbols size"]
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self, symbols: int, size: int, *, initialiser: Initialiser | Start | None = None, key: PRNGKeyArray
    ) -> None:
        if symbols < 1 or size < 1:
            raise InvalidInput(f"Embedding: symbols={symbols}, size={size}; expected at least 1 of each")
        self.table = Start.of(initialiser).inputs(key, (size, symbols)).T
        self.input_size = symbols
        self.output_size = size

    @property
    def reads_symbols(self) -> bool:
        """Always."""
        return True

    @property
    def causal(self) -> bool:
        """Always."""
        return True

    def __call__(
        self,
        xs: PyTree[Array],
        lengths: Int[Array, "*batch"] | None = None,
        *,
        key: PRNGKeyArray | None = None,
        mode: Mode = Mode(),  # noqa: B008 - a frozen module
    ) -> Passage:
        """See `Layer`; `xs` may be codes (*batch, time)."""
        values = values_of(xs)
        coded = jnp.issubdtype(values.dtype, jnp.integer)
        outputs = hold(self._look_up(values), lengths) if coded else self._look_up(hold(values, lengths))
        return Passage(outputs, outputs[..., -1, :], None, lengths)

    def begin(self) -> None:
        """Nothing to remember."""

    def step(self, memory: None, x: PyTree[Array], x_if_last: PyTree[Array]) -> tuple[None, Array, Array]:
        """See `Layer`."""
        output = self._look_up(values_of(x))
        return memory, output, output if x_if_last is x else self._look_up(values_of(x_if_last))

    def _look_up(self, values: Array) -> Array:
        if jnp.issubdtype(values.dtype, jnp.integer):
            return self.table.at[values].get(mode="fill", fill_value=0, wrap_negative_indices=False)
        return values @ self.table
