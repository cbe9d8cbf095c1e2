"""From an estimator's parameters to parts: strings are shorthands for objects, objects are taken as they are."""

import re
from collections.abc import Callable
from typing import Any

import jax
import optax
from jaxtyping import PRNGKeyArray

from ..cells import CELLS, Cell, Recurs
from ..errors import InvalidInput, InvalidType, suggest
from ..layers import PLACES, Bidirectional, Embedding, Layer, Network, Readout, Recurrent, Segmented, Stack
from ..learning import (
    BPTT,
    RFLO,
    RTRL,
    UORO,
    CellularGenetic,
    CmaEs,
    DecoupledKalmanFilter,
    Evolino,
    EvolutionStrategy,
    Gradient,
    HessianFree,
    Hosted,
    KalmanFilter,
    LevenbergMarquardt,
    Optax,
    RandomGuessing,
    Ridge,
    SimulatedAnnealing,
    SnAp,
    Transformation,
    Truncated1997,
    Update,
)
from ..learning.updates import NAMES

# Learners that have settings to begin with, by their names as words: "levenberg-marquardt".
LEARNERS: dict[str, type[Hosted] | type[Update]] = {
    re.sub("(?<=[a-z])(?=[A-Z])", "-", learner.__name__).lower(): learner
    for learner in (
        Ridge,
        KalmanFilter,
        DecoupledKalmanFilter,
        LevenbergMarquardt,
        HessianFree,
        RandomGuessing,
        SimulatedAnnealing,
        EvolutionStrategy,
        CellularGenetic,
        CmaEs,
        Evolino,
    )
}
GRADIENTS: dict[str, type[Gradient]] = {
    rule.__name__.lower(): rule for rule in (BPTT, RTRL, SnAp, UORO, RFLO, Truncated1997)
}

# The norm to which "adam" and other optimisers given by name clip gradients; an object decides for itself.
CLIP = 1.0

CellMaker = Callable[..., Any]


def cell_maker(cell: Any) -> CellMaker:
    """`(input_size, units, *, key) -> Cell` from a name, a cell class, or any such function.

    Raises:
        InvalidInput: an unknown name. InvalidType: nothing that makes cells.

    """
    if isinstance(cell, str):
        if cell not in CELLS:
            raise InvalidInput(f"cell={cell!r}: {suggest(cell, CELLS)}")
        return CELLS[cell]
    if callable(cell) and not isinstance(cell, Cell):
        return cell
    raise InvalidType(
        f"cell: expected a name ({', '.join(CELLS)}), a cell class, or a function (input_size, units, *, key) -> Cell "
        f'such as functools.partial(LSTM, variant="peephole"); got {type(cell).__name__}. A finished network goes to '
        "network="
    )


def gradient_rule(gradient: Any) -> Gradient:
    """A gradient rule from a name or as it is.

    Raises:
        InvalidInput: an unknown name. InvalidType: no gradient rule.

    """
    if isinstance(gradient, Gradient):
        return gradient
    if isinstance(gradient, str):
        if gradient not in GRADIENTS:
            raise InvalidInput(f"gradient={gradient!r}: {suggest(gradient, GRADIENTS)}")
        return GRADIENTS[gradient]()
    raise InvalidType(f"gradient: expected a name or a rule such as TruncatedBPTT(50); got {type(gradient).__name__}")


def update_rule(optimizer: Any, learning_rate: float) -> Update | Hosted:
    """An update from a name (with `learning_rate`, clipped to norm 1), an `Update`, an optax transformation; or a
    learner of its own.

    Raises:
        InvalidInput: an unknown name. InvalidType: nothing that updates.

    """
    if isinstance(optimizer, Update | Hosted):
        return optimizer
    if isinstance(optimizer, optax.GradientTransformation):
        return Transformation(optimizer)
    if isinstance(optimizer, str):
        if optimizer in LEARNERS:
            return LEARNERS[optimizer]()
        if optimizer not in NAMES:
            raise InvalidInput(f"optimizer={optimizer!r}: {suggest(optimizer, (*NAMES, *LEARNERS))}")
        return Optax(optimizer, learning_rate, clip=CLIP)
    raise InvalidType(
        f"optimizer: expected a name, an Update such as Optax('sgd', 0.1, momentum=0.9), or an optax transformation; "
        f"got {type(optimizer).__name__}"
    )


def check_readout(readout: Any) -> None:
    """Raise `InvalidInput` unless `readout` is a place."""
    if readout not in PLACES:
        raise InvalidInput(f"readout={readout!r}: {suggest(str(readout), PLACES)}")


def build_network(
    key: PRNGKeyArray,
    inputs: int,
    outputs: int,
    *,
    maker: CellMaker,
    units: int,
    layers: int,
    bidirectional: bool,
    segment_length: int | None,
    embedding: int | None,
    readout: Any,
    dropout: float,
) -> Network:
    """The network that an estimator's parameters describe.

    With `segment_length` each layer is a segmented-memory layer of two cells of `units` units. Dropout silences units
    of what a layer hands on, and of what it feeds back where its cell can split that off.
    """
    *layer_keys, readout_key = jax.random.split(key, layers + 1)
    table_key = jax.random.fold_in(readout_key, 1)

    def make(size: int, key: PRNGKeyArray) -> Cell:
        made = maker(size, units, key=key)
        if not isinstance(made, Cell):
            raise InvalidType(f"cell: expected a function that makes a Cell, got {type(made).__name__}")
        return made

    def cell(size: int, key: PRNGKeyArray) -> Cell:
        if segment_length is None:
            return make(size, key)
        below, above = jax.random.split(key)
        symbol = make(size, below)
        return Segmented(symbol, make(symbol.output_size, above), segment_length)

    stack: list[Layer] = []
    size = inputs
    if embedding is not None:
        stack.append(Embedding(inputs, embedding, key=table_key))
        size = embedding
    for layer_key in layer_keys:
        if bidirectional:
            ahead, back = jax.random.split(layer_key)
            both = cell(size, ahead), cell(size, back)
            stack.append(Bidirectional(*both, dropout=dropout * all(isinstance(one, Recurs) for one in both)))
        else:
            one = cell(size, layer_key)
            stack.append(Recurrent(one, dropout=dropout * isinstance(one, Recurs)))
        size = stack[-1].output_size
    return Network(Stack(*stack, dropout=dropout), Readout(size, outputs, at=readout, key=readout_key))
