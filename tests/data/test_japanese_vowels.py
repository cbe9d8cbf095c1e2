import gzip
import hashlib
from importlib import resources

import numpy as np
import pytest

from mnemon.data import japanese_vowels

# Of the unpacked files, as the archive gives them.
SHA256 = {
    "TRAIN": "68a430eabd919cc77f40b1f5f3bc0dcafacc1486bca9260785aeb7d262cc78cd",
    "TEST": "b3d41d6a0ca3bcad3afb9ca7d4365382aa51341e2e58bae2a574babdda5b9462",
}


def test_counts_are_as_published():
    train, test = japanese_vowels()
    assert (len(train.X), len(test.X)) == (270, 370)
    assert train.X.n_channels == test.X.n_channels == 12
    lengths = np.concatenate([train.X.lengths, test.X.lengths])
    assert (lengths.min(), lengths.max()) == (7, 29)
    assert train.y is not None
    assert test.y is not None
    speakers, utterances = np.unique(train.y, return_counts=True)
    assert speakers.tolist() == [str(k) for k in range(1, 10)]
    assert utterances.tolist() == [30] * 9
    assert np.unique(test.y, return_counts=True)[1].tolist() == [31, 35, 88, 44, 29, 24, 40, 50, 29]


def test_values_are_those_of_the_file():
    train, test = japanese_vowels()
    assert train.X[0][:2, 0].tolist() == [1.860936, 1.891651]
    assert train.X[0][0, :2].tolist() == [1.860936, -0.207383]
    assert test.X[0][0, :2].tolist() == [1.635533, 0.024848]


@pytest.mark.parametrize("part", SHA256)
def test_only_compression_was_applied(part):
    file = resources.files("mnemon.data") / "_embedded" / f"JapaneseVowels_{part}.ts.gz"
    assert hashlib.sha256(gzip.decompress(file.read_bytes())).hexdigest() == SHA256[part]


def test_the_source_and_the_licence_are_told():
    for data in japanese_vowels():
        for part in ("Kudo", "Toyama", "Shimbo", "1999", "CC BY 4.0", "UCI"):
            assert part in data.about
