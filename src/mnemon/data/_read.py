"""Reading a file, or a folder, by its name."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mnemon._files import existing
from mnemon.data._dataset import Dataset
from mnemon.data._folder import read_folder
from mnemon.data._idx import read_idx
from mnemon.data._long import read_long
from mnemon.data._npz import read_npz
from mnemon.data._ts import read_ts
from mnemon.errors import InvalidInput, suggest

READERS: dict[str, Callable[..., Dataset]] = {
    ".ts": read_ts,
    ".ts.gz": read_ts,
    ".npz": read_npz,
    ".csv": read_long,
    ".csv.gz": read_long,
    ".tsv": read_long,
    ".tsv.gz": read_long,
    ".parquet": read_long,
    "-ubyte": read_idx,
    "-ubyte.gz": read_idx,
}


def read(path: str | os.PathLike, **options: Any) -> Dataset:
    """The sequences and labels in a file or a folder, by the ending of its name.

    `.ts` and `.ts.gz` (`read_ts`), `.npz` (`read_npz`), long tables `.csv`, `.tsv` and `.parquet` (`read_long`),
    MNIST's `-ubyte` (`read_idx`), a folder of `.csv` (`read_folder`); `options` are those of the reader. Text is read
    by `read_text` (one long sequence) or `read_symbols` (a string a line).

    Raises `InvalidInput` where the file is missing, its ending unknown, or its content damaged.
    """
    if Path(path).is_dir():
        return read_folder(path, **options)
    name = Path(path).name.lower()
    for suffix, reader in READERS.items():
        if name.endswith(suffix):
            return reader(path, **options)
    path = existing(path)
    suffix = "".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix
    if suffix.lower() in (".txt", ".txt.gz"):
        raise InvalidInput(
            f"{path}: text can be one long sequence (mnemon.data.read_text) or a string of symbols a line "
            "(mnemon.data.read_symbols); say which"
        )
    if not suffix:
        raise InvalidInput(f"{path}: its name has no ending to tell the format; known: {', '.join(READERS)}")
    raise InvalidInput(f"{path}: unknown ending {suffix!r}; {suggest(suffix, READERS)}")
