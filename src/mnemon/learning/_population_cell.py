"""A whole population as one cell, so that networks that answer together also step together."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from ..cells import Cell
from ..layers import NetworkCell
from ._population import Population


class PopulationCell(Cell):
    """Causal networks side by side on the same inputs; the output holds their answers one after another.

    Args:
        population: causal networks.

    """

    population: Population
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, population: Population) -> None:
        self.population = population
        self.input_size = population.stacked.input_size
        self.output_size = len(population) * population.stacked.output_size

    def initial_state(self) -> Any:
        """The networks' own, with a leading axis (members)."""
        return eqx.filter_vmap(lambda network: NetworkCell(network).initial_state())(self.population.stacked)

    def project(self, xs: PyTree[Array]) -> PyTree[Array]:
        """As they are."""
        return xs

    def step(self, state: Any, drive: PyTree[Array]) -> Any:
        """One step of every network."""
        if len(self.population) == 1:  # no mapping over one: its products stay plain
            network, alone = jax.tree.map(
                lambda leaf: leaf[0] if eqx.is_array(leaf) else leaf, (self.population.stacked, state)
            )
            return jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], NetworkCell(network).step(alone, drive))
        return eqx.filter_vmap(lambda network, state: NetworkCell(network).step(state, drive))(
            self.population.stacked, state
        )

    def output(self, state: Any) -> Array:
        """(members * outputs,)."""
        return state.answer.reshape(-1)
