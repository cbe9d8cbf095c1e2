"""Dynamic networks, in open and in closed loops, are parts that a model file can hold."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mnemon.estimators._codec import decode, encode
from mnemon.layers import Network, closed, narx, rmlp

MADE = {
    "rmlp in a loop": lambda key: closed(rmlp(2, 3, taps=2, units=2, key=key), (1,)),
    "narx in a loop": lambda key: closed(narx(2, 1, taps=2, feedback=2, units=2, key=key)),
}


@pytest.mark.parametrize("name", MADE)
def test_written_and_read_they_answer_the_same(name):
    network = MADE[name](jax.random.key(0))
    tensors: dict[str, np.ndarray] = {}
    words = encode(network, "network", tensors)
    again = decode(words, tensors)
    assert isinstance(again, Network)
    assert jax.tree.structure(again) == jax.tree.structure(network)
    xs = jnp.asarray(np.random.default_rng(0).normal(size=(1, 5, 2)), jnp.float32)
    xs = xs.at[:, 2:, 0].set(jnp.nan)
    np.testing.assert_array_equal(again(xs).values, network(xs).values)
    assert np.isfinite(again(xs).values).all()
