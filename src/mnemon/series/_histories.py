"""What is known of series, and how a model reads them: covariates beside values, all in the model's units.

At step t a model is given the series' values at t, the covariates known for t + 1, and what never changes; it says the
values at t + 1. Past covariates, which nobody knows beforehand, stand beside the values: the model foretells them too,
so that it can go on from its own answers. Each series has its own chain of transformations, so that one model can serve
series of different size; covariates are brought to mean 0 and deviation 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from ..errors import InvalidInput
from ._covariates import covariates
from ._read import Many, MeasuredSeries, as_series, one_series
from ._scales import Standardise
from ._transformation import Chain, Transformation

Observed = MeasuredSeries | Many


class Track(NamedTuple):
    """One series in the units of the model.

    Attributes:
        values: (time, fed): the series' variables and its past covariates.
        known: (time + later, known): covariates that are known beforehand, at the same steps and further.
        static: (static,): what belongs to the whole series.

    """

    values: np.ndarray
    known: np.ndarray
    static: np.ndarray

    def inputs(self, start: int, stop: int) -> np.ndarray:
        """What is read at the steps start ... stop-1, (steps, inputs); values that are not there yet are NaN."""
        fed = np.full((stop - start, self.values.shape[1]), np.nan)
        there = min(stop, len(self.values)) - start
        fed[: max(there, 0)] = self.values[start : start + max(there, 0)]
        return np.concatenate(
            [fed, self.known[start + 1 : stop + 1], np.broadcast_to(self.static, (stop - start, len(self.static)))],
            axis=1,
        )


@dataclass(frozen=True)
class Histories:
    """Series, what stands beside them, and their fitted transformations.

    Attributes:
        observed: the series as they were given.
        past, known: for each series its past and its known covariates, in their own units; () where there are none.
        static: (series, static), in units of the model.
        chains, past_chains: for each series, fitted.
        known_scale: of the known covariates; None where there are none.

    """

    observed: Observed
    past: tuple[MeasuredSeries, ...] = ()
    known: tuple[MeasuredSeries, ...] = ()
    static: np.ndarray | None = None
    chains: tuple[Transformation, ...] = ()
    past_chains: tuple[Transformation, ...] = ()
    known_scale: Standardise | None = None

    @property
    def variables(self) -> int:
        """Variables of each series."""
        return self.observed.each[0].values.shape[1]

    @property
    def fed(self) -> int:
        """Values of a step that the model foretells: variables and past covariates."""
        return self.variables + (self.past[0].values.shape[1] if self.past else 0)

    @property
    def inputs(self) -> int:
        """Numbers that the model reads at a step."""
        known = self.known[0].values.shape[1] if self.known else 0
        return self.fed + known + (0 if self.static is None else self.static.shape[1])

    @property
    def lost(self) -> int:
        """Steps at the beginning that differences leave without a value."""
        return max(chain.lost for chain in self.chains)

    def fitted(self, chain: Transformation, kept: Sequence[int]) -> "Histories":
        """With transformations fitted to the first `kept` steps of each series."""
        beside = Chain(Standardise())
        scale = None
        if self.known:
            scale = Standardise().fit(np.concatenate([one.values[:n] for one, n in zip(self.known, kept)]))
        return replace(
            self,
            chains=tuple(chain.fit(one.values[:n]).advance(one.values[n:]) for one, n in zip(self.observed.each, kept)),
            past_chains=tuple(beside.fit(one.values[:n]).advance(one.values[n:]) for one, n in zip(self.past, kept)),
            known_scale=scale,
        )

    def tracks(self, ahead: Sequence[np.ndarray] | None = None) -> list[Track]:
        """The series as the model reads them; with `ahead`, known covariates (steps, known) of the steps behind."""
        lost, tracks = self.lost, []
        for k, (chain, one) in enumerate(zip(self.chains, self.observed.each)):
            values = chain.apply(one.values)[lost:]
            if self.past:
                values = np.concatenate([values, self.past_chains[k].apply(self.past[k].values)[lost:]], axis=1)
            known = np.zeros((len(one) - lost, 0))
            if self.known_scale is not None:
                rows = self.known[k].values if ahead is None else np.concatenate([self.known[k].values, ahead[k]])
                known = self.known_scale.apply(rows)[lost:]
            elif ahead is not None:
                known = np.zeros((len(one) - lost + len(ahead[k]), 0))
            tracks.append(Track(values, known, np.zeros(0) if self.static is None else self.static[k]))
        return tracks

    def ahead(self, X: Any, steps: Sequence[int], missing: str) -> list[np.ndarray]:
        """Known covariates (steps, known) of so many steps to come, for each series; NaN as `missing` says.

        Raises:
            InvalidInput: where there are none and should be, or some and should not.

        """
        each = self.observed.each
        if not self.known:
            if X is not None:
                raise InvalidInput("X: this forecaster was fitted without exogenous values")
            return [np.zeros((count, 0)) for count in steps]
        if X is None:
            raise InvalidInput(
                f"X: this forecaster was fitted with exogenous values ({', '.join(map(str, self.known[0].names))}); "
                f"give those of the {max(steps)} steps to come"
            )
        given = _one_each(X, self.observed, "X")
        return [
            covariates(some, one.timeline.continued(count), columns=known.names, missing=missing).values
            for some, one, known, count in zip(given, each, self.known, steps)
        ]

    def following(self, y: Any, missing: str) -> list[MeasuredSeries]:
        """New observations of each series, behind the old ones.

        Raises:
            InvalidInput: other variables, or steps that do not follow.

        """
        given = _one_each(y, self.observed, "y")
        new = [one_series(some, missing=missing, like=one) for some, one in zip(given, self.observed.each)]
        for one, more in zip(self.observed.each, new):
            one.timeline.followed_by(more.timeline)
        return new

    def longer(self, y: Any, X: Any, past: Any, missing: str) -> "Histories":
        """With new observations behind the old ones. Raises as `following` and `ahead`."""
        old, new = self.observed, self.following(y, missing)
        each = tuple(_joined(one, more) for one, more in zip(old.each, new))
        rows = self.ahead(X, [len(one) for one in new], missing)
        known = tuple(_longer(one, more) for one, more in zip(self.known, rows))
        beside = self.past
        if self.past:
            if past is None:
                raise InvalidInput("past: this forecaster was fitted with past covariates; give those of the new steps")
            rows = [
                covariates(some, more.timeline, columns=have.names, missing=missing, what="past").values
                for some, more, have in zip(_one_each(past, old, "past"), new, self.past)
            ]
            beside = tuple(_longer(one, more) for one, more in zip(self.past, rows))
        return replace(
            self,
            observed=each[0] if isinstance(old, MeasuredSeries) else replace(old, each=each),
            known=known,
            past=beside,
            chains=tuple(chain.advance(more.values) for chain, more in zip(self.chains, new)),
            past_chains=tuple(
                chain.advance(one.values[len(had) :]) for chain, one, had in zip(self.past_chains, beside, self.past)
            ),
        )


def read_histories(y: Any, X: Any, past: Any, static: Any, *, missing: str, least: int) -> Histories:
    """What a user gave, checked against each other; not yet transformed.

    Raises:
        InvalidInput, InvalidType: see `mnemon.series.as_series` and `covariates`.

    """
    observed = as_series(y, missing=missing, least=least)
    known, beside = (
        ()
        if given is None
        else tuple(
            covariates(some, one.timeline, missing=missing, what=what)
            for some, one in zip(_one_each(given, observed, what), observed.each)
        )
        for given, what in ((X, "X"), (past, "past"))
    )
    return Histories(observed, past=beside, known=known, static=_static(static, len(observed.each)))


def _static(static: Any, count: int) -> np.ndarray | None:
    """(series, static), each to mean 0 and deviation 1 over the series."""
    if static is None:
        return None
    try:
        table = np.asarray(static, np.float64)
    except (TypeError, ValueError):
        raise InvalidInput("static: expected numbers (series, covariates)") from None
    table = table[None] if table.ndim == 1 and count == 1 else table
    if table.ndim != 2 or len(table) != count or not np.all(np.isfinite(table)):
        raise InvalidInput(
            f"static: expected finite numbers ({count}, covariates), a row a series; got shape {table.shape}"
        )
    spread = table.std(axis=0)
    return (table - table.mean(axis=0)) / np.where(spread > 0, spread, 1.0)


def _one_each(given: Any, observed: Observed, what: str) -> list[Any]:
    """What was given for each series: itself where there is one series only."""
    if isinstance(observed, MeasuredSeries):
        return [given]
    if given is None:
        return [None] * len(observed)
    if observed.kind == "list" and isinstance(given, list | tuple) and len(given) == len(observed):
        return list(given)
    if getattr(getattr(given, "index", None), "nlevels", 1) == 2:
        given = {name: part.droplevel(0) for name, part in given.groupby(level=0, sort=False)}  # pyright: ignore[reportAttributeAccessIssue]
    if isinstance(given, dict) and set(given) == set(observed.names):
        return [given[name] for name in observed.names]
    raise InvalidInput(
        f"{what}: expected one for each of the {len(observed)} series, as they were given "
        f"({observed.kind} of {', '.join(map(str, observed.names[:6]))})"
    )


def _joined(old: MeasuredSeries, new: MeasuredSeries) -> MeasuredSeries:
    timeline = old.timeline.followed_by(new.timeline)
    return MeasuredSeries(np.concatenate([old.values, new.values]), old.names, timeline, old.kind)


def _longer(old: MeasuredSeries, rows: np.ndarray) -> MeasuredSeries:
    timeline = old.timeline.part(0, len(old) + len(rows))
    return MeasuredSeries(np.concatenate([old.values, rows]), old.names, timeline, old.kind)
