"""Tables of successes: conditions side by side at each length, ours beside the published, with how sure we are."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .._statistics import wilson
from ._account import Curve, Grid, Plot
from ._results import Record, pick
from ._share import share

# Published: successes of 100, mean epochs of the successful, their mean accuracy.
Published = Mapping[int, tuple[float, float, float]]


class Column(NamedTuple):
    """A condition: the file of its results, its heading, and what was published of it."""

    condition: str
    label: str
    published: Published


class Summary(NamedTuple):
    """Some networks: how many, successes in training, mean epochs and test accuracy of these, and how many know."""

    networks: int
    successes: int
    epochs: float
    accuracy: float
    knowing: int


def summarise(records: Sequence[Record], knows: float) -> Summary:
    """What the records of one condition at one length say; `knows`: the test accuracy that is a success there."""
    good = [record for record in records if record["success"]]
    epochs = sum(record["epochs"] for record in good) / len(good) if good else float("nan")
    accuracy = sum(record["test_accuracy"] for record in good) / len(good) if good else float("nan")
    knowing = sum(record["test_accuracy"] >= knows for record in good)
    return Summary(len(records), len(good), epochs, accuracy, knowing)


def success_grid(
    columns: Sequence[Column], records: Mapping[str, Sequence[Record]], lengths: Sequence[int], knows: float
) -> Grid:
    """A row a condition and length: ours and the published."""
    rows = []
    for column in columns:
        for length in lengths:
            some = pick(records.get(column.condition, ()), length=length)
            if some:
                rows.append(
                    (f"{column.label}, T = {length}", *_row(summarise(some, knows), column.published.get(length)))
                )
        means = _means([summarise(pick(records.get(column.condition, ()), length=n), knows) for n in lengths])
        if means is not None and len(lengths) > 1:
            known = [column.published[n] for n in lengths if n in column.published]
            theirs = tuple(sum(values) / len(values) for values in zip(*known)) if len(known) == len(lengths) else None
            rows.append((f"{column.label}, mean", *means, *_theirs(theirs)))
    caption = (
        "Successes in training (of so many networks, with the 95 % interval in per cent), mean epochs and mean test "
        f"accuracy of the successful, and how many of all also know new strings (test accuracy of at least {knows:g})"
    )
    head = ("", "successes", "95 %", "epochs", "accuracy", "test successes")
    if not any(column.published for column in columns):
        return Grid(f"{caption}.", head, tuple(row[: len(head)] for row in rows))
    theirs = ("published", "epochs", "accuracy")
    return Grid(f"{caption}; then the published successes of 100, epochs and accuracy.", head + theirs, tuple(rows))


def success_plot(
    columns: Sequence[Column], records: Mapping[str, Sequence[Record]], lengths: Sequence[int], knows: float
) -> Plot:
    """Successes in per cent over the length, ours with intervals, and the published."""
    curves = []
    for column in columns:
        known = [(n, summarise(pick(records.get(column.condition, ()), length=n), knows)) for n in lengths]
        known = [(n, summary) for n, summary in known if summary.networks]
        bounds = [wilson(summary.successes, summary.networks) for _, summary in known]
        if known:
            curves.append(
                Curve(
                    column.label,
                    [n for n, _ in known],
                    [100 * summary.successes / summary.networks for _, summary in known],
                    [100 * low for low, _ in bounds],
                    [100 * high for _, high in bounds],
                )
            )
        theirs = [n for n in lengths if n in column.published]
        if theirs:
            label = f"{column.label}, published"
            curves.append(Curve(label, theirs, [column.published[n][0] for n in theirs], published=True))
    return Plot("Successful networks over the length of the strings.", "letters, T", "successes, %", tuple(curves))


def _row(summary: Summary, published: tuple[float, float, float] | None) -> tuple[str, ...]:
    return (
        *share(summary.successes, summary.networks),
        _number(summary.epochs, 1),
        _number(summary.accuracy, 3),
        f"{summary.knowing}",
        *_theirs(published),
    )


def _theirs(published: tuple[float, ...] | None) -> tuple[str, str, str]:
    if published is None:
        return ("-", "-", "-")
    successes, epochs, accuracy = published
    return (_number(successes, 0 if successes == int(successes) else 2), _number(epochs, 1), _number(accuracy, 3))


def _means(each: Sequence[Summary]) -> tuple[str, ...] | None:
    """Means over lengths, as the papers print them; None where a length is missing."""
    if not all(summary.networks for summary in each):
        return None
    shares = [100 * summary.successes / summary.networks for summary in each]
    epochs = [summary.epochs for summary in each if summary.successes]
    accuracies = [summary.accuracy for summary in each if summary.successes]
    return (
        f"{sum(shares) / len(shares):.2f} %",
        "",
        _number(sum(epochs) / len(epochs), 1) if epochs else "-",
        _number(sum(accuracies) / len(accuracies), 3) if accuracies else "-",
        f"{sum(100 * s.knowing / s.networks for s in each) / len(each):.2f} %",
    )


def _number(value: float, digits: int) -> str:
    return "-" if value != value else f"{value:.{digits}f}"
