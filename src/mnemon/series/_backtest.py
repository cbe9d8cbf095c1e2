"""Forecasts from many origins, each with what was known there and nothing else (a rolling origin).

From origin o the steps o + 1 ... o + horizon are foretold; the next origin lies `step` further. All models are asked
from the same origins.

Reference: Tashman: Out-of-sample tests of forecasting accuracy. International Journal of Forecasting 16(4), 437-450,
2000, doi:10.1016/S0169-2070(00)00065-0.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import InvalidInput, InvalidType, MnemonError, suggest
from ._baselines import season
from ._comparison import METRICS, Backtest, Failure
from ._covariates import covariates
from ._metrics import naive_error, variances
from ._read import MeasuredSeries, one_series


def backtest(
    models: Mapping[str, Any],
    y: Any,
    X: Any = None,
    *,
    horizon: int,
    first: int | None = None,
    step: int | None = None,
    refit: bool = True,
    metrics: Sequence[str] = ("nmse", "mase", "smape"),
    period: int | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> Backtest:
    """Ask models for forecasts as time goes on.

    Args:
        models: by name, with `fit(y, X)`, `predict(horizon, X)` and, for `refit=False`, `update(y, X)`; copies are
            fitted, so that they stay as they are. They are given parts of `y` and `X` in the kind these came in (X only
            where there is one).
        y: one series, as `as_series` takes it.
        X: exogenous values at its steps, as `covariates` takes them; a forecast is told those of its steps too.
        horizon: steps ahead.
        first: steps known at the first origin; None for two thirds.
        step: steps to the next origin; None for `horizon`, so that each step is foretold once.
        refit: fit anew at each origin, or fit once and update.
        metrics: any of nmse, mase, smape, rmse, mae.
        period: steps of a season; None for what the index suggests.
        progress: called with forecasts done, forecasts to do, and the model's name.

    A model that raises an exception, or says something else than (horizon, variables) numbers, is recorded with its
    reason; the others go on.

    Raises:
        InvalidInput: numbers that do not fit the series, metrics that are unknown or have a zero denominator, or what
            `as_series` and `covariates` raise.

    Example:
        >>> from mnemon.series import backtest, baselines
        >>> y = [3.0, 5.0, 9.0, 2.0] * 6
        >>> found = backtest(baselines(4, statistical=False), y, horizon=4, metrics=["mae"], period=4)
        >>> found.mean("seasonal naive"), found.origins.tolist()
        (0.0, [16, 20])

    """
    measured = one_series(y)
    beside = None if X is None else covariates(X, measured.timeline)
    metrics = (metrics,) if isinstance(metrics, str) else tuple(metrics)
    step = horizon if step is None else step
    first = max(2 * len(measured) // 3, 1) if first is None else first
    _check(models, metrics, horizon=horizon, first=first, step=step)
    period = season(period, measured.timeline)
    if first + horizon > len(measured):
        raise InvalidInput(
            f"backtest: {len(measured)} steps are too few for first={first} known steps and horizon={horizon}"
        )
    origins = np.arange(first, len(measured) - horizon + 1, step)
    truths = np.stack([measured.values[origin : origin + horizon] for origin in origins])
    variance = scale = np.full(measured.values.shape[1:], np.nan)
    if "nmse" in metrics:
        variance = variances(measured.values[first : origins[-1] + horizon], "steps that are foretold")
    if "mase" in metrics:  # before hours of training, not behind them
        scale = np.stack([naive_error(measured.values[:origin], period) for origin in origins])
    forecasts, failures = {}, []
    for k, (name, model) in enumerate(models.items()):
        told, failed = _follow(model, measured, beside, origins, horizon, refit, name, (k, len(models)), progress)
        forecasts[name] = told
        failures += failed
    return Backtest(
        origins, int(step), truths, forecasts, tuple(failures), metrics, period, variance,
        np.broadcast_to(scale, (len(origins), truths.shape[2])),
    )  # fmt: skip


def _follow(
    model: Any,
    y: MeasuredSeries,
    X: MeasuredSeries | None,
    origins: np.ndarray,
    horizon: int,
    refit: bool,
    name: str,
    place: tuple[int, int],
    progress: Callable[[int, int, str], None] | None,
) -> tuple[np.ndarray, list[Failure]]:
    """The forecasts of one model, (origins, horizon, variables), and where it failed."""
    shape = (horizon, y.values.shape[1])
    told = np.full((len(origins), *shape), np.nan)
    failures, current, known = [], None, 0
    for k, origin in enumerate(origins.tolist()):
        try:
            if current is None or refit:
                current = copy.deepcopy(model)
                current.fit(_given(y, 0, origin), *_beside(X, 0, origin))
            else:
                current.update(_given(y, known, origin), *_beside(X, known, origin))
            known = origin
            answer = current.predict(horizon, *_beside(X, origin, origin + horizon))
            told[k] = _read(answer, shape)
        except Exception as problem:  # whatever a model of somebody's raises, the others go on
            reason = str(problem) if isinstance(problem, MnemonError) else f"{type(problem).__name__}: {problem}"
            failures.append(Failure(name, origin, reason))
            current = None  # what it knows now is unsure; the next origin fits it anew
        if progress is not None:
            progress(place[0] * len(origins) + k + 1, place[1] * len(origins), name)
    return told, failures


def _given(series: MeasuredSeries, start: int, stop: int) -> Any:
    """A part of a series in the kind that it came in."""
    part = series.part(start, stop)
    return series.like(part.values, part.timeline)


def _beside(X: MeasuredSeries | None, start: int, stop: int) -> tuple[Any, ...]:
    return () if X is None else (_given(X, start, stop),)


def _read(answer: Any, shape: tuple[int, int]) -> np.ndarray:
    """A forecast, (horizon, variables); `InvalidInput` for another shape or what is not finite."""
    values = np.asarray(answer, np.float64)
    values = values[:, np.newaxis] if values.ndim == 1 else values
    if values.shape != shape:
        raise InvalidInput(f"expected a forecast of shape {shape}, got {np.shape(answer)}")
    if not np.all(np.isfinite(values)):
        raise InvalidInput(f"the forecast is not finite at step {int(np.argmin(np.isfinite(values).all(axis=1))) + 1}")
    return values


def _check(models: Mapping[str, Any], metrics: tuple[str, ...], **numbers: int) -> None:
    if not isinstance(models, Mapping):
        raise InvalidType(f"backtest: expected models by name, a dict, got {type(models).__name__}")
    if not models or not metrics:
        raise InvalidInput("backtest: expected at least one model and one metric")
    for metric in metrics:
        if metric not in METRICS:
            raise InvalidInput(f"metric {metric!r}: {suggest(str(metric), METRICS)}")
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise InvalidInput(f"backtest: {name}={value!r}; expected a whole number of at least 1")
