"""A report in a few lines for a terminal."""

from ._counts import confusion, wilson
from ._story import Story


def render_text(story: Story) -> str:
    """Accuracy first, as `accuracy 0.973`; how sure it is; then the recall of each class."""
    judged = story.judged
    low, high = wilson(judged.right, judged.n)
    counts = confusion(judged)
    body = [("class", "recall", "right", "of")]
    for i, label in enumerate(judged.labels):
        right, of = int(counts[i, i]), int(counts[i].sum())
        name = " ".join(str(label).split())
        printed = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
        body.append((printed, f"{right / of:.3f}" if of else "-", str(right), str(of)))
    first, *rest = (max(len(row[column]) for row in body) for column in range(4))
    lines = [
        f"accuracy {judged.accuracy:.3f}",
        f"{judged.right} of {judged.n} right, 95% interval {low:.3f} to {high:.3f}, chance {judged.chance:.3f}",
        "",
    ]
    for name, *values in body:
        lines.append("  ".join([name.ljust(first), *(v.rjust(width) for v, width in zip(values, rest))]))
    return "\n".join(lines) + "\n"
