"""Classes of this room that stand on a library which need not be there; loaded when they are first asked for."""

from typing import Any


def __getattr__(name: str) -> Any:
    if name == "SktimeForecaster":
        from ._sktime import SktimeForecaster

        return SktimeForecaster
    raise AttributeError(f"module 'mnemon.estimators' has no attribute {name!r}")
