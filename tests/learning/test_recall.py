"""Every rule learns to recall a symbol over a stretch of noise, by the usual updates: floors in one table."""

import numpy as np
import pytest
from toys import by, fit, population, recall

from mnemon.learning import BPTT, Optax, TruncatedBPTT, Until, answers

TRAIN, TEST = recall(48, steps=6), recall(100, steps=6, seed=1)
UPDATES = {"adam": Optax("adam", 0.03), "sgd with momentum": Optax("sgd", 0.1, momentum=0.9)}
# Least mean accuracy on new sequences, of eight networks; guessing gives one half.
FLOORS = {
    (BPTT(), "adam"): 0.97,
    (BPTT(), "sgd with momentum"): 0.97,
    (TruncatedBPTT(6), "adam"): 0.97,
    (TruncatedBPTT(6), "sgd with momentum"): 0.97,
}


@pytest.mark.parametrize("rule, update", FLOORS, ids=str)
def test_recalls(rule, update):
    solution = fit(population(8), by(UPDATES[update], None, rule), TRAIN, until=Until(epochs=100))
    right = (answers(solution.networks, TEST.xs).argmax(axis=2) == TEST.targets).mean(axis=1)
    assert np.mean(right) >= FLOORS[rule, update]
