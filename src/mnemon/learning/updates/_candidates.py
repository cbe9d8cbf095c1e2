"""What updates that try networks share: a network as a vector of weights, and what each of many such vectors costs."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PRNGKeyArray

from ...cells import split
from ...errors import InvalidInput
from ...layers import Network
from ._update import Update

Rebuild = Callable[[Array], Network]

# Steps of all sequences under all candidates that are run at once: bounds the memory.
STEPS = 1 << 18


class Search(Update):
    """Base of updates that try whole networks, without dropout, and need nothing of a gradient."""

    needs: ClassVar[frozenset[str]] = frozenset()

    def step(self, memory: Any, network: Network, gradient: Any) -> tuple[Any, Network]:
        """Refused: a search is asked while a sequence runs.

        Raises:
            InvalidInput: always.

        """
        raise InvalidInput(
            f"{type(self).__name__} tries networks on whole sequences; give its learner the moment Batch() instead of "
            "Step()"
        )


def as_vector(network: Network, readout: bool = True) -> tuple[Float[Array, " weights"], Rebuild]:
    """The trainable weights as one vector, and the network of such a vector.

    Args:
        network: what is searched.
        readout: whether the readout's weights are searched too; otherwise they stay as they are.

    Raises:
        InvalidInput: a network without such weights.

    """
    moving, rest = _searched(network, readout)
    vector, unravel = ravel_pytree(moving)
    return vector, lambda weights: eqx.combine(unravel(weights), rest)


def rows_of(network: Network, readout: bool = True) -> np.ndarray:
    """Which row of its array each weight of the vector stands in, numbered over all arrays; of biases, each is one."""
    moving, _ = _searched(network, readout)
    numbers, count = [], 0
    for leaf in jax.tree.leaves(moving):
        rows = leaf.shape[0] if leaf.ndim else 1
        numbers.append(count + np.repeat(np.arange(rows), leaf.size // max(rows, 1)))
        count += rows
    return np.concatenate(numbers)


def _searched(network: Network, readout: bool) -> tuple[Any, Any]:
    """The part of a network that is searched, and the rest."""
    moving, rest = split(network)
    if not readout:
        rest = eqx.combine(rest, eqx.tree_at(lambda n: n.layers, moving, eqx.filter(moving.layers, False)))
        moving = eqx.tree_at(lambda n: n.readout, moving, eqx.filter(moving.readout, False))
    if not jax.tree.leaves(moving):
        raise InvalidInput("a search of weights needs some that may change; this network has none outside its readout")
    return moving, rest


def costs_of(
    vectors: Float[Array, "candidates weights"], rebuild: Rebuild, loss: Any, chunk: Any
) -> Float[Array, " candidates"]:
    """The weighted loss of a chunk under each candidate, without dropout; infinite where it is not finite."""

    def cost(vector: Array) -> Float[Array, ""]:
        answer = rebuild(vector)(chunk.xs, chunk.lengths)
        value = (loss(answer, chunk.targets) * chunk.weights).sum()
        return jnp.where(jnp.isfinite(value), value, jnp.inf)

    return in_slices(cost, vectors, chunk)


def in_slices(judge: Callable[[Array], Any], vectors: Float[Array, "candidates weights"], chunk: Any) -> Any:
    """`judge` of each vector, mapped; so many at a time that memory stays bounded."""
    count = len(vectors)
    steps = chunk.weights.shape[0] * jax.tree.leaves(chunk.xs)[0].shape[1]
    slices = -(-count // max(1, STEPS // max(steps, 1)))
    size = -(-count // slices)
    if slices == 1:
        return jax.vmap(judge)(vectors)
    places = np.minimum(np.arange(slices * size), count - 1)  # the last slice is filled up
    told = lax.map(jax.vmap(judge), vectors[places].reshape(slices, size, -1))
    return jax.tree.map(lambda leaf: leaf.reshape(slices * size, *leaf.shape[2:])[:count], told)


def randomness(chunk: Any, used: Array) -> PRNGKeyArray:
    """The update's key; another one after `used`, so that a search that goes on repeats nothing."""
    if chunk.key is None:
        raise InvalidInput("a search of weights draws at random; its chunks need a key")
    return jax.random.fold_in(chunk.key, used)


def check_numbers(update: Any, *names: str, zero: bool = False, most: float = np.inf) -> None:
    """Raise `InvalidInput` for a number, or one of a list, that is not positive (or 0) and finite, or above `most`."""
    for name in names:
        value = getattr(update, name)
        try:
            numbers = np.asarray(value, float)
        except (TypeError, ValueError):
            numbers = np.array(np.nan)
        good = np.isfinite(numbers) & (numbers <= most) & ((numbers >= 0) if zero else (numbers > 0))
        if numbers.ndim > 1 or not good.all():
            least = "at least 0" if zero else "above 0"
            bounds = least if np.isinf(most) else f"{least} and at most {most:g}"
            raise InvalidInput(f"{type(update).__name__}({name}={value!r}): expected a number {bounds}")


def check_counts(update: Any, **least: int) -> None:
    """Raise `InvalidInput` for a count that is no whole number or below its least."""
    for name, lowest in least.items():
        value = getattr(update, name)
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < lowest:
            raise InvalidInput(f"{type(update).__name__}({name}={value!r}): expected a whole number, at least {lowest}")


def spread(update: Any, names: Sequence[str], members: int, dtype: Any) -> Any:
    """`update` with each of these numbers as an array (members,).

    Raises:
        InvalidInput: a list of numbers of another length.

    """
    arrays = []
    for name in names:
        each = np.asarray(getattr(update, name))
        if each.ndim and each.shape != (members,):
            raise InvalidInput(
                f"{type(update).__name__}: {name} has {each.size} numbers for a population of {members} networks"
            )
        arrays.append(jnp.asarray(np.broadcast_to(each, (members,)), dtype))
    return eqx.tree_at(lambda u: [getattr(u, name) for name in names], update, arrays)
