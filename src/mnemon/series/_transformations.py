"""Transformations by their names."""

from collections.abc import Iterable

from ..errors import InvalidInput, InvalidType, suggest
from ._differences import Difference, SeasonalDifference
from ._powers import BoxCox, Log
from ._scales import MinMax, Standardise
from ._transformation import Chain, Transformation

_NAMED: dict[str, type[Transformation]] = {
    "log": Log,
    "boxcox": BoxCox,
    "difference": Difference,
    "seasonal_difference": SeasonalDifference,
    "standardise": Standardise,
    "minmax": MinMax,
    "none": Chain,
}


def transformation(
    what: "str | Transformation | Iterable[str | Transformation] | None", *, period: int = 1
) -> Transformation:
    """What is to be done to a series: "log", "boxcox", "difference", "seasonal_difference", "standardise", "minmax".

    Args:
        what: a name; "none" or None for nothing; a transformation, which is passed on; several, for one after another.
        period: steps of a season, for "seasonal_difference".

    Raises:
        InvalidInput: an unknown name.
        InvalidType: something else.

    Example:
        >>> from mnemon.series import transformation
        >>> transformation(["log", "seasonal_difference"], period=12)
        Chain(parts=(Log(offset=None), SeasonalDifference(period=12)))

    """
    if what is None:
        return Chain()
    if isinstance(what, Transformation):
        return what
    if isinstance(what, str):
        if what not in _NAMED:
            raise InvalidInput(f"transformation {what!r}: {suggest(what, _NAMED)}")
        return SeasonalDifference(period) if what == "seasonal_difference" else _NAMED[what]()
    if isinstance(what, Iterable):
        return Chain(*(transformation(part, period=period) for part in what))
    raise InvalidType(f"transformation: expected a name, a transformation or several, got {what!r}")
