"""Watching a training: what is told after every epoch, and a bar that shows it."""

import sys
from collections.abc import Callable
from typing import Any, NamedTuple, Self


class Progress(NamedTuple):
    """What is known after an epoch.

    Attributes:
        epoch, epochs: epochs done, and the budget.
        loss, validation_loss, validation_score: means over the networks still in training; None without validation.
        active, members: networks still in training, and all.
        seconds: since the start.

    """

    epoch: int
    epochs: int
    loss: float
    validation_loss: float | None
    validation_score: float | None
    active: int
    members: int
    seconds: float


# Called after every epoch; training stops where it returns True.
Watcher = Callable[[Progress], object]


class ProgressBar:
    """A bar on standard error: epoch, loss, validation score, time left. Silent where that is no terminal.

    Use it as a context, and hand it to `train(progress=...)`.
    """

    def __init__(self, *, score_name: str = "score") -> None:
        self._score_name = score_name
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as RichProgress

            self._bar = RichProgress(
                TextColumn("epoch"),
                MofNCompleteColumn(),
                BarColumn(bar_width=24),
                TextColumn("{task.description}"),
                TimeRemainingColumn(elapsed_when_finished=True),
                console=Console(stderr=True),
            )
            self._bar.start()
            self._task = self._bar.add_task("compiling", total=None)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def __call__(self, now: Progress) -> None:
        """Show one more epoch."""
        if self._bar is None:
            return
        words = f"loss {now.loss:.4f}"
        if now.validation_score is not None:
            words += f"  validation {self._score_name} {now.validation_score:.3f}"
        if now.members > 1:
            words += f"  {now.active} of {now.members} networks"
        self._bar.update(self._task, completed=now.epoch, total=now.epochs, description=words)
