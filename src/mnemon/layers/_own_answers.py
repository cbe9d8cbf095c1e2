"""What the cells have in common in which a network is given its own answers of earlier steps."""

from typing import Any

import equinox as eqx
from jaxtyping import Array, Float

from ..cells import Cell
from ._network import Network
from ._network_cell import NetworkCell


class OwnAnswers(Cell):
    """Base of such cells. Their states hold the network's as `network`.

    Args:
        network: a causal network.
        input_size: how many inputs are given.

    Raises:
        InvalidInput: a network that is not causal.

    """

    cell: NetworkCell
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, network: Network, input_size: int) -> None:
        if not network.causal:
            network.begin()  # tells which layer is not
        self.cell = NetworkCell(network)
        self.input_size = input_size
        self.output_size = network.output_size

    @property
    def network(self) -> Network:
        """The network itself."""
        return self.cell.network

    def project(self, xs: Float[Array, "time inputs"]) -> Float[Array, "time inputs"]:
        """As they are: a network cannot split."""
        return xs

    def output(self, state: Any) -> Float[Array, " outputs"]:
        """The answer."""
        return self.cell.output(state.network)
