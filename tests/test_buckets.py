from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnemon.errors import InvalidInput
from mnemon.sequences import length_buckets


def least_padding(lengths, groups):
    ends = np.unique(lengths)
    plans = (c for k in range(groups) for c in combinations(ends[:-1], k))
    return min(sum(e * ((lengths > b) & (lengths <= e)).sum() for b, e in zip((0, *p), (*p, ends[-1]))) for p in plans)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=12).map(np.array), st.integers(1, 4))
def test_buckets_partition_and_pad_least(lengths, most):
    groups = length_buckets(lengths, most, saving=0.0)
    assert sorted(np.concatenate(groups)) == list(range(len(lengths)))
    assert len(groups) <= most
    assert sum(len(g) * lengths[g].max() for g in groups) == least_padding(lengths, most)
    assert [lengths[g].max() for g in groups] == sorted(lengths[g].max() for g in groups)


def test_a_further_bucket_must_save_a_tenth():
    assert len(length_buckets([10] * 50 + [11] * 50)) == 1
    short, long = length_buckets([5] * 50 + [100] * 50)
    assert short.tolist() == list(range(50))
    assert long.tolist() == list(range(50, 100))


def test_buckets_of_many_different_lengths():
    lengths = np.random.default_rng(0).permutation(np.arange(1, 5001))
    groups = length_buckets(lengths, 3)
    cost = sum(len(g) * lengths[g].max() for g in groups)
    assert len(groups) == 3
    assert cost == pytest.approx(5000**2 * 2 / 3, rel=0.01)


def test_buckets_refuse_what_is_no_vector_of_lengths():
    for wrong in ([], [0, 1], [1.5], [[1]]):
        with pytest.raises(InvalidInput, match="positive integers"):
            length_buckets(wrong)
    with pytest.raises(InvalidInput, match="at least 1 group"):
        length_buckets([1], 0)
