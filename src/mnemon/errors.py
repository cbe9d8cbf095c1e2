"""The exceptions of the package, and the small helpers that word them.

Every mistake of a user raises an `InvalidInput` (a `ValueError`) or an `InvalidType` (a `TypeError`); both are
`MnemonError`s. A message says what was expected, what came, and what to do; all problems of one call stand together.
"""

import difflib
from collections.abc import Iterable


class MnemonError(Exception):
    """Base of everything that Mnemon raises on purpose."""


class InvalidInput(MnemonError, ValueError):
    """A value that cannot be used: wrong shape, not finite, unknown name, unreadable file."""


class InvalidType(MnemonError, TypeError):
    """An object of a kind that cannot be used."""


class ModelFileError(InvalidInput):
    """A model file that cannot be read: foreign, truncated, newer, or at odds with its own description."""


def suggest(name: str, known: Iterable[str]) -> str:
    """A sentence that lists the `known` names and, where one is close to `name`, proposes it."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    choices = "known: " + ", ".join(known)
    return f"did you mean {close[0]!r}? ({choices})" if close else choices


def raise_together(problems: list[str], what: str, *, most: int = 6) -> None:
    """Raise one `InvalidInput` naming the `problems` of `what`, at `most` so many; do nothing where there are none."""
    if len(problems) == 1:
        raise InvalidInput(f"{what}: {problems[0]}")
    if problems:
        more = [f"... and {len(problems) - most} more"] if len(problems) > most else []
        listed = "\n".join(f"  - {p}" for p in problems[:most] + more)
        raise InvalidInput(f"{what}: {len(problems)} problems\n{listed}")
