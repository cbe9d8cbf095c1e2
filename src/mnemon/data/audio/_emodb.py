"""EMO-DB, German speech of ten actors in seven emotions.

Burkhardt, Paeschke, Rolfes, Sendlmeier and Weiss 2005, "A database of German emotional speech", Interspeech,
doi:10.21437/Interspeech.2005-446. The subset of 493 utterances that listeners recognised (80 % of them) and found
natural (60 %) is that of Glüge, Böck and Wendemuth 2011, "Segmented-memory recurrent neural networks versus hidden
Markov models in emotion recognition from speech", NCTA.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mnemon._files import existing
from mnemon.data._beside import files_in
from mnemon.data._files import text_of
from mnemon.data.audio._naming import EMODB, EMOTIONS
from mnemon.data.audio._recordings import ENDINGS, Recordings, named
from mnemon.errors import InvalidInput, raise_together, suggest

SECONDS = 2.0  # what is there of every recording
# Recordings that came through another rate have lost what is above 7.5 kHz, by 20 dB: at this rate nobody hears it.
RATE = 15_000
_PHONE = re.compile(r"\s*(\d+\.?\d*)\s+-?\d+(?!\S) *([^\s+-]+)?(\s*[\s+-].*)?")
RECOGNISED, NATURAL = 80.0, 60.0  # per cent of the listeners, at least


class Phones(NamedTuple):
    """Phones of an utterance: begin and end in seconds, each (n,); their labels and modifiers, each (n,) strings."""

    start: np.ndarray
    end: np.ndarray
    label: np.ndarray
    modifier: np.ndarray


def emodb(
    folder: str | os.PathLike[str],
    *,
    emotions: Sequence[str] | None = None,
    cropped: bool = False,
    published: bool = False,
) -> Recordings:
    """The Berlin database of emotional speech: `y` is the emotion, groups are speakers; columns "text" and "sex" too.

    - `folder`: holds the recordings in `wav` (or itself), and `erkennung.txt`; some copies have the recordings of some
      emotions in `wav_first2s`, and of these the first 2 s only, filled up with zeros.
    - `emotions`: which; None: all there are.
    - `cropped`: also those that are there only in part; then of *all* recordings the first 2 s are heard at 15 kHz
      (`Recordings.heard`), without what they were filled up with: neither their length nor a filter that only some of
      them went through tells the emotion.
    - `published`: only those that at least 80 % of the listeners recognised and 60 % found natural: 493 of 535.

    Raises `InvalidInput` for a folder without them, names that are not of the database, unknown emotions and those
    that are there only in part, and a perception test that is missing or does not know a recording.
    """
    place = Path(folder)
    whole = place / "wav" if (place / "wav").is_dir() else place
    parts = [whole, *([place / "wav_first2s"] if cropped and (place / "wav_first2s").is_dir() else [])]
    missing = [f"{part}: no such folder" for part in parts if not part.is_dir()]
    raise_together(missing, "EMO-DB")
    paths = [file for part in parts for file in files_in(part, ENDINGS, part / "-").values()]
    if not paths:
        raise InvalidInput(f"{whole}: holds no files that end in {', '.join(ENDINGS)}")
    found = named(sorted(paths, key=lambda path: path.stem), EMODB, "EMO-DB", "Burkhardt and others 2005, EMO-DB")
    if emotions is not None:
        found = found[np.isin(np.asarray(found.y), _checked(emotions, found))]
    if published:
        heard = _perceived(place / "erkennung.txt")
        names = [Path(path).stem for path in found.paths.tolist()]
        raise_together([f"no line on {name}" for name in names if name not in heard], str(place / "erkennung.txt"))
        found = found[np.array([heard[name] for name in names], bool)]
        found = replace(found, about=f"{found.about}, recognised by 80 % and natural to 60 % of the listeners")
    return found.head(SECONDS, RATE) if cropped else found


def phones(path: str | os.PathLike[str]) -> Phones:
    """The phone labels in a `.lablaut` file of EMO-DB: after a line `#`, lines of end in seconds, a colour, a label.

    Times are those of the full recording; a phone begins where the one before it ends, the first at 0. Modifiers
    ("+nas", "-sth", and degrees of stress) stand behind the label, which may itself be empty.

    Raises `InvalidInput` that names all lines which are no labels, or are not in order of time.
    """
    place = existing(path)
    lines = text_of(place).splitlines()
    begin = next((k + 1 for k, line in enumerate(lines) if line.strip() == "#"), None)
    if begin is None:
        raise InvalidInput(f"{place}: has no line '#', after which the labels would stand")
    ends, labels, modifiers, problems = [], [], [], []
    for number, line in enumerate(lines[begin:], begin + 1):
        if not line.strip():
            continue
        found = _PHONE.fullmatch(line.rstrip())
        if found is None:
            problems.append(f"line {number}: expected a time, a colour and a label, got {line.strip()[:40]!r}")
            continue
        time, label, more = found.groups(default="")
        ends.append(float(time))
        labels.append(label)
        modifiers.append(" ".join(more.split()))
        if len(ends) > 1 and ends[-1] < ends[-2]:
            problems.append(
                f"line {number}: {ends[-1]:g} s comes before {ends[-2]:g} s, where the phone before it ends"
            )
    raise_together(problems, str(place))
    end = np.array(ends)
    return Phones(np.concatenate([np.zeros(min(1, len(end))), end[:-1]]), end, np.array(labels), np.array(modifiers))


def _checked(emotions: Sequence[str], found: Recordings) -> list[str]:
    """Emotions that are there."""
    asked = [emotions] if isinstance(emotions, str) else list(emotions)
    known, there = set(EMOTIONS.values()), set(np.unique(np.asarray(found.y)).tolist())
    problems = [f"emotions: {name!r}: {suggest(str(name), known)}" for name in asked if name not in known]
    problems += [
        f"emotions: there are no whole recordings of {name}; say cropped=True for the first {SECONDS:g} s of all"
        for name in asked
        if name in known and name not in there
    ]
    raise_together(problems, "EMO-DB")
    return asked


def _perceived(path: Path) -> dict[str, bool]:
    """Whether listeners recognised each utterance and found it natural: lines of number, file and two percentages."""
    heard: dict[str, bool] = {}
    problems = []
    for number, line in enumerate(text_of(existing(path)).splitlines()[1:], 2):
        cells = [cell.strip() for cell in line.split("\t")]
        try:
            recognised, natural = (float(cell.replace(",", ".")) for cell in cells[2:4])
            heard[Path(cells[1]).stem] = recognised >= RECOGNISED and natural >= NATURAL
        except ValueError:
            if line.strip():
                problems.append(f"line {number}: expected a number, a file and two percentages")
    raise_together(problems, str(path))
    return heard
