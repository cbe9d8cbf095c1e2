"""Files that are no model, or no whole one, or not what they say: each is told in its own words, with its path."""

import copy
import json
import struct

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from specimens import fitted

import mnemon
from mnemon.errors import InvalidInput, ModelFileError


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return fitted().save(tmp_path_factory.mktemp("models") / "whole.safetensors")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "broken.safetensors"


def refused(path, says):
    with pytest.raises(ModelFileError, match=says) as told:
        mnemon.load(path)
    assert str(path) in str(told.value)
    assert len(str(told.value)) < 1000


def description(path):
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    return json.loads(json.loads(raw[8 : 8 + length])["__metadata__"]["mnemon_model"])


def rewrite(whole, path, change=lambda about: about, tensors=lambda tensors: tensors):
    """The whole file with another description or other tensors."""
    about = change(description(whole))
    words = about if isinstance(about, str) else json.dumps(about)
    save_file(tensors(load_file(whole)), path, metadata={"mnemon_model": words})
    return path


def test_no_file(path):
    with pytest.raises(InvalidInput, match="no such file"):
        mnemon.load(path)


def test_a_name_nearly_right(whole):
    with pytest.raises(InvalidInput, match=r"did you mean whole.safetensors"):
        mnemon.load(whole.with_name("whol.safetensors"))


def test_rewritten_as_it_is_it_loads(whole, path):
    assert mnemon.load(rewrite(whole, path)).summary() == fitted().summary()


@pytest.mark.parametrize("share", [0.0, 1e-9, 0.001, 0.01, 0.3, 0.7, 0.99, 1.0])
def test_cut_off(whole, path, share):
    raw = whole.read_bytes()
    path.write_bytes(raw[: min(int(np.ceil(share * len(raw))), len(raw) - 1)])
    refused(path, "is no whole model file of Mnemon")


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9])
def test_cut_off_in_its_first_bytes(whole, path, size):
    path.write_bytes(whole.read_bytes()[:size])
    refused(path, "is no whole model file of Mnemon")


@pytest.mark.parametrize("raw", [b"some text\n" * 50, b"\x80\x04K\x01.", bytes(100), b"\xff" * 100, b"PK\x03\x04" * 9])
def test_foreign_bytes(path, raw):
    path.write_bytes(raw)
    refused(path, "is no whole model file of Mnemon")


def test_tensors_of_somebody_else(path):
    save_file({"weights": np.ones(3)}, path)
    refused(path, "is no whole model file of Mnemon: it holds no mnemon_model")
    save_file({"weights": np.ones(3)}, path, metadata={"mnemon_checkpoint": "{}"})
    refused(path, "it holds no mnemon_model")


@pytest.mark.parametrize("words", ["", "{", "[]", "null", "3", '{"format": "1"}', "{}", '{"format": 2}'])
def test_a_description_that_is_none(whole, path, words):
    refused(rewrite(whole, path, lambda about: words), "is no whole model file of Mnemon")


def test_a_newer_format(whole, path):
    newer = rewrite(whole, path, lambda about: about | {"format": 3, "mnemon": "99.0"})
    refused(newer, "has the model format 3, made by Mnemon 99.0; .*, reads format 2. Install a newer")


def test_an_older_format(whole, path):
    older = rewrite(whole, path, lambda about: about | {"format": 1, "mnemon": "0.1"})
    refused(older, "has the model format 1, made by Mnemon 0.1; .* Train it again")


def test_an_unknown_estimator(whole, path):
    other = rewrite(whole, path, lambda about: about | {"estimator": "SequenceOracle"})
    refused(other, "made by an estimator 'SequenceOracle' that this version does not know")


def test_an_unknown_part(whole, path):
    def change(about):
        return json.loads(json.dumps(about).replace('"$part": "Elman"', '"$part": "Os"'))

    refused(rewrite(whole, path, change), "names a part 'Os' that this version of Mnemon does not know")


def test_a_part_with_other_fields(whole, path):
    def change(about):
        return json.loads(json.dumps(about).replace('"recurrent_weights":', '"other_weights":'))

    refused(rewrite(whole, path, change), "Elman has the fields .*other_weights.* in the file, but .*recurrent_weights")


def test_an_unknown_parameter(whole, path):
    def change(about):
        return json.loads(json.dumps(about).replace('["units", 4]', '["unit", 4]'))

    refused(rewrite(whole, path, change), "makes no model .*unit")


def test_a_missing_tensor(whole, path):
    names = [name for name in load_file(whole) if name.startswith(("network", "memory"))]
    assert len(names) > 5
    for name in names:
        without = rewrite(whole, path, tensors=lambda all, name=name: {k: v for k, v in all.items() if k != name})
        refused(without, f"the tensor {name} is missing from the file")


def test_a_tensor_of_another_shape(whole, path):
    for name in ("network.readout.weights", "memory.1", "fitted.mean_"):
        longer = rewrite(whole, path, tensors=lambda all, name=name: all | {name: np.repeat(all[name], 2, axis=-1)})
        refused(longer, f"the tensor {name} has shape .*, but .* is expected")


def load_or_be_told(path):
    try:
        mnemon.load(path)
    except ModelFileError as problem:
        return str(problem)
    return "loaded"


def places(tree, at=()):
    """All places in a description."""
    yield at
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in pairs:
        yield from places(value, (*at, key))


@pytest.mark.parametrize(
    "value", ["gone", None, 3, "x", [], {}, {"$dict": [[1]]}, {"$class": "LSTM"}, {"$tensor": "x"}]
)
def test_tampered_descriptions_are_refused_or_load(whole, path, value, monkeypatch):
    """Whatever stands at whichever place: a model, or a `ModelFileError` with the path, and never anything else."""
    from mnemon.estimators import _saving

    about, tensors = _saving.read_model(whole)
    path.touch()  # what is read of it stands below
    met = set()
    for place in list(places(about))[1::3]:
        changed = copy.deepcopy(about)
        inner = changed
        for key in place[:-1]:
            inner = inner[key]
        if value == "gone":
            del inner[place[-1]]
        else:
            inner[place[-1]] = value
        monkeypatch.setattr(
            _saving, "read_tensors", lambda _, words=changed: (tensors, {"mnemon_model": json.dumps(words)})
        )
        outcome = load_or_be_told(path)
        assert outcome == "loaded" or str(path) in outcome
        met.add(outcome)
    assert len(met) > 3
