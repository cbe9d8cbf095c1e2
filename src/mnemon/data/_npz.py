"""Sequences in NumPy's `.npz` archives, never with pickled objects.

Keys of a file:

- `values` `(total_time, channels)`, all steps one after another, and `lengths` `(n,)`; this is what is written; or
- `X` `(n, time, channels)`, or `(n, time)` of one channel, padded at the ends, and `lengths` `(n,)` (without it, every
  sequence is as long as the array);
- optional: `y` `(n, ...)` labels, or `y_steps` `(total_time,)`, a label a step, one after another; `groups` `(n,)`;
  `alphabet` `(symbols,)` strings, where the values are integer codes
  `(total_time,)` or `(n, time)`; `boundaries`, bools shaped like the values without channels; `name` and `about`.
"""

import os
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mnemon._files import existing, write_whole
from mnemon.data._dataset import Dataset
from mnemon.data._files import keeps_nan
from mnemon.errors import InvalidInput, InvalidType, raise_together, suggest
from mnemon.sequences import Sequences

_KEYS = ("values", "X", "lengths", "y", "y_steps", "groups", "alphabet", "boundaries", "name", "about")


def read_npz(path: str | os.PathLike, *, missing: str = "error") -> Dataset:
    """Read sequences (and labels) from an `.npz` archive with the keys above.

    - `missing`: what to do about missing values (NaN): "error", or "nan" to keep them.

    Raises `InvalidInput` for a missing, foreign or truncated file, unknown keys, pickled objects, and for arrays that
    do not fit together.
    """
    allow_nan = keeps_nan(missing)
    path = existing(path)
    parts = _load(path)
    problems = [f"unknown key {key!r}; {suggest(key, _KEYS)}" for key in parts if key not in _KEYS]
    if ("values" in parts) == ("X" in parts):
        came = ", ".join(sorted(parts)) or "none"
        problems.append(f"expected either `values` (all steps one after another) or `X` (padded), found keys: {came}")
    elif "values" in parts and "lengths" not in parts:
        problems.append("`values` needs `lengths`, the number of steps of each sequence")
    if "y" in parts and "y_steps" in parts:
        problems.append("expected either `y` (a label a sequence) or `y_steps` (a label a step), found both")
    raise_together(problems, str(path))
    alphabet = [str(symbol) for symbol in parts["alphabet"].ravel()] if "alphabet" in parts else None
    options: dict[str, Any] = {"alphabet": alphabet, "boundaries": parts.get("boundaries"), "allow_nan": allow_nan}
    try:
        if "values" in parts:
            X = Sequences.from_concatenated(parts["values"], parts["lengths"], **options)
        else:
            X = Sequences(parts["X"], lengths=parts.get("lengths"), **options)
        y = _steps(parts["y_steps"], X) if "y_steps" in parts else parts.get("y")
        about = str(parts.get("about", ""))
        return Dataset(X, y, str(parts.get("name", path.stem)), about, parts.get("groups"))
    except (InvalidInput, InvalidType) as error:
        raise InvalidInput(f"{path}: {error}") from None


def _steps(flat: np.ndarray, X: Sequences) -> Any:
    """Labels of all steps one after another as those of each sequence."""
    if flat.shape != (len(X.values),):
        raise InvalidInput(f"y_steps: expected shape ({len(X.values)},), a label a step, got {flat.shape}")
    return np.split(flat, np.cumsum(X.lengths)[:-1])


def _load(path: Path) -> dict[str, np.ndarray]:
    try:
        # An open file, not a path: np.load leaves damaged files that it opened itself unclosed.
        with open(path, "rb") as file:
            archive = np.load(file, allow_pickle=False)
            if isinstance(archive, np.ndarray):
                raise InvalidInput(f"{path}: holds one array (.npy), expected an .npz archive with {', '.join(_KEYS)}")
            return {key: archive[key] for key in archive.files}
    except InvalidInput:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError) as error:
        if "allow_pickle=False" in str(error) and zipfile.is_zipfile(path):
            raise InvalidInput(
                f"{path}: holds Python objects, which are never unpickled; write it with write_npz"
            ) from None
        raise InvalidInput(f"{path}: foreign, truncated or damaged, expected an .npz archive ({error})") from None


def write_npz(
    path: str | os.PathLike,
    X: Sequences,
    y: Any = None,
    *,
    name: str = "",
    about: str = "",
    groups: ArrayLike | None = None,
    overwrite: bool = False,
) -> Path:
    """Write sequences to a compressed `.npz` archive that `read_npz` reads.

    - `y`: labels `(n, ...)`, or a list of n arrays `(time,)`, a label a step.
    - `groups`: `(n,)` who or what each sequence is of.

    The file is written beside and renamed, so that it is whole or not there. Returns its path.

    Raises `InvalidInput` where the path exists (unless `overwrite`), does not end in .npz, or its folder is missing;
    where there is not one label a sequence (or a step), or labels and groups are neither strings nor numbers.
    """
    parts = _parts(X, y, groups, name or Path(path).stem, about)
    if Path(path).suffix != ".npz":
        raise InvalidInput(f"{path}: expected a name that ends in .npz")

    def write(beside: Path) -> None:
        with open(beside, "xb") as file:
            np.savez_compressed(file, allow_pickle=False, **parts)

    return write_whole(path, "archive", write, overwrite=overwrite)


def _parts(X: Sequences, y: Any, groups: ArrayLike | None, name: str, about: str) -> dict[str, Any]:
    if not isinstance(X, Sequences):
        raise InvalidType(f"X: expected Sequences, got {type(X).__name__}; use as_sequences(X)")
    data = Dataset(X, _listed(y), "write_npz", groups=_listed(groups))
    parts: dict[str, Any] = {"values": X.values, "lengths": X.lengths, "name": np.array(name), "about": np.array(about)}
    if X.alphabet is not None:
        parts["alphabet"] = np.array(X.alphabet)
    if X.flat_boundaries is not None:
        parts["boundaries"] = X.flat_boundaries
    if data.y is not None and data.by_step:
        parts["y_steps"] = _storable("y", np.concatenate(list(data.y)))
    elif data.y is not None:
        parts["y"] = _storable("y", data.y)
    if data.groups is not None:
        parts["groups"] = _storable("groups", data.groups)
    return parts


def _listed(values: Any) -> Any:
    """What a data set takes: arrays and lists as they are, everything else as an array."""
    return values if values is None or isinstance(values, list) else np.asarray(values)


def _storable(what: str, values: np.ndarray) -> np.ndarray:
    """An array that needs no pickle."""
    if values.dtype == object and all(isinstance(label, str) for label in values.flat):
        values = values.astype(str)
    if values.dtype.kind not in "biufUS":
        raise InvalidInput(f"{what}: expected strings or numbers, got {values.dtype}")
    return values
