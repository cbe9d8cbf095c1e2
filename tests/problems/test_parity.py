"""Whether a string of bits holds an odd number of ones."""

import jax
import numpy as np
import pytest
from scipy import stats

from mnemon.errors import InvalidInput
from mnemon.problems import Parity

SMALL = Parity(4, 6)


@pytest.mark.parametrize("problem", [Parity(), SMALL, Parity(3, 3, balanced=False)])
def test_the_target_is_the_number_of_ones_modulo_2(problem):
    xs, targets, _ = problem.sample(jax.random.key(0), 101)
    for x, target in zip(xs, targets):
        assert set(x[:, 0]) <= {-1.0, 1.0}
        assert target == sum(1 for bit in x[:, 0] if bit == 1) % 2


def test_strings_are_as_long_as_published():
    lengths = Parity().sample(jax.random.key(0), 3000).xs.lengths
    assert (lengths.min(), lengths.max()) == (500, 600)
    assert stats.chisquare(np.bincount(lengths)[500:]).pvalue > 0.01


@pytest.mark.parametrize("n", [1, 2, 31, 100])
def test_half_is_of_each_class(n):
    assert SMALL.sample(jax.random.key(1), n).targets.sum() == n // 2


def test_classes_come_in_an_order_of_the_key():
    assert len({SMALL.sample(jax.random.key(seed), 30).targets.tobytes() for seed in range(4)}) == 4


@pytest.mark.parametrize("balanced", [True, False])
def test_all_strings_are_equally_likely(balanced):
    xs = Parity(4, 4, balanced=balanced).sample(jax.random.key(2), 4000).xs
    bits = xs.values.reshape(4000, 4) > 0
    assert stats.chisquare(np.bincount(bits @ [1, 2, 4, 8], minlength=16)).pvalue > 0.01


def test_right_is_less_than_0_1_away():
    answers = np.array([[[0.91], [0.09]], [[0.89], [0.11]], [[np.nan], [0]]])
    expected = [[True, True], [False, False], [False, True]]
    assert SMALL.right(answers, np.array([[1.0], [0.0]])).tolist() == expected


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: Parity(0, 5), "shortest=0"),
        (lambda: Parity(5, 4), "longest=4; expected a whole number of at least 5"),
        (lambda: SMALL.sample(jax.random.key(0), 0), "n=0"),
    ],
)
def test_what_makes_no_sense_is_refused(make, words):
    with pytest.raises(InvalidInput, match=words):
        make()
