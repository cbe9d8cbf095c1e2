"""What a network says: an affine map of what its layers saw, at the end, pooled over time, or at marked steps."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from ..cells import SQUASHING, Initialiser, Start
from ..errors import InvalidInput, suggest
from ._layer import Passage
from ._pooling import POOLS, Pool

At = Literal["end", "mean", "max", "attention", "segments", "steps"]
PLACES = ("end", "mean", "max", "attention", "segments", "steps")


class Answer(NamedTuple):
    """A network's answer, and where the error enters.

    Attributes:
        values: (*batch, outputs), one answer a sequence; or (*batch, time, outputs), one a step.
        marks: (*batch, time), True at the steps that count; None for one answer a sequence.

    """

    values: Float[Array, "*batch outputs"]
    marks: Bool[Array, "*batch time"] | None

    def at_end(self) -> Float[Array, "*batch outputs"]:
        """The answer at the end of each sequence: the last that is marked."""
        if self.marks is None:
            return self.values
        last = self.marks.shape[-1] - 1 - jnp.argmax(self.marks[..., ::-1], axis=-1)
        return jnp.take_along_axis(self.values, last[..., None, None], axis=-2)[..., 0, :]


class Readout(eqx.Module):
    """z = f( W r + b ), where r is what the layers say at the places `at`.

    Args:
        input_size: units of the layer below.
        output_size: number of outputs.
        at: "end" (the whole sequence has been seen), "mean", "max" or "attention" (pooled over time), "segments" (at
            the end of each segment of a segmented layer) or "steps" (at every step).
        sees_input: features of the network's input that the readout sees beside the layers (0: none); at "end" those
            of the last step, pooled with the layers' outputs where these are pooled.
        squashing: f; "identity" leaves logits for a loss that squashes itself.
        bias: whether the outputs have biases.
        initialiser: a `Start`, or one `(key, shape) -> array` for all weights.
        key: random key.

    Raises:
        InvalidInput: an unknown place or squashing function.

    """

    weights: Float[Array, "outputs sources"]
    bias: Float[Array, " outputs"] | None
    pool: Pool | None
    at: At = eqx.field(static=True)
    squashing: Callable[[Array], Array] = eqx.field(static=True)
    sees_input: int = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        output_size: int,
        *,
        at: At = "end",
        sees_input: int = 0,
        squashing: str = "identity",
        bias: bool = True,
        initialiser: Initialiser | Start | None = None,
        key: PRNGKeyArray,
    ) -> None:
        if at not in PLACES:
            raise InvalidInput(f"at={at!r}: {suggest(str(at), PLACES)}")
        if squashing not in SQUASHING:
            raise InvalidInput(f"squashing={squashing!r}: {suggest(squashing, SQUASHING)}")
        weight_key, bias_key, pool_key = jax.random.split(key, 3)
        start = Start.of(initialiser)
        sources = input_size + sees_input
        self.weights = start.inputs(weight_key, (output_size, sources))
        self.bias = start.bias(bias_key, (output_size,)) if bias else None
        self.pool = POOLS[at](sources, start, pool_key) if at in POOLS else None
        self.at = at
        self.squashing = SQUASHING[squashing]
        self.sees_input = sees_input
        self.input_size = input_size
        self.output_size = output_size

    @property
    def answers_linearly(self) -> bool:
        """Whether answers are an affine map of what is seen."""
        return self.squashing is SQUASHING["identity"]

    @property
    def weighs(self) -> bool:
        """Whether it has weights of its own, which a learner may solve for."""
        return True

    def __call__(self, passage: Passage, xs: Float[Array, "*batch time features"]) -> Answer:
        """Read whole sequences. Raises as `see`."""
        seen = self.see(passage, xs)
        return Answer(self._affine(seen.values), seen.marks)

    def see(self, passage: Passage, xs: Float[Array, "*batch time features"]) -> Answer:
        """What the affine map is given, (*batch, sources) or (*batch, time, sources), with the answer's marks.

        Raises:
            InvalidInput: `at="segments"` above layers none of which is segmented, or `sees_input` beside layers that
                change the pace of time.

        """
        time, leading = passage.outputs.shape[-2], passage.outputs.shape[:-2]
        steps = jnp.arange(time).reshape((1,) * len(leading) + (time,))
        last = jnp.full(leading, time) if passage.lengths is None else passage.lengths
        alive = steps < last[..., None]
        if self.sees_input and xs.shape[-2] != time:
            raise InvalidInput(
                f"sees_input: the layers answer at {time} steps of inputs of {xs.shape[-2]} steps; a readout cannot "
                "see both"
            )
        if self.at == "end":
            seen = passage.last
            if self.sees_input:
                seen = jnp.concatenate([seen, Answer(xs, alive).at_end()], axis=-1)
            return Answer(seen, None)
        seen = jnp.concatenate([passage.outputs, xs], axis=-1) if self.sees_input else passage.outputs
        if self.pool is not None:
            return Answer(self.pool(seen, alive), None)
        if self.at == "steps":
            return Answer(seen, alive)
        if passage.ends is None:
            raise InvalidInput('at="segments" reads at segment ends, but no layer of this network is Segmented')
        return Answer(seen, passage.ends)

    def begin(self) -> Any:
        """What is remembered before the first step of one sequence."""
        return None if self.pool is None else self.pool.begin(self.weights.dtype)

    def step(self, memory: Any, seen: Array, seen_if_last: Array) -> tuple[Any, Float[Array, " outputs"]]:
        """One step of one sequence: the new memory, and the answer if the sequence ends here."""
        if self.pool is None:
            return memory, self._affine(seen_if_last)
        return self.pool.add(memory, seen), self._affine(self.pool.read(self.pool.add(memory, seen_if_last)))

    def _affine(self, seen: Float[Array, "*batch sources"]) -> Float[Array, "*batch outputs"]:
        nets = seen @ self.weights.T
        if self.bias is not None:
            nets = nets + self.bias.reshape((1,) * (nets.ndim - 1) + (-1,))
        return self.squashing(nets)


class Through(Readout):
    """z = r: hands on what the layers say, which are answers already. It has no weights.

    Args:
        size: units of the layer below, and number of outputs.
        at: "steps", "end" or "segments".

    Raises:
        InvalidInput: another place.

    Example:
        >>> import jax
        >>> from mnemon.cells import Jordan
        >>> from mnemon.layers import Network, Through
        >>> network = Network(Jordan(2, 8, outputs=3, key=jax.random.key(0)), Through(3))
        >>> network(jax.numpy.ones((4, 20, 2))).values.shape
        (4, 20, 3)

    """

    weights: None

    def __init__(self, size: int, *, at: Literal["steps", "end", "segments"] = "steps") -> None:
        if at not in ("steps", "end", "segments"):
            raise InvalidInput(f"at={at!r}: {suggest(str(at), ('steps', 'end', 'segments'))}")
        self.weights = None  # pyright: ignore[reportIncompatibleVariableOverride] - who needs them asks `weighs`
        self.bias = None
        self.pool = None
        self.at = at
        self.squashing = SQUASHING["identity"]
        self.sees_input = 0
        self.input_size = size
        self.output_size = size

    @property
    def weighs(self) -> bool:
        """No."""
        return False

    def _affine(self, seen: Float[Array, "*batch sources"]) -> Float[Array, "*batch outputs"]:
        return seen
