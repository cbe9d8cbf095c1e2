"""Auto-encoders, level by level, on what each level reads; and context weights set anew."""

import doctest
import functools
import importlib

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from seldom import all_but
from toys import FEATURES, UNITS, assert_near, assert_same, differ, recall, weights

from mnemon.cells import LSTM, Clockwork, Elman, LeakyESN
from mnemon.errors import InvalidInput
from mnemon.layers import (
    Bidirectional,
    Convolution,
    Embedding,
    LayerNorm,
    Network,
    Pyramid,
    Readout,
    Recurrent,
    Segmented,
    Stack,
    SymbolMark,
    ThresholdMark,
    unfold,
)
from mnemon.learning import Population, StepTargets, Until
from mnemon.learning.pretraining import context_weights, pretrain, reset_context
from mnemon.sequences import Sequences

MODULE = importlib.import_module("mnemon.learning.pretraining._auto_encoder")
MEMBERS, UNTIL = 2, Until(epochs=4)

FLOATS = recall(8, steps=7, uneven=True).xs
RNG = np.random.default_rng(0)
LETTERS = Sequences.from_strings(["abcbaacb", "babc", "ccabbab", "aacb"])
BOUNDED = Sequences.from_concatenated(FLOATS.values, FLOATS.lengths, boundaries=RNG.random(len(FLOATS.values)) < 0.4)


def elman(key, inputs=FEATURES, units=UNITS):
    return Elman(inputs, units, squashing="logistic", key=key)


def two(**how):
    def cell(a, b, _):
        return Segmented(elman(a), elman(b, UNITS, 5), **how)

    return cell


def symbols_nested(a, b, c):
    return Segmented(Segmented(elman(a), elman(b, UNITS, 5), length=2), elman(c, 5), length=4)


def bounded_within(a, b, c):
    return Segmented(Segmented(elman(a), elman(b, UNITS, 5), boundaries=True), elman(c, 5), length=4)


def segments_nested(a, b, c):
    return Segmented(elman(a), Segmented(elman(b, UNITS, 5), elman(c, 5), length=2), length=2)


# What stands below the readout, the inputs, and the number of levels.
STRUCTURES = {
    "Elman": (lambda a, b, c: elman(a), FLOATS, 1),
    "length": (two(length=3), FLOATS, 2),
    "boundaries": (two(boundaries=True), BOUNDED, 2),
    "symbol mark": (two(marks=SymbolMark(1)), LETTERS, 2),
    "threshold": (two(marks=ThresholdMark(1, 0.3)), FLOATS, 2),
    "nested symbols": (symbols_nested, FLOATS, 3),
    "nested symbols, boundaries": (bounded_within, BOUNDED, 3),
    "nested segments": (segments_nested, FLOATS, 3),
    "LSTM on Elman": (lambda a, b, c: Stack(elman(a), LSTM(UNITS, 5, key=b)), FLOATS, 2),
    "embedding": (lambda a, b, c: Stack(Embedding(3, 2, key=a), elman(b, 2)), LETTERS, 1),
}


def make(layers):
    def network(key):
        *below, above = jax.random.split(key, 4)
        whole = layers(*below)
        return Network(whole, Readout(whole.output_size, 2, key=above))

    return Population.make(network, MEMBERS, 0)


class Seen(list):
    """What `train` is given at each level, one list of `Examples` a level."""

    def train(self, networks, learner, data, **how):
        self.append([data] * len(networks) if not isinstance(data, list) else data)
        return TRAIN(networks, learner, data, **how)


TRAIN = MODULE.train


@functools.cache
def pretrained(name):
    layers, xs, _ = STRUCTURES[name]
    with pytest.MonkeyPatch.context() as patch:
        seen = Seen()
        patch.setattr(MODULE, "train", seen.train)
        before = make(layers)
        return before, pretrain(before, xs, until=UNTIL), seen


def cells(network):
    """The cells of the lowest level, from the lowest up."""
    parts = jax.tree.leaves(network, is_leaf=lambda part: isinstance(part, Elman | LSTM))
    return [part for part in parts if isinstance(part, Elman | LSTM)]


@pytest.mark.parametrize("name", all_but(["length", "threshold", "nested segments", "embedding"], STRUCTURES))
def test_each_level_learns_to_say_what_it_reads(name):
    before, (population, levels), _ = pretrained(name)
    assert len(levels) == STRUCTURES[name][2] == len(cells(population[0]))
    for level, cell in zip(levels, cells(population.stacked)):
        losses = level.history["loss"]
        assert losses.shape == (4, MEMBERS)
        assert (losses[-1] < losses[0]).all()
        assert_same(weights(level.networks.stacked.layers), weights(cell))
        assert level.networks.stacked.output_size == cell.input_size
    assert (population.seeds == before.seeds).all()


@pytest.mark.parametrize("name", STRUCTURES)
def test_nothing_but_cells_changes(name):
    before, (population, _), _ = pretrained(name)
    assert jax.tree.structure(population) == jax.tree.structure(before)
    assert_same(weights(population.stacked.readout), weights(before.stacked.readout))
    for old, new in zip(cells(before.stacked), cells(population.stacked)):
        assert all((a != b).any() for a, b in zip(weights(old), weights(new), strict=True))
    others = [eqx.tree_at(cells, whole, replace_fn=lambda cell: None) for whole in (before, population)]
    assert_same(*map(weights, others))


@eqx.filter_jit
def said(cell, x):
    """What a cell says at each step of one sequence."""
    return unfold(cell, jnp.asarray(x, jnp.float32)[None])[0][0]


def tail(cell, x):
    """What it says at the end."""
    return np.asarray(said(cell, x)[-1])


def one_hot(xs):
    return [np.eye(3)[x] for x in xs] if xs.alphabet else list(xs)


def cut(x, tails):
    """Pieces that end where `tails` says so, and at the end."""
    return [piece for piece in np.split(x, np.flatnonzero(tails) + 1) if len(piece)]


def every(d):
    return lambda x, k: (np.arange(len(x)) + 1) % d == 0


SEGMENTS = {
    "length": every(3),
    "boundaries": lambda x, k: BOUNDED.boundaries[k],
    "symbol mark": lambda x, k: x[:, 1] == 1,
    "threshold": lambda x, k: x[:, 1] > 0.3,
}


def assert_sequences(got, expected):
    assert got.lengths.tolist() == [len(x) for x in expected]
    assert_near(one_hot(got), [np.asarray(x) for x in expected], 1e-6)


@pytest.mark.parametrize("name", SEGMENTS)
def test_the_second_level_reads_the_tails_of_the_trained_first(name):
    _, (population, _), seen = pretrained(name)
    xs = one_hot(STRUCTURES[name][1])
    segments = [cut(x, SEGMENTS[name](x, k)) for k, x in enumerate(xs)]
    for number, network in enumerate(population):
        symbol = cells(network)[0]
        assert_sequences(seen[0][number].xs, [s for some in segments for s in some])
        assert_sequences(seen[1][number].xs, [np.stack([tail(symbol, s) for s in some]) for some in segments])


@pytest.mark.parametrize("name", ["nested symbols", "nested segments"])
def test_three_levels_each_read_the_trained_ones_below(name):
    """Four symbols are a segment of two pairs, whichever of the two cells is the segmented one."""
    _, (population, _), seen = pretrained(name)
    pairs = [[cut(segment, every(2)(segment, 0)) for segment in cut(x, every(4)(x, 0))] for x in FLOATS]
    for number, network in enumerate(population):
        first, second, _ = cells(network)
        said_of_pairs = [[np.stack([tail(first, pair) for pair in segment]) for segment in some] for some in pairs]
        said_of_segments = [np.stack([tail(second, segment) for segment in some]) for some in said_of_pairs]
        assert_sequences(seen[0][number].xs, [pair for some in pairs for segment in some for pair in segment])
        assert_sequences(seen[1][number].xs, [segment for some in said_of_pairs for segment in some])
        assert_sequences(seen[2][number].xs, said_of_segments)


def test_an_upper_layer_reads_what_the_lower_says_at_every_step():
    _, (population, _), seen = pretrained("LSTM on Elman")
    for number, network in enumerate(population):
        assert_sequences(seen[0][number].xs, list(FLOATS))
        assert_sequences(seen[1][number].xs, [said(cells(network)[0], x) for x in FLOATS])


def test_residual_inputs_are_handed_on():
    def layers(a, b, c):
        return Stack(Elman(3, 3, key=a), Elman(3, 3, key=b), residual=True)

    with pytest.MonkeyPatch.context() as patch:
        seen = Seen()
        patch.setattr(MODULE, "train", seen.train)
        population, _ = pretrain(make(layers), FLOATS, until=Until(1))
    for number, network in enumerate(population):
        assert_sequences(seen[1][number].xs, [x + said(cells(network)[0], x) for x in FLOATS])


def test_an_embedding_is_read_by_the_first_level():
    before, _, seen = pretrained("embedding")
    for number, network in enumerate(before):
        table = np.asarray(network.layers.layers[0].table)
        assert_sequences(seen[0][number].xs, [table[x] for x in LETTERS])


def test_each_step_wants_its_own_input():
    for name in ("Elman", "symbol mark", "LSTM on Elman"):
        for level in pretrained(name)[2]:
            for data in level:
                assert isinstance(data.targets, StepTargets)
                assert_same([data.targets.values], [np.concatenate(one_hot(data.xs)).astype(np.float32)])


def test_no_level_sees_across_a_segments_head():
    """Which sequence a segment stood in is nothing to the symbol level, bit for bit; it is to the segment level."""
    values = np.random.default_rng(1).normal(size=(24, FEATURES))
    whole, halves = (Sequences.from_concatenated(values, [24 // n] * n) for n in (4, 8))
    (first, above), (again, other) = (pretrain(make(two(length=3)), xs, until=UNTIL).levels for xs in (whole, halves))
    assert_same(weights(first), weights(again))
    assert differ(weights(above), weights(other))


def test_own_inputs_equal_shared_ones():
    layers, xs = two(length=3), recall(8, steps=7).xs
    shared = pretrain(make(layers), xs, until=UNTIL)
    own = pretrain(make(layers), [xs, xs[np.arange(8)]], until=UNTIL)
    assert_near(weights(own.population), weights(shared.population))
    others = pretrain(make(layers), [xs, recall(8, steps=7, seed=1).xs], until=UNTIL)
    assert_same(weights(others.population[0]), weights(own.population[0]))
    assert differ(weights(others.population[1]), weights(own.population[1]))


def test_a_level_may_end_by_what_it_explains(monkeypatch):
    """The variance is that of what the level of a network reads; a criterion of the caller's ends it, too."""
    seen, before, share = Seen(), make(two(length=3)), 0.9
    monkeypatch.setattr(MODULE, "train", seen.train)
    levels = pretrain(before, FLOATS, until=Until(60), unexplained=share).levels
    for level, data in zip(levels, seen):
        limits = [share * some.targets.values.var(axis=0).mean() for some in data] * (MEMBERS // len(data))
        for k, result in enumerate(level.results):
            losses = level.history["loss"][: result.epochs, k]
            assert result.reached == bool(losses[-1] < limits[k])
            assert (losses[:-1] >= limits[k]).all()
    assert any(1 < result.epochs < 60 for result in levels[0].results)
    for level in pretrain(before, FLOATS, until=Until(60, loss=1e9), unexplained=share).levels:
        assert [result.epochs for result in level.results] == [1] * MEMBERS


def test_a_layer_that_changes_the_pace_may_stand_below():
    def layers(a, b, c):
        return Stack(Convolution(FEATURES, 4, 3, stride=2, key=a), elman(b, 4))

    for xs, lengths in ((recall(4, steps=7).xs, [4] * 4), (FLOATS, -(-FLOATS.lengths // 2))):
        with pytest.MonkeyPatch.context() as patch:
            seen = Seen()
            patch.setattr(MODULE, "train", seen.train)
            pretrain(make(layers), xs, until=Until(1))
        assert all((data.xs.lengths == lengths).all() for data in seen[0])


def test_one_network_and_lists_of_networks_are_populations():
    layers, xs, _ = STRUCTURES["Elman"]
    one = pretrain(make(layers)[0], xs, until=Until(1))
    both = pretrain(list(make(layers)), xs, until=Until(1))
    assert [len(done.population) for done in (one, both)] == [1, 2]


@pytest.mark.parametrize("wide", ["float64", "float32"])
@pytest.mark.slow
def test_precision_is_the_networks_own(float64, wide):
    many = make(two(length=3))
    many = jax.tree.map(lambda leaf: leaf.astype(wide) if eqx.is_inexact_array(leaf) else leaf, many)
    population, levels = pretrain(many, LETTERS, until=Until(1))
    for whole in (population, *levels):
        assert {leaf.dtype for leaf in weights(whole)} == {np.dtype(wide)}
    assert {leaf.dtype for leaf in weights(reset_context(population, "identity"))} == {np.dtype(wide)}


def backward(a, b, c):
    return Bidirectional(elman(a), elman(b))


REFUSED = {
    "bidirectional": (backward, FLOATS, "the layer Bidirectional is not a recurrent layer that runs forwards"),
    "above": (lambda a, b, c: Stack(elman(c), Bidirectional(elman(a, 4), elman(b, 4))), FLOATS, "Bidirectional is not"),
    "backward": (lambda a, b, c: Recurrent(elman(a), reverse=True), FLOATS, "Recurrent is not .* runs forwards"),
    "pyramid": (lambda a, b, c: Pyramid(elman(a, 6)), FLOATS, "the layer Pyramid is not a recurrent layer"),
    "none": (lambda a, b, c: LayerNorm(FEATURES), FLOATS, "no recurrent layer"),
    "too few": (STRUCTURES["Elman"][0], [FLOATS], "1 sets of inputs for a population of 2 networks"),
    "channels": (lambda a, b, c: elman(a, 4), FLOATS, "the networks take 4 inputs a step; set 0 has 3"),
    "sequences": (STRUCTURES["Elman"][0], [FLOATS, FLOATS[:3]], "set 1 has 3 sequences but set 0 has 8"),
    "kinds": (STRUCTURES["Elman"][0], [LETTERS, FLOATS[:4]], "set 1.*differs from set 0.*symbols"),
    "segments": (two(length=3), [FLOATS[:2], FLOATS[[0, 0]]], "fall into 3 to 4 segments.*one by one"),
    "no boundaries": (two(boundaries=True), FLOATS, "these inputs bring no boundaries"),
}


@pytest.mark.parametrize("share", [0.0, -1.0, float("nan")])
def test_a_share_is_positive(share):
    with pytest.raises(InvalidInput, match=r"unexplained=.*above 0"):
        pretrain(make(STRUCTURES["Elman"][0]), FLOATS, unexplained=share)


@pytest.mark.parametrize("mistake", REFUSED)
def test_what_cannot_be_pretrained_is_refused(mistake, monkeypatch):
    layers, xs, words = REFUSED[mistake]
    if mistake != "kinds":  # refused before anything is trained
        monkeypatch.setattr(MODULE, "train", None)
    with pytest.raises(InvalidInput, match=words):
        pretrain(make(layers), xs, until=Until(1))


@pytest.mark.slow
def test_the_example_says_what_it_shows():
    tried = doctest.testmod(MODULE)
    assert tried.attempted
    assert not tried.failed


# --- context weights --------------------------------------------------------------------------------------------------


def contexts(a, b, c):
    return Stack(Segmented(elman(a), elman(b, UNITS, 5), length=3), LSTM(5, 3, key=c))


def test_context_weights_stand_from_the_lowest_level_up():
    many = make(contexts)
    for whole, leading in ((many, (MEMBERS,)), (many.stacked, (MEMBERS,)), (many[1], ())):
        assert [leaf.shape for leaf in context_weights(whole)] == [(*leading, *s) for s in ((4, 4), (5, 5), (12, 3))]
    assert_same(context_weights(many[1]), [leaf[1] for leaf in context_weights(many)])
    fixed = make(lambda a, b, c: LeakyESN(FEATURES, UNITS, key=a))
    assert context_weights(fixed) == []


@pytest.mark.parametrize("to", ["zero", "identity"])
def test_resetting_changes_the_context_weights_only(to):
    many = make(contexts)
    reset = reset_context(many, to)
    assert jax.tree.structure(reset) == jax.tree.structure(many)
    assert (reset.seeds == many.seeds).all()
    for leaf in context_weights(reset):
        rows, columns = leaf.shape[1:]
        wanted = np.zeros((rows, columns)) if to == "zero" else np.tile(np.eye(columns), (rows // columns, 1))
        assert_same([leaf], [np.broadcast_to(wanted, leaf.shape).astype(leaf.dtype)])

    def others(tree):
        chosen = {id(leaf) for leaf in context_weights(tree)}
        return [np.asarray(leaf) for leaf in jax.tree.leaves(eqx.filter(tree, eqx.is_array)) if id(leaf) not in chosen]

    assert len(others(many)) == len(weights(many)) + 1 - 3  # the seeds, less three recurrent matrices
    assert_same(others(reset), others(many))


def test_keeping_keeps():
    many = make(contexts)
    assert reset_context(many, "keep") is many


@pytest.mark.slow
def test_the_strips_of_a_clockwork_make_one_identity():
    many = make(lambda a, b, c: Clockwork(FEATURES, 6, periods=(1, 4, 16), key=a))
    cell = reset_context(many, "identity")[0].layers.layers[0].cell
    assert [strip.shape for strip in cell.recurrent_weights] == [(2, 6), (2, 4), (2, 2)]
    state = cell.initial_state()._replace(units=np.arange(6, dtype=np.float32))
    assert_same([np.asarray(cell.recur(state))], [np.arange(6, dtype=np.float32)])
    assert all((leaf == 0).all() for leaf in context_weights(reset_context(many, "zero")))


def test_contexts_that_cannot_be_are_refused():
    with pytest.raises(InvalidInput, match=r"did you mean 'identity'.*keep, zero"):
        reset_context(make(contexts), "identiy")
    with pytest.raises(InvalidInput, match="no recurrent_weights that are trained"):
        reset_context(make(lambda a, b, c: LeakyESN(FEATURES, UNITS, key=a)), "zero")


def test_levels_are_reset_by_their_places():
    before = make(two(length=3))
    lower, upper = context_weights(reset_context(before, "zero", levels=[1]).stacked)
    np.testing.assert_array_equal(lower, context_weights(before.stacked)[0])
    assert not np.asarray(upper).any()
    with pytest.raises(InvalidInput, match="there are 2, numbered from 0"):
        reset_context(before, "zero", levels=[2])
