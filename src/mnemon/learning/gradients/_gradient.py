"""The contract of a gradient rule: from a chunk of sequences to a gradient, with whatever the rule carries along."""

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from ...cells import Cell
from ...layers import Answer, Network
from ..losses import Loss

# What a rule gives that can follow a sequence as it runs.
STEPS = frozenset({"gradient", "steps"})
# What an exact or truncated rule gives beside its gradient.
JACOBIAN = frozenset({"jacobian"})


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


class Tracks(NamedTuple):
    """A cell that tracks another, and `gradient(state, error, final=...)` of its states, (weights,).

    The error is one at the output of that state; `final`: of a sequence that has ended.
    """

    cell: Cell
    gradient: Callable[..., Float[Array, " weights"]]


class Gradient(eqx.Module):
    """Base of all gradient rules.

    A rule that gives "steps" can also follow a sequence as it runs, at the moment `Step`; it writes `track`, and
    `through` and `noise` where it needs them.

    Attributes:
        gives: what an update, or a moment, can ask of the rule.

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

    def jacobian(
        self, carry: Any, network: Network, chunk: Chunk
    ) -> tuple[Any, Answer, Float[Array, "batch *time outputs weights"]]:
        """Answers of one chunk and their Jacobian; of rules that give "jacobian".

        Returns:
            The new carry; the answers; and d answers / d weights, the trained weights of the network as
            `ravel_pytree(split(network)[0])` has them. Rows of steps that are not marked are 0.

        """
        raise NotImplementedError

    def track(self, cell: Cell) -> Tracks:
        """A cell that carries what the weights of `cell` have done to it."""
        raise NotImplementedError

    def through(self, network: Network, carry: Any) -> Network:
        """The network as errors see it: the same answers, perhaps other slopes."""
        return network

    def noise(self, network: Network, chunk: Chunk) -> PyTree[Array] | None:
        """What the tracking cell reads beside each step's input, (batch, time, ...)."""
        return None
