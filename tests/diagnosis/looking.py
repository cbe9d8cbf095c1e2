"""Small inputs of unequal lengths, and cells whose flow is known."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from mnemon.cells import Elman

LENGTHS = np.array([6, 4, 5])


def keys(count):
    return jax.random.split(jax.random.key(3), count)


def inputs(features=3, time=6, batch=3, seed=0):
    random = np.random.default_rng(seed)
    return jnp.asarray(random.normal(size=(batch, time, features)), jnp.result_type(float))


def with_part(tree: Any, name: str, value: Any) -> Any:
    return eqx.tree_at(lambda t: getattr(t, name), tree, value)


def linear(scale, units=4):
    """A linear network whose recurrent weights are a scaled rotation."""
    rotation, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(units, units)))
    cell = Elman(3, units, squashing="identity", key=keys(2)[0])
    return with_part(cell, "recurrent_weights", jnp.asarray(scale * rotation, jnp.result_type(float)))
