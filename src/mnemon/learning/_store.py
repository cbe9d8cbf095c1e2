"""Where training keeps its state, so that it can be killed at any moment and goes on to the same numbers."""

import hashlib
import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .._tensors import Unreadable, read_tensors, write_tensors
from ..errors import InvalidInput


class Saved(NamedTuple):
    """What a store holds: the arrays of the state in order, the history so far, and the seconds used."""

    arrays: list[np.ndarray]
    history: dict[str, np.ndarray]
    epoch: int
    seconds: dict[str, float]


class Store:
    """A checkpoint file, written beside and renamed, so that a kill while writing leaves the one before.

    Args:
        path: the file (`.safetensors`); its folder must exist.
        every: seconds between two writes; 0 writes after every epoch. However seldom it is written, a resumed run
            gives the same numbers: what lies between is computed again.

    """

    def __init__(self, path: str | os.PathLike[str], *, every: float = 10.0) -> None:
        self.path = Path(path)
        self.every = every
        self._written = time.monotonic()

    def load(self, fingerprint: str) -> Saved | None:
        """The state saved by the same training; None where there is no file.

        Raises:
            InvalidInput: a file that is no checkpoint, or one of another training.

        """
        if not self.path.exists():
            return None
        try:
            tensors, words = read_tensors(self.path)
            about = json.loads(words["mnemon_checkpoint"])
            arrays = [tensors[f"state.{k}"] for k in range(about["arrays"])]
            history = {name: tensors[f"history.{name}"] for name in about["history"]}
            saved = Saved(arrays, history, about["epoch"], about["seconds"])
            same = about["fingerprint"] == fingerprint
        except (Unreadable, KeyError, TypeError, ValueError) as problem:
            raise InvalidInput(
                f"{self.path} is not a readable checkpoint of Mnemon ({problem}); remove it to start anew"
            ) from None
        if not same:
            raise InvalidInput(
                f"{self.path} is the checkpoint of another training (other data, network, settings or seed); "
                "remove it to start anew, or give another path"
            )
        return saved

    def due(self) -> bool:
        """Whether it is time to write again."""
        return time.monotonic() - self._written >= self.every

    def save(self, fingerprint: str, saved: Saved) -> None:
        """Write the state.

        Raises:
            InvalidInput: the file cannot be written (no such folder, disk full); the one before is left as it is.

        """
        about = {
            "fingerprint": fingerprint,
            "epoch": saved.epoch,
            "seconds": saved.seconds,
            "arrays": len(saved.arrays),
            "history": list(saved.history),
        }
        tensors = {f"state.{k}": array for k, array in enumerate(saved.arrays)}
        tensors |= {f"history.{name}": array for name, array in saved.history.items()}
        words = {"mnemon_checkpoint": json.dumps(about)}
        write_tensors(self.path, "checkpoint", tensors, words, overwrite=True)
        self._written = time.monotonic()


def fingerprint(arrays: Iterable[np.ndarray], *settings: Any) -> str:
    """A digest of everything that decides a training's numbers."""
    digest = hashlib.sha256()
    for setting in settings:
        digest.update(repr(setting).encode())
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
