"""Reading a file by the ending of its name."""

import os
from pathlib import Path

from mnemon._files import existing
from mnemon.data._dataset import Dataset
from mnemon.data._npz import read_npz
from mnemon.data._ts import read_ts
from mnemon.errors import InvalidInput, suggest

_READERS = {".ts": read_ts, ".ts.gz": read_ts, ".npz": read_npz}


def read(path: str | os.PathLike) -> Dataset:
    """The sequences and labels in a file: `.ts`, `.ts.gz` or `.npz`.

    Raises `InvalidInput` where the file is missing, its ending unknown, or its content damaged.
    """
    name = Path(path).name.lower()
    for suffix, reader in _READERS.items():
        if name.endswith(suffix):
            return reader(path)
    path = existing(path)
    suffix = "".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix
    if not suffix:
        raise InvalidInput(f"{path}: its name has no ending to tell the format; known: {', '.join(_READERS)}")
    raise InvalidInput(f"{path}: unknown ending {suffix!r}; {suggest(suffix, _READERS)}")
