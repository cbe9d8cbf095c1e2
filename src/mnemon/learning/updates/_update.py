"""The contract of an update: from a gradient (or what else it needs) to new weights."""

from typing import Any, ClassVar, Self

import equinox as eqx

from ...layers import Network


class Update(eqx.Module):
    """Base of all updates.

    Attributes:
        needs: what it asks of the gradient rule.

    """

    needs: ClassVar[frozenset[str]] = frozenset({"gradient"})

    def for_members(self, members: int, dtype: Any) -> Self:
        """The update with each number that may differ by member as an array (members,)."""
        return self

    def init(self, network: Network) -> Any:
        """Memory before the first update."""
        raise NotImplementedError

    def step(self, memory: Any, network: Network, gradient: Any) -> tuple[Any, Network]:
        """New memory and new network."""
        raise NotImplementedError
