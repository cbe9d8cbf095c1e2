"""The sections on how the model was judged: what it mistakes for what, surely and wrongly, and at which lengths."""

import numpy as np
from numpy.typing import NDArray

from . import _tables as tables
from ._counts import by_length, mistakes, true_probability, worst
from ._drawing import as_steps, channel_ranges, sketch
from ._lengths import accuracy_by_length, histogram
from ._markup import Markup, element, percent, plural
from ._measured import Measured
from ._parts import block, figures, folded, group, note, section
from ._story import Judged, Story

WORST = 12  # wrong examples shown
LISTED, ALL_LISTED = 3, 20  # mistakes named below a matrix, and in the place of one


def confusion(story: Story) -> Markup | None:
    """Which classes are taken for which."""
    judged = story.judged
    if isinstance(judged, Measured):
        return None
    pairs = mistakes(judged)
    many = len(judged.labels) > tables.MATRIX_MOST
    if many:
        reading = f"With {len(judged.labels)} classes the matrix would not be readable; here are its mistakes."
    else:
        reading = "Each row is a true class, each column what the model named. Right answers are framed; empty is zero."
    named = [
        f"{judged.words[i]} taken for {judged.words[j]} ({plural(n, 'time')})"
        for i, j, n in pairs[: ALL_LISTED if many else LISTED]
    ]
    frequent = element("p", "Most frequent mistakes: ", ", ".join(named), ".") if pairs else None
    none = None if pairs else element("p", "No sequence was taken for another class.")
    means = "Recall: of the sequences of a class, how many were named so. Precision: of those named so, how many are."
    matrix = None if many else block("True and named", tables.matrix(judged))
    by_class = block("Class by class", tables.classes(judged), note(means))
    beside = group("beside", matrix, by_class)
    return section("confusion", "Confusion matrix", element("p", reading), frequent, none, beside)


def surely_wrong(story: Story) -> Markup | None:
    """The wrong answers that gave the true class the least probability."""
    judged = story.judged
    if isinstance(judged, Measured):
        return None
    shown = worst(judged, WORST)
    wrong = judged.n - judged.right
    if not wrong:
        none = f"None of the {plural(judged.n, 'sequence')} was judged wrongly."
        return section("wrong", "Most surely wrong", element("p", none))
    by_probability = "those that gave the true class the least probability first"
    order = "in the order of the data" if judged.probabilities is None else by_probability
    every = f"The {wrong} wrong answers" if wrong <= WORST else f"{WORST} of the {wrong:,} wrong answers"
    intro = "The one wrong answer." if wrong == 1 else f"{every}, {order}."
    drawn = {int(i): as_steps(judged.sequences[i]) for i in shown} if judged.sequences is not None else {}
    ranges = channel_ranges(list(drawn.values()))
    cards = [_card(judged, int(i), drawn.get(int(i)), ranges) for i in shown]
    lanes = "Each line of a drawing is a channel over time, on the same scale in all drawings." if drawn else None
    listed = element("ul", cards, class_="cards")
    return section("wrong", "Most surely wrong", element("p", intro), listed, note(lanes))


def _card(judged: Judged, i: int, steps: NDArray | None, ranges: tuple[NDArray, NDArray]) -> Markup:
    """One wrong answer: the sequence, its name, what it was named and what it is."""
    true, named = judged.true[i], judged.named[i]
    place, small = f"sequence {i}", []
    name = place if judged.names is None else judged.names[i]
    if judged.names is not None:
        small.append(place)
    if steps is not None or judged.lengths is not None:
        length = len(steps) if steps is not None else int(np.asarray(judged.lengths)[i])
        small.append(plural(length, "step"))
    sure = wanted = picture = None
    if judged.probabilities is not None:
        sure = f" with {percent(float(np.asarray(judged.probabilities)[i, named]))}"
        wanted = f" given {percent(true_probability(judged, i))}"
    if steps is not None:
        said = f"{name}: {plural(len(steps), 'step')} of {plural(steps.shape[1], 'channel')}"
        picture = sketch(steps, ranges, said)
    return element(
        "li",
        picture,
        element("p", element("strong", name), class_="name"),
        element("p", "named ", element("b", judged.words[named], class_="wrong"), sure),
        element("p", "true ", element("b", judged.words[true]), wanted),
        note(", ".join(small)),
    )


def lengths(story: Story) -> Markup | None:
    """Accuracy by length, and how many sequences there are of each length."""
    judged, title = story.judged, "Accuracy by length"
    if isinstance(judged, Measured) or judged.lengths is None:
        return None
    steps = np.asarray(judged.lengths)
    if steps.min() == steps.max():
        return section("lengths", title, element("p", f"Every judged sequence has {plural(int(steps[0]), 'step')}."))
    bins = by_length(judged)
    training, said = None, "Points are the accuracy at a length, lines its 95% interval (Wilson)."
    if story.training_data and story.training_data.lengths is not None:
        training = np.asarray(story.training_data.lengths)
        outside = int(((training < bins[0].first) | (training > bins[-1].last)).sum())
        if outside:
            said += f" Not drawn: {plural(outside, 'training sequence')} shorter or longer than all judged ones."
    body = [(b.name, f"{b.n:,}", f"{b.right:,}", percent(b.right, b.n) if b.n else "–") for b in bins]
    numbers = tables.table(("length in steps", "sequences", "right", "accuracy"), body)
    charts = figures({"Accuracy": accuracy_by_length(bins), "Lengths": histogram(bins, training)})
    return section("lengths", title, charts, note(said), folded("The numbers", numbers))
