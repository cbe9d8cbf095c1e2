"""The contract of an update: from a gradient (or what else it needs) to new weights."""

from typing import Any, ClassVar, Self

import equinox as eqx
from jaxtyping import Array, Float

from ...errors import InvalidInput
from ...layers import Network


class Update(eqx.Module):
    """Base of all updates.

    Most are given a gradient and write `step`. One that looks at the sequences themselves (for Jacobians, products with
    the curvature, or the loss alone) writes `learn` instead.

    Attributes:
        needs: what it asks of the gradient rule.

    """

    needs: ClassVar[frozenset[str]] = frozenset({"gradient"})

    @property
    def evaluations(self) -> int:
        """How many networks `learn` evaluates, or differentiates, in one call."""
        return 1

    def for_members(self, members: int, dtype: Any) -> Self:
        """The update with each number that may differ by member as an array (members,)."""
        return self

    def init(self, network: Network) -> Any:
        """Memory before the first update."""
        raise NotImplementedError

    def step(self, memory: Any, network: Network, gradient: Any) -> tuple[Any, Network]:
        """New memory and new network."""
        raise NotImplementedError

    def learn(
        self, memory: Any, network: Network, gradient: Any, carry: Any, loss: Any, chunk: Any
    ) -> tuple[Any, Network, Any, Float[Array, ""]]:
        """Learn from one chunk of sequences.

        Args:
            memory: what the update remembers. network: before.
            gradient: a `Gradient` that gives what is needed; carry: what it carries along.
            loss: a `Loss`. chunk: a `Chunk`.

        Returns:
            New memory, network, and carry of the gradient; and the weighted loss of the chunk before the change.

        """
        carry, value, slope = gradient.step(carry, network, loss, chunk)
        memory, network = self.step(memory, network, slope)
        return memory, network, carry, value

    def absorb(
        self, memory: Any, network: Network, answer: Any, jacobian: Any, targets: Any, loss: Any, shares: Any
    ) -> tuple[Any, Network]:
        """Learn from answers and their Jacobian, after each step of a running sequence too.

        Of updates that need "jacobian" and can.

        Args:
            memory: what the update remembers. network: before.
            answer: an `Answer` of a batch; jacobian: d answers / d weights, see `Gradient.jacobian`.
            targets: what they should be. loss: a `Loss`. shares: (batch,), what each sequence counts, 1 on average.

        Raises:
            InvalidInput: an update that needs whole sequences.

        """
        raise InvalidInput(
            f"{type(self).__name__} learns from many sequences at once, not while one runs; give its learner the "
            "moment Batch() instead of Step()"
        )
