"""Sequences of values of which two are marked, and their product."""

import jax
import numpy as np
import pytest

from mnemon.errors import InvalidInput
from mnemon.problems import Adding, Multiplication


def draw(n=2000, length=40, seed=0):
    sample = Multiplication(length).sample(jax.random.key(seed), n)
    return [np.asarray(x) for x in sample.xs], sample.targets[:, 0]


def test_two_steps_are_marked_and_the_target_is_their_product():
    firsts, seconds = [], []
    for x, target in zip(*draw()):
        marked = np.flatnonzero(x[:, 1] == 1)
        assert len(marked) == 2
        assert target == x[marked[0], 0] * x[marked[1], 0]
        firsts.append(marked[0])
        seconds.append(marked[1])
        assert x[-1, 1] == -1
        assert x[0, 1] == -1 or (x[0, 1] == 1 and x[0, 0] == 1)
        assert x[:, 0].min() >= 0
        assert x[:, 0].max() <= 1
    assert (min(firsts), max(firsts), max(seconds)) == (0, 9, 18)


def test_marks_and_lengths_are_those_of_adding():
    adding = Adding(40).sample(jax.random.key(3), 50).xs
    multiplication = Multiplication(40).sample(jax.random.key(3), 50).xs
    np.testing.assert_array_equal(adding.lengths, multiplication.lengths)
    np.testing.assert_array_equal(adding.values[:, 1], multiplication.values[:, 1])


def test_right_is_less_than_0_04_away():
    right = Multiplication(40).right(np.array([[0.5], [0.5], [0.5]]), np.array([[0.539], [0.541], [0.461]]))
    assert right.tolist() == [True, False, True]


@pytest.mark.parametrize("make", [lambda: Multiplication(19), lambda: Multiplication(20).sample(jax.random.key(0), 0)])
def test_what_cannot_be_is_said(make):
    with pytest.raises(InvalidInput):
        make()
