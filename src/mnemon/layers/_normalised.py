"""Layer normalisation inside a recurrent cell: J. L. Ba, J. R. Kiros and G. E. Hinton, 2016, arXiv:1607.06450.

    drive(t) = LN( W x(t); g1, c1 ) + LN( U h(t-1); g2, c2 ) + b         LN: see `_layer_norm.py`

The two products are normalised apart, each as the whole vector that the cell drives its units with: all gates of an
LSTM together; in a GRU both gates together, and the candidate's two halves each on its own. These are the paper's
forms. Its last one, of an LSTM's cell states on their way out, lies within the cell's step and is left out.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..cells import Cell, Drive, Recurs, State, finishes
from ..errors import InvalidInput
from ._layer_norm import EPSILON, normalise

Norms = tuple[Array | None, ...]


class Normalised(Cell):
    """A cell whose input drive and recurrent drive are normalised; `gains` start at 1, `biases` at 0.

    The cell's own bias b stays outside, so that a forget gate that starts open does so here too. Parts of a drive that
    do not depend on the input, or on the state, are left as they are and have no gains.

    Args:
        cell: a cell that can split off its recurrent product (`recur`).
        epsilon: what is added to the variances; it keeps the gradient at a state of zeros finite.

    Raises:
        InvalidInput: a cell that cannot split off `recur`, one that completes its work at a sequence's end, or one with
            a drive of a single number.

    Example:
        >>> import jax
        >>> from mnemon.cells import LSTM
        >>> from mnemon.layers import Normalised, unfold
        >>> cell = Normalised(LSTM(3, 8, key=jax.random.key(0)))
        >>> unfold(cell, jax.numpy.ones((4, 20, 3)))[0].shape
        (4, 20, 8)

    """

    cell: Cell
    input_gains: Norms
    input_biases: Norms
    recurrent_gains: Norms
    recurrent_biases: Norms
    epsilon: float = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, cell: Cell, *, epsilon: float = EPSILON) -> None:
        if not isinstance(cell, Recurs):
            raise InvalidInput(
                f"Normalised needs a cell that can split off its recurrent product (`recur`); {type(cell).__name__} "
                "cannot. Put a LayerNorm between layers instead"
            )
        if finishes(cell):
            raise InvalidInput(
                f"Normalised: {type(cell).__name__} completes its work at a sequence's end (`finish`); normalise the "
                "cell inside it"
            )
        state = cell.initial_state()
        by_input = _moved(lambda x: _products(cell, x), jnp.zeros((1, cell.input_size), _dtype(state)))
        by_state = _moved(cell.recur, state)
        if any(leaf is not None and leaf.shape[-1] == 1 for leaf in by_input + by_state):
            raise InvalidInput(
                f"Normalised: {type(cell).__name__} has a drive of a single number, which has no spread; give it more "
                "units"
            )
        self.cell = cell
        self.input_gains, self.recurrent_gains = (_each(jnp.ones, leaves) for leaves in (by_input, by_state))
        self.input_biases, self.recurrent_biases = (_each(jnp.zeros, leaves) for leaves in (by_input, by_state))
        self.epsilon = epsilon
        self.input_size = cell.input_size
        self.output_size = cell.output_size

    def initial_state(self) -> State:
        """The cell's own."""
        return self.cell.initial_state()

    def project(self, xs: Float[Array, "time inputs"]) -> Drive:
        """LN(W x) + b."""
        products = self._normalise(_products(self.cell, xs), self.input_gains, self.input_biases)
        return jax.tree.map(jnp.add, products, _offset(self.cell, xs))

    def recur(self, state: State) -> Drive:
        """LN(U h)."""
        product = self.cell.recur(state)  # pyright: ignore[reportAttributeAccessIssue]
        return self._normalise(product, self.recurrent_gains, self.recurrent_biases)

    def step(self, state: State, drive: Drive) -> State:
        """The cell's own."""
        return self.cell.step(state, drive)

    def cut_step(self, state: State, drive: Drive) -> State:
        """The cell's own."""
        return self.cell.cut_step(state, drive)

    def output(self, state: State) -> Float[Array, " units"]:
        """The cell's own."""
        return self.cell.output(state)

    def _normalise(self, drive: Drive, gains: Norms, biases: Norms) -> Drive:
        leaves, structure = jax.tree.flatten(drive)
        normed = [
            leaf if gain is None or bias is None else normalise(leaf, gain, bias, self.epsilon)
            for leaf, gain, bias in zip(leaves, gains, biases)
        ]
        return jax.tree.unflatten(structure, normed)


def _offset(cell: Cell, xs: Float[Array, "time inputs"]) -> Drive:
    """What the cell adds to its products, its bias b, as one step of drives."""
    return cell.project(jnp.zeros_like(xs[:1]))


def _products(cell: Cell, xs: Float[Array, "time inputs"]) -> Drive:
    """W x, the cell's drives without its bias."""
    return jax.tree.map(jnp.subtract, cell.project(xs), _offset(cell, xs))


def _moved(function: Callable[[Any], Drive], source: Any) -> list[Any]:
    """The shape of each leaf of `function(source)`, or None where nothing of the source reaches it."""
    traced = jax.make_jaxpr(function)(source)
    reached = {id(variable) for variable in traced.jaxpr.invars}
    for equation in traced.jaxpr.eqns:
        if any(id(variable) in reached for variable in equation.invars):
            reached |= {id(variable) for variable in equation.outvars}
    return [aval if id(leaf) in reached else None for leaf, aval in zip(traced.jaxpr.outvars, traced.out_avals)]


def _each(make: Callable[..., Array], leaves: list[Any]) -> Norms:
    return tuple(None if leaf is None else make(leaf.shape[-1], leaf.dtype) for leaf in leaves)


def _dtype(state: State) -> Any:
    return jnp.result_type(*(leaf for leaf in jax.tree.leaves(state) if jnp.issubdtype(leaf.dtype, jnp.inexact)))
