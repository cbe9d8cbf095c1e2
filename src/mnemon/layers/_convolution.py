"""Convolution over time, a front end for signals: A. Waibel, T. Hanazawa, G. Hinton, K. Shikano and K. Lang, "Phoneme
recognition using time-delay neural networks", IEEE Trans. ASSP 37(3):328-339, 1989, doi:10.1109/29.21701.

    y(k) = f( sum over j of W_j x(s k + j - p) + b ),    j = 0 ... width-1,    k = 0 ... ceil(T / s) - 1

s is the stride; p inputs of the window lie before its own step: width-1 where it is causal, else half of them, rounded
down. Inputs outside a sequence, before its start and behind its own end, are zeros.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from ..cells import SQUASHING, Initialiser, Start
from ..errors import InvalidInput, suggest
from ._layer import Layer, Mode, Passage, hold, silence, values_of


class Convolution(Layer):
    """Each output step sees a window of `width` input steps; every `stride`-th step has one.

    A sequence of T steps becomes one of ceil(T / stride). With `causal=True` and a stride of 1 the layer can be stepped
    through time and remembers the last width-1 inputs. Weights: `weights` (channels, width * input_size), the
    window's oldest input first, and `bias` (channels,).

    Args:
        input_size: features of a step.
        channels: number of outputs.
        width: input steps in a window.
        stride: input steps from one output to the next.
        squashing: f, "relu" or another name.
        causal: whether a window ends with its own step; otherwise that lies in its middle.
        initialiser: a `Start`, or one `(key, shape) -> array` for all weights.
        key: random key.

    Raises:
        InvalidInput: a width or stride below 1, or an unknown squashing function.

    Example:
        >>> import jax
        >>> from mnemon.layers import Convolution
        >>> front = Convolution(40, 16, 5, stride=2, key=jax.random.key(0))
        >>> passage = front(jax.numpy.ones((2, 9, 40)), jax.numpy.array([9, 4]))
        >>> passage.outputs.shape, passage.lengths.tolist()
        ((2, 5, 16), [5, 2])

    """

    weights: Float[Array, "channels window"]
    bias: Float[Array, " channels"]
    width: int = eqx.field(static=True)
    stride: int = eqx.field(static=True)
    before: int = eqx.field(static=True)
    squashing: Callable[[Array], Array] = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)
    because = "changes the pace of time or reads later steps (make it with causal=True and stride=1)"

    def __init__(
        self,
        input_size: int,
        channels: int,
        width: int,
        *,
        stride: int = 1,
        squashing: str = "relu",
        causal: bool = False,
        initialiser: Initialiser | Start | None = None,
        key: PRNGKeyArray,
    ) -> None:
        if width < 1 or stride < 1:
            raise InvalidInput(f"Convolution: width={width}, stride={stride}; expected at least 1 of each")
        if squashing not in SQUASHING:
            raise InvalidInput(f"squashing={squashing!r}: {suggest(squashing, SQUASHING)}")
        weight_key, bias_key = jax.random.split(key)
        start = Start.of(initialiser)
        self.weights = start.inputs(weight_key, (channels, width * input_size))
        self.bias = start.bias(bias_key, (channels,))
        self.width = width
        self.stride = stride
        self.before = width - 1 if causal else (width - 1) // 2
        self.squashing = SQUASHING[squashing]
        self.input_size = input_size
        self.output_size = channels

    @property
    def keeps_pace(self) -> bool:
        """With a stride of 1."""
        return self.stride == 1

    @property
    def causal(self) -> bool:
        """Where no window reaches beyond its own step, and each step has one."""
        return self.before == self.width - 1 and self.keeps_pace

    def __call__(
        self,
        xs: PyTree[Array],
        lengths: Int[Array, "*batch"] | None = None,
        *,
        key: PRNGKeyArray | None = None,
        mode: Mode = Mode(),  # noqa: B008 - a frozen module
    ) -> Passage:
        """See `Layer`. `last` is the output at each sequence's last window."""
        values = silence(values_of(xs), lengths)
        time, reach = values.shape[-2], (-(-values.shape[-2] // self.stride) - 1) * self.stride + 1
        behind = max(0, reach + self.width - 1 - self.before - time)
        padded = jnp.pad(values, [(0, 0)] * (values.ndim - 2) + [(self.before, behind), (0, 0)])
        windows = [padded[..., j : j + reach : self.stride, :] for j in range(self.width)]
        counts = None if lengths is None else -(-lengths // self.stride)
        outputs = hold(self._see(jnp.concatenate(windows, axis=-1)), counts)
        return Passage(outputs, outputs[..., -1, :], None, counts)

    def begin(self) -> Float[Array, "before features"]:
        """The inputs before the first: zeros."""
        return jnp.zeros((self.width - 1, self.input_size), self.weights.dtype)

    def step(
        self, memory: Float[Array, "before features"], x: PyTree[Array], x_if_last: PyTree[Array]
    ) -> tuple[Array, Array, Array]:
        """See `Layer`."""
        window = jnp.concatenate([memory, values_of(x)[None]])
        output = self._see(window.reshape(-1))
        if x_if_last is x:
            return window[1:], output, output
        ending = jnp.concatenate([memory, values_of(x_if_last)[None]])
        return window[1:], output, self._see(ending.reshape(-1))

    def _see(self, windows: Float[Array, "*batch window"]) -> Float[Array, "*batch channels"]:
        nets = windows @ self.weights.T
        return self.squashing(nets + self.bias.reshape((1,) * (nets.ndim - 1) + (-1,)))
