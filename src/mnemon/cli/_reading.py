"""How a command reads its data: what a text is made of, and whether values may be missing."""

from typing import Any, NamedTuple

from ..data import Dataset, read
from ._tasks import Task, task_of


class Reading(NamedTuple):
    """How data are read.

    Attributes:
        by: what a text is made of, "character" or "word".
        missing: what the estimator does about missing values; "error": reading refuses them.

    """

    by: str = "character"
    missing: str = "error"

    @classmethod
    def of(cls, model: Any) -> "Reading":
        """As a model takes it."""
        words = model.alphabet_ is not None and any(len(symbol) > 1 for symbol in model.alphabet_)
        return cls("word" if words else "character", model.missing)

    def data(self, path: str, task: Task) -> Dataset:
        """The sequences in a file or a folder, for a task.

        Raises:
            InvalidInput: data that cannot be read.

        """
        options = {} if self.missing == "error" else {"missing": "nan"}
        return read(path, **options)


def data_for(model: Any, path: str) -> Dataset:
    """Sequences for a model to be used on."""
    return Reading.of(model).data(path, task_of(model))
