"""Why does it not learn? One look at a network, a batch and a loss, put together from the other files of this room."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PyTree

from ..cells import Cell, trainable
from ..errors import InvalidInput, InvalidType
from ..layers import Network, Recurrent, Steps
from ..learning import Loss
from ._activity import Activity, activity
from ._bounds import Bound, bound, spectral_radii
from ._errors import Gradients, gradients
from ._findings import Finding, Found, findings
from ._flow import Flow, flow
from ._horizon import Horizon, horizon
from ._jacobians import Products, products
from ._matrices import Matrix, matrices
from ._signals import levels_of, signals
from ._trajectories import Trajectories, trajectories
from ._watching import Nudge, Sight, recurrent_layers, values_of


class LayerDiagnosis(NamedTuple):
    """What was seen of one recurrent layer.

    Attributes:
        name: "layer 1", "layer 2 backward" ...
        cell: the name of its cell's class; of several levels, all of them.
        parts: by name of a part of its state ("sources", "cells", "segment units") where its entries begin and end.
        error: flow of dLoss/dState.
        answer: flow of d answer at the end / dState, all outputs together.
        inputs: the same by the layer's inputs, whose `by_unit` are features.
        products: of state Jacobians; None for states that are too large.
        bounds: by level, what recurrent weights alone say; of squashed units only.
        radii: by level, spectral radii of the recurrent weights.
        activities: gates and units of each level.
        trajectories: its units over time.

    """

    name: str
    cell: str
    parts: dict[str, tuple[int, int]]
    error: Flow
    answer: Flow
    inputs: Flow
    products: Products | None
    bounds: dict[str, Bound]
    radii: dict[str, dict[str, float]]
    activities: tuple[Activity, ...]
    trajectories: Trajectories


class Diagnosis(NamedTuple):
    """What `diagnose` found, as plain data.

    Attributes:
        loss: (sequences,), of each sequence.
        lengths: (sequences,), in steps.
        answers_at: where the readout answers: "end", "steps", "mean" ...
        layers: from the lowest.
        horizon: how far back an exchanged input changes the answer.
        matrices: the weights.
        findings: what the numbers say, the gravest first.

    """

    loss: np.ndarray
    lengths: np.ndarray
    answers_at: str
    layers: tuple[LayerDiagnosis, ...]
    horizon: Horizon
    matrices: tuple[Matrix, ...]
    findings: tuple[Finding, ...]


def diagnose(
    network: Network,
    xs: PyTree[Array],
    lengths: Int[Array, " batch"] | None,
    targets: Array,
    loss: Loss,
) -> Diagnosis:
    """Look into `network` on a batch of whole sequences; nothing is trained.

    Args:
        network: layers of which at least one is recurrent.
        xs: inputs (batch, time, features), or codes of symbols (batch, time); in `Steps` with segment ends.
        lengths: (batch,) steps that count; None for all.
        targets: as the loss takes them.
        loss: what an answer costs.

    Raises:
        InvalidInput: inputs of another shape, lengths outside 1 to time, or no recurrent layer.
        InvalidType: no network.

    Example:
        >>> import jax
        >>> from mnemon.cells import Elman
        >>> from mnemon.diagnosis import diagnose
        >>> from mnemon.layers import Network, Readout
        >>> from mnemon.learning import SquaredError
        >>> a, b, c = jax.random.split(jax.random.key(0), 3)
        >>> network = Network(Elman(2, 4, squashing="logistic", key=a), Readout(4, 1, key=b))
        >>> xs = jax.random.normal(c, (3, 12, 2))
        >>> found = diagnose(network, xs, None, jax.numpy.zeros((3, 1)), SquaredError())
        >>> found.layers[0].error.pace < 0.5, found.findings[0].severity
        (True, 'alarm')

    """
    xs, lengths, steps = _checked(network, xs, lengths)
    layers = recurrent_layers(network)
    seen = gradients(network, xs, lengths, targets, loss)
    looked = tuple(_layer(name, layer, seen) for name, layer in layers.items())
    far, weights = horizon(network, xs, lengths), matrices(network)
    cost = np.asarray(seen.cost, np.float64)
    found = findings(
        [Found(one, layers[one.name].cell, _reached(network, layers[one.name])) for one in looked], far, weights, cost
    )
    return Diagnosis(cost, steps, network.readout.at, looked, far, weights, found)


def _layer(name: str, layer: Recurrent, seen: Gradients) -> LayerDiagnosis:
    sight: Sight = seen.sights[name]
    cell, reverse = layer.cell, layer.reverse
    batch, time = values_of(sight.xs).shape[:2]
    lengths = np.full(batch, time) if sight.lengths is None else np.asarray(sight.lengths)

    def flows(nudge: Nudge) -> tuple[Flow, Flow]:
        by_state = flow(_in_a_row(nudge.states), lengths, reverse=reverse)
        return by_state, flow(np.asarray(nudge.inputs), lengths, reverse=reverse)

    error, _ = flows(seen.errors[name])
    answer, inputs = flows(seen.influence[name])
    levels = levels_of(cell)
    recorded = signals(cell, sight.xs, sight.lengths, reverse=reverse)
    return LayerDiagnosis(
        name,
        _named(cell),
        parts_of(cell),
        error,
        answer,
        inputs,
        products(cell, sight.xs, sight.lengths, reverse=reverse),
        {level: b for level, one in levels.items() if (b := bound(one)) is not None},
        {level: r for level, one in levels.items() if (r := spectral_radii(one))},
        tuple(activity(level, one, recorded[level]) for level, one in levels.items()),
        trajectories(np.asarray(sight.units), lengths),
    )


def parts_of(cell: Cell) -> dict[str, tuple[int, int]]:
    """By name the parts of a state, and between which entries of the row they stand."""
    parts, first = {}, 0
    leaves = jax.tree.leaves_with_path(eqx.filter(cell.initial_state(), eqx.is_inexact_array))
    for path, leaf in leaves:
        words = [str(getattr(key, "name", getattr(key, "idx", key))) for key in path]
        if len(leaves) == 1 or not words:
            words = ["units"]
        elif words[-1] in ("symbol", "segment"):
            words.append("units")
        parts[" ".join(words)] = (first, first + leaf.size)
        first += leaf.size
    return parts


def _in_a_row(states: Any) -> np.ndarray:
    """States (batch, time, ...) as (batch, time, entries)."""
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(states)]
    return np.concatenate([leaf.reshape(*leaf.shape[:2], -1) for leaf in leaves], axis=2)


def _named(cell: Cell) -> str:
    levels = levels_of(cell)
    if len(levels) == 1:
        return type(cell).__name__
    return f"{type(cell).__name__}({', '.join(type(one).__name__ for one in levels.values())})"


def _reached(network: Network, layer: Recurrent) -> bool:
    """Whether an error is needed in this layer: something in it, or below it, is trained."""
    for part in network.layers.layers:
        if jax.tree.leaves(trainable(part)):
            return True
        if any(one is layer for one in jax.tree.leaves(part, is_leaf=lambda leaf: leaf is layer)):
            return False
    return True


def _checked(network: Any, xs: Any, lengths: Any) -> tuple[Any, Any, np.ndarray]:
    """Inputs as numbers, and lengths; symbols are spelt one-hot, so that slopes by inputs exist."""
    if not isinstance(network, Network):
        raise InvalidType(f"diagnose: expected a Network, got {type(network).__name__}")
    values = jnp.asarray(values_of(xs))
    dtype = network.dtype
    if jnp.issubdtype(values.dtype, jnp.integer) and values.ndim == 2:
        values = jax.nn.one_hot(values, network.input_size, dtype=dtype)
    if values.ndim != 3 or values.shape[2] != network.input_size or not values.size:
        raise InvalidInput(
            f"diagnose: expected inputs (batch, time, {network.input_size}) or codes (batch, time), at least one "
            f"sequence of one step; got shape {values.shape}"
        )
    values = values.astype(dtype)
    batch, time = values.shape[:2]
    steps = np.full(batch, time) if lengths is None else np.asarray(lengths)
    if steps.shape != (batch,) or steps.min() < 1 or steps.max() > time:
        raise InvalidInput(f"diagnose: expected {batch} lengths from 1 to {time}; got {steps.tolist()[:8]}")
    known = None if lengths is None or (steps == time).all() else jnp.asarray(steps, int)
    return Steps(values, jnp.asarray(xs.boundary)) if isinstance(xs, Steps) else values, known, steps
