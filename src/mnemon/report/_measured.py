"""How well numbers, labels of steps or what follows are told: one number first, then the parts of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput

if TYPE_CHECKING:
    from ..data import Dataset

CHARACTERS, WORDS = 240, 48  # that a predictor writes for a report


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """What a model was measured to be worth.

    - `name`, `value`: the one number, such as "R squared" and 0.93.
    - `facts`: further numbers by name, in the order to show.
    - `head`, `rows`: a table of parts, such as the recall of each class.
    - `sentence`: what was measured, in words.
    - `sample`: text that the model wrote.
    """

    name: str
    value: float
    facts: Mapping[str, str] = field(default_factory=dict)
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    sentence: str = ""
    sample: str = ""


def measured(estimator: Any, data: "Dataset", *, sample: bool = True) -> Measured:
    """How well a fitted regressor, labeler or predictor does on `data`; a predictor of symbols writes a `sample`, too.

    Raises `InvalidInput` where the data have no targets to judge by, or the estimator none of these tasks.
    """
    ways = {"SequenceRegressor": _numbers, "SequenceLabeler": _steps, "SequencePredictor": _following}
    kind = type(estimator).__name__
    if kind not in ways:
        raise InvalidInput(f"{kind}: expected one of {', '.join(ways)}")
    if data.y is None and kind != "SequencePredictor":
        raise InvalidInput(f"{data.name}: holds no targets to judge by")
    result = ways[kind](estimator, data)
    if sample and kind == "SequencePredictor" and estimator.alphabet_ is not None:
        single = all(len(symbol) == 1 for symbol in estimator.alphabet_)
        wrote = estimator.generate(length=CHARACTERS if single else WORDS, random_state=0)
        return replace(result, sample=written(wrote))
    return result


def _numbers(regressor: Any, data: "Dataset") -> Measured:
    said = np.asarray(regressor.predict(data.X), float)
    true = np.asarray(data.y, float)
    if true.reshape(len(true), -1).shape[1] != said.reshape(len(said), -1).shape[1]:
        raise InvalidInput(f"{data.name}: targets of shape {true.shape}, but the model says {said.shape}")
    n = len(true)
    return _of_numbers(true.reshape(n, -1), said.reshape(n, -1), "output", f"Numbers for {n:,} sequences.")


def _of_numbers(true: NDArray, said: NDArray, part: str, sentence: str) -> Measured:
    """R squared and root mean squared error of columns, and of each."""
    from sklearn.metrics import r2_score

    each = np.atleast_1d(r2_score(true, said, multioutput="raw_values"))
    squared = ((true - said) ** 2).mean(axis=0)
    columns = zip(each, np.sqrt(squared), true.std(axis=0)) if len(each) > 1 else ()
    return Measured(
        name="R squared",
        value=float(each.mean()),
        facts={
            "root mean squared error": f"{np.sqrt(squared.mean()):.4g}",
            "deviation of what was to be told": f"{np.sqrt(true.var(axis=0).mean()):.4g}",
        },
        head=(part, "R squared", "root mean squared error", "deviation"),
        rows=[(str(k), f"{r:.3f}", f"{e:.4g}", f"{d:.4g}") for k, (r, e, d) in enumerate(columns)],
        sentence=f"{sentence} R squared is 1 where all are right, 0 where always telling the mean were as good.",
    )


def _steps(labeler: Any, data: "Dataset") -> Measured:
    true = [label for labels in np.asarray(data.y, object) for label in np.asarray(labels).tolist()]
    said = [label for labels in labeler.predict(data.X) for label in labels.tolist()]
    pairs = [(t, s) for t, s in zip(true, said, strict=True) if t is not None and t == t]
    if not pairs:
        raise InvalidInput(f"{data.name}: no step has a label to judge by")
    labels = list(dict.fromkeys([*np.asarray(labeler.classes_).tolist(), *(t for t, _ in pairs)]))
    of = dict.fromkeys(labels, 0)
    right = dict(of)
    for t, s in pairs:
        of[t] += 1
        right[t] += t == s
    n, all_right = len(pairs), sum(right.values())
    return Measured(
        name="accuracy",
        value=all_right / n,
        facts={"right": f"{all_right:,} of {n:,} steps", "chance": f"{max(of.values()) / n:.3f}"},
        head=("class", "recall", "right", "of"),
        rows=[(str(k), f"{right[k] / of[k]:.3f}" if of[k] else "-", str(right[k]), str(of[k])) for k in labels],
        sentence=f"Labels of the steps of {len(data.X):,} sequences; chance is always naming the most frequent class.",
    )


def _following(predictor: Any, data: "Dataset") -> Measured:
    if predictor.alphabet_ is None:
        said = predictor.predict_steps(data.X)
        true = np.concatenate([x[1:] for x in data.X])
        told = np.concatenate([p[:-1] for p in said])
        known = ~np.isnan(true).any(axis=1)
        return _of_numbers(true[known], told[known], "channel", f"The next of {known.sum():,} steps.")
    nats = -predictor.score(data.X)
    counts = np.bincount(np.concatenate([x[1:] for x in data.X]))
    shares = counts[counts > 0] / counts.sum()
    blind = float(np.exp(-(shares * np.log(shares)).sum()))
    return Measured(
        name="perplexity",
        value=float(np.exp(nats)),
        facts={
            "bits a symbol": f"{nats / np.log(2):.4g}",
            "nats a symbol": f"{nats:.4g}",
            "perplexity of the symbols' frequencies alone": f"{blind:.3f}",
        },
        sentence=f"The next of {counts.sum():,} symbols; perplexity k: as unsure as among k equally likely ones.",
    )


def written(symbols: Any) -> str:
    """Generated symbols as text: characters joined, words with spaces."""
    return symbols if isinstance(symbols, str) else " ".join(symbols)
