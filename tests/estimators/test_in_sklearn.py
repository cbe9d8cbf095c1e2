"""The classifier among scikit-learn's splitters, searches and pipelines, on sequences of unequal length."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    train_test_split,
)
from sklearn.pipeline import make_pipeline
from specimens import ARRAYS, N, X, assert_same, fitted, small, weights, y

from mnemon import Sequences

# Two folds of the same size: all fits below have one shape.
FOLDS = StratifiedKFold(2)


class Scaled(TransformerMixin, BaseEstimator):
    """Sequences in other units."""

    def __init__(self, factor=1.0):
        self.factor = factor

    def fit(self, X, y=None):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def transform(self, X):
        return Sequences.from_concatenated(self.factor * X.values, X.lengths)


def test_train_test_split():
    parts = train_test_split(X, y, test_size=12, stratify=y, random_state=0)
    classifier = small().fit(parts[0], parts[2])
    assert classifier.predict(parts[1]).shape == (12,)
    assert 0 <= classifier.score(parts[1], parts[3]) <= 1


@pytest.mark.parametrize("data", [X, ARRAYS], ids=["sequences", "list"])
def test_cross_validation_is_fitting_on_each_part(data):
    scores = cross_val_score(small(), data, y, cv=FOLDS)
    by_hand = [
        small().fit(X[rows], y[rows]).score(X[others], y[others]) for rows, others in FOLDS.split(np.zeros(N), y)
    ]
    assert_same(scores, by_hand)


@pytest.mark.slow
def test_cross_validation_in_two_processes():
    alone, together = (cross_val_predict(small(), X, y, cv=FOLDS, method="predict_proba", n_jobs=n) for n in (1, 2))
    assert alone.shape == (N, 2)
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_scorers_find_what_they_ask_for():
    found = cross_validate(small(), X, y, cv=FOLDS, scoring=["accuracy", "roc_auc", "neg_log_loss"])
    assert all(np.isfinite(found[f"test_{name}"]).all() for name in ("accuracy", "roc_auc", "neg_log_loss"))
    assert get_scorer("accuracy")(fitted(), X, y) == fitted().score(X, y)


def test_grid_search_over_a_pipeline():
    pipeline = make_pipeline(Scaled(), small())
    search = GridSearchCV(
        pipeline, {"scaled__factor": [1.0, 2.0], "sequenceclassifier__learning_rate": [1e-9, 0.05]}, cv=FOLDS
    ).fit(X, y)
    assert search.best_params_["sequenceclassifier__learning_rate"] == 0.05
    # Standardised, units do not matter: rows of the table differ in the rate alone.
    scores = search.cv_results_["mean_test_score"].reshape(2, 2)
    assert_same(scores[0], scores[1])
    assert search.predict(X).shape == (N,)


def test_sample_weights_are_routed_through_a_pipeline():
    counts = np.where(y == "up", 3.0, 1.0)
    pipeline = make_pipeline(Scaled(), small()).fit(X, y, sequenceclassifier__sample_weight=counts)
    assert_same(weights(pipeline[-1]), weights(small().fit(X, y, sample_weight=counts)))


def test_ensembles_and_calibration():
    voted = VotingClassifier([("one", small()), ("two", small(random_state=1))], voting="soft").fit(X, y)
    both = [fitted().predict_proba(X), small(random_state=1).fit(X, y == "up").predict_proba(X)]
    np.testing.assert_allclose(voted.predict_proba(X), np.mean(both, axis=0), atol=1e-6)
    calibrated = CalibratedClassifierCV(small(), cv=FOLDS).fit(X, y)
    assert calibrated.predict_proba(X).shape == (N, 2)


def test_tags():
    tags = clone(small()).__sklearn_tags__()
    assert tags.estimator_type == "classifier"
    assert tags.input_tags.three_d_array
    assert tags.target_tags.required
    assert not tags.input_tags.allow_nan
