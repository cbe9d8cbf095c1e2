"""Strings of which half begin with a keyword."""

import jax
import numpy as np
import pytest

from mnemon.errors import InvalidInput
from mnemon.problems import Latching

SMALL = Latching(12, keyword_length=8)


def draw(seed, n=30, problem=SMALL):
    xs, targets, _ = problem.sample(jax.random.key(seed), n)
    return xs.values.reshape(n, problem.length), targets[:, 0], xs


@pytest.mark.parametrize("n", [1, 2, 5, 30, 31])
def test_half_of_the_strings_are_of_each_class_and_an_odd_one_of_class_0(n):
    codes, targets, xs = draw(0, n)
    assert targets.sum() == n // 2
    assert set(targets) <= {0.0, 1.0}
    assert codes.shape == (n, 12)
    assert xs.alphabet == tuple("abcdefghijklmnopqrstuvwxyz")


def test_class_1_and_only_class_1_begins_with_the_keyword_which_is_the_same_for_all_keys():
    keyword = None
    for seed in range(5):
        codes, targets, _ = draw(seed)
        keyword = codes[targets == 1][0, :8] if keyword is None else keyword
        np.testing.assert_array_equal((codes[:, :8] == keyword).all(axis=1), targets == 1)
        assert len({*map(bytes, codes[:, 8:])}) == 30


def test_the_keyword_is_that_of_its_number_at_every_length():
    def keyword(problem):
        codes, targets, _ = draw(0, 4, problem)
        return codes[targets == 1][0, :8].tolist()

    assert keyword(Latching(30, keyword_length=8)) == keyword(SMALL)
    assert keyword(Latching(12, keyword_length=8, keyword=1)) != keyword(SMALL)


def test_the_classes_come_in_an_order_of_the_key():
    assert len({tuple(draw(seed)[1]) for seed in range(4)}) == 4


def test_the_same_key_gives_the_same_strings_and_another_key_others():
    assert (draw(3)[0] == draw(3)[0]).all()
    assert (draw(3)[1] == draw(3)[1]).all()
    assert not (draw(3)[0] == draw(4)[0]).all()


def test_all_letters_occur_about_equally_often():
    codes, targets, _ = draw(0, 2000)
    counts = np.bincount(codes[targets == 0].ravel(), minlength=26)
    assert counts.min() > 0.8 * counts.mean()
    assert counts.max() < 1.2 * counts.mean()


def test_a_string_may_be_the_keyword_and_nothing_else():
    codes, targets, _ = draw(0, 6, Latching(8, keyword_length=8))
    assert len({*map(bytes, codes[targets == 1])}) == 1


@pytest.mark.parametrize("length, keyword_length", [(60, 0), (60, -1), (49, 50), (0, 50)])
def test_a_keyword_that_does_not_fit_is_refused(length, keyword_length):
    with pytest.raises(InvalidInput, match=f"a keyword of {keyword_length} letters does not fit strings of {length}"):
        Latching(length, keyword_length)


def test_no_strings_at_all_are_refused():
    with pytest.raises(InvalidInput, match="n=0; expected at least 1"):
        SMALL.sample(jax.random.key(0), 0)


def test_an_answer_is_right_on_the_side_of_its_target():
    answers = np.array([[[0.9], [0.4], [0.5]], [[0.1], [0.6], [0.51]]])
    right = SMALL.right(answers, np.array([[1.0], [0.0], [1.0]]))
    np.testing.assert_array_equal(right, [[True, True, False], [False, False, True]])


def test_sizes_and_source_are_told():
    assert (SMALL.input_size, SMALL.output_size) == (26, 1)
    assert "NCTA 2012" in SMALL.reference
