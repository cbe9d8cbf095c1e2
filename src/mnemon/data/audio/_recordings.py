"""Collections of labelled recordings: a folder of sound files with their labels in a table, in sub-folders or names."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from mnemon.data._beside import TABLE, files_in, read_beside, table_in
from mnemon.data.audio._naming import NAMINGS, Naming, Said
from mnemon.data.audio._recording import Recording, read_audio, resampled
from mnemon.errors import InvalidInput, raise_together, suggest

ENDINGS = (".wav", ".flac", ".ogg")
_WAYS = ("auto", "table", "folders", *NAMINGS)
_MOST = 10  # problems told at once


@dataclass(frozen=True, eq=False, repr=False)
class Recordings:
    """Sound files with a label each; `mnemon.data.audio.MFCC` and the estimators take `paths`.

    - `paths`: (n,) strings.
    - `y`: (n,) labels; or None.
    - `name`: what to call the data; `about`: source, reference, licence, where known.
    - `groups`: (n,) who speaks, for scikit-learn's group splitters; or None.
    - `columns`: what else is known of each recording, by name an array (n,): "speaker", "text", "sex" ...
    - `seconds`: where given, only so much of the beginning is to be heard; `rate`: where given, in Hz, the rate at
      which. `heard` reads the files so.

    `recordings[rows]` are some of them. Raises `InvalidInput` where something does not have n entries.

    Example:
        >>> from mnemon.data.audio import Recordings
        >>> Recordings(["a.wav", "b.wav"], ["yes", "no"], "words", groups=["ann", "bob"])
        Recordings('words', 2 recordings, 2 labels, 2 groups)

    """

    paths: np.ndarray
    y: np.ndarray | None
    name: str
    about: str = ""
    groups: np.ndarray | None = None
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)
    seconds: float | None = None
    rate: int | None = None

    def __post_init__(self):
        object.__setattr__(self, "paths", np.array([os.fspath(path) for path in self.paths], str))
        for name in ("y", "groups"):
            values = getattr(self, name)
            object.__setattr__(self, name, None if values is None else np.asarray(values))
        object.__setattr__(self, "columns", {name: np.asarray(values) for name, values in self.columns.items()})
        each = {"labels": self.y, "groups": self.groups, **self.columns}
        problems = [
            f"{len(self)} recordings, but {what} of shape {values.shape}"
            for what, values in each.items()
            if values is not None and values.shape[:1] != (len(self),)
        ]
        if self.seconds is not None and not self.seconds > 0:
            problems.append(f"seconds={self.seconds!r}: expected a positive number")
        raise_together(problems, self.name)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, rows: Any) -> Self:
        """Some of the recordings: a slice, indices (k,) or a mask (n,)."""
        some = {
            name: values if values is None else values[rows] for name, values in vars(self).items() if name in _EACH
        }
        return replace(self, **some, columns={name: values[rows] for name, values in self.columns.items()})

    def __repr__(self) -> str:
        counts = [f"{len(self)} recording{'s' * (len(self) != 1)}"]
        for what, values in (("label", self.y), ("group", self.groups)):
            n = 0 if values is None else len(np.unique(values))
            counts.append(f"no {what}s" if values is None else f"{n} {what}{'s' * (n != 1)}")
        if self.seconds is not None:
            counts.append(f"first {self.seconds:g} s of each")
        return f"Recordings({self.name!r}, {', '.join(counts)})"

    def grouped_by(self, name: str) -> Self:
        """The same with the groups of a column; "group" are those there are.

        Raises `InvalidInput` for a name that is no column.
        """
        if name in self.columns:
            return replace(self, groups=self.columns[name])
        if name == "group" and self.groups is not None:
            return self
        if not self.columns:
            raise InvalidInput(f"{self.name}: nothing says the {name} of a recording; give a table {TABLE} beside them")
        raise InvalidInput(f"{self.name}: nothing says the {name} of a recording; {suggest(name, self.columns)}")

    def head(self, seconds: float, rate: int | None = None) -> Self:
        """The same, of which only so many seconds from the beginning are to be heard (at a rate in Hz)."""
        return replace(self, seconds=seconds, rate=rate)

    def heard(self) -> list[Recording]:
        """The recordings themselves: of `seconds` from the beginning where that is given, at `rate` likewise.

        Silence of exact zeros at the end of such a beginning is cut off: somebody filled the recording up with it.
        Raises `InvalidInput` that names all files which cannot be read.
        """
        found, problems = [], []
        for path in self.paths.tolist():
            try:
                samples, rate = read_audio(path)
            except InvalidInput as problem:
                problems.append(str(problem))
                continue
            if self.seconds is not None:
                samples = samples[: round(self.seconds * rate)]
                sounding = np.flatnonzero(samples)
                samples = samples[: sounding[-1] + 1] if len(sounding) else samples[:0]
            if not len(samples):
                problems.append(f"{path}: nothing but silence")
            elif self.rate is None:
                found.append(Recording(samples, rate))
            else:
                found.append(Recording(resampled(Recording(samples, rate), self.rate), self.rate))
        raise_together(problems, self.name, most=_MOST)
        return found


_EACH = ("paths", "y", "groups")


def read_recordings(folder: str | os.PathLike[str], labels: str | None = None, naming: str = "auto") -> Recordings:
    r"""The sound files (.wav, .flac, .ogg) in a folder and below, with their labels and speakers.

    - `labels`: a table beside the files (its name in the folder) with the columns file, label and, where there is one,
      group or speaker; whatever other columns it has are kept. Files and lines have to match.
    - `naming`: where labels come from. "table"; "folders": a sub-folder a class, within which a sub-folder may be a
      speaker; "emodb": names such as 03a01Fa; "fsdd": names such as 7_jackson_32. "auto": a table where `labels` or
      `labels.csv` is there, else names where all have one manner, else sub-folders, else there are no labels.

    Files come in natural order (2 before 10); hidden ones are left out. Nothing is read of them yet.
    Raises `InvalidInput` for a folder that is missing or holds no sound, files that the table names and that are not
    there and the other way round, and names that are not of the `naming`; all of one kind together.

    Example:
        >>> import pathlib, tempfile
        >>> from mnemon.data.audio import read_recordings
        >>> folder = pathlib.Path(tempfile.mkdtemp()) / "words"
        >>> for name in ("yes/ann/1.wav", "yes/bob/1.wav", "no/ann/1.wav"):
        ...     (folder / name).parent.mkdir(parents=True)
        ...     (folder / name).touch()
        >>> words = read_recordings(folder)
        >>> words, words.y.tolist(), words.groups.tolist()
        (Recordings('words', 3 recordings, 2 labels, 2 groups), ['no', 'yes', 'yes'], ['ann', 'ann', 'bob'])

    """
    place = Path(folder)
    if naming not in _WAYS:
        raise InvalidInput(f"naming={naming!r}: {suggest(str(naming), _WAYS)}")
    if labels is not None and naming not in ("auto", "table"):
        raise InvalidInput(f"labels={labels!r} and naming={naming!r} exclude each other")
    if not place.is_dir():
        raise InvalidInput(f"{place}: no such folder")
    table = table_in(place, labels or (TABLE if naming == "table" else None))
    files = files_in(place, ENDINGS, table)
    if not files:
        raise InvalidInput(f"{place}: holds no files that end in {', '.join(ENDINGS)}")
    name, about, paths = place.resolve().name, f"{place}, {len(files)} recordings", list(files.values())
    if naming == "table" or (naming == "auto" and table.is_file()):
        said = read_beside(table, list(files))
        return Recordings(np.array(paths), said.y, name, about, said.grouping(None, ""), said.columns)
    manner = NAMINGS.get(naming) or (_manner(paths) if naming == "auto" else None)
    if manner is not None:
        return named(paths, manner, name, about)
    if naming == "auto" and not any("/" in file for file in files):
        return Recordings(np.array(paths), None, name, about)
    return _in_sub_folders(list(files), paths, name, about)


def named(paths: list[Path], manner: Naming, name: str, about: str) -> Recordings:
    """Recordings whose names say what they are; `InvalidInput` that lists those which do not."""
    said = [manner.reads(path.stem) for path in paths]
    problems = [f"{path.name}: expected a name such as {manner.example}" for path, it in zip(paths, said) if it is None]
    raise_together(problems, name, most=_MOST)
    known = [it for it in said if it is not None]
    speakers = np.array([it.speaker for it in known])
    columns = {"speaker": speakers, **{key: np.array([it.more[key] for it in known]) for key in known[0].more}}
    return Recordings(np.array(paths), np.array([it.label for it in known]), name, about, speakers, columns)


def _manner(paths: list[Path]) -> Naming | None:
    """The manner in which all are named, where there is one."""

    def all_said(reads: Any) -> bool:
        each: list[Said | None] = [reads(path.stem) for path in paths]
        return None not in each

    return next((manner for manner in NAMINGS.values() if all_said(manner.reads)), None)


def _in_sub_folders(names: list[str], paths: list[Path], name: str, about: str) -> Recordings:
    """Classes by the sub-folders; where those have sub-folders, these are the speakers."""
    parts = [file.split("/")[:-1] for file in names]
    depths = {len(part) for part in parts}
    if len(depths) > 1:
        high = min(zip(parts, names), key=lambda one: len(one[0]))[1]
        raise InvalidInput(
            f"{name}: some files are deeper in sub-folders (classes) than {high}; give a table {TABLE} beside them"
        )
    if depths == {0}:
        raise InvalidInput(f"{name}: has no sub-folders, which would be the classes")
    y = np.array([part[0] for part in parts])
    speakers = np.array(["/".join(part[1:]) for part in parts]) if depths != {1} else None
    return Recordings(np.array(paths), y, name, about, speakers, {} if speakers is None else {"speaker": speakers})
