"""Many steps of the laser: what an account says of records."""

import jax

from mnemon.lab._multi_step_laser import LABELS, MULTI_STEP_LASER, LaserRun


def record(network, condition, **how):
    plain = {"by_horizon": [0.1] * 99 + [0.9], "forecast": [1.0] * 100, "came": [0.5] * 100, "success": True}
    return {"network": network, "length": 100, "one_step": 0.01, "competition": 0.2, "error": 0.3, **plain, **how}


def test_the_account_has_medians_ranges_and_the_forecasts_of_the_median_network():
    errors = {"laser-dmlp": (2.0, 3.0, 9.0), "laser-rmlp-closed": (0.1, 0.2, 0.3)}
    records = {
        condition: [
            record(k, condition, error=error, competition=error, forecast=[error] * 100) for k, error in enumerate(some)
        ]
        for condition, some in errors.items()
    }
    account = MULTI_STEP_LASER.account(records, (100,), False)
    first, second = account.grids
    assert first.rows[0] == (LABELS["laser-dmlp"], "0.0100", "3.0000", "3.0000", "2.000 to 9.000", "3 of 3")
    assert second.rows[1] == (LABELS["laser-rmlp-closed"], *["0.1000"] * 5, "0.1080")
    curves, pictures = account.figures
    assert [curve.label for curve in curves.curves] == [LABELS["laser-dmlp"], LABELS["laser-rmlp-closed"]]
    assert [curve.y[0] for curve in pictures.curves] == [0.5, 3.0, 0.2]


def test_the_runs_are_both_networks_with_and_without_the_closed_loop():
    runs = MULTI_STEP_LASER.runs((100,), False)
    assert [run.condition for run in runs] == list(LABELS)
    assert [[stage.horizon for stage in run.stages] for run in runs] == [[], [], [10, 30, 30], [10, 30, 30]]
    counts = [run.network(jax.random.key(0)).weight_count() for run in runs]
    assert counts == [97, 241, 97, 241]


def test_quick_runs_are_short():
    assert all(len(run.stages) <= 1 and run.passes == 1 for run in MULTI_STEP_LASER.runs((100,), True))
    assert isinstance(MULTI_STEP_LASER.runs((100,), True)[0], LaserRun)
