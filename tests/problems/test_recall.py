"""Symbols that are to be written again after a pause; and strings that end as they begin."""

import math

import jax
import numpy as np
import pytest

from mnemon.errors import InvalidInput
from mnemon.problems import Copy, LongLag, Memorisation, RandomPermutation

KEY = jax.random.key(0)


@pytest.mark.parametrize(
    "problem, symbols, kinds, pause",
    [
        (Memorisation(50), 5, 2, 50),
        (Memorisation(30, bits=20), 10, 5, 30),
        (Copy(100), 10, 8, 100),
        (Copy(1, 3, 12), 3, 12, 1),
    ],
)
def test_what_was_read_is_written_after_the_cue(problem, symbols, kinds, pause):
    xs, targets, _ = problem.sample(KEY, 200)
    wanted = targets.values.reshape(200, -1)
    names = [str(k + 1) for k in range(kinds)]
    seen = set()
    for string, row in zip(xs.strings(), wanted):
        read = list(string[:symbols])
        assert list(string[symbols:]) == ["-"] * (pause - 1) + [">"] + ["-"] * symbols
        assert row.tolist() == [kinds] * (symbols + pause) + [names.index(symbol) for symbol in read]
        seen |= set(read)
    assert seen == set(names)
    assert (problem.input_size, problem.output_size, problem.longest) == (kinds + 2, kinds + 1, pause + 2 * symbols)


def test_published_baseline_of_copying():
    """10 log 8 / (T + 20): Arjovsky and others, 2016."""
    for pause in (100, 200, 300, 500):
        assert Copy(pause).baseline == pytest.approx(10 * math.log(8) / (pause + 20))
    assert Memorisation(9, every_step=False).baseline == pytest.approx(math.log(2))


@pytest.mark.parametrize("every_step", [True, False])
def test_the_baseline_is_the_cost_of_the_best_answer_without_memory(every_step):
    symbols, kinds, pause = 3, 5, 4
    problem = Copy(pause, symbols, kinds, every_step=every_step)
    chances = np.zeros((problem.longest, kinds + 1))
    chances[: symbols + pause, kinds] = 1  # silence
    chances[symbols + pause :, :kinds] = 1 / kinds
    costs = []
    for row in problem.sample(KEY, 20).targets.values.reshape(20, -1):
        costs += [-math.log(chances[t, wanted]) for t, wanted in enumerate(row) if wanted >= 0]
    assert np.mean(costs) == pytest.approx(problem.baseline)


def test_where_only_writing_is_asked_for_only_writing_is_judged():
    problem = Copy(3, 2, 4, every_step=False)
    targets = problem.sample(KEY, 1).targets.padded(np.array([0]), 7)
    assert targets[0, :5].tolist() == [-1] * 5
    answers = np.zeros((1, 7, 5))
    answers[0, [5, 6], targets[0, 5:]] = 1
    assert problem.right(answers, targets).tolist() == [True]
    answers[0, 6] = 1 - answers[0, 6]
    assert problem.right(answers, targets).tolist() == [False]


@pytest.mark.parametrize("every_step", [False, True])
def test_a_permutation_ends_as_it_begins(every_step):
    problem = RandomPermutation(30, every_step=every_step)
    xs, targets, _ = problem.sample(KEY, 400)
    codes = xs.values.reshape(400, 29)
    assert set(codes[:, 0]) == {0, 1}
    assert set(codes[:, 1:].ravel()) == set(range(2, 100))
    last = targets.values.reshape(400, 29)[:, -1] if every_step else targets
    np.testing.assert_array_equal(last, codes[:, 0])
    if every_step:
        np.testing.assert_array_equal(targets.values.reshape(400, 29)[:, :-1], codes[:, 1:])


def test_of_a_permutation_the_last_symbol_alone_is_judged():
    problem = RandomPermutation(4, every_step=True)
    targets = np.array([[5, 6, 1], [5, 6, 0]])
    answers = np.zeros((2, 3, 100))
    answers[:, 2, 1] = 1
    assert problem.right(answers, targets).tolist() == [True, False]
    assert RandomPermutation(4).right(answers[:, 2], targets[:, 2]).tolist() == [True, False]


@pytest.mark.parametrize("random", [False, True])
@pytest.mark.parametrize("lag", [2, 4, 10])
def test_a_long_lag_ends_as_it_begins_and_asks_for_every_next_symbol(lag, random):
    problem = LongLag(lag, random=random)
    xs, targets, _ = problem.sample(KEY, 300)
    following = targets.values.argmax(axis=1).reshape(300, lag)
    np.testing.assert_array_equal(targets.values.sum(axis=1), 1)
    strings = {(*x, last) for x, last in zip(map(tuple, xs), following[:, -1])}
    for x, row in zip(xs, following):
        assert row[:-1].tolist() == x[1:].tolist()
        assert row[-1] == x[0]
        assert xs.alphabet[x[0]] in "xy"
        assert x[1:].max() < lag - 1
    if not random:
        middle = tuple(range(lag - 1))
        assert strings == {(end, *middle, end) for end in (lag - 1, lag)}
    elif lag == 10:
        assert len(strings) > 290


def test_long_lags_are_right_below_a_quarter_at_every_step_or_at_the_last():
    targets = LongLag(3).sample(KEY, 1).targets.padded(np.array([0]), 3)
    answers = np.abs(targets - 0.24)
    assert LongLag(3).right(answers, targets).tolist() == [True]
    answers[0, 1] = 0.5
    assert LongLag(3).right(answers, targets).tolist() == [False]
    assert LongLag(3, random=True).right(answers, targets).tolist() == [True]
    answers[0, 2, 0] += 0.1
    assert LongLag(3, random=True).right(answers, targets).tolist() == [False]


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: Memorisation(0), "pause=0"),
        (lambda: Memorisation(9, bits=6), "bits=6; expected 5 or 20"),
        (lambda: Copy(0, 0, 1), r"3 problems\n  - pause=0.*\n  - symbols=0.*\n  - kinds=1"),
        (lambda: RandomPermutation(2), "length=2"),
        (lambda: LongLag(1), "lag=1"),
    ],
)
def test_what_makes_no_sense_is_refused(make, words):
    with pytest.raises(InvalidInput, match=words):
        make()
