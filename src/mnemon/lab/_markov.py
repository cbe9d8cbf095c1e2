"""Hidden Markov models that decide what recordings are, with as many Gaussians as the recordings judged choose."""

import warnings
from collections.abc import Sequence
from typing import cast

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..estimators import HMMClassifier
from ..sequences import Sequences
from ._emotion import Heard, confusion, mean_recall
from ._partings import Parting


def decided_by_models(
    data: Heard, part: Parting, *, states: int, mixtures: Sequence[int], iterations: int, seed: int
) -> np.ndarray:
    """(recordings,) the class whose model is the likeliest.

    A model a class learns from `part.learned`, with each number of `mixtures`; the one with the best mean recall on
    `part.judged` (of equals the first) learns again from both.
    """

    def learned(rows: np.ndarray, many: int) -> HMMClassifier:
        made = HMMClassifier(states, many, iterations=iterations, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # so many re-estimations are the protocol
            return made.fit(data.xs[rows], data.y[rows])

    def recall(many: int) -> float:
        said = learned(part.learned, many).predict(cast(Sequences, data.xs[part.judged]))
        return mean_recall(np.array(confusion(said, data.y[part.judged], len(data.classes))))

    return learned(np.concatenate([part.learned, part.judged]), max(mixtures, key=recall)).predict(data.xs)
