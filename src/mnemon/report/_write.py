"""Writing a report."""

import os
from pathlib import Path

from .._files import write_whole
from ._page import page
from ._story import Story


def write_report(path: str | os.PathLike[str], story: Story, *, overwrite: bool = False) -> Path:
    """Write `story` as one HTML file that needs no other; give back its path.

    A file that is there stays as it is, unless `overwrite` is set and the new one could be written whole.
    """
    text = page(story)
    return write_whole(path, "report", lambda beside: _write(beside, text), overwrite=overwrite)


def _write(beside: Path, text: str) -> None:
    beside.write_text(text, encoding="utf-8", newline="\n")
