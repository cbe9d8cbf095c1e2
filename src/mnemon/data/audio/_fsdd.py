"""FSDD, English digits spoken by six speakers.

Jackson and others, the Free Spoken Digit Dataset (github.com/Jakobovski/free-spoken-digit-dataset), CC BY-SA 4.0. The
split is the official one: of the 50 recordings of a digit by a speaker, those numbered 0 to 4 are the test part.
"""

import os
from dataclasses import replace
from pathlib import Path

from mnemon.data._beside import files_in
from mnemon.data._table import delimited
from mnemon.data.audio._naming import FSDD
from mnemon.data.audio._recordings import ENDINGS, Recordings, named
from mnemon.errors import InvalidInput

TESTED = 5  # of the recordings of each digit by each speaker


def fsdd(folder: str | os.PathLike[str]) -> tuple[Recordings, Recordings]:
    """Training and test part (2,700 and 300 recordings): `y` is the digit, an integer, and groups are speakers.

    `folder` holds the recordings in `recordings` (or itself), and may hold `speakers.csv` (speaker, gender, accent),
    whose columns are then kept. Raises `InvalidInput` for a folder without recordings, and names that are not of the
    data set; all of them together.
    """
    place = Path(folder)
    sound = place / "recordings" if (place / "recordings").is_dir() else place
    if not sound.is_dir():
        raise InvalidInput(f"{sound}: no such folder")
    paths = list(files_in(sound, ENDINGS, sound / "-").values())
    if not paths:
        raise InvalidInput(f"{sound}: holds no files that end in {', '.join(ENDINGS)}")
    found = named(paths, FSDD, "FSDD", "Jackson and others, the Free Spoken Digit Dataset, CC BY-SA 4.0")
    if (place / "speakers.csv").is_file():
        found = _with_speakers(found, place / "speakers.csv")
    tested = found.columns["index"] < TESTED
    return replace(found[~tested], name="FSDD (training)"), replace(found[tested], name="FSDD (test)")


def _with_speakers(found: Recordings, table: Path) -> Recordings:
    """What a table says of the speakers, as columns."""
    said, _ = delimited(table, ",")
    names, *columns = said.items()
    row = {speaker: k for k, speaker in enumerate(names[1].tolist())}
    speakers = found.columns["speaker"].tolist()
    if unknown := sorted(set(speakers) - set(row)):
        raise InvalidInput(f"{table}: has no line on {', '.join(unknown)}")
    rows = [row[speaker] for speaker in speakers]
    return replace(found, columns={**found.columns, **{name: column[rows].astype(str) for name, column in columns}})
