"""scikit-learn's own checks of an estimator, on rows of numbers: each is read as a series of one channel."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks
from specimens import CHANNELS, N, X, assert_same, small, y

from mnemon import SequenceClassifier, SequenceRegressor, Sequences


class Failure(NamedTuple):
    """Why a check cannot pass, and what it then says: any other failure is one of ours."""

    reason: str
    says: str


STEPS = "a row of k numbers is a series of k steps of one channel, and series may be of any length; "
EXPECTED = {
    "check_n_features_in": Failure(STEPS + "n_features_in_ counts channels", "^$"),
    "check_n_features_in_after_fitting": Failure(STEPS + "channels are what must agree", "n_features_in_"),
    "check_estimators_partial_fit_n_features": Failure(
        STEPS + "channels are what must agree", "does not raise an error when the number of features changes"
    ),
    "check_classifiers_train": Failure(
        STEPS + "the check ends by asking for an error at rows of another length; accuracy and shapes, which it asks "
        "for before, are as it wants them",
        "does not raise an error when the number of features in predict",
    ),
    "check_sample_weight_equivalence_on_dense_data": Failure(
        "channels are standardised by what was measured, whatever it counts; batches are drawn from rows, and a row "
        "that counts twice is drawn once; see test_a_sequence_of_weight_two_is_two_sequences",
        "Not equal to tolerance",
    ),
}


SETTINGS: dict[str, Any] = {
    "cell": "elman", "units": 4, "epochs": 30, "learning_rate": 0.05, "batch_size": None, "dropout": 0.0,
    "random_state": 0,
    "precision": "float64",  # checks compare answers to a row alone and among others to 1e-7
}  # fmt: skip


@parametrize_with_checks([SequenceClassifier(**SETTINGS)])
def test_scikit_learns_own_checks(estimator, check):
    passes(estimator, check)


@pytest.mark.slow
@parametrize_with_checks([SequenceRegressor(**SETTINGS | {"epochs": 150, "units": 8})])
def test_scikit_learns_own_checks_of_a_regressor(estimator, check):
    passes(estimator, check)


def passes(estimator, check):
    """A check passes, or fails as it is known to."""
    expected = EXPECTED.get(check.func.__name__)
    if expected is None:
        check(estimator)
        return
    with pytest.raises(AssertionError, match=expected.says):
        check(estimator)


def test_what_the_check_of_training_asks_for_last():
    """Its remaining demands, with series of another number of channels where it has rows of another length."""
    classifier = small().fit(X, y)
    more = Sequences([np.ones((4, CHANNELS + 1))])
    for method in (classifier.predict, classifier.predict_proba):
        with pytest.raises(ValueError, match="but SequenceClassifier is expecting 2 features as input"):
            method(more)
    said = classifier.predict_proba(X)
    assert said.shape == (N, 2)
    assert_same([said.argmax(axis=1)], [(classifier.predict(X) == "up").astype(int)])


def test_a_sequence_of_weight_two_is_two_sequences():
    """Where nothing depends on how rows are counted: whole batches, and no standardising."""
    counts = np.tile([1, 2, 0, 3], N // 4)
    whole = small(batch_size=None, standardize=False, precision="float64", epochs=3)
    weighted = whole.fit(X, y, sample_weight=counts).predict_proba(X)
    rows = np.repeat(np.arange(N), counts)
    np.testing.assert_allclose(whole.fit(X[rows], y[rows]).predict_proba(X), weighted, rtol=1e-9)
