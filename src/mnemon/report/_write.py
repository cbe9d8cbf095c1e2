"""Writing a report: beside, then renamed, so that a file is there whole or not at all."""

import contextlib
import os
import secrets
from pathlib import Path

from ..errors import InvalidInput
from ._page import page
from ._story import Story


def write_report(path: str | os.PathLike[str], story: Story, *, overwrite: bool = False) -> Path:
    """Write `story` as one HTML file that needs no other; give back its path.

    A file that is there stays as it is, unless `overwrite` is set and the new one could be written whole.
    """
    target = Path(path)
    _refuse(target, overwrite)
    text = page(story)
    target = Path(os.path.realpath(target))  # a link stays a link
    beside = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}.part")
    try:
        with open(beside, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _refuse(target, overwrite)  # it may have come while the page was drawn
        os.replace(beside, target)
    except OSError as error:
        left = "; the report that was there is as it was" if target.exists() else ""
        raise InvalidInput(f"cannot write the report {path}: {error.strerror or error}{left}") from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
    return Path(path)


def _refuse(target: Path, overwrite: bool) -> None:
    if target.is_dir():
        raise InvalidInput(
            f"{target} is a folder: give the name of a file for the report, such as {target / 'report.html'}"
        )
    if not target.parent.is_dir():
        raise InvalidInput(f"cannot write the report {target}: there is no folder {target.parent}; make it first")
    if target.exists() and not overwrite:
        raise InvalidInput(f"{target} exists: choose another name, or say overwrite=True to replace it")
