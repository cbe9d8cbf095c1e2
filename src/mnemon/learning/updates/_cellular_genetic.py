"""A genetic algorithm on a grid, with learning inside it or without: K. Ku, M. Mak and W. Siu, "Adding learning to
cellular genetic algorithms for training recurrent neural networks", IEEE Trans. Neural Networks 10(2):239-252, 1999,
doi:10.1109/72.750546; "A study of the Lamarckian evolution of recurrent neural networks", IEEE Trans. Evolutionary
Computation 4(1):31-42, 2000, doi:10.1109/4235.843493.

Each point of a grid whose edges meet holds one network. In every generation, at every point at once,

    mate     the better of two of the four neighbours, drawn at random
    child    each unit's weights (a row of a matrix) from the resident or from the mate; then some weights are moved
    learn    where asked, a step of gradient descent, whose outcome is inherited (Lamarck)
    live     the child takes the point if its loss is not larger than the resident's

Good weights spread from point to point, so that the grid stays varied for long. Settled here: the local selection is a
tournament of two, mutations are normal, and all points are renewed together.
"""

from typing import Any, NamedTuple, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ...errors import InvalidInput
from ...layers import Network
from ._candidates import (
    Rebuild,
    Search,
    as_vector,
    check_numbers,
    costs_of,
    in_slices,
    randomness,
    rows_of,
    spread,
)
from ._update import Update


class GridMemory(NamedTuple):
    """The networks on the grid, row by row, and how many children there were."""

    residents: Float[Array, "points weights"]
    tried: Int[Array, ""]


class CellularGenetic(Search):
    """A grid of networks that breed with their neighbours; one generation a call.

    The network is the best one of the grid, and the value in the history its loss, after the call. All residents are
    judged anew on each chunk, so that chunks may differ. At the start the network stands at the first point, and the
    others are the same network with normal numbers added to all weights.

    Args:
        grid: rows and columns, three points or more in all; one row: a ring.
        crossover: chance that a child has two parents.
        mutation: chance of each weight to be moved.
        deviation: of a moved weight.
        start: deviation of the residents at the start.
        learn: an update that children make one step of, such as `Optax("sgd", 0.1)`; the learner then needs a gradient,
            such as `BPTT()`. None: evolution alone.
        readout: whether the readout's weights evolve too; see `RandomGuessing`.

    `crossover`, `mutation`, `deviation` and `start` may be one a network of the population.

    Raises:
        InvalidInput: a grid that is none, a number that makes no sense, or an update that needs more than a gradient.

    Example:
        >>> from mnemon.learning import BPTT, Batch, CellularGenetic, Learner, NoGradient, Optax
        >>> evolution = Learner(NoGradient(), CellularGenetic((6, 6)), Batch(None))
        >>> lamarck = Learner(BPTT(), CellularGenetic((6, 6), learn=Optax("sgd", 0.1)), Batch(None))

    """

    grid: tuple[int, int] = eqx.field(static=True, default=(6, 6))
    crossover: Any = 0.8
    mutation: Any = 0.1
    deviation: Any = 0.3
    start: Any = 1.0
    learn_by: Update | None = None
    readout: bool = eqx.field(static=True, default=True)

    def __init__(
        self,
        grid: tuple[int, int] = (6, 6),
        *,
        crossover: Any = 0.8,
        mutation: Any = 0.1,
        deviation: Any = 0.3,
        start: Any = 1.0,
        learn: Update | None = None,
        readout: bool = True,
    ) -> None:
        sizes = tuple(grid) if isinstance(grid, tuple | list) else ()
        whole = all(isinstance(size, int) and not isinstance(size, bool) and size >= 1 for size in sizes)
        if len(sizes) != 2 or not whole or sizes[0] * sizes[1] < 3:
            raise InvalidInput(
                f"CellularGenetic(grid={grid!r}): expected a pair of rows and columns, three points or more in all"
            )
        if learn is not None and learn.needs != frozenset({"gradient"}):
            raise InvalidInput(
                f"CellularGenetic: children learn by one step of a gradient, and {type(learn).__name__} needs "
                f"{', '.join(sorted(learn.needs)) or 'none'}; give it an update such as Optax('sgd', 0.1)"
            )
        self.grid = sizes
        self.crossover = crossover
        self.mutation = mutation
        self.deviation = deviation
        self.start = start
        self.learn_by = learn
        self.readout = readout
        check_numbers(self, "crossover", "mutation", zero=True, most=1)
        check_numbers(self, "deviation", "start")

    @property
    def needs(self) -> frozenset[str]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """A gradient where children learn."""
        return frozenset() if self.learn_by is None else frozenset({"gradient"})

    @property
    def evaluations(self) -> int:
        """Residents and children, and the gradients of children that learn."""
        return self.grid[0] * self.grid[1] * (2 if self.learn_by is None else 3)

    def for_members(self, members: int, dtype: Any) -> Self:
        """See `Update`."""
        update = spread(self, ["crossover", "mutation", "deviation", "start"], members, dtype)
        if self.learn_by is None:
            return update
        return eqx.tree_at(lambda u: u.learn_by, update, self.learn_by.for_members(members, dtype))

    def init(self, network: Network) -> GridMemory:
        """An empty grid; it is filled at the first call, which has the randomness."""
        vector, _ = as_vector(network, self.readout)
        points = self.grid[0] * self.grid[1]
        return GridMemory(jnp.zeros((points, vector.size), vector.dtype), jnp.zeros((), jnp.int32))

    def learn(
        self, memory: GridMemory, network: Network, gradient: Any, carry: Any, loss: Any, chunk: Any
    ) -> tuple[GridMemory, Network, Any, Float[Array, ""]]:
        """See `Update`; the value is the best network's."""
        given, rebuild = as_vector(network, self.readout)
        fill_key, breed_key = jax.random.split(randomness(chunk, memory.tried))
        points = len(memory.residents)
        noise = jax.random.normal(fill_key, memory.residents.shape, given.dtype).at[0].set(0)
        residents = jnp.where(memory.tried == 0, given[None] + self.start * noise, memory.residents)
        costs = costs_of(residents, rebuild, loss, chunk)
        children = self._bred(breed_key, residents, costs, rows_of(network, self.readout))
        if self.learn_by is not None:
            children = in_slices(self._taught(rebuild, gradient, carry, loss, chunk), children, chunk)
        new = costs_of(children, rebuild, loss, chunk)
        lives = jnp.isfinite(new) & (new <= costs)
        residents, costs = jnp.where(lives[:, None], children, residents), jnp.where(lives, new, costs)
        best = jnp.argmin(costs)
        return GridMemory(residents, memory.tried + points), rebuild(residents[best]), carry, costs[best]

    def _bred(self, key: Array, residents: Array, costs: Array, rows: np.ndarray) -> Float[Array, "points weights"]:
        """A child for each point."""
        mate_key, both_key, row_key, move_key, noise_key = jax.random.split(key, 5)
        near = jnp.asarray(neighbours(*self.grid))
        points, dtype = len(residents), residents.dtype
        drawn = jax.random.randint(mate_key, (points, 2), 0, near.shape[1])
        two = jnp.take_along_axis(near, drawn, axis=1)
        mate = jnp.where(costs[two[:, 0]] <= costs[two[:, 1]], two[:, 0], two[:, 1])
        both = jax.random.uniform(both_key, (points, 1), dtype) < self.crossover
        other = jax.random.bernoulli(row_key, 0.5, (points, int(rows.max()) + 1))[:, rows]
        children = jnp.where(both & other, residents[mate], residents)
        moved = jax.random.uniform(move_key, children.shape, dtype) < self.mutation
        return children + jnp.where(moved, self.deviation * jax.random.normal(noise_key, children.shape, dtype), 0)

    def _taught(self, rebuild: Rebuild, gradient: Any, carry: Any, loss: Any, chunk: Any) -> Any:
        """A child after one step of its own."""
        update = self.learn_by
        assert update is not None  # only then asked

        def taught(child: Array) -> Array:
            network = rebuild(child)
            _, _, slope = gradient.step(carry, network, loss, chunk)
            _, after = update.step(update.init(network), network, slope)
            return as_vector(after, self.readout)[0]

        return taught


def neighbours(rows: int, columns: int) -> np.ndarray:
    """The points above, below, left and right of each, (points, 4); on a ring left and right, (points, 2)."""
    row, column = np.divmod(np.arange(rows * columns), columns)
    steps = [(-1, 0), (1, 0)] * (rows > 1) + [(0, -1), (0, 1)] * (columns > 1)
    return np.stack([(row + down) % rows * columns + (column + right) % columns for down, right in steps], axis=1)
