"""The defaults of an estimator, read from its source: the command line shows them in its help and starts no JAX."""

import ast
from functools import cache
from importlib.resources import files
from typing import Any


def defaults(module: str, name: str) -> dict[str, Any]:
    """The parameters of the class `name` with their defaults, as `inspect.signature` gives them.

    Args:
        module: the file of the class, as in "estimators/_classifier.py".
        name: the class, whose parameters are the fields of dataclasses: its own, and those of the bases that its file
            imports from the same room (and those of theirs, where a file makes dataclasses at all). Their defaults are
            literals.

    """
    if "@dataclass" not in _text(module):  # parsing is what takes time
        return {}
    tree = source(module)
    homes = {
        alias.asname or alias.name: (f"{module.rpartition('/')[0]}/{node.module}.py", alias.name)
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module is not None
        for alias in node.names
    }
    made = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    found: dict[str, Any] = {}
    for base in reversed(made.bases):
        if isinstance(base, ast.Name) and base.id in homes:
            found |= defaults(*homes[base.id])
    if any("dataclass" in ast.unparse(decorator) for decorator in made.decorator_list):
        found |= {
            line.target.id: ast.literal_eval(line.value)
            for line in made.body
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value is not None
        }
    return found


@cache
def source(module: str) -> ast.Module:
    """The syntax of a file of the package."""
    return ast.parse(_text(module))


@cache
def _text(module: str) -> str:
    return files("mnemon").joinpath(module).read_text("utf-8")
