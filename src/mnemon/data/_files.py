"""What every reader does first: see that the file is there, and read its bytes."""

import difflib
import gzip
import os
import zlib
from pathlib import Path

from mnemon.errors import InvalidInput, suggest


def keeps_nan(missing: str) -> bool:
    """Whether a reader's option `missing` asks to keep missing values as NaN ("nan") or to refuse them ("error")."""
    if missing not in ("error", "nan"):
        raise InvalidInput(f"missing={missing!r}: {suggest(str(missing), ('error', 'nan'))}")
    return missing == "nan"


def existing(path: str | os.PathLike) -> Path:
    """`path` as a `Path` to a file; an `InvalidInput` that proposes a close name where there is none."""
    path = Path(path)
    if path.is_file():
        return path
    if path.is_dir():
        raise InvalidInput(f"{path}: is a folder; name a file in it")
    if not path.parent.is_dir():
        raise InvalidInput(f"{path}: no such file, nor the folder {path.parent}")
    names = [other.name for other in path.parent.iterdir() if other.is_file()]
    close = difflib.get_close_matches(path.name, names, n=3)
    hint = f"; did you mean {' or '.join(close)}?" if close else f" in {path.parent}"
    raise InvalidInput(f"{path}: no such file{hint}")


def read_text(path: Path) -> str:
    """The text of a file, unpacked where its name ends in .gz; `InvalidInput` where it is damaged or no text."""
    try:
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(data)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InvalidInput(f"{path}: truncated or damaged gzip file ({error}); fetch it anew") from None
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read: {error.strerror or error}") from None
    if b"\0" in data:
        raise InvalidInput(f"{path}: holds binary data, expected text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:  # older archives have accents of Latin-1 in their comments
        return data.decode("latin-1")
