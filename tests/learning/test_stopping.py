"""How training ends: budget, criterion, patience, and members that blow up."""

import functools

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from toys import CLASSES, answer, assert_near, assert_same, by, fit, members, population, recall, weights

from mnemon.errors import InvalidInput
from mnemon.layers import Answer
from mnemon.learning import BUDGET, NONFINITE, REACHED, STALLED, CrossEntropy, Examples, Optax, Until

DATA, JUDGE = recall(), recall(10, seed=1)
FAST = by(Optax("sgd", [0.02, 0.3, 3.0], momentum=0.9), None)  # calm, lively, wild
EPOCHS = 30


def train_until(learner=FAST, validation=JUDGE, **how):
    return fit(population(), learner, DATA, until=Until(**{"epochs": EPOCHS} | how), validation=validation)


@functools.cache
def patient():
    return train_until(patience=3)


def test_patience_counts_epochs_without_a_better_one():
    codes = set()
    for k, result in enumerate(patient().results):
        watched = patient().history["validation_loss"][: result.epochs, k]
        assert result.best_epoch == np.argmin(watched) + 1
        assert result.best == watched.min()
        assert (result.code == STALLED) == (result.epochs - result.best_epoch == 3)
        assert result.code == STALLED or result.epochs == EPOCHS
        better = np.flatnonzero(np.diff(np.minimum.accumulate(watched))) + 2
        assert max(np.diff([1, *better]), default=0) <= 3
        codes.add(result.code)
    assert codes == {STALLED, BUDGET}


def test_the_best_weights_are_those_of_the_best_epoch():
    for k, result in enumerate(patient().results):
        again = train_until(patience=3, epochs=result.best_epoch)
        assert_same(members(patient(), k), members(again, k))
        assert again.history["validation_loss"][-1, k] == result.best


def test_best_weights_or_the_last():
    """Judged by wrong answers, a network is best before it has learnt much."""
    wrong = Examples(JUDGE.xs, (JUDGE.targets + 1) % CLASSES)
    last = train_until(validation=wrong, restore_best=False)
    best = train_until(validation=wrong)
    k = int(np.argmin([r.best_epoch for r in best.results]))
    assert best.results[k].best_epoch < EPOCHS
    assert_same([best.history["loss"]], [last.history["loss"]])
    assert (members(last, k)[0] != members(best, k)[0]).any()
    shorter = train_until(validation=wrong, restore_best=False, epochs=best.results[k].best_epoch)
    assert_same(members(shorter, k), members(best, k))


@pytest.mark.parametrize("monitor", ["loss", "validation_score"])
def test_other_things_to_watch(monitor):
    solution = train_until(monitor=monitor, patience=3, epochs=12)
    for k, result in enumerate(solution.results):
        watched = solution.history[monitor][: result.epochs, k] * (-1 if monitor == "validation_score" else 1)
        assert result.best_epoch == np.argmin(watched) + 1
        assert result.best == pytest.approx(watched.min())
        assert (result.code == STALLED) == (result.epochs - result.best_epoch == 3)


def test_without_validation_the_loss_is_watched():
    solution = train_until(validation=None, patience=3)
    assert list(solution.history) == ["epoch", "loss"]
    for k, result in enumerate(solution.results):
        assert result.best_epoch == np.argmin(solution.history["loss"][: result.epochs, k]) + 1
        assert result.sentence in ("stopped improving", "spent its budget of epochs")


def test_histories_end_with_their_members():
    assert_same([patient().history["epoch"]], [np.arange(1, max(r.epochs for r in patient().results) + 1)])
    for name in ("loss", "validation_loss", "validation_score"):
        history = patient().history[name]
        assert history.shape == (len(patient().history["epoch"]), 3)
        for k, result in enumerate(patient().results):
            assert np.isfinite(history[: result.epochs, k]).all()
            assert np.isnan(history[result.epochs :, k]).all()
    for result in patient().results:
        assert result.sequences == 24 * result.epochs
        assert result.evaluations == result.epochs
    assert set(patient().seconds) == {"compile", "train"}


CRITERION = {"loss": 0.3, "epochs": 40, "validation": None}


def test_the_criterion_ends_a_member():
    solution = train_until(by(Optax("sgd", [0.001, 0.1, 0.2])), **CRITERION)
    slow, *others = solution.results
    assert (slow.code, slow.reached, slow.sentence) == (BUDGET, False, "spent its budget of epochs")
    assert slow.epochs == 40
    for k, result in enumerate(others, 1):
        losses = solution.history["loss"][: result.epochs, k]
        assert (result.code, result.reached, result.sentence) == (REACHED, True, "reached the criterion")
        assert losses[-1] < 0.3
        assert (losses[:-1] >= 0.3).all()
        shorter = train_until(by(Optax("sgd", [0.001, 0.1, 0.2])), **CRITERION | {"epochs": result.epochs})
        assert_same(members(solution, k), members(shorter, k))


def test_a_member_that_blows_up_leaves_the_others_alone():
    calm = train_until(by(Optax("sgd", [0.1, 0.1, 0.2])), **CRITERION)
    solution = train_until(by(Optax("sgd", [0.1, 1e38, 0.2])), **CRITERION)
    broken = solution.results[1]
    assert (broken.code, broken.reached, broken.sentence) == (NONFINITE, False, "became non-finite")
    assert all(np.isfinite(leaf).all() for leaf in weights(solution))
    assert np.isfinite(solution.history["loss"][broken.epochs :, 1]).sum() == 0
    for k in (0, 2):
        assert_same(members(solution, k), members(calm, k))
        assert solution.results[k] == calm.results[k]


def test_non_finite_never_counts_as_reached():
    generous = {"loss": 1e30, "epochs": 5, "validation": None}
    solution = train_until(by(Optax("sgd", [0.1, 3e38, 0.1])), **generous)
    assert [r.code for r in solution.results] == [REACHED, NONFINITE, REACHED]
    assert [r.epochs for r in solution.results] == [1, 1, 1]


def test_a_network_that_was_never_finite_keeps_its_start():
    start = population()
    start = eqx.tree_at(lambda p: p.stacked.readout.bias, start, start.stacked.readout.bias.at[1].set(jnp.nan))
    solution = fit(start, by(Optax("sgd", [0.1] * 3)), DATA, until=Until(loss=1e30, epochs=5))
    assert [r.code for r in solution.results] == [REACHED, NONFINITE, REACHED]
    broken = solution.results[1]
    assert (broken.evaluations, broken.sequences, broken.best_epoch, broken.best) == (0, 0, 0, np.inf)
    assert_same(members(solution, 1), members(start, 1))


def test_validation_in_the_history_is_the_loss_of_the_network():
    solution = train_until(patience=3, epochs=1)
    xs = JUDGE.xs.pad()[0]
    for k, network in enumerate(solution.networks):
        values = np.asarray(answer(network, xs))
        logs = values - np.log(np.exp(values).sum(axis=1, keepdims=True))
        assert_near([solution.history["validation_loss"][0, k]], [-logs[np.arange(10), JUDGE.targets].mean()])
        right = (values.argmax(axis=1) == JUDGE.targets).mean()
        assert_near([solution.history["validation_score"][0, k]], [right])


def test_the_loss_in_the_history_is_before_the_update():
    solution = train_until(by(Optax("sgd", 0.1), None), validation=None, epochs=2)
    loss, xs = CrossEntropy(), DATA.xs.pad()[0]
    for k, network in enumerate(population()):
        value = loss(Answer(answer(network, xs), None), jnp.asarray(DATA.targets)).mean()
        assert_near([solution.history["loss"][0, k]], [value])


WRONG = {
    "epochs": ({"epochs": 0}, "epochs=0.*at least 1"),
    "patience": ({"patience": 0}, "patience=0.*at least 1"),
    "monitor": ({"monitor": "accuracy"}, "monitor='accuracy'.*validation_loss, validation_score or loss"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_wrong_ends_are_refused(mistake):
    how, words = WRONG[mistake]
    with pytest.raises(InvalidInput, match=words):
        Until(**how)
