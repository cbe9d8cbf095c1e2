"""The story of a classifier says what the classifier says."""

import numpy as np
import pytest

from mnemon import SequenceClassifier, Sequences
from mnemon.cells import GRU
from mnemon.data import Dataset
from mnemon.errors import InvalidInput
from mnemon.learning import TruncatedBPTT
from mnemon.report import render_text, story_of, write_report

TRAINED = {"cell": GRU, "units": 3, "epochs": 2, "random_state": 5, "gradient": TruncatedBPTT(4)}


def make_data(n=12, labels=("a", "b"), seed=0) -> Dataset:
    random = np.random.default_rng(seed)
    xs = [random.normal(k % len(labels), 0.3, (random.integers(3, 6), 2)) for k in range(n)]
    return Dataset(Sequences(xs), np.array([labels[k % len(labels)] for k in range(n)]), "toy", "made up")


@pytest.fixture(scope="module")
def one():
    data = make_data()
    return SequenceClassifier(**TRAINED).fit(data.X, data.y)


@pytest.fixture(scope="module")
def several():
    data = make_data(24)
    return SequenceClassifier(**TRAINED, n_networks=3, early_stopping=True).fit(data.X, data.y)


def tell(classifier, data=None, **more):
    data = data or make_data(seed=1)
    return story_of(classifier, data, classifier.predict_proba(data.X), **more)


def test_judged_as_the_classifier_judges(one):
    data = make_data(seed=1)
    judged = tell(one, data).judged
    assert judged.accuracy == one.score(data.X, data.y)
    assert list(judged.y_pred) == one.predict(data.X).tolist()
    assert judged.y_true == data.y.tolist()
    assert f"accuracy {one.score(data.X, data.y):.3f}" in render_text(tell(one, data))


def test_data_are_described(one):
    story = tell(one, training=make_data())
    for described, data in ((story.training_data, make_data()), (story.test_data, make_data(seed=1))):
        assert described.sequences == 12
        assert described.counts == {"a": 6, "b": 6}
        assert described.channels == 2
        np.testing.assert_array_equal(described.lengths, data.X.lengths)
    assert (story.training_data.about, story.test_data.about) == ("made up", ""), "told once"
    assert tell(one).test_data.about == "made up"


def test_the_model_is_told_in_words(one):
    story = tell(one, model_path="my model", command="mnemon fit", date="today")
    assert story.model["cell"] == "GRU"
    assert story.model["units"] == 3
    assert story.model["gradient"] == "TruncatedBPTT(steps=4)"
    assert story.model["weights"] == one.network_.weight_count()
    assert "bidirectional" not in story.model
    assert story.summary == one.summary()
    assert story.seed == 5
    assert "load('my model')" in story.python
    assert "mnemon predict 'my model' DATA" in story.shell
    assert {"mnemon", "python", "jax"} <= set(story.versions)
    assert (story.command, story.date) == ("mnemon fit", "today")


def test_history_and_times_are_the_classifiers(one):
    story = tell(one, reading=1.5, judging=0.5)
    assert story.history["loss"].shape == (2,)
    np.testing.assert_array_equal(story.history["loss"], np.ravel(one.history_["loss"]))
    assert list(story.times) == ["reading data", "compiling", "training", "judging"]
    assert story.times["training"] == one.seconds_["train"]
    assert story.best_epoch is None
    assert "2 epochs" in story.ending


def test_several_networks_are_told_apart(several):
    story = tell(several)
    assert story.history["loss"].shape == (2, 3)
    assert story.best_epoch == [result.best_epoch for result in several.results_]
    assert "3 of 3 networks" in story.ending
    assert story.model["networks"] == 3


def test_reports_of_loaded_and_of_fresh_classifiers_are_written(one, several, tmp_path):
    from mnemon import load

    loaded = load(one.save(tmp_path / "model"))
    for k, classifier in enumerate((one, several, loaded)):
        assert write_report(tmp_path / f"{k}.html", tell(classifier)).exists()


def test_symbols_are_not_drawn():
    data = Dataset(Sequences.from_strings(["ab", "ba", "abb", "bab"] * 3), np.array(["x", "y"] * 6), "words")
    classifier = SequenceClassifier(units=2, epochs=1).fit(data.X, data.y)
    story = tell(classifier, data)
    assert story.judged.sequences is None
    assert story.seed is None


def test_data_without_labels_are_refused(one):
    data = make_data()
    with pytest.raises(InvalidInput, match="no labels to judge by"):
        tell(one, Dataset(data.X, None, "toy"))
