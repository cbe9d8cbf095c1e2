"""One network a class: each what a classifier of two classes would be, chosen by sequences held out."""

import functools

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import balanced_accuracy_score, log_loss
from sklearn.model_selection import StratifiedKFold, cross_val_score
from specimens import assert_same, small, weights

import mnemon
from mnemon import OneNetworkPerClass, SequenceClassifier, Sequences
from mnemon.errors import InvalidInput, InvalidType
from mnemon.estimators._one_per_class import held_out
from mnemon.layers import SegmentedNetwork

rng = np.random.default_rng(0)
N = 30
Y = np.array(["flat", "rising", "rising", "falling", "falling"] * (N // 5))
SLOPES = {"flat": 0.0, "rising": 2.0, "falling": -2.0}
LENGTHS = 5 + np.arange(N) % 2
X = Sequences([
    rng.normal(0, 0.4, (t, 2)) + np.linspace(0, SLOPES[label], t)[:, np.newaxis] for t, label in zip(LENGTHS, Y)
])  # fmt: skip
CLASSES = ["falling", "flat", "rising"]
SETTINGS = [{"learning_rate": 1e-6}, {"learning_rate": 0.05}, {"learning_rate": 0.05, "epochs": 6}]
NETWORK = small(batch_size=None)


@functools.cache
def searched():
    """A search among three settings, to be looked at and not to be changed."""
    return OneNetworkPerClass(NETWORK, SETTINGS, validation_fraction=0.2, random_state=0).fit(X, Y)


def by_hand(seed, k, setting, rows):
    """The network of one class as its definition has it."""
    one = clone(NETWORK).set_params(**setting, class_weight="balanced", random_state=seed)
    return one.fit(X[rows], Y[rows] == CLASSES[k])


def test_networks_and_choice_are_those_of_the_definition():
    found = searched()
    assert found.classes_.tolist() == CLASSES
    kept, out = held_out(np.searchsorted(CLASSES, Y), np.array(CLASSES), None, 0.2, 0)
    assert sorted([*kept, *out]) == list(range(N))
    assert len(out) == N // 5
    for k, label in enumerate(CLASSES):
        truth = Y[out] == label
        balance = np.where(truth, 1 / truth.sum(), 1 / (~truth).sum())
        each = [by_hand(found.estimators_[k].random_state, k, setting, kept) for setting in SETTINGS]
        chances = [one.predict_proba(X[out])[:, 1] for one in each]
        scores = [balanced_accuracy_score(truth, p > 0.5) for p in chances]
        losses = [log_loss(truth, p, sample_weight=balance) for p in chances]
        np.testing.assert_allclose(found.scores_[k], scores)
        np.testing.assert_allclose(found.losses_[k], losses)
        best = sorted(range(3), key=lambda j: (-scores[j], losses[j]))[0]
        assert found.settings_[k] == SETTINGS[best]
        assert_same(weights(found.estimators_[k]), weights(each[best]))
    assert len({one.random_state for one in found.estimators_}) == 3


def test_the_surest_network_decides():
    found = searched()
    said = np.stack([one.predict_proba(X)[:, 1] for one in found.estimators_], axis=1)
    np.testing.assert_array_equal(found.decision_function(X), said)
    np.testing.assert_array_equal(found.predict(X), np.array(CLASSES)[said.argmax(axis=1)])
    np.testing.assert_allclose(found.predict_proba(X), said / said.sum(axis=1, keepdims=True))
    assert found.score(X, Y) > 0.6
    assert found.n_features_in_ == 2


def test_settings_by_class_and_none_train_on_everything():
    given = OneNetworkPerClass(NETWORK, {"flat": SETTINGS[2]}, random_state=0).fit(X, Y)
    assert given.settings_ == [{}, SETTINGS[2], {}]
    assert np.isnan(given.scores_).all()
    assert given.scores_.shape == (3, 1)
    assert_same(
        weights(given.estimators_[1]), weights(by_hand(given.estimators_[1].random_state, 1, SETTINGS[2], np.arange(N)))
    )
    plain = OneNetworkPerClass(NETWORK, random_state=0).fit(X, Y)
    assert_same(weights(plain.estimators_[0]), weights(given.estimators_[0]))


def test_refit_trains_the_chosen_on_everything():
    given = OneNetworkPerClass(NETWORK, SETTINGS[:2], refit=True, random_state=0).fit(X, Y, validation_data=(X, Y))
    for k, one in enumerate(given.estimators_):
        assert given.settings_[k] == SETTINGS[1]
        assert_same(weights(one), weights(by_hand(one.random_state, k, SETTINGS[1], np.arange(N))))


def test_validation_data_choose_and_stop():
    others = (X[:10], Y[:10])
    given = OneNetworkPerClass(NETWORK, SETTINGS[1:2], random_state=0).fit(X[10:], Y[10:], validation_data=others)
    for k, one in enumerate(given.estimators_):
        chances = one.predict_proba(X[:10])[:, 1]
        np.testing.assert_allclose(given.scores_[k], balanced_accuracy_score(Y[:10] == CLASSES[k], chances > 0.5))
        assert "validation_loss" not in one.history_
    stopped = OneNetworkPerClass(small(batch_size=None, early_stopping=1), random_state=0)
    for one in stopped.fit(X[10:], Y[10:], validation_data=others).estimators_:
        assert "validation_loss" in one.history_


def test_groups_are_held_out_whole():
    numbers, classes = np.searchsorted(CLASSES, Y), np.array(CLASSES)
    speakers = np.arange(N) // 5  # each has all classes
    kept, out = held_out(numbers, classes, speakers, 0.2, 0)
    assert not set(speakers[kept]) & set(speakers[out])
    assert set(Y[out]) == set(Y[kept]) == set(CLASSES)
    assert len(set(speakers[out])) in (1, 2)
    with pytest.raises(InvalidInput, match="class 'flat' has 1 group only, but one must be held out"):
        held_out(numbers, classes, np.where(Y == "flat", 0, speakers), 0.2, 0)
    with pytest.raises(InvalidInput, match="no way was found"):
        held_out(np.array([0, 0, 1, 1, 2, 2]), classes, [0, 1, 1, 2, 0, 2], 0.5, 0)


def test_two_classes():
    two = Y != "flat"
    found = OneNetworkPerClass(NETWORK, random_state=0).fit(X[two], Y[two])
    odds = found.decision_function(X)
    assert odds.shape == (N,)
    np.testing.assert_array_equal(found.predict(X), np.where(odds > 0, "rising", "falling"))


class Doubled:
    """Recordings become sequences twice as large: what `features=` may be."""

    heard = 0

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        Doubled.heard += len(X)
        return Sequences([2 * np.asarray(x) for x in X])

    def __sklearn_clone__(self):
        return self

    def get_params(self, deep=True):
        return {}


def test_recordings_are_read_once_for_all_networks():
    plain = OneNetworkPerClass(NETWORK, random_state=0).fit([2 * x for x in X], Y)
    made = OneNetworkPerClass(NETWORK, features=Doubled(), random_state=0).fit(list(X), Y)
    assert Doubled.heard == N
    np.testing.assert_array_equal(made.predict_proba(list(X)), plain.predict_proba([2 * x for x in X]))
    assert Doubled.heard == 2 * N


def test_a_file_holds_all_networks(tmp_path):
    path = tmp_path / "model.safetensors"
    saved = OneNetworkPerClass(
        NETWORK, [{"network": SegmentedNetwork(3, 2, 2)}, {}], validation_fraction=0.2, random_state=0
    ).fit(X, Y)
    loaded = mnemon.load(saved.save(path))
    np.testing.assert_array_equal(loaded.predict_proba(X), saved.predict_proba(X))
    np.testing.assert_array_equal(loaded.scores_, saved.scores_)
    assert loaded.settings_ == saved.settings_
    assert loaded.settings == saved.settings
    assert loaded.summary() == saved.summary()
    assert repr(loaded.estimator.get_params()) == repr(NETWORK.get_params())
    assert vars(loaded).keys() == vars(saved).keys()
    with pytest.raises(NotFittedError):
        OneNetworkPerClass().save(path, overwrite=True)
    again = clone(loaded)
    assert repr(again.get_params()) == repr(saved.get_params())


def test_in_scikit_learn():
    folds = StratifiedKFold(2)
    one = OneNetworkPerClass(NETWORK, random_state=0)
    by_hand = [clone(one).fit(X[a], Y[a]).score(X[b], Y[b]) for a, b in folds.split(np.zeros(N), Y)]
    np.testing.assert_array_equal(cross_val_score(one, X, Y, cv=folds), by_hand)
    assert one.set_params(estimator__units=7).estimator.units == 7
    one.set_params(estimator__units=4)


def test_two_at_a_time_are_the_same_networks():
    with joblib.parallel_config("threading"):
        both = clone(searched()).set_params(n_jobs=2).fit(X, Y)
    np.testing.assert_array_equal(both.predict_proba(X), searched().predict_proba(X))


def test_mistakes():
    with pytest.raises(InvalidType, match="expected a SequenceClassifier, got str"):
        OneNetworkPerClass("lstm").fit(X, Y)
    with pytest.raises(InvalidInput) as several:
        OneNetworkPerClass(NETWORK, [{"unit": 3, "class_weight": None}], validation_fraction=2, features=3).fit(X, Y)
    for part in ("did you mean 'units'", "class_weight is no setting", "validation_fraction=2", "features=3"):
        assert part in str(several.value)
    for settings in ([], "large", [3]):
        with pytest.raises(InvalidInput, match="expected a list of dicts of parameters"):
            OneNetworkPerClass(NETWORK, settings).fit(X, Y)
    with pytest.raises(InvalidInput, match="a class 'steep', which y does not hold"):
        OneNetworkPerClass(NETWORK, {"steep": {}}).fit(X, Y)
    with pytest.raises(InvalidInput, match="its features= belong to OneNetworkPerClass"):
        OneNetworkPerClass(SequenceClassifier(features=Doubled())).fit(X, Y)
    with pytest.raises(InvalidInput, match="class 'flat' has 1 sequence only, but one must be held out"):
        OneNetworkPerClass(NETWORK, SETTINGS).fit(X[:5], Y[:5])
    with pytest.raises(InvalidInput, match="which is none of"):
        OneNetworkPerClass(NETWORK).fit(X, Y, validation_data=(X, np.full(N, "steep")))
    with pytest.raises(InvalidInput, match="30 sequences but 3 groups"):
        OneNetworkPerClass(NETWORK, SETTINGS).fit(X, Y, groups=[1, 2, 3])
    with pytest.raises(NotFittedError):
        OneNetworkPerClass().predict(X)
