"""Gradients carried forward in time: what is the same for all rules that do so, whatever they carry.

The network is run once; readout and loss say what error enters at which output. Then the layers are walked once more,
with their sensitivities, and each error is multiplied with the sensitivities of its own step:

    dE/dw = sum over t of  dE/dy(t) dy(t)/dw            dE/dy(t): what the error is to the output of step t alone
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PyTree

from ...cells import Cell, split
from ...errors import InvalidInput
from ...layers import Network, Recurrent, unfold
from ..losses import Loss
from ._gradient import Chunk, Tracks
from ._sensitive import LayersCell

# What all sequences that are walked together may keep of their sensitivities.
BYTES = 1 << 26


def carry_forward(
    network: Network, loss: Loss, chunk: Chunk, track: Callable[[Cell], Tracks], rule: str, extra: PyTree[Array] = None
) -> tuple[Float[Array, ""], Network]:
    """The loss of a chunk and its gradient, by sensitivities that `track` makes of the network's layers as one cell.

    Args:
        network, loss, chunk: see `Gradient.step`.
        track: how the rule follows a cell.
        rule: its name, for refusals.
        extra: leaves (batch, time, ...) that the tracking cell reads beside the inputs, as (xs, extra); None: no pair.

    Raises:
        InvalidInput: layers that are not causal, or dropout.

    """
    cell, place = recurrent_part(network, rule)
    value, by_readout, errors, last_error = _errors(network, loss, chunk)
    tracks = track(cell)
    weights = place(split(network)[0])
    unravel = ravel_pytree(weights)[1] if jax.tree.leaves(weights) else lambda _: weights
    at_steps = network.readout.at != "end"

    def one(now: tuple[Any, ...]) -> Float[Array, " weights"]:
        xs, length, error, at_last, more = now
        inputs = xs if extra is None else (xs, more)
        if not at_steps:
            _, final = unfold(tracks.cell, inputs, lengths=length)
            return tracks.gradient(final, at_last, final=True)
        last = error.shape[0] - 1 if length is None else length - 1
        at_last = at_last + error[last]
        error = error.at[last].set(0)
        count = sum(leaf.size for leaf in jax.tree.leaves(weights))
        _, (final, sums) = unfold(_Summing(tracks, count, error.dtype), (inputs, error), lengths=length)
        return sums + tracks.gradient(final, at_last, final=True)

    readable = network.readable(chunk.xs)
    kept = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(jax.eval_shape(tracks.cell.initial_state)))
    together = max(1, min(chunk.weights.shape[0], BYTES // max(kept, 1)))
    everything = (readable, chunk.lengths, errors, last_error, extra)
    if together >= chunk.weights.shape[0]:
        sums = jax.vmap(lambda *now: one(now))(*everything)
    else:
        sums = lax.map(one, everything, batch_size=together)
    part = unravel(sums.sum(axis=0)) if sums.size else weights
    gradient = eqx.tree_at(lambda n: n.readout, split(network)[0], by_readout, is_leaf=lambda leaf: leaf is None)
    return value, eqx.tree_at(place, gradient, part, is_leaf=lambda leaf: leaf is None)


def recurrent_part(network: Network, rule: str) -> tuple[Cell, Callable[[Any], Any]]:
    """The layers of a network as one cell, and where it stands: a lone recurrent layer's own, or all layers together.

    Raises:
        InvalidInput: layers that are not causal, or dropout.

    """
    for layer in network.layers.layers:
        if not layer.causal:
            raise InvalidInput(
                f"{rule} goes forward in time, but the layer {type(layer).__name__} {layer.because}; use BPTT()"
            )
    drops = [network.layers, *network.layers.layers]
    if any(getattr(part, "dropout", 0) for part in drops):
        raise InvalidInput(f"{rule} trains without dropout; set it to 0, or use BPTT()")
    layers = network.layers.layers
    if len(layers) == 1 and isinstance(layers[0], Recurrent) and not network.layers.residual:
        return layers[0].cell, lambda whole: whole.layers.layers[0].cell
    return LayersCell(network.layers), lambda whole: whole.layers


def _errors(network: Network, loss: Loss, chunk: Chunk) -> tuple[Array, Any, Array, Array]:
    """The loss, its gradient by the readout's weights, and by the outputs of the layers at each step and at the end."""
    passage = network.passage(chunk.xs, chunk.lengths)
    moving, rest = split(network.readout)

    def cost(moving: Any, outputs: Array, last: Array) -> Float[Array, ""]:
        whole = eqx.tree_at(lambda n: n.readout, network, eqx.combine(moving, rest))
        answer = whole.read(passage._replace(outputs=outputs, last=last), chunk.xs)
        return (loss(answer, chunk.targets) * chunk.weights).sum()

    value, slopes = jax.value_and_grad(cost, argnums=(0, 1, 2))(moving, passage.outputs, passage.last)
    return value, *slopes


class _Summing(Cell):
    """A tracking cell, and the sum so far of what the errors of the steps owe to the weights."""

    tracks: Tracks
    weight_count: int = eqx.field(static=True)
    dtype: Any = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, tracks: Tracks, weight_count: int, dtype: Any) -> None:
        self.tracks = tracks
        self.weight_count = weight_count
        self.dtype = dtype
        self.input_size = tracks.cell.input_size
        self.output_size = 1

    def initial_state(self) -> Any:
        return self.tracks.cell.initial_state(), jnp.zeros(self.weight_count, self.dtype)

    def project(self, xs: Any) -> Any:
        inputs, errors = xs
        return self.tracks.cell.project(inputs), errors

    def step(self, state: Any, drive: Any) -> Any:
        inner, sums = state
        given, error = drive
        after = self.tracks.cell.step(inner, given)
        return after, sums + self.tracks.gradient(after, error, final=False)

    def output(self, state: Any) -> Array:
        return jnp.zeros(1, self.dtype)  # nobody reads it: the sum is in the final state

    def finish(self, state: Any) -> Any:
        inner, sums = state
        return self.tracks.cell.finish(inner), sums
