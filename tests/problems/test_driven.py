"""NARMA and the plants: against their equations written out, and judged by what they leave of the variance."""

import jax
import numpy as np
import pytest

from mnemon.errors import InvalidInput
from mnemon.problems import Narma, Plant
from mnemon.problems._driven import error_and_spread

KEY = jax.random.key(4)


def narma_by_hand(u, order, c1, c2, c3, c4):
    """y(1) ... of a system at rest."""
    y = dict.fromkeys(range(-order, 1), 0.0)
    for k in range(len(u)):
        old = u[k - order + 1] if k >= order - 1 else 0.0
        y[k + 1] = c1 * y[k] + c2 * y[k] * sum(y[k - i] for i in range(order)) + c3 * old * u[k] + c4
    return [y[k + 1] for k in range(len(u))]


def plant_by_hand(u, number):
    """y(1) ... of a plant at rest."""
    from math import pi, sin

    y = {-2: 0.0, -1: 0.0, 0: 0.0}
    for k, now in enumerate(u):
        a, b, c, before = y[k], y[k - 1], y[k - 2], u[k - 1] if k else 0.0
        y[k + 1] = {
            1: 0.3 * a + 0.6 * b + 0.6 * sin(pi * now) + 0.3 * sin(3 * pi * now) + 0.1 * sin(5 * pi * now),
            2: a * b * (a + 2.5) / (1 + a * a + b * b) + now,
            3: a / (1 + a * a) + now**3,
            4: (a * b * c * before * (c - 1) + now) / (1 + c * c + b * b),
        }[number]
    return [y[k + 1] for k in range(len(u))]


@pytest.mark.parametrize(
    "order, constants", [(10, (0.3, 0.05, 1.5, 0.1)), (30, (0.2, 0.04, 1.5, 0.001)), (1, (0.1, 0.2, 0.3, 0.4))]
)
def test_narma_follows_its_equation(order, constants):
    inputs = np.random.default_rng(0).uniform(0, 0.5, (3, 90))
    own = None if order > 1 else constants
    found = Narma(order, own).respond(inputs)
    for some, answers in zip(inputs, found):
        np.testing.assert_allclose(answers, narma_by_hand(some, order, *constants), rtol=1e-12)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_plant_follows_its_equation(number):
    inputs = np.random.default_rng(number).uniform(-1, 1, (3, 60))
    for some, answers in zip(inputs, Plant(number).respond(inputs)):
        np.testing.assert_allclose(answers, plant_by_hand(some, number), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("system", [Narma(length=40, washout=15), Plant(4, length=40, washout=5), Plant(1, length=40)])
def test_a_sample_asks_for_what_follows_each_input(system):
    sample = system.sample(KEY, 3)
    targets = sample.targets.padded(np.arange(3), 40)[..., 0]
    inputs = np.stack([np.asarray(x)[:, 0] for x in sample.xs])
    assert np.isnan(targets[:, : system.washout]).all()
    np.testing.assert_array_equal(targets[:, system.washout :], system.respond(inputs)[:, system.washout :])


@pytest.mark.parametrize("system", [Narma(length=40, washout=15), Plant(2, length=40, washout=5), Plant(3, length=40)])
def test_a_series_has_each_input_beside_what_followed_the_one_before(system):
    import dataclasses

    u, y = dataclasses.replace(system, washout=0).series(50, KEY).T
    assert y[0] == 0
    np.testing.assert_array_equal(y[1:], system.respond(u[None])[0, :-1])
    np.testing.assert_array_equal(system.series(50 - system.washout, KEY), np.stack([u, y], 1)[system.washout :])
    assert abs(system.series(20) - system.series(20, KEY)).max() > 0.01


def test_what_runs_away_is_drawn_anew():
    wild = Narma(10, (0.3, 0.06, 1.5, 0.1), length=200, washout=0)
    random = np.random.default_rng(0)
    raw = wild.respond(random.uniform(0, 0.5, (200, 200)))
    gone = ~(abs(raw) < 10).all(axis=1)
    assert 20 < gone.sum() < 180
    kept, answers = wild.draw(np.random.default_rng(0), 200, 200)
    assert abs(answers).max() < 10
    np.testing.assert_array_equal(answers[~gone], raw[~gone])  # the others are as they were
    np.testing.assert_allclose(wild.respond(kept), answers, rtol=1e-12)
    with pytest.raises(InvalidInput, match="ran away in each of 100 draws"):
        Narma(10, (2.0, 0.05, 1.5, 0.1), length=60, washout=0).sample(KEY, 2)


def test_inputs_of_training_and_of_testing():
    for number, reach in ((1, 1), (2, 2), (3, 2), (4, 1)):
        u = Plant(number).series(4000)[:, 0]
        assert 0.99 * reach < abs(u).max() <= reach
        assert abs(u.mean()) < 0.05 * reach
    assert abs(Plant(2, reach=0.5).series(1000)[:, 0]).max() <= 0.5
    k = np.arange(700)
    slow, fast = np.sin(2 * np.pi * k / 250), np.sin(2 * np.pi * k / 25)
    np.testing.assert_allclose(Plant(1).test_inputs(700), np.where(k < 250, slow, 0.5 * slow + 0.5 * fast))
    np.testing.assert_allclose(Plant(2).test_inputs(700), fast)
    np.testing.assert_allclose(Plant(3).test_inputs(700), fast + np.sin(2 * np.pi * k / 10))
    np.testing.assert_allclose(Plant(4).test_inputs(700), np.where(k < 500, slow, 0.8 * slow + 0.2 * fast))


def test_plants_have_bounds():
    """The first plant's linear part has poles 0.94 and -0.64, so |y| <= 1 / (1 - 0.9) of |f| <= 1 at most."""
    for number, bound in ((1, 10), (2, 8), (3, 8.5), (4, 1.01)):
        assert abs(Plant(number).series(5000)[:, 1]).max() < bound


def test_right_is_a_tenth_of_the_variance():
    targets = np.random.default_rng(0).normal(size=(2, 500, 1))
    off = np.random.default_rng(1).normal(size=targets.shape)
    for share, said in ((0.09, True), (0.11, False)):
        error = (
            off * np.sqrt(share * ((targets - targets.mean(1, keepdims=True)) ** 2).sum(1) / (off**2).sum(1))[:, None]
        )
        assert (Narma().right(targets + error, targets) == said).all()
        errors, spread = error_and_spread(targets + error, targets)
        np.testing.assert_allclose(errors / spread, share)
    hidden = targets.copy()
    hidden[:, :100] = np.nan
    answers = np.where(np.isnan(hidden), np.nan, hidden)
    assert Narma().right(answers, hidden).all()


@pytest.mark.parametrize(
    "make, says",
    [
        (lambda: Narma(20), "order=20"),
        (lambda: Narma(0, (1.0, 1.0, 1.0, 1.0)), "order=0"),
        (lambda: Narma(5, (1.0, 1.0, 1.0)), "four numbers"),
        (lambda: Narma(5, (1.0, 1.0, float("nan"), 0.0)), "c3=nan"),
        (lambda: Narma(length=100), "washout=100"),
        (lambda: Narma().series(0), "n=0"),
        (lambda: Plant(5), "number=5"),
        (lambda: Plant(1, reach=-1.0), "reach=-1.0"),
        (lambda: Plant(1, length=1), "length=1"),
        (lambda: Plant(1).test_inputs(0), "n=0"),
    ],
)
def test_what_cannot_be_is_said(make, says):
    with pytest.raises(InvalidInput, match=says):
        make()
