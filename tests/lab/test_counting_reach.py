"""How far a network counts: counters written by hand, whose N follows from their steps."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mnemon.lab import _counting
from mnemon.lab._counting import CountingRun, FurtherRun
from mnemon.lab._counting_reach import PIECE, accepts, reach
from mnemon.problems import CountingLanguage

AB = CountingLanguage("ab")


def counter(down):
    """One cell that goes up by 1 at an a and down by `down` at a b, and stays at S; outputs look whether it is empty.

    Gates are open as far as numbers go. Of the outputs, a is told by the input, b and the end by s above or below 1/2.
    """
    network: Any = CountingRun("", "ab", 10).network(jax.random.key(0))
    cell, readout = network.layers.layers[0].cell, network.readout
    gates, up = np.array([0.0, 0.0, 0.0]), np.array([0.5, -down / 2, 0.0])
    values = (
        jnp.asarray(np.stack([gates, gates, gates, up]), cell.input_weights.dtype),
        jnp.zeros_like(cell.recurrent_weights),
        jnp.asarray([50.0, 50.0, 50.0, 0.5 - down / 2], cell.bias.dtype),
        jnp.zeros_like(cell.peepholes),
        jnp.asarray([[0, 0, -1.0, 0], [1, 0, 0, 0], [-1, 0, 0, 0]], cell.bias.dtype),  # of s, then of a, b, S
        jnp.asarray([0, -0.5, 0.5], cell.bias.dtype),
    )

    def parts(n):
        inner, outer = n.layers.layers[0].cell, n.readout
        own = (inner.input_weights, inner.recurrent_weights, inner.bias, inner.peepholes)
        return (*own, outer.weights, outer.bias)

    assert readout.weights.shape == (3, 4)
    return eqx.tree_at(parts, network, values)


@pytest.mark.parametrize(("down", "most"), [(1.11, 5), (1.04, 13), (0.89, 4), (0.97, 16)])
def test_a_counter_of_unequal_steps_counts_as_far_as_they_let_it(down, most):
    # Too long a step down is empty one b early: 1 - (n - 1) (down - 1) < 1/2; too short a one is not empty at the end.
    assert reach(counter(down), AB, 40) == most
    assert [accepts(counter(down), AB, n) for n in range(1, most + 4)] == [n <= most for n in range(1, most + 4)]


def test_an_exact_counter_counts_as_far_as_it_is_asked():
    assert reach(counter(1.0), AB, 70) == 70
    assert accepts(counter(1.0), AB, 2 * PIECE + 7)
    assert not accepts(counter(1.0 + 1e-3), AB, PIECE)


@dataclass(frozen=True)
class Counter(FurtherRun):
    """A counter that is right from the start, and goes on."""

    def network(self, key):
        return counter(1.04)


def test_a_network_that_is_accepted_goes_on_as_it_is_with_other_strings(monkeypatch):
    calls = []

    def watched(population, learner, data, **how):
        solution = _counting_train(population, learner, data, **how)
        calls.append((population, how.get("memory"), solution))
        return solution

    _counting_train = _counting.train
    monkeypatch.setattr(_counting, "train", watched)
    # So small a rate changes nothing: N stays.
    run = Counter("", "ab", 3, rate=1e-30, strings=4, budget=8, tested=20, further=8, turn=4)
    first, second = run.train([0, 2], seed=1, checkpoint=None)
    for record, member in ((first, 0), (second, 2)):
        assert (record["network"], record["success"], record["sequences"]) == (member, True, 4)
        assert record["reaches"] == [13, 13, 13]
        assert record["reach"] == 13
    assert len(calls) == 3
    for turn, ((_, _, before), (population, memory, _)) in enumerate(pairwise(calls), 1):
        assert memory is before.memory
        assert population.stacked is before.networks.stacked
        np.testing.assert_array_equal(population.seeds, calls[0][0].seeds + np.uint32(turn))
