"""The ridge readout against scikit-learn's; reservoirs that learn by it; what stays frozen; callbacks that stop."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import Ridge as SklearnRidge
from toys import CLASSES, FEATURES, by, population, recall

from mnemon.cells import Elman, LeakyESN
from mnemon.errors import InvalidInput
from mnemon.layers import Network, Readout, Stack
from mnemon.learning import (
    BPTT,
    SOLVED,
    STOPPED,
    Batch,
    BinaryCrossEntropy,
    CrossEntropy,
    Examples,
    Learner,
    Optax,
    Population,
    Ridge,
    SquaredError,
    StepTargets,
    Until,
    answers,
    step_answers,
    train,
)
from mnemon.sequences import Sequences

RNG = np.random.default_rng(0)
XS = Sequences([RNG.normal(size=(length, FEATURES)) for length in (3, 5, 4, 5, 3, 4, 5, 5)])


def reservoir(units=30, outputs=2, at="end", seed=0):
    below, above = jax.random.split(jax.random.key(seed))
    return Network(LeakyESN(FEATURES, units, key=below), Readout(units, outputs, at=at, key=above))


def seen(network, x):
    return np.asarray(network.seen(jnp.asarray(x[None], jnp.float32)).values[0], float)


def test_it_is_scikit_learns_ridge():
    network, targets = reservoir(6), RNG.normal(size=(len(XS), 2))
    weights = RNG.random(len(XS)) + 0.5
    solution = train(network, Ridge(0.1), Examples(XS, targets, weights), loss=SquaredError(), until=Until(1))
    rows = np.stack([seen(network, x) for x in XS])
    scale = weights / weights.mean()
    penalty = 0.1 * (scale[:, None] * rows**2).sum() / 6
    # the bias is not punished, as in scikit-learn's
    peer = SklearnRidge(penalty).fit(rows, targets, sample_weight=scale)
    np.testing.assert_allclose(answers(solution.networks, XS)[0], peer.predict(rows), atol=1e-5)
    (result,) = solution.results
    assert (result.code, result.sentence) == (SOLVED, "was solved in closed form")
    assert not result.reached
    errors = np.square(answers(solution.networks, XS)[0] - targets).mean(axis=1)
    assert solution.history["loss"][0, 0] == pytest.approx((errors * scale).mean(), rel=1e-4)


def test_targets_at_steps():
    network, values = reservoir(6, 1, "steps"), RNG.normal(size=(int(XS.lengths.sum()), 1))
    values[3] = np.nan
    data = Examples(XS, StepTargets(values, XS.lengths))
    solution = train(network, Ridge(0.0), data, loss=SquaredError(), until=Until(1))
    rows = np.concatenate([seen(network, x) for x in XS])
    weights = np.repeat(1 / XS.lengths, XS.lengths)
    known = ~np.isnan(values[:, 0])
    design = np.hstack([rows, np.ones((len(rows), 1))])[known] * np.sqrt(weights[known])[:, None]
    best = np.linalg.lstsq(design, values[known] * np.sqrt(weights[known])[:, None], rcond=None)[0]
    said = np.concatenate([one[0] for one in step_answers(solution.networks, XS)])
    np.testing.assert_allclose(said, rows @ best[:-1] + best[-1], atol=2e-3)


@pytest.mark.parametrize("at", ["end", "mean", "steps"])
def test_reservoirs_recall(at):
    data = recall(200, steps=6)
    networks = [reservoir(60, CLASSES, at, seed) for seed in (0, 1)]
    solution = train(networks, Ridge(1e-3), data, loss=CrossEntropy(), until=Until(1), validation=data)
    right = (answers(solution.networks, data.xs).argmax(axis=2) == data.targets).mean(axis=1)
    assert right.min() > 0.8
    np.testing.assert_allclose(solution.history["validation_score"][0], right, atol=1e-6)


def test_several_labels():
    targets = (np.stack([x[-1, :2] > 0 for x in XS])).astype(float)
    solution = train(reservoir(), Ridge(1e-6), Examples(XS, targets), loss=BinaryCrossEntropy(), until=Until(1))
    assert ((answers(solution.networks, XS)[0] > 0) == targets).all()


def test_layers_stay_as_they_were():
    network = reservoir()
    solved = train(network, Ridge(), Examples(XS, np.ones((8, 2))), loss=SquaredError(), until=Until(1)).networks[0]
    for before, after in zip(jax.tree.leaves(network.layers), jax.tree.leaves(solved.layers), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("optimiser", [Optax("adam", 0.1), Optax("adamw", 0.1, weight_decay=0.5)])
def test_what_is_frozen_is_not_trained_nor_decayed(optimiser):
    below, above, top = jax.random.split(jax.random.key(0), 3)
    network = Network(Stack(LeakyESN(FEATURES, 5, key=below), Elman(5, 3, key=above)), Readout(3, CLASSES, key=top))
    learner = Learner(BPTT(), optimiser, Batch(10))
    trained = train(network, learner, recall(20, steps=4), loss=CrossEntropy(), until=Until(epochs=3)).networks[0]
    same = zip(jax.tree.leaves(network.layers.layers[0]), jax.tree.leaves(trained.layers.layers[0]), strict=True)
    assert all(np.array_equal(a, b) for a, b in same)
    moved = zip(jax.tree.leaves(network.layers.layers[1]), jax.tree.leaves(trained.layers.layers[1]), strict=True)
    assert all(not np.array_equal(a, b) for a, b in moved)


def test_a_watcher_that_says_true_ends_training():
    stop = lambda now: now.epoch == 3  # noqa: E731
    solution = train(population(), by(), recall(10), loss=CrossEntropy(), until=Until(epochs=9), progress=stop)
    assert {result.code for result in solution.results} == {STOPPED}
    assert {result.epochs for result in solution.results} == {3}
    assert solution.results[0].sentence == "was stopped by a callback"
    assert len(solution.history["loss"]) == 3


def test_mistakes_are_told():
    with pytest.raises(InvalidInput, match=r"Ridge\(penalty=-1\)"):
        Ridge(-1)
    below, above = jax.random.split(jax.random.key(0))
    squashed = Network(Elman(FEATURES, 3, key=below), Readout(3, 1, squashing="logistic", key=above))
    with pytest.raises(InvalidInput, match="readout squashes its answers"):
        train(Population.of(squashed), Ridge(), Examples(XS, np.ones((8, 1))), loss=SquaredError(), until=Until(1))
