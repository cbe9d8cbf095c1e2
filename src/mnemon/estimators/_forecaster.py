"""Forecasts of measured series: what comes next, and how sure that is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ..errors import InvalidInput, raise_together, suggest
from ..series import MeasuredSeries, mase, nmse, read_histories, smape
from ._describe import part_lines
from ._forecast_kinds import ahead_like, banded_like, seen_like
from ._foretelling import PATHS, Foretells
from ._pickling import PicklesArrays
from ._saving import Savable

# How far off a forecast is, given what was known before it and the steps of a season.
METRICS: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray, int], Any]] = {
    "mase": mase,
    "nmse": lambda true, said, before, period: nmse(true, said, variance_of=before),
    "smape": lambda true, said, before, period: smape(true, said),
}


class PastForecasts(NamedTuple):
    """What would have been foretold from earlier ends of a series.

    Attributes:
        ends: (origins,) steps that were known.
        forecasts: (origins, horizon, variables).

    """

    ends: np.ndarray
    forecasts: np.ndarray


@dataclass(eq=False, repr=False)
class Forecaster(Foretells, PicklesArrays, Savable, BaseEstimator):
    """A recurrent (or delay-line) network that foretells measured series.

    It says the next value from those before; further steps follow from its own answers. Names of methods are those of
    sktime's forecasters; `SktimeForecaster` is one of theirs.

    Args:
        model: "dlnn", "dmlp" (delay lines without and with hidden layers), "rmlp" (recurrent multilayer perceptron),
            "narx" (own outputs fed back), "esn" (a reservoir), any cell by name (`mnemon list cells`), or a function
            `(input_size, units, *, key) -> Cell`.
        units: units of the hidden layer; or a tuple, one a layer.
        taps: values side by side below the first layer; None: 10 for networks on delay lines, else 1.
        transform: names ("log", "boxcox", "difference", "seasonal_difference", "minmax") or transformations of
            `mnemon.series`, in their order; forecasts are brought back.
        standardize: bring each variable to mean 0 and deviation 1 after that.
        period: steps of a season; None: as the index says (12 for months, 24 for hours ...), else 1.
        output: "point"; "gaussian" (mean and deviation, trained by likelihood); or "quantiles".
        quantiles: the levels of `output="quantiles"`.
        steps_ahead: train on the error of so many steps foretold from own answers; 1: each from the value before it.
        scheduled_sampling: share of the values read in training that are replaced by own answers, reached linearly
            over the epochs.
        window: steps of the pieces that series are cut into for training.
        warmup: answers at the beginning of a piece that are not judged; None: what the delay line needs, and for
            recurrent networks a tenth of the piece.
        missing: what NaN in the data means: "error" or "interpolate".
        gradient: see `SequenceEstimator`.
        optimizer: see `SequenceEstimator`; None: "ridge" for "dlnn" and "esn", else "adam".
        learning_rate, epochs, batch_size: see `SequenceEstimator`.
        early_stopping: True, or epochs to wait: hold out the last `validation_fraction` of each series.
        validation_fraction: see `early_stopping` and `keep`.
        keep: of `n_networks`, keep so many, the best on the held-out part (which is then held out); None: all.
        dropout: see `SequenceEstimator`.
        n_networks: networks trained together, from different starts; forecasts are their mean.
        precision, random_state, verbose, callbacks, network, store: see `SequenceEstimator`.

    Attributes:
        population_: the networks; network_: the first.
        history_, results_, seconds_: of training.
        period_: steps of a season.
        residuals_: (networks, rows, values) errors one step ahead, in units of the network, that intervals draw from.

    Example:
        >>> import numpy as np
        >>> from mnemon import Forecaster
        >>> y = np.sin(np.arange(200) / 5)
        >>> forecaster = Forecaster("dlnn", random_state=0).fit(y)
        >>> forecaster.predict(3).round(2)
        array([0.75, 0.6 , 0.43])

    """

    model: Any = "lstm"
    units: Any = 32
    taps: int | None = None
    transform: Any = ()
    standardize: bool = True
    period: int | None = None
    output: str = "point"
    quantiles: tuple[float, ...] = (0.05, 0.25, 0.5, 0.75, 0.95)
    steps_ahead: int = 1
    scheduled_sampling: float = 0.0
    window: int = 50
    warmup: int | None = None
    missing: str = "error"
    gradient: Any = "bptt"
    optimizer: Any = None
    learning_rate: float = 0.01
    epochs: int = 100
    batch_size: int | None = 4
    early_stopping: bool | int = False
    validation_fraction: float = 0.2
    keep: int | None = None
    dropout: float = 0.0
    n_networks: int = 4
    precision: str = "float32"
    random_state: Any = None
    verbose: Any = 0
    callbacks: Any = ()
    network: Any = None
    store: Any = None

    _fitted = ("histories_", "period_", "residuals_", "seed_", "history_", "seconds_", "results_", "calls_")

    def fit(self, y: Any, X: Any = None, *, past: Any = None, static: Any = None) -> Self:
        """Train from the beginning.

        Args:
            y: one series: numbers (time,), (time, variables), a pandas Series or DataFrame; or several, for one model
                of all of them: a list, a dict by name, or a DataFrame with an index of (series, time).
            X: exogenous values at the steps of y that are known beforehand (calendar, control inputs).
            past: exogenous values that are not known beforehand; they are foretold along with y.
            static: (series, covariates), numbers that belong to a whole series.

        Raises:
            InvalidInput: parameters or data that cannot be used; all problems of one kind together.

        """
        raise_together(self._parameter_problems(), type(self).__name__, most=12)
        with self._all_or_nothing():
            self._fit(read_histories(y, X, past, static, missing=self.missing, least=self._least()))
        return self

    def predict(self, horizon: Any = 1, X: Any = None) -> Any:
        """What is expected of the steps to come, in the kind that y came in, its index continued.

        Args:
            horizon: so many steps; or the steps themselves, whole numbers from 1 or values of the index.
            X: exogenous values at the steps to come, up to the last that is asked for, where there were some in `fit`.

        Raises:
            InvalidInput: a horizon that does not lie ahead, or X that is missing.
            NotFittedError: before `fit`.

        """
        rows, steps = self._rows(horizon)
        tables = [paths[0] for paths in self._futures(steps, X, None)]
        return ahead_like(self.histories_.observed, tables, rows)

    def predict_interval(self, horizon: Any = 1, X: Any = None, coverage: float = 0.9, *, paths: int = PATHS) -> Any:
        """Between which values what comes will lie with a probability of `coverage`, see `predict_quantiles`.

        Returns:
            (time, 2), (time, variables, 2), or a DataFrame with columns (variable, coverage, "lower" or "upper").

        """
        _shares([coverage], "coverage")
        ends = (0.5 - coverage / 2, 0.5 + coverage / 2)
        columns = [(coverage, "lower"), (coverage, "upper")]
        return self._banded(horizon, X, ends, columns, paths)

    def predict_quantiles(
        self, horizon: Any = 1, X: Any = None, alpha: Sequence[float] = (0.05, 0.5, 0.95), *, paths: int = PATHS
    ) -> Any:
        """Quantiles of what comes, from sample paths (see `sample`).

        Returns:
            (time, quantiles), (time, variables, quantiles), or a DataFrame with columns (variable, quantile).

        """
        levels: list[Any] = list(alpha) if isinstance(alpha, list | tuple | np.ndarray) else [alpha]
        _shares(levels, "alpha")
        return self._banded(horizon, X, levels, [(level,) for level in levels], paths)

    def sample(self, horizon: int = 1, X: Any = None, paths: int = 100) -> Any:
        """Possible futures (paths, time, variables), drawn; of several series, one such array each.

        Each path is of one of the networks. It goes on from values that are drawn: of a network that says numbers, its
        answer and an error that it made before (on the held-out part where there was one); else from what it says.
        """
        futures = self._futures(self._rows(horizon)[1], X, paths)
        return futures[0] if isinstance(self.histories_.observed, MeasuredSeries) else futures

    def predict_one_step(self) -> Any:
        """What was expected of each step that was seen, given all before; NaN where too little was known."""
        check_is_fitted(self, "population_")
        histories, tables = self.histories_, []
        foretold = self._foretold(histories.tracks())
        for chain, one, said in zip(histories.chains, histories.observed.each, foretold, strict=True):
            table = np.full(one.values.shape, np.nan)
            table[len(one) - len(said) :] = chain.undo(said.mean(axis=1)[:, : histories.variables], one.values)
            tables.append(table)
        return seen_like(histories.observed, tables)

    def update(self, y: Any, X: Any = None, *, past: Any = None, update_params: bool = False) -> Self:
        """Take new observations into account; with `update_params`, train for `epochs` further on all of them.

        Args:
            y, X, past: as for `fit`, the steps that follow on those seen.
            update_params: without it networks and transformations stay as they are, and forecasts go on from the new
                end.

        """
        check_is_fitted(self, "population_")
        with self._all_or_nothing():
            self.histories_ = self.histories_.longer(y, X, past, self.missing)
            if update_params:
                self._go_on()
        return self

    def score(self, y: Any, X: Any = None, *, metric: str = "mase") -> float:
        """How far the forecast of the steps of y is off: "mase" (in units of the seasonal naive forecast's error on
        what was seen), "nmse" (in units of its variance) or "smape"; the mean over variables and series.
        """
        check_is_fitted(self, "population_")
        if metric not in METRICS:
            raise InvalidInput(f"metric={metric!r}: {suggest(metric, METRICS)}")
        histories = self.histories_
        new = histories.following(y, self.missing)
        futures = self._futures([len(one) for one in new], X, None)
        errors = [
            METRICS[metric](one.values, paths[0], old.values, self.period_)
            for old, one, paths in zip(histories.observed.each, new, futures, strict=True)
        ]
        return float(np.mean(errors))

    def historical_forecasts(self, horizon: int = 1, *, start: int | float = 0.5, stride: int = 1) -> PastForecasts:
        """What the fitted networks would have foretold from earlier ends of the series (which they were trained on).

        For honest errors of new models trained at each end, see `mnemon.series.backtest`.

        Args:
            horizon: steps foretold from each end.
            start: the first end: steps that are known there, or their share of the series.
            stride: steps from one end to the next.

        Raises:
            InvalidInput: several series, a horizon that does not fit, covariates that are not known so far ahead.

        """
        check_is_fitted(self, "population_")
        histories = self.histories_
        if not isinstance(histories.observed, MeasuredSeries):
            raise InvalidInput("historical_forecasts: of one series at a time")
        length = len(histories.observed)
        if not all(isinstance(n, int | np.integer) and n >= 1 for n in (horizon, stride)):
            raise InvalidInput(
                f"historical_forecasts: horizon={horizon!r}, stride={stride!r}: expected whole numbers from 1"
            )
        first = max(round(start * length) if isinstance(start, float) else start, histories.lost + 1)
        ends = np.arange(first, length - horizon + 1, stride)
        if not len(ends):
            raise InvalidInput(
                f"historical_forecasts: horizon={horizon}, start={start}, stride={stride}: nothing to foretell in a "
                f"series of {length} steps"
            )
        said = self._from_ends(ends, horizon)
        forecasts = np.stack(
            [
                histories.chains[0].at(histories.observed.values[:end]).continue_(values[:, : histories.variables])
                for end, values in zip(ends, said, strict=True)
            ]
        )
        return PastForecasts(ends, forecasts)

    def summary(self) -> str:
        """What the networks are made of and how they were trained, as lines of text."""
        check_is_fitted(self, "population_")
        histories, network = self.histories_, self.population_[0]
        lines = [
            f"Forecaster of {histories.variables} variables in {len(histories.observed.each)} series, season "
            f"{self.period_}: {histories.inputs} inputs, {network.output_size} outputs"
        ]
        lines += part_lines(network, self.precision)
        if len(self.population_) > 1:
            lines.append(f"  {len(self.population_)} networks, whose forecasts are averaged")
        for k, result in enumerate(self.results_):
            lines.append(f"network {k} {result.sentence}: {result.epochs} epochs, {result.evaluations} updates")
        return "\n".join(lines)

    def _rows(self, horizon: Any) -> tuple[np.ndarray, list[int]]:
        """Which of the steps to come are asked for, counted from 0, and how many must be foretold of each series."""
        check_is_fitted(self, "population_")
        each = self.histories_.observed.each
        rows = each[0].timeline.positions(horizon) - 1
        return rows, [int(rows.max()) + 1] * len(each)

    def _banded(self, horizon: Any, X: Any, levels: Sequence[float], columns: list[Any], paths: int) -> Any:
        rows, steps = self._rows(horizon)
        tables = [np.moveaxis(np.quantile(drawn, levels, axis=0), 0, -1) for drawn in self._futures(steps, X, paths)]
        return banded_like(self.histories_.observed, tables, columns, rows)


def _shares(values: Sequence[float], name: str) -> None:
    if not values:
        raise InvalidInput(f"{name}: expected at least one share between 0 and 1")
    if wrong := [value for value in values if not isinstance(value, int | float) or not 0 < value < 1]:
        raise InvalidInput(f"{name}: expected shares between 0 and 1, got {wrong[0]!r}")
