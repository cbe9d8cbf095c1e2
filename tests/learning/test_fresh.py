"""New sequences every epoch, and success by a streak of right answers."""

from dataclasses import dataclass

import jax
import numpy as np
import pytest
from toys import assert_same, by, fit, network, weights

from mnemon.errors import InvalidInput
from mnemon.learning import BUDGET, REACHED, Examples, Fresh, Optax, Population, SquaredError, Store, Until, train
from mnemon.problems import Adding, Sample
from mnemon.sequences import Sequences


@dataclass(frozen=True)
class First:
    """Which of two values a sequence's first step shows, as classes."""

    steps: int = 5

    @property
    def longest(self):
        return self.steps

    def sample(self, key, n):
        random = np.random.default_rng(np.asarray(jax.random.key_data(key)))
        classes = random.integers(0, 2, n)
        lengths = random.integers(2, self.steps + 1, n)
        values = 0.3 * random.normal(size=(n, self.steps, 3))
        values[:, 0, 0] = 2 * classes - 1
        return Sample(Sequences([v[:t] for v, t in zip(values, lengths)]), classes)

    def right(self, answers, targets):
        return answers.argmax(axis=-1) == targets


PROBLEM = First()
DATA = Fresh(PROBLEM, 40)
LEARNER = by(Optax("sgd", 0.1), size=1)


def go(members=6, **how):
    how = {"until": Until(epochs=20)} | how
    return fit(Population.make(network, members, 0), LEARNER, DATA, **how)


def test_each_network_and_each_epoch_has_sequences_of_its_own():
    same, other, later = DATA.examples(1, 0), DATA.examples(2, 0), DATA.examples(1, 1)
    assert_same([same.xs.values], [DATA.examples(1, 0).xs.values])
    assert not np.array_equal(same.xs.values, other.xs.values)
    assert not np.array_equal(same.xs.values, later.xs.values)


def test_an_epoch_of_fresh_sequences_is_an_epoch_of_those_sequences():
    population = Population.make(network, 3, 0)
    drawn = [DATA.examples(int(seed), 0) for seed in population.seeds]
    for data in (DATA, drawn):
        solution = fit(population, LEARNER, data, until=Until(epochs=1))
        if data is DATA:
            fresh = solution
    assert_same(weights(solution), weights(fresh))


def test_networks_learn_from_what_is_never_shown_twice():
    losses = go().history["loss"]
    assert (losses[-3:].mean(axis=0) < 0.1 * losses[0]).all()


def test_a_streak_ends_training_at_its_sequence():
    until = Until(epochs=200, streak=60, right=PROBLEM.right)
    solution = go(until=until)
    assert {result.code for result in solution.results} == {REACHED}
    assert all(result.sequences >= 60 for result in solution.results)
    assert any(result.sequences % 40 for result in solution.results)
    # What ended there had been right so often: counted again, sequence by sequence.
    for member, result in enumerate(solution.results):
        whole, rest = divmod(result.sequences, 40)
        assert result.epochs == whole + bool(rest)
        before = go(until=Until(epochs=whole)) if whole else None
        assert before is None or before.results[member].code == BUDGET


def test_a_streak_that_is_never_reached_spends_the_budget():
    until = Until(epochs=3, streak=500, right=PROBLEM.right)
    assert {result.code for result in go(until=until).results} == {BUDGET}


def test_wrong_answers_begin_a_streak_anew():
    always = go(until=Until(epochs=9, streak=50, right=lambda answers, targets: targets == targets))
    never = go(until=Until(epochs=9, streak=1, right=lambda answers, targets: targets != targets))
    assert {(result.code, result.sequences) for result in always.results} == {(REACHED, 50)}
    assert {(result.code, result.sequences) for result in never.results} == {(BUDGET, 360)}


def test_resumed_is_unbroken(tmp_path):
    until = {"streak": 300, "right": PROBLEM.right}
    whole, store = go(until=Until(epochs=12, **until)), Store(tmp_path / "a.safetensors", every=0)
    go(until=Until(epochs=5, **until), store=store)
    parts = go(until=Until(epochs=12, **until), store=store)
    assert_same(weights(parts), weights(whole))
    assert parts.results == whole.results


def test_another_problem_is_another_training(tmp_path):
    store = Store(tmp_path / "a.safetensors", every=0)
    go(until=Until(epochs=2), store=store)
    with pytest.raises(InvalidInput, match="another training"):
        fit(Population.make(network, 6, 0), LEARNER, Fresh(PROBLEM, 41), until=Until(epochs=3), store=store)


def test_numbers_of_the_adding_problem_stay_in_its_length():
    problem = Adding(20)
    examples = Fresh(problem, 50).examples(3, 2)
    assert isinstance(examples, Examples)
    assert examples.xs.lengths.max() <= problem.longest == 22


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: Fresh(PROBLEM, 0), "sequences=0"),
        (lambda: Until(streak=0, right=PROBLEM.right), "streak=0"),
        (lambda: Until(streak=5), "right="),
        (lambda: Until(right=PROBLEM.right), "streak="),
        (lambda: Until(streak=5, right=PROBLEM.right, loss=0.1), "at most one"),
        (lambda: Until(score=0.9, loss=0.1), "at most one"),
    ],
)
def test_what_makes_no_sense_is_refused(make, words):
    with pytest.raises(InvalidInput, match=words):
        make()


def test_a_loss_that_does_not_fit_is_refused():
    with pytest.raises(InvalidInput, match="SquaredError needs numbers"):
        train(Population.make(network, 2, 0), LEARNER, DATA, loss=SquaredError(), until=Until(epochs=1))


def test_a_score_on_other_sequences_can_be_the_criterion():
    other = DATA.examples(99, 0)
    solution = go(until=Until(epochs=50, score=0.95), validation=other)
    assert {result.code for result in solution.results} == {REACHED}
    scores = solution.history["validation_score"]
    for member, result in enumerate(solution.results):
        assert scores[result.epochs - 1, member] >= 0.95
        assert (scores[: result.epochs - 1, member] < 0.95).all()


def test_a_score_needs_other_sequences():
    with pytest.raises(InvalidInput, match="there are none"):
        go(until=Until(epochs=50, score=0.95))
