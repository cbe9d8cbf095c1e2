"""Writing on: a population's answer becomes its next input, drawn for symbols, as it is for vectors."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ..layers import generate, unfold
from ..learning import PopulationCell


class FeedSymbol(eqx.Module):
    """Draws a symbol from the networks' mean probabilities, sharpened by a temperature, of the `top_k` likeliest."""

    members: int = eqx.field(static=True)
    temperature: Float[Array, ""]
    top_k: int | None = eqx.field(static=True)

    def __call__(self, said: Float[Array, " answers"], key: PRNGKeyArray) -> Int[Array, ""]:
        """The code of the next symbol."""
        each = jax.nn.log_softmax(said.reshape(self.members, -1), axis=-1)
        logs = jax.nn.logsumexp(each, axis=0)
        if self.top_k is not None:
            least = jax.lax.top_k(logs, self.top_k)[0][-1]
            logs = jnp.where(logs >= least, logs, jnp.asarray(-jnp.inf, logs.dtype))
        tiny = jnp.asarray(1e-6, logs.dtype)
        drawn = jax.random.categorical(key, logs / jnp.maximum(self.temperature, tiny))
        return jnp.where(self.temperature < tiny, jnp.argmax(logs), drawn).astype(jnp.int32)


class FeedVector(eqx.Module):
    """The networks' mean vector."""

    members: int = eqx.field(static=True)

    def __call__(self, said: Float[Array, " answers"], key: PRNGKeyArray) -> Float[Array, " channels"]:
        """The next vector."""
        return said.reshape(self.members, -1).mean(axis=0)


@eqx.filter_jit
def write(cell: PopulationCell, prompt: Any, feed: Any, length: int, key: PRNGKeyArray) -> Array:
    """Read the prompt (time, ...), then write so many elements."""
    state: Any = jax.tree.map(lambda leaf: leaf[None], cell.initial_state())
    prompt = jnp.asarray(prompt)
    if prompt.shape[0] > 1:
        _, state = unfold(cell, prompt[None, :-1], state=state)
    written, _ = generate(cell, state, prompt[None, -1], feed, length, key=key)
    return written[0]
