"""`mnemon show`: what a model file holds."""

import json
import math
import os
from typing import Annotated, Any

import typer

from ..errors import InvalidInput
from ._tasks import task_of


def show(
    model: Annotated[
        str | None,
        typer.Argument(metavar="[MODEL]", help="A model that mnemon fit or mnemon forecast wrote.", show_default=False),
    ] = None,
    engine: Annotated[
        bool, typer.Option("--engine", help="Which engine runs it here, native code or XLA, and why; needs no model.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Everything as one JSON object.")] = False,
) -> None:
    """Tell what a model is: its task and parts, classes and channels, how it was trained, and by which version."""
    from ..estimators._saving import read_model
    from ._inputs import any_model

    if engine:
        _show_engine(None if model is None else any_model(model), as_json)
        return
    if model is None:
        raise InvalidInput("show: name a model that mnemon fit wrote, or ask for --engine")
    estimator = any_model(model)
    about, _ = read_model(model)
    file = {"path": model, "bytes": os.path.getsize(model), "format": about["format"], "mnemon": about["mnemon"]}
    if not hasattr(estimator, "results_"):
        _show_other(estimator, file, as_json)
        return
    if as_json:
        print(json.dumps(_plain({**file, **_told(estimator)}), indent=2, ensure_ascii=False, allow_nan=False))
        return
    print(estimator.summary())
    print(f"task      {_task(estimator)}")
    if hasattr(estimator, "classes_"):
        print(f"classes   {', '.join(map(_printable, estimator.classes_.tolist()))}")
    if hasattr(estimator, "n_outputs_"):
        means = ", ".join(
            f"{mean:.4g} ± {scale:.4g}" for mean, scale in zip(estimator.target_mean_, estimator.target_scale_)
        )
        print(f"numbers   {estimator.n_outputs_}, in training {means}")
    if getattr(estimator, "features_", None) is not None:
        rate = getattr(estimator.features_, "rate", None)
        print(f"features  {estimator.features_}" + (f", of recordings at {rate:,} samples a second" if rate else ""))
    if getattr(estimator, "alphabet_", None) is not None:
        print(f"symbols   {', '.join(map(_printable, estimator.alphabet_))}")
    for name, (first, last) in _brief(estimator).items():
        print(f"{name.replace('_', ' ')}: {first:.4g} after the first epoch, {last:.4g} after the last")
    seconds = ", ".join(f"{what} {value:.1f} s" for what, value in estimator.seconds_.items())
    print(f"seconds   {seconds}")
    print(f"file      {model}, {file['bytes']:,} bytes, format {file['format']}, written by Mnemon {file['mnemon']}")


def _show_other(estimator: Any, file: dict[str, Any], as_json: bool) -> None:
    """A model that is not one kind of network, such as hidden Markov models."""
    parameters = {k: v for k, v in estimator.get_params(deep=False).items() if k != "verbose"}
    features = _features(getattr(estimator, "features_", None))
    told = {"estimator": type(estimator).__name__, "classes": getattr(estimator, "classes_", None)}
    if as_json:
        print(json.dumps(_plain({**file, **told, "features": features, "parameters": parameters}), indent=2))
        return
    print(estimator)
    print(f"classes   {', '.join(map(_printable, estimator.classes_.tolist()))}")
    if features is not None:
        print(f"features  {estimator.features_}")
    print(f"file      {file['path']}, {file['bytes']:,} bytes, format {file['format']}")


def _show_engine(estimator: Any, as_json: bool) -> None:
    """What runs recurrent layers on this machine; of a model, cell by cell."""
    from .. import kernels
    from ..layers import engine_of

    reason = kernels.why_not()
    name = "XLA" if reason else "native"
    told: dict[str, Any] = {"engine": name, "why": reason or f"compiled kernels, {kernels.instruction_set()}"}
    if estimator is not None:
        told["cells"] = [[type(cell).__name__, *engine_of(cell)] for cell in _cells(estimator.network_)]
    if as_json:
        print(json.dumps(told, indent=2))
        return
    print(f"engine    {told['engine']}: {told['why']}")
    for cell, own, why in told.get("cells", ()):
        print(f"{cell:<9} {own}: {why}")


def _cells(part: Any) -> list[Any]:
    """The cells of a network or of a cell of several levels, from the lowest."""
    import jax

    from ..cells import Cell

    if isinstance(part, Cell):
        levels = getattr(part, "levels", None)
        return [part] if levels is None else [cell for level in levels() for cell in _cells(level)]
    leaves = jax.tree.leaves(part, is_leaf=lambda leaf: isinstance(leaf, Cell))
    return [cell for leaf in leaves if isinstance(leaf, Cell) for cell in _cells(leaf)]


def _task(estimator: Any) -> str:
    from ..estimators import Forecaster

    return "forecast" if isinstance(estimator, Forecaster) else task_of(estimator).name


def _told(estimator: Any) -> dict[str, Any]:
    """A estimator as values that JSON knows, but for arrays and numbers that are not finite."""
    words, forecasts = ("code", "best"), _task(estimator) == "forecast"
    parameters = estimator.get_params(deep=False)
    return {
        "estimator": type(estimator).__name__,
        "task": _task(estimator),
        "classes": getattr(estimator, "classes_", None),
        "numbers": getattr(estimator, "n_outputs_", None),
        "channels": estimator.network_.input_size if forecasts else estimator.n_features_in_,
        "symbols": getattr(estimator, "alphabet_", None),
        "features": _features(getattr(estimator, "features_", None)),
        "networks": len(estimator.results_),
        "weights": estimator.network_.weight_count(),
        "parameters": {k: v for k, v in parameters.items() if k not in ("verbose", "callbacks", "store")},
        "results": [
            {"ending": result.sentence, **{k: v for k, v in vars(result).items() if k not in words}}
            for result in estimator.results_
        ],
        "history": estimator.history_,
        "seconds": estimator.seconds_,
    }


def _features(features: Any) -> dict[str, Any] | None:
    """What recordings are made into."""
    if features is None:
        return None
    return {"kind": type(features).__name__, **getattr(features, "get_params", dict)()}


def _brief(estimator: Any) -> dict[str, tuple[float, float]]:
    """First and last value of each quantity of the history; of several networks, of the first."""
    columns = {name: v.reshape(len(v), -1)[:, 0] for name, v in estimator.history_.items() if name != "epoch"}
    finite = {name: [v for v in column.tolist() if math.isfinite(v)] for name, column in columns.items()}
    return {name: (values[0], values[-1]) for name, values in finite.items() if values}


def _plain(value: Any) -> Any:
    """Values that JSON knows: arrays as lists, what is not finite as null, objects as they print."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else repr(value)


def _printable(label: Any) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(label))
