"""Dynamic networks one step ahead: DLNN is least squares, and an account says what the records say."""

import jax
import numpy as np
import pytest

from mnemon.lab._nmse_single_step import MODELS, PUBLISHED, SINGLE_STEP, SingleStepRun, Training
from mnemon.lab._series import COLUMNS


def test_the_linear_network_is_least_squares():
    parted = COLUMNS["mg17"].parted()
    values = parted.values[:, 0]
    rows = np.array([[*values[k - 6 : k], 1.0] for k in range(6, len(values))])
    weights = np.linalg.lstsq(rows[: parted.first - 6], values[6 : parted.first], rcond=None)[0]
    asked = values[parted.first :]
    left = np.square(asked - rows[parted.first - 6 :] @ weights).mean() / asked.var()
    (record,) = SingleStepRun("dlnn", "mg17").train([0], 0, None)
    assert record["error"] == pytest.approx(left, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["dmlp", "narx"])
def test_one_pass_of_the_filter_beats_the_linear_network(model, monkeypatch):
    whole = COLUMNS["mg17"].parted().values
    part = type(COLUMNS["mg17"])("", lambda: whole[:600])
    monkeypatch.setitem(COLUMNS, "mg17", part)
    run = SingleStepRun(model, "mg17", training=Training(units=4), passes=1, unit=2)
    records = run.train([0, 1], 0, None)
    (linear,) = SingleStepRun("dlnn", "mg17").train([0], 0, None)
    assert [record["network"] for record in records] == [0, 1]
    assert max(record["error"] for record in records) < linear["error"]
    assert all(record["success"] == (record["error"] < PUBLISHED[model]["mg17"]) for record in records)


def test_networks_have_the_weights_they_are_published_with():
    key = jax.random.key(0)
    counts = [SingleStepRun(model, "mg17").network(key).weight_count() for model in MODELS]
    assert counts == [7, 8 * 7 + 9, 8 * 15 + 9, 8 * 8 + 9]


def test_the_table_has_medians_beside_the_published_and_counts_no_substitute():
    errors = {"mg17": (0.0001, 0.0002, 0.9), "river": (0.5, 0.6, float("inf"))}
    records = {
        f"nmse-dmlp-{series}": [{"network": k, "length": 6, "error": error} for k, error in enumerate(some)]
        for series, some in errors.items()
    }
    account = SINGLE_STEP.account(records, (6,), False)
    table, spread = account.grids
    assert table.rows[1] == ("DMLP", "0.000200 (0.0006)", "-", "-", "-", "0.6000 (0.9979)")
    assert spread.rows[0] == ("DMLP, MG17", "3", "0.3001", "0.000200", "0.000100", "0.9000", "0.0006", "2 of 3")
    assert spread.rows[1] == ("DMLP, RIVER (Saugeen)", "3", "inf", "0.6000", "0.5000", "inf", "0.9979", "-")
