"""The mean, the product and the exclusive or of two marked values."""

import jax
import numpy as np
import pytest

from mnemon.errors import InvalidInput
from mnemon.problems import MarkedProduct, MarkedSum, Xor

WANTED = {
    MarkedSum: lambda a, b: (a + b) / 2,
    MarkedProduct: lambda a, b: a * b,
    Xor: lambda a, b: float((a == 1) ^ (b == 1)),
}


@pytest.mark.parametrize("kind", WANTED)
@pytest.mark.parametrize("length", [10, 47, 200])
def test_the_target_is_that_of_the_two_marked_values(kind, length):
    xs, targets, _ = kind(length).sample(jax.random.key(0), 3000)
    firsts = set()
    for x, target in zip(xs, targets[:, 0]):
        first, second = np.flatnonzero(x[:, 1])
        assert 0 <= first < len(x) // 10 <= second < len(x) // 2
        firsts.add(int(first))
        assert target == WANTED[kind](x[first, 0], x[second, 0])
        assert set(x[:, 1]) == {0.0, 1.0}
        assert x[:, 0].min() >= 0
        assert x[:, 0].max() <= 1
        assert length <= len(x) <= length + length // 10
    assert firsts == set(range((length + length // 10) // 10))


def test_bits_are_bits_and_even():
    xs, targets, _ = Xor(30).sample(jax.random.key(0), 2000)
    assert set(np.unique(xs.values[:, 0])) == {0.0, 1.0}
    assert xs.values[:, 0].mean() == pytest.approx(0.5, abs=0.01)
    assert targets.mean() == pytest.approx(0.5, abs=0.04)


def test_right_as_published():
    answers, targets = np.array([[0.5], [0.5], [0.5]]), np.array([[0.539], [0.541], [0.461]])
    assert MarkedSum(20).right(answers, targets).tolist() == [True, False, True]
    assert MarkedProduct(20).right(answers, targets).tolist() == [True, False, True]
    assert Xor(20).right(np.array([[0.51], [0.5], [0.49]]), np.array([[1.0], [1.0], [0.0]])).tolist() == [
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("kind", WANTED)
def test_too_short_sequences_are_refused(kind):
    with pytest.raises(InvalidInput, match=f"{kind.__name__}: length=9; expected a whole number of at least 10"):
        kind(9)
