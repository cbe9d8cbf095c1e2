"""A learner: which gradient, which update, at which moment."""

import equinox as eqx

from ..errors import InvalidInput
from .gradients import Gradient
from .updates import Update


class Batch(eqx.Module):
    """Update after each minibatch.

    Args:
        size: sequences in a batch; None for the whole set, one update an epoch.

    Raises:
        InvalidInput: a size below 1.

    """

    size: int | None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        if self.size is not None and self.size < 1:
            raise InvalidInput(f"Batch(size={self.size}): a batch has at least 1 sequence")


class Sequence(eqx.Module):
    """Update after each sequence: online learning, in a new order every epoch."""

    @property
    def size(self) -> int:
        """One sequence."""
        return 1


class Learner(eqx.Module):
    """Gradient x update x moment.

    Args:
        gradient: how the error becomes a gradient, e.g. `BPTT()`.
        update: how the gradient becomes a change of weights, e.g. `Optax("adam", 0.01)`.
        moment: `Batch(size)` or `Sequence()`.

    Raises:
        InvalidInput: an update that needs what the gradient does not give.

    """

    gradient: Gradient
    update: Update
    moment: Batch | Sequence

    def __check_init__(self) -> None:
        missing = self.update.needs - self.gradient.gives
        if missing:
            raise InvalidInput(
                f"{type(self.update).__name__} needs {', '.join(sorted(missing))}, which "
                f"{type(self.gradient).__name__} does not give"
            )
