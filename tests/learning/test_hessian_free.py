"""Products with the curvature are those of the matrices; conjugate gradients solve; a step never raises the loss."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from toys import fit, members, population, recall

from mnemon.cells import LSTM, Elman, LeakyESN, split
from mnemon.data import japanese_vowels
from mnemon.errors import InvalidInput
from mnemon.estimators import SequenceClassifier, load
from mnemon.layers import Network, Readout, Stack
from mnemon.learning import (
    BPTT,
    RTRL,
    Batch,
    BinaryCrossEntropy,
    Chunk,
    CrossEntropy,
    HessianFree,
    Learner,
    NoGradient,
    SquaredError,
    Step,
    Until,
)
from mnemon.learning.updates._conjugate_gradient import conjugate_gradients
from mnemon.learning.updates._curvature import gauss_newton, some_sequences, squared_slopes

KEYS = jax.random.split(jax.random.key(5), 4)
LENGTHS, SHARES = np.array([4, 1, 3]), np.array([0.2, 0.5, 0.3])


def chunk(targets, features=2):
    of = jnp.result_type(float)
    xs = jnp.asarray(np.random.default_rng(1).normal(size=(3, 4, features)), of)
    return Chunk(xs, jnp.asarray(LENGTHS), jnp.asarray(targets), jnp.asarray(SHARES, of), None)


def flat_of(whole):
    moving, rest = split(whole)
    flat, unravel = ravel_pytree(moving)
    return flat, lambda flat: eqx.combine(unravel(flat), rest)


def explicit(whole, part, curved, at="end"):
    """J' H J, with every Jacobian whole, and `curved(z)` the curvature of one sequence's loss by its answers."""
    flat, made = flat_of(whole)
    say = lambda flat: made(flat)(part.xs, part.lengths).values  # noqa: E731
    answers, jacobian = np.asarray(say(flat)), np.asarray(jax.jit(jax.jacrev(say))(flat))
    total = 0.0
    for n in range(3):
        steps = [slice(None)] if at == "end" else list(range(LENGTHS[n]))
        for t in steps:
            here = (n,) if at == "end" else (n, t)
            j = jacobian[here]
            total = total + SHARES[n] / len(steps) * j.T @ curved(answers[here]) @ j
    return total


def soft(z):
    p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
    return np.diag(p) - np.outer(p, p)


def logistic(z):
    p = 1 / (1 + np.exp(-z))
    return np.diag(p * (1 - p)) / len(z)


VALUES = np.random.default_rng(2).normal(size=(3, 4, 2))
CASES = {
    "classes, Elman": (Elman, "end", CrossEntropy(), [0, 1, 1], soft),
    "values at every step, LSTM": (LSTM, "steps", SquaredError(), VALUES, lambda z: 2 * np.eye(2) / 2),
    "labels, Elman": (Elman, "end", BinaryCrossEntropy(), [[0.0, 1.0], [1.0, 1.0], [0.0, 0.0]], logistic),
    "classes at every step, Elman": (Elman, "steps", CrossEntropy(), [0, 1, 1], soft),
}


@pytest.mark.parametrize("case", CASES)
def test_the_product_is_that_of_the_matrix(case, float64):
    cell, at, loss, targets, curved = CASES[case]
    whole = Network(cell(2, 2, key=KEYS[0]), Readout(2, 2, at=at, key=KEYS[1]))
    part = chunk(targets)
    size = flat_of(whole)[0].size
    found = jax.jit(lambda: jax.vmap(gauss_newton(whole, loss, part))(jnp.eye(size)))()
    np.testing.assert_allclose(found, explicit(whole, part, curved, at), rtol=1e-9, atol=1e-12)
    assert np.linalg.matrix_rank(found) > 1


@pytest.mark.parametrize("distance", ["squared", "tanh", "logistic"])
def test_structural_damping_is_its_matrix(distance, float64):
    """Of both layers of a stack, over the steps that sequences have."""
    kind = "logistic" if distance == "logistic" else "tanh"
    cells = Elman(2, 3, squashing=kind, key=KEYS[0]), Elman(3, 2, squashing=kind, key=KEYS[2])
    whole, part = Network(Stack(*cells), Readout(2, 2, key=KEYS[1])), chunk([0, 1, 1])
    flat, made = flat_of(whole)

    def units(flat):
        layers = made(flat).layers.layers
        below = layers[0](part.xs, part.lengths).outputs
        return below, layers[1](below, part.lengths).outputs

    outputs, jacobians = units(flat), jax.jit(jax.jacrev(units))(flat)
    expected = 0.0
    for h, j in zip(map(np.asarray, outputs), map(np.asarray, jacobians)):
        room = {"squared": np.ones_like(h), "tanh": 1 - h**2, "logistic": h * (1 - h)}[distance]
        for n, end in enumerate(LENGTHS):
            expected = expected + SHARES[n] * np.einsum("tui,tuj,tu->ij", j[n, :end], j[n, :end], 1 / room[n, :end])
    basis = jnp.eye(flat.size)

    def found(structural):
        return jax.vmap(gauss_newton(whole, CrossEntropy(), part, structural=structural, distance=distance))(basis)

    without, with_ = jax.jit(lambda: (found(None), found(0.7)))()
    np.testing.assert_allclose(with_ - without, 0.7 * expected, rtol=1e-9, atol=1e-12)


def test_squared_slopes_are_those_of_single_sequences(float64):
    whole, part = Network(Elman(2, 2, key=KEYS[0]), Readout(2, 2, key=KEYS[1])), chunk([0, 1, 1])
    expected = 0.0
    single = jax.jit(lambda part: ravel_pytree(BPTT().step(None, whole, CrossEntropy(), part)[2])[0])
    for n in range(3):
        one = Chunk(part.xs[n : n + 1], part.lengths[n : n + 1], part.targets[n : n + 1], jnp.ones(1), None)
        expected = expected + SHARES[n] * single(one) ** 2
    found = jax.jit(lambda: squared_slopes(whole, CrossEntropy(), part, rows=2))()
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_some_sequences_are_real_ones_and_count_as_all():
    shares = np.array([0, 0.25, 0.25, 0, 0.25, 0.25], np.float32)
    part = Chunk(jnp.arange(6.0)[:, None, None], None, jnp.arange(6), jnp.asarray(shares), KEYS[0])
    drawn = [some_sequences(part._replace(key=key), 3) for key in jax.random.split(KEYS[1], 8)]
    for some in drawn:
        assert set(np.asarray(some.targets)) <= {1, 2, 4, 5}
        np.testing.assert_array_equal(some.xs[:, 0, 0], some.targets)
        np.testing.assert_allclose(some.weights, 1 / 3, rtol=1e-6)
    assert len({tuple(np.asarray(some.targets)) for some in drawn}) > 2
    assert some_sequences(part, 6) is part
    np.testing.assert_allclose(some_sequences(part, 5).weights.sum(), 1, rtol=1e-6)


def equations(n=12, seed=0):
    random = np.random.default_rng(seed)
    root = random.normal(size=(n, n))
    matrix = root @ root.T + 0.1 * np.eye(n)
    return jnp.asarray(matrix), jnp.asarray(random.normal(size=n)), jnp.asarray(random.normal(size=n))


@pytest.mark.parametrize("preconditioned", [False, True])
def test_conjugate_gradients_solve_as_numpy_does(preconditioned, float64):
    matrix, b, start = equations()
    scale = jnp.diag(matrix) if preconditioned else jnp.ones(12)

    @jax.jit
    def solve(start):
        return conjugate_gradients(lambda v: matrix @ v, b, start, scale, most=60, tolerance=1e-14)

    solution = np.linalg.solve(matrix, b)
    for begin in (jnp.zeros(12), start, jnp.asarray(1.01 * solution)):
        found = solve(begin)
        np.testing.assert_allclose(found.kept[found.last], solution, rtol=1e-8, atol=1e-9)
        models = [0.5 * x @ matrix @ x - b @ x for x in np.asarray(found.kept)]
        np.testing.assert_allclose(found.models, models, rtol=1e-9, atol=1e-9)
        assert (np.diff(models[: int(found.last) + 1]) <= 1e-12).all()
        assert found.products <= 61


def test_kept_iterates_stand_ever_further_apart(float64):
    """Each is what a shorter run ends with."""
    matrix, b, _ = equations(30, seed=1)
    solve = lambda most: conjugate_gradients(  # noqa: E731
        lambda v: matrix @ v, b, jnp.zeros(30), jnp.ones(30), most=most, tolerance=0.0
    )
    long = jax.jit(lambda: solve(9))()
    ends = [1, 2, 3, 4, 6, 8, 9]
    assert long.kept.shape == (7, 30)
    assert int(long.last) == 6
    for k, most in enumerate(ends):
        short = jax.jit(lambda most=most: solve(most))()
        np.testing.assert_allclose(long.kept[k], short.kept[short.last], rtol=1e-12)


def test_slow_progress_and_flat_ways_end_the_iteration(float64):
    matrix, b, _ = equations(40, seed=3)
    solve = lambda matrix, b, tolerance: conjugate_gradients(  # noqa: E731
        lambda v: matrix @ v, b, jnp.zeros(40), jnp.ones(40), most=200, tolerance=tolerance
    )
    solve = jax.jit(solve)
    counts = [int(solve(matrix, b, tolerance).products) for tolerance in (0.05, 0.0005, 1e-12)]
    assert 10 < counts[0] < counts[1] < counts[2] < 200
    nothing = solve(jnp.zeros((40, 40)), b, 0.0005)
    assert int(nothing.products) == 2
    assert not np.any(nothing.kept[nothing.last])


def update_once(update, whole, loss, part):
    """The network after one update, its loss before, and what is remembered."""

    @eqx.filter_jit
    def go(whole):
        own = jax.tree.map(lambda leaf: leaf[0], update.for_members(1, whole.readout.weights.dtype))
        memory, after, _, value = own.learn(own.init(whole), whole, BPTT(), None, loss, part)
        cost = (loss(after(part.xs, part.lengths), part.targets) * part.weights).sum()
        return memory, after, value, cost

    return go(whole)


def test_one_step_solves_what_is_quadratic(float64):
    """A reservoir's answers are linear in the weights that are trained, those of the readout."""
    random = np.random.default_rng(0)
    xs, targets = random.normal(size=(12, 4, 3)), random.normal(size=(12, 2))
    whole = Network(LeakyESN(3, 5, key=KEYS[0]), Readout(5, 2, key=KEYS[1]))
    part = Chunk(jnp.asarray(xs), None, jnp.asarray(targets), jnp.full(12, 1 / 12), None)
    update = HessianFree(damping=0.0, structural=0.0, tolerance=1e-13)
    memory, after, _, cost = update_once(update, whole, SquaredError(), part)
    seen = np.c_[np.asarray(whole.seen(part.xs).values), np.ones(12)]
    best = np.linalg.lstsq(seen, targets, rcond=None)[0]
    np.testing.assert_allclose(np.c_[after.readout.weights, after.readout.bias], best.T, rtol=1e-6)
    np.testing.assert_allclose(cost, np.mean((seen @ best - targets) ** 2), rtol=1e-10)
    np.testing.assert_allclose(memory.ratio, 1, rtol=1e-9)


UPDATES = {
    "structural damping": HessianFree(),
    "half, preconditioned": HessianFree(curvature=0.5, preconditioned=True, distance="squared"),
    "far too bold": HessianFree(damping=0.0, structural=0.0, curvature=2),
}


@pytest.mark.parametrize("name", UPDATES)
def test_the_loss_never_rises_and_recall_is_learned(name):
    """The one that is too bold fits two sequences, and is held back by the loss of all."""
    data, until = recall(uneven=True), Until(epochs=12)
    solution = fit(population(2), Learner(BPTT(), UPDATES[name], Batch()), data, until=until, buckets=1)
    losses = solution.history["loss"]
    assert (np.diff(losses, axis=0) <= 1e-6).all()
    assert (losses[-1] < (0.02 if name != "far too bold" else losses[0])).all()
    assert (solution.memory.products >= 24).all()
    assert (solution.memory.damping < 0.01).all()  # a model that foretells well, or 0 all along


def test_a_member_is_what_it_is_alone():
    data, until = recall(uneven=True), Until(epochs=2)
    fits = lambda networks, damping: fit(  # noqa: E731
        networks, Learner(BPTT(), HessianFree(damping, iterations=8), Batch()), data, until=until, buckets=1
    )
    together, alone = fits(population(), [0.1, 1.0, 0.5]), fits(population()[1], 1.0)
    for a, b in zip(members(together, 1), members(alone, 0), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-3, atol=1e-4)
    assert len(set(np.asarray(together.memory.damping).tolist())) == 3


WRONG = {
    "no damping": (lambda: HessianFree(damping=-1.0), "damping=-1.0.*at least 0"),
    "no distance": (lambda: HessianFree(distance="tan"), "did you mean 'tanh'"),
    "two at once": (lambda: HessianFree(structural=-0.1, decay=2.0), "structural=-0.1.*decay=2.0.*in \\[0, 1\\]"),
    "no share": (lambda: HessianFree(curvature=1.5), "curvature=1.5.*share"),
    "no sequence": (lambda: HessianFree(curvature=0), "curvature=0.*whole number"),
    "no iteration": (lambda: HessianFree(iterations=0), "iterations=0"),
    "no drift": (lambda: HessianFree(drift=1.0), "drift=1.0.*above 1"),
    "no gradient": (
        lambda: Learner(NoGradient(), HessianFree(), Batch()),
        "HessianFree needs gradient, which NoGradient does not give",
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_mistakes_are_told(mistake):
    make, words = WRONG[mistake]
    with pytest.raises(InvalidInput, match=words):
        make()


def test_it_cannot_learn_while_a_sequence_runs():
    whole = Network(Elman(3, 4, key=KEYS[0]), Readout(4, 2, at="steps", key=KEYS[1]))
    with pytest.raises(InvalidInput, match="moment Batch\\(\\) instead of Step"):
        fit(whole, Learner(RTRL(), HessianFree(), Step()), recall(4), until=Until(epochs=1))


@pytest.mark.slow
def test_an_estimator_takes_it_and_keeps_it(tmp_path):
    train, _ = japanese_vowels()
    xs, ys = train.X[:90], train.y[:90]
    update = HessianFree(iterations=20, curvature=0.3)
    model = SequenceClassifier(
        cell="elman", units=6, optimizer=update, dropout=0.0, batch_size=None, epochs=5, random_state=0
    ).fit(xs, ys)
    assert (np.diff(model.history_["loss"], axis=0) < 0).all()
    assert model.score(xs, ys) > 0.8
    model.save(tmp_path / "model.safetensors")
    again = load(tmp_path / "model.safetensors")
    assert again.optimizer == update
    for kept, known in zip(again.memory_, model.memory_, strict=True):
        np.testing.assert_array_equal(kept, known)
