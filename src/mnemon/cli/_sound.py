"""Recordings on a command line: what is sound, the features that `--features` names, and sequences made by them."""

import os
from pathlib import Path
from typing import Any

from ..data import Dataset
from ..data._beside import TABLE, files_in
from ..data._folder import SUFFIXES as TABLES
from ..data.audio import Recordings, read_recordings
from ..data.audio._recordings import ENDINGS
from ..errors import InvalidInput, raise_together, suggest
from ..estimators._hearing import NAMES

MANY = 1000  # recordings that are worth processes and a bar
DELTAS = 2  # slopes, and slopes of slopes


def is_sound(path: str) -> bool:
    """Whether a file is a recording, or a folder holds some, and more of them than of tables of numbers."""
    if not os.path.isdir(path):
        return path.lower().endswith(ENDINGS)
    names = [name.lower() for _, _, some in os.walk(path) for name in some]
    return sum(name.endswith(ENDINGS) for name in names) > sum(name.endswith(TABLES) for name in names)


def sound_files(paths: list[str]) -> list[str]:
    """The recordings that are named, and those in the folders that are named, in natural order.

    Raises:
        InvalidInput: names of other things, and of nothing, all of them together.

    """
    found, problems = [], []
    for path in paths:
        if os.path.isdir(path):
            inside = files_in(Path(path), ENDINGS, Path(path, TABLE))
            found += [str(file) for file in inside.values()]
            problems += [] if inside else [f"{path}: holds no files that end in {', '.join(ENDINGS)}"]
        elif path.lower().endswith(ENDINGS):
            found.append(path)  # whether it is there is told with all that is wrong with the others
        else:
            problems.append(f"{path}: no recording ({', '.join(ENDINGS)}), nor a folder of some")
    raise_together(problems, "DATA")
    return found


def features_for(path: str, name: str, step: float | None, rate: int | None) -> Any:
    """Features that need no fit, for the recordings of a file or a folder.

    Args:
        path: what is learnt from.
        name: "mfcc" or "logmel", with "+pitch", and with "+delta" or "+delta+delta".
        step: milliseconds; None: as the features have it.
        rate: samples a second; None: the lowest of the recordings.

    Raises:
        InvalidInput: an unknown name, numbers that cannot be used, recordings that cannot be read.

    """
    base, *more = name.lower().split("+")
    deltas, pitch = more.count("delta"), "pitch" in more
    problems = []
    if base not in NAMES:
        problems.append(f"--features {name!r}: {suggest(base, NAMES)}")
    elif deltas > DELTAS or len(more) > deltas + pitch:
        ways = ", ".join(base + more for more in ("", "+pitch", "+delta", "+pitch+delta+delta"))
        problems.append(f"--features {name!r}: expected {ways} ...")
    if step is not None and not 0 < step < 1000:
        problems.append(f"--step {step:g}: expected milliseconds, such as 10")
    if rate is not None and rate < 1:
        problems.append(f"--rate {rate}: expected samples a second, such as 16000")
    if len(problems) == 1:
        raise InvalidInput(problems[0])
    raise_together(problems, "features")

    from ..data import audio

    told = {} if step is None else {"step": step / 1000}
    chosen = getattr(audio, NAMES[base])(rate=rate, deltas=deltas, pitch=pitch, **told)
    return chosen.fit(sound_files([path])).resolved()


def recordings_in(path: str, group_by: str | None) -> Recordings:
    """The recordings of a folder with their labels, or one recording without."""
    if not os.path.isdir(path):
        return Recordings(sound_files([path]), None, Path(path).name)  # pyright: ignore[reportArgumentType]
    found = read_recordings(path)
    return found if group_by is None else found.grouped_by(group_by)


def as_dataset(recordings: Recordings, features: Any) -> Dataset:
    """Sequences of recordings, with their labels and groups."""
    X = frames_of(features, recordings.paths.tolist())
    return Dataset(X, recordings.y, recordings.name, recordings.about, recordings.groups)


def frames_of(features: Any, paths: list[str]) -> Any:
    """The sequences that features make of recordings; of many, on all cores.

    Raises:
        InvalidInput: recordings that cannot be read, all of them together.

    """
    from sklearn.base import clone

    how = {"n_jobs": -1, "verbose": 1} if len(paths) > MANY else {}
    able = {name: value for name, value in how.items() if name in features.get_params()}
    copy: Any = clone(features)
    return copy.set_params(**able).transform(paths)
