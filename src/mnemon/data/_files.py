"""What readers of text share: the bytes as text, and what to do with missing values."""

import gzip
import zlib
from pathlib import Path

from mnemon.errors import InvalidInput, suggest


def keeps_nan(missing: str) -> bool:
    """Whether a reader's option `missing` asks to keep missing values as NaN ("nan") or to refuse them ("error")."""
    if missing not in ("error", "nan"):
        raise InvalidInput(f"missing={missing!r}: {suggest(str(missing), ('error', 'nan'))}")
    return missing == "nan"


def text_of(path: Path) -> str:
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
