"""A causal network taken step by step is the network over whole sequences, at every length and place of the readout."""

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest
from seldom import all_but
from table_of_cells import INPUTS, assert_close, inputs
from table_of_layers import CAUSAL, below_readouts, elman, gru

from mnemon.errors import InvalidInput
from mnemon.layers import Bidirectional, Network, Readout, Recurrent, Segmented, Stack, Steps

TIME = 7


@eqx.filter_jit
def both_ways(layer, readouts, xs):
    """The answers at the end of each prefix, by steps and by whole prefixes."""
    lengths = jnp.arange(1, TIME + 1)
    prefixes = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (TIME, *leaf.shape)), xs)
    networks = [Network(layer, readout) for readout in readouts]

    def body(memories, x):
        return zip(*(network.step(memory, x) for network, memory in zip(networks, memories)))

    steps = jax.lax.scan(lambda *now: tuple(map(list, body(*now))), [network.begin() for network in networks], xs)[1]
    passage, values = networks[0].layers(prefixes, lengths), getattr(prefixes, "values", prefixes)
    return steps, [network.readout(passage, values).at_end() for network in networks]


@pytest.mark.parametrize("name", all_but(["above segmented", "delays", "stack"], CAUSAL))
def test_every_prefix_at_every_place(name, float64):
    layer, readouts = below_readouts(name)
    steps, wholes = both_ways(layer, list(readouts.values()), inputs(elman(), (TIME,)))
    for place, step, whole in zip(readouts, steps, wholes):
        assert step.std() > 1e-3, place
        assert_close({place: step}, {place: whole})


def test_boundaries_come_with_the_steps():
    layer = Recurrent(Segmented(elman(), elman(2), boundaries=True))
    xs = Steps(inputs(elman(), (TIME,)), jnp.array([0, 1, 1, 0, 0, 1, 0], bool))
    (step,), (whole,) = both_ways(layer, [Readout(2, 2, key=jax.random.key(0))], xs)
    assert_close(step, whole, 1e-6)


@pytest.mark.parametrize(
    "layer",
    [Bidirectional(elman(), elman()), Recurrent(gru(), reverse=True), Stack(elman(), Bidirectional(gru(2), elman(2)))],
    ids=["Bidirectional", "Recurrent", "Bidirectional above"],
)
def test_a_network_that_reads_from_the_end_is_refused_by_name(layer, request):
    network = Network(layer, Readout(layer.output_size, 2, key=jax.random.key(0)))
    assert not network.causal
    name = request.node.callspec.id.removesuffix(" above")
    with pytest.raises(InvalidInput, match=f"its layer {name} reads sequences from their end"):
        network.begin()


def test_a_causal_network_says_so():
    assert all(layer.causal and layer.input_size == INPUTS for layer in CAUSAL.values())
