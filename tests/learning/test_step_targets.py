"""Targets at steps: what they cost, how they are padded, and networks that learn from them; against NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import log_loss
from toys import FEATURES, by

from mnemon.cells import Elman
from mnemon.errors import InvalidInput
from mnemon.layers import Answer, Bidirectional, Network, Pyramid, Readout, Segmented
from mnemon.learning import (
    BinaryCrossEntropy,
    CrossEntropy,
    Examples,
    Population,
    SquaredError,
    StepTargets,
    Until,
    answers,
    step_answers,
    take_targets,
    train,
)
from mnemon.learning import _evaluate as evaluate
from mnemon.sequences import Sequences

RNG = np.random.default_rng(0)
VALUES = RNG.normal(size=(3, 4, 2)).astype(np.float32) * 2
MARKS = np.arange(4) < np.array([4, 2, 3])[:, None]
LABELS = np.array([[0, -1, 1, 1], [1, 0, -1, -1], [-1, -1, -1, -1]])


def answer():
    return Answer(jnp.asarray(np.where(MARKS[..., None], VALUES, np.nan)), jnp.asarray(MARKS))


def network(at="steps", outputs=2, units=4):
    def make(key):
        below, above = jax.random.split(key)
        return Network(Elman(FEATURES, units, key=below), Readout(units, outputs, at=at, key=above))

    return make


def test_labels_cost_where_there_are_some():
    costs, score = CrossEntropy()(answer(), jnp.asarray(LABELS)), CrossEntropy().score(answer(), jnp.asarray(LABELS))
    logs = VALUES - np.log(np.exp(VALUES).sum(axis=-1, keepdims=True))
    for k, labels in enumerate(LABELS[:2]):
        steps = np.flatnonzero(labels >= 0)
        assert float(costs[k]) == pytest.approx(-logs[k, steps, labels[steps]].mean(), rel=1e-5)
        assert float(score[k]) == pytest.approx((VALUES[k, steps].argmax(axis=1) == labels[steps]).mean())
    assert costs[2] == score[2] == 0


def test_labels_may_weigh_by_class():
    costs = CrossEntropy((2.0, 0.5))(answer(), jnp.asarray(LABELS))
    logs = VALUES - np.log(np.exp(VALUES).sum(axis=-1, keepdims=True))
    assert float(costs[1]) == pytest.approx(-(0.5 * logs[1, 0, 1] + 2 * logs[1, 1, 0]) / 2, rel=1e-5)


def test_vectors_cost_where_there_are_some_and_leave_no_slope_elsewhere():
    targets = np.where((LABELS >= 0)[..., None], RNG.normal(size=(3, 4, 2)), np.nan).astype(np.float32)
    values = jnp.asarray(VALUES)
    costs, slope = jax.value_and_grad(
        lambda v: SquaredError()(Answer(v, jnp.asarray(MARKS)), jnp.asarray(targets)).sum()
    )(values)
    known = LABELS >= 0
    expected = [np.square(VALUES[k, known[k]] - targets[k, known[k]]).mean() for k in (0, 1)]
    assert float(costs) == pytest.approx(sum(expected), rel=1e-5)
    assert np.all(np.isfinite(slope))
    assert np.all(np.asarray(slope)[~known] == 0)


def test_several_labels_at_once():
    logits, labels = VALUES[:, 0], np.array([[0, 1], [1, 1], [0, 0]])
    loss = BinaryCrossEntropy()
    costs = loss(Answer(jnp.asarray(logits), None), jnp.asarray(labels, jnp.float32))
    chances = 1 / (1 + np.exp(-logits.astype(float)))
    for k in range(3):
        expected = np.mean([log_loss([labels[k, j]], [chances[k, j]], labels=[0, 1]) for j in (0, 1)])
        assert float(costs[k]) == pytest.approx(expected, rel=1e-5)
    score = loss.score(Answer(jnp.asarray(logits), None), jnp.asarray(labels, jnp.float32))
    np.testing.assert_array_equal(score, ((chances > 0.5) == labels).all(axis=1))
    far = loss(Answer(jnp.asarray([[1e4, -1e4]]), None), jnp.asarray([[0.0, 0.0]]))
    np.testing.assert_allclose(far, [5e3])


def test_padding_and_choosing():
    targets = StepTargets(np.array([0, 1, 2, 3, 4, 5]), np.array([1, 3, 2]))
    assert len(targets) == 3
    np.testing.assert_array_equal(targets.padded(np.array([1, 0]), 4), [[1, 2, 3, -1], [0, -1, -1, -1]])
    some = take_targets(targets, np.array([2, 0]))
    np.testing.assert_array_equal(some.values, [4, 5, 0])
    np.testing.assert_array_equal(some.lengths, [2, 1])
    vectors = StepTargets(np.ones((2, 1)), np.array([1, 1]))
    np.testing.assert_array_equal(vectors.padded(np.array([0]), 2)[0], [[1], [np.nan]])
    with pytest.raises(InvalidInput, match="3 targets, but the lengths sum to 2"):
        StepTargets(np.zeros(3, int), np.array([1, 1]))


@pytest.mark.parametrize(
    "loss, targets, words",
    [
        (CrossEntropy(), StepTargets(np.array([0, 2]), np.array([2])), "from 0 to 2, but the network has 2 outputs"),
        (CrossEntropy(), StepTargets(np.array([-2, 1]), np.array([2])), "from -2 to 1"),
        (CrossEntropy(), StepTargets(np.array([-1, -1]), np.array([2])), "no step has a label"),
        (SquaredError(), StepTargets(np.ones((2, 1)), np.array([2])), "one for each output"),
        (SquaredError(), StepTargets(np.full((2, 2), np.nan), np.array([2])), "no step has a target"),
        (BinaryCrossEntropy(), np.array([[0.0, 2.0]]), "other numbers than 0 and 1"),
        (BinaryCrossEntropy(), np.array([0.0, 1.0]), "zeros and ones"),
    ],
)
def test_targets_must_fit(loss, targets, words):
    with pytest.raises(InvalidInput, match=words):
        loss.check_targets(targets, 2)


def test_a_memory_of_one_step_is_learnt():
    """The label of a step is the sign of the input before it; sequences of unequal length."""
    rng = np.random.default_rng(1)
    xs = [rng.choice([-1.0, 1.0], size=(length, FEATURES)) for length in rng.integers(4, 9, 60)]
    labels = [np.concatenate([[-1], (x[:-1, 0] > 0).astype(int)]) for x in xs]
    data = Examples(Sequences(xs), StepTargets(np.concatenate(labels), np.array([len(x) for x in xs])))
    solution = train(
        Population.make(network(units=8), 1, 0), by(size=20), data, loss=CrossEntropy(), until=Until(epochs=60)
    )
    said = step_answers(solution.networks, data.xs)
    right = [(one[0].argmax(axis=1) == label)[1:].mean() for one, label in zip(said, labels)]
    assert np.mean(right) > 0.99


def test_answers_at_steps_are_those_of_each_prefix():
    networks = Population.make(network(), 2, 0)
    xs = Sequences([RNG.normal(size=(length, FEATURES)) for length in (3, 6, 5)])
    each = step_answers(networks, xs)
    for k, x in enumerate(xs):
        assert each[k].shape == (2, len(x), 2)
        for t in range(1, len(x) + 1):
            np.testing.assert_allclose(each[k][:, t - 1], answers(networks, Sequences([x[:t]]))[:, 0], atol=1e-6)


def test_a_long_recording_is_read_in_pieces(monkeypatch):
    networks = Population.make(network(), 2, 0)
    xs = Sequences([RNG.normal(size=(length, FEATURES)) for length in (3, 41, 64)])
    whole, ends = step_answers(networks, xs), answers(networks, xs)
    monkeypatch.setattr(evaluate, "PIECE", 16)
    for one, other in zip(step_answers(networks, xs), whole):
        np.testing.assert_allclose(one, other, atol=1e-6)
    np.testing.assert_allclose(answers(networks, xs), ends, atol=1e-6)


def test_networks_that_cannot_answer_in_pieces_read_whole(monkeypatch):
    monkeypatch.setattr(evaluate, "PIECE", 4)
    a, b, c = jax.random.split(jax.random.key(0), 3)
    xs = Sequences([RNG.normal(size=(11, FEATURES))])
    segmented = Network(Segmented(Elman(FEATURES, 3, key=a), Elman(3, 3, key=b), 3), Readout(3, 2, at="steps", key=c))
    both = Network(
        Bidirectional(Elman(FEATURES, 3, key=a), Elman(FEATURES, 3, key=b)), Readout(6, 2, at="steps", key=c)
    )
    for one in (segmented, both):
        expected = one(jnp.asarray(xs[0][None], jnp.float32)).values[0]
        np.testing.assert_allclose(step_answers(Population.of(one), xs)[0][0], expected, atol=1e-6)


def test_mistakes_are_told():
    xs = Sequences([RNG.normal(size=(4, FEATURES))])
    with pytest.raises(InvalidInput, match='readout is at="steps"'):
        step_answers(Population.make(network("end"), 1, 0), xs)
    with pytest.raises(InvalidInput, match="sequence 0 has 4 steps but 3 targets"):
        Examples(xs, StepTargets(np.zeros(3, int), np.array([3])))
    targets = StepTargets(np.zeros(4, int), np.array([4]))
    with pytest.raises(InvalidInput, match='give its readout at="steps"'):
        train(network("end")(jax.random.key(0)), by(), Examples(xs, targets), loss=CrossEntropy(), until=Until(1))
    a, b = jax.random.split(jax.random.key(0))
    slow = Network(Pyramid(Elman(2 * FEATURES, 3, key=a)), Readout(3, 2, at="steps", key=b))
    with pytest.raises(InvalidInput, match="change the pace of time"):
        train(slow, by(), Examples(xs, targets), loss=CrossEntropy(), until=Until(1))
