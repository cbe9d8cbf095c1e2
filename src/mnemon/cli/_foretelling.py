"""What a forecaster says of the steps to come, how sure that is, and how it did from earlier ends of the series."""

import contextlib
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from .._intake import listing
from ..errors import InvalidInput
from ..estimators import Forecaster
from ..report import Echo, ForecastStory, forecast_story, place, places, rivals_of, variable_names, warnings_of
from ..series import Backtest, Many, MeasuredSeries, Naive, backtest, baselines, residuals
from ._inputs import any_model
from ._series_input import Columns, Given, exogenous_in, given_in

INNER = 0.5  # the coverage of the band inside the one that is asked for


def trained(given: Given, parameters: dict[str, Any], *, watched: bool) -> Any:
    """A forecaster fitted to what is given; it knows itself what `parameters` leave out."""
    forecaster = Forecaster(**parameters, verbose=int(watched))
    with warnings.catch_warnings():
        if given.y.warning:  # it is said with the forecasts
            warnings.filterwarnings("ignore", message=re.escape(given.y.warning))
        return forecaster.fit(given.y, given.X, past=given.past)


def from_file(path: str, update: str | None, columns: Columns, horizon: int, **how: Any) -> tuple[Any, Given]:
    """A saved forecaster, moved on by the observations in the file `update`, and exogenous values of the horizon.

    Raises:
        InvalidInput: no forecaster of one series; observations that do not follow on those it knows.

    """
    forecaster = any_model(path)
    if not isinstance(forecaster, Forecaster):
        raise InvalidInput(
            f"{path}: is a {type(forecaster).__name__}; only models of mnemon forecast foretell a series"
        )
    history = forecaster.histories_
    observed = history.observed
    if isinstance(observed, Many):
        raise InvalidInput(f"{path}: knows {len(observed)} series; this command foretells one")
    if columns.exog:
        raise InvalidInput(f"--exog {','.join(columns.exog)}: {path} knows its columns; name a file that has them")
    if columns.file is not None and not history.known:
        raise InvalidInput(f"--exog {columns.file}: {path} was trained without exogenous values")
    if update is not None:
        inside = () if columns.file is not None else history.known
        target, past, exog = (_names(parts) for parts in ((observed,), history.past, inside))
        wanted = Columns(target, past, exog, columns.time, columns.file)
        new = given_in(update, wanted, horizon, like=observed, **how)
        return forecaster.update(new.y, new.X, past=new.past), new
    ahead = None
    if history.known:
        wanted = _names(history.known)
        if columns.file is None:
            raise InvalidInput(
                f"{path}: was trained with exogenous values ({listing(wanted)}); give those of the {horizon} steps to "
                "come with --exog FILE"
            )
        timed, steps = observed.timeline.form != "none", observed.timeline.continued(horizon)
        ahead = exogenous_in(columns.file, steps, 0, wanted, missing=how["missing"], timed=timed)
    return forecaster, Given(Path(path).stem, observed, ahead=ahead)


def _names(parts: Sequence[MeasuredSeries]) -> tuple[str, ...]:
    """Names of columns; none of nothing."""
    return tuple(str(name) for part in parts for name in part.names)


def described(given: Given) -> str:
    """A series in a line."""
    y, named = given.y, lambda what, one: f"{what} {listing(one.names)}"
    parts = [given.name, f"{len(y):,} steps", f"{y.timeline.label(0)} to {y.timeline.label(-1)}"]
    parts += [listing(y.names)] if y.names != (given.name,) else []
    beside = {"known beforehand:": given.X, "beside it:": given.past}
    return ", ".join(parts + [named(what, one) for what, one in beside.items() if one is not None])


def rows(forecaster: Any, said: "Foretold", coverage: float) -> tuple[list[str], list[list[Any]]]:
    """The head and the rows of a table: where, and for each variable forecast, lower and upper."""
    (observed,) = forecaster.histories_.observed.each
    at = [place(one) for one in places(observed.timeline.continued(len(said.expected)))]
    names = [""] if len(observed.names) == 1 else [f"_{name}" for name in observed.names]
    low, high = said.bands[coverage]
    head = ["time", *(f"{what}{name}" for name in names for what in ("forecast", "lower", "upper"))]
    values = np.stack([said.expected, low, high], axis=-1).reshape(len(at), -1)
    return head, [[when, *row] for when, row in zip(at, values.tolist())]


class Foretold(NamedTuple):
    """A forecast.

    Attributes:
        expected: (horizon, variables).
        bands: by coverage, lower and upper ends (horizon, variables).
        errors: (steps, variables) errors one step ahead on what was seen, NaN where too little was known.

    """

    expected: np.ndarray
    bands: dict[float, tuple[np.ndarray, np.ndarray]]
    errors: np.ndarray


def foretold(forecaster: Any, horizon: int, ahead: MeasuredSeries | None, coverage: float) -> Foretold:
    """The forecast of a fitted forecaster of one series, with exogenous values of the steps to come."""
    (observed,) = forecaster.histories_.observed.each
    shares = [coverage, INNER] if coverage > INNER else [coverage]
    levels = [end for share in shares for end in (0.5 - share / 2, 0.5 + share / 2)]
    wide = (horizon, len(observed.names), len(levels))
    expected = np.asarray(forecaster.predict(horizon, ahead), float).reshape(wide[:2])
    sides = np.asarray(forecaster.predict_quantiles(horizon, ahead, levels), float).reshape(wide)
    bands = {share: (sides[..., 2 * k], sides[..., 2 * k + 1]) for k, share in enumerate(shares)}
    said = np.asarray(forecaster.predict_one_step(), float).reshape(observed.values.shape)
    return Foretold(expected, bands, observed.values - said)


class Beside:
    """A forecaster that reads past covariates, of which a backtest knows nothing: they go along by their steps."""

    def __init__(self, forecaster: Any, past: MeasuredSeries) -> None:
        self.forecaster = forecaster
        self.past = past
        self.seen = 0

    def fit(self, y: Any, X: Any = None) -> Self:
        """From the first step on."""
        self.seen = len(y)
        self.forecaster.fit(y, X, past=self.past.part(0, self.seen))
        return self

    def update(self, y: Any, X: Any = None) -> Self:
        """The steps that follow."""
        self.forecaster.update(y, X, past=self.past.part(self.seen, self.seen + len(y)))
        self.seen += len(y)
        return self

    def predict(self, horizon: Any, X: Any = None) -> Any:
        """Of the forecaster."""
        return self.forecaster.predict(horizon, X)


def tried(forecaster: Any, given: Given, horizon: int, origins: int | None, *, refit: bool, watched: bool) -> Backtest:
    """Forecasts from earlier ends of the series: of a new forecaster like this one, and of simple ones.

    Args:
        forecaster: fitted to the whole series.
        given: the series and what stands beside it.
        horizon: steps foretold from each end.
        origins: how many ends, a horizon apart; None: over the last third of the series.
        refit: train anew at each end.
        watched: show how training goes.

    """
    from sklearn.base import clone

    season = forecaster.period_
    fresh: Any = clone(forecaster)
    fresh.set_params(verbose=int(watched), store=None, period=season)
    ours = fresh if given.past is None else Beside(fresh, given.past)
    first = None if origins is None else len(given.y) - origins * horizon
    models = {called(forecaster): ours, **baselines(season)}
    return backtest(models, given.y, given.X, horizon=horizon, first=first, refit=refit, period=season)


def check_backtest(given: Given, horizon: int, origins: int | None, period: int | None) -> None:
    """Refuse, before hours of training, what `tried` would refuse behind them."""
    first = None if origins is None else len(given.y) - origins * horizon
    if first is not None and first < 1:
        raise InvalidInput(
            f"--origins {origins}: {origins} times {horizon} steps are all of the {len(given.y)} steps of the series"
        )
    season = period or given.y.timeline.period
    backtest({"naive": Naive()}, given.y, horizon=horizon, first=first, period=season)


def echoes(forecaster: Any, errors: np.ndarray, name: str) -> list[Echo]:
    """For each variable, what its errors one step ahead say of those that follow; nothing where there are too few."""
    (observed,) = forecaster.histories_.observed.each
    found = []
    for variable, column in zip(variable_names(observed.names, name), errors.T):
        with contextlib.suppress(InvalidInput):  # too few of them, or all alike
            told = residuals(column[np.isfinite(column)])
            values = told.autocorrelation[:, 0]
            found.append(Echo(name=variable, values=values, bound=told.bound, sentence=told.verdict))
    return found


def story(forecaster: Any, said: Foretold, found: Backtest | None, *, name: str, **more: Any) -> ForecastStory:
    """All that is to be told; `more` are words for `forecast_story`."""
    beside = None if found is None else rivals_of(found, called(forecaster))
    return forecast_story(
        forecaster,
        said.expected,
        said.bands,
        name=name,
        errors=said.errors,
        echoes=echoes(forecaster, said.errors, name),
        rivals=beside,
        warnings=[] if found is None else warnings_of(found, called(forecaster)),
        **more,
    )


def called(forecaster: Any) -> str:
    """What a forecaster is called among others."""
    return forecaster.model if isinstance(forecaster.model, str) else type(forecaster).__name__
