"""`mnemon diagnose`: why a model does not learn, or what it learnt with."""

import json
import math
import shlex
from dataclasses import replace
from typing import Annotated, Any, cast

import typer

from ._options import Data, Force, Model, Report, at_least, check_targets

SEQUENCES = 32
STEPS = 1 << 16  # of all sequences together, padded: bounds the memory of the backward pass


def diagnose(
    ctx: typer.Context,
    model: Model,
    data: Data,
    sequences: Annotated[int, typer.Option(metavar="N", help="Look at so many sequences, spread over the data.")] = (
        SEQUENCES
    ),
    network: Annotated[int, typer.Option(metavar="K", help="Which network, of several; the first is 0.")] = 0,
    report: Report = None,
    as_json: Annotated[bool, typer.Option("--json", help="All numbers as one JSON object.")] = False,
    force: Force = False,
) -> None:
    """Look inside a model on data like those it learns from: why it does not learn, how far back it remembers.

    How errors shrink or grow on their way back through time, where gates and units stand, how far back an input changes
    the answer; each finding in a sentence with what would likely help.
    """
    check_targets({"report": report}, {"model": model, "data": data}, force=force)
    at_least("--sequences", sequences, 1)
    at_least("--network", network, 0)

    from ..errors import InvalidInput
    from ._inputs import in_file, judgeable, load_model

    estimator = load_model(model, data)
    members = len(estimator.population_)
    if network >= members:
        raise InvalidInput(f"--network {network}: the model holds {members}, numbered from 0")
    judged = judgeable(estimator, data)
    with in_file(data):
        found, looked = _look(estimator, judged, sequences, network)
    if as_json:
        print(json.dumps(plain(found), allow_nan=False))
    else:
        from ..report import diagnosis_text

        print(f"looked at  {looked}\n")
        print(diagnosis_text(found), end="")
    if report is not None:
        _write(report, found, judged.name, _provenance(ctx, estimator, model, looked, network), force=force)
        if not as_json:
            print(f"\nreport  {report}: open it in a browser")


def _look(estimator: Any, judged: Any, sequences: int, network: int) -> tuple[Any, str]:
    """The diagnosis of one network on some of the sequences, and which these are in words."""
    import numpy as np

    from ..diagnosis import diagnose as look_into
    from ..learning import Examples, take_targets
    from ..sequences import Sequences
    from ._inputs import described
    from ._tasks import task_of

    task = task_of(estimator)
    rows = np.arange(len(judged.X))
    if task.name == "classify" and not estimator.multilabel_:
        rows = np.flatnonzero(np.isin(judged.y, estimator.classes_))
    rows = _spread(rows, sequences)
    y = None if judged.y is None else judged.y[rows]
    some = replace(judged, X=cast(Sequences, judged.X[rows]), y=y, groups=None)
    xs, raw = estimator._check_pair(some.X, None if task.name == "predict-next" else some.y, fitted=True)
    targets, readable = estimator._encode(raw, "y"), estimator._readable(xs)
    # a predictor reads windows of its sequences: more of them than sequences
    most = max(1, min(sequences, STEPS // int(readable.lengths.max())))
    fewer = _spread(np.arange(len(readable)), most)
    examples = Examples(cast(Sequences, readable[fewer]), take_targets(targets, fewer))
    with estimator._precise():
        one = estimator.population_[network]
        (bucket,) = examples.buckets(np.dtype(one.dtype), 1)
        found = look_into(one, bucket.xs, bucket.lengths, bucket.targets, estimator._loss())
    words = described(some, task)
    if len(fewer) < len(readable):
        words += f"; {len(fewer)} of {len(readable)} {'windows' if len(readable) > len(rows) else 'of them'}"
    return found, words


def _spread(rows: Any, most: int) -> Any:
    """So many of the rows, evenly."""
    import numpy as np

    return rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), most)).round().astype(int))]


def _write(path: str, found: Any, name: str, provenance: dict[str, object], *, force: bool) -> None:
    from ..report import write_diagnosis

    write_diagnosis(path, found, f"Diagnosis on {name}", provenance, overwrite=force)


def _provenance(ctx: Any, estimator: Any, model: str, looked: str, network: int) -> dict[str, object]:
    import time

    from .._version import __version__

    members = len(estimator.population_)
    return {
        "model": model,
        "network": f"{network} of {members}, numbered from 0" if members > 1 else None,
        "made of": estimator.summary().splitlines()[0],
        "looked at": looked,
        "mnemon": __version__,
        "command": shlex.join(["mnemon", *(ctx.obj or ())]),
        "date": time.strftime("%Y-%m-%d %H:%M"),
    }


def plain(value: Any) -> Any:
    """Named values as objects, arrays as lists, what is not finite as null."""
    if hasattr(value, "_asdict"):
        return {name: plain(part) for name, part in value._asdict().items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
