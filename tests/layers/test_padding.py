"""What stands behind the ends of sequences changes nothing: no answer, no gradient; and a batch is its sequences."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from seldom import all_but
from table_of_cells import assert_close, inputs, probe
from table_of_layers import LAYERS, below_readouts, elman

from mnemon.layers import PLACES

KINDS = [name for name in LAYERS if name not in ("stack", "segmented")]  # these two are parts of others
LENGTHS = np.array([5, 1, 3])


@eqx.filter_jit
def answers_and_gradients(parts, xs, lengths):
    """At all places, summed: the answers that count, the gradients by weights and by inputs."""

    def loss(everything):
        (layer, readouts), xs = everything
        passage = layer(xs, lengths)
        answers = [readout(passage, xs) for readout in readouts.values()]
        values = [counted(answer)[:, :5] if answer.values.ndim == 3 else answer.values for answer in answers]
        return probe(values), values

    (_, values), gradients = eqx.filter_value_and_grad(loss, has_aux=True)((parts, xs))
    return values, gradients


def counted(answer):
    return jnp.where(answer.marks[..., None], answer.values, jnp.zeros_like(answer.values))


@pytest.mark.parametrize("name", all_but(["segmented twice", "pyramid", "bidirectional", "backwards"], KINDS))
def test_padding_changes_nothing_at_any_place(name, float64):
    """More steps of padding, and huge numbers in it, against zeros."""
    parts = below_readouts(name, PLACES if name == "recurrent" else ("end", "max", "segments"))
    xs = inputs(elman(), (3, 5))
    behind = np.arange(5)[None] >= LENGTHS[:, None]
    short = jnp.asarray(np.where(behind[..., None], 0, xs))
    long = jnp.asarray(np.concatenate([np.where(behind[..., None], 1e6, xs), np.full((3, 2, 3), -1e6)], axis=1))
    lengths = jnp.asarray(LENGTHS)
    values, (gradient, xs_gradient) = answers_and_gradients(parts, short, lengths)
    long_values, (long_gradient, long_xs_gradient) = answers_and_gradients(parts, long, lengths)
    assert_close((long_values, long_gradient, long_xs_gradient[:, :5]), (values, gradient, xs_gradient))
    assert not long_xs_gradient[:, 5:].any()
    assert not np.asarray(xs_gradient)[behind].any()
    assert np.abs(np.asarray(xs_gradient)[~behind]).min() > 0


@pytest.mark.parametrize("name", all_but(["front", "above segmented", "pyramid", "backwards"], KINDS))
def test_a_batch_is_its_sequences_run_alone(name, float64):
    layer, _ = below_readouts(name)
    xs = inputs(elman(), (3, 5))
    run = eqx.filter_jit(lambda xs, lengths: layer(xs, lengths))
    together = run(xs, jnp.asarray(LENGTHS))
    for k in (0, 2):
        alone = run(xs[k, : LENGTHS[k]], None)
        length = len(alone.outputs)
        assert layer.keeps_pace == (length == LENGTHS[k])
        assert together.lengths[k] == length
        assert_close(together.outputs[k, :length], alone.outputs)
        behind = together.outputs[k, length:]
        repeated = alone.outputs[-1:] if layer.causal else behind[:1]  # a walk from the end ends at the start
        assert_close(behind, jnp.broadcast_to(repeated, behind.shape))
        assert_close(together.last[k], alone.last)
        if together.ends is not None:
            assert_close(together.ends[k, :length], alone.ends, 0)
            assert not together.ends[k, length:].any()


def test_a_population_of_networks_is_its_members(float64):
    """Vmapped over networks: answers and gradients of each, as if it were alone."""
    xs, lengths = inputs(elman(), (3, 5)), jnp.asarray(LENGTHS)
    arrays, structure = eqx.partition(below_readouts("stack", ("attention",)), eqx.is_array)
    scales = jnp.array([1.0, 0.5, -1.0])
    together = jax.tree.map(lambda leaf: jnp.tensordot(scales, leaf, 0), arrays)
    run = eqx.filter_jit(lambda arrays: answers_and_gradients(eqx.combine(arrays, structure), xs, lengths))
    population = eqx.filter_jit(eqx.filter_vmap(run))(together)
    for k, scale in enumerate(scales):
        alone = run(jax.tree.map(lambda leaf: scale * leaf, arrays))  # noqa: B023
        assert_close(jax.tree.map(lambda leaf: leaf[k], population), alone)  # noqa: B023
