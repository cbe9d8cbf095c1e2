"""Counting with the decoupled filter, string after string, equals the published recursions written out in numpy."""

from typing import Any

import numpy as np
import pytest

from mnemon.lab._counting import CountingRun
from mnemon.lab._next_symbols import JudgedSquares
from mnemon.learning import (
    Annealed,
    DecoupledKalmanFilter,
    Fresh,
    Learner,
    Population,
    Step,
    Truncated1997,
    Until,
    train,
)
from mnemon.problems import CountingLanguage

LANGUAGE = CountingLanguage("abc", most=4)
BLOCKS, SYMBOLS = 2, 4
START, FIRST, LAST, OVER, PROCESS = 100.0, 100.0, 1.0, 20, 0.005


def logistic(x):
    return 1 / (1 + np.exp(-x))


class Published:
    """Weights by group: of each block the input, forget and output gate (inputs, cells, bias, peephole) and the cell
    (without the peephole); then of each output (inputs, cells, bias).

    Perez-Ortiz and others 2003, with the traces of 1997 as a forget gate multiplies them; no error through peepholes.
    """

    def __init__(self, network):
        cell, readout = network.layers.layers[0].cell, network.readout
        everything = np.concatenate([cell.input_weights, cell.recurrent_weights, cell.bias[:, None]], axis=1)
        seen = np.asarray(cell.peepholes)
        self.groups = [
            np.append(everything[k * BLOCKS + b], seen[k, b] if k < 3 else []) for b in range(BLOCKS) for k in range(4)
        ]
        said, shown = readout.weights[:, :BLOCKS], readout.weights[:, BLOCKS:]
        self.groups += list(np.concatenate([shown, said, readout.bias[:, None]], axis=1))
        self.p = [START * np.eye(len(group)) for group in self.groups]
        self.updates = 0

    def read(self, xs, targets):
        """One string, with an update after each step."""
        s, y = np.zeros((2, BLOCKS))
        traces = [[np.zeros_like(self.groups[4 * b + k]) for k in (0, 1, 3)] for b in range(BLOCKS)]
        for x, d in zip(xs, targets, strict=True):
            v = np.concatenate([x, y, [1.0]])
            by_output = []  # of each block: dy/dw of its four groups
            for b in range(BLOCKS):
                w_in, w_forget, w_out, w_cell = self.groups[4 * b : 4 * b + 4]
                before, at_cell = np.append(v, s[b]), w_cell @ v
                i, f = logistic(w_in @ before), logistic(w_forget @ before)
                after = f * s[b] + i * at_cell
                o = logistic(w_out @ np.append(v, after))
                new = (at_cell * i * (1 - i) * before, s[b] * f * (1 - f) * before, i * v)
                traces[b] = [f * trace + added for trace, added in zip(traces[b], new, strict=True)]
                through = after * o * (1 - o) * np.append(v, after)
                by_output.append((o * traces[b][0], o * traces[b][1], through, o * traces[b][2]))
                s[b], y[b] = after, o * after
            self.correct(np.concatenate([x, y, [1.0]]), by_output, d)

    def correct(self, u, by_output, d):
        """The filter, at one step."""
        squashed = logistic(np.asarray([w @ u for w in self.groups[4 * BLOCKS :]]))
        slope = 4 * squashed * (1 - squashed)
        rows = []  # H of each group, (outputs, weights)
        for b in range(BLOCKS):
            to_outputs = slope * np.asarray([w[SYMBOLS + b] for w in self.groups[4 * BLOCKS :]])
            rows += [np.outer(to_outputs, part) for part in by_output[b]]
        rows += [np.outer(slope * (np.arange(SYMBOLS) == k), u) for k in range(SYMBOLS)]
        r = FIRST * (LAST / FIRST) ** min(self.updates / OVER, 1)
        a = np.linalg.inv(r * np.eye(SYMBOLS) + sum(h @ p @ h.T for h, p in zip(rows, self.p, strict=True)))
        for k, h in enumerate(rows):
            gain = self.p[k] @ h.T @ a
            self.groups[k] = self.groups[k] + gain @ (d - (4 * squashed - 2))
            self.p[k] = self.p[k] - gain @ h @ self.p[k] + PROCESS * np.eye(len(self.p[k]))
        self.updates += 1


@pytest.mark.slow
def test_strings_are_counted_with_the_published_filter(float64):
    update = DecoupledKalmanFilter(START, Annealed(FIRST, LAST, OVER), PROCESS, groups="gates")
    learner = Learner(Truncated1997(), update, Step())
    population = Population.make(CountingRun("", "abc", 4, units=BLOCKS).network, 1, 3)
    memory: Any = None
    seeds, wanted, lengths = population.seeds, Published(population[0]), set()
    for turn in range(4):
        data = Fresh(LANGUAGE, 1)
        string: Any = data.examples(int(seeds[0] + np.uint32(turn)), 0)
        turned = Population(population.stacked, seeds + np.uint32(turn))
        solution = train(
            turned, learner, data, loss=JudgedSquares(right=LANGUAGE.right), until=Until(1, restore_best=False),
            width=1, buckets=1, memory=memory,
        )  # fmt: skip
        population, memory = solution.networks, solution.memory
        wanted.read(np.asarray(string.xs[0]), string.targets.values)
        lengths.add(len(string.xs[0]))
    assert len(lengths) > 1
    assert int(memory.updates[0]) == wanted.updates > OVER
    got = Published(population[0])
    moved = 0.0
    for ours, theirs in zip(got.groups, wanted.groups, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10)
        moved = max(moved, np.abs(theirs).max())
    assert moved > 1
    # Blocks stand in another order, and hold their weights in another one: eigenvalues do not mind.
    key = lambda values: (len(values), *values.round(6))  # noqa: E731
    ours = [np.linalg.eigvalsh(block) for block in np.asarray(memory.covariance[0])]
    ours = sorted((values[values > 1e-9] for values in ours), key=key)
    for got_values, wanted_values in zip(ours, sorted(map(np.linalg.eigvalsh, wanted.p), key=key), strict=True):
        np.testing.assert_allclose(got_values, wanted_values, rtol=1e-6)
