"""Each mistake of a user is told in its own words: what was expected, what came, what to do."""

import functools

import jax
import numpy as np
import pytest
from sklearn.exceptions import DataConversionWarning, NotFittedError
from specimens import ARRAYS, PROBE, N, X, assert_same, fitted, fitted_on_symbols, probabilities, small, weights, y

from mnemon import MnemonError, SequenceClassifier
from mnemon.cells import GRU, LSTM, Elman
from mnemon.errors import InvalidInput, InvalidType
from mnemon.layers import Network, Readout
from mnemon.learning import BPTT, Optax


def changed(place, value):
    """The arrays with one of another kind, or one entry of another value."""
    arrays = [array.copy() for array in ARRAYS]
    if isinstance(place, tuple):
        arrays[place[0]][place[1:]] = value
    else:
        arrays[place] = value
    return arrays


DATA = {
    "nothing": ([], "0 sample"),
    "an empty sequence": (changed(3, np.ones((0, 2))), "no steps in sequence 3"),
    "other channels": (changed(5, np.ones((4, 3))), "expected 2, as in most sequences, but sequence 5 has 3"),
    "missing values": (changed((2, 1, 0), np.nan), r"NaN in sequence 2 \(step 1, channel 0\)"),
    "infinity": (changed((7, 4, 1), -np.inf), r"infinity in sequence 7 \(step 4, channel 1\)"),
    "strings": (["abc", "abd"] * (N // 2), "strings where numbers belong; for symbols use Sequences.from_strings"),
    "some strings": (changed(1, np.array([["a", "b"]])), "sequence 1: strings where numbers belong"),
    "several": ([*changed((7, 4, 1), -np.inf)[:8], np.ones((4, 3))], "(?s)2 problems.*channels differ.*infinity"),
    "too large for floats": ([array * 1e100 for array in ARRAYS], "exceed float32; scale them, or use float64"),
    "one number": (3, "expected arrays or a list of arrays, got int"),
}


@pytest.mark.parametrize("name", DATA)
def test_data(name):
    data, says = DATA[name]
    classifier = small(standardize=False)
    with pytest.raises(MnemonError, match=says):
        classifier.fit(data, y)
    assert not hasattr(classifier, "classes_")


LABELS = {
    "fewer": (y[:5], "24 sequences but 5 labels"),
    "none": (None, "requires y to be passed, but the target y is None"),
    "nobody's": ([None] * N, "labels that cannot be sorted .NoneType."),
    "of one class": (
        ["down"] * N,
        "y holds one class only .'down'.; .* at least 2 classes",
    ),
    "numbers with commas": (np.linspace(0, 1, N), "Unknown label type: continuous"),
    "missing": ([1.0, np.nan] * (N // 2), "Input y contains NaN"),
    "mixed": (np.array(["a", 1] * (N // 2), object), r"y mixes labels that cannot be sorted \(int, str\)"),
    "two columns": (np.stack([y, y], axis=1), "y should be a 1d array"),
}


@pytest.mark.parametrize("name", LABELS)
def test_labels(name):
    labels, says = LABELS[name]
    with pytest.raises((ValueError, TypeError), match=says):
        small().fit(X, labels)


def test_a_column_of_labels_is_read_as_labels():
    with pytest.warns(DataConversionWarning):
        classifier = small().fit(X, y[:, None])
    assert_same(weights(classifier), weights(fitted()))


PARAMETERS = [
    ({"cell": "lstn"}, "cell='lstn': did you mean 'lstm'"),
    (
        {"cell": Elman(2, 4, key=jax.random.key(0))},
        "a cell class, or a function .*; got Elman",
    ),
    ({"cell": 3}, "cell: expected a name .elman, jordan, .*lstm"),
    ({"cell": lambda inputs, units, *, key: 3}, "cell: expected a function that makes a Cell, got int"),
    ({"cell": functools.partial(LSTM, variant="peephol")}, "variant='peephol': did you mean 'peephole'"),
    ({"optimizer": "adan_"}, "optimizer='adan_': did you mean 'adan'"),
    ({"optimizer": Optax}, "optimizer: expected a name, an Update such as .*; got"),
    ({"readout": "steps "}, "readout='steps ': did you mean 'steps'"),
    ({"readout": "segments"}, "no layer of this network is Segmented"),
    ({"gradient": "bttp"}, "gradient='bttp': did you mean 'bptt'"),
    ({"gradient": BPTT}, "gradient: expected a name or a rule such as"),
    ({"units": 0}, "units=0: expected a whole number of at least 1"),
    ({"layers": 1.0}, "layers=1.0: expected a whole number"),
    ({"epochs": True}, "epochs=True: expected a whole number"),
    ({"segment_length": 0}, "segment_length=0: expected a whole number of at least 1 or None"),
    ({"batch_size": -1}, "batch_size=-1: expected a whole number of at least 1 or None"),
    ({"n_networks": 0}, "n_networks=0"),
    ({"learning_rate": 0}, "learning_rate=0: expected a positive number"),
    ({"learning_rate": float("nan")}, "learning_rate=nan"),
    ({"validation_fraction": 0}, r"validation_fraction=0: expected a share in \(0, 1\)"),
    ({"dropout": 1.0}, r"dropout=1.0: expected a share in \[0, 1\)"),
    ({"precision": "float16"}, "precision='float16': expected 'float32' or 'float64'"),
    ({"early_stopping": 0}, "early_stopping=0: expected True, False, or epochs to wait"),
    ({"class_weight": "balance"}, "class_weight='balance': did you mean 'balanced'"),
    ({"class_weight": {"up": -1}}, "class_weight=.'up': -1.: expected finite numbers of at least 0"),
    ({"class_weight": [1, 2]}, "class_weight: expected 'balanced', a dict or None; got list"),
    ({"store": "run.safetensors"}, "store: expected a Store, got str"),
    ({"network": 3}, "network: expected a Network or a function"),
    ({"network": lambda inputs, outputs, *, key: 3}, "expected a function that makes a Network, got int"),
]


@pytest.mark.parametrize("parameters, says", PARAMETERS, ids=[says for _, says in PARAMETERS])
def test_parameters(parameters, says):
    with pytest.raises(MnemonError, match=says):
        small(**parameters).fit(X, y)


def test_all_wrong_parameters_are_named_together():
    wrong = {"cell": "lstn", "units": 0, "dropout": 2, "optimizer": "adan_", "precision": 7, "class_weight": "no",
             "readout": "last", "gradient": "rtlr"}  # fmt: skip
    with pytest.raises(InvalidInput) as told:
        small(**wrong).fit(X, y)
    assert "SequenceClassifier: 8 problems" in str(told.value)
    assert all(f"{name}=" in str(told.value) for name in wrong)
    with pytest.raises(InvalidInput, match="8 problems"):
        small(**wrong).partial_fit(X, y)


def network(inputs, outputs):
    return Network(GRU(inputs, 3, key=jax.random.key(0)), Readout(3, outputs, key=jax.random.key(1)))


@pytest.mark.parametrize("sizes", [(3, 2), (2, 3)])
def test_a_network_must_fit_the_data(sizes):
    says = f"takes {sizes[0]} inputs and says {sizes[1]} outputs; these data need 2 inputs and 2 outputs"
    with pytest.raises(InvalidInput, match=says):
        small(network=network(*sizes)).fit(X, y)


def test_a_finished_network_is_one():
    with pytest.raises(InvalidInput, match="n_networks=2: a finished network= is one; give a function"):
        small(network=network(2, 2), n_networks=2).fit(X, y)


def test_transposed_data_are_asked_about():
    turned = np.ones((4, 4, 9))
    with pytest.warns(UserWarning, match="time=4, channels=9; if time is the last axis"), pytest.raises(InvalidInput):
        small().fit(turned, [0, 0, 0, 0])
    with pytest.warns(UserWarning, match="time=4, channels=9"), pytest.raises(InvalidInput, match="X has 9 features"):
        fitted().predict(turned)


def test_predictions_need_the_channels_of_training():
    with pytest.raises(InvalidInput, match=r"X has 3 features \(channels\), but SequenceClassifier is expecting 2"):
        fitted().predict(np.ones((2, 4, 3)))
    with pytest.raises(InvalidInput, match="NaN in sequence 1"):
        fitted().predict([np.ones((4, 2)), np.full((4, 2), np.nan)])


@pytest.mark.parametrize(
    "method", ["predict", "predict_proba", "predict_stream", "summary", "save", "score", "network_"]
)
def test_nothing_is_known_before_fitting(method):
    arguments = {"predict": [PROBE], "predict_proba": [PROBE], "score": [PROBE, y[:8]], "save": ["a.safetensors"]}
    with pytest.raises(NotFittedError):
        getattr(SequenceClassifier(), method)(*arguments.get(method, []))


WEIGHTS = {
    "fewer": ([1.0, 2.0], "sample_weight.shape == .2,., expected .24,."),
    "negative": ([-1.0] + [1.0] * (N - 1), "sample_weight: expected numbers of at least 0"),
    "all zero": (np.zeros(N), "Sample weights must contain at least one non-zero number"),
    "missing": ([np.nan] * N, "Input sample_weight contains NaN"),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights(name):
    given, says = WEIGHTS[name]
    with pytest.raises(ValueError, match=says):
        small().fit(X, y, sample_weight=given)


def test_a_class_without_a_weight_where_another_has_one():
    with pytest.raises(ValueError, match=r"The classes, \['up'\], are not in class_weight"):
        small(class_weight={"down": 1, "upp": 2}).fit(X, y)


VALIDATION = {
    "no pair": (X, "validation_data: expected a pair"),
    "an unknown label": (
        (X, ["sideways"] * N),
        "the label 'sideways' .at 0., which is none of 'down', 'up'",
    ),
    "numbers for words": ((X, [1] * N), "validation_data's y holds the label 1"),
    "other channels": ((np.ones((2, 4, 3)), ["up", "up"]), "X has 3 features"),
    "fewer labels": ((X, y[:3]), "24 sequences but 3 labels"),
}


@pytest.mark.parametrize("name", VALIDATION)
def test_validation_data(name):
    data, says = VALIDATION[name]
    with pytest.raises(InvalidInput, match=says):
        small().fit(X, y, validation_data=data)


FRAMES = [
    ([1.0, 2.0, 3.0], r"a frame has 2 channels; got shape \(3,\)"),
    ([[1.0, 2.0]], r"a frame has 2 channels; got shape \(1, 2\)"),
    (1.0, r"a frame has 2 channels; got shape \(\)"),
    ([1.0, np.nan], "a frame must be finite; channel 1 is not"),
    ("ab", "a frame has 2 numbers, one a channel; got 'ab'"),
    ([1.0, "b"], "a frame has 2 numbers"),
    ([[1.0], [2.0, 3.0]], "a frame has 2 numbers"),
    (None, "a frame has 2 channels"),
]


@pytest.mark.parametrize("frame, says", FRAMES)
def test_frames(frame, says):
    stream = fitted().predict_stream()
    expected = stream.push([0.0, 1.0])
    stream.reset()
    with pytest.raises(InvalidInput, match=says):
        stream.push(frame)
    # A frame that was refused was not read.
    assert stream.frames == 0
    assert_same(stream.push([0.0, 1.0]), expected)


@pytest.mark.parametrize("frame", ["d", "", "ab", 0, None, ["a"], np.array(["a", "b"])])
def test_symbols(frame):
    with pytest.raises(InvalidInput, match="is none of the symbols a, b, c"):
        fitted_on_symbols().predict_stream().push(frame)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_refused_fit_leaves_what_was_fitted(method):
    classifier = small().fit(X, y)
    for bad in (["down"] * N, ["sideways"] * N, y[:3]):
        with pytest.raises(InvalidInput):
            getattr(classifier, method)(X, bad) if bad[0] != "down" else classifier.fit(X, bad)
    with pytest.raises(InvalidType):
        classifier.set_params(cell=lambda *sizes, key: None).fit(X, y)
    with pytest.raises(InvalidInput):
        classifier.fit(X, y, validation_data=(X, ["sideways"] * N))
    assert_same([classifier.predict_proba(PROBE)], [probabilities()])
    assert vars(classifier).keys() == vars(fitted()).keys()


def test_an_interrupted_fit_leaves_what_was_fitted():
    def interrupt(progress):
        raise KeyboardInterrupt

    classifier = small().fit(X, y)
    with pytest.raises(KeyboardInterrupt):
        classifier.set_params(verbose=interrupt, random_state=1).fit(X, y)
    assert_same([classifier.predict_proba(PROBE)], [probabilities()])
