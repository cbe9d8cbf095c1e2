"""How weights start, and what cells say of a misspelt squashing function."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from table_of_cells import assert_close

from mnemon.cells import GRU, SQUASHING, Elman, Start, glorot, orthogonal, uniform, zeros
from mnemon.errors import InvalidInput

KEY = jax.random.key(0)


def test_uniform_fills_its_reach():
    drawn = uniform(0.1)(KEY, (40, 50))
    assert np.abs(drawn).max() <= 0.1
    assert_close([drawn.min(), drawn.max()], np.array([-0.1, 0.1], np.float32).tolist(), 1e-3)


def test_glorot_has_its_variance():
    drawn = glorot(KEY, (40, 60))
    assert np.abs(drawn).max() <= (6 / 100) ** 0.5
    assert_close(drawn.var(), 2 / 100, 1e-3)


def test_each_gate_of_a_recurrent_matrix_keeps_lengths():
    for block in jnp.split(orthogonal(KEY, (12, 4)), 3):
        assert_close(block @ block.T, np.eye(4), 1e-5)
    rest = orthogonal(KEY, (6, 4))[4:]
    assert_close(rest @ rest.T, np.eye(2), 1e-5)


def test_one_initialiser_serves_all_weights_and_a_start_one_of_each_kind():
    constant = lambda value: lambda key, shape: jnp.full(shape, value)  # noqa: E731
    alike = GRU(2, 3, initialiser=constant(0.5), key=KEY)
    assert all((leaf == 0.5).all() for leaf in jax.tree.leaves(alike))
    apart = GRU(2, 3, initialiser=Start(constant(1.0), constant(2.0), constant(3.0)), key=KEY)
    assert (apart.input_weights == 1).all()
    assert (apart.recurrent_weights == 2).all()
    assert (apart.bias == 3).all()
    assert (apart.candidate_bias == 3).all()
    assert not zeros(KEY, (3,)).any()


def test_two_keys_give_two_cells_and_one_key_one():
    one, same, other = (GRU(2, 3, key=jax.random.key(seed)) for seed in (0, 0, 1))
    assert_close(one, same, 0)
    assert not np.allclose(one.recurrent_weights, other.recurrent_weights)


@pytest.mark.parametrize(
    "name, at_zero, low, high",
    [
        ("logistic", 0.5, 0, 1),
        ("tanh", 0, -1, 1),
        ("relu", 0, 0, 30),
        ("identity", 0, -30, 30),
        ("logistic1", 0, -1, 1),
        ("logistic2", 0, -2, 2),
    ],
)
def test_squashing_functions_have_the_ranges_of_the_papers(name, at_zero, low, high):
    assert_close(SQUASHING[name](jnp.array([-30.0, 0.0, 30.0])), np.array([low, at_zero, high], np.float32), 1e-6)


def test_a_misspelt_squashing_function_gets_a_suggestion():
    with pytest.raises(InvalidInput, match="squashing='tahn': did you mean 'tanh'"):
        Elman(2, 3, squashing="tahn", key=KEY)
