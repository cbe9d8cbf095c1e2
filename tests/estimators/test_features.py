"""Estimators that are given recordings: `features` makes the sequences, in `fit`, in `predict`, and after loading."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone

import mnemon
from mnemon import SequenceClassifier, SequenceRegressor, Sequences
from mnemon.data.audio import MFCC, Augment, LogMel
from mnemon.errors import InvalidInput


class Halved(TransformerMixin, BaseEstimator):
    """Recordings are numbers of an arithmetic sequence, by name; every second value, less the first one fitted."""

    def __init__(self, first=True):
        self.first = first

    def fit(self, X, y=None):
        self.least_ = min(float(name) for name in X)
        return self

    def transform(self, X):
        return Sequences([np.arange(float(name), float(name) + 6)[::2, None] - self.least_ for name in X])


NAMES = np.array(["1", "2", "9", "8"], dtype=object)
LABELS = np.array(["low", "low", "high", "high"])
SMALL = {"units": 3, "epochs": 2, "random_state": 0}


def test_predictions_are_those_of_the_sequences_that_features_make():
    halved = Halved()
    xs = halved.fit(NAMES).transform(NAMES)
    heard = SequenceClassifier(features=halved, **SMALL).fit(NAMES, LABELS)
    plain = SequenceClassifier(**SMALL).fit(xs, LABELS)
    np.testing.assert_array_equal(heard.predict_proba(NAMES), plain.predict_proba(xs))
    np.testing.assert_array_equal(heard.predict_proba(NAMES[2:]), plain.predict_proba(xs[2:]))
    np.testing.assert_array_equal(heard.predict_proba(xs), plain.predict_proba(xs))  # sequences are taken as they are
    assert not hasattr(heard.features, "least_") or heard.features is halved


def test_the_users_own_object_is_not_fitted():
    own = Halved()
    model = SequenceRegressor(features=own, **SMALL).fit(NAMES, [0.0, 1.0, 2.0, 3.0])
    assert not hasattr(own, "least_")
    assert model.features_.least_ == 1.0
    assert clone(model).features is not own
    assert "features__first" in model.get_params()


def test_validation_data_are_recordings_too():
    model = SequenceClassifier(features=Halved(), early_stopping=1, **SMALL)
    model.fit(NAMES, LABELS, validation_data=(["3", "7"], ["low", "high"]))
    assert "validation_loss" in model.history_


@pytest.mark.parametrize(
    "features, words",
    [("mfc", "did you mean 'mfcc'"), (7, "expected an object with fit and transform"), (Halved, "expected an object")],
)
def test_what_is_no_features_is_refused(features, words):
    with pytest.raises(InvalidInput, match=words):
        SequenceClassifier(features=features, **SMALL).fit(NAMES, LABELS)


def test_foreign_features_are_refused_by_save_and_left_out_of_weights(tmp_path):
    model = SequenceClassifier(features=Halved(), **SMALL).fit(NAMES, LABELS)
    with pytest.raises(InvalidInput, match="Halved is no part of Mnemon"):
        model.save(tmp_path / "model.safetensors")
    model.save(tmp_path / "weights.safetensors", weights_only=True)
    again = mnemon.load(tmp_path / "weights.safetensors", like=model.network_)
    xs = Halved().fit(NAMES).transform(NAMES)
    np.testing.assert_array_equal(again.predict_proba(xs), model.predict_proba(NAMES))


def tones(folder, names=("low1", "low2", "high1", "high2"), rate=16_000):
    """Files of a low or a high tone."""
    soundfile = pytest.importorskip("soundfile", reason="needs the extra audio")
    for k, name in enumerate(names):
        time = np.arange(rate // 4 + 800 * k) / rate
        soundfile.write(folder / f"{name}.wav", 0.3 * np.sin(2 * np.pi * (200 if "low" in name else 1500) * time), rate)
    return [str(folder / f"{name}.wav") for name in names]


@pytest.mark.parametrize("features", ["mfcc", MFCC(deltas=1, step=0.02), LogMel(filters=8)])
def test_a_loaded_model_hears_as_the_one_that_was_saved(features, tmp_path):
    files = tones(tmp_path)
    model = SequenceClassifier(features=features, **SMALL).fit(files, LABELS)
    model.save(tmp_path / "model.safetensors")
    again = mnemon.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict_proba(files), model.predict_proba(files))
    assert again.features_.rate == 16_000
    with pytest.raises(InvalidInput, match="8000"):  # what the model knows of above 4 kHz is not there
        again.predict(tones(tmp_path, ("low3",), rate=8000))


def test_copies_are_learned_from_and_not_judged_by(tmp_path, monkeypatch):
    files = tones(tmp_path, ("low1", "low2", "low3", "high1", "high2", "high3"))
    labels = ["low"] * 3 + ["high"] * 3
    features = MFCC(step=0.05, augment=Augment(noise=(0, 10), copies=2))
    seen = []
    own = SequenceClassifier._train

    def watched(self, population, split, *rest):
        seen.append(split)
        return own(self, population, split, *rest)

    monkeypatch.setattr(SequenceClassifier, "_train", watched)
    model = SequenceClassifier(features=features, early_stopping=1, standardize=False, **SMALL).fit(files, labels)
    learned, judged = seen[0].training, seen[0].validation
    assert (len(learned), len(judged)) == (4 * 3, 2)
    np.testing.assert_array_equal(learned.targets, np.tile(learned.targets[:4], 3))
    plain = MFCC(step=0.05).fit_transform(files)
    rows = [next(k for k, one in enumerate(plain) if np.array_equal(one, two)) for two in judged.xs]
    kept = [next(k for k, one in enumerate(plain) if np.array_equal(one, two)) for two in learned.xs[:4]]
    assert sorted(rows + kept) == list(range(6))
    assert all(not np.array_equal(a, b) for a, b in zip(learned.xs[:4], learned.xs[4:8]))
    model.save(tmp_path / "model.safetensors")
    again = mnemon.load(tmp_path / "model.safetensors")
    assert again.features_.augment is None
    np.testing.assert_array_equal(again.predict_proba(files), model.predict_proba(files))
