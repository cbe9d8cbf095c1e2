"""Small networks and data that the tests of learning share; the same shapes, so that little need be compiled."""

import functools
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from mnemon.cells import Elman
from mnemon.layers import Network, Readout
from mnemon.learning import BPTT, Batch, CrossEntropy, Examples, Gradient, Learner, Optax, Population, Update, train
from mnemon.sequences import Sequences

FEATURES, UNITS, CLASSES = 3, 4, 2


def network(key) -> Network:
    below, above = jax.random.split(key)
    return Network(Elman(FEATURES, UNITS, key=below), Readout(UNITS, CLASSES, key=above))


@functools.cache
def population(members: int = 3, seed: int = 0) -> Population:
    return Population.make(network, members, seed)


def recall(n: int = 24, *, steps: int = 5, uneven: bool = False, seed: int = 0) -> Examples:
    """Noise behind a first step that tells the class; `uneven`: of 2 to `steps` steps, half of them short."""
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, CLASSES, n)
    values = 0.5 * rng.normal(size=(n, steps, FEATURES))
    values[:, 0, 0] = 2 * classes - 1
    lengths = np.where(np.arange(n) % 2, 2, rng.integers(3, steps + 1, n)) if uneven else np.full(n, steps)
    return Examples(Sequences([v[:t] for v, t in zip(values, lengths)]), classes)


SGD = Optax("sgd", 0.1, momentum=0.9)


def by(update: Update = SGD, size: int | None = 8, gradient: Gradient = BPTT()) -> Learner:  # noqa: B008 - frozen
    return Learner(gradient, update, Batch(size))


fit = functools.partial(train, loss=CrossEntropy())


@eqx.filter_jit
def answer(network: Network, xs, lengths=None):
    """What a network says, called directly."""
    return network(jnp.asarray(xs, network.readout.weights.dtype), lengths).at_end()


def weights(networks: Any) -> list[np.ndarray]:
    """The weights of a network, a population or a solution."""
    tree = getattr(networks, "networks", networks)
    return [np.asarray(leaf) for leaf in jax.tree.leaves(eqx.filter(tree, eqx.is_inexact_array))]


def members(solution: Any, chosen: Any) -> list[np.ndarray]:
    """The weights of some members."""
    return [leaf[chosen] for leaf in weights(solution)]


def assert_same(got: list[np.ndarray], expected: list[np.ndarray]) -> None:
    """Equal bit for bit."""
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def assert_near(got: list[np.ndarray], expected: list[np.ndarray], tolerance: float = 2e-5) -> None:
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def differ(got: list[np.ndarray], expected: list[np.ndarray]) -> bool:
    return any((a != b).any() for a, b in zip(got, expected, strict=True))


def moved(before: Any, after: Any) -> list[np.ndarray]:
    """How far the weights went down."""
    return [a - b for a, b in zip(weights(before), weights(after), strict=True)]


@eqx.filter_jit
def slope(network: Network, xs, lengths, targets, shares) -> Network:
    """The gradient of a weighted mean of cross-entropies, written without the rules of the package."""

    def cost(network):
        logs = jax.nn.log_softmax(network(xs, lengths).values)
        return -(jnp.take_along_axis(logs, targets[:, None], axis=1)[:, 0] * shares).sum() / shares.sum()

    return eqx.filter_grad(cost)(network)


def slope_over(network: Network, data: Examples) -> Network:
    """That gradient over all examples, as one padded batch."""
    dtype = weights(network)[0].dtype
    values, lengths = data.xs.pad(dtype=dtype)
    shares = np.ones(len(data)) if data.weights is None else data.weights
    return slope(
        network, jnp.asarray(values), jnp.asarray(lengths), jnp.asarray(data.targets), jnp.asarray(shares, dtype)
    )


class Seen(NamedTuple):
    """What each update of a member was given: (members, updates, examples) and (members, updates)."""

    shares: Any
    steps: Any
    keys: Any
    carries: Any
    count: Any


class Record(Gradient):
    """Instead of a gradient, says which examples an update is given; each has its own number as its target."""

    examples: int = eqx.field(static=True)

    def init(self, network):
        return jnp.zeros((), jnp.int32)

    def step(self, carry, network, loss, chunk):
        longest = chunk.xs.shape[1]
        lengths = jnp.full(chunk.targets.shape, longest, jnp.int32) if chunk.lengths is None else chunk.lengths
        shares = jnp.zeros(self.examples).at[chunk.targets].add(chunk.weights)
        steps = jnp.zeros(self.examples, jnp.int32).at[chunk.targets].set(lengths)
        return carry + 1, chunk.weights.sum(), (shares, steps, jax.random.bits(chunk.key), carry)


class Keep(Update):
    """Keeps all that `Record` says, and never moves a weight."""

    examples: int = eqx.field(static=True)
    most: int = eqx.field(static=True)

    def init(self, network):
        table, column = (self.most, self.examples), (self.most,)
        return Seen(
            jnp.zeros(table), jnp.zeros(table, jnp.int32), jnp.zeros(column, jnp.uint32), jnp.zeros(column, jnp.int32),
            jnp.zeros((), jnp.int32),
        )  # fmt: skip

    def step(self, memory, network, gradient):
        now = memory.count
        after = [table.at[now].set(new) for table, new in zip(memory, gradient)]
        return Seen(*after, now + 1), network
