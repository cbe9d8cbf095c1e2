"""What the columns of a long table are for: found by their usual names, or as the user says."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mnemon.errors import raise_together, suggest

# What the columns are usually called, in lower case.
USUAL = {
    "id": ("id", "sequence", "sequence_id", "series", "series_id", "case"),
    "time": ("time", "t", "step", "timestamp", "index"),
    "label": ("label", "class", "y", "target"),
    "group": ("group", "subject", "speaker"),
    "boundary": ("boundary", "segment_end"),
    "symbol": ("symbol", "token", "activity"),
}

_NAMELESS = re.compile(r"|Unnamed: \d+")  # the second is how pandas calls them


def find_roles(
    columns: Sequence[str], asked: Mapping[str, str | None], channels: Sequence[str] | str | None, where: str
) -> dict[str, Any]:
    """The column of each role (None where there is none), and under "channels" the names of those of values.

    A column of symbols is found by its name only where no other column is left for values.

    Raises `InvalidInput` for names that are not there, two columns that could be meant, two roles of one column, a
    column of values without a name, and where nothing is left for values.
    """
    chosen = [channels] if isinstance(channels, str) else None if channels is None else list(channels)
    problems, found = [], {}
    taken = {*(chosen or ()), *(name for name in asked.values() if name)}
    for role, name in asked.items():
        if name is not None:
            found[role] = name
            if name not in columns:
                problems.append(f"{role}={name!r}: {suggest(str(name), columns)}")
            continue
        usual = [column for column in columns if column.strip().lower() in USUAL[role] and column not in taken]
        if len(usual) > 1 and role != "symbol":
            problems.append(f"{' and '.join(usual)} could both be the {role}; say which with {role}=")
        found[role] = usual[0] if len(usual) == 1 else None
        beside = [column for column in columns if column.strip().lower() == "x"]
        if role == "label" and [name.strip().lower() for name in usual] == ["y"] and beside and chosen is None:
            problems.append(
                f"{usual[0]} could be the label, or a channel beside {beside[0]}; say which with label= or channels="
            )
    for role, other in _pairs(asked):
        problems.append(f"column {asked[role]!r} cannot be both the {role} and the {other}")
    used = {name for role, name in found.items() if name and role != "symbol"}
    left = [name for name in columns if name not in used and name != found.get("symbol")]
    if asked.get("symbol") is not None:
        if chosen is not None:
            problems.append("symbol= and channels= exclude each other: steps are symbols, or numbers")
        chosen = []
    elif chosen is None:
        if left:  # one column of many is a symbol only by request
            found["symbol"] = None
        chosen = [name for name in columns if name not in used and name != found["symbol"]]
        if nameless := [name for name in chosen if _NAMELESS.fullmatch(name.strip())]:
            place = list(columns).index(nameless[0]) + 1
            problems.append(
                f"column {place} has no name; it may be a saved index rather than values: give it one, or name the "
                "columns of values with channels="
            )
    else:
        found["symbol"] = None
        problems += [f"channels: {name!r}: {suggest(str(name), columns)}" for name in chosen if name not in columns]
        problems += [f"channels: {name!r} is there twice" for name in dict.fromkeys(chosen) if chosen.count(name) > 1]
        problems += [
            f"column {name!r} cannot be both the {role} and a channel"
            for role, name in asked.items()
            if name is not None and name in chosen
        ]
    if not chosen and found["symbol"] is None and not problems:
        problems.append(f"no column is left for values (columns: {', '.join(columns)})")
    raise_together(problems, where)
    return {**found, "channels": chosen}


def _pairs(asked: Mapping[str, str | None]) -> list[tuple[str, str]]:
    """Roles that were given the same column."""
    named = [(role, name) for role, name in asked.items() if name is not None]
    return [(a, b) for k, (a, x) in enumerate(named) for b, y in named[k + 1 :] if x == y]
