"""Collections of other libraries: there and back is the identity; and what they cannot hold."""

import numpy as np
import pytest

from mnemon.data import Dataset, from_aeon, from_lengths, from_tslearn, to_aeon, to_lengths, to_tslearn
from mnemon.errors import InvalidInput
from mnemon.sequences import Sequences

RANDOM = np.random.default_rng(0)
UNEVEN = Sequences([RANDOM.normal(size=(length, 2)) for length in (3, 5, 1)])
EVEN = Sequences(RANDOM.normal(size=(4, 6, 3)))


@pytest.mark.parametrize("X", [UNEVEN, EVEN], ids=["uneven", "even"])
def test_there_and_back(X):
    assert from_aeon(to_aeon(X)) == X
    assert from_tslearn(to_tslearn(X)) == X
    assert from_lengths(*to_lengths(X)) == X


def test_shapes():
    assert to_aeon(EVEN).shape == (4, 3, 6)
    assert [one.shape for one in to_aeon(UNEVEN)] == [(2, 3), (2, 5), (2, 1)]
    assert to_tslearn(UNEVEN).shape == (3, 5, 2)
    assert np.isnan(to_tslearn(UNEVEN)[0, 3:]).all()


def test_mistakes_are_told():
    with pytest.raises(InvalidInput, match=r"expected an array .n, time, channels., got shape .3, 5."):
        from_tslearn(np.zeros((3, 5)))
    with pytest.raises(InvalidInput, match=r"sequence 1 holds nothing but NaN"):
        from_tslearn(np.where(np.arange(2)[:, None, None] == 1, np.nan, np.zeros((2, 3, 1))))
    with pytest.raises(InvalidInput, match=r"got shape .2, 0, 1."):
        from_tslearn(np.zeros((2, 0, 1)))
    gap = np.zeros((1, 3, 1))
    gap[0, 1] = np.nan
    assert to_tslearn(from_tslearn(gap, allow_nan=True)).tolist()[0][0] == [0]
    gap[0, 2] = np.nan
    with pytest.raises(InvalidInput, match=r"the last step of sequence 0 has no value"):
        to_tslearn(Sequences(gap, allow_nan=True))
    gap[0, 2] = 0
    with pytest.raises(InvalidInput, match=r"NaN"):
        from_tslearn(gap)
    for convert in (to_aeon, to_tslearn, to_lengths):
        with pytest.raises(InvalidInput, match=r"sequences of symbols"):
            convert(Sequences.from_strings(["ab"]))


def test_missing_values_stay():
    holed = Sequences([[[1, np.nan], [np.nan, np.nan], [3, 4]], [[np.nan, 2]]], allow_nan=True)
    assert from_aeon(to_aeon(holed), allow_nan=True) == holed
    assert from_tslearn(to_tslearn(holed), allow_nan=True) == holed
    assert from_lengths(*to_lengths(holed), allow_nan=True) == holed


def test_data_sets_take_lists():
    data = Dataset(UNEVEN, ["a", "b", "a"], "d", groups=[1, 1, 2])
    assert (data.y.tolist(), data.groups.tolist()) == (["a", "b", "a"], [1, 1, 2])
    assert repr(data).endswith("2 classes)")
    for steps in ([np.zeros(length) for length in (3, 5, 1)], [[0.0] * length for length in (3, 5, 1)]):
        data = Dataset(UNEVEN, steps, "d")
        assert data.by_step
        assert repr(data).endswith("numbers as targets at steps)")
    even = Dataset(EVEN, [np.array(list("abcabc"))] * 4, "d")  # of equal length, and still a label a step
    assert (even.y.shape, even.by_step) == ((4,), True)
    assert repr(even).endswith("3 labels at steps)")
    assert not Dataset(EVEN, [[1, 2]] * 4, "d").by_step


def test_data_sets_hold_what_fits():
    steps = np.empty(3, object)
    steps[:] = [np.zeros(length) for length in (3, 5, 2)]
    with pytest.raises(InvalidInput, match=r"sequence 2 has 1 steps, but 2 labels"):
        Dataset(UNEVEN, steps, "d")
    with pytest.raises(InvalidInput, match=r"(?s)3 sequences, but labels of shape .2,.*groups of shape .2,"):
        Dataset(UNEVEN, ["a", "b"], "d", groups=np.zeros(2))
    steps[:] = [np.zeros(3), "abcde", np.zeros(1)]
    with pytest.raises(InvalidInput, match=r"labels of sequence 1: expected an array"):
        Dataset(UNEVEN, steps, "d")


def test_no_sequences_are_no_mistake():
    none = UNEVEN[[]]
    assert to_tslearn(none).shape == (0, 0, 2)
    assert to_aeon(none) == []
    assert repr(Dataset(none, np.empty(0, object), "d")).endswith("0 classes)")
