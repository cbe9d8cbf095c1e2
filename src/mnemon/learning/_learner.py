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


class Step(eqx.Module):
    """Update after each step of each sequence that has a target, while it runs; sequences in a new order every epoch.

    For rules that go forward in time (`RTRL`, `SnAp`, `UORO`, `RFLO`, `Truncated1997`) and networks that answer at
    every step. The loss of a step counts whole, and is not divided by the length.
    """

    @property
    def size(self) -> int:
        """One sequence."""
        return 1


class Learner(eqx.Module):
    """Gradient x update x moment.

    Args:
        gradient: how the error becomes a gradient, e.g. `BPTT()`.
        update: how the gradient becomes a change of weights, e.g. `Optax("adam", 0.01)`.
        moment: `Batch(size)`, `Sequence()` or `Step()`.

    Raises:
        InvalidInput: an update, or a moment, that needs what the gradient does not give.

    """

    gradient: Gradient
    update: Update
    moment: Batch | Sequence | Step

    def __check_init__(self) -> None:
        missing = self.update.needs - self.gradient.gives
        if missing:
            raise InvalidInput(
                f"{type(self.update).__name__} needs {', '.join(sorted(missing))}, which "
                f"{type(self.gradient).__name__} does not give"
            )
        if isinstance(self.moment, Step) and "steps" not in self.gradient.gives:
            raise InvalidInput(
                f"Step() updates while a sequence runs, but {type(self.gradient).__name__} goes back from its end; use "
                "a rule that goes forward, such as RTRL(), or the moment Sequence()"
            )
