"""The Mackey-Glass series many steps ahead: a reservoir foretells it, and an account says what records say."""

import jax
import numpy as np
import pytest

from mnemon.lab._mackey_glass_horizon import LABELS, MACKEY_GLASS_HORIZON, MackeyGlassRun


@pytest.mark.slow
def test_a_small_reservoir_foretells_the_series_and_its_error_grows():
    run = MackeyGlassRun("mg-esn", 17, learned=500, reservoir=60, origins=20, penalty=1e-8)
    (record,) = run.train([0], 0, None)
    errors = np.array(record["by_horizon"])
    assert errors.shape == (20,)
    assert errors[0] < 0.1
    assert errors[0] < errors[-1]
    assert record["success"]


def test_there_is_a_network_for_every_label():
    key = jax.random.key(0)
    counts = [MackeyGlassRun(condition, 17, reservoir=20).network(key).weight_count() for condition in LABELS]
    assert counts == [21, 21, 97, 241, 329, 241]


def test_the_table_has_medians_at_every_delay():
    errors = {17: (0.001, 0.002, 0.9), 30: (0.1, 0.2, 0.3)}
    records = {
        "mg-rmlp": [
            {"network": k, "length": delay, "spacing": 6, "by_horizon": (error * np.arange(1, 21)).tolist()}
            for delay, some in errors.items()
            for k, error in enumerate(some)
        ]
    }
    account = MACKEY_GLASS_HORIZON.account(records, (17, 30), False)
    assert account.grids[0].rows == (
        ("delay 17, recurrent", "3", "0.002", "0.01", "0.028", "0.04"),
        ("delay 30, recurrent", "3", "0.2", "1", "2.8", "4"),
    )
    (curve,) = account.figures[0].curves
    assert (curve.x[0], curve.x[-1]) == (6, 120)
    np.testing.assert_allclose([curve.low[0], curve.y[0], curve.high[0]], [0.001, 0.002, 0.9])
