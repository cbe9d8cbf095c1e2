"""Layer normalisation: J. L. Ba, J. R. Kiros and G. E. Hinton, 2016, arXiv:1607.06450.

    m = mean of a(t)'s entries,    v = mean of (a(t) - m)^2,    y(t) = g * (a(t) - m) / sqrt(v + epsilon) + b

Means are over the units of one step of one sequence, so that neither the batch nor the length matters.
"""

import equinox as eqx
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from ..errors import InvalidInput
from ._layer import Layer, Mode, Passage, hold, values_of

# The paper has none; without it a vector of equal entries, such as the zeros before the first step, has no gradient.
EPSILON = 1e-5


def normalise(
    values: Float[Array, "*batch size"], gain: Float[Array, " size"], bias: Float[Array, " size"], epsilon: float
) -> Float[Array, "*batch size"]:
    """The equations above, over the last axis."""
    deviations = values - values.mean(axis=-1, keepdims=True)
    scaled = deviations * lax.rsqrt((deviations**2).mean(axis=-1, keepdims=True) + epsilon)
    alone = (1,) * (values.ndim - 1) + (-1,)
    return scaled * gain.reshape(alone) + bias.reshape(alone)


class LayerNorm(Layer):
    """Normalises what the layer below says, step by step; `gain` starts at 1 and `bias` at 0.

    Args:
        size: units of the layer below, at least 2: a single number has no spread.
        epsilon: what is added to the variance.

    Raises:
        InvalidInput: fewer than two units.

    Example:
        >>> import jax.numpy as jnp
        >>> from mnemon.layers import LayerNorm
        >>> LayerNorm(2)(jnp.array([[1.0, 5.0], [3.0, 2.0]])).outputs.round(3).tolist()
        [[-1.0, 1.0], [1.0, -1.0]]

    """

    gain: Float[Array, " size"]
    bias: Float[Array, " size"]
    epsilon: float = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, size: int, *, epsilon: float = EPSILON) -> None:
        if size < 2:
            raise InvalidInput(f"LayerNorm: size={size}; expected at least 2 units, for one has no spread")
        self.gain = jnp.ones(size)
        self.bias = jnp.zeros(size)
        self.epsilon = epsilon
        self.input_size = size
        self.output_size = size

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
        """See `Layer`. It has no time of its own: `last` is its output at each sequence's last step."""
        outputs = self._normalise(hold(values_of(xs), lengths))
        return Passage(outputs, outputs[..., -1, :], None, lengths)

    def begin(self) -> None:
        """Nothing to remember."""

    def step(self, memory: None, x: PyTree[Array], x_if_last: PyTree[Array]) -> tuple[None, Array, Array]:
        """See `Layer`."""
        output = self._normalise(values_of(x))
        return memory, output, output if x_if_last is x else self._normalise(values_of(x_if_last))

    def _normalise(self, values: Float[Array, "*batch size"]) -> Float[Array, "*batch size"]:
        return normalise(values, self.gain, self.bias, self.epsilon)
