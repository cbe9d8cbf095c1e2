"""Ways to make one vector of all steps of a sequence, whole or one step at a time in constant memory."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from ..cells import Start


class Pool(eqx.Module):
    """Base of all pools: `pool(values, alive)` of whole sequences equals `begin`, `add` each step, `read`."""

    size: eqx.AbstractVar[int]

    def __call__(
        self, values: Float[Array, "*batch time size"], alive: Bool[Array, "*batch time"]
    ) -> Float[Array, "*batch size"]:
        """Pool the steps that are alive."""
        raise NotImplementedError

    def begin(self, dtype: Any) -> Any:
        """Memory before the first step."""
        raise NotImplementedError

    def add(self, memory: Any, value: Float[Array, " size"]) -> Any:
        """Memory after one more step."""
        raise NotImplementedError

    def read(self, memory: Any) -> Float[Array, " size"]:
        """The pooled vector."""
        raise NotImplementedError


class MeanPool(Pool):
    """Mean over time."""

    size: int = eqx.field(static=True)

    def __init__(self, size: int, start: Start, key: PRNGKeyArray) -> None:
        self.size = size

    def __call__(self, values: Array, alive: Array) -> Array:
        """Sum over the living steps, divided by their number."""
        weights = alive.astype(values.dtype)[..., None]
        return (values * weights).sum(axis=-2) / weights.sum(axis=-2)

    def begin(self, dtype: Any) -> tuple[Array, Array]:
        """Sum and count."""
        return jnp.zeros(self.size, dtype), jnp.zeros((), dtype)

    def add(self, memory: tuple[Array, Array], value: Array) -> tuple[Array, Array]:
        """One more."""
        return memory[0] + value, memory[1] + 1

    def read(self, memory: tuple[Array, Array]) -> Array:
        """Sum over count."""
        return memory[0] / memory[1]


class MaxPool(Pool):
    """Largest value of each unit over time."""

    size: int = eqx.field(static=True)

    def __init__(self, size: int, start: Start, key: PRNGKeyArray) -> None:
        self.size = size

    def __call__(self, values: Array, alive: Array) -> Array:
        """Maximum over the living steps."""
        lowest = jnp.asarray(-jnp.inf, values.dtype)
        return jnp.where(alive[..., None], values, lowest).max(axis=-2)

    def begin(self, dtype: Any) -> Array:
        """Lower than everything."""
        return jnp.full(self.size, -jnp.inf, dtype)

    def add(self, memory: Array, value: Array) -> Array:
        """The larger."""
        return jnp.maximum(memory, value)

    def read(self, memory: Array) -> Array:
        """As it is."""
        return memory


class AttentionPool(Pool):
    """A mean weighted by attention: Z. Yang and others, NAACL 2016, doi:10.18653/v1/N16-1174.

    k(t) = tanh(A r(t) + a),    w = softmax over time of q . k(t),    r = sum w(t) r(t)
    """

    weights: Float[Array, "size size"]
    bias: Float[Array, " size"]
    query: Float[Array, " size"]
    size: int = eqx.field(static=True)

    def __init__(self, size: int, start: Start, key: PRNGKeyArray) -> None:
        weight_key, bias_key, query_key = jax.random.split(key, 3)
        self.weights = start.inputs(weight_key, (size, size))
        self.bias = start.bias(bias_key, (size,))
        self.query = start.inputs(query_key, (1, size))[0]
        self.size = size

    def __call__(self, values: Array, alive: Array) -> Array:
        """Softmax over the living steps."""
        scores = jnp.where(alive, self._scores(values), jnp.asarray(-jnp.inf, values.dtype))
        return (jax.nn.softmax(scores, axis=-1)[..., None] * values).sum(axis=-2)

    def begin(self, dtype: Any) -> tuple[Array, Array, Array]:
        """Largest score so far, and both sums of the softmax scaled by it."""
        return jnp.asarray(-jnp.inf, dtype), jnp.zeros((), dtype), jnp.zeros(self.size, dtype)

    def add(self, memory: tuple[Array, Array, Array], value: Array) -> tuple[Array, Array, Array]:
        """One more, rescaled to the larger of the two top scores."""
        top, total, weighted = memory
        score = self._scores(value)
        new_top = jnp.maximum(top, score)
        old, new = jnp.exp(top - new_top), jnp.exp(score - new_top)
        return new_top, total * old + new, weighted * old + new * value

    def read(self, memory: tuple[Array, Array, Array]) -> Array:
        """Weighted mean."""
        return memory[2] / memory[1]

    def _scores(self, values: Float[Array, "*batch size"]) -> Float[Array, "*batch"]:
        bias = self.bias.reshape((1,) * (values.ndim - 1) + (-1,))
        return jnp.tanh(values @ self.weights.T + bias) @ self.query


POOLS: dict[str, type[Any]] = {"mean": MeanPool, "max": MaxPool, "attention": AttentionPool}
