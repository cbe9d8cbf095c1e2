"""What a report on forecasts tells: plain Python and NumPy values, checked when they are made.

    ForecastStory ── fans : Fan          each variable: what was seen, what is expected, and how sure that is
                  ├─ rivals : Rivals     errors of the same forecast made earlier, beside those of simple ones
                  ├─ echoes : Echo       each variable: what its errors one step ahead say of those that follow
                  └─ told : Story        what was trained, how, at what cost, and where it came from

Only `fans` and `told` must be there. Whatever else is left out is left out of the page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import raise_together
from ._story import Story


@dataclass(frozen=True, kw_only=True, eq=False)
class Band:
    """Between which values (steps,) what comes will lie with a probability of `coverage`."""

    coverage: float
    low: NDArray
    high: NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Fan:
    """One variable.

    - `seen`: (steps,) its last values; `seen_at`: where they stand, numbers or datetime64.
    - `expected`: (horizon,) its forecast; `expected_at`: where it stands.
    - `bands`: around the forecast, the widest first.
    """

    name: str
    seen: NDArray
    seen_at: NDArray
    expected: NDArray
    expected_at: NDArray
    bands: Sequence[Band] = ()

    def __post_init__(self) -> None:
        problems = []
        pairs = {"seen": (self.seen, self.seen_at), "expected": (self.expected, self.expected_at)}
        for name, (values, places) in pairs.items():
            if np.shape(values) != np.shape(places) or np.ndim(values) != 1 or not np.size(values):
                problems.append(f"{name} has shape {np.shape(values)}, its places {np.shape(places)}: one each, not 0")
        problems += [
            f"the band of {band.coverage:g} has not the shape of the forecast"
            for band in self.bands
            if not np.shape(band.low) == np.shape(band.high) == np.shape(self.expected)
        ]
        for name, (values, _) in pairs.items():
            object.__setattr__(self, name, np.asarray(values, float))
        raise_together(problems, f"report, forecast of {self.name!r}")

    @property
    def steps(self) -> int:
        """How many are foretold."""
        return len(self.expected_at)


@dataclass(frozen=True, kw_only=True, eq=False)
class Rivals:
    """Forecasts from earlier ends of the series, ours beside simple ones.

    - `ours`: the model that the report is about; `verdict`: sentences.
    - `means`: by model, by metric, the mean error; `by_step`: by metric, by model, (horizon,) errors.
    - `origins`: from how many ends; `failed`: the models that did not foretell from all of them.
    """

    ours: str
    means: Mapping[str, Mapping[str, float]]
    by_step: Mapping[str, Mapping[str, ArrayLike]] = field(default_factory=dict)
    origins: int = 1
    verdict: str = ""
    failed: Sequence[str] = ()

    @property
    def metrics(self) -> list[str]:
        """In the order to show."""
        return list(dict.fromkeys(metric for errors in self.means.values() for metric in errors))


@dataclass(frozen=True, kw_only=True, eq=False)
class Echo:
    """Errors one step ahead of one variable, and whether they say something of those that follow.

    - `values`: (lags,) autocorrelations at the lags 1, 2 ...; `bound`: what chance stays below, 19 times of 20.
    - `sentence`: what they say.
    """

    name: str
    values: ArrayLike
    bound: float
    sentence: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class ForecastStory:
    """Everything that one report on forecasts tells; `warnings` are sentences."""

    fans: Sequence[Fan]
    told: Story
    rivals: Rivals | None = None
    echoes: Sequence[Echo] = ()
    warnings: Sequence[str] = ()

    def __post_init__(self) -> None:
        raise_together([] if self.fans else ["fans is empty: at least one variable is needed"], "report, forecasts")
