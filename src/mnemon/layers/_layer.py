"""The contract of a layer: whole sequences in, whole sequences out; and, where it is causal, one step at a time.

Inside the library a batch is (*batch, time, features). A layer answers with a `Passage`; a network is a `Stack` of
layers and a `Readout`.
"""

from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, PyTree

from .unfold import Engine


class Steps(NamedTuple):
    """Inputs that bring their own segment ends: `values` (*batch, time, features), `boundary` (*batch, time) bool."""

    values: Float[Array, "*batch time features"]
    boundary: Bool[Array, "*batch time"]


class Mode(eqx.Module):
    """How a network is run: by which engine, and how far back errors may flow. A learning rule chooses it.

    Attributes:
        engine: see `mnemon.layers.unfold`.
        truncate: errors flow back through at most so many steps; None for all.

    """

    engine: Engine = eqx.field(static=True, default="auto")
    truncate: int | None = eqx.field(static=True, default=None)


class Passage(NamedTuple):
    """What a layer hands on.

    Attributes:
        outputs: (*batch, time, units); behind a sequence's end the last output is repeated.
        last: (*batch, units), what the layer says once it has seen the whole sequence. For a backward layer that is
            its output at the first step.
        ends: (*batch, time), True at the last step of each segment; None where nothing below is segmented.
        lengths: (*batch,), how many steps of `outputs` count; None for all. A layer that changes the pace of time
            (`Pyramid`, a convolution with a stride) has other lengths than its inputs.

    """

    outputs: Float[Array, "*batch time units"]
    last: Float[Array, "*batch units"]
    ends: Bool[Array, "*batch time"] | None
    lengths: Int[Array, "*batch"] | None


class Layer(eqx.Module):
    """Base of all layers. A causal layer also writes `begin` and `step`.

    Attributes:
        input_size: number of features of one input step.
        output_size: number of units of one output step.
        because: why a layer that is not causal cannot be stepped, after its name.

    """

    input_size: eqx.AbstractVar[int]
    output_size: eqx.AbstractVar[int]
    because: ClassVar[str] = "reads sequences from their end"

    @property
    def reads_symbols(self) -> bool:
        """Whether the layer takes the codes of symbols (*batch, time) as they are; others get them one-hot."""
        return False

    @property
    def spells(self) -> bool:
        """Whether the layer takes the codes of symbols too, and spells them one-hot itself where it has to."""
        return False

    @property
    def keeps_pace(self) -> bool:
        """Whether there is one output step for each input step."""
        return True

    @property
    def causal(self) -> bool:
        """Whether the output at a step needs no later step."""
        raise NotImplementedError

    def __call__(
        self,
        xs: PyTree[Array],
        lengths: Int[Array, "*batch"] | None = None,
        *,
        key: PRNGKeyArray | None = None,
        mode: Mode = Mode(),  # noqa: B008 - a frozen module
    ) -> Passage:
        """Run over whole sequences (*batch, time, features); `key` switches dropout on."""
        raise NotImplementedError

    def begin(self) -> Any:
        """What the layer remembers before the first step of one sequence."""
        raise NotImplementedError

    def step(self, memory: Any, x: PyTree[Array], x_if_last: PyTree[Array]) -> tuple[Any, Array, Array]:
        """One step of one sequence.

        Args:
            memory: what `begin` or the step before returned.
            x: the input of this step.
            x_if_last: the input of this step if the sequence ends with it; another only above a layer that `finish`es.

        Returns:
            The new memory, the output, and the output if the sequence ends here.

        """
        raise NotImplementedError


def values_of(xs: PyTree[Array]) -> Array:
    """The values of inputs that may bring segment ends."""
    return xs.values if isinstance(xs, Steps) else xs


def hold(values: Array, lengths: Int[Array, "*batch"] | None) -> Array:
    """Values (*batch, time, features) with the last step of each sequence repeated behind its end."""
    if lengths is None:
        return values
    steps = jnp.arange(values.shape[-2]).reshape((1,) * lengths.ndim + (-1,))
    index = jnp.clip(jnp.minimum(steps, lengths[..., None] - 1), 0)
    return jnp.take_along_axis(values, index[..., None], axis=-2)


def silence(values: Array, lengths: Int[Array, "*batch"] | None) -> Array:
    """Values (*batch, time, features) with zeros behind each sequence's end."""
    if lengths is None:
        return values
    steps = jnp.arange(values.shape[-2]).reshape((1,) * lengths.ndim + (-1,))
    return jnp.where((steps < lengths[..., None])[..., None], values, jnp.zeros((), values.dtype))


def over_batch(function: Any, leading: int) -> Any:
    """`function` of one sequence, mapped over so many leading batch axes."""
    for _ in range(leading):
        function = jax.vmap(function)
    return function
