"""A causal network as a cell, so that it goes through `unfold` and `generate`: in pieces, or on its own outputs."""

from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from ..cells import Cell
from ._network import Network


class NetworkState(NamedTuple):
    """What the network remembers, and its answer so far."""

    memory: Any
    answer: Float[Array, "... outputs"]


class NetworkCell(Cell):
    """A network that is stepped through time: its output at a step is the answer if the sequence ended there.

    Unlike the network's own call it can start from any state, which makes one long sequence of many pieces, at the
    price of multiplying inside the loop.

    Args:
        network: a causal network.

    Raises:
        InvalidInput: (by `initial_state`) a network that is not causal.

    """

    network: Network
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, network: Network) -> None:
        self.network = network
        self.input_size = network.input_size
        self.output_size = network.output_size

    def initial_state(self) -> NetworkState:
        """The network's memory before the first step; the answer is not yet one, and zero."""
        return NetworkState(self.network.begin(), jnp.zeros(self.output_size, self.network.dtype))

    def project(self, xs: PyTree[Array]) -> PyTree[Array]:
        """As they are: a network cannot split."""
        return xs

    def step(self, state: NetworkState, drive: PyTree[Array]) -> NetworkState:
        """One step of every layer and of the readout."""
        return NetworkState(*self.network.step(state.memory, drive))

    def output(self, state: NetworkState) -> Float[Array, " outputs"]:
        """The answer."""
        return state.answer
