"""What training may change of a network, and what belongs to it unchanged."""

import equinox as eqx
import jax
import jax.numpy as jnp

from mnemon.cells import Elman, Frozen, split, trainable

TREE = {
    "cell": Elman(2, 3, key=jax.random.key(0)),
    "fixed": Frozen(jnp.ones(3)),
    "within": [Frozen(jnp.arange(2)), (jnp.zeros(2), Frozen(jnp.zeros(1)))],
    "count": jnp.arange(3),
    "word": "tanh",
}


def test_the_two_parts_make_the_whole():
    assert eqx.tree_equal(eqx.combine(*split(TREE)), TREE)


def test_frozen_arrays_and_counters_are_in_the_rest():
    part, rest = split(TREE)
    assert len(jax.tree.leaves(part)) == 4
    assert eqx.tree_equal(rest["fixed"], TREE["fixed"])
    assert eqx.tree_equal(rest["count"], TREE["count"])


def test_without_frozen_arrays_the_trainable_ones_are_the_inexact_ones():
    cell = TREE["cell"]
    assert eqx.tree_equal(trainable(cell), eqx.filter(cell, eqx.is_inexact_array))


def test_the_parts_of_the_parts_are_themselves():
    part, _ = split(TREE)
    assert eqx.tree_equal(trainable(part), part)
