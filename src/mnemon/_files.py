"""Files of the user: found with a helping word, written beside and renamed, never overwritten unasked."""

import contextlib
import difflib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from .errors import InvalidInput


def existing(path: str | os.PathLike[str]) -> Path:
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


def refuse_path(path: str | os.PathLike[str], what: str, *, overwrite: bool) -> None:
    """Raise `InvalidInput` where `what` cannot be written to `path`, before any work is done for it."""
    target = Path(path)
    if target.is_dir():
        raise InvalidInput(f"{target} is a folder: give the name of a file for the {what}")
    if not target.parent.is_dir():
        raise InvalidInput(f"cannot write the {what} {target}: there is no folder {target.parent}; make it first")
    if target.exists() and not overwrite:
        raise InvalidInput(f"{target} exists: choose another name, or say overwrite=True to replace it")


def write_whole(
    path: str | os.PathLike[str], what: str, write: Callable[[Path], None], *, overwrite: bool = False
) -> Path:
    """Let `write` make a file beside `path`, then rename it, so that `path` is there whole or as it was before.

    Raises:
        InvalidInput: `path` exists (unless `overwrite`), its folder does not, or writing fails (disk full).

    """
    refuse_path(path, what, overwrite=overwrite)
    target = Path(os.path.realpath(path))  # a link stays a link
    beside = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}.part")
    try:
        write(beside)
        with open(beside, "rb+") as file:
            os.fsync(file.fileno())
        os.chmod(beside, 0o666 & ~_umask())  # some writers make files that only their owner can read
        refuse_path(target, what, overwrite=overwrite)  # it may have come meanwhile
        os.replace(beside, target)
    except OSError as error:
        left = f"; the {what} that was there is as it was" if target.exists() else ""
        raise InvalidInput(f"cannot write the {what} {path}: {error.strerror or error}{left}") from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
    return Path(path)


def _umask() -> int:
    """The bits that new files of this process lack; it can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
