"""The contract of a gradient rule: from a chunk of sequences to a gradient, with whatever the rule carries along."""

from typing import Any, ClassVar, NamedTuple

import equinox as eqx
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from ...layers import Network
from ..losses import Loss


class Chunk(NamedTuple):
    """Sequences of one update, padded to one length.

    Attributes:
        xs: (batch, time, features), or `Steps` with boundaries.
        lengths: (batch,), or None where all have the full length.
        targets: what the loss compares with, (batch, ...).
        weights: (batch,), what each sequence counts; they already hold the division by the number of sequences, and
            are 0 for rows that only fill up.
        key: randomness of this update (dropout), or None.

    """

    xs: PyTree[Array]
    lengths: Int[Array, " batch"] | None
    targets: Array
    weights: Float[Array, " batch"]
    key: PRNGKeyArray | None


class Gradient(eqx.Module):
    """Base of all gradient rules.

    Attributes:
        gives: what an update can ask of the rule.

    """

    gives: ClassVar[frozenset[str]] = frozenset({"gradient"})

    def init(self, network: Network) -> Any:
        """What is carried into the first chunk (nothing, states, sensitivities)."""
        return None

    def step(self, carry: Any, network: Network, loss: Loss, chunk: Chunk) -> tuple[Any, Float[Array, ""], Network]:
        """One chunk.

        Returns:
            The new carry, the weighted loss of the chunk, and its gradient, shaped like the network.

        """
        raise NotImplementedError
