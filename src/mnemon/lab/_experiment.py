"""The contract of an experiment: runs, each of which trains numbered networks, and an account of what came out.

An experiment is a published table or figure. Its runs are the cells of the table; those that stand in several tables
(a condition at a length) are the same run, and its results are shared.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Protocol, cast

from ._account import Account, Figure, Grid
from ._results import Record


class Run(Protocol):
    """One condition at one setting of the problem. A small frozen object: it travels to other processes."""

    @property
    def condition(self) -> str:
        """The name of its file of results."""
        ...

    @property
    def place(self) -> Mapping[str, Any]:
        """What tells it from other runs of the condition, e.g. `{"length": 60}`; part of each record."""
        ...

    @property
    def protocol(self) -> Mapping[str, Any]:
        """Every number that decides the results of its condition, at all places."""
        ...

    @property
    def unit(self) -> int:
        """How many networks are trained together."""
        ...

    def train(self, members: Sequence[int], seed: int, checkpoint: Path | None) -> list[Record]:
        """Train the networks of these numbers: a record each, with at least "network", "success" and "seconds"."""
        ...


class Placed:
    """A frozen dataclass that is a run: its place is the fields named in `PLACE`, its protocol all others.

    `REVISION` is part of the protocol where it is not 1: raise it when what a run does changes and none of its numbers
    does (a gradient rule that is mended), so that old results do not stand beside new ones.
    """

    PLACE: ClassVar[tuple[str, ...]] = ("length",)
    REVISION: ClassVar[int] = 1

    @property
    def place(self) -> dict[str, Any]:
        """See `Run`."""
        return {name: getattr(self, name) for name in self.PLACE}

    @property
    def protocol(self) -> dict[str, Any]:
        """See `Run`."""
        numbers: dict[str, Any] = asdict(cast("Any", self))
        own = {name: value for name, value in numbers.items() if name not in self.PLACE}
        return own if self.REVISION == 1 else {**own, "revision": self.REVISION}


class Experiment(Protocol):
    """One published table or figure."""

    @property
    def name(self) -> str:
        """As in `mnemon reproduce NAME`."""
        ...

    @property
    def title(self) -> str:
        """A line."""
        ...

    @property
    def networks(self) -> int:
        """How many networks the published experiment has."""
        ...

    @property
    def lengths(self) -> tuple[int, ...]:
        """The lengths of sequences it is made for."""
        ...

    def runs(self, lengths: Sequence[int], quick: bool) -> list[Run]:
        """What must be trained, in the order in which it is done."""
        ...

    def networks_of(self, run: Run, networks: int) -> int:
        """How many networks of a run are wanted where `networks` were asked for."""
        ...

    def account(self, records: Mapping[str, Sequence[Record]], lengths: Sequence[int], quick: bool) -> Account:
        """What the records (by condition) say."""
        ...


class Asked:
    """An experiment whose runs all get as many networks as are asked for, and whose account bears its own name."""

    name: str
    title: str
    question: str

    def networks_of(self, run: Run, networks: int) -> int:
        """All of them."""
        return networks

    def told(
        self,
        quick: bool,
        *,
        grids: tuple[Grid, ...],
        notes: Mapping[str, tuple[str, ...]],
        figures: tuple[Figure, ...] = (),
    ) -> Account:
        """An account of these tables, figures and notes."""
        return Account(self.name, self.title, self.question, quick, grids, figures, notes)


def mark_of(run: Run) -> str:
    """A short digest of a run's protocol."""
    text = json.dumps(run.protocol, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
