"""Learning while a sequence runs: the weights change after every step, and the sensitivities go on as they are.

R. Williams and D. Zipser, Neural Computation 1(2):270-280, 1989, doi:10.1162/neco.1989.1.2.270: exact only as far as
the weights change slowly, since sensitivities that were gathered with the weights before are used with those after.
Being a cell (its state holds the weights), it goes through `unfold`, like everything that takes time.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PyTree

from ...cells import Cell, split
from ...errors import InvalidInput
from ...layers import Network, Passage, unfold
from ...targets import UNLABELLED
from ..losses import Loss
from ..updates import Update
from ._forward import recurrent_part
from ._gradient import Chunk, Gradient, Tracks
from ._jacobian import at_a_step, whole_row


def learn_at_every_step(
    gradient: Gradient, update: Update, network: Network, memory: Any, carry: Any, loss: Loss, chunk: Chunk
) -> tuple[Any, Network, Float[Array, ""]]:
    """One sequence, with an update after each step that has a target.

    Args:
        gradient: a rule that gives "steps". update: how weights change; memory: what it remembers.
        network: before the sequence. carry: of the gradient.
        loss: what an answer costs. chunk: one sequence.

    Returns:
        The update's memory and the network after the sequence, and the mean loss over the steps with a target.

    Raises:
        InvalidInput: a network that does not answer at every step.

    """
    if network.readout.at != "steps":
        raise InvalidInput(
            f'Step() updates at every step, but the network answers at "{network.readout.at}"; give its readout '
            'at="steps", or update at the moment Sequence()'
        )
    cell = _Learning(gradient, update, network, carry, loss)
    weights, _ = split(network)
    inputs = (network.readable(chunk.xs), _targets(chunk), gradient.noise(network, chunk))
    tracked = gradient.track(cell.seen(network)).cell.initial_state()
    start = jax.tree.map(lambda leaf: leaf[None], (weights, memory, tracked, jnp.zeros(2, chunk.weights.dtype)))
    _, (weights, memory, _, sums) = unfold(cell, inputs, state=start, lengths=chunk.lengths)
    weights, memory, sums = jax.tree.map(lambda leaf: leaf[0], (weights, memory, sums))
    value = chunk.weights[0] * sums[0] / jnp.maximum(sums[1], 1)
    return memory, eqx.combine(weights, split(network)[1]), value


def _targets(chunk: Chunk) -> Array:
    """Targets at the steps; one a sequence is asked for at each of them."""
    time = jax.tree.leaves(chunk.xs)[0].shape[1]
    classes = jnp.issubdtype(chunk.targets.dtype, jnp.integer)
    if chunk.targets.ndim == (2 if classes else 3):
        return chunk.targets
    return jnp.broadcast_to(chunk.targets[:, None], (1, time, *chunk.targets.shape[1:]))


class _Learning(Cell):
    """A network that learns, as a cell: its state is weights, the update's memory, the tracked state, and two sums."""

    gradient: Gradient
    update: Update
    network: Network
    carry: Any
    loss: Loss
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, gradient: Gradient, update: Update, network: Network, carry: Any, loss: Loss) -> None:
        self.gradient = gradient
        self.update = update
        self.network = network
        self.carry = carry
        self.loss = loss
        self.input_size = network.input_size
        self.output_size = 1

    def seen(self, network: Network) -> Cell:
        """The layers as errors see them."""
        return recurrent_part(self.gradient.through(network, self.carry), type(self.gradient).__name__)[0]

    def project(self, xs: PyTree[Array]) -> PyTree[Array]:
        return xs

    def step(self, state: Any, drive: Any) -> Any:
        weights, memory, before, sums = state
        x, target, more = drive
        network = eqx.combine(weights, split(self.network)[1])
        _, place = recurrent_part(network, type(self.gradient).__name__)
        tracks = self.gradient.track(self.seen(network))
        given = tracks.cell.project(jax.tree.map(lambda leaf: leaf[None], x if more is None else (x, more)))
        after = tracks.cell.step(before, jax.tree.map(lambda leaf: leaf[0], given))
        readout, rest = split(network.readout)

        def cost(readout: Any, said: Array) -> Float[Array, ""]:
            whole = eqx.tree_at(lambda n: n.readout, network, eqx.combine(readout, rest))
            passage = Passage(said[None, None], said[None], None, None)
            inputs = jax.tree.map(lambda leaf: leaf[None, None], x)
            return self.loss(self.gradient.through(whole, self.carry).read(passage, inputs), target[None, None])[0]

        value, (by_readout, error) = jax.value_and_grad(cost, argnums=(0, 1))(readout, tracks.cell.output(after))
        if "jacobian" in self.update.needs:
            new_memory, changed = self._absorb(memory, network, tracks, after, x, target)
        else:
            part = ravel_pytree(place(weights))[1](tracks.gradient(after, error, final=False))
            slope = eqx.tree_at(lambda n: n.readout, weights, by_readout, is_leaf=lambda leaf: leaf is None)
            slope = eqx.tree_at(place, slope, part, is_leaf=lambda leaf: leaf is None)
            new_memory, changed = self.update.step(memory, network, slope)
        asked = _asked(target)
        pick = lambda new, old: jnp.where(asked, new, old)  # noqa: E731
        return (
            jax.tree.map(pick, split(changed)[0], weights),
            jax.tree.map(pick, new_memory, memory),
            after,
            sums + jnp.where(asked, jnp.stack([value, jnp.ones_like(value)]), jnp.zeros_like(sums)),
        )

    def output(self, state: Any) -> Array:
        return jnp.zeros(1, state[3].dtype)  # nobody reads it

    def _absorb(
        self, memory: Any, network: Network, tracks: Tracks, after: Any, x: Any, target: Array
    ) -> tuple[Any, Network]:
        """An update by the Jacobian of the answer of this step; `after`: the tracked state."""
        said = tracks.cell.output(after)
        passage = Passage(said[None, None], said[None], None, None)
        answer = network.read(passage, jax.tree.map(lambda leaf: leaf[None, None], x))
        by_readout, errors = at_a_step(network, said, x)
        parts = jax.vmap(lambda error: tracks.gradient(after, error, final=False))(errors)
        _, place = recurrent_part(network, type(self.gradient).__name__)
        rows = jax.vmap(lambda *row: whole_row(network, place, *row))(parts, by_readout)
        one = jnp.ones(1, said.dtype)
        return self.update.absorb(memory, network, answer, rows[None, None], target[None, None], self.loss, one)


def _asked(target: Array) -> Array:
    """Whether a step has a target."""
    if jnp.issubdtype(target.dtype, jnp.integer):
        return target != UNLABELLED
    return ~jnp.isnan(target).any()
