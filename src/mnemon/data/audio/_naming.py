"""Names of recordings that say what is in them.

- EMO-DB (Burkhardt, Paeschke, Rolfes, Sendlmeier and Weiss 2005, "A database of German emotional speech", Interspeech,
  doi:10.21437/Interspeech.2005-446): `03a01Fa` is speaker 03, sentence a01, emotion F, version a.
- FSDD (Jackson and others, the Free Spoken Digit Dataset): `7_jackson_32` is digit 7, speaker jackson, recording 32.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

EMOTIONS = {
    "W": "anger",
    "L": "boredom",
    "E": "disgust",
    "A": "fear",
    "F": "happiness",
    "T": "sadness",
    "N": "neutral",
}
_SEXES = {
    "03": "m", "08": "f", "09": "f", "10": "m", "11": "m", "12": "m", "13": "f", "14": "f", "15": "m", "16": "f",
}  # fmt: skip


class Said(NamedTuple):
    """What a name says: the label, who speaks, and by name whatever else it says."""

    label: Any
    speaker: str
    more: dict[str, Any]


class Naming(NamedTuple):
    """A manner of naming recordings: an example, and what a name (without its ending) says; None where it says
    nothing in this manner.
    """

    example: str
    reads: Callable[[str], Said | None]


def _emodb(name: str) -> Said | None:
    found = re.fullmatch(r"(\d\d)([ab]\d\d)([WLEAFTN])([a-z])", name)
    if found is None:
        return None
    speaker, text, emotion, version = found.groups()
    return Said(EMOTIONS[emotion], speaker, {"text": text, "version": version, "sex": _SEXES.get(speaker, "")})


def _fsdd(name: str) -> Said | None:
    found = re.fullmatch(r"(\d)_([^_]+)_(\d+)", name)
    return found and Said(int(found[1]), found[2], {"index": int(found[3])})


EMODB, FSDD = Naming("03a01Fa", _emodb), Naming("7_jackson_32", _fsdd)
NAMINGS = {"emodb": EMODB, "fsdd": FSDD}
