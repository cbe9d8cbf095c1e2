"""Regression: units of the targets, several outputs, streams, files, and scikit-learn's tools."""

import numpy as np
import pytest
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_score
from specimens import CHANNELS, LENGTHS, PROBE, N, X, assert_same, weights

import mnemon
from mnemon import SequenceRegressor
from mnemon.errors import InvalidInput
from mnemon.learning import Ridge

ONE = np.array([100 + 50 * array[-1, 0] for array in X])
TWO = np.stack([ONE, -3 * ONE + 1e4], axis=1)


def small(**parameters):
    defaults = {"cell": "elman", "units": 4, "epochs": 2, "batch_size": 8, "learning_rate": 0.05, "dropout": 0.0}
    return SequenceRegressor(**defaults | {"random_state": 0} | parameters)


def test_it_learns_in_the_units_of_the_targets():
    regressor = small(epochs=150).fit(X, ONE)
    assert regressor.predict(X).shape == (N,)
    assert regressor.score(X, ONE) == pytest.approx(r2_score(ONE, regressor.predict(X)))
    assert regressor.score(X, ONE) > 0.9
    both = small(epochs=150).fit(X, TWO)
    assert both.predict(X).shape == (N, 2)
    assert both.score(X, TWO) > 0.9


def test_the_loss_is_in_deviations_of_the_target():
    first, second = (small(optimizer="sgd", learning_rate=1e-9, epochs=1).fit(X, y) for y in (ONE, ONE * 1e3 - 7))
    np.testing.assert_allclose(first.history_["loss"], second.history_["loss"], rtol=1e-5)
    np.testing.assert_allclose(second.predict(X), first.predict(X) * 1e3 - 7, rtol=1e-5)


def test_a_column_stays_a_column():
    column = small().fit(X, ONE[:, None])
    assert column.predict(X).shape == (N, 1)
    assert_same([column.predict(X)[:, 0]], [small().fit(X, ONE).predict(X)])


def test_a_constant_target_is_learnt_as_itself():
    assert np.abs(small(epochs=40).fit(X, np.full(N, 7.0)).predict(X) - 7).max() < 0.5


@pytest.mark.parametrize("targets", [ONE, TWO], ids=["one", "two"])
def test_files_and_partial_fits(targets, tmp_path):
    regressor = small(n_networks=2).fit(X, targets)
    loaded = mnemon.load(regressor.save(tmp_path / "m.safetensors"))
    assert_same([loaded.predict(PROBE)], [regressor.predict(PROBE)])
    assert_same(weights(loaded.partial_fit(X, targets)), weights(regressor.partial_fit(X, targets)))
    assert "whose answers are averaged" in loaded.summary()


def test_several_streams_at_once_are_the_predictions():
    regressor = small(n_networks=2).fit(X, TWO)
    rows = np.flatnonzero(LENGTHS == 5)
    stream = regressor.predict_stream(streams=len(rows))
    for t in range(5):
        said = stream.push(np.stack([X[k][t] for k in rows]))
    np.testing.assert_allclose(said, regressor.predict(X[rows]), rtol=1e-5)


def test_recordings_by_windows():
    regressor = small().fit(X, ONE)
    long = np.concatenate(list(X))[:17]
    ((starts, said),) = regressor.predict_windows([long], length=5, step=4)
    assert starts.tolist() == [0, 4, 8, 12]
    np.testing.assert_allclose(said, regressor.predict([long[s : s + 5] for s in starts]), rtol=1e-5)
    starts, said = regressor.predict_windows([long, long[:3]], length=5)[1]
    assert starts.tolist() == [0]
    np.testing.assert_allclose(said, regressor.predict([long[:3]]), rtol=1e-5)


def test_early_stopping_and_validation_data():
    stopped = small(early_stopping=3, epochs=400, validation_fraction=0.25).fit(X, ONE)
    assert stopped.result_.best_epoch == np.argmin(stopped.history_["validation_loss"]) + 1
    judged = small(early_stopping=True).fit(X, ONE, validation_data=(PROBE, ONE[:8]))
    cost = np.square((judged.predict(PROBE) - ONE[:8]) / ONE.std()).mean()
    assert judged.history_["validation_loss"].min() == pytest.approx(cost, rel=1e-4)


def test_a_reservoir_is_solved_for():
    regressor = small(cell="leakyesn", units=30, optimizer=Ridge(1e-6)).fit(X, TWO)
    assert regressor.score(X, TWO) > 0.9
    assert regressor.result_.sentence == "was solved in closed form"
    assert regressor.network_.weight_count() == 2 * 31


def test_scikit_learn_searches():
    assert cross_val_score(small(), X, ONE, cv=2).shape == (2,)


def test_mistakes_are_told():
    for y, words in [
        (None, "target y is None"),
        (["a"] * N, "could not convert|dtype"),
        (ONE[:-1], "24 sequences but 23 targets"),
        (np.where(np.arange(N) == 3, np.nan, ONE), "NaN"),
        (np.zeros((N, 2, 2)), "dim"),
    ]:
        with pytest.raises(ValueError, match=words):
            small().fit(X, y)
    fitted = small().fit(X, ONE)
    with pytest.raises(InvalidInput, match="1 numbers a sequence are expected"):
        fitted.partial_fit(X, TWO)
    with pytest.raises(InvalidInput, match="expecting 2 features"):
        fitted.predict(np.zeros((2, 4, CHANNELS + 1)))
    with pytest.raises(InvalidInput, match="streams=0"):
        fitted.predict_stream(0)
    with pytest.raises(InvalidInput, match="push expects 3 frames, one a stream; got 2"):
        fitted.predict_stream(3).push(np.zeros((2, CHANNELS)))
