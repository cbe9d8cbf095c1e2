"""The contract of a generated series, and what generators complain of."""

from typing import Any, Protocol

import numpy as np
from jaxtyping import PRNGKeyArray

from ..errors import InvalidInput, raise_together

# How far a ratio of times may be from a whole number.
_ROUNDING = 1e-9


class Series(Protocol):
    """A system whose values are observed at regular times. Everything is a function of its own numbers and the key."""

    @property
    def channels(self) -> tuple[str, ...]:
        """What is observed."""
        ...

    @property
    def reference(self) -> str:
        """The paper."""
        ...

    def series(self, n: int, key: PRNGKeyArray | None = None) -> np.ndarray:
        """`n` successive values (n, channels), float64."""
        ...


def check_points(series: Any, n: int) -> None:
    """Complain of a series of no points.

    Raises:
        InvalidInput: fewer than one.

    """
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise InvalidInput(f"{type(series).__name__}.series: n={n!r}; expected a whole number of at least 1")


def check_reals(series: str, **values: Any) -> None:
    """Complain of constants that are not finite.

    Raises:
        InvalidInput: some are not.

    """
    wrong = [
        f"{name}={value!r}; expected a finite number"
        for name, value in values.items()
        if isinstance(value, bool) or not isinstance(value, float | int | np.number) or not np.isfinite(value)
    ]
    raise_together(wrong, series)


def check_positive(series: str, **values: Any) -> None:
    """Complain of constants that are not finite and above 0.

    Raises:
        InvalidInput: some are not.

    """
    check_reals(series, **values)
    wrong = [f"{name}={value!r}; expected a number above 0" for name, value in values.items() if value <= 0]
    raise_together(wrong, series)


def steps_in(series: str, step: float, **time: float) -> int:
    """How many steps a time has.

    Raises:
        InvalidInput: not a whole number of them.

    """
    ((name, value),) = time.items()
    count = round(value / step)
    if count < 1 or abs(value / step - count) > _ROUNDING * count:
        raise InvalidInput(f"{series}: {name}={value:g} is no multiple of step={step:g}; expected 1, 2, 3 ... of them")
    return count


def check_bounded(series: Any, values: np.ndarray) -> np.ndarray:
    """The values, where all are finite.

    Raises:
        InvalidInput: the system left all bounds.

    """
    if not np.isfinite(values).all():
        at = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
        raise InvalidInput(f"{series!r} leaves all bounds at point {at} (washout counted); choose other constants")
    return values
