"""Members that have ended make room: the others are packed together, which changes no number."""

import importlib

import equinox as eqx
import jax
import numpy as np
import pytest
from toys import assert_same, by, fit, members, network, population, recall, weights

from mnemon.errors import InvalidInput
from mnemon.learning import BUDGET, REACHED, Optax, Population, Store, Until

MEMBERS, WIDTH, EPOCHS = 20, 4, 25
RATES = np.geomspace(0.002, 0.5, MEMBERS)[np.random.default_rng(0).permutation(MEMBERS)]
LEARNER = by(Optax("sgd", RATES, momentum=0.9))
SHARED, OWN = recall(), [recall(seed=seed) for seed in range(MEMBERS)]
DATA = {"shared data": SHARED, "own data": OWN}
PARTS = importlib.import_module("mnemon.learning._parts")
PACKED = PARTS.packed


def go(data, epochs=EPOCHS, **how):
    return fit(population(MEMBERS), LEARNER, DATA[data], until=Until(epochs=epochs, loss=0.4), width=WIDTH, **how)


def assert_equal(got, expected):
    assert_same(weights(got), weights(expected))
    assert_same(weights(got.memory), weights(expected.memory))
    assert got.results == expected.results
    assert_same([got.history["loss"]], [expected.history["loss"]])


@pytest.fixture(scope="module", params=DATA)
def unpacked(request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PARTS, "packed", lambda blocks, data: (blocks, data))
        return request.param, go(request.param)


def test_members_end_at_many_different_epochs(unpacked):
    _, solution = unpacked
    assert {result.code for result in solution.results} == {REACHED, BUDGET}
    assert len({result.epochs for result in solution.results}) > 5


def test_packed_members_have_the_same_numbers(unpacked, monkeypatch):
    data, solution = unpacked
    moves = []

    def watch(blocks, own):
        after, moved = PACKED(blocks, own)
        if after is not blocks:
            active = np.asarray(after.active)
            assert active.any(axis=1).sum() == -(-active.sum() // WIDTH)
            moves.append(np.asarray(after.number).reshape(-1).tolist())
        return after, moved

    monkeypatch.setattr(PARTS, "packed", watch)
    assert_equal(go(data), solution)
    assert len(moves) > 1
    assert all(sorted(numbers) == list(range(MEMBERS)) != numbers for numbers in moves)


def test_histories_are_by_member_and_end_with_it(unpacked):
    data, _ = unpacked
    solution = go(data)
    losses = solution.history["loss"]
    assert losses.shape == (EPOCHS, MEMBERS)
    for k, result in enumerate(solution.results):
        assert np.isfinite(losses[: result.epochs, k]).all()
        assert np.isnan(losses[result.epochs :, k]).all()
        assert (losses[: result.epochs - 1, k] >= 0.4).all()
        assert (losses[result.epochs - 1, k] < 0.4) == result.reached


def test_resumed_after_members_were_moved(unpacked, tmp_path):
    data, solution = unpacked
    ends = sorted(result.epochs for result in solution.results)
    middle = ends[MEMBERS * 2 // 3]
    assert ends[0] < middle < EPOCHS
    store = Store(tmp_path / "a.safetensors", every=0)
    go(data, middle, store=store)
    assert_equal(go(data, store=store), solution)


def test_chosen_members_are_those_of_the_larger_population():
    larger, chosen = population(MEMBERS), Population.make(network, [3, 5], 0)
    assert_same(weights(chosen), members(larger, [3, 5]))
    assert (chosen.seeds == larger.seeds[np.array([3, 5])]).all()
    until = Until(epochs=2)
    whole, part = (fit(some, by(), SHARED, until=until, width=WIDTH) for some in (larger, chosen))
    assert_same(weights(part), members(whole, [3, 5]))


@pytest.mark.parametrize("numbers", [[], [2, -1]])
def test_members_that_cannot_be_are_refused(numbers):
    with pytest.raises(InvalidInput, match="at least 1 network, numbered from 0"):
        Population.make(network, numbers, 0)


@pytest.mark.parametrize("cores", [1, 2, 3, 64])
def test_any_number_of_cores_gives_the_same_numbers(unpacked, monkeypatch, cores):
    data, solution = unpacked
    monkeypatch.setattr(PARTS.kernels, "threads", lambda: cores)
    assert_equal(go(data), solution)


def test_a_training_goes_on_with_other_cores(unpacked, monkeypatch, tmp_path):
    data, solution = unpacked
    monkeypatch.setattr(PARTS.kernels, "threads", lambda: 3)
    go(data, 10, store=Store(tmp_path / "half.safetensors"))
    monkeypatch.setattr(PARTS.kernels, "threads", lambda: 2)
    assert_equal(go(data, store=Store(tmp_path / "half.safetensors")), solution)


def test_settings_of_the_calling_thread_hold_on_all_cores(monkeypatch):
    monkeypatch.setattr(PARTS.kernels, "threads", lambda: 2)
    with jax.enable_x64(True):
        wide = jax.tree.map(lambda leaf: leaf.astype(np.float64) if eqx.is_inexact_array(leaf) else leaf, population(4))
        solution = fit(wide, by(), SHARED, until=Until(epochs=3), width=1)
    assert all(leaf.dtype == np.float64 for leaf in weights(solution))
