"""Layer-local pre-training by auto-encoders: each recurrent level learns to say again what it has just read.

    level 1:  x(t) = symbol level on u(t), anew in each segment;   V x(t) -> u(t)   at every step
    level 2:  y(n) = segment level on x(tail n);                    V y(n) -> x(tail n)   at every tail
    ...       and so on up a stack: each layer on what the layers below, already trained, hand it

The decoders V are dropped afterwards. S. Gluege, R. Boeck and A. Wendemuth, "Auto-encoder pre-training of
segmented-memory recurrent neural networks", ESANN 2013, pp. 29-34, for the two levels of a segmented network; layer
by layer after G. Hinton and R. Salakhutdinov, Science 313:504-507, 2006, doi:10.1126/science.1127647.

The paper does not say what the decoder squashes with: here the logistic function where all inputs lie in [0, 1]
(symbols, logistic units), else none. The target is the current input.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np

from ...cells import Cell, Initialiser, trainable
from ...errors import InvalidInput
from ...layers import Layer, Network, Passage, Readout, Recurrent, Segmented
from ...sequences import Sequences
from .._examples import Examples, padded
from .._learner import Batch, Learner
from .._population import Population, take
from .._solution import Solution, Until
from .._targets import StepTargets
from ..gradients import BPTT
from ..losses import SquaredError
from ..train import train
from ..updates import Optax


class Pretrained(NamedTuple):
    """The networks with pre-trained recurrent levels, and how each level's training went, from the lowest."""

    population: Population
    levels: tuple[Solution, ...]


def pretrain(
    population: Population,
    xs: Sequences | Sequence[Sequences],
    *,
    learner: Learner | None = None,
    until: Until | None = None,
    initialiser: Initialiser | None = None,
    bias: bool = True,
    seed: int = 0,
    width: int | None = None,
) -> Pretrained:
    """Pre-train every recurrent level of a population, from the lowest up, on the inputs alone.

    Args:
        population: networks whose recurrent layers run forwards; layers between them are left as they are.
        xs: the inputs, the same for all networks; or one `Sequences` a network, all with as many sequences.
        learner: how; by default BPTT with Adam at 0.01 in batches of 16.
        until: for how long each level; by default 20 epochs.
        initialiser: how the decoders start; the usual way if None. bias: whether they have biases.
        seed: order of the batches and start of the decoders.
        width: see `train`.

    Raises:
        InvalidInput: a layer that is no forward recurrent layer and has cells, or inputs that do not fit.

    """
    each = [xs] * len(population) if isinstance(xs, Sequences) else list(xs)
    if len(each) != len(population):
        raise InvalidInput(f"pretrain: {len(each)} sets of inputs for a population of {len(population)} networks")
    learner = learner or Learner(BPTT(), Optax("adam", 0.01), Batch(16))
    task = _Task(learner, until or Until(20), initialiser, bias, seed, width, [])
    layers = list(population.stacked.layers.layers)
    for place, layer in enumerate(layers):
        if isinstance(layer, Recurrent) and not layer.reverse:
            cell = _pretrain_cell(layer.cell, each, population, task)
            layers[place] = eqx.tree_at(lambda whole: whole.cell, layer, cell)
        elif any(
            isinstance(part, Cell) for part in jax.tree.leaves(layer, is_leaf=lambda part: isinstance(part, Cell))
        ):
            raise InvalidInput(
                f"pretrain: the layer {type(layer).__name__} is not a recurrent layer that runs forwards; its cells "
                "cannot be trained to repeat what they read"
            )
        if place + 1 < len(layers):
            each = [_through(take(layers[place], k), some) for k, some in enumerate(each)]
    stacked = eqx.tree_at(lambda network: network.layers.layers, population.stacked, tuple(layers))
    return Pretrained(Population(stacked, population.seeds), tuple(task.solutions))


class _Task(NamedTuple):
    """What is the same for all levels, and the solutions so far."""

    learner: Learner
    until: Until
    initialiser: Initialiser | None
    bias: bool
    seed: int
    width: int | None
    solutions: list[Solution]


def _pretrain_cell(cell: Any, each: list[Sequences], population: Population, task: _Task) -> Any:
    """A cell of all members (arrays have a leading axis), trained on each member's inputs."""
    if not isinstance(cell, Segmented):
        return _repeat(cell, each, population, task)
    cut = [_segments(take(cell, k), some) for k, some in enumerate(each)]
    symbol = _pretrain_cell(cell.symbol, [segments for segments, _ in cut], population, task)
    said = [_summaries(take(symbol, k), segments, counts) for k, (segments, counts) in enumerate(cut)]
    segment = _pretrain_cell(cell.segment, said, population, task)
    return eqx.tree_at(lambda whole: (whole.symbol, whole.segment), cell, (symbol, segment))


def _repeat(cell: Any, each: list[Sequences], population: Population, task: _Task) -> Any:
    """One level as an auto-encoder."""
    level = len(task.solutions)
    squashing = "logistic" if all(_within_unit(xs) for xs in each) else "identity"
    seeds = jax.vmap(lambda s: jax.random.fold_in(jax.random.key(s), 1 + level))(population.seeds)

    def make(key: Any) -> Readout:
        units, size = cell.output_size, cell.input_size
        return Readout(
            units, size, at="steps", squashing=squashing, bias=task.bias, initialiser=task.initialiser, key=key
        )

    decoders = eqx.filter_vmap(make)(seeds)
    networks = Population(Network(cell, decoders), population.seeds)
    data = [Examples(xs, StepTargets(_wanted(xs), xs.lengths)) for xs in each]
    one = all(xs is each[0] for xs in each)
    solution = train(
        networks, task.learner, data[0] if one else data, loss=SquaredError(), until=task.until,
        seed=task.seed, width=task.width,
    )  # fmt: skip
    task.solutions.append(solution)
    return solution.networks.stacked.layers.layers[0].cell


def _segments(cell: Segmented, xs: Sequences) -> tuple[Sequences, np.ndarray]:
    """Sequences cut at their segments' ends, and how many segments each had."""
    values, lengths = padded(xs, np.arange(len(xs)), np.float32)
    ends = np.asarray(cell.ends(_spelt(values, cell.input_size), lengths))
    tails = np.concatenate([ends[row, :length] for row, length in enumerate(xs.lengths)])
    lengths = np.diff(np.flatnonzero(tails) + 1, prepend=0)
    return Sequences.from_concatenated(xs.values, lengths, alphabet=xs.alphabet), ends.sum(axis=1)


def _summaries(cell: Cell, segments: Sequences, counts: np.ndarray) -> Sequences:
    """What the symbol level says at each segment's end, as sequences of segments."""
    return Sequences.from_concatenated(np.asarray(_run(Recurrent(cell), segments).last), counts)


def _through(layer: Layer, xs: Sequences) -> Sequences:
    """What a layer hands on, step by step; segment ends of the data go on with it."""
    passage = _run(layer, xs)
    lengths = xs.lengths if passage.lengths is None else np.asarray(passage.lengths)
    outputs = np.asarray(passage.outputs)
    values = np.concatenate([outputs[row, :length] for row, length in enumerate(lengths)])
    kept = xs.flat_boundaries if xs.boundaries is not None and layer.keeps_pace else None
    return Sequences.from_concatenated(values, lengths, boundaries=kept)


def _run(layer: Layer, xs: Sequences) -> Passage:
    dtype = jax.tree.leaves(trainable(layer))[0].dtype if jax.tree.leaves(trainable(layer)) else np.float32
    values, lengths = padded(xs, np.arange(len(xs)), dtype)
    return _passage(layer, values if layer.reads_symbols else _spelt(values, layer.input_size), lengths)


@eqx.filter_jit
def _passage(layer: Layer, xs: Any, lengths: Any) -> Passage:
    return layer(xs, lengths)


def _spelt(values: Any, size: int) -> Any:
    """Codes as one-hot vectors, with the segment ends that may come with them."""
    return jax.tree.map(lambda leaf: jax.nn.one_hot(leaf, size) if leaf.dtype.kind == "i" else leaf, values)


def _wanted(xs: Sequences) -> np.ndarray:
    """The inputs as numbers, (total_time, features)."""
    return xs.values if xs.alphabet is None else np.eye(len(xs.alphabet), dtype=np.float32)[xs.values]


def _within_unit(xs: Sequences) -> bool:
    return xs.alphabet is not None or bool(xs.values.min() >= 0 and xs.values.max() <= 1)
