"""What may be wrong with the parameters of features, all of it at once."""

import os
from typing import Any

import numpy as np

from mnemon.data.audio._augment import Augment
from mnemon.errors import suggest

NORMALIZE = ("utterance", "group")


def parameter_problems(features: Any) -> list[str]:
    """The problems of the parameters that all features have, in words."""
    rules = [
        ("rate", lambda v: v is None or is_whole(v, 1), "samples a second, such as 16000, or None"),
        ("window", lambda v: _is_number(v, 0.001, 10), "seconds, such as 0.025"),
        ("step", lambda v: _is_number(v, 0.001, 10), "seconds, such as 0.010"),
        ("filters", lambda v: is_whole(v, 3), "a whole number of at least 3"),
        ("preemphasis", lambda v: _is_number(v, 0, 1), "a number in [0, 1]"),
        ("energy", _is_bool, "True or False"),
        ("pitch", _is_bool, "True or False"),
        ("deltas", lambda v: is_whole(v, 0) and v <= 2, "0, 1 (slopes) or 2 (slopes of slopes, too)"),
        ("trim", _is_bool, "True or False"),
        ("augment", lambda v: v is None or isinstance(v, Augment), "an Augment(...) or None"),
        ("cache", lambda v: v is None or isinstance(v, str | os.PathLike), "a folder or None"),
        ("n_jobs", lambda v: v is None or (is_whole(v, -1024) and v != 0), "a number of processes, -1 for all cores"),
    ]
    problems = [
        f"{name}={value!r}: expected {expected}"
        for name, right, expected in rules
        if not right(value := getattr(features, name))
    ]
    if features.normalize is not None and features.normalize not in NORMALIZE:
        problems.append(f"normalize={features.normalize!r}: {suggest(str(features.normalize), NORMALIZE)}")
    return problems


def is_whole(value: Any, least: int) -> bool:
    """Whether it is a whole number of at least so much."""
    return not isinstance(value, bool) and isinstance(value, int | np.integer) and bool(value >= least)


def _is_number(value: Any, low: float, high: float) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float | np.number) and bool(low <= value <= high)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool | np.bool_)
