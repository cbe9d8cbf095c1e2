"""The sections on what was trained, how well, at what cost, and how to use it; each from a `Story`."""

import numpy as np

from .._statistics import wilson
from . import _tables as tables
from ._curves import best_epochs, epochs_of, loss_curves, middle, score_curves
from ._markup import Markup, element, percent, plural
from ._measured import Measured
from ._parts import block, code_block, figures, folded, group, note, paragraph, section
from ._story import DataSet, Story

# Words about the data longer than this are folded.
LONG_ABOUT = 200


def headline(story: Story) -> Markup:
    """The accuracy, how sure it is, and what guessing would reach; or what else was measured."""
    judged = story.judged
    if isinstance(judged, Measured):
        return _of_measured(judged)
    low, high = wilson(judged.right, judged.n)
    where = f" ({story.test_data.name})" if story.test_data else ""
    sentence = (
        f"For {judged.right:,} of {plural(judged.n, 'sequence')}{where} the model named the right one of "
        f"{plural(len(judged.classes), 'class', 'classes')}. The interval holds the accuracy on further sequences of "
        "this kind with 95% confidence (Wilson); chance is always naming the most frequent class."
    )
    facts = (
        ("95% interval", f"{100 * low:.1f} to {100 * high:.1f}%"),
        ("right", f"{judged.right:,} of {judged.n:,}"),
        ("chance", percent(judged.chance)),
    )
    return element(
        "section",
        element("h2", "Accuracy"),
        element(
            "div",
            element("p", percent(judged.right, judged.n), class_="great"),
            element("dl", [element("div", element("dt", name), element("dd", value)) for name, value in facts]),
            class_="verdict",
        ),
        _scale(judged.accuracy, low, high, judged.chance),
        element("p", sentence, class_="lead"),
        id="accuracy",
    )


def _of_measured(judged: Measured) -> Markup:
    return element(
        "section",
        element("h2", judged.name[:1].upper() + judged.name[1:]),
        element(
            "div",
            element("p", f"{judged.value:.3f}", class_="great"),
            element("dl", [element("div", element("dt", k), element("dd", v)) for k, v in judged.facts.items()]),
            class_="verdict",
        ),
        element("p", judged.sentence, class_="lead"),
        block("In parts", tables.table(judged.head, judged.rows)) if judged.rows else None,
        block("What it writes by itself", code_block(judged.sample)),
        id="accuracy",
    )


def _scale(accuracy: float, low: float, high: float, chance: float) -> Markup:
    described = f"From 0 to 100%: accuracy {percent(accuracy)}, interval {low:.1%} to {high:.1%}, chance {chance:.1%}"
    return element(
        "div",
        element("span", class_="band", style=f"left:{100 * low:.2f}%;width:{100 * (high - low):.2f}%"),
        element("span", class_="tick", style=f"left:{100 * chance:.2f}%"),
        element("span", class_="dot", style=f"left:{100 * accuracy:.2f}%"),
        class_="scale",
        role="img",
        aria_label=described,
    )


def trained(story: Story) -> Markup | None:
    """What was trained on what, and why training ended."""
    model = block("Model", tables.rows(story.model), folded("The model in full", code_block(story.summary)))
    data = {"training": story.training_data, "test": story.test_data}
    sets = [block(f"{name.capitalize()} data", _data(of)) for name, of in data.items() if of]
    counts = {name: of.counts for name, of in data.items() if of and of.counts}
    classes = folded("Sequences of each class", tables.class_counts(counts)) if counts else None
    ending = block("Why training ended", paragraph(story.ending))
    return section("trained", "What was trained, and on what", group("columns", model, *sets), ending, classes)


def _data(data: DataSet) -> Markup:
    lengths = None
    if data.lengths is not None and data.sequences:
        steps = np.asarray(data.lengths)
        low, high = int(steps.min()), int(steps.max())
        lengths = f"{low:,} steps" if low == high else f"{low:,} to {high:,} steps, median {np.median(steps):,.0f}"
    classes = None
    if data.counts:
        few, many = min(data.counts.values()), max(data.counts.values())
        each = f"{few:,}" if few == many else f"{few:,} to {many:,}"
        classes = f"{len(data.counts):,}, of {each} sequences each"
    pairs = {
        "name": data.name,
        "sequences": data.sequences,
        "channels": data.channels,
        "classes": classes,
        "lengths": lengths,
    }
    about = element("p", data.about, class_="about") if data.about else Markup("")
    if len(data.about) > LONG_ABOUT:
        about = folded("About these data", about) or Markup("")
    return Markup(tables.rows(pairs) + about)


def learning(story: Story) -> Markup | None:
    """Loss and score by epoch."""
    if not story.history:
        return None
    arrays = {name: np.asarray(values) for name, values in story.history.items()}
    columns = {"epoch": epochs_of(story)} | {name: middle(v) for name, v in arrays.items() if name != "epoch"}
    best = best_epochs(story)
    numbers = tables.history(columns, best if len(best) == 1 else [])
    charts = figures({"Loss": loss_curves(story), "Validation score": score_curves(story)})
    networks = max(values.shape[1] if values.ndim == 2 else 1 for values in arrays.values())
    several = f"{networks} networks: each a thin line, their median a thick one. The table holds medians."
    said = note(several if networks > 1 else None)
    return section("learning", "Learning curves", charts, said, folded("The numbers", numbers))


def spent(story: Story) -> Markup | None:
    """Where the time went."""
    return section("time", "Where the time went", tables.times(story.times)) if story.times else None


def loading(story: Story) -> Markup | None:
    """How to use the model."""
    place = element("p", "The model lies in ", element("code", story.model_path), ".") if story.model_path else None
    python = block("In Python", code_block(story.python))
    shell = block("On the command line", code_block(story.shell))
    return section("loading", "How to use the model", place, python, shell)


def provenance(story: Story) -> Markup | None:
    """Where all of it came from."""
    pairs = {**story.versions, "machine": story.machine, "date": story.date}
    seed = None if story.seed is None else str(story.seed)
    command = block("The command", code_block(story.command))
    return section("provenance", "Provenance", tables.rows({**pairs, "seed": seed}), command)
