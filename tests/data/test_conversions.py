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
    gap = np.zeros((1, 3, 1))
    gap[0, 1] = np.nan
    with pytest.raises(InvalidInput, match=r"NaN"):
        from_tslearn(gap)
    for convert in (to_aeon, to_tslearn, to_lengths):
        with pytest.raises(InvalidInput, match=r"sequences of symbols"):
            convert(Sequences.from_strings(["ab"]))


def test_data_sets_hold_what_fits():
    steps = np.empty(3, object)
    steps[:] = [np.zeros(length) for length in (3, 5, 2)]
    with pytest.raises(InvalidInput, match=r"sequence 2 has 1 steps, but 2 labels"):
        Dataset(UNEVEN, steps, "d")
    with pytest.raises(InvalidInput, match=r"3 sequences, but groups of shape"):
        Dataset(UNEVEN, None, "d", groups=np.zeros(2))
