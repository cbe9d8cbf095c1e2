import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
    train_test_split,
)
from sklearn.pipeline import make_pipeline
from sklearn.utils import assert_all_finite, indexable, resample, shuffle
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d

from mnemon.errors import InvalidInput, InvalidType
from mnemon.sequences import Sequences, as_sequences


class NearestMean(ClassifierMixin, BaseEstimator):
    """The class whose mean padded sequence is nearest: as little as an estimator can be, to see what it meets."""

    def __init__(self, power=2):
        self.power = power

    def fit(self, X, y):
        sequences = as_sequences(X)
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        y = column_or_1d(y, warn=True)
        check_consistent_length(sequences, y)
        assert_all_finite(y, input_name="y")
        check_classification_targets(y)
        self.n_features_in_ = sequences.n_channels if isinstance(X, Sequences) else int(sequences.lengths[0])
        self.steps_ = int(sequences.lengths.max())
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("needs more than 1 class")
        rows = self._rows(sequences)
        self.means_ = np.array([rows[codes == k].mean(axis=0) for k in range(len(self.classes_))])
        return self

    def _rows(self, sequences):
        padded, lengths = sequences.pad(length=max(self.steps_, sequences.lengths.max()), dtype=np.float64)
        return padded[:, : self.steps_].reshape(len(lengths), -1)

    def predict(self, X):
        check_is_fitted(self)
        sequences = as_sequences(X)
        features = sequences.n_channels if isinstance(X, Sequences) else int(sequences.lengths[0])
        if features != self.n_features_in_:
            expects = f"NearestMean is expecting {self.n_features_in_} features as input"
            raise ValueError(f"X has {features} features, but {expects}")
        apart = np.abs(self._rows(sequences)[:, None] - self.means_) ** self.power
        return self.classes_[apart.sum(axis=2).argmin(axis=1)]


class Doubled(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def transform(self, X):
        return Sequences.from_concatenated(2 * X.values, X.lengths)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    y = np.array(["low", "high", "high"] * 20)
    lengths = rng.integers(3, 9, len(y))
    X = Sequences([rng.normal(1.0 if label == "high" else -1.0, 1, (t, 2)) for t, label in zip(lengths, y)])
    return X, y, np.repeat(np.arange(12), 5)


def test_check_estimator_finds_the_messages_it_asks_for():
    check_estimator(NearestMean(), on_skip=None)


def test_splitting_keeps_sequences_and_labels_together(data):
    X, y, _ = data
    index = np.arange(len(X))
    kept, left, y_kept, y_left, kept_index, left_index = train_test_split(X, y, index, stratify=y, random_state=0)
    assert isinstance(kept, Sequences)
    assert kept == X[kept_index]
    assert left == X[left_index]
    assert (y_kept == y[kept_index]).all()
    assert (y_left == y[left_index]).all()
    assert len(kept) + len(left) == len(X)


def test_helpers_take_sequences_for_an_array(data):
    X, y, _ = data
    assert indexable(X, y)[0] is X
    assert len(shuffle(X, random_state=0)) == len(X)
    assert len(resample(X, n_samples=7, random_state=0)) == 7


@pytest.mark.parametrize("jobs", [1, 2])
def test_cross_validation(data, jobs):
    X, y, groups = data
    assert cross_val_score(NearestMean(), X, y, cv=StratifiedKFold(4), n_jobs=jobs).mean() > 0.9
    assert cross_val_score(NearestMean(), X, y, cv=GroupKFold(3), groups=groups, n_jobs=jobs).mean() > 0.9


def test_grid_search_over_a_pipeline_in_two_processes(data):
    X, y, _ = data
    search = GridSearchCV(make_pipeline(Doubled(), NearestMean()), {"nearestmean__power": [1, 2]}, cv=3, n_jobs=2)
    search.fit(X, y)
    assert search.best_score_ > 0.9
    assert (search.predict(X) == y).mean() > 0.9
    assert len(cross_val_predict(search.best_estimator_, X, y)) == len(y)


def test_data_frames_are_tables_of_series():
    frame = pd.DataFrame({"first": [1, 2], "second": [3.0, 4.0]})
    assert as_sequences(frame) == Sequences([[1.0, 3.0], [2.0, 4.0]])
    assert as_sequences([frame, frame[:1]]).lengths.tolist() == [2, 1]
    with pytest.raises(InvalidInput, match="strings where numbers belong"):
        as_sequences(frame.assign(third=["a", "b"]))


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csr_matrix, sparse.coo_array])
def test_sparse_data_is_refused(kind):
    with pytest.raises(InvalidType, match=r"sparse.*dense"):
        as_sequences(kind(np.eye(3)))
