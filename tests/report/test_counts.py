"""Counting: intervals, confusions, the worst mistakes, bins of length; and the summary for a terminal."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix

from mnemon._statistics import wilson
from mnemon.errors import InvalidInput
from mnemon.report import DataSet, Judged, Story, render_text
from mnemon.report._counts import by_length, confusion, mistakes, worst
from mnemon.report._markup import duration, percent


# R. G. Newcombe (1998), Statistics in Medicine 17, table I, method 3
@pytest.mark.parametrize(
    "k, n, low, high",
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_published(k, n, low, high):
    assert wilson(k, n) == pytest.approx((low, high), abs=5e-5)
    assert wilson(n - k, n) == pytest.approx((1 - high, 1 - low), abs=5e-5)


def test_wilson_of_nothing_is_everything():
    assert wilson(0, 0) == (0, 1)


def test_confusion_and_accuracy_as_in_scikit_learn(judged):
    of = judged(7, n=400, wrong=0.4)
    np.testing.assert_array_equal(confusion(of), confusion_matrix(of.y_true, of.y_pred, labels=of.classes))
    assert of.accuracy == accuracy_score(of.y_true, of.y_pred)
    assert sum(n for *_, n in mistakes(of)) == of.n - of.right
    assert of.chance == max(np.bincount(of.true)) / 400


def test_the_worst_gave_the_true_class_the_least():
    chances = [[0.9, 0.1], [0.99, 0.01], [0.2, 0.8], [0.6, 0.4]]
    of = Judged(classes=["a", "b"], y_true=["b", "b", "b", "b"], y_pred=["a", "a", "b", "a"], probabilities=chances)
    assert worst(of, 2).tolist() == [1, 0]
    assert worst(of, 9).tolist() == [1, 0, 3]


@pytest.mark.parametrize("lengths", [[5], [7, 29], range(7, 30), [0, 3], [1, 100_000], [10, 11], range(1000), [3, 90]])
def test_every_length_is_in_one_bin(lengths):
    lengths = list(lengths)
    of = Judged(classes=[0], y_true=[0] * len(lengths), y_pred=[0] * len(lengths), lengths=lengths)
    bins = by_length(of)
    assert sum(part.n for part in bins) == len(lengths)
    assert len(bins) <= 11
    assert all(before.last + 1 == after.first for before, after in pairwise(bins))
    assert bins[-1].first <= max(lengths)
    assert bins[0].last >= min(lengths)


def test_percentages_never_round_to_all_or_nothing():
    assert [percent(*p) for p in ((1, 1), (9999, 10_000), (1, 10_000), (0, 5), (1, 3))] == [
        "100%", "99.9%", "0.1%", "0%", "33.3%",
    ]  # fmt: skip


def test_durations():
    told = [duration(s) for s in (0, 0.0001, 0.04, 6.21, 9.96, 59.6, 90, 7322)]
    assert told == ["0 s", "< 1 ms", "40 ms", "6.2 s", "10 s", "1 min 00 s", "1 min 30 s", "2 h 02 min"]


def test_text_for_a_terminal():
    true = ["long name"] * 20 + ["b"] * 17
    of = Judged(classes=["long name", "b", "never"], y_true=true, y_pred=["long name"] * 21 + ["b"] * 16)
    assert render_text(Story(title="", judged=of)).splitlines() == [
        "accuracy 0.973",
        "36 of 37 right, 95% interval 0.862 to 0.995, chance 0.541",
        "",
        "class      recall  right  of",
        "long name   1.000     20  20",
        "b           0.941     16  17",
        "never           -      0   0",
    ]


def test_names_cannot_steer_a_terminal():
    of = Judged(classes=["a\x1b[31m\nb"], y_true=["a\x1b[31m\nb"], y_pred=["a\x1b[31m\nb"])
    text = render_text(Story(title="", judged=of))
    assert "\x1b" not in text
    assert len(text.splitlines()) == 5


def test_mistakes_of_the_caller_are_told_together():
    with pytest.raises(
        InvalidInput, match=r"3 problems(.|\n)*y_pred has 1(.|\n)*'z', which is not among(.|\n)*shape \(3, 2\)"
    ):
        Judged(classes=["a"], y_true=["a", "a"], y_pred=["z"], probabilities=np.zeros((3, 2)))
    with pytest.raises(InvalidInput, match=r"no label of y_true \(1\) is among the classes '1'"):
        Judged(classes=["1"], y_true=[1], y_pred=["1"])
    with pytest.raises(InvalidInput, match="y_true is empty"):
        Judged(classes=["1"], y_true=[], y_pred=[])
    with pytest.raises(InvalidInput, match="'d': lengths has shape"):
        DataSet(name="d", sequences=3, lengths=[1, 2])


def test_histories_that_disagree_are_refused(judged):
    with pytest.raises(InvalidInput, match="arrays of 2, 3 epochs"):
        Story(title="", judged=judged(), history={"loss": [1.0, 2.0], "seconds": [1.0, 2.0, 3.0]})
    with pytest.raises(InvalidInput, match="took nan seconds"):
        Story(title="", judged=judged(), times={"training": float("nan")})


def test_numpy_labels_and_plain_ones_are_the_same_classes():
    of = Judged(classes=np.array([3, 5]), y_true=[3, 5, 5], y_pred=np.array([3, 5, 3]))
    assert of.labels == [3, 5]
    assert of.right == 2
