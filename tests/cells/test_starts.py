"""How weights start, and what cells say of a misspelt squashing function."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from table_of_cells import assert_close

from mnemon.cells import (
    GRU,
    IRNN,
    REGIMES,
    SQUASHING,
    Elman,
    LeakyESN,
    Start,
    advance,
    gaussian,
    glorot,
    identity,
    orthogonal,
    sparse,
    sparse_spectral,
    spectral_radius,
    uniform,
    zeros,
)
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


def test_gaussian_has_its_deviation():
    drawn = np.asarray(gaussian(0.3)(KEY, (40, 60)))
    assert_close([drawn.std(), drawn.mean()], [np.float32(0.3), np.float32(0)], 0.02)


def test_identity_stands_in_each_square_block():
    assert_close(identity(0.5)(KEY, (6, 4)), 0.5 * np.eye(4, dtype=np.float32)[[0, 1, 2, 3, 0, 1]], 0)


@pytest.mark.parametrize("connections", [1, 4, None])
def test_a_block_has_its_spectral_radius_for_a_whole_population(connections, float64):
    """Against the eigenvalues of NumPy; each row has as many entries as asked for."""
    draw = jax.jit(jax.vmap(lambda key: spectral_radius(0.9, connections)(key, (24, 12))))
    piles = np.asarray(draw(jax.random.split(KEY, 20)))
    radii = [np.abs(np.linalg.eigvals(block)).max() for pile in piles for block in np.split(pile, 2)]
    assert_close(radii, [0.9] * len(radii), 1e-10)
    assert (np.count_nonzero(piles, axis=-1) == (connections or 12)).all()
    assert not np.allclose(piles[0], piles[1])


def test_a_sparse_block_has_its_spectral_radius_for_a_whole_population(float64):
    draw = jax.jit(jax.vmap(lambda key: sparse_spectral(4, 1.1)(key, (24, 12))))
    piles = np.asarray(draw(jax.random.split(KEY, 20)))
    radii = [np.abs(np.linalg.eigvals(block)).max() for pile in piles for block in np.split(pile, 2)]
    assert_close(radii, [1.1] * len(radii), 1e-10)
    assert (np.count_nonzero(piles, axis=-1) == 4).all()
    assert np.abs(piles).max() > 3 * np.abs(piles[piles != 0]).mean()  # normal: no uniform weight is that large


def test_the_regimes_of_the_vanishing_gradient_paper():
    kinds = {"sigmoid": "logistic", "basic tanh": "tanh", "smart tanh": "tanh"}
    cells = {name: Elman(6, 50, squashing=kinds[name], initialiser=REGIMES[name], key=KEY) for name in REGIMES}
    deviations = [float(cell.input_weights.std()) for cell in cells.values()]
    assert_close(deviations, [0.01, 0.1, 0.01], 0.01)
    assert_close([float(cells[name].recurrent_weights.std()) for name in ("sigmoid", "basic tanh")], [0.01, 0.1], 0.01)
    smart = np.asarray(cells["smart tanh"].recurrent_weights)
    assert (np.count_nonzero(smart, axis=1) == 15).all()
    assert_close(np.abs(np.linalg.eigvals(smart)).max(), np.float32(0.95), 1e-4)
    assert not any(cell.bias.any() for cell in cells.values())


def test_sparse_gives_each_unit_so_many_sources():
    drawn = np.asarray(sparse(deviation=2.0)(KEY, (300, 40)))
    assert (np.count_nonzero(drawn, axis=1) == 15).all()
    assert np.ptp(np.count_nonzero(drawn, axis=0)) > 0
    assert_close(drawn[drawn != 0].std(), np.float32(2.0), 0.05)
    assert np.count_nonzero(sparse()(KEY, (3, 4))) == 12
    assert np.count_nonzero(sparse(2)(KEY, (5,))) == 5


@pytest.mark.parametrize(
    "mistake, told",
    [
        (lambda: sparse(0), "sparse: connections=0; expected at least 1"),
        (lambda: sparse_spectral(0), "sparse_spectral: connections=0; expected at least 1"),
        (lambda: sparse_spectral(radius=0.0), "sparse_spectral: radius=0.0; expected a positive number"),
        (lambda: spectral_radius(0.9, 0), "spectral_radius: connections=0; expected at least 1"),
        (lambda: Elman(2, 3, initialiser=spectral_radius(0.9), key=KEY), "spectral_radius draws matrices only"),
        (lambda: Elman(2, 3, initialiser=orthogonal, key=KEY), "orthogonal draws matrices only"),
    ],
)
def test_starts_that_cannot_be_are_told(mistake, told):
    with pytest.raises(InvalidInput, match=told):
        mistake()


def test_a_start_with_numbers_is_known_by_them():
    """Equal numbers make equal starts, in dictionaries too; what a model file writes is their fields."""
    assert uniform(0.1) == uniform(0.1) != uniform(0.2)
    assert len({spectral_radius(0.9, 5), spectral_radius(0.9, connections=5), sparse()}) == 2


def test_the_rectified_network_starts_as_the_identity():
    cell = IRNN(5, 200, key=KEY)
    assert_close(cell.recurrent_weights, np.eye(200, dtype=np.float32), 0)
    assert not cell.bias.any()
    assert_close(cell.input_weights.std(), np.float32(0.001), 1e-4)


def test_a_reservoir_is_drawn_to_its_numbers():
    how = {"spectral_radius": 0.8, "connections": 5, "input_scale": 0.1, "bias_scale": 0.0}
    cell = LeakyESN(3, 40, **how, key=KEY)
    weights = np.asarray(cell.recurrent_weights.value)
    assert_close(np.abs(np.linalg.eigvals(weights)).max(), np.float32(0.8), 1e-5)
    assert (np.count_nonzero(weights, axis=1) == 5).all()
    assert 0.09 < np.abs(cell.input_weights.value).max() <= 0.1
    assert not cell.bias.value.any()


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


@pytest.mark.parametrize("reset", ["after", "before"])
def test_a_gru_may_start_by_keeping_what_it_holds(reset):
    plain, keeping = (GRU(2, 3, reset=reset, update_bias=b, key=jax.random.key(0)) for b in (0.0, 2.0))
    np.testing.assert_array_equal(keeping.bias - plain.bias, np.repeat([2, 0, 0], 3))
    state = jnp.asarray([0.5, -0.5, 0.2])
    x = jnp.zeros((1, 2))
    kept = [
        abs(advance(cell, state, jax.tree.map(lambda d: d[0], cell.project(x))) - state) for cell in (plain, keeping)
    ]
    assert (kept[1] < kept[0]).all()
