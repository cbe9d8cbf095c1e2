"""The models of the experiments on driven systems: what they are shown, and how they run on their own answers."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mnemon.lab import EXPERIMENTS
from mnemon.lab._narma import ROWS, NarmaRun
from mnemon.lab._process_identification import PlantRun, inputs_held, nmse
from mnemon.layers import Feedback
from mnemon.learning import Population
from mnemon.problems import Narma, Plant

RANDOM = np.random.default_rng


def test_a_series_parallel_model_sees_what_its_closed_loop_will_feed_back():
    run = PlantRun("plant-linear", 1, "linear")
    inputs, outputs = RANDOM(0).normal(size=(2, 3, 12))
    shown = run.examples(inputs, outputs)
    loop = Feedback(run.network(jax.random.key(0)), (1, 2, 3))
    given = np.stack([inputs, np.pad(inputs, [(0, 0), (1, 0)])[:, :-1]], axis=-1)
    forced = loop.forced(jnp.asarray(given, jnp.float32), jnp.asarray(outputs[..., None], jnp.float32))
    np.testing.assert_allclose(shown.xs.pad()[0], forced, rtol=1e-6)
    np.testing.assert_array_equal(shown.targets.padded(np.arange(3), 12)[..., 0], outputs)


def test_in_parallel_a_model_with_the_weights_of_a_linear_plant_is_that_plant():
    run = PlantRun("plant-linear", 1, "linear")
    weights = np.array([[0.5, -0.2, 0.3, 0.6, -0.1]])  # of u(k), u(k-1), y(k), y(k-1), y(k-2)
    networks = Population.make(run.network, [0, 1], 0)
    both = jnp.asarray(np.stack([weights, 0 * weights]), jnp.float32)
    networks = eqx.tree_at(lambda n: n.stacked.readout.weights, networks, both)
    networks = eqx.tree_at(lambda n: n.stacked.readout.bias, networks, jnp.zeros((2, 1)))
    inputs = RANDOM(1).uniform(-1, 1, (2, 30))
    said = run.parallel(networks, inputs)
    for u, answers in zip(inputs, said[0]):
        u, y = [0.0, *u], [0.0, 0.0, 0.0]
        for k in range(1, 31):
            y.append(weights[0] @ [u[k], u[k - 1], y[-1], y[-2], y[-3]])
        np.testing.assert_allclose(answers, y[3:], atol=1e-5)
    assert not said[1].any()


@pytest.mark.parametrize("held", [1, 5])
def test_held_inputs_stay_for_so_many_steps_on_average(held):
    plant = Plant(2)
    inputs = inputs_held(plant, RANDOM(3), 100, held)
    changes = (np.diff(inputs, axis=1) != 0).mean()
    assert changes == pytest.approx(1 / held, abs=0.02)
    assert 1.9 < abs(inputs).max() <= 2
    if held == 1:
        np.testing.assert_array_equal(inputs, plant.draw(RANDOM(3), 100, 200)[0])


def test_errors_are_parts_of_the_variance_and_bounded():
    wanted = RANDOM(0).normal(size=(2, 50))
    said = np.stack([wanted, np.full((2, 50), wanted.mean()), np.full((2, 50), np.nan), np.full((2, 50), 1e30)])
    np.testing.assert_allclose(nmse(said, wanted), [0, 1, 1e6, 1e6])


def test_a_linear_model_of_a_plant_leaves_what_least_squares_leaves():
    """One step ahead, under new inputs, by the same regression in NumPy."""
    run = PlantRun("plant-linear", 3, "linear", penalty=0.0, sequences=4, new=2)
    (record,) = run.train([0], 0, None)
    keys = np.random.SeedSequence((0, 3, 1)).spawn(2)
    u, new = (inputs_held(Plant(3), RANDOM(key), count, 1) for key, count in zip(keys, (4, 2)))

    def table(inputs):
        y = Plant(3).respond(inputs)
        columns = [np.pad(values, [(0, 0), (by, 0)])[:, :200] for values, by in
                   ((inputs, 0), (inputs, 1), (y, 1), (y, 2), (y, 3))]  # fmt: skip
        return np.stack([*columns, np.ones_like(y)], axis=-1).reshape(-1, 6), y.ravel()

    line = np.linalg.lstsq(*table(u))[0]
    seen, wanted = table(new)
    left = ((seen @ line - wanted) ** 2).sum() / ((wanted - wanted.mean()) ** 2).sum()
    assert record["new_one_step"] == pytest.approx(left, rel=1e-4)
    assert record["weights"] == 6


def test_a_linear_network_on_narma_leaves_what_least_squares_leaves():
    run = NarmaRun("narma-linear", 10, "linear", 1, sequences=3, penalty=0.0)
    (record,) = run.train([4], 0, None)
    key = jax.random.fold_in(jax.random.key(0), 10)

    def table(part):
        sample = Narma(10, length=300, washout=100).sample(jax.random.fold_in(key, part), 3)
        u = sample.xs.pad()[0][..., 0]
        past = np.stack([np.pad(u, [(0, 0), (k, 0)])[:, :300] for k in range(10)] + [np.ones_like(u)], axis=-1)
        return past[:, 100:].reshape(-1, 11), sample.targets.padded(np.arange(3), 300)[:, 100:].ravel()

    line = np.linalg.lstsq(*table(0))[0]
    seen, wanted = table(1)
    left = ((seen @ line - wanted) ** 2).mean() / wanted.var()
    assert record["nmse"] == pytest.approx(left, rel=1e-3)
    assert record["network"] == 4
    assert record["weights"] == 11


def test_networks_have_the_weights_that_are_said():
    counts = {"linear": 11, "linear-2": 21, "esn-100": 102, "elman": 1121, "lstm": 4385}
    for name, count in counts.items():
        _, how = ROWS[f"narma-{name}"]
        assert NarmaRun(name, 10, **how).network(jax.random.key(0)).weight_count() == count


def test_quick_runs_are_short_and_linear_models_are_alone():
    for name in ("narma", "process-identification"):
        experiment = EXPERIMENTS[name]
        usual, quick = (experiment.runs(experiment.lengths, some) for some in (False, True))
        assert [(run.condition, run.place) for run in usual] == [(run.condition, run.place) for run in quick]
        assert all(few.epochs <= run.epochs / 10 for few, run in zip(quick, usual))
        assert {experiment.networks_of(run, 10) for run in usual if run.kind == "linear"} == {1}
        assert {experiment.networks_of(run, 10) for run in usual if run.kind != "linear"} == {10}


def test_an_account_says_what_ran_away():
    experiment = EXPERIMENTS["process-identification"]
    record = {"plant": 2, "weights": 6, "test": 1e6, "new": 0.25, "test_one_step": 0.125}
    records = {"plant-linear": [record], "plant-recurrent": [{**record, "test": 0.05}, {**record, "test": 0.2}]}
    (grid,) = experiment.account(records, (1, 2), False).grids
    assert grid.rows[0][1:] == ("6", "ran away", "ran away", "0 of 1", "0 to 79", "0.25", "0.12")
    assert grid.rows[1][2:5] == ("0.12", "0.05 to 0.2", "1 of 2")
    assert replace(PlantRun("", 1, "linear"), held=2).protocol != PlantRun("", 1, "linear").protocol
