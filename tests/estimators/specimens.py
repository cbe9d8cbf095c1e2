"""Small data and small classifiers that the tests of estimators share; few shapes, so that little need be compiled."""

import functools

import jax
import numpy as np

from mnemon import SequenceClassifier, Sequences
from mnemon.cells import LSTM, Elman
from mnemon.layers import Network, Readout, Segmented
from mnemon.learning import Optax, Schedule, TruncatedBPTT

rng = np.random.default_rng(0)
N, CHANNELS = 24, 2
y = np.array(["down", "up"] * (N // 2))
LENGTHS = np.tile([5, 4, 4, 5], N // 4)
ARRAYS = [
    rng.normal(0, 0.6, (length, CHANNELS)) + np.linspace(0, 1 if label == "up" else -1, length)[:, None]
    for length, label in zip(LENGTHS, y)
]
X = Sequences(ARRAYS)
# Predictions are asked for as many sequences as this, and no longer ones.
PROBE = X[:8]
STRINGS = [s if label == "up" else s[::-1] for s, label in zip(["abbc", "aabcc", "abcc", "aabbc"] * (N // 4), y)]
BOUNDARIES = [np.arange(length) % 2 == 1 for length in LENGTHS]


def small(**parameters) -> SequenceClassifier:
    """A classifier that is fitted in no time."""
    defaults = {"cell": "elman", "units": 4, "epochs": 2, "batch_size": 8, "learning_rate": 0.05, "dropout": 0.0}
    return SequenceClassifier(**defaults | {"random_state": 0} | parameters)


# One of each kind: together they use every readout, and every parameter that shapes a network or its training.
KINDS = {
    "elman": {},
    "three networks": {"n_networks": 3},
    "double precision": {"precision": "float64"},
    "gru, mean": {"cell": "gru", "readout": "mean", "batch_size": None},
    "lstm of 1997, attention": {
        "cell": functools.partial(LSTM, variant="1997", cells_per_block=2, gate_bias={"input": (-1, -2)}),
        "readout": "attention",
    },
    "two layers, max": {"layers": 2, "readout": "max", "dropout": 0.3},
    "two segmented layers, segments": {"segment_length": 2, "layers": 2, "readout": "segments"},
    "bidirectional lstm": {"cell": LSTM, "bidirectional": True},
    "truncated peepholes, every step": {
        "cell": functools.partial(LSTM, variant="peephole"),
        "readout": "steps",
        "gradient": TruncatedBPTT(2),
        "optimizer": Optax("sgd", 0.1, momentum=0.9, clip=0.5, schedule=Schedule("linear_schedule", init_value=1.0,
                                                                                 end_value=0.1, transition_steps=9)),
    },
}  # fmt: skip
CAUSAL = [kind for kind, parameters in KINDS.items() if not parameters.get("bidirectional")]


@functools.cache
def fitted(kind: str = "elman") -> SequenceClassifier:
    """A fitted classifier of `KINDS`, to be looked at and not to be changed."""
    return small(**KINDS[kind]).fit(X, y)


@functools.cache
def probabilities(kind: str = "elman") -> np.ndarray:
    """What `fitted(kind)` says of `PROBE`."""
    return fitted(kind).predict_proba(PROBE)


@functools.cache
def fitted_on_symbols() -> SequenceClassifier:
    return small().fit(Sequences.from_strings(STRINGS), y)


def with_boundaries(inputs, outputs, *, key) -> Network:
    """A network whose segments come with the data."""
    keys = jax.random.split(key, 3)
    cell = Segmented(Elman(inputs, 4, key=keys[0]), Elman(4, 4, key=keys[1]), boundaries=True)
    return Network(cell, Readout(4, outputs, key=keys[2]))


def weights(classifier: SequenceClassifier) -> list[np.ndarray]:
    """All weights of a fitted classifier, (networks, ...)."""
    return [np.asarray(leaf) for leaf in jax.tree.leaves(classifier.population_.stacked)]


def assert_same(got, expected) -> None:
    """Equal bit for bit, for arrays or lists of them."""
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def differ(got, expected) -> bool:
    return any(np.any(a != b) for a, b in zip(got, expected, strict=True))
