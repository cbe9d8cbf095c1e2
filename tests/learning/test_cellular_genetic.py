"""The grid: who breeds with whom, what children are made of, which of them live, and what they inherit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from searches import by, least_squares, search, three
from toys import FEATURES, UNITS, assert_near, assert_same, differ, members, population, recall, weights

from mnemon.errors import InvalidInput
from mnemon.learning import (
    BPTT,
    Batch,
    CellularGenetic,
    CrossEntropy,
    Learner,
    Loss,
    NoGradient,
    Optax,
    Population,
    RandomGuessing,
    Until,
    train,
)
from mnemon.learning.updates._candidates import as_vector, rows_of
from mnemon.learning.updates._cellular_genetic import neighbours


def test_the_grid_has_no_edges():
    near = neighbours(3, 4)
    assert near[0].tolist() == [8, 4, 3, 1]  # above, below, left, right of the first corner
    assert near[11].tolist() == [7, 3, 10, 8]
    assert near[5].tolist() == [1, 9, 4, 6]
    for one, others in enumerate(near):
        assert all(one in near[other] for other in others)
    assert neighbours(1, 5).tolist() == [[4, 1], [0, 2], [1, 3], [2, 4], [3, 0]]
    assert neighbours(4, 1).tolist() == [[3, 1], [0, 2], [1, 3], [2, 0]]


class Indifferent(Loss):
    """All networks cost the same, so that every child lives."""

    def __call__(self, answer, targets):
        return 0 * answer.values[:, 0]


def generation(update, **how):
    """Residents before and after one more generation, of member 1 of three."""
    how = {"data": recall(), "loss": Indifferent(), "gradient": NoGradient()} | how
    learner = Learner(how["gradient"], update, Batch(None))
    call = {"loss": how["loss"], "until": Until(1)}
    first = train(population(), learner, how["data"], **call)
    second = train(first.networks, learner, how["data"], memory=first.memory, **call)
    return np.asarray(first.memory.residents[1]), np.asarray(second.memory.residents[1]), first, second


def test_units_of_a_child_come_from_its_point_or_one_next_to_it():
    before, after, *_ = generation(CellularGenetic((3, 4), crossover=1.0, mutation=0.0))
    rows, near = rows_of(population()[0]), neighbours(3, 4)
    assert rows.tolist()[: UNITS * FEATURES + 1 : FEATURES] == [0, 1, 2, 3, 4]  # a row is a unit
    foreign = 0
    for point in range(12):
        mates, crossed = set(near[point]), False
        for row in range(rows.max() + 1):
            here = rows == row
            if (after[point, here] != before[point, here]).any():
                mates &= {k for k in near[point] if (after[point, here] == before[k, here]).all()}
                crossed = True
        assert mates  # one neighbour has all that the resident had not
        foreign += crossed
    assert foreign > 8


def test_mutations_are_as_many_and_as_large_as_asked():
    before, after, *_ = generation(CellularGenetic((3, 4), crossover=0.0, mutation=0.25, deviation=0.5))
    moved = after != before
    assert abs(moved.mean() - 0.25) < 3 * np.sqrt(0.25 * 0.75 / moved.size)
    steps = (after - before)[moved]
    assert abs(steps.std() - 0.5) < 3 * 0.5 / np.sqrt(2 * steps.size)
    assert abs(steps.mean()) < 3 * 0.5 / np.sqrt(steps.size)


def test_nothing_crossed_nothing_moved():
    before, after, first, second = generation(CellularGenetic((3, 4), crossover=0.0, mutation=0.0, start=0.7))
    assert_same([after], [before])
    start = np.asarray(as_vector(population()[1])[0])
    assert_same([before[0]], [start])
    assert abs((before[1:] - start).std() - 0.7) < 0.07
    assert [result.evaluations for result in first.results] == [24] * 3
    assert_same(weights(second), weights(first))


def test_no_child_lives_that_is_worse():
    update = CellularGenetic((3, 4), mutation=0.5)
    loss, data = CrossEntropy(), recall()
    before, after, _, second = generation(update, loss=loss)
    _, rebuild = as_vector(population()[1])
    xs, targets = jnp.asarray(data.xs.pad(dtype=np.float32)[0]), jnp.asarray(data.targets)
    cost = jax.jit(jax.vmap(lambda vector: loss(rebuild(vector)(xs), targets).mean()))
    old, new = np.asarray(cost(before)), np.asarray(cost(after))
    assert (new <= old + 1e-6).all()
    assert ((new < old) == (before != after).any(axis=1)).all()
    assert (new < old).any()
    assert not (new < old).all()
    assert_near([second.history["loss"][0, 1]], [new.min()])
    assert_same([as_vector(second.networks[1])[0]], [after[new.argmin()]])


def test_what_a_child_learns_is_inherited():
    """Without crossing and moving, the first point is gradient descent."""
    update = CellularGenetic((1, 3), crossover=0.0, mutation=0.0, learn=Optax("sgd", 0.1))
    _, after, _, second = generation(update, loss=CrossEntropy(), gradient=BPTT())
    plain = train(
        population(), Learner(BPTT(), Optax("sgd", 0.1), Batch(None)), recall(), loss=CrossEntropy(), until=Until(2)
    )
    assert_near([after[0]], [as_vector(plain.networks[1])[0]])
    assert [result.evaluations for result in second.results] == [9] * 3
    with pytest.raises(InvalidInput, match="CellularGenetic needs gradient, which NoGradient does not give"):
        by(update)


def test_it_goes_to_least_squares_and_a_member_is_a_search_of_its_own():
    update = CellularGenetic((5, 5), mutation=0.4, deviation=[0.2, 0.2, 0.1])
    whole, again = search(update, epochs=60), search(update, epochs=60)
    for network, value in zip(whole.networks, whole.history["loss"][-1]):
        assert value == pytest.approx(least_squares(network)[1], rel=0.02)
    assert (np.diff(whole.history["loss"], axis=0) <= 1e-6).all()
    assert_same(weights(whole), weights(again))
    part = Population(jax.tree.map(lambda leaf: leaf[1:2], three().stacked), three().seeds[1:2])
    alone = search(CellularGenetic((5, 5), mutation=0.4, deviation=0.2), part, epochs=60, width=8)
    assert_same(weights(alone), members(whole, slice(1, 2)))
    assert differ(members(whole, 0), members(whole, 1))


def test_what_is_not_finite_never_lives():
    """Residents far beyond what can be squared, but for the first; children of theirs are no better."""
    solution = search(CellularGenetic((5, 5), mutation=0.4, start=1e38), epochs=10)
    assert np.isfinite(solution.history["loss"]).all()
    assert (solution.history["loss"][-1] < solution.history["loss"][0]).all()
    assert (np.abs(solution.memory.residents[:, 0]) < 10).all()


def test_the_classes_of_a_recall_are_learnt():
    learner = Learner(NoGradient(), CellularGenetic((3, 4)), Batch(None))
    solution = train(population(), learner, recall(), loss=CrossEntropy(), until=Until(60))
    assert (solution.history["loss"][-1] < 0.3).all()


WRONG = {
    "two points": (lambda: CellularGenetic((1, 2)), r"grid=\(1, 2\)\): expected a pair of rows and columns, three"),
    "one number": (lambda: CellularGenetic(9), "grid=9"),
    "three sides": (lambda: CellularGenetic((2, 2, 2)), "grid="),
    "more than always": (lambda: CellularGenetic(crossover=1.5), "crossover=1.5.*at most 1"),
    "less than never": (lambda: CellularGenetic(mutation=-0.1), "mutation=-0.1.*at least 0"),
    "no move": (lambda: CellularGenetic(deviation=0.0), "deviation=0.0.*above 0"),
    "learns by searching": (lambda: CellularGenetic(learn=RandomGuessing()), "RandomGuessing needs none"),
    "too few": (lambda: search(CellularGenetic(start=[1.0, 2.0]), three(), 1), "start has 2 numbers"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
def test_mistakes_are_told(mistake):
    make, words = WRONG[mistake]
    with pytest.raises(InvalidInput, match=words):
        make()
