"""The dynamic networks are their equations, with as many weights as these have."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from table_of_cells import as_float, assert_close, start
from table_of_layers import as_precise

from mnemon.errors import InvalidInput
from mnemon.layers import dlnn, dmlp, narx, rmlp

HOW = {"initialiser": start, "key": jax.random.key(0)}
XS = np.random.default_rng(0).normal(size=(2, 7, 2))
LENGTHS = np.array([7, 4])


def delayed(xs, t, taps):
    return np.concatenate([xs[t - k] if t >= k else np.zeros_like(xs[0]) for k in range(taps)])


def affine(part, seen):
    return np.asarray(part.weights) @ seen + np.asarray(part.bias)


def hidden(layer, seen, width, size):
    """A causal convolution holds the oldest input of its window first."""
    return np.tanh(affine(layer, seen.reshape(width, size)[::-1].reshape(-1)))


def linear(network, xs):
    return [affine(network.readout, delayed(xs, t, 3)) for t in range(len(xs))]


def perceptron(network, xs):
    first, second = network.layers.layers
    seen = [hidden(second, hidden(first, delayed(xs, t, 3), 3, 2), 1, 4) for t in range(len(xs))]
    return [affine(network.readout, h) for h in seen]


def recurrent(network, xs):
    cells = [layer.cell for layer in network.layers.layers[1:]]
    states, said = [np.zeros(4), np.zeros(5)], []
    for t in range(len(xs)):
        seen = delayed(xs, t, 3)
        for k, cell in enumerate(cells):
            states[k] = np.tanh(
                np.asarray(cell.input_weights) @ seen + np.asarray(cell.recurrent_weights) @ states[k] + cell.bias
            )
            seen = states[k]
        said.append(affine(network.readout, seen))
    return said


def autoregressive(network, xs):
    inner, said = network.layers.layers[1].cell.network, []
    for t in range(len(xs)):
        past = [said[t - k] if t >= k else np.zeros(1) for k in (1, 2)]
        seen = np.concatenate([delayed(xs, t, 3), *past])
        said.append(affine(inner.readout, hidden(inner.layers.layers[0], seen, 1, 8)))
    return said


CASES = {
    "dlnn": (lambda: dlnn(2, 1, taps=3, **HOW), linear, 1 * (3 * 2 + 1)),
    "dmlp": (lambda: dmlp(2, 1, taps=3, units=(4, 5), **HOW), perceptron, 4 * (3 * 2 + 1) + 5 * (4 + 1) + 1 * (5 + 1)),
    "rmlp": (
        lambda: rmlp(2, 1, taps=3, units=(4, 5), **HOW),
        recurrent,
        4 * (3 * 2 + 4 + 1) + 5 * (4 + 5 + 1) + 1 * (5 + 1),
    ),
    "narx": (
        lambda: narx(2, 1, taps=3, feedback=2, units=4, **HOW),
        autoregressive,
        4 * (3 * 2 + 2 * 1 + 1) + 1 * (4 + 1),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_equations_and_weights(name, float64):
    make, by_hand, count = CASES[name]
    network = as_precise(make())
    assert network.weight_count() == count
    answer = eqx.filter_jit(network)(as_float(XS), jnp.asarray(LENGTHS))
    for k, length in enumerate(LENGTHS):
        assert answer.marks[k].sum() == length
        assert_close(answer.values[k, :length], np.array(by_hand(network, XS[k, :length])))


def test_narx_in_the_open_loop(float64):
    """Forced by its own answers it answers the same; by others, as if these had been its answers."""
    network = as_precise(narx(2, 1, taps=3, feedback=2, units=4, **HOW))
    line, loop = network.layers.layers
    parallel = network(as_float(XS)).values
    force = lambda targets: loop.cell.network(loop.cell.forced(line(as_float(XS)).outputs, targets)).values  # noqa: E731
    assert_close(force(parallel), parallel)
    assert np.abs(force(parallel + 1)[:, 1:] - parallel[:, 1:]).min() > 1e-4


def test_a_narx_of_its_own_answers_alone(float64):
    network = as_precise(narx(0, 1, taps=1, feedback=2, units=3, **HOW))
    assert network.weight_count() == 3 * (2 + 1) + (3 + 1)
    said = network(jnp.zeros((1, 5, 0))).values[0, :, 0]
    assert len(np.unique(np.asarray(said))) == 5


def test_a_recurrent_network_of_one_tap_has_no_line_before_it():
    network = rmlp(2, 1, units=4, key=jax.random.key(0))
    assert len(network.layers.layers) == 1
    assert network.weight_count() == 4 * (2 + 4 + 1) + 5


def test_members_of_one_key_differ():
    """No two layers start alike."""
    network = rmlp(4, 4, units=(4, 4), key=jax.random.key(0))
    one, two = (layer.cell.input_weights for layer in network.layers.layers)
    assert np.abs(one - two).min() > 0
    assert np.abs(one - network.readout.weights).min() > 0


def test_mistakes_are_told():
    key = jax.random.key(0)
    for units in ((), 0, (3, 0)):
        with pytest.raises(InvalidInput, match="expected at least one hidden layer, of at least 1 unit"):
            dmlp(1, 1, taps=2, units=units, key=key)
    with pytest.raises(InvalidInput, match="narx: feedback=0; expected at least 1 answer"):
        narx(1, 1, taps=2, feedback=0, units=3, key=key)
    for make in (lambda: dlnn(1, 1, taps=0, key=key), lambda: rmlp(1, 1, taps=0, units=2, key=key)):
        with pytest.raises(InvalidInput, match="taps=0"):
            make()
