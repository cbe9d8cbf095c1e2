"""A report in a few lines for a terminal."""

from collections.abc import Sequence

from .._statistics import wilson
from ._counts import confusion
from ._measured import Measured
from ._story import Judged, Story


def render_text(story: Story) -> str:
    """Accuracy first, as `accuracy 0.973`; how sure it is; then the recall of each class. Or what else was measured."""
    judged = story.judged
    return _of_measured(judged) if isinstance(judged, Measured) else _of_judged(judged)


def _of_measured(judged: Measured) -> str:
    lines = [f"{judged.name} {judged.value:.3f}", *(f"{name} {said}" for name, said in judged.facts.items())]
    if judged.rows:
        lines += ["", *aligned([judged.head, *judged.rows])]
    if judged.sample:
        lines += ["", "what it writes by itself:", "", *("    " + line for line in judged.sample.splitlines())]
    return "\n".join(lines) + "\n"


def _of_judged(judged: Judged) -> str:
    low, high = wilson(judged.right, judged.n)
    counts = confusion(judged)
    body = [("class", "recall", "right", "of")]
    for i, label in enumerate(judged.labels):
        right, of = int(counts[i, i]), int(counts[i].sum())
        body.append((str(label), f"{right / of:.3f}" if of else "-", str(right), str(of)))
    lines = [
        f"accuracy {judged.accuracy:.3f}",
        f"{judged.right} of {judged.n} right, 95% interval {low:.3f} to {high:.3f}, chance {judged.chance:.3f}",
        "",
        *aligned(body),
    ]
    return "\n".join(lines) + "\n"


def aligned(table: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines; the first column, of names, flush left, numbers flush right."""
    body = [(_printable(name), *values) for name, *values in table]
    first, *rest = (max(len(row[column]) for row in body) for column in range(len(body[0])))
    return [
        "  ".join([name.ljust(first), *(value.rjust(width) for value, width in zip(values, rest))])
        for name, *values in body
    ]


def _printable(name: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in " ".join(name.split()))
