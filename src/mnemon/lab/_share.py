"""A share of networks, in the words of a table."""

from .._statistics import wilson


def share(good: int, networks: int) -> tuple[str, str]:
    """How many of how many, "3 of 4", and the 95 % interval of the rate behind it in per cent, "30 to 95"."""
    low, high = wilson(good, networks)
    return f"{good} of {networks}", f"{100 * low:.0f} to {100 * high:.0f}"
