"""Early stopping, what is held out for it, and what training tells of itself."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from specimens import ARRAYS, PROBE, N, X, assert_same, differ, fitted, small, weights, y

from mnemon import Sequences
from mnemon.errors import InvalidInput
from mnemon.learning import BUDGET, NONFINITE, STALLED, Optax

# Forty sequences of one class and two of another, and a channel that says who is who.
RARE = np.array(["often"] * 40 + ["rare"] * 2)
NUMBERED = Sequences([np.column_stack([np.full(4, float(k)), np.ones(4)]) for k in range(42)])


class Peek(type(small())):
    """A classifier that keeps what it trains on and what it judges by."""

    def _train(self, population, split, until, seed, memory=None):
        self.split_ = split
        return super()._train(population, split, until, seed, memory)


class Idle(Peek):
    """One that does not train either."""

    def _train(self, population, split, until, seed, memory=None):
        self.split_ = split

    def _keep(self, solution):
        pass


def peek(kind=Peek, **parameters):
    return kind(**small(**parameters).get_params())


@pytest.mark.parametrize("fraction", [0.01, 0.25, 0.9])
def test_every_class_is_on_both_sides(fraction):
    classifier = peek(Idle, early_stopping=True, validation_fraction=fraction, standardize=False).fit(NUMBERED, RARE)
    sides = [classifier.split_.training, classifier.split_.validation]
    numbers = [[int(values[0, 0]) for values in side.xs] for side in sides]
    assert sorted(numbers[0] + numbers[1]) == list(range(42))
    for side, chosen in zip(sides, numbers):
        assert {RARE[k] for k in chosen} == {"often", "rare"}
        assert_same(classifier.classes_[side.targets], RARE[chosen])
    assert np.sum(sides[1].targets == 0) == max(round(fraction * 40), 1)
    assert np.sum(sides[1].targets == 1) == 1


def test_what_is_held_out_is_drawn_and_kept_out_of_the_statistics():
    first, same, other = (
        peek(Idle, early_stopping=True, validation_fraction=0.25, random_state=seed).fit(NUMBERED, RARE)
        for seed in (0, 0, 1)
    )
    kept = [one.split_.training.xs.values * one.scale_ + one.mean_ for one in (first, same, other)]
    assert_same(kept[0], kept[1])
    assert differ([np.sort(kept[0][:, 0])], [np.sort(kept[2][:, 0])])
    np.testing.assert_allclose(first.mean_, kept[0].mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(first.scale_[0], kept[0][:, 0].std(), rtol=1e-12)
    assert not np.isclose(first.mean_[0], NUMBERED.statistics()[0][0])


def test_what_is_held_out_is_not_trained_on():
    classifier = peek(early_stopping=3, validation_fraction=0.25, epochs=3).fit(X, y)
    training = classifier.split_.training
    assert (classifier.result_.sequences, len(training)) == (3 * 18, 18)
    assert classifier.n_epochs_ == 3


def test_the_best_weights_come_back():
    """A learning rate that spoils the network: the best epoch is an early one, and its weights are what predicts."""
    noisy = np.where(np.arange(N) % 5 == 0, y[::-1], y)
    stop = peek(early_stopping=3, epochs=40, learning_rate=0.3, validation_fraction=0.25).fit(X, noisy)
    losses = stop.history_["validation_loss"][:, 0]
    result = stop.result_
    assert result.code == STALLED
    assert result.best_epoch == np.argmin(losses) + 1
    assert result.epochs == stop.n_epochs_ == len(losses) == result.best_epoch + 3
    held_out = stop.split_.validation
    raw = Sequences.from_concatenated(held_out.xs.values * stop.scale_ + stop.mean_, held_out.xs.lengths)
    said = stop.predict_proba(raw)
    np.testing.assert_allclose(-np.log(said[np.arange(len(raw)), held_out.targets]).mean(), losses.min(), rtol=1e-5)
    assert result.best == pytest.approx(losses.min())
    assert losses[-1] > losses.min()
    assert f"stopped improving: {len(losses)} epochs" in stop.summary()
    assert f"weights of epoch {result.best_epoch}" in stop.summary()


def test_validation_data_instead():
    classifier = peek(early_stopping=2).fit(X, y, validation_data=(ARRAYS[:6], y[:6]))
    assert len(classifier.split_.training) == N
    assert len(classifier.split_.validation) == 6
    mean, deviation = X.statistics()
    assert_same([classifier.mean_, classifier.scale_], [mean, deviation])
    # Without early stopping they are watched only.
    watched = small().fit(X, y, validation_data=(ARRAYS[:6], y[:6]))
    for a, b in zip(weights(watched), weights(fitted())):  # another program: equal to rounding
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert set(watched.history_) == {"epoch", "loss", "validation_loss", "validation_score"}
    assert "weights of epoch" not in watched.summary()


def test_too_few_to_hold_out():
    with pytest.raises(InvalidInput, match="1 sequence only of class 'c', but a held-out part needs 2 of each class"):
        small(early_stopping=True).fit(X[:5], ["a", "b", "a", "b", "c"])
    classifier = peek(Idle, early_stopping=True).fit(X[:4], y[:4])
    assert len(classifier.split_.training) == len(classifier.split_.validation) == 2


def test_what_training_tells():
    classifier = fitted("three networks")
    assert set(classifier.history_) == {"epoch", "loss"}
    assert_same(classifier.history_["epoch"], [1, 2])
    assert classifier.history_["loss"].shape == (2, 3)
    assert np.isfinite(classifier.history_["loss"]).all()
    assert classifier.result_ is classifier.results_
    assert len(classifier.results_) == 3
    assert {result.code for result in classifier.results_} == {BUDGET}
    assert {(result.epochs, result.evaluations, result.sequences) for result in classifier.results_} == {(2, 6, 2 * N)}
    assert fitted().result_ is fitted().results_[0]
    assert fitted().history_["loss"].shape == (2, 1)
    assert set(fitted().seconds_) == {"compile", "train"}


def test_the_loss_told_is_the_loss_before_each_update():
    classifier = small(batch_size=None, epochs=2, learning_rate=1e-9).fit(X, y)
    said = classifier.predict_proba(X)
    loss = -np.log(said[np.arange(N), (y == "up").astype(int)]).mean()
    np.testing.assert_allclose(classifier.history_["loss"][:, 0], loss, rtol=1e-5)


def test_a_watcher_is_told_of_every_epoch(capsys):
    seen = []
    classifier = small(verbose=seen.append).fit(X, y)
    assert [(told.epoch, told.epochs) for told in seen] == [(1, 2), (2, 2)]
    np.testing.assert_allclose([told.loss for told in seen], classifier.history_["loss"][:, 0], rtol=1e-6)
    small(verbose=1).fit(X, y)
    assert capsys.readouterr() == ("", "")  # a bar is for terminals only


def test_a_network_that_breaks_is_told_of_and_still_predicts():
    """Weights of one network overflow; the other goes on."""
    steep = Optax("sgd", [1e38, 0.05], momentum=0.9)
    with pytest.warns(ConvergenceWarning, match="1 of 2 networks became non-finite in training and keep the weights"):
        classifier = small(optimizer=steep, n_networks=2, epochs=4, standardize=False).fit(X, y)
    assert [result.code for result in classifier.results_] == [NONFINITE, BUDGET]
    assert classifier.n_epochs_ == 4
    assert classifier.results_[0].epochs < 4
    assert all(np.isfinite(leaf).all() for leaf in weights(classifier))
    assert np.isfinite(classifier.predict_proba(PROBE)).all()
    assert "network 0 became non-finite" in classifier.summary()
