"""What came out of a backtest: errors of every model at every origin and step ahead, and what they say."""

from dataclasses import dataclass

import numpy as np

from ..errors import InvalidInput, suggest
from ._advantage import chance
from ._metrics import relative_errors

METRICS = ("nmse", "mase", "smape", "rmse", "mae")


@dataclass(frozen=True)
class Failure:
    """A model that gave no forecast at an origin, and why."""

    model: str
    origin: int
    reason: str


@dataclass(frozen=True)
class Backtest:
    """Forecasts of several models from the same origins, beside what came.

    Attributes:
        origins: (origins,) how many steps were known.
        step: from one origin to the next.
        truths: (origins, horizon, variables).
        forecasts: for each model (origins, horizon, variables), NaN at origins where it failed.
        failures: where models failed, and why.
        metrics: that are asked for.
        period: steps of a season, of `mase`.
        variance: (variables,) of all steps that were foretold, the denominator of `nmse`.
        scale: (origins, variables) of the part that was known at each origin, the denominator of `mase`.

    """

    origins: np.ndarray
    step: int
    truths: np.ndarray
    forecasts: dict[str, np.ndarray]
    failures: tuple[Failure, ...]
    metrics: tuple[str, ...]
    period: int
    variance: np.ndarray
    scale: np.ndarray

    @property
    def horizon(self) -> int:
        """Steps ahead."""
        return self.truths.shape[1]

    @property
    def main(self) -> str:
        """The metric by which models are compared where none is named: mase, or else the first."""
        return "mase" if "mase" in self.metrics else self.metrics[0]

    def losses(self, model: str, metric: str | None = None) -> np.ndarray:
        """(origins, horizon, variables): that of which a metric is the mean (`rmse`: its root); NaN where it failed."""
        told = self.forecasts[self._model(model)]
        metric = self._metric(metric)
        if metric == "smape":
            return relative_errors(self.truths, told)
        if metric in ("nmse", "rmse"):
            squares = np.square(self.truths - told)
            return squares / self.variance if metric == "nmse" else squares
        errors = np.abs(self.truths - told)
        return errors / self.scale[:, np.newaxis] if metric == "mase" else errors

    def errors(self, metric: str | None = None) -> dict[str, np.ndarray]:
        """For each model its error by steps ahead, (horizon,), over its origins and the variables."""
        return {name: self._mean(self._kept(name, metric), (0,), metric) for name in self.forecasts}

    def table(self) -> dict[str, dict[str, float]]:
        """For each model its mean errors by metric, over its origins, all steps ahead and the variables."""
        return {
            name: {metric: float(self._mean(self._kept(name, metric), (0, 1), metric)) for metric in self.metrics}
            for name in self.forecasts
        }

    def mean(self, model: str, metric: str | None = None) -> float:
        """One entry of the table."""
        return float(self._mean(self._kept(model, metric), (0, 1), metric))

    def complete(self) -> tuple[str, ...]:
        """The models that failed nowhere: only those are compared, for they foretold the same steps."""
        failed = {failure.model for failure in self.failures}
        return tuple(name for name in self.forecasts if name not in failed)

    @property
    def best(self) -> str | None:
        """The model of the least error by the main metric; None where each failed somewhere."""
        return min(self.complete(), key=self.mean, default=None)

    def ties(self, metric: str | None = None, *, level: float = 0.05) -> tuple[str, ...]:
        """The models that differ from the best no more than chance explains, in `level` of all cases or more."""
        names = sorted(self.complete(), key=lambda name: self.mean(name, metric))
        return tuple(name for name in names[1:] if self.chance(names[0], name, metric) >= level)

    def chance(self, first: str, second: str, metric: str | None = None) -> float:
        """How often chance alone makes two models differ as much: p of Diebold and Mariano over the origins."""
        one, other = (self.losses(name, metric).mean(axis=(1, 2)) for name in (first, second))
        return chance(one, other, overlap=-(-self.horizon // self.step) - 1)

    def beaten(self, by: str = "seasonal naive", metric: str | None = None) -> tuple[str, ...]:
        """The models whose error is not below that of `by`, those that failed somewhere included."""
        bar = self.mean(self._model(by), metric)
        complete = self.complete()
        return tuple(
            name
            for name in self.forecasts
            if name != by and (name not in complete or not self.mean(name, metric) < bar)
        )

    def verdict(self, by: str = "seasonal naive", metric: str | None = None) -> str:
        """In plain words, whether a model beats the baseline `by`, and how sure that is."""
        metric = self._metric(metric)
        said = f"{metric.upper() if metric != 'smape' else 'sMAPE'}"
        origins = f"{len(self.origins)} origin" + "s" * (len(self.origins) != 1)
        others = [name for name in self.complete() if name != self._model(by)]
        failed = [name for name in self.forecasts if name not in self.complete()]
        sentences = []
        if by in failed:
            sentences.append(f"The {by} forecast failed, so there is nothing to compare with.")
        elif others:
            first = min(others, key=lambda name: self.mean(name, metric))
            ours, bar = self.mean(first, metric), self.mean(by, metric)
            if not ours < bar:
                sentences.append(
                    f"No model beats the {by} forecast ({said} {bar:.3g} over {origins}); the nearest is {first} "
                    f"({ours:.3g})."
                )
            else:
                p = self.chance(first, by, metric)
                sure = f"chance alone makes such a difference in {100 * p:.2g} of 100 cases"
                if len(self.origins) < 2:
                    sure = "one origin cannot tell whether that is chance"
                elif p >= 0.05:
                    sure = f"but {sure}, so this is no proof"
                sentences.append(
                    f"{first} beats the {by} forecast ({said} {ours:.3g} against {bar:.3g} over {origins}); {sure}."
                )
        sentences += [
            f"{name} failed at {sum(f.model == name for f in self.failures)} of {origins} and is not compared: "
            f"{next(f.reason for f in self.failures if f.model == name)}"
            for name in failed
        ]
        return " ".join(sentences) or f"There is no model beside the {by} forecast."

    def __str__(self) -> str:
        width = max(map(len, self.forecasts))
        head = " " * width + "".join(f"{metric:>10}" for metric in self.metrics)
        rows = [
            f"{name:<{width}}" + "".join(f"{value:>10.4g}" for value in row.values())
            for name, row in self.table().items()
        ]
        return "\n".join([head, *rows])

    def _kept(self, model: str, metric: str | None) -> np.ndarray:
        """The losses of a model at the origins at which it did not fail."""
        losses = self.losses(model, metric)
        return losses[np.isfinite(losses).all(axis=(1, 2))]

    def _mean(self, losses: np.ndarray, axes: tuple[int, ...], metric: str | None) -> np.ndarray:
        """Over `axes`, then over the variables; NaN where no origin is left."""
        if not len(losses):
            return np.full(losses.shape[1:-1] if axes == (0,) else (), np.nan)
        means = losses.mean(axis=axes)
        return (np.sqrt(means) if self._metric(metric) == "rmse" else means).mean(axis=-1)

    def _metric(self, metric: str | None) -> str:
        if metric is not None and metric not in self.metrics:
            raise InvalidInput(f"metric={metric!r}: {suggest(str(metric), self.metrics)}")
        return self.main if metric is None else metric

    def _model(self, name: str) -> str:
        if name not in self.forecasts:
            raise InvalidInput(f"no model {name!r} in this backtest: {suggest(str(name), self.forecasts)}")
        return name
