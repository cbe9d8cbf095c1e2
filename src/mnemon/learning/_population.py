"""A population: networks of one shape, stacked along a leading axis, each with its own seed."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, PRNGKeyArray, UInt

from ..errors import InvalidInput
from ..layers import Network


class Population(eqx.Module):
    """Networks that are trained together; one network is a population of one.

    Attributes:
        stacked: a network whose arrays have a leading axis (members).
        seeds: (members,), the randomness of each member's training (order of the data, dropout).

    """

    stacked: Network
    seeds: UInt[Array, " members"]

    @classmethod
    def make(cls, make: Callable[[PRNGKeyArray], Network], members: int | Sequence[int], seed: int) -> "Population":
        """`members` networks from `make(key)`, or those of these numbers.

        Member k is the same however many others there are.

        Raises:
            InvalidInput: no member, or a negative number.

        """
        numbers = np.arange(members) if isinstance(members, int) else np.asarray(members, int)
        if not numbers.size or numbers.min() < 0:
            raise InvalidInput(f"members={members}: expected at least 1 network, numbered from 0")
        seeds = member_seeds(seed, int(numbers.max()) + 1)[numbers]
        keys = jax.vmap(lambda s: jax.random.fold_in(jax.random.key(s), 0))(seeds)
        return cls(eqx.filter_vmap(make)(keys), seeds)

    @classmethod
    def of(cls, networks: "Population | Network | Sequence[Network]", seed: int = 0) -> "Population":
        """A population as it is, one network, or several of the same structure.

        Raises:
            InvalidInput: none, or networks of different structure.

        """
        if isinstance(networks, Population):
            return networks
        each = [networks] if isinstance(networks, Network) else list(networks)
        if not each:
            raise InvalidInput("a population has at least 1 network; got none")
        arrays, rest = zip(*(eqx.partition(network, eqx.is_array) for network in each))
        shapes = [[leaf.shape for leaf in jax.tree.leaves(a)] for a in arrays]
        for k, other in enumerate(rest):
            if jax.tree.structure(other) != jax.tree.structure(rest[0]) or shapes[k] != shapes[0]:
                raise InvalidInput(
                    f"the networks of a population have one structure; network {k} differs from network 0"
                )
        stacked = jax.tree.map(lambda *leaves: on_device(np.stack(leaves)), *arrays)
        return cls(eqx.combine(stacked, rest[0]), member_seeds(seed, len(each)))

    def __len__(self) -> int:
        """Number of members."""
        return self.seeds.shape[0]

    def __getitem__(self, member: int) -> Network:
        """One member's network."""
        if not -len(self) <= member < len(self):
            raise IndexError(f"member {member} of a population of {len(self)}")
        return take(self.stacked, member)

    def __iter__(self) -> Iterator[Network]:
        """The members' networks."""
        return (self[k] for k in range(len(self)))


def member_seeds(seed: int, members: int) -> UInt[Array, " members"]:
    """Independent seeds; the first k are the same for every number of members."""
    return jax.device_put(np.random.SeedSequence(seed).generate_state(members))


def on_device(array: np.ndarray) -> Array:
    """An array on the device, of its very type whatever the setting, with no program compiled for its shape."""
    with jax.enable_x64(True):
        return jax.device_put(array)


def take(tree: Any, index: Any) -> Any:
    """`tree` with each array indexed along its first axis: on the host, where no program is compiled for it."""

    def one(leaf: Any) -> Any:
        if isinstance(leaf, Tracer) or jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            return leaf[index]
        return on_device(np.asarray(leaf)[index])

    return jax.tree.map(lambda leaf: one(leaf) if eqx.is_array(leaf) else leaf, tree)
