"""The options of `mnemon forecast`: called as the parameters of `Forecaster`, with its defaults."""

import os
from typing import Annotated, Any

import typer

from ..errors import InvalidInput
from ._defaults import defaults
from ._options import FILES

SERIES, NETWORK, TRAINING, JUDGING, RUNNING = "Series", "Network", "Training", "Judging", "Running"

# The parameters of the estimator, with their defaults.
DEFAULTS = defaults("estimators/_forecaster.py", "Forecaster")


# What a model file leaves open; all else is settled in it.
OPEN = (
    *("series", "horizon", "coverage", "exog", "time_", "missing", "wrapped", "update", "quiet", "as_json"),
    *("out", "report", "force"),
)


def _option(panel: str, text: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=text, rich_help_panel=panel, **more)


Horizon = Annotated[int, typer.Option(metavar="N", help="Foretell so many steps.")]
Coverage = Annotated[float, typer.Option(metavar="SHARE", help="Lower to upper hold the value with this probability.")]

Target = Annotated[
    str | None, _option(SERIES, "What to foretell; without it, all columns that are nothing else.", metavar="COLUMNS")
]
Time = Annotated[
    str | None, _option(SERIES, "The column of times, where it is not found by itself.", "--time", metavar="COLUMN")
]
Exog = Annotated[
    str | None,
    _option(
        SERIES,
        "Columns that are known beforehand (calendar, control inputs): rows behind the last value of the target hold "
        "those to come. Or a file of them, its rows found by their times, else counted from the first.",
        metavar="COLUMNS|FILE",
    ),
]
Past = Annotated[
    str | None,
    _option(SERIES, "Columns that help but are not known beforehand; they are foretold along.", metavar="COLUMNS"),
]
Missing = Annotated[str, _option(SERIES, "What empty cells are: error, or interpolate over them.", metavar="HOW")]
Wrapped = Annotated[
    bool, _option(SERIES, "Rows of a file of plain numbers are one series, line after line.", "--wrapped")
]
Period = Annotated[
    int | None, _option(SERIES, "Steps of a season; without it, what the times suggest (12 of months).", metavar="N")
]
Transform = Annotated[
    str | None,
    _option(
        SERIES,
        "One after another: log, boxcox, difference, seasonal_difference, minmax; undone in the forecasts.",
        metavar="NAMES",
    ),
]
Standardize = Annotated[bool, _option(SERIES, "Bring each variable to mean 0 and deviation 1 after that.")]

Model = Annotated[
    str,
    _option(
        NETWORK,
        "dlnn or dmlp (delay lines without and with hidden layers), rmlp, narx (own outputs fed back), esn, or a "
        "cell: lstm, gru ... (mnemon list cells).",
        metavar="NAME",
    ),
]
Units = Annotated[str, _option(NETWORK, "Units of the hidden layer; of several layers 16,8.", metavar="N")]
Taps = Annotated[
    int | None,
    _option(NETWORK, "Values side by side below the first layer. By default 1; dlnn, dmlp, narx: 10.", metavar="N"),
]
Output = Annotated[
    str, _option(NETWORK, "What the network says: point, gaussian (with a deviation) or quantiles.", metavar="KIND")
]
Networks = Annotated[
    int, _option(NETWORK, "Networks trained together, whose forecasts are averaged.", "--networks", metavar="N")
]
Keep = Annotated[int | None, _option(NETWORK, "Keep only so many of them, the best on the held-out end.", metavar="N")]
Dropout = Annotated[float, _option(NETWORK, "Share of each layer's units that is silent in training.", metavar="SHARE")]

StepsAhead = Annotated[
    int, _option(TRAINING, "Train on the error of so many steps foretold from own answers.", metavar="N")
]
ScheduledSampling = Annotated[
    float, _option(TRAINING, "Share of the values read that own answers replace, reached by and by.", metavar="SHARE")
]
Window = Annotated[int, _option(TRAINING, "Steps of the pieces that a series is cut into.", metavar="STEPS")]
Gradient = Annotated[str, _option(TRAINING, "The gradient rule (mnemon list gradients).", metavar="NAME")]
Optimizer = Annotated[
    str | None,
    _option(TRAINING, "adam, lm ... (mnemon list updates). By default adam; dlnn, esn: ridge.", metavar="NAME"),
]
LearningRate = Annotated[float, _option(TRAINING, "How far each update goes.", metavar="RATE")]
Epochs = Annotated[int, _option(TRAINING, "Most passes over the series.", metavar="N")]
BatchSize = Annotated[str, _option(TRAINING, "Pieces in an update, or all.", metavar="N")]
EarlyStopping = Annotated[
    bool, _option(TRAINING, "Hold the end of the series out, stop when its loss no longer falls.", "--early-stopping")
]
ValidationFraction = Annotated[
    float, _option(TRAINING, "Share of the series that --keep and --early-stopping hold out.", metavar="SHARE")
]

Backtest = Annotated[
    bool,
    _option(
        JUDGING,
        "Foretell from earlier ends of the series, too, beside simple forecasts (naive, seasonal naive, drift, linear; "
        "ETS and ARIMA where statsmodels is installed), and say which is best.",
        "--backtest",
    ),
]
Origins = Annotated[
    int | None,
    _option(JUDGING, "From so many earlier ends, a horizon apart; without it, over the last third.", metavar="N"),
]
Refit = Annotated[bool, _option(JUDGING, "Train anew at each of them, not only at the first.", "--refit")]

Precision = Annotated[str, _option(RUNNING, "float32 or float64.", metavar="NAME")]
Seed = Annotated[int, _option(RUNNING, "Seeds everything: the same seed, the same forecasts.", "--seed", metavar="N")]
Update = Annotated[
    str | None, _option(RUNNING, "SERIES is a model: first take these further observations in.", metavar="FILE")
]
Quiet = Annotated[bool, _option(RUNNING, "Say only what goes wrong.", "--quiet", "-q")]

Out = Annotated[
    str | None,
    _option(FILES, "Write the forecasts as CSV: time, forecast, lower, upper.", metavar="FILE"),
]
Save = Annotated[
    str | None, _option(FILES, "Write the model here; mnemon forecast takes it in place of SERIES.", metavar="FILE")
]
AsJson = Annotated[bool, typer.Option("--json", help="Everything as one JSON object on standard output.")]


def names(option: str, text: str | None) -> tuple[str, ...]:
    """Names between commas; none of None."""
    if text is None:
        return ()
    found = tuple(part.strip() for part in text.split(","))
    if not all(found) or len(set(found)) < len(found):
        raise InvalidInput(f"{option} {text!r}: expected different names, with commas between")
    return found


def file_of(exog: str | None) -> str | None:
    """The file that --exog names, if it names one."""
    return exog if exog is not None and os.path.isfile(exog) else None


def columns_of(exog: str | None) -> tuple[str, ...]:
    """The columns that --exog names, if it names no file."""
    return () if file_of(exog) else names("--exog", exog)


def units(text: str) -> int | tuple[int, ...]:
    """A whole number, or several with commas between."""
    try:
        found = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise InvalidInput(f"--units {text!r}: expected a whole number, or several with commas between") from None
    return found[0] if len(found) == 1 else found


def share(option: str, value: float) -> None:
    """Refuse what is no share."""
    if not 0 < value < 1:
        raise InvalidInput(f"{option} {value:g}: expected a share between 0 and 1")


def needs_backtest(given: set[str], backtest: bool) -> None:
    """Refuse what only a backtest heeds, where there is none."""
    if not backtest and (alone := given & {"origins", "refit"}):
        raise InvalidInput(
            f"{' and '.join(f'--{name}' for name in sorted(alone))}: for --backtest, which is not asked for"
        )


def refuse_fixed(ctx: typer.Context, given: set[str], path: str) -> None:
    """Refuse what is settled in a model file."""
    fixed = sorted(p.opts[0] for p in ctx.command.params if p.name in given - set(OPEN))
    if fixed:
        raise InvalidInput(f"{', '.join(fixed)}: {path} is a trained model, in which this is settled; give the series")


def refuse_update(update: str | None) -> None:
    """Refuse new observations where there is no old model."""
    if update is not None:
        raise InvalidInput(f"--update {update}: for a model that --save wrote; a series is trained on as it is")
