"""No gradient: for updates that try weights and look at the loss alone."""

from typing import Any, ClassVar

from jaxtyping import Array, Float

from ...layers import Network
from ..losses import Loss
from ._gradient import Chunk, Gradient


class NoGradient(Gradient):
    """Gives nothing; only updates that need nothing (guessing, annealing, evolution) go with it."""

    gives: ClassVar[frozenset[str]] = frozenset()

    def step(self, carry: Any, network: Network, loss: Loss, chunk: Chunk) -> tuple[Any, Float[Array, ""], Network]:
        """Never asked for: `Learner` refuses updates that would."""
        raise NotImplementedError("there is no gradient")
