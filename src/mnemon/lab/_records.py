"""What is kept of a trained population: a record a network."""

from collections.abc import Sequence
from typing import Any

from ..learning import SENTENCES, Solution
from ._results import Record


def records_of(members: Sequence[int], solution: Solution, **more: Sequence[Any]) -> list[Record]:
    """The networks' numbers, whether they reached the criterion, how they ended, and how many sequences they used.

    Args:
        members: the numbers of the networks.
        solution: of their training.
        more: what else to keep, by name, one a network; plain numbers, strings or lists.

    """
    return [
        {
            "network": int(member),
            "success": result.reached,
            "ended": SENTENCES[result.code],
            "sequences": result.sequences,
            **{name: each[k] for name, each in more.items()},
        }
        for k, (member, result) in enumerate(zip(members, solution.results))
    ]
