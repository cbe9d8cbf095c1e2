"""Recurrent layers seen from inside: the states of every step, and zeros added to them, whose gradient is the error.

A network is walked as it is; only its `Recurrent` layers are exchanged for watched ones, which run the same cell
through `unfold(nudge=...)` and leave what they did on a `Tape`. So stacks, both halves of a bidirectional layer,
pyramids, residual connections and segment ends need no second implementation.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from ..cells import State, Wrapped
from ..errors import InvalidInput
from ..layers import Layer, Mode, Network, Passage, Recurrent, Stack, Steps, no_nudge, unfold


class Nudge(NamedTuple):
    """Zeros added to a layer's states (*batch, time, ...) and to its inputs (*batch, time, features)."""

    states: State
    inputs: Float[Array, "*batch time features"]


class Sight(NamedTuple):
    """What a recurrent layer did with whole sequences.

    Attributes:
        xs: its inputs (batch, time, features); `Steps` where segment ends come with the data.
        lengths: (batch,) steps that count; None for all.
        states: the inexact leaves of its states, (batch, time, ...), each at its step; after `finish` at the last.
        units: (batch, time, units), its outputs.

    """

    xs: PyTree[Array]
    lengths: Int[Array, " batch"] | None
    states: State
    units: Float[Array, "batch time units"]


class Tape:
    """Where watched layers take their nudges from, and leave their sights; made anew for each trace."""

    def __init__(self, nudges: Mapping[str, Nudge] | None = None) -> None:
        self.nudges = nudges
        self.sights: dict[str, Sight] = {}


class Seen(Wrapped):
    """A cell that says all of its state: the inexact leaves in a row, and behind them its outputs."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.output_size = flat(self.cell.initial_state()).size + self.cell.output_size

    def output(self, state: State) -> Float[Array, " entries"]:
        """State and outputs."""
        return jnp.concatenate([flat(state), self.cell.output(state)])


class Watched(Layer):
    """A recurrent layer that takes its nudge from a tape and leaves its sight there; it answers as before."""

    layer: Recurrent
    name: str = eqx.field(static=True)
    tape: Tape = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, layer: Recurrent, name: str, tape: Tape) -> None:
        self.layer = layer
        self.name = name
        self.tape = tape
        self.input_size = layer.input_size
        self.output_size = layer.output_size

    @property
    def causal(self) -> bool:
        """As the layer."""
        return self.layer.causal

    def __call__(
        self,
        xs: PyTree[Array],
        lengths: Int[Array, "*batch"] | None = None,
        *,
        key: PRNGKeyArray | None = None,
        mode: Mode = Mode(),  # noqa: B008 - a frozen module
    ) -> Passage:
        """See `Layer`; without dropout, and by the plain engine."""
        cell, ends = self.layer.cell, getattr(self.layer.cell, "ends", None)
        xs = xs if ends is not None else values_of(xs)
        nudge = None if self.tape.nudges is None else self.tape.nudges[self.name]
        if nudge is not None:
            moved = values_of(xs) + nudge.inputs
            xs = Steps(moved, xs.boundary) if isinstance(xs, Steps) else moved
        said, final = unfold(
            Seen(cell),
            xs,
            lengths=lengths,
            reverse=self.layer.reverse,
            nudge=None if nudge is None else nudge.states,
            engine="plain",
        )
        entries = said.shape[-1] - cell.output_size
        units = said[..., entries:]
        self.tape.sights[self.name] = Sight(xs, lengths, unflat(cell.initial_state(), said[..., :entries]), units)
        return Passage(units, jax.vmap(cell.output)(final), None if ends is None else ends(xs, lengths), lengths)


def recurrent_layers(network: Network) -> dict[str, Recurrent]:
    """The recurrent layers of a network by name, from the lowest: "layer 1", "layer 2 forward" ...

    Raises:
        InvalidInput: it has none.

    """
    found = jax.tree.leaves_with_path(network.layers, is_leaf=_is_recurrent)
    layers = {_name(path): part for path, part in found if _is_recurrent(part)}
    if not layers:
        raise InvalidInput("diagnosis: this network has no recurrent layer (`Recurrent`, or a bare cell) to look into")
    return layers


def watched(network: Network, tape: Tape) -> Network:
    """The same network with its recurrent layers on `tape`."""
    layers: Stack = jax.tree.map_with_path(
        lambda path, part: Watched(part, _name(path), tape) if _is_recurrent(part) else part,
        network.layers,
        is_leaf=_is_recurrent,
    )
    return eqx.tree_at(lambda whole: whole.layers, network, layers)


def zero_nudges(network: Network, xs: PyTree[Array], lengths: Int[Array, " batch"] | None) -> dict[str, Nudge]:
    """Zeros for each recurrent layer, of the shapes that these inputs lead to."""

    def look() -> dict[str, Array]:
        tape = Tape()
        watched(network, tape).passage(xs, lengths)
        return {name: values_of(sight.xs) for name, sight in tape.sights.items()}

    nudges = {}
    cells = {name: layer.cell for name, layer in recurrent_layers(network).items()}
    for name, values in jax.eval_shape(look).items():
        nudges[name] = Nudge(
            no_nudge(cells[name], values.shape[:-2], values.shape[-2]), jnp.zeros(values.shape, values.dtype)
        )
    return nudges


def values_of(xs: PyTree[Array]) -> Array:
    """The values of inputs that may bring segment ends."""
    return xs.values if isinstance(xs, Steps) else xs


def flat(state: State) -> Float[Array, " entries"]:
    """The inexact leaves of one state in a row."""
    return jnp.concatenate([leaf.reshape(-1) for leaf in jax.tree.leaves(eqx.filter(state, eqx.is_inexact_array))])


def unflat(like: State, rows: Float[Array, "*leading entries"]) -> State:
    """Rows of entries as states with the same leading axes; None for leaves that are not inexact."""
    leaves, structure = jax.tree.flatten(eqx.filter(like, eqx.is_inexact_array))
    parts, first = [], 0
    for leaf in leaves:
        parts.append(rows[..., first : first + leaf.size].reshape(*rows.shape[:-1], *leaf.shape))
        first += leaf.size
    return jax.tree.unflatten(structure, parts)


def _is_recurrent(part: Any) -> bool:
    return isinstance(part, Recurrent)


def _name(path: tuple[Any, ...]) -> str:
    """Where a layer stands: its number from the lowest, and which half of it."""
    numbers = [str(key.idx + 1) for key in path if hasattr(key, "idx")]
    halves = [key.name for key in path if getattr(key, "name", None) in ("forward", "backward")]
    return " ".join([f"layer {'.'.join(numbers)}", *halves])
