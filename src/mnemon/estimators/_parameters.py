"""What can be wrong with an estimator's parameters, in sentences."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import MnemonError, suggest
from ..learning import Learner, Store
from ._hearing import features_problems
from ._parts import cell_maker, gradient_rule, update_rule

MISSING = ("error", "interpolate", "mask")


def parameter_problems(me: Any) -> list[str]:
    """A sentence for each parameter, of those that all estimators of sequences have, that is wrong."""
    problems = []
    for name in ("units", "layers"):
        problems += whole_problems(me, name, 1)
    for name in ("segment_length", "embedding"):
        problems += whole_problems(me, name, 1, none=True)
    if me.missing not in MISSING:
        problems.append(f"missing={me.missing!r}: {suggest(str(me.missing), MISSING)}")
    return problems + features_problems(me.features) + _tried(lambda: cell_maker(me.cell)) + training_problems(me)


def training_problems(me: Any) -> list[str]:
    """A sentence for each parameter of training that is wrong."""
    problems = []
    for name in ("epochs", "n_networks"):
        problems += whole_problems(me, name, 1)
    problems += whole_problems(me, "batch_size", 1, none=True)
    for name, open_below, top in (("validation_fraction", True, 1.0), ("dropout", False, 1.0)):
        value = getattr(me, name)
        inside = isinstance(value, int | float | np.floating) and 0 <= value < top
        if not inside or (open_below and value == 0):
            problems.append(f"{name}={value!r}: expected a share in {'(' if open_below else '['}0, 1)")
    if not isinstance(me.learning_rate, int | float | np.floating) or not 0 < me.learning_rate < float("inf"):
        problems.append(f"learning_rate={me.learning_rate!r}: expected a positive number")
    if me.precision not in ("float32", "float64"):
        problems.append(f"precision={me.precision!r}: expected 'float32' or 'float64'")
    stopping = me.early_stopping
    if not isinstance(stopping, bool | np.bool_) and not (isinstance(stopping, int | np.integer) and stopping >= 1):
        problems.append(f"early_stopping={stopping!r}: expected True, False, or epochs to wait")
    if not isinstance(me.callbacks, list | tuple) or not all(callable(one) for one in me.callbacks):
        problems.append(f"callbacks={me.callbacks!r}: expected functions of a Progress, in a tuple or a list")
    if me.store is not None and not isinstance(me.store, Store):
        problems.append(f"store: expected a Store, got {type(me.store).__name__}")
    problems += _tried(lambda: gradient_rule(me.gradient))
    optimizer = me._chosen_optimizer()
    if not isinstance(optimizer, Learner):
        problems += _tried(lambda: update_rule(optimizer, me.learning_rate))
    return problems


def _tried(check: Callable[[], object]) -> list[str]:
    """What a check raises, in its words."""
    try:
        check()
    except MnemonError as problem:
        return [str(problem)]
    return []


def class_weight_problems(weight: Any) -> list[str]:
    """A sentence where `class_weight` is wrong."""
    if isinstance(weight, str) and weight != "balanced":
        return [f"class_weight={weight!r}: {suggest(weight, ['balanced'])}, None, or a weight by class"]
    if isinstance(weight, dict):
        numbers = (int, float, np.number)
        if wrong := {k: v for k, v in weight.items() if not (isinstance(v, numbers) and 0 <= v < np.inf)}:
            return [f"class_weight={wrong!r}: expected finite numbers of at least 0"]
    elif weight is not None and not isinstance(weight, str):
        return [f"class_weight: expected 'balanced', a dict or None; got {type(weight).__name__}"]
    return []


def whole_problems(me: Any, name: str, least: int, *, none: bool = False) -> list[str]:
    """A sentence where a parameter is no whole number of at least `least`."""
    value = getattr(me, name)
    if none and value is None:
        return []
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        return [f"{name}={value!r}: expected a whole number of at least {least}" + none * " or None"]
    return []
