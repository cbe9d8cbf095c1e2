"""Strings of a regular grammar: a walk from state to state, each arc of which writes a symbol.

From state i the walk takes an arc with its probability, writes the arc's symbol and goes on from the arc's other end,
until it comes to a state that no arc leaves. A. Reber, J. Verbal Learning and Verbal Behavior 6(6):855-863, 1967,
doi:10.1016/S0022-5371(67)80149-X, let people learn such strings; A. Cleeremans, D. Servan-Schreiber and J. McClelland,
Neural Computation 1(3):372-381, 1989, doi:10.1162/neco.1989.1.3.372, networks.

Walks have no bound; samples do. With S(k, i) the probability that a walk from i ends within k steps,

    S(k, i) = 1 at an end;   S(0, i) = 0 elsewhere;   S(k, i) = sum over arcs (i -> j) of p(i -> j) S(k - 1, j),

the arc taken with k steps left has probability p(i -> j) S(k - 1, j) / S(k, i): what drawing again until a string is
short enough would give, without drawing again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import PRNGKeyArray

from ..errors import InvalidInput, raise_together
from ..sequences import Sequences, as_sequences
from ..targets import StepTargets
from ._problem import check_numbers, generator


class Arc(NamedTuple):
    """A step of the walk: from `state` to state `to`, writing `symbol`."""

    state: int
    symbol: str
    to: int
    probability: float


@dataclass(frozen=True)
class Grammar:
    """A regular grammar, as a table of transitions.

    Args:
        arcs: (state, symbol, next state, probability); states are any integers. Where no arc leaves a state, a string
            ends. Two arcs of a state may write the same symbol.
        start: the state of the empty string.

    Raises:
        InvalidInput: no arcs from the start; probabilities of a state that are not positive or do not sum to 1; a
            state from which no end can be reached.

    Example:
        >>> import jax
        >>> from mnemon.problems import Grammar
        >>> grammar = Grammar([(0, "a", 0, 0.5), (0, "b", 1, 0.5)])  # a* b
        >>> strings = grammar.strings(jax.random.key(0), 3, longest=5)
        >>> all(string.endswith("b") for string in strings.strings())
        True
        >>> grammar.allowed(["ab"]).values  # a or b after the a, nothing after the b
        array([[1., 1.],
               [0., 0.]])

    """

    arcs: tuple[Arc, ...]
    start: int = 0

    def __init__(self, arcs: Iterable[tuple[int, str, int, float]], start: int = 0):
        object.__setattr__(self, "arcs", tuple(_arc(arc) for arc in arcs))
        object.__setattr__(self, "start", start)
        raise_together(self._mistakes(), "Grammar")

    def _mistakes(self) -> list[str]:
        totals: dict[int, float] = {}
        for arc in self.arcs:
            totals[arc.state] = totals.get(arc.state, 0) + arc.probability
        if self.start not in totals:
            return [f"no arc leaves the start, state {self.start}"]
        wrong = [f"{arc}: expected a probability above 0" for arc in self.arcs if not arc.probability > 0]
        wrong += [
            f"the probabilities of state {state} sum to {total:g}, not to 1"
            for state, total in totals.items()
            if not abs(total - 1) < 1e-9
        ]
        ending = {arc.to for arc in self.arcs} - totals.keys()
        while more := {arc.state for arc in self.arcs if arc.to in ending} - ending:
            ending |= more
        wrong += [f"from state {state} no string comes to an end" for state in totals.keys() - ending]
        return wrong

    @cached_property
    def alphabet(self) -> tuple[str, ...]:
        """The symbols, sorted."""
        return tuple(sorted({arc.symbol for arc in self.arcs}))

    @cached_property
    def shortest(self) -> int:
        """Symbols of the shortest string."""
        at, symbols = {self.start}, 0
        leaving = {arc.state for arc in self.arcs}
        while at <= leaving:
            at, symbols = {arc.to for arc in self.arcs if arc.state in at}, symbols + 1
        return symbols

    def share(self, longest: int) -> float:
        """How probable a string of at most so many symbols is."""
        return float(self._ending(longest)[-1][self._table.number[self.start]])

    def strings(self, key: PRNGKeyArray, n: int, longest: int) -> Sequences:
        """`n` strings of at most `longest` symbols.

        Raises:
            InvalidInput: fewer than one, or all strings are longer.

        """
        check_numbers("Grammar.strings", n=(n, 1), longest=(longest, self.shortest))
        random, table, ending = generator(key), self._table, self._ending(longest)
        codes, lengths = np.zeros((n, longest), np.int32), np.full(n, longest)
        rows, states = np.arange(n), np.full(n, table.number[self.start])
        for step in range(longest):
            chances = table.chances[states] * ending[longest - step - 1][table.to[states]]
            sums = chances.cumsum(axis=1)
            taken = (random.random((len(rows), 1)) * sums[:, -1:] >= sums).sum(axis=1)
            codes[rows, step] = table.codes[states, taken]
            states = table.to[states, taken]
            ended = table.ends[states]
            lengths[rows[ended]] = step + 1
            rows, states = rows[~ended], states[~ended]
            if not len(rows):
                break
        return Sequences(codes, lengths=lengths, alphabet=self.alphabet)

    def allowed(self, strings: Any) -> StepTargets:
        """Which symbols may follow each step of strings, or of beginnings of strings: (total_time, symbols), 1 or 0.

        Args:
            strings: `Sequences`, or a list of strings. No symbol may follow the last one of a whole string.

        Raises:
            InvalidInput: what the grammar does not write.

        """
        strings = as_sequences(strings, alphabet=self.alphabet, strings=True, name="Grammar.allowed")
        to, offers = self._sets
        starts = np.cumsum(strings.lengths) - strings.lengths
        result = np.zeros((len(strings.values), len(self.alphabet)))
        states = np.zeros(len(strings), int)
        for step in range(int(strings.lengths.max())):
            rows = np.flatnonzero(strings.lengths > step)
            states[rows] = to[states[rows], strings.values[starts[rows] + step]]
            if (lost := rows[states[rows] < 0]).size:
                raise InvalidInput(
                    f"Grammar.allowed: sequence {lost[0]} is no string of the grammar, from its symbol {step} on"
                )
            result[starts[rows] + step] = offers[states[rows]]
        return StepTargets(result, strings.lengths)

    @cached_property
    def _table(self) -> "_Table":
        states = sorted({arc.state for arc in self.arcs} | {arc.to for arc in self.arcs})
        number = {state: k for k, state in enumerate(states)}
        leaving = [[arc for arc in self.arcs if arc.state == state] for state in states]
        shape = len(states), max(map(len, leaving))
        chances, to, codes = np.zeros(shape), np.zeros(shape, int), np.zeros(shape, np.int32)
        for row, arcs in enumerate(leaving):
            for column, arc in enumerate(arcs):
                chances[row, column] = arc.probability
                to[row, column] = number[arc.to]
                codes[row, column] = self.alphabet.index(arc.symbol)
        return _Table(number, chances, to, codes, np.array([not arcs for arcs in leaving]))

    def _ending(self, longest: int) -> list[np.ndarray]:
        """S(k, i) for k = 0 ... `longest`, a vector over the states each."""
        table = self._table
        result = [table.ends.astype(np.float64)]
        for _ in range(longest):
            result.append(table.ends + (table.chances * result[-1][table.to]).sum(axis=1))
        return result

    @cached_property
    def _sets(self) -> tuple[np.ndarray, np.ndarray]:
        """The deterministic grammar of the same strings, whose states are sets of states.

        Returns: (sets, symbols) the next set, -1 where there is none; and (sets, symbols) 1 where a symbol may follow.
        """
        found = {frozenset({self.start}): 0}
        waiting, rows = list(found), []
        for states in waiting:  # grows on the way
            row = []
            for symbol in self.alphabet:
                following = frozenset(a.to for a in self.arcs if a.state in states and a.symbol == symbol)
                if following and following not in found:
                    found[following] = len(found)
                    waiting.append(following)
                row.append(found.get(following, -1))
            rows.append(row)
        to = np.array(rows)
        return to, (to >= 0).astype(np.float64)


class _Table(NamedTuple):
    """The arcs by state: number of each state; (states, arcs) probability, next state, code; (states,) whether an end.

    Where a state has fewer arcs than others, the rest has probability 0.
    """

    number: dict[int, int]
    chances: np.ndarray
    to: np.ndarray
    codes: np.ndarray
    ends: np.ndarray


def _arc(given: Any) -> Arc:
    try:
        arc = Arc(*given)
        if isinstance(arc.symbol, str) and arc.symbol:
            return arc._replace(probability=float(arc.probability))
    except (TypeError, ValueError):
        pass
    raise InvalidInput(f"Grammar: expected arcs (state, symbol, next state, probability), got {given!r}")
