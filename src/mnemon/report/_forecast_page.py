"""Forecasts as a page: one HTML file that asks nothing of any other."""

import os
from pathlib import Path

from .._files import write_whole
from . import _forecast_figures as drawn
from . import _sections as sections
from . import _tables as tables
from ._forecast_story import Fan, ForecastStory, Rivals
from ._forecast_text import head_of, metric_name, of_models, rows_of, told_of
from ._markup import Markup, element, plural
from ._measured import Measured
from ._page import document
from ._parts import folded, group, note, paragraph, section
from ._story import Story

ECHOES = (
    "The errors one step ahead, over the steps that were trained on: does one of them say something of those that "
    "follow? Of a model that took from the series all that there is, nearly all lags lie between the dashed lines."
)
BY_STEP = (
    "How far off each forecast is by how many steps ahead it reaches, over all those ends: a curve that rises tells "
    "how soon the model loses track."
)


def forecast_page(story: ForecastStory) -> str:
    """The whole report as HTML."""
    told, alone = story.told, len(story.fans) == 1
    fans = [drawn.fan(fan, f"fan-{k}", wide=alone) for k, fan in enumerate(story.fans)]
    echoes = [drawn.echo(echo, f"echo-{k}") for k, echo in enumerate(story.echoes)]
    parts = [
        _warnings(story),
        section("forecast", "Forecast", *fans if alone else [group("charts", *fans)], *map(_numbers, story.fans)),
        _rivals(story.rivals),
        section(
            "residuals",
            "Errors one step ahead",
            paragraph(ECHOES) if echoes else None,
            group("charts", *echoes),
            _size(told),
        ),
        sections.trained(told),
        sections.learning(told),
        sections.spent(told),
        sections.loading(told),
        sections.provenance(told),
    ]
    version = told.versions.get("mnemon", "")
    foot = element("footer", element("p", f"Written by Mnemon {version}".rstrip() + "."))
    return document(told.title, _header(story), element("main", [part for part in parts if part]), foot)


def write_forecast(path: str | os.PathLike[str], story: ForecastStory, *, overwrite: bool = False) -> Path:
    """Write `story` as one HTML file that needs no other; give back its path.

    A file that is there stays as it is, unless `overwrite` is set and the new one could be written whole.
    """
    text = forecast_page(story)

    def write(beside: Path) -> None:
        beside.write_text(text, encoding="utf-8", newline="\n")

    return write_whole(path, "report", write, overwrite=overwrite)


def _header(story: ForecastStory) -> Markup:
    first = story.fans[0]
    under = " · ".join(filter(None, [plural(first.steps, "step") + " ahead", _of(len(story.fans)), story.told.date]))
    return element("header", element("h1", story.told.title), element("p", under, class_="note"))


def _of(variables: int) -> str:
    return "" if variables == 1 else f"{variables} variables"


def _warnings(story: ForecastStory) -> Markup | None:
    lines = [element("li", warning) for warning in story.warnings]
    return section("warnings", "To be said first", element("ul", lines, class_="wrong")) if lines else None


def _size(told: Story) -> Markup | None:
    """How large those errors are, variable by variable."""
    sizes = told.judged.facts if isinstance(told.judged, Measured) else {}
    said = ", ".join(f"{name} {size}" for name, size in sizes.items())
    return note(f"Root of their mean square: {said}.") if said else None


def _numbers(fan: Fan) -> Markup | None:
    return folded(f"The numbers of {fan.name}", tables.table(head_of(fan), rows_of(fan)))


def _rivals(rivals: Rivals | None) -> Markup | None:
    if rivals is None:
        return None
    head = ("model", *map(metric_name, rivals.metrics))
    body = [[element("strong", name) if name == rivals.ours else name, *errors] for name, *errors in of_models(rivals)]
    said, by_step = told_of(rivals), drawn.by_step(rivals)
    return section(
        "backtest",
        "Beside simple forecasts",
        paragraph(rivals.verdict),
        tables.table(head, body),
        note(said[:1].upper() + said[1:] + ". Less is better; MASE 1 is the seasonal naive forecast's error one step "
             "ahead in what was trained on, NMSE 1 that of the mean."),
        group("charts", *by_step),
        note(BY_STEP if by_step else None),
    )  # fmt: skip
