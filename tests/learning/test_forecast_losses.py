"""Losses of quantiles and of means with deviations, against scikit-learn and SciPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import mean_pinball_loss

from mnemon.errors import InvalidInput
from mnemon.layers import Answer
from mnemon.learning import GaussianLikelihood, Pinball, StepTargets

RNG = np.random.default_rng(0)
QUANTILES = (0.1, 0.5, 0.8)
SAID, WANTED = RNG.normal(size=(4, 5, 6)), RNG.normal(size=(4, 5, 3))
MARKS = np.arange(5) < np.array([5, 1, 3, 4])[:, None]
ASKED = MARKS & (np.arange(5) != 2)


def pinball(said, wanted):
    """Two series of three quantiles; one number."""
    said, wanted = said.reshape(-1, 2, 3), wanted.reshape(-1, 2)
    return np.mean([mean_pinball_loss(wanted, said[..., j], alpha=q) for j, q in enumerate(QUANTILES)])


def likelihood(said, wanted, least=0.01):
    return -norm.logpdf(wanted, said[..., :3], least + np.exp(said[..., 3:])).mean()


CASES = {"pinball": (Pinball(QUANTILES), pinball, 2), "Gaussian": (GaussianLikelihood(0.01), likelihood, 3)}


@pytest.mark.parametrize("name", CASES)
def test_reference_values(name, float64):
    loss, reference, series = CASES[name]
    wanted = WANTED[..., :series]
    ends = loss(Answer(jnp.asarray(SAID[:, 0]), None), jnp.asarray(wanted[:, 0]))
    np.testing.assert_allclose(ends, [reference(s, w) for s, w in zip(SAID[:, 0], wanted[:, 0])], rtol=1e-12)
    answer = Answer(jnp.asarray(SAID), jnp.asarray(MARKS))
    replicated = loss(answer, jnp.asarray(wanted[:, 0]))
    each = [reference(SAID[k, m], np.tile(wanted[k, 0], (m.sum(), 1))) for k, m in enumerate(MARKS)]
    np.testing.assert_allclose(replicated, each, rtol=1e-12)
    last = MARKS.sum(axis=1) - 1
    scores = [-reference(SAID[k, t], wanted[k, 0]) for k, t in enumerate(last)]
    np.testing.assert_allclose(loss.score(answer, jnp.asarray(wanted[:, 0])), scores, rtol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_steps_that_are_not_asked_for_cost_nothing(name, float64):
    loss, reference, series = CASES[name]
    targets = jnp.asarray(np.where(ASKED[..., None], WANTED[..., :series], np.nan))

    def cost(values):
        return loss(Answer(values, jnp.asarray(MARKS)), targets)

    wild = jnp.asarray(np.where(ASKED[..., None], SAID, np.inf))
    each = [reference(SAID[k, asked], WANTED[k, asked, :series]) for k, asked in enumerate(ASKED)]
    np.testing.assert_allclose(cost(wild), each, rtol=1e-12)
    slopes = np.asarray(jax.grad(lambda values: cost(values).sum())(wild))
    assert not slopes[~ASKED].any()
    assert np.isfinite(slopes).all()
    assert np.abs(slopes[ASKED]).min() > 0
    np.testing.assert_allclose(loss.score(Answer(jnp.asarray(SAID), jnp.asarray(MARKS)), targets), -np.array(each))


def test_the_best_constant_is_the_quantile(float64):
    """What the pinball loss is for: of 9 numbers, the quantile 1/4 is the third smallest."""
    numbers = RNG.normal(size=9)
    costs = [float(Pinball((0.25,))(Answer(jnp.full((9, 1), c), None), jnp.asarray(numbers)[:, None]).mean())
             for c in numbers]  # fmt: skip
    assert numbers[np.argmin(costs)] == np.sort(numbers)[2]


def test_a_deviation_is_never_too_small_and_still_has_a_slope():
    loss = GaussianLikelihood(0.5)

    def cost(log):
        return loss(Answer(jnp.stack([jnp.zeros(()), log])[None], None), jnp.full((1, 1), 3.0))[0]

    for log in (-200.0, 200.0):
        assert float(cost(log)) == pytest.approx(-norm.logpdf(3, 0, 0.5) if log < 0 else 200 + 0.9189385, rel=1e-6)
    assert float(jax.grad(cost)(-8.0)) < -1e-3  # too sure: down with the cost, up with the deviation
    assert np.isfinite(jax.grad(cost)(-200.0))


def test_targets_are_checked():
    good = StepTargets(np.ones((6, 2)), np.array([4, 2]))
    Pinball(QUANTILES).check_targets(good, 6)
    GaussianLikelihood().check_targets(good, 4)
    Pinball(QUANTILES).check_targets(np.ones((3, 1)), 3)
    for loss, outputs, said in (
        (Pinball(QUANTILES), 4, "4 outputs, which are not 3 quantiles of each of some series"),
        (
            Pinball(QUANTILES),
            3,
            r"Pinball needs numbers \(n, 1\), one for each series .* of shape \(6, 2\)",
        ),
        (GaussianLikelihood(), 3, "expected a mean and a deviation of each series"),
        (GaussianLikelihood(), 2, r"GaussianLikelihood needs numbers \(n, 1\)"),
    ):
        with pytest.raises(InvalidInput, match=said):
            loss.check_targets(good, outputs)
    with pytest.raises(InvalidInput, match="Pinball: no step has a target"):
        Pinball((0.5,)).check_targets(StepTargets(np.full((2, 1), np.nan), np.array([2])), 1)
    with pytest.raises(InvalidInput, match="GaussianLikelihood: the targets hold NaN or infinity"):
        GaussianLikelihood().check_targets(np.full((2, 1), np.nan), 2)


def test_numbers_that_make_no_sense():
    for quantiles in ((), (0.0, 0.5), (0.5, 0.5), (0.9, 0.1), (0.5, 1.0)):
        with pytest.raises(InvalidInput, match=r"expected shares in \(0, 1\), the smallest first"):
            Pinball(quantiles)
    for least in (0.0, -1.0, float("inf")):
        with pytest.raises(InvalidInput, match="expected a positive deviation"):
            GaussianLikelihood(least)
