"""Files of named arrays with words beside them (safetensors): checkpoints and models. Never a pickle."""

import os
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from ._files import existing, write_whole


class Unreadable(Exception):
    """A file that is no whole safetensors file; the caller says what it should have been."""


def write_tensors(
    path: str | os.PathLike[str], what: str, tensors: dict[str, np.ndarray], words: dict[str, str], *, overwrite: bool
) -> Path:
    """Write arrays and words as a whole file.

    Raises:
        InvalidInput: see `mnemon._files.write_whole`.

    """

    def write(beside: Path) -> None:
        try:
            # A scalar comes out of `ascontiguousarray` with an axis.
            whole = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in tensors.items()}
            save_file(whole, beside, metadata=words)
        except SafetensorError as error:
            raise OSError(str(error)) from None

    return write_whole(path, what, write, overwrite=overwrite)


def read_tensors(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and words of a file.

    Raises:
        InvalidInput: there is no such file.
        Unreadable: foreign or truncated.

    """
    try:
        with safe_open(existing(path), framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (SafetensorError, OSError) as problem:
        raise Unreadable(str(problem)) from None
