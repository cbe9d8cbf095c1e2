"""Tables: the confusion matrix, the classes one by one, where the time went, and plain rows of names and values."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from .._statistics import wilson
from ._counts import confusion
from ._markup import Markup, duration, element, number, percent
from ._story import Judged

MATRIX_MOST = 40  # classes; a larger matrix is not readable, and its mistakes are listed instead


def rows(pairs: Mapping[str, object] | Iterable[tuple[str, object]]) -> Markup:
    """Names and values; values that are None or empty are left out."""
    items = pairs.items() if isinstance(pairs, Mapping) else pairs
    body = [
        element("tr", element("th", name, scope="row"), element("td", v if isinstance(v, Markup) else number(v)))
        for name, v in items
        if v is not None and v != ""
    ]
    return element("table", element("tbody", body), class_="rows") if body else Markup()


def table(heads: Sequence[object], body: Iterable[Sequence[object]], caption: object = None, kind: str = "") -> Markup:
    """A table whose first column names its rows; wider than the page, it scrolls in a box of its own."""
    head = element("tr", [element("th", h, scope="col") for h in heads])
    lines = [element("tr", element("th", r[0], scope="row"), [element("td", v) for v in r[1:]]) for r in body]
    title = element("caption", caption) if caption else None
    whole = element("table", title, element("thead", head), element("tbody", lines), class_=f"figures {kind}".strip())
    return scrolling(whole, str(caption or "table"))


def scrolling(inside: Markup, name: str) -> Markup:
    """A box that scrolls sideways, by keyboard too."""
    return element("div", inside, class_="scroll", tabindex="0", role="region", aria_label=name)


def bar(share: float, kind: str = "") -> Markup:
    """A bar of a share of its column; only to look at, the number stands beside it."""
    inside = element("span", style=f"--share:{share:.4f}")
    return element("span", inside, class_=f"bar {kind}".strip(), aria_hidden="true")


def matrix(judged: Judged) -> Markup:
    """The confusion matrix: shaded by the share of the row, framed on the diagonal, empty where nothing is."""
    counts, labels, k = confusion(judged), judged.words, len(judged.classes)
    totals = counts.sum(axis=1)
    upright = k > 6 and max(len(label) for label in labels) > 3
    above = element("tr", element("td", "true"), element("th", "named by the model", scope="colgroup", colspan=str(k)))
    heads = [element("th", element("span", label), scope="col") for label in labels[:k]]
    lines = []
    for i, label in enumerate(labels):
        cells = []
        for j in range(k):
            count = int(counts[i, j])
            shade = f"--s:{_shade(count / totals[i], i == j)}" if count else None
            cells.append(element("td", count or "", class_="right" if i == j else None, style=shade))
        lines.append(element("tr", element("th", element("span", label), scope="row"), cells))
    kind = "matrix" + (" many" if k > 12 else "") + (" upright" if upright else "")
    head = element("thead", above, element("tr", element("td"), heads))
    whole = element("table", head, element("tbody", lines), class_=kind, aria_label="Confusion matrix")
    return scrolling(whole, "Confusion matrix")


def classes(judged: Judged) -> Markup:
    """Recall with its interval, precision and number of sequences, class by class."""
    counts = confusion(judged)
    body = []
    for i, label in enumerate(judged.words):
        right, of, named = int(counts[i, i]), int(counts[i].sum()), int(counts[:, i].sum())
        low, high = wilson(right, of)
        recall = [bar(right / of), element("span", percent(right, of), class_="share")] if of else "–"
        between = f"{100 * low:.0f}–{100 * high:.0f}%" if of else "–"
        known = label if i < len(judged.classes) else [label, element("small", " not known to the model")]
        body.append((known, f"{of:,}", recall, between, percent(right, named) if named else "–"))
    return table(("class", "sequences", "recall", "95% interval", "precision"), body, kind="classes")


def class_counts(sets: Mapping[str, Mapping[object, int]]) -> Markup:
    """How many sequences each class has in each of the named collections."""
    labels = list(dict.fromkeys(label for counts in sets.values() for label in counts))
    body = [
        (str(label), *(f"{counts[label]:,}" if label in counts else "0" for counts in sets.values()))
        for label in labels
    ]
    return table(("class", *sets), body)


def times(seconds: Mapping[str, float]) -> Markup:
    """Where the time went, each part with a bar of its share."""
    total = sum(seconds.values())
    longest = max(seconds.values())
    body: list[Sequence[object]] = [
        (what, duration(s), percent(s, total) if total else "–", bar(s / longest if longest else 0, "wide"))
        for what, s in seconds.items()
    ]
    body.append((element("strong", "all together"), element("strong", duration(total)), "", ""))
    return table(("part", "time", "share", ""), body, kind="times")


def history(columns: Mapping[str, np.ndarray], marked: Iterable[float], most: int = 20) -> Markup:
    """At most about `most` epochs of the history; the first column is the epoch."""
    epochs = next(iter(columns.values()))
    n = len(epochs)
    shown = set(np.linspace(0, n - 1, min(n, most)).round().astype(int).tolist())
    best = {int(i) for i in np.flatnonzero(np.isin(epochs, list(marked)))}
    body = []
    for i in sorted(shown | best):
        epoch = number(int(epochs[i])) if np.isfinite(epochs[i]) else "–"
        values = [number(float(v[i])) if np.isfinite(v[i]) else "–" for v in list(columns.values())[1:]]
        body.append(([epoch, element("small", " best") if i in best else None], *values))
    return table([name.replace("_", " ") for name in columns], body)


def _shade(share: float, right: bool) -> str:
    """How much of a cell's colour to show: of a mistake enough to be seen however rare it is."""
    least = 0.1 if right else 0.35
    return f"{least + (1 - least) * share:.2f}".rstrip("0").rstrip(".")
