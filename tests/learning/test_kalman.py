"""The extended Kalman filter is its equations: recursive least squares where answers are linear, and step by step."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from toys import assert_same, by, fit, members, population, recall, weights

from mnemon.cells import Elman, LeakyESN, split
from mnemon.errors import InvalidInput
from mnemon.layers import Network, Readout
from mnemon.learning import (
    BPTT,
    RTRL,
    UORO,
    Annealed,
    Batch,
    BinaryCrossEntropy,
    Chunk,
    CrossEntropy,
    Examples,
    KalmanFilter,
    Learner,
    Loss,
    Sequence,
    SquaredError,
    Step,
    StepTargets,
    Until,
    answers,
)
from mnemon.learning.updates._kalman import correct
from mnemon.sequences import Sequences

KEY = jax.random.key(5)
LENGTHS = np.array([5, 3, 4, 5])
CONSTANT = KalmanFilter(10.0, 0.5, 0.0)


def flat(network):
    return np.asarray(ravel_pytree(split(network)[0])[0])


def reservoir(at):
    below, above = jax.random.split(KEY)
    return Network(LeakyESN(3, 4, connections=None, key=below), Readout(4, 2, at=at, key=above))


def regression(at, **how):
    """Sequences of unequal length with values as targets, some of them unknown where they stand at steps."""
    random = np.random.default_rng(1)
    xs = Sequences([random.normal(size=(t, 3)) for t in LENGTHS])
    if at == "end":
        return Examples(xs, random.normal(size=(4, 2)), **how)
    values = random.normal(size=(LENGTHS.sum(), 2))
    values[[1, 6, 7]] = np.nan
    return Examples(xs, StepTargets(values, LENGTHS), **how)


def least_squares(whole, data, shares):
    """What is left of all measurements at once: (H' H / R + I / P0)^-1, and the weights."""
    padded, lengths = data.xs.pad(dtype=float)
    seen = whole.seen(jnp.asarray(padded), jnp.asarray(lengths)).values
    if seen.ndim == 3:
        seen = np.concatenate([np.asarray(one)[:t] for one, t in zip(seen, lengths)])
        wanted, shares = data.targets.values, np.repeat(shares, lengths)
    else:
        wanted = data.targets
    known = ~np.isnan(wanted).any(axis=1)
    rows = np.concatenate([seen, np.ones((len(seen), 1))], axis=1)[known] * np.sqrt(shares[known, None])
    square = np.linalg.inv(rows.T @ rows / 0.5 + np.eye(5) / 10)
    start = np.concatenate([whole.readout.weights, whole.readout.bias[:, None]], axis=1)
    solution = (rows.T @ (wanted[known] * np.sqrt(shares[known, None])) / 0.5 + start.T / 10).T @ square
    return square, solution


HOW = {
    "sequence by sequence": ("end", BPTT(), Sequence()),
    "all at once": ("end", BPTT(), Batch()),
    "steps of all sequences, forward": ("steps", RTRL(), Batch()),
    "step by step": ("steps", RTRL(), Step()),
}


@pytest.mark.parametrize("how", HOW)
def test_of_a_linear_readout_it_is_recursive_least_squares(how, float64):
    at, rule, moment = HOW[how]
    whole = reservoir(at)
    shares = np.ones(4) if how == "step by step" else np.array([0.5, 2.0, 1.0, 0.5])
    data = regression(at, weights=None if how == "step by step" else shares)
    trained = fit(whole, Learner(rule, CONSTANT, moment), data, loss=SquaredError(), until=Until(1), buckets=1)
    square, solution = least_squares(whole, data, shares)
    after = trained.networks[0].readout
    np.testing.assert_allclose(after.weights, solution[:, :4], rtol=1e-9)
    np.testing.assert_allclose(after.bias, solution[:, 4], rtol=1e-9)
    # Outputs do not meet: a block of P for each, weights first and then biases.
    wanted = np.zeros((10, 10))
    for k in range(2):
        places = [*range(4 * k, 4 * k + 4), 8 + k]
        wanted[np.ix_(places, places)] = square
    np.testing.assert_allclose(trained.memory.covariance[0, 0], wanted, atol=1e-9)


def elman(at="steps", squashing="identity"):
    below, above = jax.random.split(KEY)
    return Network(Elman(3, 3, key=below), Readout(3, 2, at=at, squashing=squashing, key=above))


def by_hand(network, answer, jacobian, wanted, noise, drift, shares):
    """All asked answers as one large measurement."""
    rows = np.concatenate([j / np.sqrt(r) for j, r in zip(jacobian, noise / shares)])
    errors = np.concatenate([(d - y) / np.sqrt(r) for d, y, r in zip(wanted, answer, noise / shares)])
    start = flat(network)
    p = 10 * np.eye(start.size)
    gain = p @ rows.T @ np.linalg.inv(rows @ p @ rows.T + np.eye(len(rows)))
    return start + gain @ errors, p - gain @ rows @ p + drift * np.eye(start.size)


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


def slope_of(loss, z):
    if isinstance(loss, CrossEntropy):
        return np.diag(softmax(z)) - np.outer(softmax(z), softmax(z))
    return np.diag((y := 1 / (1 + np.exp(-z))) * (1 - y)) if isinstance(loss, BinaryCrossEntropy) else np.eye(2)


LOSSES = {
    "squared error at steps, one of them unknown": (
        SquaredError(),
        np.where(np.arange(36).reshape(3, 6, 2) == 13, np.nan, np.sin(np.arange(36)).reshape(3, 6, 2)),
    ),
    "values, one a sequence, at each step": (SquaredError(), np.array([[0.3, 1], [0.1, -1], [1, 2]])),
    "classes at steps": (
        CrossEntropy(weights=(1.0, 3.0)),
        np.where(np.arange(18) == 3, -1, np.arange(18) % 2).reshape(3, 6),
    ),
    "labels": (BinaryCrossEntropy(), np.array([[0.0, 1], [0, 0], [1, 1]])),
}


@pytest.mark.parametrize("case", LOSSES)
def test_a_chunk_is_one_large_measurement(case, float64):
    loss, targets = LOSSES[case]
    whole, lengths, counts = elman(), np.array([6, 2, 5]), np.array([1.0, 2.0, 0.0])
    part = Chunk(
        jax.random.normal(KEY, (3, 6, 3)), jnp.asarray(lengths), jnp.asarray(targets), jnp.asarray(counts / 2), None
    )
    update = KalmanFilter(10.0, Annealed(2.0, 0.5, 2), 0.01)

    @eqx.filter_jit
    def twice(whole):
        memory, once, _, value = update.learn(update.init(whole), whole, BPTT(), None, loss, part)
        again = update.learn(memory, once, BPTT(), None, loss, part)[1]
        return memory, once, again, value, *BPTT().jacobian(None, whole, part)[1:]

    memory, once, again, value, answer, jacobian = twice(whole)
    np.testing.assert_allclose(value, (loss(answer, part.targets) * part.weights).sum(), rtol=1e-12)
    said, slopes, wanted, shares = [], [], [], []
    for row in range(2):  # the last counts nothing
        for t in range(lengths[row]):
            d = targets[row, t] if "at steps" in case else targets[row]
            if np.isnan(d).any() or (np.ndim(d) == 0 and d < 0):
                continue
            z = np.asarray(answer.values[row, t])
            f = {CrossEntropy: softmax, BinaryCrossEntropy: lambda z: 1 / (1 + np.exp(-z))}.get(type(loss), lambda z: z)
            said.append(f(z))
            slopes.append(slope_of(loss, z) @ np.asarray(jacobian[row, t]))
            wanted.append(np.eye(2)[d] if np.ndim(d) == 0 else d)
            shares.append(counts[row] * (3.0 if np.ndim(d) == 0 and d == 1 else 1.0))
    moved, p = by_hand(whole, said, slopes, wanted, 2.0, 0.01, np.array(shares))
    np.testing.assert_allclose(flat(once), moved, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(memory.covariance[0], p, rtol=1e-8, atol=1e-8)
    assert memory.updates == 1
    assert np.abs(flat(again) - flat(once)).max() > 0


def filtered_elman(whole, xs, targets):
    """Williams and Zipser's sensitivities and a Kalman filter's update at every step with a target."""
    cell = whole.layers.layers[0].cell
    w, u, b, v, c = (np.array(a) for a in (cell.input_weights, cell.recurrent_weights, cell.bias,
                                           whole.readout.weights, whole.readout.bias))  # fmt: skip
    n, m = w.shape
    h, s = np.zeros(n), np.zeros((n, n, m + n + 1))  # s[k, i, j] = dh_k/dw_ij
    size = 9 + 9 + 3 + 6 + 2
    p = 10 * np.eye(size)
    for x, target in zip(xs, targets, strict=True):
        source = np.concatenate([x, h, [1]])
        new = np.tanh(np.concatenate([w, u, b[:, None]], axis=1) @ source)
        s = (1 - new**2)[:, None, None] * (np.einsum("kl,lij->kij", u, s) + np.eye(n)[:, :, None] * source)
        h = new
        if np.isnan(target).any():
            continue
        through = np.einsum("ok,kij->oij", v, s)
        parts = through[:, :, :m], through[:, :, m : m + n], through[:, :, -1], np.kron(np.eye(2), h), np.eye(2)
        rows = np.concatenate([part.reshape(2, -1) for part in parts], axis=1)
        gain = p @ rows.T @ np.linalg.inv(rows @ p @ rows.T + 0.5 * np.eye(2))
        moved = gain @ (target - v @ h - c)
        p = p - gain @ rows @ p + 0.01 * np.eye(size)
        w, u, b, v, c = (
            old + change.reshape(old.shape)
            for old, change in zip((w, u, b, v, c), np.split(moved, [9, 18, 21, 27]), strict=True)
        )
    return np.concatenate([part.reshape(-1) for part in (w, u, b, v, c)]), p


def test_at_every_step_it_filters_with_the_sensitivities_of_1989(float64):
    random = np.random.default_rng(0)
    xs, targets = random.normal(size=(1, 7, 3)), random.normal(size=(7, 2))
    targets[2] = np.nan
    whole = elman()
    names = [path[-1].name for path, _ in jax.tree_util.tree_flatten_with_path(split(whole)[0])[0]]
    assert names == ["input_weights", "recurrent_weights", "bias", "weights", "bias"]
    data = Examples(Sequences(xs), StepTargets(targets, np.array([7])))
    learner = Learner(RTRL(), KalmanFilter(10.0, 0.5, 0.01), Step())
    trained = fit(whole, learner, data, loss=SquaredError(), until=Until(1))
    moved, p = filtered_elman(whole, xs[0], targets)
    np.testing.assert_allclose(flat(trained.networks[0]), moved, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(trained.memory.covariance[0, 0], p, rtol=1e-7, atol=1e-9)
    assert trained.memory.updates[0] == 6


@pytest.mark.parametrize("dtype, scale, noise", [(np.float32, 1.0, 1.0), (np.float64, 100.0, 0.1)])
def test_the_covariance_stays_symmetric_and_positive(dtype, scale, noise):
    # All measurements lie in 3 of 12 dimensions, so that others stay as uncertain as they were.
    some = scale * np.random.default_rng(0).normal(size=(3, 12))

    @jax.jit
    def many(p):
        def step(p, key):
            rows = (jax.random.normal(key, (2, 3), dtype) @ jnp.asarray(some, dtype))[None]
            return correct(p, rows, jnp.zeros(2, dtype), jnp.asarray(noise, dtype))[0], None

        return jax.lax.scan(step, p, jax.random.split(KEY, 10_000))[0]

    with jax.enable_x64(dtype is np.float64):
        p = np.asarray(many(100 * jnp.eye(12, dtype=dtype)[None])[0])
    assert p.dtype == dtype
    np.testing.assert_array_equal(p, p.T)
    sizes = np.linalg.eigvalsh(p.astype(float))
    assert sizes[0] > 0
    np.testing.assert_allclose(sizes[3:], 100, rtol=1e-4)


def test_a_member_is_filtered_as_it_is_alone():
    data = recall(8, uneven=True)
    numbers = {"uncertainty": [1.0, 10.0, 100.0], "process_noise": [0.0, 1e-4, 1e-3]}
    together = KalmanFilter(**numbers, measurement_noise=Annealed([9.0, 5.0, 1.0], 0.5, [3, 4, 5]))
    until, one = Until(epochs=2), {"buckets": 1}
    three = fit(population(), by(together, 4), data, until=until, **one)
    alone = KalmanFilter(100.0, Annealed(1.0, 0.5, 5), 1e-3)
    assert_same(members(three, 2), members(fit(population(), by(alone, 4), data, until=until, **one), 2))


def test_it_recalls_after_one_look():
    train, test = recall(48, steps=6), recall(100, steps=6, seed=1)
    update = KalmanFilter(10.0, Annealed(10.0, 0.1, 100), 1e-5)
    solution = fit(population(8), Learner(BPTT(), update, Sequence()), train, until=Until(epochs=4))
    right = (answers(solution.networks, test.xs).argmax(axis=2) == test.targets).mean(axis=1)
    assert np.mean(right) >= 0.9
    assert all(np.isfinite(leaf).all() for leaf in weights(solution))


class Other(Loss):
    def __call__(self, answer, targets):
        return jnp.square(answer.at_end()).sum(axis=-1)


def test_what_it_cannot_do_is_told():
    with pytest.raises(InvalidInput, match="KalmanFilter needs jacobian, which UORO does not give"):
        Learner(UORO(), KalmanFilter(), Sequence())
    large = Network(Elman(30, 50, key=KEY), Readout(50, 2, key=KEY))
    with pytest.raises(InvalidInput, match=r"4,152 weights.*DecoupledKalmanFilter"):
        KalmanFilter().init(large)
    with pytest.raises(InvalidInput, match=r"SquaredError\(\).*Other does not say it"):
        fit(population(), by(KalmanFilter()), recall(), loss=Other(), until=Until(1))
    with pytest.raises(InvalidInput, match="got 2 numbers for a population of 3"):
        fit(population(), by(KalmanFilter(measurement_noise=Annealed([1.0, 2.0], 1.0, 5))), recall(), until=Until(1))


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: KalmanFilter(uncertainty=0.0), "uncertainty=0.0; expected positive"),
        (lambda: KalmanFilter(measurement_noise=[1.0, -1.0]), "measurement_noise=.*positive"),
        (lambda: KalmanFilter(process_noise=-1.0), "process_noise=-1.0.*at least 0"),
        (lambda: KalmanFilter(process_noise="small"), "process_noise='small'"),
        (lambda: KalmanFilter(uncertainty=Annealed(1.0, 2.0, 3)), "uncertainty is that of the start"),
        (lambda: Annealed(1.0, 0.0, 3), "end=0.0"),
        (lambda: Annealed(1.0, 1.0, 0.5), "updates=0.5; expected at least 1"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(make, words):
    with pytest.raises(InvalidInput, match=words):
        make()


def test_an_annealed_number_goes_evenly_and_stays():
    falls = Annealed(100.0, 1.0, 4)
    np.testing.assert_allclose([float(falls(k)) for k in range(6)], [100, 10**1.5, 10, 10**0.5, 1, 1], rtol=1e-6)
