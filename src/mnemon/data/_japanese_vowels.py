"""The Japanese Vowels data that come with the package: real recordings of unequal length.

M. Kudo, J. Toyama and M. Shimbo (1999). Multidimensional curve classification using passing-through regions.
Pattern Recognition Letters 20(11-13), 1103-1111. CC BY 4.0.
"""

from dataclasses import replace
from importlib import resources

from mnemon.data._dataset import Dataset
from mnemon.data._ts import read_ts


def japanese_vowels() -> tuple[Dataset, Dataset]:
    """Training data (270 utterances, 30 of each of 9 speakers) and test data (370), as published.

    Each utterance is 7 to 29 frames of 12 cepstrum coefficients; the label, "1" to "9", is the speaker.
    """
    train, test = (_load(part) for part in ("TRAIN", "TEST"))
    return train, test


def _load(part: str) -> Dataset:
    folder = resources.files("mnemon.data") / "_embedded"
    about = (folder / "JapaneseVowels_ATTRIBUTION.txt").read_text(encoding="utf-8")
    with resources.as_file(folder / f"JapaneseVowels_{part}.ts.gz") as path:
        return replace(read_ts(path), about=about)
