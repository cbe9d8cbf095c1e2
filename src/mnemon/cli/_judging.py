"""Judging a model on sequences with targets: printed, and written as a report where one is wanted."""

import shlex
import time
from collections.abc import Sequence
from typing import Any

from ..data import Dataset
from ..report import Judged, Measured, measured, render_text, story_of, write_report
from ._inputs import in_file
from ._tasks import task_of


def judge(
    model: Any,
    data: Dataset,
    *,
    model_path: str,
    report: str | None,
    force: bool,
    words: Sequence[str] | None,
    quiet: bool = False,
    training: Dataset | None = None,
    reading: float | None = None,
) -> None:
    """Print how well `model` does on `data` (where `quiet`, one number), write the report.

    Args:
        model: a fitted estimator.
        data: with the targets it is judged by.
        model_path: where the model lies.
        report: where to write the report, if anywhere; a file that is there only where `force`.
        force: see `report`.
        words: the command line, for the report.
        quiet: print less.
        training: what the model was trained on, where that is known.
        reading: seconds that the data took.

    """
    begun = time.perf_counter()
    with in_file(data.name):
        if task_of(model).name == "classify":
            said: Any = model.predict_proba(data.X)
        else:
            said = measured(model, data, sample=not quiet or report is not None)
    story = story_of(
        model,
        data,
        said,
        training=training,
        reading=reading,
        judging=time.perf_counter() - begun,
        model_path=model_path,
        command=shlex.join(["mnemon", *(words or ())]),
        date=time.strftime("%Y-%m-%d %H:%M"),
    )
    text = render_text(story)
    print(text.splitlines()[0] if quiet else text.rstrip() + _strangers(story.judged), flush=True)
    if report is not None:
        write_report(report, story, overwrite=force)


def _strangers(judged: Judged | Measured) -> str:
    """A sentence on labels that a classifier does not know; nothing where it knows them all."""
    unknown = [] if isinstance(judged, Measured) else judged.labels[len(judged.classes) :]
    if isinstance(judged, Measured) or not unknown:
        return ""
    n = sum(label in unknown for label in judged.y_true)
    some = ", ".join(map(str, unknown[:5])) + (", ..." if len(unknown) > 5 else "")
    return f"\n\n{n} of {judged.n} sequences have a class that the model does not know ({some}); they count as wrong"
