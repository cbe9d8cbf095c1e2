"""The defaults of an estimator, read from its source: the command line shows them in its help and starts no JAX."""

import ast
from importlib.resources import files
from typing import Any


def defaults(module: str, name: str) -> dict[str, Any]:
    """The parameters of the class `name` with their defaults, as `inspect.signature` gives them.

    Args:
        module: the file of the class, as in "estimators/_classifier.py".
        name: the class, whose defaults are literals.

    """
    tree = ast.parse(files("mnemon").joinpath(module).read_text("utf-8"))
    bodies = [node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name]
    constructor = next(f for f in bodies[0] if isinstance(f, ast.FunctionDef) and f.name == "__init__")
    names = [argument.arg for argument in constructor.args.args[1:]]
    return dict(zip(names, map(ast.literal_eval, constructor.args.defaults), strict=True))
