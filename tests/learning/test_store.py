"""Interrupted at any moment, training goes on to the same numbers."""

import dataclasses
import errno
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import optax
import pytest
import resume
from safetensors.numpy import save_file
from toys import SGD, assert_same, by, fit, population, recall, weights

from mnemon.errors import InvalidInput
from mnemon.learning import BUDGET, NONFINITE, REACHED, CrossEntropy, Optax, Store, Transformation, Until
from mnemon.learning._store import Saved

DATA, EPOCHS = recall(), 120


def assert_equal(got, expected):
    assert_same(weights(got), weights(expected))
    assert_same(weights(got.memory), weights(expected.memory))
    assert got.results == expected.results
    assert list(got.history) == list(expected.history)
    for name in got.history:
        np.testing.assert_array_equal(got.history[name], expected.history[name])


def interrupt_after(epochs):
    def watch(now):
        if now.epoch == epochs:
            raise KeyboardInterrupt

    return watch


def stop(path, epochs, after):
    with pytest.raises(KeyboardInterrupt):
        resume.run(path, epochs, progress=interrupt_after(after))


@pytest.fixture(scope="module")
def unbroken():
    solution = resume.run(None, EPOCHS)
    assert {r.code for r in solution.results} == {REACHED, BUDGET, NONFINITE}
    return solution


def test_a_store_changes_no_number(unbroken, tmp_path):
    assert_equal(resume.run(tmp_path / "a.safetensors", EPOCHS), unbroken)
    assert [file.name for file in tmp_path.iterdir()] == ["a.safetensors"]


def test_interrupted_and_resumed(unbroken, tmp_path):
    path, told = tmp_path / "a.safetensors", []
    for after in (1, 2, 3, 50):
        stop(path, EPOCHS, after)
    assert_equal(resume.run(path, EPOCHS, progress=told.append), unbroken)
    assert [now.epoch for now in told] == list(range(50, EPOCHS + 1))
    assert told[0].active < 4


def test_resumed_after_the_end_is_the_end(unbroken, tmp_path):
    path, told = tmp_path / "a.safetensors", []
    first = resume.run(path, EPOCHS)
    again = resume.run(path, EPOCHS, progress=told.append)
    assert_equal(again, unbroken)
    assert told == []
    assert again.seconds == first.seconds


def test_a_raised_budget_goes_on(unbroken, tmp_path):
    path = tmp_path / "a.safetensors"
    assert len(resume.run(path, 20).history["epoch"]) == 20
    assert_equal(resume.run(path, EPOCHS), unbroken)


def test_a_store_is_written_as_seldom_as_wanted(tmp_path):
    path, there = tmp_path / "a.safetensors", []
    how = {"until": Until(epochs=4), "progress": lambda now: there.append(path.exists())}
    solution = fit(population(), by(), DATA, store=Store(path, every=1000), **how)
    assert there == [False] * 4
    assert_equal(fit(population(), by(), DATA, store=Store(path), until=Until(epochs=4)), solution)


@pytest.mark.slow
def test_killed_at_any_moment(unbroken, tmp_path):
    path, chance = tmp_path / "a.safetensors", random.Random(0)
    rooms = Path(resume.__file__).parent
    script = f"import runpy; runpy.run_path({str(rooms.parent / 'conftest.py')!r}); import resume; resume.main()"
    command = [sys.executable, "-c", script, str(path), str(EPOCHS)]
    killed = 0
    for _ in range(2):
        before = path.stat().st_mtime_ns if path.exists() else 0
        with subprocess.Popen(command, cwd=rooms) as process:
            while process.poll() is None and (not path.exists() or path.stat().st_mtime_ns == before):
                time.sleep(0.002)
            time.sleep(chance.uniform(0, 0.2))
            process.send_signal(signal.SIGKILL)
        killed += process.returncode == -signal.SIGKILL
    assert killed >= 1
    epoch = len(resume.run(path, 1).history["epoch"])
    assert_equal(resume.run(path, EPOCHS), unbroken)
    assert 0 < epoch <= EPOCHS


class Louder(CrossEntropy):
    """Another loss for the same targets."""


OTHERS = {
    "data": {"data": recall(seed=5)},
    "weights": {"data": dataclasses.replace(DATA, weights=np.linspace(1, 2, 24))},
    "networks": {"networks": population(3, 1)},
    "rate": {"learner": by(Optax("sgd", 0.2, momentum=0.9))},
    "rates in an array": {"learner": by(Optax("sgd", np.array([0.1, 0.1, 0.2]), momentum=0.9))},
    "clip": {"learner": by(Optax("sgd", 0.1, momentum=0.9, clip=1.0))},
    "batch": {"learner": by(SGD, 12)},
    "loss": {"loss": Louder()},
    "patience": {"until": Until(epochs=2, patience=5)},
    "validation": {"validation": DATA},
    "seed": {"seed": 1},
    "width": {"width": 4},
    "buckets": {"buckets": 2},
}


def go(path, **how):
    told = {"networks": population(), "learner": by(Optax("sgd", np.full(3, 0.1), momentum=0.9)), "data": DATA}
    return fit(**told | {"until": Until(epochs=2), "store": Store(path, every=0)} | how)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("finished") / "a.safetensors"
    go(path)
    return path


@pytest.mark.parametrize("other", OTHERS)
def test_a_store_of_another_training_is_refused(other, finished):
    before = finished.read_bytes()
    with pytest.raises(InvalidInput, match=r"a\.safetensors is the checkpoint of another training.*another path"):
        go(finished, **OTHERS[other])
    assert finished.read_bytes() == before


def test_another_transformation_by_hand_is_refused(tmp_path):
    path = tmp_path / "a.safetensors"
    go(path, learner=by(Transformation(optax.sgd(0.1))))
    with pytest.raises(InvalidInput, match="another training"):
        go(path, learner=by(Transformation(optax.adam(0.1))))


def test_random_keys_of_an_optimiser_are_kept(tmp_path):
    noisy = by(Transformation(optax.chain(optax.add_noise(0.1, 0.5, 3), optax.sgd(0.1))), None)
    go(tmp_path / "a.safetensors", learner=noisy)
    resumed = go(tmp_path / "a.safetensors", learner=noisy, until=Until(epochs=4))
    assert_same(weights(resumed), weights(go(tmp_path / "b.safetensors", learner=noisy, until=Until(epochs=4))))


FOREIGN = {
    "text": lambda whole: b"no checkpoint at all",
    "empty": lambda whole: b"",
    "truncated": lambda whole: whole[: len(whole) // 2],
    "a head of nothing": lambda whole: whole[:100],
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_unreadable_files_are_told_and_kept(kind, finished, tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(FOREIGN[kind](finished.read_bytes()))
    before = path.read_bytes()
    with pytest.raises(InvalidInput, match=r"a\.safetensors is not a readable checkpoint of Mnemon.*start anew"):
        go(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("words", [None, {"format": "pt"}, {"mnemon_checkpoint": "{"}, {"mnemon_checkpoint": "{}"}])
def test_tensors_of_others_are_told(words, tmp_path):
    path = tmp_path / "a.safetensors"
    save_file({"a": np.ones(3)}, path, metadata=words)
    with pytest.raises(InvalidInput, match="not a readable checkpoint"):
        go(path)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InvalidInput, match=str(tmp_path)):
        go(tmp_path)


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InvalidInput, match="nowhere"):
        go(tmp_path / "nowhere" / "a.safetensors")


@pytest.mark.parametrize("step", ["mnemon._tensors.save_file", "os.replace", "os.fsync"])
def test_a_full_disk_leaves_the_file_before(step, tmp_path, monkeypatch):
    path = tmp_path / "a.safetensors"
    store = Store(path, every=0)
    go(path)
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(step, full)
    with pytest.raises(InvalidInput, match=r"cannot write the checkpoint .*a\.safetensors.*No space left"):
        store.save("mark", Saved([np.ones(2)], {"loss": np.ones((1, 1))}, 1, {}))
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.safetensors"]
    go(path)
