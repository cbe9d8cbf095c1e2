"""What can be wrong with a forecaster's parameters, in sentences."""

from typing import Any

import numpy as np

from ..errors import suggest
from ..learning import Ridge
from ._forecast_models import model_problems
from ._parameters import training_problems, whole_problems
from ._told import OUTPUTS


def forecast_problems(me: Any) -> list[str]:
    """A sentence for each parameter of a `Forecaster` that is wrong."""
    problems = model_problems(me.model) if me.network is None else []
    units = me.units if isinstance(me.units, tuple | list) else (me.units,)
    if not units or not all(isinstance(n, int | np.integer) and n >= 1 for n in units):
        problems.append(f"units={me.units!r}: expected a whole number of at least 1, or a tuple of them")
    for name in ("window", "steps_ahead"):
        problems += whole_problems(me, name, 1)
    for name in ("taps", "period", "keep"):
        problems += whole_problems(me, name, 1, none=True)
    problems += whole_problems(me, "warmup", 0, none=True)
    if isinstance(me.keep, int) and isinstance(me.n_networks, int) and me.keep > me.n_networks:
        problems.append(f"keep={me.keep}: there are n_networks={me.n_networks}")
    if me.output not in OUTPUTS:
        problems.append(f"output={me.output!r}: {suggest(str(me.output), OUTPUTS)}")
    if me.output == "quantiles" and not _levels(me.quantiles):
        problems.append(f"quantiles={me.quantiles!r}: expected increasing levels between 0 and 1")
    if not isinstance(me.scheduled_sampling, int | float) or not 0 <= me.scheduled_sampling <= 1:
        problems.append(f"scheduled_sampling={me.scheduled_sampling!r}: expected a share from 0 to 1")
    elif me.scheduled_sampling and me.steps_ahead != 1:
        problems.append("scheduled_sampling and steps_ahead > 1: each says where own answers are read; choose one")
    if is_ridge(me._chosen_optimizer()) and (me.scheduled_sampling or me.steps_ahead != 1 or me.output != "point"):
        problems.append(
            "optimizer: ridge solves for the error one step ahead; steps_ahead > 1, scheduled_sampling and other "
            "outputs than 'point' need one that descends, such as 'adam'"
        )
    return problems + training_problems(me)


def is_ridge(optimizer: Any) -> bool:
    """Whether an optimizer, or its name, is ridge regression."""
    return isinstance(optimizer, Ridge) or (isinstance(optimizer, str) and optimizer == "ridge")


def _levels(quantiles: Any) -> bool:
    try:
        levels = np.atleast_1d(np.asarray(quantiles, float))
    except (TypeError, ValueError):
        return False
    return bool(levels.size and np.all((levels > 0) & (levels < 1)) and np.all(np.diff(levels) > 0))
