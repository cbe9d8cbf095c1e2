"""Whole groups held out: no speaker, no machine, stands in both parts."""

import warnings
from typing import Any

import numpy as np
from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold

from ..errors import InvalidInput


def groups_held_out(
    groups: Any, share: float, seed: int | None, classes: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Rows kept and rows held out, about a `share` of all.

    Args:
        groups: (n,) the group of each.
        share: how much is wanted; what comes out depends on how large the groups are.
        seed: of the draw.
        classes: (n,) class numbers: all classes are then kept, and held out as well where that can be had.

    Raises:
        InvalidInput: one group only, or a class that all such parts would lack.

    """
    every = np.unique(groups)
    if len(every) < 2:
        raise InvalidInput(f"groups: all are of {every[0]!s}; there is none to hold out")
    rows = np.zeros(len(groups))
    if classes is None:
        return next(GroupShuffleSplit(1, test_size=share, random_state=seed).split(rows, None, groups))
    folds = min(max(round(1 / share), 2), len(every))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes with fewer members than folds, which is nobody's mistake
        try:
            splits = list(StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(rows, classes, groups))
        except ValueError:
            raise InvalidInput("groups: every class has too few sequences to hold a part out") from None
    known = len(np.unique(classes))
    splits = [(kept, out) for kept, out in splits if len(np.unique(classes[kept])) == known]
    if not splits:
        raise InvalidInput("groups: there is a class that only one group has; whole groups cannot be held out")
    return max(splits, key=lambda split: len(np.unique(classes[split[1]])))  # the first of the best
