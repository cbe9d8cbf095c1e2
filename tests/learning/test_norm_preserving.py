"""The regulariser against vanishing gradients: its slope by differences, and what must not change it."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from seldom import all_but
from toys import assert_near, by, differ, fit, members, population, recall, weights

from mnemon.cells import GRU, LSTM, REGIMES, Clockwork, Elman
from mnemon.errors import InvalidInput
from mnemon.layers import Bidirectional, Feedback, Network, Readout, Recurrent, Segmented, Stack, Steps
from mnemon.learning import BPTT, Chunk, CrossEntropy, NormPreserving, Optax, SquaredError, Until

KEYS = jax.random.split(jax.random.key(3), 4)
LENGTHS = (6, 2, 5)


def chunk(time=6, lengths=LENGTHS, rows=3):
    """Three sequences; with more rows, others that fill up and count nothing."""
    xs = np.random.default_rng(0).normal(size=(3, 6, 3))
    padded = np.full((rows, time, 3), 7.0)
    padded[:3, :6] = xs
    shares = np.zeros(rows)
    shares[:3] = 0.2, 0.5, 0.3
    ends = np.full(rows, 4)
    ends[:3] = lengths
    of = jnp.result_type(float)
    targets = np.arange(rows) % 2
    return Chunk(jnp.asarray(padded, of), jnp.asarray(ends), jnp.asarray(targets), jnp.asarray(shares, of), None)


def network(layers, units=4, **how):
    return Network(layers, Readout(units, 2, key=KEYS[1], **how))


def omegas(rule, whole, part, loss=CrossEntropy()):  # noqa: B008 - frozen
    return eqx.filter_jit(lambda n: rule.slopes(n, loss, part))(whole)


def slope(rule, whole, part, loss=CrossEntropy()):  # noqa: B008 - frozen
    return eqx.filter_jit(lambda n: rule.step(rule.init(n), n, loss, part)[1:])(whole)


def differences(function, matrix, by=1e-6):
    def at(i, j):
        way = np.zeros_like(matrix)
        way[i, j] = by
        return (function(matrix + way) - function(matrix - way)) / (2 * by)

    return np.array([[at(i, j) for j in range(matrix.shape[1])] for i in range(matrix.shape[0])])


@pytest.mark.parametrize("ratio", ["squared", "norm"])
def test_the_equation_for_an_elman_network(ratio, float64):
    """NumPy, forwards and back; Omega by another matrix with states and errors of the true one."""
    whole, part = network(Elman(3, 4, key=KEYS[0])), chunk()
    cell = whole.layers.layers[0].cell
    w, u, b, v, c = map(
        np.asarray, (cell.input_weights, cell.recurrent_weights, cell.bias, whole.readout.weights, whole.readout.bias)
    )
    steps = []
    for x, end, target, share in zip(*map(np.asarray, part[:1]), LENGTHS, part.targets, part.weights):
        hs = [np.zeros(4)]
        for now in x[:end]:
            hs.append(np.tanh(w @ now + u @ hs[-1] + b))
        shares = np.exp(v @ hs[-1] + c)
        e = v.T @ (shares / shares.sum() - np.eye(2)[int(target)]) * float(share)
        for h in hs[:0:-1]:
            steps.append((e, e * (1 - h**2)))
            e = u.T @ steps[-1][1]

    def omega(u):
        shares = np.array([((u.T @ d) ** 2).sum() / (e**2).sum() for e, d in steps])
        return np.mean(((shares if ratio == "squared" else np.sqrt(shares)) - 1) ** 2)

    assert len(steps) == sum(LENGTHS)
    value, _, (found,) = omegas(NormPreserving(ratio=ratio), whole, part)
    np.testing.assert_allclose(found.recurrent_weights, differences(omega, u), rtol=1e-6, atol=1e-8)
    assert not np.any(found.input_weights)
    assert not np.any(found.bias)
    np.testing.assert_allclose(value, slope(BPTT(), whole, part)[0], rtol=1e-12)


class Stepping(Elman):
    """An Elman cell that hides what it is: it has no standard form."""

    def step(self, state, drive):
        return self.squashing(drive)


@pytest.mark.parametrize(
    "squashing", all_but(["tanh", "logistic2"], ["tanh", "logistic", "relu", "identity", "logistic1", "logistic2"])
)
def test_units_whose_slope_is_known_by_their_outputs_go_a_shorter_way(squashing, float64):
    how = {"squashing": squashing, "initialiser": REGIMES["basic tanh"], "key": KEYS[0]}
    known, hidden = (network(make(3, 4, **how)) for make in (Elman, Stepping))
    assert known.layers.layers[0].cell.standard() is not None
    assert hidden.layers.layers[0].cell.standard() is None
    (value, gradient, (short,)), (_, _, (long,)) = (omegas(NormPreserving(), n, chunk()) for n in (known, hidden))
    np.testing.assert_allclose(short.recurrent_weights, long.recurrent_weights, rtol=1e-9, atol=1e-12)
    assert np.abs(short.recurrent_weights).max() > 1e-3
    assert not np.any(short.bias)
    np.testing.assert_allclose(value, slope(BPTT(), known, chunk())[0], rtol=1e-12)
    for ours, plain in zip(weights(gradient), weights(slope(BPTT(), known, chunk())[1]), strict=True):
        np.testing.assert_allclose(ours, plain, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("make", [LSTM, Clockwork])
def test_any_cell_with_a_recurrent_product(make, float64):
    """One step's Jacobian at a time, its part by `step` held; the error enters at every step."""
    cell = make(3, 2, key=KEYS[0]) if make is not Clockwork else make(3, 4, periods=(1, 2), key=KEYS[0])
    whole = network(cell, cell.output_size, at="steps")
    xs, targets = chunk().xs[:1, :3], jnp.asarray([[0.3, -1.0]])
    part = Chunk(xs, None, targets, jnp.ones(1), None)
    moves = lambda state: eqx.partition(state, eqx.is_inexact_array)  # noqa: E731
    flat = lambda tree: jnp.concatenate([leaf.reshape(-1) for leaf in jax.tree.leaves(tree)])  # noqa: E731
    drives = cell.project(xs[0])

    def net(cell, moving, counting, k):
        recurrent = cell.recur(eqx.combine(moving, counting))
        return jax.tree.map(lambda d, r: d[k] + r, drives, recurrent)

    def cost(state, k, readout):
        """What the steps from k on cost, given the state after it."""
        total = 0.0
        for t in range(k, 3):
            if t > k:
                state = cell.step(state, net(cell, *moves(state), t))
            total = total + jnp.square(readout @ cell.output(state) + whole.readout.bias - targets[0]).mean() / 3
        return total

    state, terms = cell.initial_state(), []
    for k in range(3):
        moving, counting = moves(state)
        now = net(cell, moving, counting, k)
        state = cell.step(state, now)
        moved, counted = moves(state)
        e = jax.grad(lambda m, k=k, c=counted: cost(eqx.combine(m, c), k, whole.readout.weights))(moved)
        step = lambda m, n, c=counting: moves(cell.step(eqx.combine(m, c), n))[0]  # noqa: E731
        by_step, by_net = jax.vjp(step, moving, now)[1](e)
        terms.append((moving, counting, by_step, by_net, e))

    @jax.jit
    def omega(cell):
        total = 0.0
        for moving, counting, by_step, by_net, e in terms:
            back = jax.vjp(lambda m, c=counting: cell.recur(eqx.combine(m, c)), moving)[1](by_net)[0]
            total = total + (jnp.square(flat(by_step) + flat(back)).sum() / jnp.square(flat(e)).sum() - 1) ** 2
        return total / 3

    _, _, (found,) = omegas(NormPreserving(), whole, part, SquaredError())
    way = jax.tree.map(lambda leaf: jnp.cos(jnp.arange(1.0, leaf.size + 1)).reshape(leaf.shape), found)
    above, below = (omega(eqx.apply_updates(cell, jax.tree.map(lambda w, s=s: s * w, way))) for s in (1e-6, -1e-6))
    np.testing.assert_allclose(flat(found) @ flat(way), (above - below) / 2e-6, rtol=1e-6, atol=1e-9)
    assert jnp.abs(flat(found)).max() > 1e-4


def deep():
    below = Segmented(LSTM(3, 2, key=KEYS[0]), Elman(2, 3, key=KEYS[1]), length=2)
    return Stack(Bidirectional(GRU(3, 2, key=KEYS[2]), Elman(3, 1, key=KEYS[3])), Recurrent(below))


def test_beside_omega_it_is_back_propagation_and_padding_changes_nothing(float64):
    """Through a bidirectional and a segmented layer; a recurrent cell each has an Omega, four in all."""
    whole = network(deep(), 3)
    value, found, each = omegas(NormPreserving(), whole, chunk())
    expected, exact = slope(BPTT(), whole, chunk())
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    assert_near(weights(found), weights(exact), 1e-12)
    assert [type(cell) for cell in each] == [GRU, Elman, LSTM, Elman]
    assert all(np.abs(leaf).max() > 1e-3 for cell in each for leaf in weights(cell.recurrent_weights))
    padded = omegas(NormPreserving(), whole, chunk(time=9, rows=5))
    assert_near(weights(padded), weights((value, found, each)), 1e-12)


def test_a_member_is_what_it_is_alone():
    data, until = recall(uneven=True), Until(epochs=3)
    learner = by(Optax("sgd", 0.05, clip=0.5), None, NormPreserving(1.0))
    together = fit(population(), learner, data, until=until)
    alone = fit(population()[1], learner, data, until=until)
    for a, b in zip(members(together, 1), members(alone, 0), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_clipping_comes_after_it(float64):
    """One step of gradient descent at rate 1 is as long as the clip, along the regularised gradient."""
    whole, part = network(Elman(3, 4, key=KEYS[0])), chunk()
    nothing, regularised = (slope(NormPreserving(strength), whole, part)[1] for strength in (0.0, 2.0))
    assert_near(weights(nothing), weights(slope(BPTT(), whole, part)[1]), 1e-12)
    assert differ(weights(nothing), weights(regularised))
    learner = Optax("sgd", 1.0, clip=0.01).for_members(1, jnp.float64)
    learner = jax.tree.map(lambda leaf: leaf[0], learner)
    _, after = learner.step(learner.init(whole), whole, regularised)
    moved = np.concatenate([(a - b).reshape(-1) for a, b in zip(weights(whole), weights(after))])
    along = np.concatenate([leaf.reshape(-1) for leaf in weights(regularised)])
    np.testing.assert_allclose(moved, 0.01 * along / np.linalg.norm(along), rtol=1e-9)


def test_a_useless_gradient_is_replaced():
    """Linear units that grow by 40 a step: a finite loss and a slope of more than 1e10, or of infinity."""
    cell = Elman(3, 4, squashing="identity", key=KEYS[0])
    whole = network(eqx.tree_at(lambda c: c.recurrent_weights, cell, 40 * jnp.eye(4)))
    for steps in (9, 30):
        part = chunk()._replace(xs=jnp.ones((3, steps, 3)), lengths=None)
        raw = slope(NormPreserving(rescue=False), whole, part)[1]
        assert not max(np.abs(leaf).max() for leaf in weights(raw)) < 1e10
        found = slope(NormPreserving(), whole, part)[1]
        own = found.layers.layers[0].cell
        np.testing.assert_allclose(own.recurrent_weights, 0.8 * np.eye(4), rtol=1e-6)
        rest = eqx.tree_at(lambda n: n.layers.layers[0].cell.recurrent_weights, found, None)
        assert not any(leaf.any() for leaf in weights(rest))


WRONG = {
    "a negative strength": (lambda: NormPreserving(-1.0), "strength=-1.0.*at least 0"),
    "no number": (lambda: NormPreserving(float("nan")), "strength=nan"),
    "no ratio": (lambda: NormPreserving(ratio="norms"), "did you mean 'norm'"),
    "no bound": (lambda: NormPreserving(bound=0.0), "bound=0.0.*positive"),
    "no recurrent product": (
        lambda: NormPreserving().init(network(Feedback(network(Elman(5, 4, key=KEYS[0]), at="steps")), 2)),
        "split off its recurrent product.*Feedback cannot",
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_mistakes_are_told(mistake):
    make, words = WRONG[mistake]
    with pytest.raises(InvalidInput, match=words):
        make()


def test_what_takes_single_steps_is_refused():
    elman = Elman(3, 4, key=KEYS[0])
    part = chunk()._replace(key=KEYS[2])
    with pytest.raises(InvalidInput, match="NormPreserving sees Elman over whole sequences only"):
        slope(NormPreserving(), network(Recurrent(elman, dropout=0.5)), part)
    marked = Segmented(elman, Elman(4, 4, key=KEYS[1]), boundaries=True)
    part = part._replace(xs=Steps(part.xs, jnp.ones((3, 6), bool)))
    with pytest.raises(InvalidInput, match="whole sequences only"):
        slope(NormPreserving(), network(marked), part)
