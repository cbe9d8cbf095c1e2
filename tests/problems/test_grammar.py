"""Strings of regular grammars, the Reber grammar and the embedded one."""

import itertools

import jax
import numpy as np
import pytest
from scipy import stats

from mnemon.errors import InvalidInput
from mnemon.problems import EmbeddedReber, Grammar, NextSymbol, Reber
from mnemon.problems._reber import EMBEDDED, REBER

KEY = jax.random.key(0)
# Written down once more, in another form: {state: {symbol: next state}}.
INNER = {
    0: {"T": 1, "P": 2}, 1: {"S": 1, "X": 3}, 2: {"T": 2, "V": 4}, 3: {"X": 2, "S": 5}, 4: {"P": 3, "V": 5},
    5: {"E": 6}, 6: {},
}  # fmt: skip
# Two arcs of one state write the same symbol: after one a both states 1 and 2 are possible.
AMBIGUOUS = [(0, "a", 1, 0.25), (0, "a", 2, 0.75), (1, "b", 3, 1), (2, "a", 2, 0.4), (2, "c", 3, 0.6)]
AMBIGUOUS_TABLE = {0: [("a", 1), ("a", 2)], 1: [("b", 3)], 2: [("a", 2), ("c", 3)], 3: []}


def inner_strings(most):
    """All strings of the Reber grammar of at most so many symbols."""
    found, open_ = [], [("B", 0)]
    while open_:
        string, state = open_.pop()
        if state == 6:
            found.append(string)
        elif len(string) < most:
            open_ += [(string + symbol, to) for symbol, to in INNER[state].items()]
    return found


def embedded_strings(most):
    return [f"B{c}{inner}{c}E" for c in "TP" for inner in inner_strings(most - 4)]


@pytest.mark.parametrize("grammar, every, shortest", [(REBER, inner_strings, 5), (EMBEDDED, embedded_strings, 9)])
def test_the_strings_are_all_strings_of_the_grammar_and_no_others(grammar, every, shortest):
    longest = shortest + 3
    expected = set(every(longest))
    drawn = grammar.strings(KEY, 5000, longest).strings()
    assert set(drawn) == expected
    assert min(map(len, expected)) == grammar.shortest == shortest


def test_the_shortest_embedded_strings_have_nine_symbols():
    nine = {string for string in EMBEDDED.strings(KEY, 2000, 60).strings() if len(string) == 9}
    assert nine == {"BTBTXSETE", "BTBPVVETE", "BPBTXSEPE", "BPBPVVEPE"}


@pytest.mark.parametrize("grammar, every", [(REBER, inner_strings), (EMBEDDED, embedded_strings)])
def test_allowed_are_the_symbols_by_which_some_string_goes_on(grammar, every):
    """Of all strings up to 16 symbols, those that begin alike say what may follow: for the beginnings of short ones."""
    following = {}
    for string in every(16):
        for t in range(1, len(string)):
            following.setdefault(string[:t], set()).add(string[t])
    shown = every(11)
    allowed = grammar.allowed(shown)
    rows = np.split(allowed.values, np.cumsum(allowed.lengths)[:-1])
    for string, row in zip(shown, rows):
        for t in range(len(string)):
            expected = following.get(string[: t + 1], set())
            assert {grammar.alphabet[k] for k in np.flatnonzero(row[t])} == expected
    assert set(np.unique(allowed.values)) == {0, 1}


def test_where_two_arcs_write_one_symbol_either_may_have_been_taken():
    grammar = Grammar(AMBIGUOUS)
    np.testing.assert_array_equal(
        grammar.allowed(["aac", "ab"]).values, [[1, 1, 1], [1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 0, 0]]
    )
    # "ab" by the one arc, otherwise as many a's as chance has it
    drawn = grammar.strings(KEY, 4000, 60).strings()
    assert np.mean([string == "ab" for string in drawn]) == pytest.approx(0.25, abs=0.02)


def test_branches_are_taken_with_their_probabilities():
    """Chi-square of every branch of the Reber grammar, each 1/2: walks of 4000 strings are counted."""
    counts = {state: dict.fromkeys(arcs, 0) for state, arcs in INNER.items() if len(arcs) == 2}
    for string in REBER.strings(jax.random.key(3), 4000, 61).strings():
        state = 0
        for symbol in string[1:]:
            if state in counts:
                counts[state][symbol] += 1
            state = INNER[state][symbol]
    for taken in counts.values():
        assert stats.chisquare(list(taken.values())).pvalue > 0.01


def test_uneven_probabilities_too():
    """a* b with P(a) = 0.7: lengths are geometric, cut where no longer string is drawn."""
    grammar = Grammar([(0, "a", 0, 0.7), (0, "b", 1, 0.3)])
    lengths = grammar.strings(jax.random.key(1), 5000, 6).lengths
    expected = 0.3 * 0.7 ** np.arange(6)
    assert grammar.share(6) == pytest.approx(expected.sum())
    counts = np.bincount(lengths, minlength=7)[1:]
    assert stats.chisquare(counts, 5000 * expected / expected.sum()).pvalue > 0.01


def test_the_share_of_short_strings_is_that_of_all_of_them():
    total = sum(0.5 ** (sum(len(INNER[s]) == 2 for s in states(string))) for string in inner_strings(14))
    assert REBER.share(14) == pytest.approx(total)
    assert EMBEDDED.share(18) == pytest.approx(total)
    assert 7e-8 < 1 - EMBEDDED.share(61) < 9e-8


def states(string):
    return itertools.accumulate(string[1:-1], lambda state, symbol: INNER[state][symbol], initial=0)


@pytest.mark.parametrize("problem", [Reber(), EmbeddedReber(), NextSymbol(Grammar(AMBIGUOUS), 30)])
def test_at_each_step_the_target_is_the_symbol_that_follows(problem):
    xs, targets, allowed = problem.sample(KEY, 300)
    np.testing.assert_array_equal(targets.values.sum(axis=1), 1)
    assert (allowed.values[targets.values == 1] == 1).all()  # what follows may follow
    firsts = np.cumsum(xs.lengths) - xs.lengths
    symbols = np.array(xs.alphabet)
    for x, first in zip(xs, firsts):
        following = symbols[targets.values[first : first + len(x)].argmax(axis=1)]
        assert "".join(following[:-1]) == "".join(symbols[x[1:]])
        whole = "".join(symbols[x]) + following[-1]
        problem.grammar.allowed([whole])
        assert not problem.grammar.allowed([whole]).values[-1].any()
    assert xs.lengths.max() <= problem.longest


def test_embedded_strings_end_as_they_begin():
    for string in EMBEDDED.strings(KEY, 200, 61).strings():
        assert string[1] == string[-2]
        assert string[0] + string[2] + string[-3] + string[-1] == "BBEE"


def test_test_strings_are_not_among_the_training_strings():
    for problem in (EmbeddedReber(), Reber()):
        training, test = problem.sets(jax.random.key(2))
        assert len(training.xs) == len(test.xs) == 256
        # two strings that share all but the last symbol are one string: E is all that may follow there
        assert not set(training.xs.strings()) & set(test.xs.strings())
        again = problem.sets(jax.random.key(2))
        assert again[0].xs == training.xs
        assert again[1].xs == test.xs


def test_sets_that_cannot_be_disjoint_are_refused():
    with pytest.raises(InvalidInput, match="only 0 are not in the training set"):
        EmbeddedReber(8).sets(KEY, 30)


def test_right_is_where_all_that_may_follow_is_more_active_than_all_that_may_not():
    problem = EmbeddedReber()
    allowed = problem.pose(["BTBTXSETE"]).allowed.padded(np.array([0]), 9)  # the last step is behind the end
    best = np.nan_to_num(0.5 * allowed, nan=9)
    assert problem.right(best, allowed).tolist() == [True]
    equal = best.copy()
    equal[0, 1, 3] = 0.5  # as active as the only one that may follow
    lost = best.copy()
    lost[0, 3, :] = np.nan
    one = best.copy()
    one[0, 3, allowed[0, 3] == 1] = (0.5, -0.1)  # of two that may follow, one is below those that may not
    some = best.copy()
    some[0, 3, allowed[0, 3] == 1] = (9, 0.1)  # how active they are does not matter
    answers = np.stack([best, equal, lost, one, some])
    assert problem.right(answers, allowed).tolist() == [[True], [False], [False], [False], [True]]
    jitted = jax.jit(problem.right)(jax.numpy.asarray(answers[3], np.float32), allowed.astype(np.float32))
    assert jitted.tolist() == [False]


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: Grammar([]), "no arc leaves the start"),
        (lambda: Grammar([(0, "a", 1)]), "expected arcs"),
        (lambda: Grammar([(0, 1, 1, 1.0)]), "expected arcs"),
        (lambda: Grammar([(0, "a", 1, "x")]), "expected arcs"),
        (lambda: Grammar([(1, "a", 2, 1.0)]), "no arc leaves the start, state 0"),
        (lambda: Grammar([(0, "a", 1, 0.5)]), "state 0 sum to 0.5, not to 1"),
        (lambda: Grammar([(0, "a", 1, 1.5), (0, "b", 1, -0.5)]), "a probability above 0"),
        (lambda: Grammar([(0, "a", 1, 0.5), (0, "b", 0, float("nan"))]), "a probability above 0"),
        (lambda: Grammar([(0, "a", 1, 0.5), (0, "b", 2, 0.5), (2, "c", 2, 1)]), "from state 2 no string comes"),
        (lambda: REBER.strings(KEY, 3, 4), "longest=4; expected a whole number of at least 5"),
        (lambda: REBER.strings(KEY, 0, 9), "n=0"),
        (lambda: REBER.allowed(["BTX", "BTTT"]), "sequence 1 is no string of the grammar, from its symbol 2"),
        (lambda: REBER.allowed(["Bx"]), "symbols outside the alphabet"),
        (lambda: Reber(3), "longest=3; expected a whole number of at least 4"),
        (lambda: EmbeddedReber(7), "at least 8"),
        (lambda: NextSymbol(Grammar([(0, "a", 1, 1)])), "strings of one symbol"),
        (lambda: Reber().sample(KEY, 0), "Reber.sample: n=0"),
        (lambda: Reber().pose(["BTXSE", "B"]), "sequence 1 has one symbol"),
        (lambda: EmbeddedReber().pose(["BTBTXSEPE"]), "no string of the grammar, from its symbol 7"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(make, words):
    with pytest.raises(InvalidInput, match=words):
        make()
