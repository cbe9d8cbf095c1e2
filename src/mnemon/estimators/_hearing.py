"""Recordings instead of sequences: an estimator with `features` makes them itself, and its file says how."""

from typing import Any, cast

import numpy as np
from sklearn.base import clone

from ..errors import InvalidInput, suggest
from ..sequences import Sequences

NAMES = {"mfcc": "MFCC", "logmel": "LogMel"}


class Hears:
    """Gives an estimator `_heard`; its parameter is `features`.

    Attributes:
        features_: the features as fitted; None where there are none.

    """

    features: Any

    def _heard(self, X: Any, *, fitted: bool) -> Any:
        """`X` as sequences, by the features; as it is where there are none, or where it is sequences already."""
        if not fitted:
            self.features_ = fitted_features(self.features, X)
        features = vars(self).get("features_")  # files of earlier versions have none
        return X if features is None or isinstance(X, Sequences) else features.transform(X)

    def _with_copies(self, X: Any, rows: np.ndarray) -> tuple[Sequences, np.ndarray] | None:
        """Recordings of these rows and changed copies of them, as sequences, and the row that each is of.

        None where the features make no copies.
        """
        features = vars(self).get("features_")
        if isinstance(X, Sequences) or getattr(features, "augment", None) is None:
            return None
        xs, of, _ = cast(Any, features).augmented([X[int(row)] for row in rows], rows)
        return xs, of


def portable(features: Any) -> Any:
    """Features as a model file should hold them: without what belongs to a machine, or to training."""
    return features.portable() if hasattr(features, "portable") else features


def fitted_features(features: Any, X: Any) -> Any:
    """The features as they are to be kept, after a look at the recordings they are for.

    Raises:
        InvalidInput: an unknown name, something that is no transformer, or recordings that cannot be read.

    """
    if features is None:
        return None
    chosen: Any = features_named(features)
    if not isinstance(X, Sequences):
        fresh: Any = clone(chosen)
        chosen = fresh.fit(X)
    return chosen.resolved() if hasattr(chosen, "resolved") else chosen


def features_problems(features: Any) -> list[str]:
    """A sentence where the parameter is wrong."""
    try:
        if features is not None:
            features_named(features)
    except InvalidInput as problem:
        return [str(problem)]
    return []


def features_named(features: Any) -> Any:
    """A transformer of recordings, given itself or by name.

    Raises:
        InvalidInput: an unknown name, or something that is no transformer.

    """
    if isinstance(features, str):
        if features not in NAMES:
            raise InvalidInput(f"features={features!r}: {suggest(features, NAMES)}")
        from ..data import audio

        return getattr(audio, NAMES[features])()
    if isinstance(features, type) or not (hasattr(features, "fit") and hasattr(features, "transform")):
        raise InvalidInput(f"features={features!r}: expected an object with fit and transform, such as MFCC()")
    return features
