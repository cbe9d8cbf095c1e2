"""All experiments by name."""

from ._adding import ADDING
from ._clipping import CLIPPING
from ._counting import ANBN, ANBNCN
from ._counting_kalman import COUNTING_KALMAN
from ._digits import DIGITS_EXPERIMENT
from ._embedded_reber import EMBEDDED_REBER
from ._emotion_best import EMOTION_BEST
from ._emotion_smrnn_hmm import EMOTION_SMRNN_HMM
from ._experiment import Experiment
from ._hessian_free_suite import HESSIAN_FREE_SUITE
from ._latching_contexts import LATCHING_CONTEXT_IDENTITY, LATCHING_CONTEXT_ZERO
from ._latching_grid import LATCHING_GRID
from ._latching_horizon import LATCHING_HORIZON
from ._latching_pretraining import LATCHING_PRETRAINING
from ._latching_recommended import LATCHING_RECOMMENDED
from ._latching_rules import LATCHING_RULES
from ._latching_setting import LATCHING_SETTING
from ._latching_why import LATCHING_WHY
from ._mackey_glass_horizon import MACKEY_GLASS_HORIZON
from ._multi_step_laser import MULTI_STEP_LASER
from ._narma import NARMA
from ._nmse_single_step import SINGLE_STEP
from ._parity_guessing import PARITY_GUESSING
from ._process_identification import PROCESS_IDENTIFICATION
from ._rule_cost import RULE_COST
from ._statements import STATEMENTS_EXPERIMENT
from ._temporal_order import TEMPORAL_ORDER, TEMPORAL_ORDER_3
from ._two_sequence import TWO_SEQUENCE
from ._weight_distribution import WEIGHT_DISTRIBUTION

_ALL: tuple[Experiment, ...] = (
    LATCHING_RULES,
    LATCHING_PRETRAINING,
    LATCHING_CONTEXT_ZERO,
    LATCHING_CONTEXT_IDENTITY,
    LATCHING_SETTING,
    LATCHING_WHY,
    LATCHING_GRID,
    WEIGHT_DISTRIBUTION,
    RULE_COST,
    LATCHING_RECOMMENDED,
    LATCHING_HORIZON,
    STATEMENTS_EXPERIMENT,
    PARITY_GUESSING,
    EMBEDDED_REBER,
    ANBN,
    ANBNCN,
    COUNTING_KALMAN,
    ADDING,
    TWO_SEQUENCE,
    TEMPORAL_ORDER,
    TEMPORAL_ORDER_3,
    CLIPPING,
    HESSIAN_FREE_SUITE,
    NARMA,
    SINGLE_STEP,
    MULTI_STEP_LASER,
    MACKEY_GLASS_HORIZON,
    PROCESS_IDENTIFICATION,
    EMOTION_SMRNN_HMM,
    EMOTION_BEST,
    DIGITS_EXPERIMENT,
)
EXPERIMENTS: dict[str, Experiment] = {experiment.name: experiment for experiment in _ALL}
