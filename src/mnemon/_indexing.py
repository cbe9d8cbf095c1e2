"""What may stand in the brackets of a collection: integers, slices, integer vectors, masks."""

from typing import Any

import numpy as np

from mnemon.errors import InvalidType, MnemonError


class OutOfRange(MnemonError, IndexError):
    """An index, or a mask, that does not fit the number of sequences."""


def resolve(key: Any, n: int) -> np.ndarray:
    """`key` as integers within `0 .. n - 1`: one (an array without axes), or a vector.

    Raises `OutOfRange` for an index beyond `n` or a mask of another length, `InvalidType` for any other key.
    """
    if isinstance(key, slice):
        return np.arange(n)[key]
    key = np.asarray(key)
    if key.ndim == 1 and key.size == 0 and key.dtype != bool:
        return np.zeros(0, dtype=np.intp)  # an empty list has a float dtype
    if key.ndim == 1 and key.dtype == bool:
        if len(key) != n:
            raise OutOfRange(f"a mask of {len(key)} for {n} sequences")
        return np.flatnonzero(key)
    if key.dtype.kind not in "iu" or key.ndim > 1:
        raise InvalidType(f"expected an integer, a slice, integers or a mask as index, got {key.dtype} {key.shape}")
    wrong = np.ravel(key[(key < -n) | (key >= n)])
    if wrong.size:
        raise OutOfRange(f"index {wrong[0]} is out of range for {n} sequences")
    return np.where(key < 0, key + n, key).astype(np.intp)
