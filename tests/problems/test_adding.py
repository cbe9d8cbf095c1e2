"""Sequences of values of which two are marked."""

import jax
import numpy as np
import pytest

from mnemon.errors import InvalidInput
from mnemon.problems import Adding


def draw(seed=0, n=400, length=40):
    sample = Adding(length).sample(jax.random.key(seed), n)
    return [np.asarray(x) for x in sample.xs], sample.targets[:, 0]


def test_two_steps_are_marked_and_the_target_is_their_sum():
    sequences, targets = draw()
    firsts, seconds = [], []
    for x, target in zip(sequences, targets):
        marked = np.flatnonzero(x[:, 1] == 1)
        assert len(marked) == 2
        assert target == pytest.approx(0.5 + x[marked, 0].sum() / 4)
        firsts.append(marked[0])
        seconds.append(marked[1])
    assert max(firsts) < 10
    assert max(seconds) == 18  # one of the first T/2 - 1
    assert min(firsts) == 0


def test_the_ends_are_marked_otherwise_and_nothing_else_is():
    for x, _ in zip(*draw()):
        assert x[-1, 1] == -1
        assert x[0, 1] == -1 or (x[0, 1] == 1 and x[0, 0] == 0)
        assert set(x[1:-1, 1]) == {0.0, 1.0} or set(x[1:-1, 1]) == {0.0}
        assert abs(x[:, 0]).max() <= 1


def test_lengths_are_uniform_up_to_a_tenth_more():
    assert {len(x) for x in draw()[0]} == {40, 41, 42, 43, 44}


def test_every_early_step_is_chosen_about_equally_often():
    sequences, _ = draw(n=4000)
    first_of_all = np.mean([x[0, 1] == 1 for x in sequences])
    # 1/10 for the first mark, and of the others a share of 1/18 for the second
    assert first_of_all == pytest.approx(0.1 + 0.9 / 18, abs=0.02)


def test_the_same_key_gives_the_same_sequences_and_another_key_others():
    for a, b in zip(draw(3)[0], draw(3)[0]):
        np.testing.assert_array_equal(a, b)
    assert (draw(3)[1] != draw(4)[1]).all()


def test_right_is_less_than_0_04_away():
    right = Adding(40).right(np.array([[0.5], [0.5], [0.5]]), np.array([[0.53], [0.545], [0.47]]))
    assert right.tolist() == [True, False, True]


@pytest.mark.parametrize("make", [lambda: Adding(19), lambda: Adding(20).sample(jax.random.key(0), 0)])
def test_what_cannot_be_is_said(make):
    with pytest.raises(InvalidInput):
        make()
