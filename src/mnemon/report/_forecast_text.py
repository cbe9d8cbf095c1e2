"""Forecasts for a terminal: the first and the last steps, the models compared, and what must be said of them."""

import textwrap
from typing import Any

import numpy as np

from ._account_text import printable
from ._forecast_story import Fan, ForecastStory, Rivals
from ._markup import plural
from ._text import aligned

WIDTH = 88
MOST, ENDS = 14, 6  # rows of a table that is shown whole; of a longer one, so many at each end
NAMES = {"nmse": "NMSE", "mase": "MASE", "smape": "sMAPE"}


def forecast_text(story: ForecastStory, *, width: int = WIDTH) -> str:
    """The forecast of each variable with its widest band, the table of models, and the warnings."""
    parts = [_steps(fan) for fan in story.fans]
    if story.rivals is not None:
        parts.append(_models(story.rivals, width))
    said = story.rivals.verdict if story.rivals is not None else ""
    parts += [_wrapped(f"warning: {warning}", width) for warning in story.warnings if warning != said]
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def place(at: Any) -> str:
    """Where a step stands, in words: a day alone at midnight, no fractions of a second that are 0."""
    if isinstance(at, float | np.floating):
        return f"{at:.10g}"
    text = str(at)
    text = text.rstrip("0").rstrip(".") if "T" in text and "." in text else text
    return text.removesuffix("T00:00:00")


def rows_of(fan: Fan) -> list[list[str]]:
    """A row a step: where, what is expected, and between which values."""
    columns = [fan.expected, *(side for band in fan.bands[:1] for side in (band.low, band.high))]
    words = [_figures(np.asarray(column, float), fan) for column in columns]
    return [[place(at), *row] for at, row in zip(fan.expected_at, zip(*words))]


def head_of(fan: Fan) -> list[str]:
    """The names of those columns."""
    return [fan.name, "forecast", *(["lower", "upper"] if fan.bands else [])]


def of_models(rivals: Rivals) -> list[list[str]]:
    """A row a model, the best first; a model that failed has dashes."""
    first = "mase" if "mase" in rivals.metrics else rivals.metrics[0] if rivals.metrics else ""

    def order(model: str) -> float:
        value = rivals.means[model].get(first, np.inf)
        return value if np.isfinite(value) else np.inf

    best = sorted((model for model in rivals.means if model not in rivals.failed), key=order)
    rows = [[model, *(_error(rivals.means[model].get(metric)) for metric in rivals.metrics)] for model in best]
    return rows + [[model, *("-" for _ in rivals.metrics)] for model in rivals.failed]


def metric_name(metric: str) -> str:
    """As papers write it."""
    return NAMES.get(metric, metric)


def told_of(rivals: Rivals) -> str:
    """What the table holds, in words."""
    ends = "one earlier end" if rivals.origins == 1 else f"{rivals.origins} earlier ends"
    return f"mean errors of forecasts from {ends} of the series, each without what came after it"


def _steps(fan: Fan) -> list[str]:
    rows = rows_of(fan)
    if len(rows) > MOST:
        rows = [*rows[:ENDS], ["...", *("" for _ in rows[0][1:])], *rows[-ENDS:]]
    lines = aligned([head_of(fan), *rows])
    if fan.bands:
        lines.append(f"lower to upper holds the value with a probability of {fan.bands[0].coverage:g}")
    return [line.rstrip() for line in lines]


def _models(rivals: Rivals, width: int) -> list[str]:
    lines = _wrapped(f"{plural(len(rivals.means), 'model')}: {told_of(rivals)}", width)
    lines += aligned([["", *map(metric_name, rivals.metrics)], *of_models(rivals)])
    return lines + (_wrapped(rivals.verdict, width) if rivals.verdict else [])


def _figures(values: np.ndarray, fan: Fan) -> list[str]:
    """As many decimals as show a hundredth of what the series varies by."""
    every = np.concatenate([np.asarray(fan.seen, float), np.asarray(fan.expected, float)])
    every = every[np.isfinite(every)]
    spread = float(np.ptp(every)) if every.size else 0.0
    decimals = 2 if not spread else int(np.clip(3 - np.ceil(np.log10(spread)), 0, 12))
    return [f"{value:.{decimals}f}" if np.isfinite(value) else "-" for value in values]


def _error(value: float | None) -> str:
    return "-" if value is None or not np.isfinite(value) else f"{value:.3f}" if abs(value) < 1000 else f"{value:.3g}"


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(printable(text), width, break_long_words=False, break_on_hyphens=False)
