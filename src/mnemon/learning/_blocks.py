"""A population as blocks of members in training, and back.

Arrays are cut and stacked by NumPy on the host: each such operation on the device would be a program to compile.
"""

from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from ..errors import InvalidInput
from ._epoch import Member
from ._examples import Bucket
from ._learner import Learner
from ._population import Population, on_device
from ._solution import BUDGET, REACHED, RUNNING, STOPPED, Result, Solution
from .updates import Update


def start_blocks(
    population: Population, learner: Learner, memory: Any, *, width: int, keep_best: bool, limit: Any
) -> Member:
    """Members before the first epoch, (blocks, width); the last block is filled up with inactive copies."""
    members = len(population)
    count = -(-members // width)
    dtype = population.stacked.dtype
    update = learner.update.for_members(members, dtype)
    # NumPy until the arrays are cut, whatever the fields say.
    whole: Any = np.zeros(members, np.int32)
    everyone: Any = np.ones(members, bool)
    worst: Any = np.full(members, np.inf, dtype)
    state = Member(
        number=whole,
        network=population.stacked,
        update=update,
        memory=_memories(update, population.stacked) if memory is None else memory,
        carry=eqx.filter_vmap(learner.gradient.init)(population.stacked),
        seed=population.seeds,
        active=everyone,
        code=whole,
        epochs=whole,
        sequences=whole,
        evaluations=whole,
        streak=whole,
        limit=_limits(limit, members, dtype),
        best=population.stacked if keep_best else None,
        best_value=worst,
        best_epoch=whole,
        waited=whole,
    )
    index = np.minimum(np.arange(count * width), members - 1)
    blocks = on_host(state, lambda array: array[index].reshape(count, width, *array.shape[1:]))
    places = np.arange(count * width).reshape(count, width)
    return eqx.tree_at(
        lambda m: (m.active, m.number), blocks, jax.device_put((places < members, places.astype(np.int32)))
    )


def own_blocks(buckets: Sequence[Bucket], *, width: int) -> Bucket:
    """Data of each member, as (blocks, width, ...) in the order of `start_blocks`."""
    count = -(-len(buckets) // width)
    index = np.minimum(np.arange(count * width), len(buckets) - 1)
    if any(bucket.lengths is not None for bucket in buckets):
        buckets = [bucket._replace(lengths=bucket.known_lengths()) for bucket in buckets]

    def stack(*leaves: Any) -> jax.Array:
        each = np.stack([np.asarray(leaf) for leaf in leaves])[index]
        return jax.device_put(each.reshape(count, width, *each.shape[1:]))

    return jax.tree.map(stack, *buckets)


def in_places(data: Any, blocks: Member) -> Any:
    """Data from `own_blocks`, moved to where the members of these blocks stand."""
    places = np.asarray(blocks.number).reshape(-1)
    return on_host(data, lambda array: array.reshape(-1, *array.shape[2:])[places].reshape(array.shape))


def packed(blocks: Member, data: Any) -> tuple[Member, Any]:
    """Members that are still trained moved together, and their data.

    A member's numbers depend on the width of its block and not on who else stands in it.
    """
    active = np.asarray(blocks.active)
    count, width = active.shape
    order = np.argsort(~active.reshape(-1), kind="stable")

    def move(array: np.ndarray) -> np.ndarray:
        return array.reshape(count * width, *array.shape[2:])[order].reshape(array.shape)

    return on_host(blocks, move), on_host(data, move)


def _limits(limit: Any, members: int, dtype: Any) -> Any:
    """The loss that is success, one a member."""
    each = np.asarray(0.0 if limit is None else limit)
    if each.ndim and each.shape != (members,):
        raise InvalidInput(f"Until(loss=...): got {each.size} numbers for a population of {members} networks")
    return np.broadcast_to(each.astype(dtype), (members,))


@eqx.filter_jit
def _memories(update: Update, stacked: Any) -> Any:
    return eqx.filter_vmap(lambda update, network: update.init(network))(update, stacked)


def on_host(tree: Any, change: Callable[[np.ndarray], np.ndarray]) -> Any:
    """`tree` with each array changed along its leading axes by NumPy, and put back on the device."""
    arrays, rest = eqx.partition(tree, lambda leaf: isinstance(leaf, jax.Array | np.ndarray))
    return eqx.combine(jax.tree.map(lambda leaf: to_device(change(to_host(leaf)), leaf), arrays), rest)


def to_host(leaf: Any) -> np.ndarray:
    """A device array as NumPy; random keys as their numbers."""
    return np.asarray(jax.random.key_data(leaf) if _is_key(leaf) else leaf)


def to_device(array: np.ndarray, like: Any) -> jax.Array:
    """What `to_host` made, back on the device, of the kind of `like`."""
    if _is_key(like):
        return jax.random.wrap_key_data(jax.device_put(array), impl=jax.random.key_impl(like))
    return on_device(array.astype(like.dtype, copy=False))


def _is_key(leaf: Any) -> bool:
    return jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def dissolve_blocks(
    population: Population,
    blocks: Member,
    history: dict[str, list[np.ndarray]],
    seconds: dict[str, float],
    *,
    validated: bool,
    stopped: bool = False,
) -> Solution:
    """What came out of training, member by member; best weights restored where they were kept."""
    members = len(population)
    places = np.argsort(np.asarray(blocks.number).reshape(-1))[:members]
    flat = on_host(blocks, lambda array: array.reshape(-1, *array.shape[2:])[places])
    codes, *numbers = (
        np.asarray(getattr(flat, name)) for name in ("code", "epochs", "sequences", "evaluations", "best_epoch")
    )
    networks = flat.network
    if flat.best is not None:
        # A network that reached the criterion keeps the weights that did; one that never got better keeps its last.
        restore = (numbers[-1] > 0) & (codes != REACHED)
        best = iter(jax.tree.leaves(eqx.filter(flat.best, eqx.is_array)))
        networks = on_host(
            networks,
            lambda last: np.where(restore.reshape(-1, *(1,) * (last.ndim - 1)), np.asarray(next(best)), last),
        )
    codes = np.where(codes == RUNNING, STOPPED if stopped else BUDGET, codes)
    results = tuple(
        Result(int(code), int(e), int(s), int(g), int(b), float(value))
        for code, e, s, g, b, value in zip(codes, *numbers, np.asarray(flat.best_value))
    )
    told = {name: np.array(rows) for name, rows in history.items() if validated or name == "loss"}
    told = {"epoch": np.arange(1, len(history["loss"]) + 1), **told}
    return Solution(Population(networks, population.seeds), results, told, seconds, flat.memory)
