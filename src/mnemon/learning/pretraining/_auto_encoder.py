"""Layer-local pre-training by auto-encoders: each recurrent level learns to say again what it has just read.

    level 1:  x(t) = symbol level on u(t), anew in each segment;   V x(t) -> u(t)   at every step
    level 2:  y(n) = segment level on x(tail n);                    V y(n) -> x(tail n)   at every tail
    ...       and so on up a stack: each layer on what the layers below, already trained, hand it

The decoders V are dropped afterwards. S. Gluege, R. Boeck and A. Wendemuth, "Auto-encoder pre-training of
segmented-memory recurrent neural networks", ESANN 2013, pp. 29-34, for the two levels of a segmented network; layer
by layer after G. Hinton and R. Salakhutdinov, Science 313:504-507, 2006, doi:10.1126/science.1127647.

The paper does not say what the decoder squashes with: here the logistic function where all inputs of the level, those
of all networks, lie in [0, 1] (symbols, logistic units), else none. The target is the current input.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np

from ...cells import Cell, Initialiser
from ...errors import InvalidInput
from ...layers import Layer, Network, Passage, Readout, Recurrent, Segmented, Stack
from ...sequences import Sequences
from ...targets import StepTargets
from .._examples import Examples, padded
from .._learner import Batch, Learner
from .._population import Population, take
from .._solution import Solution, Until
from ..gradients import BPTT
from ..losses import SquaredError
from ..train import train
from ..updates import Optax


class Pretrained(NamedTuple):
    """The networks with pre-trained recurrent levels, and how each level's training went, from the lowest."""

    population: Population
    levels: tuple[Solution, ...]


def pretrain(
    networks: Population | Network | Sequence[Network],
    xs: Sequences | Sequence[Sequences],
    *,
    learner: Learner | None = None,
    until: Until | None = None,
    unexplained: float | None = None,
    initialiser: Initialiser | None = None,
    bias: bool = True,
    seed: int = 0,
    width: int | None = None,
) -> Pretrained:
    """Pre-train every recurrent level of a population, from the lowest up, on the inputs alone.

    Nothing but the cells changes: readouts, embeddings and other layers without cells stay as they are.

    Args:
        networks: see `train`; their recurrent layers run forwards.
        xs: the inputs, the same for all networks; or one `Sequences` a network, all with as many sequences.
        learner: how; by default BPTT with Adam at 0.01 in batches of 16, on the mean squared error, without dropout.
        until: for how long each level; by default 20 epochs.
        unexplained: a level of a network also ends once its error is below this share of the inputs' variance,
            however many sequences there are; None: it does not.
        initialiser: how the decoders start, each from its network's own seed; the usual way if None.
        bias: whether the decoders have biases.
        seed: order of the batches, see `train`.
        width: see `train`.

    Raises:
        InvalidInput: an `unexplained` that is not positive, a layer with cells that is no forward recurrent layer,
            networks without recurrent layers, inputs that do not fit, or networks whose inputs fall into unequal
            numbers of segments.

    Example:
        >>> import jax
        >>> from mnemon.cells import Elman
        >>> from mnemon.layers import Network, Readout, Segmented
        >>> from mnemon.learning import Population, Until
        >>> from mnemon.learning.pretraining import pretrain
        >>> from mnemon.sequences import Sequences
        >>> def make(key):
        ...     a, b, c = jax.random.split(key, 3)
        ...     return Network(Segmented(Elman(2, 4, key=a), Elman(4, 4, key=b), length=3), Readout(4, 1, key=c))
        >>> xs = Sequences.from_strings(["abbab", "babbaab"])
        >>> population, levels = pretrain(Population.make(make, 5, seed=0), xs, until=Until(epochs=10))
        >>> [level.history["loss"].shape for level in levels]  # epochs, networks; of symbols and of segments
        [(10, 5), (10, 5)]

    """
    population = Population.of(networks, seed)
    each = [xs] * len(population) if isinstance(xs, Sequences) else list(xs)
    stack = population.stacked.layers
    _check(stack, each, len(population))
    if unexplained is not None and not unexplained > 0:
        raise InvalidInput(f"pretrain: unexplained={unexplained}; expected a share above 0, or None")
    learner = learner or Learner(BPTT(), Optax("adam", 0.01), Batch(16))
    task = _Task(population, learner, until or Until(20), unexplained, initialiser, bias, seed, width, [])
    for place, layer in enumerate(stack.layers):
        if isinstance(layer, Recurrent):
            below = eqx.tree_at(lambda whole: whole.layers, stack, stack.layers[:place]) if place else None
            cell = _pretrain_cell(layer.cell, each if below is None else _through(below, each, task), task)
            trained = (*stack.layers[:place], eqx.tree_at(lambda whole: whole.cell, layer, cell))
            stack = eqx.tree_at(lambda whole: whole.layers, stack, (*trained, *stack.layers[place + 1 :]))
    stacked = eqx.tree_at(lambda network: network.layers, population.stacked, stack)
    return Pretrained(Population(stacked, population.seeds), tuple(task.solutions))


class _Task(NamedTuple):
    """What is the same for all levels, and the solutions so far."""

    population: Population
    learner: Learner
    until: Until
    unexplained: float | None
    initialiser: Initialiser | None
    bias: bool
    seed: int
    width: int | None
    solutions: list[Solution]

    @property
    def dtype(self) -> Any:
        """That of the networks, which is not always JAX's own."""
        return self.population.stacked.dtype


def _check(stack: Stack, each: list[Sequences], members: int) -> None:
    """Raise `InvalidInput` before anything is trained."""
    for layer in stack.layers:
        parts = jax.tree.leaves(layer, is_leaf=lambda part: isinstance(part, Cell))
        if any(isinstance(part, Cell) for part in parts) and (not isinstance(layer, Recurrent) or layer.reverse):
            raise InvalidInput(
                f"pretrain: the layer {type(layer).__name__} is not a recurrent layer that runs forwards; its cells "
                "cannot be trained to repeat what they read"
            )
    if not any(isinstance(layer, Recurrent) for layer in stack.layers):
        raise InvalidInput("pretrain: these networks have no recurrent layer")
    if len(each) != members:
        raise InvalidInput(f"pretrain: {len(each)} sets of inputs for a population of {members} networks")
    for k, xs in enumerate(each):
        if xs.n_channels != stack.input_size:
            raise InvalidInput(
                f"pretrain: the networks take {stack.input_size} inputs a step; set {k} has {xs.n_channels}"
            )
        if len(xs) != len(each[0]):
            raise InvalidInput(f"pretrain: set {k} has {len(xs)} sequences but set 0 has {len(each[0])}")


def _pretrain_cell(cell: Any, each: list[Sequences], task: _Task) -> Any:
    """A cell of all members (arrays have a leading axis), trained on each member's inputs."""
    if not isinstance(cell, Segmented):
        return _repeat(cell, each, task)
    cut = {id(xs): _segments(cell, xs, task.dtype) for xs in each}  # where all have the same inputs, also the segments
    segments, counts = zip(*(cut[id(xs)] for xs in each))
    symbol = _pretrain_cell(cell.symbol, list(segments), task)
    passages = _run(Recurrent(symbol), segments, task)
    said = [Sequences.from_concatenated(np.asarray(p.last), count) for p, count in zip(passages, counts)]
    segment = _pretrain_cell(cell.segment, said, task)
    return eqx.tree_at(lambda whole: (whole.symbol, whole.segment), cell, (symbol, segment))


def _repeat(cell: Any, each: list[Sequences], task: _Task) -> Any:
    """One level as an auto-encoder."""
    sizes = [len(xs) for xs in each]
    if min(sizes) < max(sizes):
        raise InvalidInput(
            f"pretrain: the networks' inputs fall into {min(sizes)} to {max(sizes)} segments, but networks that are "
            "trained together need as many each; pre-train them one by one"
        )
    squashing = "logistic" if all(_within_unit(xs) for xs in each) else "identity"
    level = len(task.solutions)
    seeds = jax.vmap(lambda s: jax.random.fold_in(jax.random.key(s), 1 + level))(task.population.seeds)

    def make(key: Any) -> Readout:
        units, size = cell.output_size, cell.input_size
        decoder = Readout(
            units, size, at="steps", squashing=squashing, bias=task.bias, initialiser=task.initialiser, key=key
        )
        return jax.tree.map(lambda leaf: leaf.astype(task.dtype), decoder)

    networks = Population(Network(cell, eqx.filter_vmap(make)(seeds)), task.population.seeds)
    wanted = {id(xs): _wanted(xs, task.dtype) for xs in each}
    examples = [Examples(xs, StepTargets(wanted[id(xs)], xs.lengths)) for xs in each]
    data = examples[0] if len(wanted) == 1 else examples
    until = task.until
    if task.unexplained is not None:
        shares = np.array([task.unexplained * wanted[id(xs)].var(axis=0).mean() for xs in each])
        limits = np.maximum(0.0 if until.loss is None else until.loss, shares)
        until = dataclasses.replace(until, loss=tuple(limits.tolist()))
    solution = train(networks, task.learner, data, loss=SquaredError(), until=until, seed=task.seed, width=task.width)
    task.solutions.append(solution)
    layer = solution.networks.stacked.layers.layers[0]
    assert isinstance(layer, Recurrent)  # what a network makes of a cell
    return layer.cell


def _segments(cell: Segmented, xs: Sequences, dtype: Any) -> tuple[Sequences, np.ndarray]:
    """Sequences cut at the ends of the symbol level's segments, and how many each had."""
    above = cell.segment
    while isinstance(above, Segmented):  # `ends` of a segmented segment cell are its own, farther apart
        above = above.symbol
    values, lengths = padded(xs, np.arange(len(xs)), dtype)
    ends = np.asarray(cell.with_levels(cell.symbol, above).ends(_spelt(values, cell.input_size, dtype), lengths))
    tails = np.concatenate([ends[row, :length] for row, length in enumerate(xs.lengths)])
    lengths = np.diff(np.flatnonzero(tails) + 1, prepend=0)
    cut = Sequences.from_concatenated(xs.values, lengths, alphabet=xs.alphabet, boundaries=xs.flat_boundaries)
    return cut, ends.sum(axis=1)


def _through(stack: Stack, each: Sequence[Sequences], task: _Task) -> list[Sequences]:
    """What a stack hands on, step by step; segment ends of the data go on with it."""
    handed = []
    for xs, passage in zip(each, _run(stack, each, task)):
        outputs = np.asarray(passage.outputs)
        lengths = np.full(*outputs.shape[:2]) if passage.lengths is None else np.asarray(passage.lengths)
        values = np.concatenate([outputs[row, :length] for row, length in enumerate(lengths)])
        kept = xs.flat_boundaries if stack.keeps_pace else None
        handed.append(Sequences.from_concatenated(values, lengths, boundaries=kept))
    return handed


def _run(layer: Layer, each: Sequence[Sequences], task: _Task) -> list[Passage]:
    """Each member's layer over its inputs, all padded to one length, so that one program serves them."""
    longest = max(int(xs.lengths.max()) for xs in each)
    passages = []
    for k, xs in enumerate(each):
        values, lengths = padded(xs, np.arange(len(xs)), task.dtype, length=longest)
        if not layer.reads_symbols:
            values = _spelt(values, layer.input_size, task.dtype)
        passages.append(_passage(take(layer, k), values, lengths))
    return passages


@eqx.filter_jit
def _passage(layer: Layer, xs: Any, lengths: Any) -> Passage:
    return layer(xs, lengths)


def _spelt(values: Any, size: int, dtype: Any) -> Any:
    """Codes as one-hot vectors, with the segment ends that may come with them."""
    return jax.tree.map(
        lambda leaf: jax.nn.one_hot(leaf, size, dtype=dtype) if leaf.dtype.kind == "i" else leaf, values
    )


def _wanted(xs: Sequences, dtype: Any) -> np.ndarray:
    """The inputs as numbers, (total_time, features)."""
    return xs.values.astype(dtype) if xs.alphabet is None else np.eye(len(xs.alphabet), dtype=dtype)[xs.values]


def _within_unit(xs: Sequences) -> bool:
    return xs.alphabet is not None or bool(xs.values.min() >= 0 and xs.values.max() <= 1)
