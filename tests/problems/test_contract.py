"""What holds of every problem: samples of the key, sizes as told, answers judged alike by NumPy and by JAX."""

import doctest
import importlib
import pkgutil

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mnemon.problems
from mnemon.errors import InvalidInput
from mnemon.problems import (
    Adding,
    Copy,
    CountingLanguage,
    EmbeddedReber,
    Grammar,
    Latching,
    LongLag,
    MarkedProduct,
    MarkedSum,
    Memorisation,
    Multiplication,
    Narma,
    NestedLanguage,
    NextSymbol,
    OrderOfThree,
    OrderOfTwo,
    Parity,
    Plant,
    RandomPermutation,
    Reber,
    SequentialImages,
    TemporalOrder,
    TwoSequence,
    Xor,
)
from mnemon.targets import StepTargets

PICTURES = np.random.default_rng(0).integers(0, 256, (40, 3, 4), dtype=np.uint8)
A_THEN_BC = Grammar([(0, "a", 0, 0.5), (0, "b", 1, 0.5), (1, "c", 2, 1)])
PROBLEMS = [
    Adding(20), Copy(7), Copy(3, 4, 2, every_step=False), CountingLanguage("ab"), CountingLanguage("abc", 0, 4),
    EmbeddedReber(), EmbeddedReber(12), Latching(12, keyword_length=8), LongLag(5), LongLag(5, random=True),
    MarkedProduct(20), MarkedSum(20), Memorisation(6), Memorisation(6, bits=20), Multiplication(20),
    Narma(length=60, washout=20), Narma(30, length=60, washout=0),
    NestedLanguage(1, 4), NextSymbol(A_THEN_BC, 9), OrderOfThree(20), OrderOfTwo(20), OrderOfTwo(10, most=30, second=5),
    Parity(5, 9), *(Plant(number, length=30) for number in (1, 2, 3, 4)),
    RandomPermutation(9), RandomPermutation(9, every_step=True), Reber(),
    SequentialImages(PICTURES, np.arange(40) % 10, permuted=True), TemporalOrder(20), TemporalOrder(20, symbols=3),
    TwoSequence(20), TwoSequence(20, noisy_carriers=True, noisy_targets=True), Xor(20),
]  # fmt: skip
every = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: type(problem).__name__)
KEY = jax.random.key(0)
FORETELLS = (NextSymbol,)


def test_every_problem_is_here():
    public = {getattr(mnemon.problems, name) for name in dir(mnemon.problems) if not name.startswith("_")}
    assert {one for one in public if hasattr(one, "right")} - {mnemon.problems.Problem} == {type(p) for p in PROBLEMS}


def judged_by(problem, sample):
    """The second argument of `right`: for grammars what is allowed, else the targets; padded as `Fresh` pads."""
    targets = sample.allowed if isinstance(problem, FORETELLS) else sample.targets
    if isinstance(targets, StepTargets):
        return targets.padded(np.arange(len(targets)), problem.longest)
    return targets


def best(problem, targets):
    """Answers that are right beyond doubt."""
    if targets.dtype.kind in "iu":
        return (np.maximum(targets, 0)[..., None] == np.arange(problem.output_size)).astype(np.float64)
    return np.nan_to_num(targets, nan=0.0)


@every
def test_a_sample_is_a_function_of_the_key(problem):
    first, again, other = (problem.sample(jax.random.key(seed), 24) for seed in (5, 5, 6))
    assert first.xs == again.xs
    np.testing.assert_array_equal(judged_by(problem, first), judged_by(problem, again))
    assert first.xs != other.xs


def test_the_same_key_gave_the_same_strings_when_this_was_written():
    """On other machines and with other versions of NumPy too."""
    key = jax.random.key(7)
    assert TemporalOrder(20).sample(key, 2).xs.strings() == ["EdcXcbddddaXccbbadbdcB", "EbbYcadbcXcdcdccdbbB"]
    assert EmbeddedReber().sample(key, 2).xs.strings() == ["BPBTSXXTTVPSEP", "BTBPVPSET"]
    assert MarkedSum(10).sample(key, 1).targets.round(8).tolist() == [[0.78814836]]


@every
def test_sizes_are_as_told(problem):
    sample = problem.sample(KEY, 24)
    assert len(sample.xs) == 24
    assert sample.xs.n_channels == problem.input_size
    assert sample.xs.lengths.max() <= problem.longest
    for targets in (sample.targets, sample.targets if sample.allowed is None else sample.allowed):
        values = targets.values if isinstance(targets, StepTargets) else targets
        if isinstance(targets, StepTargets):
            np.testing.assert_array_equal(targets.lengths, sample.xs.lengths)
        else:
            assert len(values) == 24
        if values.dtype.kind in "iu":
            assert values.ndim == 1
            assert values.min() >= -1
            assert values.max() < problem.output_size
        else:
            assert values.shape[1:] == (problem.output_size,)
    assert problem.reference
    assert hash(problem) == hash(problem)


@every
def test_one_sequence_is_a_sample_and_none_is_not(problem):
    assert len(problem.sample(KEY, 1).xs) == 1
    with pytest.raises(InvalidInput, match="n=0"):
        problem.sample(KEY, 0)


@every
def test_perfect_answers_are_right_and_numpy_and_jax_say_the_same(problem):
    targets = judged_by(problem, problem.sample(KEY, 24))
    targets = targets.astype(np.int32 if targets.dtype.kind in "iu" else np.float64)
    perfect = best(problem, targets)
    assert problem.right(perfect, targets).all()
    noise = np.random.default_rng(1).normal(size=(3, *perfect.shape))
    answers = perfect + noise * np.array([0.01, 0.1, 1]).reshape(3, *[1] * perfect.ndim)
    said = np.stack([problem.right(some, targets) for some in answers])
    assert said.shape == (3, 24)
    assert not said[2].all()
    np.testing.assert_array_equal(problem.right(answers, targets), said)  # networks in front
    answers, single = (
        answers[1].astype(np.float32),
        targets if targets.dtype == np.int32 else targets.astype(np.float32),
    )
    jitted = jax.jit(problem.right)(jnp.asarray(answers), jnp.asarray(single))
    np.testing.assert_array_equal(np.asarray(jitted), problem.right(answers, single))
    with jax.enable_x64(True):  # no kinds of numbers are mixed, in double precision either
        assert jax.eval_shape(problem.right, jnp.asarray(perfect), jnp.asarray(targets)).shape == (24,)


@every
def test_nothing_is_right_that_is_no_number(problem):
    targets = judged_by(problem, problem.sample(KEY, 24))
    if targets.dtype.kind != "f":
        return  # the largest of no numbers is some class
    answers = np.full(best(problem, targets).shape, np.nan)
    # an answer that has no side is on the side of no: there is nothing in a string of which all would be so
    assert not problem.right(answers, targets)[np.nanmax(targets.reshape(24, -1), axis=1) > 0.9].any()


NAMES = [f"mnemon.problems.{info.name}" for info in pkgutil.iter_modules(mnemon.problems.__path__)]
SHOWN = [
    test
    for name in NAMES
    for test in doctest.DocTestFinder().find(importlib.import_module(name), name)
    if test.examples
]


@pytest.mark.parametrize("shown", SHOWN, ids=lambda test: test.name.removeprefix("mnemon.problems."))
def test_examples_in_docstrings(shown):
    assert doctest.DocTestRunner().run(shown).failed == 0
