"""The story of a fitted estimator and the data it was judged on."""

import os
import platform
import shlex
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from .._version import __version__
from ..errors import InvalidInput
from ._markup import plural
from ._measured import Measured
from ._story import DataSet, Judged, Story

if TYPE_CHECKING:
    from ..data import Dataset
    from ..estimators import SequenceClassifier, SequenceEstimator

PACKAGES = ("jax", "equinox", "optax", "numpy", "scikit-learn")
TIMES = {"compile": "compiling", "train": "training"}
# Parameters that a reader of the report asks for; those that were left alone and say nothing are not shown.
MODEL = (
    "cell",
    "units",
    "layers",
    "bidirectional",
    "segment_length",
    "embedding",
    "readout",
    "delay",
    "window",
    "n_networks",
)
TRAINING = (
    "features",
    "gradient",
    "optimizer",
    "learning_rate",
    "batch_size",
    "dropout",
    "missing",
    "class_weight",
    "early_stopping",
)


def story_of(
    estimator: "SequenceEstimator",
    data: "Dataset",
    said: NDArray | Measured,
    *,
    training: "Dataset | None" = None,
    reading: float | None = None,
    judging: float | None = None,
    model_path: str = "",
    command: str = "",
    date: str = "",
) -> Story:
    """The story of `estimator`, judged by what it said of `data`.

    - `estimator`: fitted, or loaded from a model file.
    - `data`, `said`: of a classifier, labelled sequences, and what its `predict_proba` said of them `(n, classes)`; of
      the other estimators the data and what `measured` says of them.
    - `training`: what it was trained on, where that is known.
    - `reading`, `judging`: seconds that these took; the others are the estimator's own.
    - `model_path`, `command`, `date`: as in `Story`.

    Raises `InvalidInput` where a classifier's data have no labels, or none that it knows.
    """
    if data.y is None and not isinstance(said, Measured):
        raise InvalidInput(f"{data.name}: holds no labels to judge by")
    several = len(estimator.results_) > 1
    best = [result.best_epoch for result in estimator.results_]
    restored = bool(estimator.early_stopping) and "validation_loss" in estimator.history_
    seed = estimator.random_state
    taken = {
        "reading data": reading,
        **{TIMES.get(k, k): v for k, v in estimator.seconds_.items()},
        "judging": judging,
    }
    name = training.name if training else data.name
    return Story(
        title=f"{name}: {_subject(estimator)}",
        judged=said if isinstance(said, Measured) else _judged(cast("SequenceClassifier", estimator), data, said),
        model=_model(estimator),
        summary=estimator.summary(),
        training_data=described(training) if training else None,
        test_data=described(replace(data, about="") if training and training.about == data.about else data),
        ending=ending(estimator),
        history={name: squeezed(values) for name, values in estimator.history_.items()},
        best_epoch=None if not restored else best if several else best[0],
        times={what: seconds for what, seconds in taken.items() if seconds is not None},
        model_path=model_path,
        python=_python(model_path) if model_path else "",
        shell=_shell(model_path) if model_path else "",
        versions=versions(),
        date=date,
        machine=machine(),
        command=command,
        seed=int(seed) if isinstance(seed, int | np.integer) else None,
    )


def machine() -> str:
    """What this runs on, in a few words."""
    return f"{platform.system()} {platform.machine()}, {plural(os.cpu_count() or 1, 'core')}"


def versions() -> dict[str, str]:
    """Of the package, of Python, and of what it stands on."""
    return {"mnemon": __version__, "python": platform.python_version(), **{p: version(p) for p in PACKAGES}}


def described(data: "Dataset") -> DataSet:
    """A data set as a report describes it."""
    counts: Mapping[Any, int] = {}
    if data.y is not None and data.y.ndim == 1 and data.y.dtype.kind != "f" and not data.by_step:
        labels, numbers = np.unique(data.y, return_counts=True)
        counts = dict(zip(labels.tolist(), numbers.tolist()))
    lengths = data.X.lengths
    return DataSet(
        name=data.name,
        sequences=len(data.X),
        channels=data.X.n_channels,
        counts=counts,
        lengths=lengths,
        about=data.about,
    )


def _subject(estimator: Any) -> str:
    """What was learnt, for the title."""
    if hasattr(estimator, "classes_"):
        of = "steps" if type(estimator).__name__ == "SequenceLabeler" else "sequences"
        return f"{plural(len(estimator.classes_), 'class', 'classes')} of {of}"
    return "numbers for sequences" if hasattr(estimator, "n_outputs_") else "what comes next"


def _judged(classifier: "SequenceClassifier", data: "Dataset", probabilities: NDArray) -> Judged:
    classes = np.asarray(classifier.classes_)
    return Judged(
        classes=classes,
        y_true=np.asarray(data.y),
        y_pred=classes[probabilities.argmax(axis=1)],
        probabilities=probabilities,
        lengths=data.X.lengths,
        sequences=list(data.X) if data.X.alphabet is None else None,
    )


def _model(estimator: "SequenceEstimator") -> dict[str, Any]:
    parameters = estimator.get_params(deep=False)
    own = parameters["network"] is not None
    names = (*(() if own else MODEL), *TRAINING)
    said = {name.removeprefix("n_").replace("_", " "): word(parameters[name]) for name in names if name in parameters}
    told = {name: value for name, value in said.items() if value not in (None, False, 0)}
    return {**told, "weights": estimator.network_.weight_count(), "precision": estimator.precision}


def word(value: Any) -> Any:
    """A parameter as a reader wants it: plain values as they are, classes and functions by their names."""
    if value is None or isinstance(value, str | int | float | np.generic):
        return value
    return getattr(value, "__name__", None) or repr(value)


def ending(estimator: "SequenceEstimator") -> str:
    """How training ended, network by network where they ended differently."""
    sentences = [result.sentence for result in estimator.results_]
    if len(sentences) == 1:
        result = estimator.results_[0]
        return f"Training {sentences[0]} after {plural(result.epochs, 'epoch')} and {result.evaluations:,} updates."
    parts = [f"{sentences.count(said)} of {len(sentences)} networks: {said}" for said in dict.fromkeys(sentences)]
    return "; ".join(parts) + "."


def squeezed(values: Any) -> NDArray:
    """A quantity of the history (epochs, networks); (epochs,) of one network."""
    values = np.asarray(values)
    return values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values


def _python(path: str) -> str:
    return f"""\
import mnemon

model = mnemon.load({path!r})
model.predict(X)  # X: a list of arrays (time, channels), or mnemon.data.read(FILE).X
"""


def _shell(path: str) -> str:
    quoted = shlex.quote(path)
    return f"mnemon predict {quoted} DATA\nmnemon evaluate {quoted} DATA\nmnemon show {quoted}"
