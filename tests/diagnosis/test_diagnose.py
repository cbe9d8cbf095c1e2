"""What is said follows from the numbers: vanishing and exploding are told apart, and the healthy get no alarm."""

import jax.numpy as jnp
import numpy as np
import pytest
from looking import LENGTHS, inputs, keys, linear, with_part

from mnemon.cells import LSTM, Elman, LeakyESN
from mnemon.diagnosis import diagnose, horizon
from mnemon.errors import InvalidInput, InvalidType
from mnemon.layers import Convolution, Network, Readout, Segmented
from mnemon.learning import CrossEntropy, SquaredError


def look(cell, *, time=40, at="end", lengths=None, **how):
    readout = Readout(cell.output_size, 2, at=at, key=keys(2)[1])
    return diagnose(Network(cell, readout), inputs(time=time, **how), lengths, jnp.ones((3, 2)), SquaredError())


def said(found, kind):
    return [one for one in found.findings if one.kind == kind]


def test_a_vanishing_network_is_told_so_with_its_pace_and_a_remedy():
    found = look(linear(0.5))
    (one,) = said(found, "error fades")
    assert one.severity == "alarm"
    assert one.where == "layer 1"
    assert "errors shrink by 0.5 a step" in one.sentence
    assert "more than 6 steps back" in one.sentence  # 0.5^6 = 1/64, 0.5^7 = 1/128
    assert "sequences have 40" in one.sentence
    assert "LSTM" in one.sentence
    (certain,) = said(found, "bound")
    assert "at least by 0.5 a step" in certain.sentence
    assert found.findings[0] == one
    assert not said(found, "error grows")


def test_an_exploding_network_is_told_so():
    found = look(linear(1.5))
    (one,) = said(found, "error grows")
    assert one.severity == "alarm"
    assert "errors grow by 1.5 a step" in one.sentence
    assert "clip" in one.sentence
    assert "(now 1.5)" in one.sentence
    assert not said(found, "error fades")
    assert not said(found, "bound")


@pytest.mark.parametrize(
    "cell",
    [
        lambda key: linear(1.0),
        lambda key: LSTM(3, 8, gate_bias={"forget": 4.0}, key=key),
    ],
)
def test_a_healthy_network_gets_no_alarm(cell):
    found = look(cell(keys(1)[0]))
    assert {one.severity for one in found.findings} == {"note"}
    assert "errors reach back over all 40 steps" in said(found, "error arrives")[0].sentence


def test_shut_gates_and_drifted_cells_are_told():
    cell = LSTM(3, 8, gate_bias={"forget": 4.0}, key=keys(1)[0])  # rows: input, forget, output gates, cells
    shut = look(with_part(cell, "bias", cell.bias.at[:8].set(-6.0)))
    assert [one.severity for one in said(shut, "gates")] == ["alarm"]
    assert "input gates are shut (below 0.1) at 100% of the steps" in said(shut, "gates")[0].sentence
    drifted = look(with_part(cell, "bias", cell.bias.at[:].set(8.0)))
    assert "drifted" in said(drifted, "units")[-1].sentence


def test_dead_units_are_told():
    cell = Elman(3, 4, squashing="relu", key=keys(1)[0])
    found = look(with_part(cell, "bias", jnp.full(4, -50.0)), time=12)
    assert "4 of 4 units do not move" in said(found, "units")[0].sentence
    assert "the answer does not change" in said(found, "memory")[0].sentence
    assert "errors shrink by 0 a step" in said(found, "error fades")[0].sentence


def test_a_reservoir_needs_no_error():
    found = look(linear_reservoir(0.5))
    assert not said(found, "error fades")
    assert not said(found, "bound")
    assert "a larger spectral radius" in said(found, "memory")[0].sentence
    (one,) = said(look(linear_reservoir(1.2)), "state diverges")
    assert "part by 1.2 a step" in one.sentence


def linear_reservoir(scale):
    cell = LeakyESN(3, 4, leak=1.0, squashing="identity", connections=None, key=keys(1)[0])
    weights = with_part(cell.recurrent_weights, "value", linear(scale).recurrent_weights)
    return with_part(cell, "recurrent_weights", weights)


def test_weights_that_are_not_finite_come_first():
    cell = linear(1.0)
    found = look(with_part(cell, "bias", cell.bias.at[0].set(jnp.nan)))
    assert [one.kind for one in found.findings] == ["not finite"]
    assert found.findings[0].sentence.startswith("layer 1 cell bias: some weights are not finite")


def test_short_sequences_are_not_judged_by_their_length():
    found = look(linear(0.5), time=4)
    assert {one.kind for one in found.findings} <= {"no error"}


def test_nothing_is_claimed_of_one_step_or_of_inputs_that_are_all_the_same():
    one = Network(linear(0.5), Readout(4, 2, key=keys(2)[1]))
    alone = horizon(one, inputs(time=1, batch=1), None)
    assert alone.steps is None
    assert np.isnan(alone.change).all()
    same = diagnose(one, jnp.zeros((3, 40, 3)), None, jnp.ones((3, 2)), SquaredError())
    (said_of_them,) = said(same, "memory")
    assert "are the same" in said_of_them.sentence
    assert same.horizon.steps is None


def test_codes_of_symbols_and_unequal_lengths():
    a, b, c = keys(3)
    cell = Segmented(Elman(5, 3, key=a), LSTM(3, 4, key=b), 2)
    network = Network(cell, Readout(4, 5, at="steps", key=c))
    codes = jnp.asarray(np.random.default_rng(0).integers(0, 5, (3, 6)))
    found = diagnose(network, codes, jnp.asarray(LENGTHS), jnp.where(codes > 3, -1, codes), CrossEntropy())
    (layer,) = found.layers
    assert layer.cell == "Segmented(Elman, LSTM)"
    assert layer.parts == {"symbol units": (0, 3), "segment sources": (3, 7), "segment cells": (7, 11)}
    assert found.loss.shape == (3,)
    assert found.lengths.tolist() == LENGTHS.tolist()
    assert [one.level for one in layer.activities] == ["symbol", "segment"]
    assert np.isfinite(layer.answer.norm).all()


def test_what_cannot_be_looked_into_is_refused():
    a, b = keys(2)
    network = Network(Elman(3, 2, key=a), Readout(2, 2, key=b))
    arguments = (jnp.ones((3, 2)), SquaredError())
    with pytest.raises(InvalidInput, match=r"inputs \(batch, time, 3\)"):
        diagnose(network, inputs(features=4), None, *arguments)
    with pytest.raises(InvalidInput, match="3 lengths from 1 to 6"):
        diagnose(network, inputs(), jnp.array([6, 0, 3]), *arguments)
    with pytest.raises(InvalidType, match="Network"):
        diagnose(network.layers, inputs(), None, *arguments)  # pyright: ignore[reportArgumentType]
    flat = Network(Convolution(3, 2, 2, key=a), Readout(2, 2, key=b))
    with pytest.raises(InvalidInput, match="no recurrent layer"):
        diagnose(flat, inputs(), None, *arguments)
