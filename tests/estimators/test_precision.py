"""Single or double precision is the classifier's own, whatever JAX's setting, which stays as it was."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from specimens import PROBE, X, assert_same, fitted, probabilities, small, weights, y

from mnemon.cells import Elman
from mnemon.layers import Network, Readout

KINDS = {"float32": "elman", "float64": "double precision"}


def dtypes(classifier):
    memory = [leaf.dtype for leaf in jax.tree.leaves(classifier.memory_) if jnp.issubdtype(leaf.dtype, jnp.inexact)]
    network = [leaf.dtype for leaf in jax.tree.leaves(classifier.network_)]
    return {str(dtype) for dtype in [*memory, *network, *(leaf.dtype for leaf in weights(classifier))]}


@pytest.mark.parametrize("precision", KINDS)
def test_weights_have_the_wanted_precision(precision):
    assert dtypes(fitted(KINDS[precision])) == {precision}
    assert f"weights in all, {precision}" in fitted(KINDS[precision]).summary()


@pytest.mark.parametrize("precision", KINDS)
@pytest.mark.parametrize("setting", [False, True])
def test_the_global_setting_neither_matters_nor_changes(precision, setting, tmp_path):
    import mnemon

    with jax.enable_x64(setting):
        classifier = small(precision=precision).fit(X, y)
        assert jax.config.jax_enable_x64 == setting
        said = classifier.predict_proba(PROBE)
        stream = [*classifier.predict_stream().over(X[0])]
        loaded = mnemon.load(classifier.save(tmp_path / "model.safetensors"))
        assert jax.config.jax_enable_x64 == setting
        assert dtypes(loaded) == dtypes(classifier) == {precision}
        assert jax.config.jax_enable_x64 == setting
    expected = fitted(KINDS[precision])
    assert_same(weights(classifier), weights(expected))
    assert_same([said, loaded.predict_proba(PROBE)], [probabilities(KINDS[precision])] * 2)
    assert_same(stream, [*expected.predict_stream().over(X[0])])


def test_precision_differs_in_its_digits():
    """The same draws would make the same network; single precision rounds values such as 0.1."""
    assert all(np.any(leaf != leaf.astype(np.float32)) for leaf in weights(fitted("double precision")) if leaf.size > 4)


@pytest.mark.parametrize("precision", KINDS)
def test_a_network_of_ones_own_is_brought_to_the_precision(precision):
    keys = jax.random.split(jax.random.key(0))
    with jax.enable_x64(precision == "float32"):  # made in the other one
        network = Network(Elman(2, 4, key=keys[0]), Readout(4, 2, key=keys[1]))
    classifier = small(network=network, precision=precision).fit(X, y)
    assert dtypes(classifier) == {precision}
