"""Losses and scores, against NumPy and scikit-learn."""

import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error

from mnemon.errors import InvalidInput
from mnemon.layers import Answer
from mnemon.learning import CrossEntropy, SquaredError

RNG = np.random.default_rng(0)
CLASSES, VALUES = np.array([0, 2, 1, 2, 0]), RNG.normal(size=(5, 3)).astype(np.float32)
ENDS = RNG.normal(size=(5, 3)).astype(np.float32) * 3
STEPS = RNG.normal(size=(5, 4, 3)).astype(np.float32) * 3
LENGTHS = np.array([4, 1, 3, 2, 4])
MARKS = (np.arange(4) < LENGTHS[:, None]) & (RNG.random((5, 4)) < 0.6) | (np.arange(4) == LENGTHS[:, None] - 1)


def at_end():
    return Answer(jnp.asarray(ENDS), None)


def marked():
    values = np.where(MARKS[..., None], STEPS, np.inf)  # what is not marked never matters
    values = np.where((np.arange(4) == LENGTHS[:, None] - 1)[..., None], STEPS, values)
    return Answer(jnp.asarray(values), jnp.asarray(MARKS))


def shares(logits):
    powers = np.exp(logits.astype(float) - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def test_cross_entropy_at_the_end():
    loss = CrossEntropy()
    costs = loss(at_end(), jnp.asarray(CLASSES))
    np.testing.assert_allclose(costs, -np.log(shares(ENDS)[np.arange(5), CLASSES]), rtol=1e-5)
    assert costs.mean() == pytest.approx(log_loss(CLASSES, shares(ENDS)), rel=1e-5)
    score = loss.score(at_end(), jnp.asarray(CLASSES))
    assert float(score.mean()) == pytest.approx(accuracy_score(CLASSES, ENDS.argmax(axis=1)))


def test_cross_entropy_over_marked_steps():
    loss = CrossEntropy()
    costs = loss(Answer(jnp.asarray(STEPS), jnp.asarray(MARKS)), jnp.asarray(CLASSES))
    for k in range(5):
        rows = shares(STEPS[k, MARKS[k]])
        assert float(costs[k]) == pytest.approx(-np.log(rows[:, CLASSES[k]]).mean(), rel=1e-5)
    last = STEPS[np.arange(5), LENGTHS - 1]
    score = loss.score(marked(), jnp.asarray(CLASSES))
    np.testing.assert_array_equal(score, last.argmax(axis=1) == CLASSES)


def test_squared_error_at_the_end():
    loss = SquaredError()
    costs = loss(at_end(), jnp.asarray(VALUES))
    np.testing.assert_allclose(costs, ((VALUES - ENDS) ** 2).mean(axis=1), rtol=1e-6)
    assert float(costs.mean()) == pytest.approx(mean_squared_error(VALUES, ENDS), rel=1e-6)
    np.testing.assert_allclose(loss.score(at_end(), jnp.asarray(VALUES)), -costs)


def test_squared_error_over_marked_steps():
    loss = SquaredError()
    costs = loss(marked(), jnp.asarray(VALUES))
    for k in range(5):
        assert float(costs[k]) == pytest.approx(((VALUES[k] - STEPS[k, MARKS[k]]) ** 2).mean(), rel=1e-5)
    last = STEPS[np.arange(5), LENGTHS - 1]
    score = loss.score(marked(), jnp.asarray(VALUES))
    np.testing.assert_allclose(score, -((VALUES - last) ** 2).mean(axis=1), rtol=1e-6)


def test_logits_may_be_huge():
    far = Answer(jnp.asarray([[1e4, -1e4], [-1e4, 1e4]]), None)
    np.testing.assert_allclose(CrossEntropy()(far, jnp.asarray([0, 0])), [0, 2e4])


def test_scores_are_named():
    assert (CrossEntropy.score_name, SquaredError.score_name) == ("accuracy", "negative squared error")


@pytest.mark.parametrize(
    "loss, targets, words",
    [
        (CrossEntropy(), np.array([0.0, 1.0]), "whole and from 0"),
        (CrossEntropy(), np.array([[0], [1]]), "whole and from 0"),
        (CrossEntropy(), np.array([-1, 1]), "from -1 to 1, but the network has 2 outputs"),
        (CrossEntropy(), np.array([0, 2]), "from 0 to 2, but the network has 2 outputs"),
        (SquaredError(), np.array([0.0, 1.0]), "one for each output"),
        (SquaredError(), np.array([[0.0], [1.0]]), "one for each output"),
        (SquaredError(), np.array([[0.0, np.nan]]), "NaN or infinity"),
    ],
)
def test_targets_must_fit_loss_and_network(loss, targets, words):
    with pytest.raises(InvalidInput, match=words):
        loss.check_targets(targets, 2)
