"""The story of a forecaster and of what it foretold."""

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ._forecast_story import Band, Echo, Fan, ForecastStory, Rivals
from ._forecast_text import metric_name
from ._markup import number, plural
from ._measured import Measured
from ._story import DataSet, Story
from ._tell import TIMES, ending, machine, squeezed, versions, word

if TYPE_CHECKING:
    from ..estimators import Forecaster
    from ..series import Backtest, Timeline

# Parameters that a reader of the report asks for; those that were left alone and say nothing are not shown.
PARAMETERS = (
    *("model", "units", "taps", "transform", "output", "steps_ahead", "scheduled_sampling", "window", "n_networks"),
    *("keep", "gradient", "optimizer", "learning_rate", "batch_size", "dropout", "missing", "early_stopping"),
)
BASELINE = "seasonal naive"
LEAST = 30  # steps of history that are drawn, where there are so many


def forecast_story(
    forecaster: "Forecaster",
    expected: NDArray,
    bands: Mapping[float, tuple[NDArray, NDArray]],
    *,
    name: str,
    errors: NDArray | None = None,
    echoes: Sequence[Echo] = (),
    rivals: Rivals | None = None,
    warnings: Sequence[str] = (),
    times: Mapping[str, float] | None = None,
    model_path: str = "",
    command: str = "",
    date: str = "",
) -> ForecastStory:
    """The story of a forecast of one series.

    Args:
        forecaster: fitted, or loaded from a model file.
        expected: (horizon, variables) its forecast.
        bands: by coverage, the lower and the upper ends (horizon, variables).
        name: of the series.
        errors: (steps, variables) errors one step ahead, NaN where too little was known.
        echoes, rivals, warnings: see `ForecastStory`.
        times: seconds that other things than training took, by name.
        model_path, command, date: as in `Story`.

    """
    (observed,) = forecaster.histories_.observed.each
    horizon = len(expected)
    drawn = min(len(observed), max(4 * horizon, 3 * forecaster.period_, LEAST))
    names = variable_names(observed.names, name)
    seen_at = places(observed.timeline.part(len(observed) - drawn, len(observed)))
    expected_at = places(observed.timeline.continued(horizon))
    fans = [
        Fan(
            name=variable,
            seen=observed.values[-drawn:, k],
            seen_at=seen_at,
            expected=expected[:, k],
            expected_at=expected_at,
            bands=[
                Band(coverage=share, low=bands[share][0][:, k], high=bands[share][1][:, k])
                for share in sorted(bands, reverse=True)
            ],
        )
        for k, variable in enumerate(names)
    ]
    still = [f"{name}: {observed.warning}"] if observed.warning else []
    told = _told(forecaster, name, errors, names, dict(times or {}), model_path, command, date)
    return ForecastStory(fans=fans, told=told, rivals=rivals, echoes=echoes, warnings=[*still, *warnings])


def variable_names(names: Sequence[Any], name: str) -> list[str]:
    """What variables are called: as the series where there is one without a name."""
    if len(names) == 1 and isinstance(names[0], int | type(None)):
        return [name]
    return [f"variable {one}" if isinstance(one, int) else str(one) for one in names]


def places(timeline: "Timeline") -> NDArray:
    """Where steps stand, numbers or datetime64."""
    index = timeline.index()
    if hasattr(index, "to_timestamp"):
        index = index.to_timestamp()
    if getattr(index, "tz", None) is not None:
        index = index.tz_localize(None)
    return np.asarray(index)


def rivals_of(backtest: "Backtest", ours: str) -> Rivals:
    """What a backtest found, as a report shows it; `ours` is the model that the report is about."""
    complete = backtest.complete()
    verdict = backtest.verdict(BASELINE)
    best = backtest.best
    if best not in (ours, BASELINE, None) and ours in complete and ours not in backtest.beaten(BASELINE):
        words = "no better than chance explains" if ours in backtest.ties() else "better than chance explains"
        verdict += f" Between {best} and {ours}, the former is {words}."
    return Rivals(
        ours=ours,
        means=backtest.table(),
        by_step={metric: backtest.errors(metric) for metric in backtest.metrics},
        origins=len(backtest.origins),
        verdict=verdict,
        failed=[name for name in backtest.forecasts if name not in complete],
    )


def warnings_of(backtest: "Backtest", ours: str) -> list[str]:
    """What must be said first of a backtest: that simple forecasts do as well, if they do."""
    beaten = backtest.beaten(BASELINE)
    if set(beaten) == set(backtest.forecasts) - {BASELINE}:
        return [backtest.verdict(BASELINE)]
    if ours not in beaten:
        return []
    said = f"{ours} does not beat the {BASELINE} forecast"
    if ours in backtest.complete():
        name, errors = metric_name(backtest.main), (backtest.mean(ours), backtest.mean(BASELINE))
        said += f" ({name} {errors[0]:.3g} against {errors[1]:.3g})"
    better = [name for name in backtest.forecasts if name not in (*beaten, BASELINE)]
    return [f"{said}; {', '.join(better)} {'does' if len(better) == 1 else 'do'}."]


def _told(
    forecaster: Any,
    name: str,
    errors: NDArray | None,
    names: Sequence[str],
    times: dict[str, float],
    model_path: str,
    command: str,
    date: str,
) -> Story:
    """How the networks were trained."""
    (observed,) = forecaster.histories_.observed.each
    several = len(forecaster.results_) > 1
    best = [result.best_epoch for result in forecaster.results_]
    restored = "validation_loss" in forecaster.history_ and bool(forecaster.early_stopping or forecaster.keep)
    seed = forecaster.random_state
    kind = forecaster.model if isinstance(forecaster.model, str) else word(forecaster.model)
    reading = times.pop("reading data", None)
    spent = {
        **({} if reading is None else {"reading data": reading}),
        **{TIMES.get(what, what): seconds for what, seconds in forecaster.seconds_.items()},
        **times,
    }
    first, last = (observed.timeline.label(k) for k in (0, -1))
    return Story(
        title=f"{name}: what comes next",
        judged=_one_step(errors, names),
        model=_model(forecaster, kind),
        summary=forecaster.summary(),
        training_data=DataSet(
            name=name,
            sequences=1,
            channels=len(names),
            lengths=[len(observed)],
            about=f"{first} to {last}, a season of {plural(forecaster.period_, 'step')}.",
        ),
        ending=ending(forecaster),
        history={what: squeezed(values) for what, values in forecaster.history_.items()},
        best_epoch=None if not restored else best if several else best[0],
        times=spent,
        model_path=model_path,
        python=_python(model_path) if model_path else "",
        shell=_shell(model_path) if model_path else "",
        versions=versions(),
        date=date,
        machine=machine(),
        command=command,
        seed=int(seed) if isinstance(seed, int | np.integer) else None,
    )


def _one_step(errors: NDArray | None, names: Sequence[str]) -> Measured:
    """The errors one step ahead on what was seen, as deviations."""
    if errors is None:
        return Measured(name="errors one step ahead", value=float("nan"))
    size = np.sqrt(np.nanmean(np.square(errors), axis=0)) if np.isfinite(errors).any() else np.full(len(names), np.nan)
    facts = {variable: number(float(one)) for variable, one in zip(names, size)}
    return Measured(name="root of the mean squared error one step ahead", value=float(np.mean(size)), facts=facts)


def _model(forecaster: Any, kind: Any) -> dict[str, Any]:
    parameters = forecaster.get_params(deep=False)
    parameters["transform"] = ", ".join(map(str, np.atleast_1d(parameters["transform"]))) or None
    said = {what.removeprefix("n_").replace("_", " "): word(parameters[what]) for what in PARAMETERS}
    said["networks"] = len(forecaster.population_)
    told = {what: value for what, value in said.items() if value not in (None, False, 0)}
    history = forecaster.histories_
    beside = {
        "exogenous": ", ".join(map(str, history.known[0].names)) if history.known else None,
        "past covariates": ", ".join(map(str, history.past[0].names)) if history.past else None,
    }
    found = {**told, "model": kind, **beside}
    return {**found, "weights": forecaster.network_.weight_count(), "precision": forecaster.precision}


def _python(path: str) -> str:
    return f"""\
import mnemon

forecaster = mnemon.load({path!r})
forecaster.update(y)   # observations that came since, if any
forecaster.predict(12)
"""


def _shell(path: str) -> str:
    quoted = shlex.quote(path)
    return f"mnemon forecast {quoted} --horizon 12\nmnemon forecast {quoted} --update NEW --horizon 12"
