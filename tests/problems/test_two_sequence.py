"""Sequences whose first values tell their class."""

import jax
import numpy as np
import pytest
from scipy import stats

from mnemon.errors import InvalidInput
from mnemon.problems import TwoSequence

KEY = jax.random.key(0)


def test_the_first_values_tell_the_class_and_the_rest_is_noise():
    xs, targets, _ = TwoSequence(100, carriers=3).sample(KEY, 500)
    for x, target in zip(xs, targets[:, 0]):
        assert set(x[:3, 0]) == {2 * target - 1}
    rest = np.concatenate([x[3:, 0] for x in xs])
    assert stats.kstest(rest, stats.norm(0, np.sqrt(0.2)).cdf).pvalue > 0.01
    assert targets.mean() == pytest.approx(0.5, abs=0.07)
    assert set(xs.lengths) == set(range(100, 111))


def test_noise_on_the_values_that_tell_has_the_same_variance():
    xs, targets, _ = TwoSequence(20, carriers=5, noisy_carriers=True).sample(KEY, 1000)
    signs = 2 * targets - 1
    noise = np.stack([x[:5, 0] for x in xs]) - signs
    assert stats.kstest(noise.ravel(), stats.norm(0, np.sqrt(0.2)).cdf).pvalue > 0.01


def test_noisy_targets_lie_around_0_2_and_0_8():
    problem = TwoSequence(20, carriers=3, noisy_carriers=True, noisy_targets=True)
    noisy, clean = problem.sample(KEY, 2000), problem.noise_free(KEY, 2000)
    assert noisy.xs == clean.xs
    assert stats.kstest((noisy.targets - clean.targets).ravel(), stats.norm(0, np.sqrt(0.1)).cdf).pvalue > 0.01
    assert set(clean.targets.ravel()) == {0.2, 0.8}
    means = [np.mean([x[:3, 0].mean() for x, t in zip(clean.xs, clean.targets) if t == value]) for value in (0.2, 0.8)]
    np.testing.assert_allclose(means, [1, -1], atol=0.05)


def test_right_is_at_most_0_2_or_0_1_away():
    answers, targets = np.array([[0.81], [0.79], [0.09]]), np.array([[1.0], [1.0], [0.0]])
    assert TwoSequence().right(answers, targets).tolist() == [True, False, True]
    answers, targets = np.array([[0.71], [0.69], [0.29]]), np.array([[0.8], [0.8], [0.2]])
    assert TwoSequence(noisy_targets=True).right(answers, targets).tolist() == [True, False, True]


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: TwoSequence(5, carriers=6), "carriers=6, but sequences may have 5 steps"),
        (lambda: TwoSequence(5, carriers=0), "carriers=0"),
        (lambda: TwoSequence(0), "length=0"),
    ],
)
def test_what_makes_no_sense_is_refused(make, words):
    with pytest.raises(InvalidInput, match=words):
        make()
