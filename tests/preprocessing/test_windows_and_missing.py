"""Windows hold every step; missing values are bridged, or filled in and marked."""

import numpy as np
import pytest

from mnemon.errors import InvalidInput
from mnemon.preprocessing import Missing, fill_missing, missing_means, windows
from mnemon.sequences import Sequences

NAN = np.nan


@pytest.mark.parametrize("length, step", [(5, 4), (3, None), (7, 1), (2, 2), (30, None)])
def test_windows_hold_every_step(length, step):
    X = Sequences([np.arange(17.0), np.arange(100.0, 104.0), np.arange(200.0, 201.0)])
    cut = windows(X, ["a", "b", "c"], length=length, step=step)
    for k in range(3):
        held = np.concatenate([w[:, 0] for w, origin in zip(cut.X, cut.origin) if origin == k])
        assert set(held) == set(X[k][:, 0])
    for window, origin, start, label in zip(cut.X, cut.origin, cut.starts, cut.y):
        np.testing.assert_array_equal(window, X[int(origin)][start : start + length])
        assert len(window) == min(length, len(X[int(origin)]))
        assert label == "abc"[origin]


def test_windows_by_hand():
    assert windows([np.arange(17.0)], length=5, step=4).starts.tolist() == [0, 4, 8, 12]
    assert windows([np.arange(16.0)], length=5, step=4).starts.tolist() == [0, 4, 8, 11]
    kept = windows([np.arange(3.0), np.arange(6.0)], length=5, keep_short=False)
    assert kept.origin.tolist() == [1, 1]
    assert kept.y is None


def test_windows_of_symbols_and_segments():
    strings = windows(["abcde"], length=3, step=2)
    assert [[strings.X.alphabet[c] for c in one] for one in strings.X] == [["a", "b", "c"], ["c", "d", "e"]]
    marked = Sequences([np.array([1.0, NAN, 3.0])], boundaries=[[True, False, True]], allow_nan=True)
    assert windows(marked, length=2).X.flat_boundaries.tolist() == [True, False, False, True]


def test_labels_of_steps_are_cut_as_the_steps_are():
    X = Sequences([np.arange(7.0), np.arange(2.0)])
    cut = windows(X, [np.arange(7), np.arange(2)], length=3, step=2)
    assert cut.y.dtype == object
    for window, labels in zip(cut.X, cut.y):
        np.testing.assert_array_equal(window[:, 0], labels)
    even = windows(X[[0, 0]], [np.arange(7)] * 2, length=7)  # windows of one length stay a label a step
    assert even.y.shape == (2,)
    assert windows(X, np.ones((2, 3)), length=4).y.shape == (3, 3)


def test_window_mistakes():
    for options, words in [
        ({"length": 0}, "length=0"),
        ({"length": 2, "step": 0}, "step=0"),
        ({"length": 9, "keep_short": False}, "no sequence has 9 steps .the longest has 4."),
        ({"length": 2, "y": [1, 2]}, "1 sequences but 2 labels"),
        ({"length": 2, "y": 1}, "y: expected 1 labels, one a sequence, got 1"),
        ({"length": 2, "y": [np.arange(3)]}, "sequence 0 has 4 steps, but labels of shape .3,."),
    ]:
        with pytest.raises(InvalidInput, match=words):
            windows([np.arange(4.0)], **options)


HOLED = Sequences(
    [[[1, NAN], [NAN, NAN], [4, NAN], [NAN, NAN]], [[NAN, 10], [7, NAN]]], allow_nan=True,
    boundaries=[[False, True, False, True], [True, True]],
)  # fmt: skip


def test_bridging():
    np.testing.assert_allclose(missing_means(HOLED), [4, 10])
    filled = fill_missing(HOLED, "interpolate", np.array([4.0, 10.0]))
    np.testing.assert_allclose(filled.values, [[1, 10], [2.5, 10], [4, 10], [4, 10], [7, 10], [7, 10]])
    np.testing.assert_array_equal(filled.flat_boundaries, HOLED.flat_boundaries)


def test_masking():
    filled = Missing("mask").fit_transform(HOLED)
    np.testing.assert_allclose(filled.values[:, :2], [[1, 10], [4, 10], [4, 10], [4, 10], [4, 10], [7, 10]])
    np.testing.assert_array_equal(filled.values[:, 2:], np.isnan(HOLED.values))


@pytest.mark.parametrize("policy", ["interpolate", "mask"])
def test_a_batch_is_filled_as_its_sequences_are(policy):
    fitted = Missing(policy).fit(HOLED)
    alone = [fitted.transform(HOLED[[k]]) for k in range(len(HOLED))]
    assert Sequences.concatenate(alone) == fitted.transform(HOLED)


def test_what_is_known_stays():
    known = Sequences([np.random.default_rng(0).normal(size=(5, 2))])
    assert fill_missing(known, "interpolate", np.zeros(2)) == known
    assert Missing("error").fit(known).transform(known) == known


def test_missing_mistakes():
    with pytest.raises(InvalidInput, match=r"(?s)NaN.*sequence 0"):
        Missing("error").fit(HOLED).transform(HOLED)
    with pytest.raises(InvalidInput, match="missing='mend'"):
        fill_missing(HOLED, "mend", np.zeros(2))
    with pytest.raises(InvalidInput, match="these are symbols"):
        fill_missing(Sequences.from_strings(["ab"]), "mask", np.zeros(2))
    with pytest.raises(InvalidInput, match=r"means: expected 2 numbers, one a channel, got shape .3,."):
        fill_missing(HOLED, "mask", np.zeros(3))
    nothing = Sequences([[[NAN]]], allow_nan=True)
    assert missing_means(nothing).tolist() == [0]
