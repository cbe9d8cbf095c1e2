"""How training ends: the criterion, the codes, and what comes out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import equinox as eqx
import numpy as np

from ..errors import InvalidInput
from ._population import Population

RUNNING, REACHED, BUDGET, STALLED, NONFINITE, STOPPED, SOLVED = range(7)
SENTENCES = {
    RUNNING: "is still training",
    REACHED: "reached the criterion",
    BUDGET: "spent its budget of epochs",
    STALLED: "stopped improving",
    NONFINITE: "became non-finite",
    STOPPED: "was stopped by a callback",
    SOLVED: "was solved in closed form",
}

Monitor = Literal["validation_loss", "validation_score", "loss"]


class Until(eqx.Module):
    """When training ends.

    Args:
        epochs: the budget.
        loss: success: the mean loss over an epoch's updates falls below this number; or one a network.
        patience: stop after so many epochs without a better `monitor`; None: never.
        monitor: what is watched, for patience and for the best weights. "loss" where there are no validation data.
        restore_best: hand back the weights of the best epoch (only with validation data).
        score: success: the score on the validation data is at least this after an epoch.
        streak: success: so many sequences in a row were answered right, each before anything was learned from it;
            training ends at that sequence, within the epoch.
        right: with `streak`: `(answers, targets) -> (batch,)`, True where right; a problem's own `right`.

    Raises:
        InvalidInput: no epochs, patience or streak below 1, a streak without `right`, or several criteria.

    """

    epochs: int = eqx.field(static=True, default=100)
    loss: float | tuple[float, ...] | None = eqx.field(static=True, default=None)
    patience: int | None = eqx.field(static=True, default=None)
    monitor: Monitor = eqx.field(static=True, default="validation_loss")
    restore_best: bool = eqx.field(static=True, default=True)
    score: float | None = eqx.field(static=True, default=None)
    streak: int | None = eqx.field(static=True, default=None)
    right: Callable[[Any, Any], Any] | None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        if self.epochs < 1:
            raise InvalidInput(f"Until(epochs={self.epochs}): expected at least 1")
        if self.patience is not None and self.patience < 1:
            raise InvalidInput(f"Until(patience={self.patience}): expected at least 1, or None")
        if self.monitor not in ("validation_loss", "validation_score", "loss"):
            raise InvalidInput(f"Until(monitor={self.monitor!r}): expected validation_loss, validation_score or loss")
        if self.streak is not None and self.streak < 1:
            raise InvalidInput(f"Until(streak={self.streak}): expected at least 1, or None")
        if (self.streak is None) != (self.right is None):
            raise InvalidInput("Until: streak= counts answers that are right; give it together with right=")
        if sum(criterion is not None for criterion in (self.loss, self.score, self.streak)) > 1:
            raise InvalidInput("Until: loss=, score= and streak= are criteria of success; give at most one")


@dataclass(frozen=True)
class Result:
    """How one network ended.

    Attributes:
        code: REACHED, BUDGET, STALLED, NONFINITE, STOPPED or SOLVED.
        epochs: epochs it was trained.
        sequences: sequences it was shown.
        evaluations: gradients it took.
        best_epoch: the epoch (from 1) of the best watched value, whose weights the network has where they were to be
            restored; 0 where no epoch brought a finite value.
        best: the watched value at that epoch.

    """

    code: int
    epochs: int
    sequences: int
    evaluations: int
    best_epoch: int
    best: float

    @property
    def sentence(self) -> str:
        """The code in words."""
        return SENTENCES[self.code]

    @property
    def reached(self) -> bool:
        """Whether the criterion was reached; a non-finite network never has."""
        return self.code == REACHED


@dataclass(frozen=True)
class Solution:
    """What `train` hands back.

    Attributes:
        networks: the trained networks, best weights restored where asked.
        results: one a network.
        history: by name ("epoch", "loss", "validation_loss", "validation_score") an array (epochs,) or
            (epochs, members); NaN after a member has ended.
        seconds: where the time went: "compile", "train".
        memory: the updates' memories, by member, so that training can go on.

    """

    networks: Population
    results: tuple[Result, ...]
    history: dict[str, np.ndarray]
    seconds: dict[str, float]
    memory: object = field(repr=False)
