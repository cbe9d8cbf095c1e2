"""The order of two or three symbols at places in tenths of the length."""

import jax
import numpy as np
import pytest
from scipy import stats

from mnemon.errors import InvalidInput
from mnemon.problems import OrderOfThree, OrderOfTwo

CASES = [
    (OrderOfTwo(100), (1, 4)),
    (OrderOfTwo(100, second=5), (1, 5)),
    (OrderOfTwo(50, most=200), (1, 4)),
    (OrderOfThree(100), (1, 3, 6)),
    (OrderOfThree(10, most=37), (1, 3, 6)),
]


@pytest.mark.parametrize("problem, tenths", CASES, ids=repr)
def test_the_class_is_the_order_of_what_stands_in_the_tenths(problem, tenths):
    xs, classes, _ = problem.sample(jax.random.key(0), 1000)
    seen = []
    for string, number in zip(xs.strings(), classes):
        steps = [t for t, symbol in enumerate(string) if symbol in "AB"]
        assert len(steps) == len(tenths)
        for t, tenth in zip(steps, tenths):
            assert tenth * len(string) // 10 <= t < (tenth + 1) * len(string) // 10
        assert number == int("".join("AB".index(string[t]).__str__() for t in steps), 2)
        seen.append(steps)
    assert stats.chisquare(np.bincount(classes, minlength=2 ** len(tenths))).pvalue > 0.01
    if problem.longest == 100:
        for steps, tenth in zip(np.transpose(seen), tenths):
            assert stats.chisquare(np.bincount(steps)[10 * tenth :]).pvalue > 0.01


def test_lengths_are_one_or_even_over_the_range():
    assert set(OrderOfTwo(60).sample(jax.random.key(0), 30).xs.lengths) == {60}
    lengths = OrderOfTwo(50, most=60).sample(jax.random.key(0), 2000).xs.lengths
    assert stats.chisquare(np.bincount(lengths)[50:]).pvalue > 0.01
    assert len(np.bincount(lengths)) == 61


def test_right_is_the_largest_output():
    answers = np.array([[0.1, 0.9, 0.2, 0.3], [0.5, 0.6, 0.4, 0.1]])
    assert OrderOfTwo(20).right(answers, np.array([1, 0])).tolist() == [True, False]


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: OrderOfTwo(9), "length=9"),
        (lambda: OrderOfTwo(20, most=19), "most=19"),
        (lambda: OrderOfTwo(20, second=1), "second=1"),
        (lambda: OrderOfTwo(20, second=10), "second=10"),
        (lambda: OrderOfThree(9), "length=9"),
        (lambda: OrderOfThree(20, 19), "most=19"),
    ],
)
def test_what_makes_no_sense_is_refused(make, words):
    with pytest.raises(InvalidInput, match=words):
        make()
