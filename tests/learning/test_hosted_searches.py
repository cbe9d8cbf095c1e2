"""What a search that is driven by Python is held to: budget, criterion, patience, watchers, validation; and CMA-ES."""

import builtins

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from searches import DATA, TARGETS, XS, fixed_layer, least_squares, readout_of, three
from toys import assert_same, differ, members, recall, weights
from toys import population as classifiers

from mnemon.errors import InvalidInput
from mnemon.learning import (
    BUDGET,
    NONFINITE,
    REACHED,
    STALLED,
    STOPPED,
    CmaEs,
    CrossEntropy,
    Examples,
    Generation,
    Hosted,
    Population,
    SquaredError,
    Until,
    answers,
    train,
)


class Script(Hosted):
    """Says these losses, generation after generation; its networks answer by the generation's number."""

    losses: tuple[float, ...] = eqx.field(static=True)

    def generations(self, network, buckets, loss, seed):
        for number, value in enumerate(self.losses, 1):
            parts = lambda n: (n.readout.weights, n.readout.bias)  # noqa: E731
            yield Generation(eqx.tree_at(parts, network, (jnp.zeros((1, 2)), jnp.full(1, float(number)))), value, 7)


def run(losses, until, networks=None, **how):
    people = three() if networks is None else networks
    return train(people, Script(losses), DATA, loss=SquaredError(), until=until, **how)


def said(solution):
    return answers(solution.networks, XS)[:, 0, 0].tolist()


def test_budget_and_exhaustion():
    spent = run((5.0, 4.0, 3.0, 2.0), Until(3))
    assert [(r.code, r.epochs, r.evaluations, r.sequences, r.best) for r in spent.results] == [
        (BUDGET, 3, 21, 210, 3)
    ] * 3
    assert said(spent) == [3, 3, 3]
    assert_same([spent.history["loss"], spent.history["epoch"]], [np.array([[5.0] * 3, [4] * 3, [3] * 3]), [1, 2, 3]])
    ended = run((5.0, 4.0), Until(9))
    assert {r.code for r in ended.results} == {STALLED}
    assert ended.results[0].sentence == "stopped improving"


def test_the_criterion_may_be_one_a_network():
    solution = run((5.0, 4.0, 3.0, 2.0), Until(4, loss=(4.5, 2.5, 0.1)))
    assert [(r.code, r.epochs) for r in solution.results] == [(REACHED, 2), (REACHED, 4), (BUDGET, 4)]
    assert said(solution) == [2, 4, 4]
    assert np.isnan(solution.history["loss"]).sum() == 2


def test_patience_and_what_is_not_finite():
    waited = run((5.0, 6.0, 4.0, 4.0, 4.0, 1.0), Until(9, patience=2))
    assert [(r.code, r.epochs, r.best_epoch) for r in waited.results] == [(STALLED, 5, 3)] * 3
    broken = run((5.0, np.nan, 1.0), Until(9, loss=2.0))
    assert [(r.code, r.epochs) for r in broken.results] == [(NONFINITE, 1)] * 3
    assert said(broken) == [1, 1, 1]
    never = run((np.inf,), Until(9))
    assert (never.results[0].epochs, never.results[0].best) == (0, np.inf)
    assert_same(weights(never), weights(three()))


def test_validation_is_watched_and_the_best_restored():
    """Networks answer 1, 2, 3, ...: the one that answers 2 is best on targets of 2."""
    judge = Examples(XS, np.full((10, 1), 2.0))
    solution = run((5.0, 4.0, 3.0, 2.0, 1.0), Until(9, patience=2), validation=judge)
    assert_same([solution.history["validation_loss"][:, 0]], [np.array([1.0, 0, 1, 4])])
    assert_same([solution.history["validation_score"][:, 0]], [-np.array([1.0, 0, 1, 4])])
    assert said(solution) == [2, 2, 2]
    assert [(r.code, r.best_epoch, r.best) for r in solution.results] == [(STALLED, 2, 0)] * 3
    assert said(run((5.0, 4.0, 3.0), Until(9, restore_best=False), validation=judge)) == [3, 3, 3]
    by_score = run((5.0, 4.0, 3.0), Until(9, score=-0.5), validation=judge)
    assert [(r.code, r.epochs) for r in by_score.results] == [(REACHED, 2)] * 3


def test_a_watcher_sees_each_generation_and_may_end_all():
    seen = []

    def watch(now):
        seen.append((now.epoch, now.epochs, now.loss, now.validation_loss, now.active, now.members))
        return len(seen) == 3

    solution = run((5.0, 4.0), Until(2), progress=watch)
    assert seen == [(1, 2, 5.0, None, 3, 3), (2, 2, 4.0, None, 3, 3), (1, 2, 5.0, None, 2, 3)]
    assert [(r.code, r.epochs) for r in solution.results] == [(BUDGET, 2), (STOPPED, 1), (STOPPED, 0)]
    assert_same(members(solution, 2), members(three(), 2))


def test_wrong_criteria_are_told():
    right = lambda answers, targets: True  # noqa: E731
    with pytest.raises(InvalidInput, match="Script tries whole networks; give it loss="):
        run((1.0,), Until(2, streak=3, right=right))
    with pytest.raises(InvalidInput, match="judged on validation data, and there are none"):
        run((1.0,), Until(2, score=0.5))
    with pytest.raises(InvalidInput, match="got 2 numbers for a population of 3"):
        run((1.0,), Until(2, loss=(1.0, 2.0)))


@pytest.mark.slow
def test_cma_es_goes_to_least_squares(float64):
    pytest.importorskip("cmaes", reason="the extra 'evolution' is not installed")
    people = Population.make(fixed_layer, 2, 0)
    solution = train(people, CmaEs(0.5), DATA, loss=SquaredError(), until=Until(120))
    for network, result in zip(solution.networks, solution.results):
        weights_, rest = least_squares(network)
        np.testing.assert_allclose(readout_of(network), weights_, atol=1e-6)
        assert result.best == pytest.approx(rest, rel=1e-9)
        assert result.evaluations == 7 * result.epochs + 1  # 4 + 3 log 3
    np.testing.assert_allclose(np.square(answers(solution.networks, XS) - TARGETS).mean(axis=(1, 2)), [
        result.best for result in solution.results
    ])  # fmt: skip


def test_cma_es_learns_uneven_sequences_and_a_member_is_a_search_of_its_own():
    pytest.importorskip("cmaes", reason="the extra 'evolution' is not installed")
    data, until = recall(24, uneven=True), Until(60, loss=0.1)
    how = {"loss": CrossEntropy(), "until": until}
    whole = train(classifiers(2), CmaEs(0.5), data, **how)
    assert all(result.reached for result in whole.results)
    assert (np.diff(whole.history["loss"][:, 0][: whole.results[0].epochs]) <= 0).all()
    assert differ(members(whole, 0), members(whole, 1))
    one = Population(jax.tree.map(lambda leaf: leaf[1:2], classifiers(2).stacked), classifiers(2).seeds[1:2])
    alone = train(one, CmaEs(0.5), data, **how)
    assert_same(weights(alone), members(whole, slice(1, 2)))


def test_without_its_package_cma_es_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *how):
        if name == "cmaes":
            raise ImportError
        return real(name, *how)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InvalidInput, match=r'CmaEs: needs the package cmaes: pip install "mnemon\[evolution\]"'):
        train(three(), CmaEs(), DATA, loss=SquaredError(), until=Until(1))


@pytest.mark.parametrize("make, words", [
    (lambda: CmaEs(0.0), "deviation=0.0.*above 0"),
    (lambda: CmaEs(offspring=1), "offspring=1.*at least 2"),
])  # fmt: skip
def test_mistakes_are_told(make, words):
    with pytest.raises(InvalidInput, match=words):
        make()
