"""a^n b^n, a^n b^n c^n and a^n b^m B^m A^n: what may follow, by writing out the whole language."""

import jax
import numpy as np
import pytest
from scipy import stats

from mnemon.errors import InvalidInput
from mnemon.problems import CountingLanguage, NestedLanguage

MOST = 7
LANGUAGES = {
    "ab": (CountingLanguage("ab"), ["a" * n + "b" * n for n in range(MOST + 1)]),
    "abc": (CountingLanguage("abc"), ["a" * n + "b" * n + "c" * n for n in range(MOST + 1)]),
    "abcd": (CountingLanguage("abcd"), ["".join(c * n for c in "abcd") for n in range(MOST + 1)]),
    "nested": (
        NestedLanguage(),
        [""]
        + ["a" * n + "b" * m + "B" * m + "A" * n for n in range(1, MOST + 1) for m in range(1, MOST + 1)],
    ),
}  # fmt: skip


def spelled(sample, letters):
    """The strings that are shown, and for each the sets of symbols that are asked for at each step."""
    symbols = np.array([*letters, "S"])
    assert set(np.unique(sample.xs.values)) == set(np.unique(sample.targets.values)) == {-1.0, 1.0}
    np.testing.assert_array_equal((sample.xs.values == 1).sum(axis=1), 1)
    np.testing.assert_array_equal(sample.allowed.values, sample.targets.values == 1)
    rows = np.split(sample.targets.values, np.cumsum(sample.targets.lengths)[:-1])
    asked = np.array([*letters, "T"])
    for x, row in zip(sample.xs, rows):
        yield "".join(symbols[x.argmax(axis=1)]), [set(asked[step > 0]) for step in row]


@pytest.mark.parametrize("name", LANGUAGES)
def test_what_may_follow_is_what_follows_in_some_string(name):
    language, every = LANGUAGES[name]
    following = {}
    for string in every:
        for t in range(len(string) + 1):
            following.setdefault(string[:t], set()).add((string + "T")[t])
    sample = language.strings(range(1, MOST))  # an n more is known, so that nothing is cut off
    seen = list(spelled(sample, language.letters))
    for shown, sets in seen:
        assert shown[0] == "S"
        assert sets == [following[shown[1 : t + 1]] for t in range(len(shown))]
    n = range(1, MOST)
    assert len(seen) == (len(n) ** 2 if name == "nested" else len(n))
    assert {shown[1:] for shown, _ in seen} <= set(every)


def test_the_strings_stand_in_order_and_alone():
    assert [shown for shown, _ in spelled(CountingLanguage("ab").strings([3, 0, 1]), "ab")] == ["Saaabbb", "S", "Sab"]
    assert [*spelled(CountingLanguage("abc").string(0), "abc")] == [("S", [{"a", "T"}])]
    assert [*spelled(NestedLanguage().string(0, 0), "abBA")] == [("S", [{"a", "T"}])]
    assert [shown for shown, _ in spelled(NestedLanguage().pairs([(1, 2), (2, 1)]), "abBA")] == ["SabbBBA", "SaabBAA"]
    assert next(spelled(CountingLanguage("ab").string(1000), "ab"))[0] == "S" + "a" * 1000 + "b" * 1000


def test_numbers_are_drawn_evenly_from_the_range():
    sample = CountingLanguage("ab", 3, 8).sample(jax.random.key(1), 3000)
    counts = np.bincount((sample.xs.lengths - 1) // 2, minlength=9)
    assert counts[:3].sum() == 0
    assert stats.chisquare(counts[3:]).pvalue > 0.01
    sample = NestedLanguage(1, 3).sample(jax.random.key(1), 3000)
    shown = [shown for shown, _ in spelled(sample, "abBA")]
    pairs = [3 * (string.count("a") - 1) + string.count("b") - 1 for string in shown]
    assert stats.chisquare(np.bincount(pairs)).pvalue > 0.01


def test_the_published_networks_have_their_sizes():
    """Connections of one cell a block, fully connected with direct input-output ones: 28, 72 and 91 (2001)."""

    def connections(language, blocks):
        return 4 * blocks * (language.input_size + blocks) + language.output_size * (language.input_size + blocks)

    sizes = [
        connections(*pair)
        for pair in ((CountingLanguage("ab"), 1), (CountingLanguage("abc"), 2), (NestedLanguage(), 2))
    ]
    assert sizes == [28, 72, 91]


def test_right_is_on_the_targets_side_of_0_at_every_step():
    language = CountingLanguage("ab")
    targets = language.strings([1, 2]).targets.padded(np.arange(2), 5)
    good = np.nan_to_num(0.01 * targets, nan=-7)
    assert language.right(good, targets).tolist() == [True, True]
    wrong, zero = good.copy(), good.copy()
    wrong[0, 2, 1] *= -1
    zero[1, 0, 0] = 0  # where +1 is asked for
    missing = good.copy()
    missing[0, 1, 1] = np.nan
    np.testing.assert_array_equal(
        language.right(np.stack([wrong, zero, missing]), targets), [[False, True], [True, False], [False, True]]
    )
    jitted = jax.jit(language.right)(wrong.astype(np.float32), targets.astype(np.float32))
    assert jitted.tolist() == [False, True]


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: CountingLanguage("a"), "two different ones"),
        (lambda: CountingLanguage("aba"), "two different ones"),
        (lambda: CountingLanguage("ab", -1), "least=-1"),
        (lambda: CountingLanguage("ab", 5, 4), "most=4; expected a whole number of at least 5"),
        (lambda: CountingLanguage("ab").strings([]), "at least one"),
        (lambda: CountingLanguage("ab").strings([1, -2]), "no string has -2 letters"),
        (lambda: CountingLanguage("ab").strings([1.5]), "whole numbers"),
        (lambda: CountingLanguage("ab").sample(jax.random.key(0), 0), "n=0"),
        (lambda: NestedLanguage(0), "least=0"),
        (lambda: NestedLanguage(3, 2), "most=2"),
        (lambda: NestedLanguage().string(1, 0), "at least 1, or both 0"),
        (lambda: NestedLanguage().pairs([(1, 2, 3)]), "whole numbers"),
        (lambda: NestedLanguage().sample(jax.random.key(0), 0), "n=0"),
    ],
)
def test_what_makes_no_sense_is_refused(make, words):
    with pytest.raises(InvalidInput, match=words):
        make()
