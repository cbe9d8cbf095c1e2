"""What the package holds, read from its source: names, what they are in a line, and where they were published.

Nothing is imported, so that no JAX is started. Tables of names are literals in their files.
"""

import ast
import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import NamedTuple

from ._defaults import source

YEAR = re.compile(r"\b(?:1[89]|20)\d\d\b")


class Entry(NamedTuple):
    """Something that can be named.

    Attributes:
        name: what to call it by.
        says: what it is, in a line.
        reference: where it was published; empty where its file names no place.

    """

    name: str
    says: str
    reference: str = ""


class Kind(NamedTuple):
    """A kind of thing: what it is, how one of them is chosen, and all of them."""

    what: str
    use: str
    entries: Callable[[], list[Entry]]


def cells() -> list[Entry]:
    """The cells by their short names."""
    table = "cells/_table.py"
    homes = _homes(table)
    found = [_entry(homes[name], name, called=name.lower()) for name in _names(_value(table, "_CLASSES"))]
    for key, value in _items(_value(table, "CELLS")):
        if isinstance(value, ast.Name):
            found.append(_entry(homes[value.id], value.id, called=key))
        elif isinstance(value, ast.Call) and isinstance(value.args[0], ast.Name):
            plain = _entry(homes[value.args[0].id], value.args[0].id, called=key)
            with_what = ", ".join(f"{k.arg}={ast.literal_eval(k.value)!r}" for k in value.keywords)
            found.append(plain._replace(says=f"{plain.says} With {with_what}."))
    rows = "cells/_lstm_table.py"
    lines = files("mnemon").joinpath(rows).read_text("utf-8").splitlines()
    keys = [key for key, _ in _pairs(_value(rows, "LSTM_TABLE"))]
    return found + [Entry(f"lstm-{key.value}", _comment_above(lines, key.lineno)) for key in keys]


def layers() -> list[Entry]:
    """The layers, and cells that are made of cells."""
    return list(_exported("layers", ("Layer", "Cell", "Pool", "OwnAnswers", "WrappedRecurrence")))


def gradients() -> list[Entry]:
    """The rules that make a slope of an error."""
    return list(_exported("learning/gradients", ("Gradient",)))


def updates() -> list[Entry]:
    """The rules that make new weights of a slope."""
    names = _names(_value("learning/updates/_optax.py", "NAMES"))
    own = [*_exported("learning/updates", ("Update", "Search", "KalmanFilter")), *_exported("learning", ("Hosted",))]
    return [Entry(name, f"optax.{name}, clipped to norm 1.") for name in names] + own


def data() -> list[Entry]:
    """The data sets that come with the package, and the formats that are read."""
    readers = dict(_items(_value("data/_read.py", "READERS")))
    exports = _homes("data/__init__.py")
    formats = {name: reader.id for name, reader in readers.items() if isinstance(reader, ast.Name)}
    homes = {**_homes("data/_read.py"), **exports}
    found = [
        _entry(exports[name], name, called=name)
        for name in exports
        if isinstance(made := _definition(exports[name], name), ast.FunctionDef) and not made.args.args
    ]
    for reader in dict.fromkeys(formats.values()):
        endings = ", ".join(name for name, other in formats.items() if other == reader)
        found.append(_entry(homes[reader], reader, called=endings)._replace(reference=""))
    others = [name for name in exports if name.startswith("read_") and name not in formats.values()]
    found += [_entry(exports[name], name, called=name)._replace(reference="") for name in others]
    homes = _homes("data/audio/__init__.py")
    of_sound = [name for name in homes if isinstance(_definition(homes[name], name), ast.FunctionDef)]
    return found + [_entry(homes[name], name, called=f"audio.{name}")._replace(reference="") for name in of_sound]


def initialisers() -> list[Entry]:
    """The ways weights start."""
    home = "cells/_initialisers.py"
    names = [name for name, module in _homes("cells/__init__.py").items() if module == home]
    made = [name for name in names if isinstance(_definition(home, name), ast.ClassDef | ast.FunctionDef)]
    return [_entry(home, name, called=name)._replace(reference="") for name in made]


def readouts() -> list[Entry]:
    """The places where an answer is read."""
    places = ast.literal_eval(_value("layers/_readout.py", "PLACES"))
    words = ast.literal_eval(_value("estimators/_describe.py", "PLACES"))
    pools = {
        name: pool.id for name, pool in _items(_value("layers/_pooling.py", "POOLS")) if isinstance(pool, ast.Name)
    }
    return [
        _entry("layers/_pooling.py", pools[place], called=place)
        if place in pools
        else Entry(place, f"At {words.get(place, place)}.")
        for place in places
    ]


def losses() -> list[Entry]:
    """What an answer costs."""
    return [entry._replace(reference="") for entry in _exported("learning", ("Loss", "ValueLoss"))]


KINDS = {
    "cells": Kind("recurrent cells", "mnemon fit --cell NAME; cell=NAME in Python", cells),
    "layers": Kind("layers, and cells made of cells", "mnemon.layers, in a network of your own", layers),
    "gradients": Kind(
        "gradient rules",
        "mnemon fit --gradient NAME (small letters), or --truncate STEPS; gradient=... in Python",
        gradients,
    ),
    "updates": Kind(
        "update rules", "mnemon fit --optimizer NAME (HessianFree is hessian-free); optimizer=... in Python", updates
    ),
    "data": Kind("data sets that come with the package, and formats", "mnemon fit DATA; mnemon.data in Python", data),
    "initialisers": Kind("ways that weights start", "mnemon.cells, as a cell's initialiser=", initialisers),
    "readouts": Kind("places where an answer is read", "mnemon fit --readout NAME; readout=NAME in Python", readouts),
    "losses": Kind("losses", "mnemon.learning; the estimators choose their own", losses),
}


def _exported(room: str, bases: tuple[str, ...]) -> Iterator[Entry]:
    """The classes that a room exports and that are derived from one of `bases`."""
    for name, home in _homes(f"{room}/__init__.py").items():
        made = _definition(home, name)
        if isinstance(made, ast.ClassDef) and any(isinstance(b, ast.Name) and b.id in bases for b in made.bases):
            yield _entry(home, name, called=name)


def _homes(module: str) -> dict[str, str]:
    """Names that a file imports from files beside it, or below, with those files."""
    room = module.rpartition("/")[0]
    found = {}
    for node in source(module).body:
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            path = node.module.removeprefix("mnemon.").replace(".", "/")
            home = path if node.level == 0 else f"{room}/{path}"
            found |= {alias.asname or alias.name: f"{home}.py" for alias in node.names}
    return {name: home for name, home in found.items() if files("mnemon").joinpath(home).is_file()}


def _definition(home: str, name: str) -> ast.stmt | None:
    """The class, function or assignment that makes a name."""
    for node in source(home).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return node
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            return node
    return None


def _entry(home: str, name: str, *, called: str) -> Entry:
    """A class or function by its docstring, or where it has none, by its file's."""
    made = _definition(home, name)
    head = ast.get_docstring(source(home)) or ""
    own = ast.get_docstring(made) if isinstance(made, ast.ClassDef | ast.FunctionDef) else None
    says = own or f"{head.split(':')[0]}."
    paragraphs = [" ".join(part.split()) for part in head.split("\n\n")]
    published = next((part for part in paragraphs if YEAR.search(part) and "=" not in part), "")
    return Entry(called, " ".join(says.split("\n\n")[0].split()), published.partition(": ")[2] or published)


def _value(home: str, name: str) -> ast.expr:
    """What a name is set to."""
    for node in source(home).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, ast.Assign | ast.AnnAssign) and any(getattr(t, "id", None) == name for t in targets):
            assert node.value is not None
            return node.value
    raise LookupError(f"{home}: sets no {name}")


def _names(value: ast.expr) -> list[str]:
    """The names, or strings, in a tuple."""
    assert isinstance(value, ast.Tuple)
    return [e.id if isinstance(e, ast.Name) else ast.literal_eval(e) for e in value.elts]


def _items(value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """The pairs of a dictionary whose keys are strings."""
    return ((str(key.value), item) for key, item in _pairs(value))


def _pairs(value: ast.expr) -> Iterator[tuple[ast.Constant, ast.expr]]:
    """The pairs of a dictionary whose keys are literals; those that are unpacked into it are left out."""
    assert isinstance(value, ast.Dict)
    for key, item in zip(value.keys, value.values):
        if isinstance(key, ast.Constant):
            yield key, item


def _comment_above(lines: list[str], number: int) -> str:
    """The comment that stands above a line, counted from 1."""
    words: list[str] = []
    for line in reversed(lines[: number - 1]):
        if not line.strip().startswith("#"):
            break
        words.insert(0, line.strip().removeprefix("#").strip())
    return " ".join(words)
