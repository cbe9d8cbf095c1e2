"""`Forecaster` as one of sktime's forecasters, so that its pipelines, splitters, searches and metrics take it.

sktime hands over tables of pandas and a horizon, relative or absolute. Here these become what `Forecaster` takes, and
its answers the rows that were asked for.

Reference: Löning, Bagnall, Ganesh, Kazakov, Lines, Király: sktime, a unified interface for machine learning with time
series. Workshop on Systems for ML at NeurIPS 2019, arXiv:1909.07872.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.base import clone

from ..errors import InvalidInput, InvalidType
from ..series import Timeline
from ._forecaster import Forecaster

try:
    import pandas
    from sktime.forecasting.base import BaseForecaster  # pyright: ignore[reportMissingImports]
except ModuleNotFoundError as missing:
    raise ImportError(
        'SktimeForecaster needs sktime, which is not installed: pip install "mnemon[sktime]"'
    ) from missing

# Tables of sktime: of one series, of several, and of several whose names have levels.
TABLES = ["pd.DataFrame", "pd-multiindex", "pd_multiindex_hier"]


class SktimeForecaster(BaseForecaster):
    """A `Forecaster` with the interface of sktime.

    Several series (panels and hierarchies) share one model; for a model each, put it in sktime's `ForecastByLevel`.
    Horizons that lie in what was seen are answered by what was expected of each of these steps one step before (NaN
    where too little was known). `update` takes the steps that are new to it; with `update_params`, as sktime has it
    by default, it trains on for `epochs`.

    Args:
        forecaster: a `Forecaster` that says how to train, it is not changed; None: `Forecaster()`.

    Attributes:
        forecaster_: the fitted `Forecaster`.

    Raises (where the methods of `Forecaster` do, and):
        InvalidType: `forecaster` is something else.
        InvalidInput: `update` with series that end before what was seen; a horizon that lies before it.

    Example:
        >>> from mnemon import Forecaster
        >>> from mnemon.estimators import SktimeForecaster
        >>> from sktime.datasets import load_airline
        >>> forecaster = SktimeForecaster(Forecaster("dlnn", transform=["log", "difference"], random_state=0))
        >>> list(forecaster.fit(load_airline()).predict(fh=[1, 2]).index.astype(str))
        ['1961-01', '1961-02']

    """

    _tags = {
        "authors": ["The Mnemon authors"],
        "maintainers": ["The Mnemon authors"],
        "python_dependencies": "mnemon",
        "y_inner_mtype": TABLES,
        "X_inner_mtype": TABLES,
        "capability:multivariate": True,
        "capability:exogenous": True,
        "capability:categorical_in_X": False,
        "capability:non_contiguous_X": False,  # steps between those asked for are foretold too
        "capability:missing_values": True,  # where the forecaster has missing="interpolate"
        "capability:insample": True,
        "capability:pred_int": True,
        "capability:pred_int:insample": False,
        "capability:update": True,
        "capability:unequal_length": True,
        "requires-fh-in-fit": False,
    }
    _config = {"remember_data": False}  # the fitted forecaster has what was seen

    def __init__(self, forecaster: Forecaster | None = None) -> None:
        self.forecaster = forecaster
        super().__init__()
        self._y = self._X = None  # sktime fills them where a user sets its remember_data
        self._tell_of_missing()

    def set_params(self, **params: Any) -> "SktimeForecaster":
        """Set parameters, those of the forecaster as `forecaster__epochs`."""
        super().set_params(**params)
        self._tell_of_missing()
        return self

    def _tell_of_missing(self) -> None:
        """Whether NaN is taken follows from the forecaster."""
        self.set_tags(**{"capability:missing_values": getattr(self.forecaster, "missing", "error") == "interpolate"})

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:
        """Parameters that sktime's own checks are run with: a closed form, and the smallest of recurrent networks."""
        return [
            {"forecaster": Forecaster("dlnn", taps=2, random_state=0)},
            {"forecaster": Forecaster("elman", units=2, epochs=1, window=10, n_networks=1, random_state=0)},
        ]

    def _fit(self, y: Any, X: Any, fh: Any) -> "SktimeForecaster":
        wanted = Forecaster() if self.forecaster is None else self.forecaster
        if not isinstance(wanted, Forecaster):
            raise InvalidType(f"forecaster: expected a Forecaster, got {type(wanted).__name__}")
        self._levels = y.index.names
        fresh: Any = clone(wanted)
        self.forecaster_ = fresh.fit(_series(y), _series(X))
        return self

    def _predict(self, fh: Any, X: Any) -> Any:
        return self._at(fh, X, self.forecaster_.predict)

    def _predict_quantiles(self, fh: Any, X: Any, alpha: list[float]) -> Any:
        return self._at(fh, X, lambda horizon, X: self.forecaster_.predict_quantiles(horizon, X, alpha=alpha))

    def _update(self, y: Any, X: Any = None, update_params: bool = True) -> "SktimeForecaster":
        given, new = _by_name(_series(y)), {}
        for name, timeline in self._timelines():
            if name not in given:
                raise InvalidInput(f"update: nothing of the series {name!r}; expected new steps of each that was seen")
            index = given[name].index
            ahead = _first(index, timeline, "y: index") + np.arange(len(index))
            if ahead[-1] < 0:
                raise InvalidInput(
                    f"update: these steps end before {timeline.label(-1)}, up to which the series was seen; forecasts "
                    "go on from there only: fit anew for earlier ones"
                )
            new[name] = given.pop(name)[ahead > 0]
        if given:
            raise InvalidInput(f"update: {next(iter(given))!r} is none of the series that were seen")
        if any(len(part) for part in new.values()):
            self.forecaster_.update(new.get((), new), _series(X), update_params=update_params)
        return self

    def _at(self, fh: Any, X: Any, foretell: Callable[[int, Any], Any]) -> Any:
        """The rows of `fh`, of what `foretell` says of the steps to come and, before these, of those that were seen."""
        steps = {name: self._steps(fh, timeline) for name, timeline in self._timelines()}
        nearest, farthest = (bound(bound(rows) for rows in steps.values()) for bound in (min, max))
        tables = []
        if nearest < 1:
            tables.append(_by_name(self.forecaster_.predict_one_step()))
        if farthest > 0:
            tables.append(_by_name(foretell(int(farthest), _series(X))))
        found = {}
        for name, timeline in self._timelines():
            rows = steps[name] - 1 + (timeline.length if nearest < 1 else 0)
            if rows.min() < 0:
                raise InvalidInput(f"fh: {-rows.min()} steps before {timeline.label(0)}, the first that was seen")
            found[name] = pandas.concat([table[name] for table in tables]).iloc[rows]
        return found[()] if () in found else pandas.concat(found, names=self._levels)

    def _steps(self, fh: Any, timeline: Timeline) -> np.ndarray:
        """A horizon as steps behind the last of a series, 1 for the first; below 1 those that were seen."""
        places = fh.to_pandas()
        if fh.is_relative and places.dtype.kind in "iu":
            return places.to_numpy()
        places = fh.to_absolute_index(self.cutoff)
        return np.array([_first(places[k : k + 1], timeline, "fh") for k in range(len(places))])

    def _timelines(self) -> Iterator[tuple[Any, Timeline]]:
        """Of each series that was seen, with its name."""
        observed = self.forecaster_.histories_.observed
        names = getattr(observed, "names", ()) if len(self._levels) > 1 else [()]
        return ((name, one.timeline) for name, one in zip(names, observed.each, strict=True))


def _series(table: Any) -> Any:
    """A table of one series as it is, of several (index levels in front of the time) as a dict by name."""
    if table is None or table.index.nlevels == 1:
        return table
    outer = list(range(table.index.nlevels - 1))
    return {name: part.droplevel(outer) for name, part in table.groupby(level=outer, sort=False)}


def _by_name(tables: Any) -> dict[Any, Any]:
    """Tables by name; a single one has the name ()."""
    return dict(tables) if isinstance(tables, dict) else {(): tables}


def _first(index: Any, timeline: Timeline, what: str) -> int:
    """How many steps behind the last of `timeline` the first place of an index without gaps stands."""
    return timeline.offset_of(Timeline.read(index, like=timeline, what=what)) - (timeline.length - 1)
