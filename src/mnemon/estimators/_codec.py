"""Objects to JSON and arrays, and back, for registered parts only: what a model file may hold.

A part is a public class of the package (cells, layers, readouts, gradients, updates ...), written as its name and its
fields. Nothing is executed on reading: a part is made without its constructor and its fields are set. Functions are
the squashing functions and the initialisers that need no numbers, by name.
"""

import dataclasses
import functools
import math
from typing import Any

import equinox as eqx
import jax
import numpy as np

from .. import cells, layers, learning, series
from ..cells import SQUASHING
from ..data import audio
from ..errors import InvalidInput, ModelFileError


@functools.cache
def registered() -> dict[str, type]:
    """All parts that a model file may name: the public classes of the rooms below, by name."""
    return {
        name: value
        for room in (cells, layers, learning, series, audio)
        for name, value in vars(room).items()
        if isinstance(value, type) and (issubclass(value, eqx.Module) or _fields(value))
    }


_PUBLIC = (cells.glorot, cells.orthogonal, cells.zeros)
FUNCTIONS = SQUASHING | {function.__name__: function for function in _PUBLIC}


def _fields(part: type) -> tuple[str, ...]:
    """The fields of a dataclass or a named tuple."""
    if dataclasses.is_dataclass(part):
        return tuple(field.name for field in dataclasses.fields(part))
    return getattr(part, "_fields", ())


def encode(value: Any, path: str, tensors: dict[str, np.ndarray]) -> Any:
    """`value` as JSON; its arrays go to `tensors` under their path.

    Raises:
        InvalidInput: something that is no registered part, named by its path.

    """
    if value is None or isinstance(value, bool | str) or type(value) is int:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$number": repr(value)}
    if isinstance(value, np.generic):
        return {"$scalar": [value.dtype.str, value.item()]}
    if isinstance(value, np.ndarray) and value.dtype.kind in "US":
        return {"$strings": value.tolist()}
    if isinstance(value, np.ndarray) and value.dtype == object:
        return {"$objects": [encode(item, f"{path}.{k}", tensors) for k, item in enumerate(value)]}
    if isinstance(value, np.ndarray) and value.dtype.kind not in "biufc":
        raise InvalidInput(f"{path}: {value.dtype} values cannot be saved; make them strings or numbers before fitting")
    if isinstance(value, np.ndarray | jax.Array):
        array = np.asarray(value)
        tensors[path] = array
        kind = "numpy" if isinstance(value, np.ndarray) else "jax"
        return {"$tensor": path, "shape": list(array.shape), "dtype": array.dtype.name, "kind": kind}
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        items = [encode(item, f"{path}.{k}", tensors) for k, item in enumerate(value)]
        return {"$tuple": items} if isinstance(value, tuple) else {"$list": items}
    if isinstance(value, dict):
        pairs = [[encode(k, path, tensors), encode(v, f"{path}.{k}", tensors)] for k, v in value.items()]
        return {"$dict": pairs}
    if isinstance(value, functools.partial):
        inner = (value.func, value.args, dict(value.keywords))
        return {"$partial": [encode(part, f"{path}.{k}", tensors) for k, part in enumerate(inner)]}
    if isinstance(value, type) and registered().get(value.__name__) is value:
        return {"$class": value.__name__}
    if callable(value) and FUNCTIONS.get(getattr(value, "__name__", "")) is value:
        return {"$function": value.__name__}
    if registered().get(type(value).__name__) is type(value):
        names = _fields(type(value))
        fields = {name: encode(getattr(value, name), f"{path}.{name}", tensors) for name in names}
        return {"$part": type(value).__name__, "fields": fields}
    named: Any = value if hasattr(value, "__qualname__") else type(value)
    raise InvalidInput(
        f"{path}: {named.__module__}.{named.__qualname__} is no part of Mnemon, so a file could not make it again. "
        "Save with weights_only=True, and load with load(path, like=...), which takes your own classes"
    )


def decode(value: Any, tensors: dict[str, np.ndarray]) -> Any:
    """The object that `encode` wrote.

    Raises:
        ModelFileError: a part that this version does not know, or a missing tensor or one of another shape.

    """
    if not isinstance(value, dict):
        return value
    if "$number" in value:
        return float(value["$number"])
    if "$scalar" in value:
        return np.dtype(value["$scalar"][0]).type(value["$scalar"][1])
    if "$strings" in value:
        return np.array(value["$strings"])
    if "$objects" in value:
        array = np.empty(len(value["$objects"]), object)
        array[:] = [decode(item, tensors) for item in value["$objects"]]
        return array
    if "$tensor" in value:
        array = tensor(tensors, value["$tensor"], tuple(value["shape"]))
        return array if value["kind"] == "numpy" else jax.device_put(array)
    if "$tuple" in value:
        return tuple(decode(item, tensors) for item in value["$tuple"])
    if "$list" in value:
        return [decode(item, tensors) for item in value["$list"]]
    if "$dict" in value:
        return {decode(k, tensors): decode(v, tensors) for k, v in value["$dict"]}
    if "$partial" in value:
        function, args, keywords = (decode(part, tensors) for part in value["$partial"])
        return functools.partial(function, *args, **keywords)
    if "$function" in value:
        return _known(FUNCTIONS, value["$function"], "function")
    if "$class" in value:
        return _known(registered(), value["$class"], "class")
    part = _known(registered(), value["$part"], "part")
    names = _fields(part)
    if set(names) != set(value["fields"]):
        raise ModelFileError(
            f"{value['$part']} has the fields {', '.join(sorted(value['fields']))} in the file, but "
            f"{', '.join(sorted(names))} in this version of Mnemon"
        )
    if issubclass(part, tuple):
        return part(*(decode(value["fields"][name], tensors) for name in names))
    made = object.__new__(part)
    for name, field in value["fields"].items():
        object.__setattr__(made, name, decode(field, tensors))
    return made


def tensor(tensors: dict[str, np.ndarray], name: str, shape: tuple[int, ...]) -> np.ndarray:
    """A tensor of the file, as the description says it is."""
    if name not in tensors:
        raise ModelFileError(f"the tensor {name} is missing from the file")
    if tensors[name].shape != shape:
        raise ModelFileError(f"the tensor {name} has shape {tensors[name].shape}, but {shape} is expected")
    return tensors[name]


def _known(parts: dict[str, Any], name: str, what: str) -> Any:
    if name not in parts:
        raise ModelFileError(f"the file names a {what} {name!r} that this version of Mnemon does not know")
    return parts[name]
