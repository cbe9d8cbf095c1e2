"""Several labels a sequence: the indicator matrices of scikit-learn; and several classes, through its wrapper."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import log_loss
from sklearn.multioutput import MultiOutputClassifier
from specimens import LENGTHS, PROBE, N, X, assert_same, small, weights, y

import mnemon
from mnemon.errors import InvalidInput
from mnemon.learning import answers

LABELS = np.stack([y == "up", LENGTHS == 5, np.ones(N)], axis=1).astype(int)


def test_it_learns():
    classifier = small(epochs=80).fit(X, LABELS)
    assert classifier.classes_.tolist() == [0, 1, 2]
    assert classifier.multilabel_
    assert classifier.predict(X).shape == (N, 3)
    assert classifier.score(X, LABELS) > 0.9  # the share of sequences with all labels right
    assert classifier.score(X, LABELS) == (classifier.predict(X) == LABELS).all(axis=1).mean()


def test_probabilities_are_each_labels_own():
    classifier = small(n_networks=2).fit(X, LABELS)
    logits = answers(classifier.population_, classifier._readable(PROBE)).astype(float)
    np.testing.assert_allclose(classifier.predict_proba(PROBE), expit(logits).mean(axis=0))
    stream = classifier.predict_stream()
    for frame in X[0]:
        said = stream.push(frame)
    np.testing.assert_allclose(said, classifier.predict_proba(X[:1])[0], atol=1e-6)


def test_the_loss_is_the_mean_over_labels():
    classifier = small(batch_size=None, epochs=1, optimizer="sgd", learning_rate=1e-9).fit(X, LABELS)
    chances = classifier.predict_proba(X)
    expected = np.mean([log_loss(LABELS[:, k], chances[:, k], labels=[0, 1]) for k in range(3)])
    assert classifier.history_["loss"][0, 0] == pytest.approx(expected, rel=1e-5)


def test_files_partial_fits_and_early_stopping(tmp_path):
    classifier = small(early_stopping=True).fit(X, LABELS)
    assert classifier.history_["validation_score"].shape == (2, 1)
    loaded = mnemon.load(classifier.save(tmp_path / "m.safetensors"))
    assert_same([loaded.predict_proba(PROBE)], [classifier.predict_proba(PROBE)])
    assert_same(weights(loaded.partial_fit(X, LABELS)), weights(classifier.partial_fit(X, LABELS)))


def test_several_classes_a_sequence_through_scikit_learns_wrapper():
    both = np.stack([y, np.where(LENGTHS == 5, "long", "short")], axis=1)
    said = MultiOutputClassifier(small(epochs=60)).fit(X, both).predict(X)
    assert (said == both).mean() > 0.9


def test_mistakes_are_told():
    classifier = small().fit(X, LABELS)
    with pytest.raises(InvalidInput, match="has 2 labels a sequence, but 3 are known"):
        classifier.partial_fit(X, LABELS[:, :2])
    with pytest.raises(InvalidInput, match="fitted to targets of another kind"):
        classifier.partial_fit(X, y)
