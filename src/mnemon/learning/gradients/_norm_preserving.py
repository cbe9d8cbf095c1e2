"""Errors that keep their length on the way back: R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training
recurrent neural networks", ICML 2013, arXiv:1211.5063, section 3.3. With clipping (`Optax("sgd", rate, clip=1.0)`),
which comes after it, this is the paper's SGD-CR.

The regulariser asks that the error of each step, e(k) = dE/ds(k), be as long before the step as after it:

    v(k)  = e(k+1) ds(k+1)/ds(k)
    Omega = sum_k ( |v(k)|^2 / |e(k+1)|^2 - 1 )^2 / N,        N = how many |e(k+1)|^2 reach the bound

The sums go over all steps of all sequences; steps below the bound count nothing. The paper writes |v| / |e|, its
published program the squares; `ratio` chooses. Only the immediate derivative by the recurrent weights is taken, that
is, all states and errors are held constant. Where a cell splits off its recurrent product, s(k+1) = step(s(k), net) and
net = drive + recur(s(k)), that leaves

    v(k) = e(k+1) dstep/ds(k)  +  d(k+1) drecur/ds(k),        d(k+1) = e(k+1) dstep/dnet held constant

which is U' (e f'(net)) for h = f(net), net = W x + U h + b. The gradient of strength * Omega joins that of E.
"""

from collections.abc import Sequence
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from ...cells import Cell, Recurs, split, trainable
from ...errors import InvalidInput, suggest
from ...layers import Feedback, Mode, Network
from ..losses import Loss
from ._gradient import Chunk, Gradient
from ._omega import Measure, Watched, dtype_of

RATIOS = ("squared", "norm")
# From this norm on a gradient is no direction any more, and so much of the recurrent weights is its substitute.
USELESS = 1e10
SHRINK = 0.02


class NormPreserving(Gradient):
    """Back-propagation through time with a regulariser that keeps errors from vanishing.

    Each recurrent cell of a network has an Omega of its own. Clip behind it, as the paper does: regularised gradients
    are often long. Recurrent dropout is left out of Omega.

    Args:
        strength: what Omega counts beside the loss; the paper has 0.5 to 2.
        ratio: "squared", as the paper's program compares lengths, or "norm", as its equation does.
        bound: squared length of an error from which on a step counts.
        rescue: whether a gradient that is not finite, or longer than 1e10, is replaced: by 0.02 of the recurrent
            weights, so that they shrink, and 0 for all others.

    Raises:
        InvalidInput: numbers that make no sense; (by `init` and `step`) a network with a cell that cannot split off
            `recur`.

    Example:
        >>> from mnemon.learning import Batch, Learner, NormPreserving, Optax
        >>> learner = Learner(NormPreserving(2.0), Optax("sgd", 0.01, clip=1.0), Batch(20))

    """

    strength: float = eqx.field(static=True, default=2.0)
    ratio: Literal["squared", "norm"] = eqx.field(static=True, default="squared")
    bound: float = eqx.field(static=True, default=1e-20)
    rescue: bool = eqx.field(static=True, default=True)

    def __check_init__(self) -> None:
        if not 0 <= self.strength < float("inf"):
            raise InvalidInput(f"NormPreserving(strength={self.strength}): expected a number of at least 0")
        if self.ratio not in RATIOS:
            raise InvalidInput(f"NormPreserving(ratio={self.ratio!r}): {suggest(str(self.ratio), RATIOS)}")
        if not 0 < self.bound < float("inf"):
            raise InvalidInput(f"NormPreserving(bound={self.bound}): expected a positive number")

    def init(self, network: Network) -> Any:
        """Nothing is carried; see `Gradient`."""
        recurrent_cells(network)

    def step(self, carry: Any, network: Network, loss: Loss, chunk: Chunk) -> tuple[Any, Float[Array, ""], Network]:
        """See `Gradient`; the value is that of the loss, without Omega."""
        value, slope, omegas = self.slopes(network, loss, chunk)
        for number, omega in enumerate(omegas):
            own = recurrent_cells(slope)[number]
            slope = _replaced(slope, number, jax.tree.map(lambda g, o: g + self.strength * o, own, omega))
        return carry, value, self._rescued(network, slope) if self.rescue else slope

    def slopes(
        self, network: Network, loss: Loss, chunk: Chunk
    ) -> tuple[Float[Array, ""], Network, list[PyTree[Array]]]:
        """The loss of a chunk, its gradient, and the gradient of each recurrent cell's Omega, shaped like the cell."""
        measure = Measure(self.ratio, self.bound)
        moving, rest = split(network)
        cells = recurrent_cells(network)
        beside = [(jax.tree.map(jnp.zeros_like, trainable(cell)), jnp.zeros((), dtype_of(cell))) for cell in cells]

        def cost(moving: Any, beside: Any) -> Float[Array, ""]:
            whole: Any = eqx.combine(moving, rest)
            watched = [
                Watched(cell, shadow, count, measure) for cell, (shadow, count) in zip(recurrent_cells(whole), beside)
            ]
            whole = eqx.tree_at(recurrent_cells, whole, watched)
            answer = whole(chunk.xs, chunk.lengths, key=chunk.key, mode=Mode())
            return (loss(answer, chunk.targets) * chunk.weights).sum()

        value, (slope, omegas) = jax.value_and_grad(cost, argnums=(0, 1))(moving, beside)
        means = [jax.tree.map(lambda leaf, n=count: leaf / jnp.maximum(n, 1), omega) for omega, count in omegas]
        return value, slope, means

    def _rescued(self, network: Network, slope: Network) -> Network:
        """The slope, or what stands for it where it is useless."""
        leaves = jax.tree.leaves(slope)
        norm = jnp.sqrt(sum(jnp.square(leaf).sum() for leaf in leaves))
        useful = jnp.isfinite(norm) & (norm <= USELESS)
        instead = jax.tree.map(jnp.zeros_like, slope)
        for number, cell in enumerate(recurrent_cells(network)):
            instead = _replaced(instead, number, jax.tree.map(lambda leaf: SHRINK * leaf, _recurrent_part(cell)))
        return jax.tree.map(lambda g, i: jnp.where(useful, g, i), slope, instead)


def recurrent_cells(network: Any) -> Sequence[Any]:
    """All cells with `recur`, those inside other cells (`Segmented`) included.

    Raises:
        InvalidInput: a cell that cannot split off its recurrent product and does not consist of cells that can; or
            `Feedback`, whose answers come back by another way.

    """
    found = []
    for part in jax.tree.leaves(network, is_leaf=lambda leaf: isinstance(leaf, Cell)):
        if not isinstance(part, Cell):
            continue
        if isinstance(part, Recurs):
            found.append(part)
            continue
        inner = jax.tree.leaves(part, is_leaf=lambda leaf, part=part: leaf is not part and isinstance(leaf, Cell))
        if isinstance(part, Feedback) or not any(isinstance(leaf, Cell) for leaf in inner):
            raise InvalidInput(
                "NormPreserving needs a cell that can split off its recurrent product (`recur`); "
                f"{type(part).__name__} cannot"
            )
        found += [cell for leaf in inner if isinstance(leaf, Cell) for cell in recurrent_cells(leaf)]
    return found


def _replaced(tree: Any, number: int, cell: Any) -> Any:
    """`tree` with its recurrent cell of that number replaced."""
    return eqx.tree_at(lambda whole: recurrent_cells(whole)[number], tree, cell)


def _recurrent_part(cell: Any) -> Any:
    """The trainable weights that `recur` reads; zeros for the others."""
    moving, rest = split(cell)
    leaves, structure = jax.tree.flatten(moving)
    traced = jax.make_jaxpr(
        lambda leaves, state: eqx.combine(jax.tree.unflatten(structure, leaves), rest).recur(state)
    )(leaves, cell.initial_state())
    read = {id(variable) for equation in traced.jaxpr.eqns for variable in equation.invars}
    own = traced.jaxpr.invars[: len(leaves)]
    kept = [leaf if id(variable) in read else jnp.zeros_like(leaf) for leaf, variable in zip(leaves, own)]
    return jax.tree.unflatten(structure, kept)
