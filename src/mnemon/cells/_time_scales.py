"""Units in groups, each with a time scale of its own: what clockwork and hierarchical networks have in common."""

from collections.abc import Sequence

from ..errors import InvalidInput

MOST_GROUPS = 8


def time_scales(what: str, wanted: Sequence[int] | None, units: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The time scales of the groups, from fast to slow, and the number of units of each.

    Where none are `wanted`, 1, 2, 4 ...: eight groups, or one a unit where there are fewer. Units that do not divide
    evenly go to the faster groups.

    Raises:
        InvalidInput: none, or not positive whole numbers, or more than units; `what` names the argument.

    """
    scales = [2**k for k in range(min(MOST_GROUPS, units))] if wanted is None else sorted(wanted)
    if not scales or any(scale != int(scale) or scale < 1 for scale in scales):
        raise InvalidInput(f"{what}={wanted!r}; expected whole numbers from 1 on, such as (1, 2, 4, 8)")
    if len(scales) > units:
        raise InvalidInput(f"{what}={wanted!r}: {len(scales)} groups need at least {len(scales)} units, not {units}")
    share, rest = divmod(units, len(scales))
    return tuple(int(scale) for scale in scales), tuple(share + (k < rest) for k in range(len(scales)))
