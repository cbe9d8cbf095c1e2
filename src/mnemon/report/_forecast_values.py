"""Forecasts as values that JSON knows: numbers that are not finite as None, times as text."""

import math
from typing import Any

import numpy as np

from ._forecast_story import ForecastStory
from ._forecast_text import place


def forecast_values(story: ForecastStory) -> dict[str, Any]:
    """The numbers of a report on forecasts, by name."""
    told, rivals = story.told, story.rivals
    found = {
        "title": told.title,
        "model": dict(told.model),
        "training": told.ending,
        "forecasts": [
            {
                "variable": fan.name,
                "time": [place(at) for at in fan.expected_at],
                "forecast": fan.expected,
                "bands": [{"coverage": one.coverage, "lower": one.low, "upper": one.high} for one in fan.bands],
            }
            for fan in story.fans
        ],
        "residuals": [
            {"variable": one.name, "autocorrelation": one.values, "bound": one.bound, "verdict": one.sentence}
            for one in story.echoes
        ],
        "backtest": None,
        "warnings": list(story.warnings),
    }
    if rivals is not None:
        found["backtest"] = {
            "model": rivals.ours,
            "origins": rivals.origins,
            "errors": rivals.means,
            "by_step": rivals.by_step,
            "verdict": rivals.verdict,
            "failed": rivals.failed,
        }
    return _plain(found)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
