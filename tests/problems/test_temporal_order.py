"""The order of two or three symbols among distractors."""

import jax
import numpy as np
import pytest
from scipy import stats

from mnemon.errors import InvalidInput
from mnemon.problems import TemporalOrder

# Where they stand at T = 100, counted from 1, as published.
WINDOWS = {2: [(10, 20), (50, 60)], 3: [(10, 20), (33, 43), (66, 76)]}


def draw(symbols, n=2000, length=100, seed=0):
    sample = TemporalOrder(length, symbols=symbols).sample(jax.random.key(seed), n)
    return sample.xs.strings(), sample.targets


@pytest.mark.parametrize("symbols", [2, 3])
def test_the_class_is_the_order_of_what_stands_in_the_windows(symbols):
    strings, targets = draw(symbols)
    places = []
    for string, target in zip(strings, targets):
        steps = [t for t, symbol in enumerate(string, start=1) if symbol in "XY"]
        places.append(steps)
        order = "".join(string[t - 1] for t in steps)
        assert target.tolist() == [
            float(k == int(order.replace("X", "0").replace("Y", "1"), 2)) for k in range(2**symbols)
        ]
        assert string[0] == "E"
        assert string[-1] == "B"
        assert set(string[1:-1]) <= set("abcdXY")
    for steps, (first, last) in zip(np.transpose(places), WINDOWS[symbols]):
        assert (steps.min(), steps.max()) == (first, last)
        assert stats.chisquare(np.bincount(steps)[first:]).pvalue > 0.01
    assert stats.chisquare(targets.sum(axis=0)).pvalue > 0.01


@pytest.mark.parametrize("symbols, lag", [(2, 40), (3, 24)])
def test_the_least_lag_is_the_published_one(symbols, lag):
    strings, _ = draw(symbols, 6000)
    assert min(len(s) - max(s.rfind("X"), s.rfind("Y")) - 1 for s in strings) == lag
    assert {len(s) for s in strings} == set(range(100, 111))


def test_distractors_are_even():
    strings, _ = draw(2, 300)
    counts = [sum(s.count(symbol) for s in strings) for symbol in "abcd"]
    assert stats.chisquare(counts).pvalue > 0.01


@pytest.mark.parametrize("symbols", [2, 3])
@pytest.mark.parametrize("length", [20, 31, 500])
def test_other_lengths_scale_the_windows(symbols, length):
    for string in draw(symbols, 300, length)[0]:
        steps = [t for t, symbol in enumerate(string, start=1) if symbol in "XY"]
        assert len(steps) == symbols
        for t, (first, last) in zip(steps, WINDOWS[symbols]):
            assert first * length // 100 <= t <= last * length // 100
        assert string[0] + string[-1] == "EB"


def test_right_is_all_outputs_less_than_0_3_away():
    answers = np.array([[0.71, 0.29, 0, 0], [0.69, 0, 0, 0], [1, 0, 0.31, 0], [1, 0, 0, np.nan]])
    targets = np.array([[1.0, 0, 0, 0]] * 4)
    assert TemporalOrder().right(answers, targets).tolist() == [True, False, False, False]


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: TemporalOrder(19), "length=19; expected a whole number of at least 20"),
        (lambda: TemporalOrder(100.0), "length=100.0"),
        (lambda: TemporalOrder(100, symbols=4), "symbols=4; expected 2 or 3"),
        (lambda: TemporalOrder().sample(jax.random.key(0), 0), "n=0"),
    ],
)
def test_what_makes_no_sense_is_refused(make, words):
    with pytest.raises(InvalidInput, match=words):
        make()
