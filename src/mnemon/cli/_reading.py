"""How a command reads its data: what a text is made of, and whether values may be missing."""

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from ..data import UNKNOWN, Dataset, read, read_long, read_symbols, read_text
from ..data._files import text_of
from ..data._read import READERS
from ..data._roles import USUAL
from ..errors import InvalidInput, suggest
from ..sequences import Sequences
from ._sound import as_dataset, is_sound, recordings_in
from ._tasks import Task, task_of
from ._training_options import TEXTS

IMAGES = ("-ubyte", "-ubyte.gz")  # in which nothing can be missing


class Reading(NamedTuple):
    """How data are read.

    Attributes:
        by: what a text is made of, "character" or "word".
        missing: what the estimator does about missing values; "error": reading refuses them.
        features: what makes sequences of recordings; None where data are no sound.
        group_by: what the groups are, by its name in the data; None: as the data have it.

    """

    by: str = "character"
    missing: str = "error"
    features: Any = None
    group_by: str | None = None

    @classmethod
    def of(cls, model: Any) -> Self:
        """As a model takes it."""
        words = model.alphabet_ is not None and any(len(symbol) > 1 for symbol in model.alphabet_)
        return cls("word" if words else "character", model.missing, getattr(model, "features_", None))

    def data(self, path: str, task: Task) -> Dataset:
        """The sequences in a file or a folder, for a task.

        A .txt file is one long text to predict what follows, and else a string of symbols a line, whose label, where
        there is one, stands behind a tab.

        Raises:
            InvalidInput: data that cannot be read.

        """
        name = path.lower()
        if is_sound(path):
            return self._sound(path)
        if self.features is not None and Path(path).is_dir():
            raise InvalidInput(f"{path}: holds no recordings, which is what the model is for")
        if name.endswith(TEXTS) and Path(path).is_file():
            if self.group_by is not None:
                raise InvalidInput(f"--group-by {self.group_by}: a text has no groups")
            return self.parts_of_text(path, (1.0,))[0] if task.name == "predict-next" else self._lines(path, task)
        options = {} if self.missing == "error" or name.endswith(IMAGES) else {"missing": "nan"}
        named = Path(path).is_dir() or any(name.endswith(end) for end in READERS if READERS[end] is read_long)
        if named and self.group_by is not None:
            options["group"] = self.group_by
        found = read(path, **options)
        if self.group_by is not None and not named:
            self._check_nameless_groups(found, path)
        return _with_numbers(found) if task.name == "regress" else found

    def _sound(self, path: str) -> Dataset:
        if self.features is None:
            raise InvalidInput(f"{path}: is sound, but the model was trained on other data")
        return as_dataset(recordings_in(path, self.group_by), self.features)

    def _check_nameless_groups(self, data: Dataset, path: str) -> None:
        """Groups without a name go by any of the usual ones."""
        if data.groups is None:
            raise InvalidInput(f"--group-by {self.group_by}: {path} does not say of which group its sequences are")
        if self.group_by not in USUAL["group"]:
            raise InvalidInput(f"--group-by {self.group_by}: {suggest(str(self.group_by), USUAL['group'])}")

    def parts_of_text(self, path: str, shares: tuple[float, ...]) -> tuple[Dataset, ...]:
        """Consecutive parts of a text, over one alphabet."""
        parts = read_text(path, self.by, split=shares)
        return parts if isinstance(parts, tuple) else (parts,)

    def _lines(self, path: str, task: Task) -> Dataset:
        labelled = "\t" in text_of(Path(path))
        found = read_symbols(
            path, separator=" " if self.by == "word" else "", label_separator="\t" if labelled else None
        )
        return _with_numbers(found) if task.name == "regress" else found


def is_text(path: str, task: Task) -> bool:
    """Whether a file is one long text, for a task."""
    return task.name == "predict-next" and path.lower().endswith(TEXTS)


def data_for(model: Any, path: str) -> Dataset:
    """Sequences for a model to be used on; words of a text that are new to it are `<unk>`, where it has that."""
    task = task_of(model)
    found = Reading.of(model).data(path, task)
    if not is_text(path, task) or UNKNOWN not in (model.alphabet_ or ()):
        return found
    known = set(model.alphabet_)
    words = [[word if word in known else UNKNOWN for word in text] for text in found.X.strings()]
    return replace(found, X=Sequences.from_strings(words, model.alphabet_))


def _with_numbers(data: Dataset) -> Dataset:
    """Targets as numbers, where words can be read as such."""
    if data.y is None or data.y.dtype.kind not in "US":
        return data
    try:
        return replace(data, y=data.y.astype(np.float64))
    except ValueError:
        return data
