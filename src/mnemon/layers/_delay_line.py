"""A tapped delay line: what a static layer needs to see the past of a signal.

    y(t) = ( x(t), x(t-1), ... x(t-n+1) )             n taps; x is 0 before the start

A. Lapedes and R. Farber, "Nonlinear signal processing using neural networks: prediction and system modelling", Los
Alamos report LA-UR-87-2662, 1987; as the memory of identification models: K. Narendra and K. Parthasarathy, IEEE
Trans. Neural Networks 1(1):4-27, 1990, doi:10.1109/72.80202.
"""

import equinox as eqx
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from ..cells import Frozen
from ..errors import InvalidInput
from ._layer import Layer, Mode, Passage, hold, values_of


class DelayLine(Layer):
    """Each output step holds the inputs of `taps` steps side by side, the newest first. There is nothing to train.

    Args:
        input_size: features of a step.
        taps: how many steps are seen, this one included.

    Raises:
        InvalidInput: fewer than one tap.

    Example:
        >>> import jax.numpy as jnp
        >>> from mnemon.layers import DelayLine
        >>> DelayLine(1, 3)(jnp.array([[1.0], [2.0], [3.0]])).outputs.tolist()
        [[1.0, 0.0, 0.0], [2.0, 1.0, 0.0], [3.0, 2.0, 1.0]]

    """

    nothing: Frozen  # the zero that stands before the start: it has the precision of the network around it
    taps: int = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, input_size: int, taps: int) -> None:
        if taps < 1:
            raise InvalidInput(f"DelayLine: taps={taps}; expected at least 1, the input of the step itself")
        self.nothing = Frozen(jnp.zeros(()))
        self.taps = taps
        self.input_size = input_size
        self.output_size = taps * input_size

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
        values = values_of(xs)
        time, before = values.shape[-2], self.taps - 1
        padded = jnp.pad(values, [(0, 0)] * (values.ndim - 2) + [(before, 0), (0, 0)])
        delayed = [padded[..., before - k : before - k + time, :] for k in range(self.taps)]
        outputs = hold(jnp.concatenate(delayed, axis=-1), lengths)
        return Passage(outputs, outputs[..., -1, :], None, lengths)

    def begin(self) -> Float[Array, "before features"]:
        """The inputs before the first, the newest first: zeros."""
        return jnp.broadcast_to(lax.stop_gradient(self.nothing.value), (self.taps - 1, self.input_size))

    def step(
        self, memory: Float[Array, "before features"], x: PyTree[Array], x_if_last: PyTree[Array]
    ) -> tuple[Array, Array, Array]:
        """See `Layer`."""
        window = jnp.concatenate([values_of(x)[None], memory])
        output = window.reshape(-1)
        if x_if_last is x:
            return window[:-1], output, output
        return window[:-1], output, jnp.concatenate([values_of(x_if_last)[None], memory]).reshape(-1)
