"""Segments of segments against their definition, written out in NumPy; and segments that the input itself marks."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from table_of_cells import as_float, assert_close, living, probe
from table_of_layers import elman, gru

from mnemon.errors import InvalidInput
from mnemon.layers import Segmented, Steps, SymbolMark, ThresholdMark, unfold

TIME, LENGTHS = 11, (11, 1, 8)
NESTED = {
    "below": Segmented(Segmented(elman(), elman(2), 3), elman(2), 4),
    "above": Segmented(elman(), Segmented(elman(2), elman(2), 2), 3),
    "both": Segmented(Segmented(elman(), elman(2), 2), Segmented(elman(2), elman(2), 2), 3),
}


def precise(cell):
    return jax.tree.map(lambda leaf: as_float(leaf) if eqx.is_inexact_array(leaf) else leaf, cell)


def chunks(us, d):
    return [us[k : k + d] for k in range(0, len(us), d)]


def said(cell, us, ended=True):
    """What a cell says that has read `us` from a fresh start, and where the sequence has not ended, is still open."""
    if not isinstance(cell, Segmented):
        h = np.zeros(cell.output_size)
        for u in us:
            h = np.tanh(np.asarray(cell.input_weights) @ u + np.asarray(cell.recurrent_weights) @ h + cell.bias)
        return h
    closed = us if ended else us[: len(us) // cell.length * cell.length]
    return said(cell.segment, [said(cell.symbol, chunk) for chunk in chunks(closed, cell.length)], ended)


@eqx.filter_jit
def run(parts, engine, lengths=None):
    def loss(parts):
        cell, xs = parts
        outputs, final = unfold(cell, xs, lengths=lengths, engine=engine)
        return probe((outputs if lengths is None else living(outputs, lengths), final)), (outputs, final)

    return eqx.filter_value_and_grad(loss, has_aux=True)(parts)


walked = eqx.filter_jit(lambda cell, xs: unfold(cell, xs))


@pytest.mark.parametrize("name", ["below", "above"])
def test_three_levels_are_their_definition(name, float64):
    """Outputs at every step of sequences of unequal length; the sweep, its states and gradients are the plain ones."""
    cell = precise(NESTED[name])
    xs = as_float(np.random.default_rng(0).normal(size=(3, TIME, 3)))
    swept = run((cell, xs), "auto", jnp.asarray(LENGTHS))
    outputs = swept[0][1][0]
    for k, length in enumerate(LENGTHS):
        us = list(np.asarray(xs[k]))
        expected = [said(cell, us[: t + 1], t == length - 1) for t in range(length)]
        assert_close(outputs[k, :length], np.array(expected))
    assert_close(swept, run((cell, xs), "plain", jnp.asarray(LENGTHS)))


def test_the_readout_answers_at_segments_of_the_uppermost_level():
    below, above, both = (NESTED[name].ends(jnp.zeros((14, 3)), jnp.asarray(14)) for name in NESTED)
    assert [np.flatnonzero(ends).tolist() for ends in (below, above, both)] == [
        [3, 7, 11, 13],
        [5, 11, 13],
        [5, 11, 13],
    ]


def test_marks_are_boundaries_at_the_same_steps(float64):
    """Words that end in symbol 1 or 2, and sentences that end in symbol 2, or by a value."""
    codes = jnp.asarray([[0, 1, 0, 0, 2, 2, 1, 0], [2, 0, 1, 1, 0, 0, 2, 0]], jnp.int32)
    xs = jax.nn.one_hot(codes, 3, dtype=float)
    words, sentences = codes > 0, codes == 2
    lengths = jnp.asarray([8, 6])
    marked = precise(Segmented(elman(), gru(2), marks=SymbolMark((1, 2))))
    given = precise(Segmented(elman(), gru(2), boundaries=True))
    assert_close(marked.project(xs[0]), given.project(Steps(xs[0], words[0])), 0)
    assert_close(marked.ends(xs, lengths), given.ends(Steps(xs, words), lengths), 0)

    of_words = precise(Segmented(marked, elman(2), marks=ThresholdMark(2, 0.5)))
    of_given = precise(Segmented(marked, elman(2), boundaries=True))
    assert_close(walked(of_words, xs), walked(of_given, Steps(xs, sentences)))
    ends = [[0, 0, 0, 0, 1, 1, 0, 1], [1, 0, 0, 0, 0, 1, 0, 0]]
    assert_close(of_words.ends(xs, lengths), jnp.asarray(ends, bool), 0)


def test_boundaries_reach_the_inner_cell(float64):
    """Segments in the data, cut after every fifth step by the level above; in single steps and swept."""
    inner = precise(Segmented(elman(), elman(2), boundaries=True))
    outer = Segmented(inner, precise(elman(2)), 5)
    random = np.random.default_rng(1)
    xs, ends = random.normal(size=(10, 3)), np.array([0, 1, 1, 0, 0, 0, 0, 1, 0, 1], bool)
    words = [
        [said(inner.symbol, part) for part in np.split(xs[a:b], cuts)] for a, b, cuts in ((0, 5, [2, 3]), (5, 10, [3]))
    ]
    expected = said(outer.segment, [said(inner.segment, word) for word in words])
    for engine in ("auto", "plain"):
        outputs, _ = unfold(outer, Steps(as_float(xs), jnp.asarray(ends)), engine=engine)
        assert_close(outputs[-1], expected)


def test_thresholds_look_either_way():
    values = jnp.asarray([[0.0, 2.0], [0.0, -2.0], [9.0, 1.0]])
    assert ThresholdMark(1, 1.0)(values).tolist() == [True, False, False]
    assert ThresholdMark(1, 1.0, above=False)(values).tolist() == [False, True, False]


def test_mistakes_are_told():
    with pytest.raises(InvalidInput, match=r"marks look at channel 3, but inputs have the channels 0 to 2"):
        Segmented(elman(), elman(2), marks=SymbolMark(3))
    with pytest.raises(InvalidInput, match=r"symbols=\(\); expected the codes"):
        SymbolMark(())
    with pytest.raises(InvalidInput, match="channel=-1; expected 0 or more"):
        ThresholdMark(-1, 0.5)
    with pytest.raises(InvalidInput, match="counts segments, which bring no boundaries"):
        Segmented(elman(), Segmented(elman(2), elman(2), boundaries=True), 3)
