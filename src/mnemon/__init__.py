from typing import TYPE_CHECKING, Any

from ._version import __version__ as __version__

if TYPE_CHECKING:
    from .errors import MnemonError as MnemonError
    from .estimators import Forecaster as Forecaster
    from .estimators import HMMClassifier as HMMClassifier
    from .estimators import OneNetworkPerClass as OneNetworkPerClass
    from .estimators import SequenceClassifier as SequenceClassifier
    from .estimators import SequenceLabeler as SequenceLabeler
    from .estimators import SequencePredictor as SequencePredictor
    from .estimators import SequenceRegressor as SequenceRegressor
    from .estimators import load as load
    from .sequences import Sequences as Sequences

# Rooms are loaded when they are first asked for: `import mnemon` and `mnemon --help` start no JAX.
_ROOM_OF = {
    "Forecaster": "estimators",
    "HMMClassifier": "estimators",
    "MnemonError": "errors",
    "OneNetworkPerClass": "estimators",
    "SequenceClassifier": "estimators",
    "SequenceLabeler": "estimators",
    "SequencePredictor": "estimators",
    "SequenceRegressor": "estimators",
    "Sequences": "sequences",
    "load": "estimators",
}
_ROOMS = (
    "cells",
    "data",
    "diagnosis",
    "errors",
    "estimators",
    "lab",
    "layers",
    "learning",
    "preprocessing",
    "problems",
    "report",
    "sequences",
    "series",
)


def __getattr__(name: str) -> Any:
    import importlib

    if name in _ROOMS:
        return importlib.import_module(f".{name}", __name__)
    if name in _ROOM_OF:
        return getattr(importlib.import_module(f".{_ROOM_OF[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_ROOM_OF, *_ROOMS])
