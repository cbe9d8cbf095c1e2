"""All experiments by name."""

from ._experiment import Experiment
from ._latching_contexts import LATCHING_CONTEXT_IDENTITY, LATCHING_CONTEXT_ZERO
from ._latching_pretraining import LATCHING_PRETRAINING
from ._latching_rules import LATCHING_RULES

_ALL: tuple[Experiment, ...] = (
    LATCHING_RULES,
    LATCHING_PRETRAINING,
    LATCHING_CONTEXT_ZERO,
    LATCHING_CONTEXT_IDENTITY,
)
EXPERIMENTS: dict[str, Experiment] = {experiment.name: experiment for experiment in _ALL}
