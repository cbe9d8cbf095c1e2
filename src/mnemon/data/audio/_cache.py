"""Frames kept on disk: an entry a recording, found by what decides its numbers."""

import contextlib
import functools
import hashlib
import json
import os
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self

import numpy as np

from mnemon._files import write_whole
from mnemon._version import __version__
from mnemon.errors import InvalidInput

LIBRARIES = ("kaldi-native-fbank", "soundfile", "soxr", "numpy")


@dataclass(frozen=True)
class Cache:
    """A folder of `.npz` files, named by a digest of content, settings and versions of the libraries.

    Four bytes a number: an hour of 13 channels at 10 ms is 19 MB. Nothing is ever deleted; the folder may be, at any
    time. An entry is written whole or not at all, and one that is damaged (zip files carry a checksum) is made anew.
    """

    folder: Path

    @classmethod
    def opened(cls, folder: str | os.PathLike[str]) -> Self | None:
        """The cache in `folder`, which is made; None, with a warning, where that cannot be.

        A model may come from another machine with its cache's folder in it, and must answer all the same.
        """
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            warnings.warn(
                f"cache={os.fspath(folder)!r} cannot be used ({error.strerror}); going on without", stacklevel=4
            )
            return None
        return cls(Path(folder))

    def get(
        self, content: tuple[bytes, int], settings: dict[str, Any], compute: Callable[[], np.ndarray]
    ) -> np.ndarray:
        """The frames kept for a recording (its bytes, and the rate of an array), else computed and kept."""
        entry = self.folder / f"{_key(content, settings)}.npz"
        with (
            contextlib.suppress(OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile),
            open(entry, "rb") as file,
        ):
            return np.load(file)["frames"]
        frames = compute()

        def write(path: Path) -> None:
            with open(path, "wb") as file:
                np.savez(file, frames=frames)

        with contextlib.suppress(InvalidInput):  # a full disk costs the entry, not the answer
            write_whole(entry, "cache", write, overwrite=True)
        return frames


def _key(content: tuple[bytes, int], settings: dict[str, Any]) -> str:
    bytes_, rate = content
    words = json.dumps([rate, settings, __version__, *map(_version, LIBRARIES)], sort_keys=True, default=float)
    return hashlib.sha256(words.encode() + b"\0" + bytes_).hexdigest()


@functools.cache
def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"
