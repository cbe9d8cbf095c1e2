"""What every weight does to every answer: Jacobians of whole sequences, by errors that run back, or forward in time.

    J = dz/dw    a row for each output of each answer, a column for each trained weight, in the order of `ravel_pytree`

An error that is 1 at one output and 0 at all others gives one row. Running back, each such error is a walk of its own;
running forward, all of them are multiplied with the same sensitivities (G. Puskorius and L. Feldkamp, "Neurocontrol of
nonlinear dynamical systems with Kalman filter trained recurrent networks", IEEE Trans. Neural Networks 5(2):279-297,
1994, doi:10.1109/72.279191, train so).
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from ...cells import Cell, split
from ...layers import Answer, Mode, Network, Passage, unfold
from ._forward import recurrent_part
from ._gradient import Chunk, Tracks

# What the errors that run back together may keep.
BYTES = 1 << 26


def back_jacobian(network: Network, chunk: Chunk, mode: Mode) -> tuple[Answer, Float[Array, "..."]]:
    """Answers of a chunk and their Jacobian, by back-propagation of an error for each output of each answer."""
    moving, rest = split(network)
    flat, unravel = ravel_pytree(moving)
    rows, time = chunk.weights.shape[0], jax.tree.leaves(chunk.xs)[0].shape[1]
    kept = flat.dtype.itemsize * rows * (flat.size + 8 * time * network.layers.output_size)
    keys = None if chunk.key is None else jax.random.split(chunk.key, rows)

    def one(xs: Any, length: Any, key: Any) -> tuple[Answer, Array]:
        xs, length = jax.tree.map(lambda leaf: leaf[None], (xs, length))

        def say(flat: Array) -> tuple[Array, Any]:
            answer = eqx.combine(unravel(flat), rest)(xs, length, key=key, mode=mode)
            return answer.values[0], None if answer.marks is None else answer.marks[0]

        values, pull, marks = jax.vjp(say, flat, has_aux=True)
        units = jnp.eye(values.size, dtype=values.dtype).reshape(values.size, *values.shape)
        each = lax.map(lambda unit: pull(unit)[0], units, batch_size=max(1, min(len(units), BYTES // kept)))
        return Answer(values, marks), each.reshape(*values.shape, flat.size)

    answer, jacobian = jax.vmap(one)(chunk.xs, chunk.lengths, keys)
    return answer, _marked(answer, jacobian)


def forward_jacobian(
    network: Network,
    chunk: Chunk,
    track: Callable[[Cell], Tracks],
    rule: str,
    through: Callable[[Network], Network] = lambda network: network,
) -> tuple[Answer, Float[Array, "..."]]:
    """Answers of a chunk and their Jacobian, by sensitivities that `track` makes of the layers as one cell.

    Args:
        network, chunk: see `Gradient.jacobian`.
        track: how the rule follows a cell.
        rule: its name, for refusals.
        through: the network as errors see it.

    Raises:
        InvalidInput: layers that are not causal, or dropout.

    """
    _, place = recurrent_part(network, rule)
    tracks = track(recurrent_part(through(network), rule)[0])
    passage = network.passage(chunk.xs, chunk.lengths)
    answer = network.read(passage, chunk.xs)
    part = sum(leaf.size for leaf in jax.tree.leaves(place(split(network)[0])))
    outputs = network.output_size

    def one(now: tuple[Any, ...]) -> Array:
        readable, xs, length, passage = now
        if answer.marks is None:
            by_readout, by_outputs, by_last = _reading(network, passage, xs)
            if network.readout.at == "end":
                _, final = unfold(tracks.cell, readable, lengths=length)
                parts = _each(tracks, final, by_last, final=True)
            else:
                errors = jnp.moveaxis(by_outputs, 0, 1).reshape(passage.outputs.shape[0], -1)
                rows = _Rows(tracks, outputs, part, errors, adds=True)
                _, (*_, parts) = unfold(rows, (readable, errors), lengths=length)
            return jax.vmap(lambda *row: whole_row(network, place, *row))(parts, by_readout)
        by_readout, errors = jax.vmap(lambda said, x: at_a_step(network, said, x))(passage.outputs, xs)
        errors = errors.reshape(errors.shape[0], -1)
        parts = jnp.zeros((len(errors), outputs, part), errors.dtype)
        if part:
            rows = _Rows(tracks, outputs, part, errors, adds=False)
            parts = unfold(rows, (readable, errors), lengths=length)[0].reshape(parts.shape)
        return jax.vmap(jax.vmap(lambda *row: whole_row(network, place, *row)))(parts, by_readout)

    jacobian = jax.vmap(lambda *now: one(now))(network.readable(chunk.xs), chunk.xs, chunk.lengths, passage)
    return answer, _marked(answer, jacobian)


def at_a_step(network: Network, said: Float[Array, " units"], x: Any) -> tuple[Any, Float[Array, "outputs units"]]:
    """The slopes of the answer of one step, of input `x`, by the readout and by what the layers `said`."""
    readout, rest = split(network.readout)

    def read(readout: Any, said: Array) -> Array:
        whole = eqx.tree_at(lambda n: n.readout, network, eqx.combine(readout, rest))
        passage = Passage(said[None, None], said[None], jnp.ones((1, 1), bool), None)
        return whole.read(passage, jax.tree.map(lambda leaf: leaf[None, None], x)).values[0, 0]

    return jax.jacrev(read, argnums=(0, 1))(readout, said)


def whole_row(network: Network, place: Callable[[Any], Any], part: Float[Array, " part"], by_readout: Any) -> Array:
    """One row of a Jacobian: what stands at `place` (flat) and at the readout, in the order of all weights."""
    weights = split(network)[0]
    own = ravel_pytree(place(weights))[1](part) if part.size else place(weights)
    row = eqx.tree_at(lambda n: n.readout, weights, by_readout, is_leaf=lambda leaf: leaf is None)
    return ravel_pytree(eqx.tree_at(place, row, own, is_leaf=lambda leaf: leaf is None))[0]


def _reading(network: Network, passage: Passage, xs: Any) -> tuple[Any, Array, Array]:
    """The one answer of a sequence, differentiated by the readout and by what the layers say, at steps and last."""
    readout, rest = split(network.readout)

    def read(readout: Any, outputs: Array, last: Array) -> Array:
        whole = eqx.tree_at(lambda n: n.readout, network, eqx.combine(readout, rest))
        one = jax.tree.map(lambda leaf: leaf[None], (passage._replace(outputs=outputs, last=last), xs))
        return whole.read(*one).values[0]

    return jax.jacrev(read, argnums=(0, 1, 2))(readout, passage.outputs, passage.last)


def _each(tracks: Tracks, state: Any, errors: Float[Array, "outputs units"], *, final: bool) -> Array:
    return jax.vmap(lambda error: tracks.gradient(state, error, final=final))(errors)


def _marked(answer: Answer, jacobian: Array) -> Array:
    if answer.marks is None:
        return jacobian
    return jnp.where(answer.marks[..., None, None], jacobian, jnp.zeros_like(jacobian))


class _Rows(Cell):
    """A tracking cell that says what the weights did to the answers, (outputs * weights).

    Its inputs are pairs of an input and d answer / d said (outputs * units).

    Args:
        tracks: what tracks.
        outputs, weights: how many.
        errors: inputs of the second kind, for their size and type.
        adds: whether there is one answer that all steps have a share in, else one at each step. Then a step's share is
            added once the next one comes, since the last one's is that of a sequence that has ended.

    """

    tracks: Tracks
    outputs: int = eqx.field(static=True)
    weights: int = eqx.field(static=True)
    width: int = eqx.field(static=True)
    dtype: Any = eqx.field(static=True)
    adds: bool = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, tracks: Tracks, outputs: int, weights: int, errors: Array, *, adds: bool) -> None:
        self.tracks = tracks
        self.outputs = outputs
        self.weights = weights
        self.width = errors.shape[-1]
        self.dtype = errors.dtype
        self.adds = adds
        self.input_size = tracks.cell.input_size
        self.output_size = outputs * weights

    def initial_state(self) -> Any:
        rows = jnp.zeros((self.outputs, self.weights), self.dtype)
        return self.tracks.cell.initial_state(), jnp.zeros(self.width, self.dtype), rows

    def project(self, xs: Any) -> Any:
        inputs, errors = xs
        return self.tracks.cell.project(inputs), errors

    def step(self, state: Any, drive: Any) -> Any:
        inner, error, rows = state
        given, new = drive
        after = self.tracks.cell.step(inner, given)
        if self.adds:
            return after, new, rows + self._of(inner, error, final=False)
        return after, new, self._of(after, new, final=False)

    def output(self, state: Any) -> Array:
        return jnp.zeros(1, self.dtype) if self.adds else state[2].reshape(-1)  # of a sum the final state is read

    def finish(self, state: Any) -> Any:
        inner, error, rows = state
        ended = self.tracks.cell.finish(inner)
        last = self._of(ended, error, final=True)
        return ended, error, rows + last if self.adds else last

    def _of(self, inner: Any, error: Array, *, final: bool) -> Array:
        return _each(self.tracks, inner, error.reshape(self.outputs, -1), final=final)
