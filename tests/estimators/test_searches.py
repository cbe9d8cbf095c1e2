"""Learners without gradients as `optimizer`: they train, are saved and loaded, and go on from there."""

import numpy as np
import pytest
from specimens import PROBE, X, small, y

from mnemon.estimators import load
from mnemon.learning import (
    CellularGenetic,
    CmaEs,
    Evolino,
    EvolutionStrategy,
    Optax,
    RandomGuessing,
    Ridge,
    SimulatedAnnealing,
)

SEARCHES = {
    "guessing": RandomGuessing(2.0, draws=8),
    "annealing": SimulatedAnnealing(0.05, 0.3, halved=20, proposals=8),
    "strategy": EvolutionStrategy(0.3, offspring=8),
    "grid that learns": CellularGenetic((2, 2), learn=Optax("sgd", 0.1)),
    "CMA-ES": CmaEs(0.3, offspring=8),
    "Evolino": Evolino(4),
    "ridge": Ridge(1e-3),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_trains_is_saved_and_goes_on(name, tmp_path):
    if name == "CMA-ES":
        pytest.importorskip("cmaes", reason="the extra 'evolution' is not installed")
    classifier = small(optimizer=SEARCHES[name], batch_size=None, epochs=3).fit(X, y)
    loss = classifier.history_["loss"]
    assert loss[-1] <= loss[0]
    path = tmp_path / "model.safetensors"
    classifier.save(path)
    loaded = load(path)
    np.testing.assert_array_equal(loaded.predict_proba(PROBE), classifier.predict_proba(PROBE))
    further = [one.partial_fit(X, y).history_["loss"] for one in (classifier, loaded)]
    assert len(further[0]) == len(loss) + 1
    np.testing.assert_array_equal(*further)
