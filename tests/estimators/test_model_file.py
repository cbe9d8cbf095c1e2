"""Saving and loading: the same numbers bit for bit, one file, no pickle, nothing overwritten unasked."""

import functools
import json
import os
import pickle

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from safetensors import safe_open
from sklearn.base import clone
from specimens import (
    ARRAYS,
    BOUNDARIES,
    KINDS,
    PROBE,
    STRINGS,
    X,
    assert_same,
    fitted,
    fitted_on_symbols,
    probabilities,
    small,
    weights,
    with_boundaries,
    y,
)

import mnemon
from mnemon import Sequences
from mnemon._tensors import read_tensors, write_tensors
from mnemon.cells import GRU, SQUASHING, Elman, Start, glorot, orthogonal, trainable, uniform, zeros
from mnemon.errors import InvalidInput, InvalidType
from mnemon.layers import Layer, Network, Passage, Readout, Stack
from mnemon.learning import Optax


def carried(classifier, path):
    """Through a file and back."""
    return mnemon.load(classifier.save(path))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


@pytest.fixture
def no_pickle(monkeypatch):
    def refuse(*arguments, **settings):
        raise AssertionError("a pickle was read")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)


@pytest.mark.parametrize("kind", KINDS)
def test_a_loaded_classifier_is_the_saved_one(kind, path, no_pickle):
    saved, loaded = fitted(kind), carried(fitted(kind), path)
    assert_same([loaded.predict_proba(PROBE)], [probabilities(kind)])
    assert_same(weights(loaded), weights(saved))
    assert [leaf.dtype for leaf in weights(loaded)] == [leaf.dtype for leaf in weights(saved)]
    assert loaded.summary() == saved.summary()
    assert loaded.result_ == saved.result_
    assert loaded.n_epochs_ == saved.n_epochs_
    assert vars(loaded).keys() == vars(saved).keys()
    for name, value in saved.history_.items():
        assert_same(loaded.history_[name], value)
    assert repr(loaded.get_params()) == repr(saved.get_params())


@pytest.mark.parametrize("kind", ["elman", "double precision", "three networks", "truncated peepholes, every step"])
def test_a_loaded_classifier_learns_on_and_again_as_the_saved_one(kind, path):
    loaded = carried(fitted(kind), path)
    again = clone(loaded).fit(X, y)
    assert_same(weights(again), weights(fitted(kind)))
    assert_same(weights(loaded.partial_fit(X, y)), weights(again.partial_fit(X, y)))


LABELS = {
    "strings": np.array(["ärger", "über"]),
    "integers": np.array([-3, 10**12]),
    "small integers": np.array([1, 2], np.uint8),
    "booleans": np.array([False, True]),
    "floats": np.array([1.0, 3.0], np.float32),
    "objects": np.array(["no", "yes"], object),
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_every_kind(kind, path):
    saved = small().fit(X, LABELS[kind][(y == "up").astype(int)])
    loaded = carried(saved, path)
    assert loaded.classes_.dtype == LABELS[kind].dtype
    assert_same(loaded.classes_, LABELS[kind])
    assert [type(label) for label in loaded.classes_] == [type(label) for label in saved.classes_]
    assert_same(loaded.predict(PROBE), saved.predict(PROBE))


def test_labels_that_a_file_cannot_hold(path):
    dates = np.array(["2001-01-01", "2002-02-02"], "datetime64[D]")
    with pytest.raises(InvalidInput, match=r"fitted.classes_: datetime64\[D\] values cannot be saved"):
        small().fit(X, dates[(y == "up").astype(int)]).save(path)


def test_symbols_keep_their_alphabet(path):
    loaded = carried(fitted_on_symbols(), path)
    assert loaded.alphabet_ == ("a", "b", "c")
    few = Sequences.from_strings(["cb"] * 8)
    assert_same([loaded.predict_proba(few)], [fitted_on_symbols().predict_proba(few)])
    assert_same([loaded.predict_proba(STRINGS[:8])], [fitted_on_symbols().predict_proba(STRINGS[:8])])


def test_parameters_of_every_kind(path):
    parameters = {
        "cell": functools.partial(Elman, squashing="logistic", initialiser=Start(inputs=glorot, bias=zeros)),
        "class_weight": {"up": np.float64(2), "down": 1},
        "optimizer": Optax("sgd", learning_rate=np.float32(0.1), momentum=0.5),
        "random_state": np.int64(3),
        "learning_rate": np.float64(0.25),
    }
    loaded = carried(small(**parameters).fit(X, y), path)
    assert repr(loaded.get_params()["cell"]) == repr(parameters["cell"])
    for name in ("class_weight", "random_state", "learning_rate"):
        assert loaded.get_params()[name] == parameters[name]
    assert dict(loaded.optimizer.numbers) == dict(parameters["optimizer"].numbers)


def test_a_stream_of_random_numbers_is_left_out_and_what_watched_training_too(path):
    saved = small(random_state=np.random.RandomState(1), verbose=lambda progress: None).fit(X, y)
    loaded = carried(saved, path)
    assert loaded.random_state is None
    assert loaded.verbose == 0
    assert_same([loaded.predict_proba(PROBE)], [saved.predict_proba(PROBE)])


def test_the_file_is_tensors_and_words(path):
    fitted("truncated peepholes, every step").save(path)
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + length])
    assert set(header["__metadata__"]) == {"mnemon_model"}
    about = json.loads(header["__metadata__"]["mnemon_model"])
    assert about["format"] == 2
    assert about["mnemon"] == mnemon.__version__
    assert about["estimator"] == "SequenceClassifier"
    with safe_open(path, framework="numpy") as file:
        total = sum(file.get_tensor(name).nbytes for name in file.keys())  # noqa: SIM118
    assert len(raw) == 8 + length + total


# Files of the user


def test_a_file_that_is_there_stays_unless_told_otherwise(path):
    fitted().save(path)
    before = path.read_bytes()
    with pytest.raises(InvalidInput, match=r"model.safetensors exists: choose another name, or say overwrite=True"):
        fitted("truncated peepholes, every step").save(path)
    assert path.read_bytes() == before
    assert fitted("truncated peepholes, every step").save(path, overwrite=True) == path
    assert_same([mnemon.load(path).predict_proba(PROBE)], [probabilities("truncated peepholes, every step")])


def test_no_such_folder(tmp_path):
    with pytest.raises(InvalidInput, match=r"there is no folder .*nowhere; make it first"):
        fitted().save(tmp_path / "nowhere" / "model.safetensors")
    with pytest.raises(InvalidInput, match="is a folder: give the name of a file"):
        fitted().save(tmp_path)


@pytest.mark.parametrize("broken", ["mnemon._tensors.save_file", "mnemon._files.os.fsync", "mnemon._files.os.replace"])
def test_a_full_disk_leaves_the_old_file(broken, path, monkeypatch):
    fitted().save(path)
    before = path.read_bytes()

    def full(*arguments, **settings):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(broken, full)
    with pytest.raises(InvalidInput, match="No space left on device; the model that was there is as it was"):
        fitted("truncated peepholes, every step").save(path, overwrite=True)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


# What a file cannot make again


class Differences(Layer):
    """A layer of a user's own: how much each input changed, weighted."""

    scale: jax.Array
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)
    causal = True

    def __init__(self, size):
        self.scale = jnp.ones(size)
        self.input_size = self.output_size = size

    def __call__(self, xs, lengths=None, *, key=None, mode=None):
        before = jnp.concatenate([jnp.zeros_like(xs[..., :1, :]), xs[..., :-1, :]], axis=-2)
        changes = (xs - before) * self.scale.reshape((1,) * (xs.ndim - 1) + (-1,))
        last = changes[..., -1, :] if lengths is None else changes[jnp.arange(len(xs)), lengths - 1]
        return Passage(changes, last, None, lengths)


def own(inputs, outputs, *, key):
    below, above = jax.random.split(key)
    return Network(Stack(Differences(inputs), Elman(inputs, 4, key=below)), Readout(4, outputs, key=above))


UNSAVABLE = {
    "own function": ({"network": own}, "parameters.network: .*own is no part of Mnemon"),
    "own layer": (
        {"network": own(2, 2, key=jax.random.key(3))},
        "parameters.network.*Differences is no part",
    ),
    "raw transformation": (
        {"optimizer": optax.sgd(0.1, momentum=0.5)},
        "parameters.optimizer: optax.*no part",
    ),
    "own cell": ({"cell": lambda inputs, units, *, key: GRU(inputs, units, key=key)}, "parameters.cell: .*lambda"),
    "own initialiser": (
        {"cell": functools.partial(Elman, initialiser=lambda key, shape: uniform(0.1)(key, shape))},
        "initialiser: .*lambda",
    ),
}


@pytest.mark.parametrize("name", UNSAVABLE)
def test_own_parts_are_refused_in_words_and_saved_as_weights(name, path):
    parameters, says = UNSAVABLE[name]
    classifier = small(**parameters).fit(X, y)
    with pytest.raises(InvalidInput, match=says) as told:
        classifier.save(path)
    assert "Save with weights_only=True, and load with load(path, like=...)" in str(told.value)
    assert not path.exists()
    classifier.save(path, weights_only=True)
    with pytest.raises(mnemon.errors.ModelFileError, match="saved with weights_only=True; load it with like="):
        mnemon.load(path)
    loaded = mnemon.load(path, like=classifier.network_)
    assert_same([loaded.predict_proba(PROBE)], [classifier.predict_proba(PROBE)])
    assert loaded.summary() == classifier.summary()
    assert loaded.n_epochs_ == 2
    loaded.partial_fit(X, y)


def test_weights_alone_keep_the_memory_of_a_known_optimiser(path):
    classifier = small(network=own, optimizer=Optax("sgd", 0.1, momentum=0.9)).fit(X, y)
    classifier.save(path, weights_only=True)
    loaded = mnemon.load(path, like=classifier.network_)
    assert_same(weights(loaded.partial_fit(X, y)), weights(classifier.partial_fit(X, y)))


def test_a_memory_that_stands_array_by_array_is_put_together(path):
    """As it stood in files of the same format before the optimiser held few weights as one vector."""
    classifier = small(optimizer=Optax("adam", 0.05), n_networks=2).fit(X, y)
    classifier.save(path)
    tensors, words = read_tensors(path)
    shapes = [leaf.shape for leaf in jax.tree.leaves(trainable(classifier.population_.stacked))]
    arrays, pieces = {name: array for name, array in tensors.items() if not name.startswith("memory.")}, []
    for k in range(len(tensors) - len(arrays)):
        array, ends = tensors[f"memory.{k}"], np.cumsum([np.prod(shape[1:], dtype=int) for shape in shapes])
        flat = array.shape == (2, ends[-1])
        parts = np.split(array, ends[:-1], axis=1) if flat else [array]
        pieces += [part.reshape(shape) for part, shape in zip(parts, shapes)] if flat else parts
    assert len(pieces) > 2 * len(shapes)
    memory = {f"memory.{k}": piece for k, piece in enumerate(pieces)}
    write_tensors(path, "the model", arrays | memory, words, overwrite=True)
    loaded = mnemon.load(path)
    assert_same(weights(loaded.partial_fit(X, y)), weights(classifier.partial_fit(X, y)))


def test_weights_alone_of_several_networks_in_double_precision(path):
    classifier = small(network=own, n_networks=2, precision="float64", epochs=1).fit(X, y)
    classifier.save(path, weights_only=True)
    loaded = mnemon.load(path, like=own(2, 2, key=jax.random.key(9)))
    assert_same([loaded.predict_proba(PROBE)], [classifier.predict_proba(PROBE)])


def test_like_must_be_like(path, tmp_path):
    classifier = small(network=own).fit(X, y)
    classifier.save(path, weights_only=True)
    with pytest.raises(InvalidType, match="like: expected a Network, got int"):
        mnemon.load(path, like=3)
    with pytest.raises(mnemon.errors.ModelFileError, match=r"weights.4 has shape \(1, 2, 4\), but \(1, 3, 4\) is exp"):
        mnemon.load(path, like=own(2, 3, key=jax.random.key(0)))
    with pytest.raises(mnemon.errors.ModelFileError, match="holds more tensors than like= has"):
        mnemon.load(path, like=fitted().network_)
    whole = fitted().save(tmp_path / "whole.safetensors")
    with pytest.raises(mnemon.errors.ModelFileError, match="says itself what its network is made of"):
        mnemon.load(whole, like=fitted().network_)


def test_a_network_of_the_packages_own_parts(path):
    network = with_boundaries(2, 2, key=jax.random.key(5))
    marked = Sequences(ARRAYS, boundaries=BOUNDARIES)
    saved = small(network=network).fit(marked, y)
    loaded = carried(saved, path)
    assert_same([loaded.predict_proba(marked[:8])], [saved.predict_proba(marked[:8])])
    # Fitted again it begins where the saved one began: the network that was given, not the trained one.
    assert_same(weights(clone(loaded).fit(marked, y)), weights(saved))


def test_initialisers_are_known_by_name():
    from mnemon.estimators._codec import decode, encode

    for function in (glorot, orthogonal, zeros, *SQUASHING.values()):
        assert decode(json.loads(json.dumps(encode(function, "", {}))), {}) is function
