"""Estimators train by a Kalman filter where they are given one, and keep it in their file."""

import numpy as np
import pytest

from mnemon import SequenceClassifier, SequenceRegressor, load
from mnemon.data import japanese_vowels
from mnemon.errors import InvalidInput
from mnemon.learning import Annealed, DecoupledKalmanFilter, KalmanFilter


@pytest.mark.slow
def test_speakers_are_known_after_six_passes_over_half_of_them(tmp_path):
    train, test = japanese_vowels()
    update = DecoupledKalmanFilter(10.0, Annealed(10.0, 0.1, 20), 1e-5)
    model = SequenceClassifier("elman", units=5, optimizer=update, epochs=6, random_state=0)
    model.fit(train.X[::2], train.y[::2])
    assert model.score(test.X, test.y) > 0.8
    model.save(tmp_path / "speakers.safetensors")
    again = load(tmp_path / "speakers.safetensors")
    np.testing.assert_array_equal(again.predict_proba(test.X[:9]), model.predict_proba(test.X[:9]))
    assert again.optimizer == update


@pytest.mark.slow
def test_values_are_filtered_in_double_precision():
    random = np.random.default_rng(0)
    xs = random.normal(size=(24, 5, 2))
    model = SequenceRegressor(
        "elman", units=3, optimizer=KalmanFilter(), epochs=8, batch_size=1, precision="float64", random_state=0
    )
    model.fit(xs, xs[:, -2, 0])
    assert model.memory_.covariance.dtype == np.float64
    assert model.score(xs, xs[:, -2, 0]) > 0.9


def test_a_rule_without_jacobians_is_refused():
    model = SequenceClassifier(units=3, gradient="uoro", optimizer=KalmanFilter(), epochs=1)
    with pytest.raises(InvalidInput, match="KalmanFilter needs jacobian, which UORO does not give"):
        model.fit(np.zeros((4, 3, 2)), [0, 1, 0, 1])
