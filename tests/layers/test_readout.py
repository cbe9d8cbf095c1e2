"""What each place of a readout reads, in plain NumPy; and its mistakes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from table_of_cells import assert_close, start
from table_of_layers import elman

from mnemon.errors import InvalidInput
from mnemon.layers import Answer, Network, Passage, Readout

RANDOM = np.random.default_rng(0)
OUTPUTS, LAST, XS = RANDOM.normal(size=(2, 4, 3)), RANDOM.normal(size=(2, 3)), RANDOM.normal(size=(2, 4, 2))
ENDS = np.array([[0, 1, 0, 1], [1, 0, 0, 0]], bool)
LENGTHS = np.array([4, 1])


def readout(at, **how):
    return Readout(3, 2, at=at, initialiser=start, key=jax.random.key(0), **how)


def read(part, lengths=LENGTHS):
    lengths = None if lengths is None else jnp.asarray(lengths)
    return part(Passage(jnp.asarray(OUTPUTS), jnp.asarray(LAST), jnp.asarray(ENDS), lengths), jnp.asarray(XS))


def affine(part, seen):
    return seen @ np.asarray(part.weights).T + np.asarray(part.bias)


def attention(pool, values):
    scores = np.tanh(values @ np.asarray(pool.weights).T + np.asarray(pool.bias)) @ np.asarray(pool.query)
    weights = np.exp(scores) / np.exp(scores).sum()
    return weights @ values


@pytest.mark.parametrize(
    "at, pooled",
    [
        ("end", None),
        ("mean", lambda pool, values: values.mean(axis=0)),
        ("max", lambda pool, values: values.max(axis=0)),
        ("attention", attention),
    ],
)
def test_one_answer_a_sequence(at, pooled, float64):
    part = readout(at)
    seen = LAST if pooled is None else [pooled(part.pool, OUTPUTS[k, :n]) for k, n in enumerate(LENGTHS)]
    answer = read(part)
    assert answer.marks is None
    assert_close(answer.values, affine(part, np.array(seen)))
    assert_close(answer.at_end(), answer.values)


@pytest.mark.parametrize("at, marks", [("steps", np.arange(4)[None] < LENGTHS[:, None]), ("segments", ENDS)])
def test_one_answer_a_step(at, marks, float64):
    part = readout(at)
    answer = read(part)
    assert_close(answer.values, affine(part, OUTPUTS))
    assert_close(answer.marks, marks, 0)
    assert_close(answer.at_end(), affine(part, OUTPUTS[[0, 1], LENGTHS - 1]))
    assert_close(Answer(answer.values, jnp.ones((2, 4), bool)).at_end(), affine(part, OUTPUTS[:, -1]))


def test_the_input_may_be_seen_too(float64):
    part = readout("steps", sees_input=2)
    assert_close(read(part).values, affine(part, np.concatenate([OUTPUTS, XS], axis=-1)))
    part = readout("end", sees_input=2)
    for lengths, last in ((LENGTHS, XS[[0, 1], LENGTHS - 1]), (None, XS[:, -1])):
        assert_close(read(part, lengths).values, affine(part, np.concatenate([LAST, last], axis=-1)))


def test_outputs_may_squash_and_have_no_bias(float64):
    part = readout("end", squashing="logistic", bias=False)
    assert part.bias is None
    assert_close(read(part).values, 1 / (1 + np.exp(-LAST @ np.asarray(part.weights).T)))


def test_marks_are_of_whole_batches():
    answer = Answer(jnp.zeros((2, 3, 4, 1)), jnp.ones((2, 3, 4), bool))
    assert answer.at_end().shape == (2, 3, 1)


def test_mistakes_are_told(unchecked):
    with pytest.raises(InvalidInput, match="at='segment': did you mean 'segments'"):
        readout("segment")
    with pytest.raises(InvalidInput, match="squashing='logistics': did you mean 'logistic'"):
        readout("end", squashing="logistics")
    with pytest.raises(InvalidInput, match="no layer of this network is Segmented"):
        Network(elman(), Readout(2, 1, at="segments", key=jax.random.key(0)))(jnp.zeros((4, 3)))
    with pytest.raises(InvalidInput, match="layers say 2 values, but the readout takes 3"):
        Network(elman(), readout("end"))
    with pytest.raises(InvalidInput, match="readout expects to see 2 inputs; the network has 3"):
        Network(elman(3, 3), readout("end", sees_input=2))
