"""Numbers of an update that may differ by member, and may fall, or rise, from update to update."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...errors import InvalidInput

Number = float | Sequence[float] | np.ndarray | Array


class Annealed(eqx.Module):
    """A positive number that goes from `start` to `end` by the same factor at each update, and then stays.

        r(k) = start (end / start)^min(k / updates, 1)        at the k-th update, from 0

    Args:
        start, end: positive numbers, or one a network of the population.
        updates: after how many updates the end is reached, at least 1.

    Raises:
        InvalidInput: numbers that are not positive and finite.

    Example:
        >>> from mnemon.learning import Annealed
        >>> round(float(Annealed(100.0, 1.0, 10)(5)), 4)
        10.0

    """

    start: Number
    end: Number
    updates: Number

    def __check_init__(self) -> None:
        for name in ("start", "end", "updates"):
            check_numbers("Annealed", name, getattr(self, name), positive=True)
        if np.any(np.asarray(self.updates) < 1):
            raise InvalidInput(f"Annealed: updates={self.updates!r}; expected at least 1")

    def __call__(self, count: Any) -> Float[Array, ""]:
        """The number at the update after `count` others."""
        start, end, updates = (
            jnp.asarray(number, _float(self.start)) for number in (self.start, self.end, self.updates)
        )
        share = jnp.minimum(jnp.asarray(count).astype(start.dtype) / updates, jnp.ones_like(updates))
        return start * (end / start) ** share


def check_numbers(who: str, name: str, value: Any, *, positive: bool) -> None:
    """Raise `InvalidInput` unless `value` is a finite number, or one a network: above 0, or at least 0."""
    if isinstance(value, Annealed):
        return
    try:
        numbers = np.asarray(value, float)
    except (TypeError, ValueError):
        numbers = np.full(1, np.nan)
    right = np.isfinite(numbers) & (numbers > 0 if positive else numbers >= 0)
    if numbers.ndim > 1 or not right.all():
        least = "positive numbers" if positive else "numbers of at least 0"
        raise InvalidInput(f"{who}: {name}={value!r}; expected {least}, one or one a network")


def spread(who: str, value: Any, members: int, dtype: Any) -> Any:
    """A number, or each of an `Annealed`, as an array (members,).

    Raises:
        InvalidInput: a list of numbers of another length.

    """
    if isinstance(value, Annealed):
        return Annealed(*(spread(who, number, members, dtype) for number in (value.start, value.end, value.updates)))
    array = np.asarray(value)
    if array.ndim and array.shape != (members,):
        raise InvalidInput(f"{who}: got {array.size} numbers for a population of {members} networks")
    return jnp.asarray(np.broadcast_to(array, (members,)), dtype)


def at_update(value: Any, count: Any, dtype: Any) -> Float[Array, ""]:
    """The number at the update after `count` others."""
    return jnp.asarray(value(count) if isinstance(value, Annealed) else value).astype(dtype)


def _float(value: Any) -> Any:
    return value.dtype if eqx.is_inexact_array(value) else jnp.result_type(float)
