"""Judging a classifier on labelled sequences: printed, and written as a report where one is wanted."""

import shlex
import time
from collections.abc import Sequence

from ..data import Dataset
from ..estimators import SequenceClassifier
from ..report import Judged, render_text, story_of, write_report
from ._inputs import in_file


def judge(
    classifier: SequenceClassifier,
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
    """Print accuracy, interval and recalls of `classifier` on `data` (where `quiet`, the accuracy), write the report.

    Args:
        classifier: fitted.
        data: labelled.
        model_path: where the classifier lies.
        report: where to write the report, if anywhere; a file that is there only where `force`.
        force: see `report`.
        words: the command line, for the report.
        quiet: print less.
        training: what the classifier was trained on, where that is known.
        reading: seconds that the data took.

    """
    begun = time.perf_counter()
    with in_file(data.name):
        probabilities = classifier.predict_proba(data.X)
    story = story_of(
        classifier,
        data,
        probabilities,
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


def _strangers(judged: Judged) -> str:
    """A sentence on labels that the classifier does not know; nothing where it knows them all."""
    unknown = judged.labels[len(judged.classes) :]
    if not unknown:
        return ""
    n = sum(label in unknown for label in judged.y_true)
    some = ", ".join(map(str, unknown[:5])) + (", ..." if len(unknown) > 5 else "")
    return f"\n\n{n} of {judged.n} sequences have a class that the model does not know ({some}); they count as wrong"
