"""Mackey and Glass, Lorenz, Henon: against closed forms, another method of integration, and exact fractions."""

import time
from fractions import Fraction

import jax
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from mnemon.errors import InvalidInput
from mnemon.problems import Henon, Lorenz, MackeyGlass

ALL = [MackeyGlass(), MackeyGlass(tau=30.0, spacing=6.0), Lorenz(), Henon()]
every = pytest.mark.parametrize("system", ALL, ids=lambda system: type(system).__name__)


def test_mackey_glass_before_the_first_delay_is_an_exponential():
    values = MackeyGlass(washout=0, spacing=0.5).series(35)[:, 0]
    rest = 0.2 * 1.2 / (1 + 1.2**10) / 0.1
    np.testing.assert_allclose(values, rest + (1.2 - rest) * np.exp(-0.1 * 0.5 * np.arange(35)), rtol=1e-9)


@pytest.mark.parametrize("tau", [17.0, 30.0])
def test_mackey_glass_is_what_another_method_finds_delay_by_delay(tau):
    past, value, found = (lambda t: 1.2), 1.2, []
    for k in range(8):
        now = solve_ivp(
            lambda t, x, past=past: 0.2 * past(t - tau) / (1 + past(t - tau) ** 10) - 0.1 * x[0],
            (k * tau, (k + 1) * tau),
            [value],
            method="DOP853",
            dense_output=True,
            rtol=1e-11,
            atol=1e-12,
        )
        past, value = (lambda t, now=now: now.sol(t)[0]), now.y[0, -1]
        found += [past(t) for t in range(round(k * tau), round((k + 1) * tau))]
    values = MackeyGlass(tau=tau, washout=0).series(len(found))[:, 0]
    np.testing.assert_allclose(values, found, atol=2e-8)


@pytest.mark.parametrize("washout", [0, 1000])
def test_half_the_step_changes_nothing_that_is_seen(washout):
    usual, fine = (MackeyGlass(step=step, washout=washout).series(200) for step in (0.1, 0.05))
    assert abs(usual - fine).max() < 1e-6


def test_the_method_is_of_order_four():
    exact = MackeyGlass(step=0.05, washout=0).series(200)
    coarse, finer = (abs(MackeyGlass(step=step, washout=0).series(200) - exact).max() for step in (1.0, 0.5))
    assert 12 < coarse / finer < 20


def test_mackey_glass_rests_where_it_should():
    assert abs(MackeyGlass(start=1.0).series(50) - 1).max() < 1e-12  # 0.2 / 2 = 0.1


def test_a_linear_predictor_leaves_what_it_is_known_to_leave():
    """Of five values: below 1e-5 at spacing 1, about 0.2 at spacing 6."""
    for spacing, low, high in ((1.0, 2e-6, 1e-5), (6.0, 0.1, 0.25)):
        x = MackeyGlass(spacing=spacing).series(4000)[:, 0]
        past = np.stack([np.ones(3995), *(x[k : k + 3995] for k in range(5))], axis=1)
        line = np.linalg.lstsq(past[:2000], x[5:2005])[0]
        left = np.mean((past[2000:] @ line - x[2005:]) ** 2) / x[2005:].var()
        assert low < left < high


def test_lorenz_is_what_another_method_finds():
    system = Lorenz(washout=0)

    def slope(_, v):
        return [10 * (v[1] - v[0]), v[0] * (28 - v[2]) - v[1], v[0] * v[1] - 8 / 3 * v[2]]

    times = 0.02 * np.arange(200)
    found = solve_ivp(slope, (0, times[-1]), [1.0, 1.0, 1.0], t_eval=times, method="DOP853", rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(system.series(200), found.y.T, atol=1e-4)
    fine = Lorenz(washout=0, step=0.00125).series(200)
    np.testing.assert_allclose(fine, found.y.T, atol=1e-6)


def test_lorenz_rests_where_it_should():
    side = np.sqrt(8 / 3 * 27)
    rest = Lorenz(start=(side, side, 27.0), washout=0).series(100)
    np.testing.assert_allclose(rest, np.broadcast_to([side, side, 27.0], (100, 3)), rtol=1e-10)


def test_henon_in_fractions():
    x, y, found = Fraction(1, 8), Fraction(-1, 4), []
    for _ in range(8):
        found.append((float(x), float(y)))
        x, y = 1 - Fraction(7, 5) * x * x + y, Fraction(3, 10) * x
    np.testing.assert_allclose(Henon(start=(0.125, -0.25), washout=0).series(8), found, rtol=1e-12)


@every
def test_a_series_is_a_function_of_constants_and_key(system):
    np.testing.assert_array_equal(system.series(50), system.series(50))
    np.testing.assert_array_equal(system.series(50), system.series(80)[:50])
    keyed = system.series(50, jax.random.key(3))
    np.testing.assert_array_equal(keyed, system.series(50, jax.random.key(3)))
    assert abs(keyed - system.series(50)).max() > 1e-3
    assert keyed.dtype == np.float64
    assert keyed.shape == (50, len(system.channels))


@every
def test_washout_is_thrown_away(system):
    import dataclasses

    whole = dataclasses.replace(system, washout=0).series(60)
    np.testing.assert_array_equal(dataclasses.replace(system, washout=40).series(20), whole[40:])


@every
def test_a_hundred_thousand_points_are_quick(system):
    begun = time.perf_counter()
    assert np.isfinite(system.series(10_000)).all()
    assert time.perf_counter() - begun < 1  # a tenth of them


@pytest.mark.parametrize(
    "make, says",
    [
        (lambda: MackeyGlass(tau=0.0), "tau=0.0"),
        (lambda: MackeyGlass(step=-0.1), "step=-0.1"),
        (lambda: MackeyGlass(tau=17.05), "no multiple of step"),
        (lambda: MackeyGlass(spacing=0.25), "no multiple of step"),
        (lambda: MackeyGlass(washout=-1), "washout=-1"),
        (lambda: MackeyGlass().series(0), "n=0"),
        (lambda: MackeyGlass().series(10.0), "n=10.0"),
        (lambda: MackeyGlass(b=50.0).series(10), "leaves all bounds"),
        (lambda: Lorenz(sigma=float("nan")), "sigma=nan"),
        (lambda: Lorenz(start=(1.0, float("inf"), 1.0)), "y=inf"),
        (lambda: Lorenz(spacing=0.012), "no multiple of step"),
        (lambda: Lorenz(step=1.0, spacing=1.0).series(10), "leaves all bounds"),
        (lambda: Henon(start=(9.0, 9.0)).series(10), "leaves all bounds at point"),
        (lambda: Henon(b=None), "b=None"),
    ],
)
def test_what_cannot_be_is_said(make, says):
    with pytest.raises(InvalidInput, match=says):
        make()
