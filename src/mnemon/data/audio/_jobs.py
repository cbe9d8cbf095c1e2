"""Many recordings: one after another or in processes, with a bar, and all their problems told together."""

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from mnemon.data.audio._given import Given
from mnemon.errors import InvalidInput, raise_together

MOST = 20  # problems told at once


def each(
    work: Callable[[int, Given], Any], given: list[Given], what: str, *, n_jobs: int | None = 1, verbose: int = 0
) -> list[Any]:
    """What `work` makes of each recording (its number, itself), in order.

    Processes, not threads: the library of spectra holds Python's lock while it works.

    Raises:
        InvalidInput: all recordings of which `work` raised one.

    """
    calls = list(enumerate(given))
    if n_jobs in (None, 1) or len(given) == 1:
        found: Iterable[Any] = (_guarded(work, k, one) for k, one in calls)
    else:
        from joblib import Parallel, delayed

        together: Any = min(1 + len(given) // 8, 16)  # so the work itself travels seldom
        found = Parallel(n_jobs=n_jobs, return_as="generator", batch_size=together)(
            delayed(_guarded)(work, k, one) for k, one in calls
        )
    results = list(_watched(found, len(given), what) if verbose else found)
    raise_together([one for one in results if isinstance(one, str)], what, most=MOST)
    return results


def _guarded(work: Callable[[int, Given], Any], k: int, one: Given) -> Any:
    """The result, or the problem in words that name the recording."""
    try:
        return work(k, one)
    except InvalidInput as error:
        text = str(error)
        return text if text.startswith(one.name) else f"{one.name}: {text}"


def _watched(found: Iterable[Any], total: int, what: str) -> Iterator[Any]:
    """The same things, counted by a bar on standard error; silent where that is no terminal."""
    if not sys.stderr.isatty():
        yield from found
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(found, description=what, total=total, console=Console(stderr=True))
