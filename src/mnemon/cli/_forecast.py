"""`mnemon forecast`: what comes next in a measured series, how sure that is, and whether simple forecasts do better."""

import json
import shlex
import sys
import time
from typing import Annotated, Any

import typer

from . import _forecast_options as o
from ._options import Force, Report, at_least, check_targets, given_on
from ._training_options import seed, whole_or_all

MODEL = ".safetensors"


def forecast(
    ctx: typer.Context,
    series: Annotated[
        str,
        typer.Argument(
            metavar="SERIES",
            help="A table (.csv, .tsv) with a row a time, or plain numbers; or a model that --save wrote.",
            show_default=False,
        ),
    ],
    horizon: o.Horizon = 12,
    coverage: o.Coverage = 0.9,
    target: o.Target = None,
    exog: o.Exog = None,
    past: o.Past = None,
    time_: o.Time = None,
    missing: o.Missing = o.DEFAULTS["missing"],
    wrapped: o.Wrapped = False,
    period: o.Period = o.DEFAULTS["period"],
    transform: o.Transform = None,
    standardize: o.Standardize = o.DEFAULTS["standardize"],
    model: o.Model = o.DEFAULTS["model"],
    units: o.Units = str(o.DEFAULTS["units"]),
    taps: o.Taps = o.DEFAULTS["taps"],
    output: o.Output = o.DEFAULTS["output"],
    n_networks: o.Networks = o.DEFAULTS["n_networks"],
    keep: o.Keep = o.DEFAULTS["keep"],
    dropout: o.Dropout = o.DEFAULTS["dropout"],
    steps_ahead: o.StepsAhead = o.DEFAULTS["steps_ahead"],
    scheduled_sampling: o.ScheduledSampling = o.DEFAULTS["scheduled_sampling"],
    window: o.Window = o.DEFAULTS["window"],
    gradient: o.Gradient = o.DEFAULTS["gradient"],
    optimizer: o.Optimizer = o.DEFAULTS["optimizer"],
    learning_rate: o.LearningRate = o.DEFAULTS["learning_rate"],
    epochs: o.Epochs = o.DEFAULTS["epochs"],
    batch_size: o.BatchSize = str(o.DEFAULTS["batch_size"]),
    early_stopping: o.EarlyStopping = o.DEFAULTS["early_stopping"],
    validation_fraction: o.ValidationFraction = o.DEFAULTS["validation_fraction"],
    backtest: o.Backtest = False,
    origins: o.Origins = None,
    refit: o.Refit = False,
    precision: o.Precision = o.DEFAULTS["precision"],
    random_state: o.Seed = 0,
    update: o.Update = None,
    quiet: o.Quiet = False,
    as_json: o.AsJson = False,
    out: o.Out = None,
    save: o.Save = None,
    report: Report = None,
    force: Force = False,
) -> None:
    """Foretell a measured series: what is expected of the steps to come, and between which values they will lie.

    Several columns are foretold together. With --backtest, beside simple forecasts, and said plainly where these are
    better.
    """
    given = given_on(ctx)
    files = {"forecasts": out, "model": save, "report": report}
    sources = {"series": series, "new observations": update, "exogenous values": o.file_of(exog)}
    check_targets(files, sources, force=force)
    at_least("--horizon", horizon, 1)
    at_least("--origins", origins, 1)
    o.share("--coverage", coverage)
    o.needs_backtest(given, backtest)
    fixed = o.names("--target", target), o.names("--past", past), o.columns_of(exog), time_, o.file_of(exog)
    parameters = {
        "model": model,
        "units": o.units(units),
        "taps": taps,
        "transform": o.names("--transform", transform),
        "standardize": standardize,
        "period": period,
        "output": output,
        "steps_ahead": steps_ahead,
        "scheduled_sampling": scheduled_sampling,
        "window": window,
        "missing": missing,
        "gradient": gradient,
        "optimizer": optimizer,
        "learning_rate": learning_rate,
        "epochs": epochs,
        "batch_size": whole_or_all("--batch-size", batch_size),
        "early_stopping": early_stopping,
        "validation_fraction": validation_fraction,
        "keep": keep,
        "dropout": dropout,
        "n_networks": n_networks,
        "precision": precision,
        "random_state": seed(random_state),
    }
    told = not (quiet or as_json)

    from . import _foretelling as f
    from ._series_input import Columns, given_in

    begun = time.perf_counter()
    columns, reads = Columns(*fixed), {"missing": missing, "wrapped": wrapped}
    if series.endswith(MODEL):
        o.refuse_fixed(ctx, given, series)
        forecaster, known = f.from_file(series, update, columns, horizon, **reads)
        seconds = {}
    else:
        o.refuse_update(update)
        known = given_in(series, columns, horizon, **reads)
        if backtest:
            f.check_backtest(known, horizon, origins, period)
        seconds = {"reading data": time.perf_counter() - begun}
        if told:
            print(f"training  {f.described(known)}", flush=True)
        named = {name: parameters[name] for name in given & set(parameters)}
        forecaster = f.trained(known, named | {"random_state": parameters["random_state"]}, watched=told)
    if save is not None:  # first of all: whatever follows, the training is not lost
        forecaster.save(save, overwrite=force)
    begun = time.perf_counter()
    said = f.foretold(forecaster, horizon, known.ahead, coverage)
    seconds["forecasting"] = time.perf_counter() - begun
    if out is not None:
        _write_csv(out, f.rows(forecaster, said, coverage), force=force)
    found, begun = None, time.perf_counter()
    if backtest:
        found = f.tried(forecaster, known, horizon, origins, refit=refit, watched=told)
        seconds["backtest"] = time.perf_counter() - begun
    story = f.story(
        forecaster,
        said,
        found,
        name=known.name,
        times=seconds,
        model_path=save or (series if series.endswith(MODEL) else ""),
        command=shlex.join(["mnemon", *(ctx.obj or ())]),
        date=time.strftime("%Y-%m-%d %H:%M"),
    )
    _tell(story, as_json=as_json, quiet=quiet)
    if report is not None:
        from ..report import write_forecast

        write_forecast(report, story, overwrite=force)
    if told:
        _tell_files(out, save, report)


def _tell(story: Any, *, as_json: bool, quiet: bool) -> None:
    """All of it as JSON, or in a few lines; what must be said also where little is wanted."""
    from ..report import forecast_text
    from ..report import forecast_values as values

    if as_json:
        print(json.dumps(values(story), allow_nan=False))
    elif not quiet:
        print(f"\n{forecast_text(story)}", end="", flush=True)
    else:
        for warning in story.warnings:
            print(f"mnemon: warning: {warning}", file=sys.stderr)


def _write_csv(path: str, rows: tuple[list[str], list[list[Any]]], *, force: bool) -> None:
    from pathlib import Path

    from .._files import write_whole
    from ._lines import as_csv

    head, body = rows

    def write(beside: Path) -> None:
        with open(beside, "x", encoding="utf-8", newline="\n") as file:
            file.writelines(as_csv(head, [], ((row, None) for row in body)))

    write_whole(path, "forecasts", write, overwrite=force)


def _tell_files(out: str | None, save: str | None, report: str | None) -> None:
    """What was left where, and what to do with it."""
    if out or save or report:
        print()
    if out is not None:
        print(f"forecasts  {out}")
    if save is not None:
        print(f"model      {save}: mnemon forecast {shlex.quote(save)} --update NEW goes on from it")
    if report is not None:
        print(f"report     {report}: open it in a browser")
