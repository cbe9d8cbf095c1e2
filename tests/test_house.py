"""The rules of the house: no import upward, no file of two ideas, rooms that only re-export, nothing done on import."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import mnemon

SOURCE = Path(__file__).parents[1] / "src" / "mnemon"
FLOORS = {
    "_version": 0, "errors": 0, "_files": 0, "_tensors": 0, "_buckets": 0, "_intake": 0, "_indexing": 0,
    "_statistics": 0, "_slopes": 0, "_symbols": 0, "sequences": 0, "targets": 0, "kernels": 0,
    "cells": 1, "problems": 1, "data": 1, "preprocessing": 1, "series": 1,
    "layers": 2, "learning": 3, "diagnosis": 4, "estimators": 4, "lab": 5, "report": 6, "cli": 7, "__main__": 8,
}  # fmt: skip
FILES = sorted(SOURCE.rglob("*.py"))
NAMES = [str(path.relative_to(SOURCE)) for path in FILES]


def room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    found = set()
    package = path.relative_to(SOURCE).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            if node.level:
                whole = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
            elif (node.module or "").split(".")[0] == "mnemon":
                whole = node.module.split(".")[1:]
            else:
                continue
            whole = [part for part in whole if part]
            found |= {whole[0]} if whole else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("mnemon.")}
    return found


@pytest.mark.parametrize("path", [p for p in FILES if p != SOURCE / "__init__.py"], ids=lambda p: str(p.name))
def test_a_room_imports_from_floors_below(path):
    own = FLOORS[room(path)]
    for other in imported_rooms(path):
        if other == "__version__":
            continue
        other = mnemon._ROOM_OF.get(other, other)  # the package's own names stand for their rooms
        assert other in FLOORS, f"{path}: {other} stands on no floor"
        assert other == room(path) or FLOORS[other] < own or own == 0, f"{path} imports {other}"


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_no_file_is_two_ideas_long(path):
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", [p for p in FILES if p.name == "__init__.py" and p.parent != SOURCE], ids=str)
def test_rooms_only_re_export(path):
    for node in ast.parse(path.read_text()).body:
        assert isinstance(node, ast.ImportFrom), path
        assert all(alias.asname == alias.name for alias in node.names), path


def test_the_package_itself_loads_nothing_heavy():
    code = "import mnemon, sys; assert not {'jax', 'numpy', 'sklearn', 'matplotlib'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0
