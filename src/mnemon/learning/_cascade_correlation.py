"""Recurrent cascade-correlation: a network that adds its hidden units one at a time. S. Fahlman, "The recurrent
cascade-correlation architecture", NIPS 3:190-196, 1991; without recurrence S. Fahlman and C. Lebiere, NIPS 2:524-532,
1990. The network itself is `mnemon.cells.RecurrentCascade`.

1. The output weights are trained until the error no longer falls.
2. A pool of candidates v, each of which sees the input, all units and its own past, is trained to maximise

       S = sum over outputs o  | sum over steps p  ( v_p - mean v ) ( e_po - mean e_o ) |,

   where e is the error that is left, until S no longer rises; nothing but the candidates changes.
3. The best of them is installed, its weights are never changed again, and all is done once more.

Settled here: e is the slope of the loss by the outputs' net inputs (for squared errors of logistic outputs, the error
times the slope of the output; for cross-entropy the difference of probability and target), scaled so that the sum of
its squares is 1. Both trainings are by Rprop (M. Riedmiller and H. Braun, ICNN 1993,
doi:10.1109/ICNN.1993.298623) of optax, whose steps ask for no scale; the papers use Quickprop. The slope of S is the
published one, dv(t)/dw = f'(net) (source + u dv(t-1)/dw); it is computed backwards, which is the same number.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from ..cells import RecurrentCascade, split
from ..errors import InvalidInput, raise_together
from ..layers import Network, Passage, Readout, Recurrent, Steps, unfold
from ._examples import Bucket
from ._hosted import Generation, Hosted
from .losses import Loss


class RecurrentCascadeCorrelation(Hosted):
    """Grows a `RecurrentCascade` under its readout, from no unit to as many as the cell has room for.

    The network's shape stays what it is: units that are not installed are inert, so that networks of different size
    are one population, and are saved and loaded as any other; `grown` cuts one to its size. An epoch of `train` is a
    unit more (the first one has none), with all passes that it took as its evaluations. It ends before the cell is
    full where `train`'s criterion is met, or no candidate covaries with what is left. With `Readout(sees_input=...)`
    the outputs see the inputs too, as published.

    Args:
        pool: candidates trained beside each other.
        output_epochs, candidate_epochs: most passes over the data in a training of outputs, or of candidates.
        patience: passes without a change that counts, after which such a training ends.
        output_change, candidate_change: the share by which the error has to fall, or S to rise, for that.
        reach: candidates' weights start uniform in [-reach, reach].
        first_step: of Rprop.

    Raises:
        InvalidInput: numbers that make no sense; (in training) a network that is not one `RecurrentCascade` under a
            readout at="end" or at="steps".

    Example:
        >>> import jax
        >>> from mnemon.cells import RecurrentCascade
        >>> from mnemon.layers import Network, Readout
        >>> from mnemon.learning import Examples, RecurrentCascadeCorrelation, SquaredError, Until, train
        >>> from mnemon.problems import Reber
        >>> a, b = jax.random.split(jax.random.key(0))
        >>> readout = Readout(3, 7, at="steps", sees_input=7, squashing="logistic", key=b)
        >>> sample = Reber().sample(a, 20)
        >>> solution = train(
        ...     Network(RecurrentCascade(7, 3, key=a), readout), RecurrentCascadeCorrelation(pool=2),
        ...     Examples(sample.xs, sample.targets), loss=SquaredError(), until=Until(epochs=3),
        ... )  # fmt: skip
        >>> solution.networks[0].layers.layers[0].cell.installed  # three epochs: none, one, two units
        2

    """

    pool: int = eqx.field(static=True, default=8)
    output_epochs: int = eqx.field(static=True, default=100)
    candidate_epochs: int = eqx.field(static=True, default=100)
    patience: int = eqx.field(static=True, default=8)
    output_change: float = eqx.field(static=True, default=0.01)
    candidate_change: float = eqx.field(static=True, default=0.03)
    reach: float = eqx.field(static=True, default=1.0)
    first_step: float = eqx.field(static=True, default=0.05)

    def __check_init__(self) -> None:
        counts = ("pool", "output_epochs", "candidate_epochs", "patience")
        changes, sizes = ("output_change", "candidate_change"), ("reach", "first_step")
        given = {name: getattr(self, name) for name in (*counts, *changes, *sizes)}
        wrong = [f"{name}={given[name]!r}; expected at least 1" for name in counts if given[name] < 1]
        wrong += [f"{k}={given[k]!r}; expected a share in [0, 1)" for k in changes if not 0 <= given[k] < 1]
        wrong += [f"{k}={given[k]!r}; expected a positive number" for k in sizes if not 0 < given[k] < float("inf")]
        raise_together(wrong, "RecurrentCascadeCorrelation")

    def generations(self, network: Network, buckets: tuple[Bucket, ...], loss: Loss, seed: int) -> Iterator[Generation]:
        """See `Hosted`: after each training of the outputs."""
        full = _cell_of(network)
        cell, readout = full.empty(), network.readout
        readout = eqx.tree_at(lambda r: r.weights, readout, readout.weights.at[:, : full.output_size].set(0))
        parts = tuple(_part(bucket, network, readout) for bucket in buckets)
        key = jax.random.key(seed)
        for k in range(full.output_size + 1):
            passes = 0
            if k:
                unit, covariance, passes = _best_candidate(self, jax.random.fold_in(key, k), cell, readout, parts, loss)
                if not float(covariance) > 0:
                    return  # nothing is left that a unit could help with
                inputs = cell.input_size
                weights = unit.input_weights[0]
                cell = cell.install(weights[:inputs], weights[inputs:], unit.recurrent_weights[0], unit.bias[0])
                parts = _with_unit(unit, parts, jnp.asarray(k - 1))
            readout, cost, more = _train_outputs(self, readout, parts, loss)
            changed = eqx.tree_at(lambda n: (n.layers.layers[0].cell, n.readout), network, (cell, readout))
            yield Generation(changed, float(cost), int(passes) + int(more))


def grown(network: Network) -> Network:
    """The same network without the units that are not installed, at least one.

    Raises:
        InvalidInput: no single `RecurrentCascade` under a readout.

    """
    cell, readout = _cell_of(network), network.readout
    smaller = cell.cut()
    columns = [*range(smaller.output_size), *range(cell.output_size, readout.weights.shape[1])]
    readout = eqx.tree_at(lambda r: r.weights, readout, readout.weights[:, jnp.asarray(columns)])
    object.__setattr__(readout, "input_size", smaller.output_size)
    return Network(smaller, readout)


class _Part(NamedTuple):
    """A bucket as the trainings see it: inputs (n, time, features), units (n, time, units), and where is asked."""

    xs: Float[Array, "n time features"]
    units: Float[Array, "n time units"]
    lengths: Int[Array, " n"] | None
    targets: Array
    weights: Float[Array, " n"]
    asked: Bool[Array, "n *time"]

    def passage(self) -> Passage:
        """What the readout is given; behind a sequence's end its last step is repeated."""
        return Passage(self.units, self.units[:, -1], None, self.lengths)


def _cell_of(network: Network) -> RecurrentCascade:
    """The cell that grows."""
    layers = network.layers.layers
    layer: Any = layers[0]
    if len(layers) > 1 or not isinstance(layer, Recurrent) or not isinstance(layer.cell, RecurrentCascade):
        names = ", ".join(type(getattr(layer, "cell", layer)).__name__ for layer in layers)
        raise InvalidInput(f"RecurrentCascadeCorrelation grows one RecurrentCascade under a readout; got {names}")
    if network.layers.residual:
        raise InvalidInput(
            "RecurrentCascadeCorrelation: outputs see inputs by Readout(sees_input=...), not past residual layers"
        )
    if layer.reverse or network.readout.at not in ("end", "steps"):
        raise InvalidInput(
            'RecurrentCascadeCorrelation reads sequences forwards and answers at="end" or at="steps"; got '
            f"at={network.readout.at!r}{', backwards' if layer.reverse else ''}"
        )
    if not network.readout.weighs:
        raise InvalidInput(
            f"RecurrentCascadeCorrelation trains the readout's weights, but {type(network.readout).__name__} has none"
        )
    return layer.cell


def _part(bucket: Bucket, network: Network, readout: Readout) -> _Part:
    dtype = readout.weights.dtype
    readable = network.readable(bucket.xs)
    xs = readable.values if isinstance(readable, Steps) else readable
    targets = bucket.targets
    whole = jnp.issubdtype(targets.dtype, jnp.integer)
    known = targets >= 0 if whole else ~jnp.isnan(targets).any(axis=-1)
    asked = known
    if readout.at == "steps":
        alive = jnp.arange(xs.shape[1])[None] < bucket.known_lengths()[:, None]
        asked = alive & (known if known.ndim == 2 else known[:, None])
    units = jnp.zeros((*xs.shape[:2], network.readout.input_size), dtype)
    return _Part(xs, units, bucket.lengths, targets, bucket.weights, asked)


def _cost(readout: Readout, parts: tuple[_Part, ...], loss: Loss) -> Float[Array, ""]:
    """The weighted mean loss."""
    costs = [(loss(readout(part.passage(), part.xs), part.targets) * part.weights).sum() for part in parts]
    return sum(costs[1:], costs[0]) / sum(part.weights.shape[0] for part in parts)


@eqx.filter_jit
def _train_outputs(
    how: RecurrentCascadeCorrelation, readout: Readout, parts: tuple[_Part, ...], loss: Loss
) -> tuple[Readout, Array, Array]:
    """The readout after training, its cost, and the passes that it took."""
    arrays, rest = eqx.partition(readout, eqx.is_inexact_array)
    best, score, passes = _climb(
        lambda arrays: -_cost(eqx.combine(arrays, rest), parts, loss),
        jax.tree.map(lambda leaf: leaf[None], arrays),
        (how.output_epochs, how.patience, how.output_change, how.first_step),
    )
    return eqx.combine(best, rest), -score, passes


@eqx.filter_jit
def _best_candidate(
    how: RecurrentCascadeCorrelation,
    key: Array,
    cell: RecurrentCascade,
    readout: Readout,
    parts: tuple[_Part, ...],
    loss: Loss,
) -> tuple[RecurrentCascade, Array, Array]:
    """The candidate with the largest S, as a cell of one unit; its S; and the passes that the pool took."""
    errors = residuals(readout, parts, loss)
    size, dtype = cell.input_size + cell.output_size, cell.bias.dtype

    def draw(key: Array, shape: tuple[int, ...]) -> Array:
        return jax.random.uniform(key, shape, dtype, -how.reach, how.reach)

    def make(key: Array) -> RecurrentCascade:
        return RecurrentCascade(size, 1, squashing=cell.squashing.__name__, initialiser=draw, key=key)

    units = eqx.filter_vmap(make)(jax.random.split(key, how.pool))
    arrays, rest = split(units)
    rest = eqx.tree_at(lambda c: c.present.value, rest, jnp.ones(1, dtype))
    best, score, passes = _climb(
        lambda arrays: covariance(eqx.combine(arrays, rest), parts, errors),
        arrays,
        (how.candidate_epochs, how.patience, how.candidate_change, how.first_step),
    )
    return eqx.combine(best, rest), score, passes


def residuals(readout: Readout, parts: tuple[_Part, ...], loss: Loss) -> tuple[Float[Array, "n *time outputs"], ...]:
    """The errors e, centred over all places where something is asked and 0 elsewhere, of length 1 all together."""

    def cost(nets: Array, part: _Part) -> Float[Array, ""]:
        answer = readout.see(part.passage(), part.xs)._replace(values=readout.squashing(nets))
        return (loss(answer, part.targets) * part.weights).sum()

    raw = []
    for part in parts:
        nets = readout.see(part.passage(), part.xs).values @ readout.weights.T
        if readout.bias is not None:
            nets = nets + readout.bias.reshape((1,) * (nets.ndim - 1) + (-1,))
        slopes = jax.grad(cost)(nets, part)
        raw.append(jnp.where(part.asked[..., None], slopes, jnp.zeros_like(slopes)))
    count = sum(part.asked.sum() for part in parts)
    totals = [slopes.reshape(-1, slopes.shape[-1]).sum(axis=0) for slopes in raw]
    mean = sum(totals[1:], totals[0]) / jnp.maximum(count, 1).astype(totals[0].dtype)
    centred = []
    for part, slopes in zip(parts, raw):
        less = slopes - mean.reshape((1,) * (slopes.ndim - 1) + (-1,))
        centred.append(jnp.where(part.asked[..., None], less, jnp.zeros_like(less)))
    square = sum(jnp.square(slopes).sum() for slopes in centred)
    scale = jnp.where(square > 0, square, jnp.ones_like(square)) ** -0.5
    return tuple(slopes * scale for slopes in centred)


def covariance(unit: RecurrentCascade, parts: tuple[_Part, ...], errors: tuple[Array, ...]) -> Float[Array, ""]:
    """S of one candidate. The errors are centred, so that the mean of the unit's values drops out."""
    sums = []
    for part, error in zip(parts, errors):
        values = _values(unit, part)
        seen = values if error.ndim == 3 else values[:, -1]
        sums.append((seen[..., None] * error).reshape(-1, error.shape[-1]).sum(axis=0))
    return jnp.abs(sum(sums[1:], sums[0])).sum()


def _values(unit: RecurrentCascade, part: _Part) -> Float[Array, "n time"]:
    """What a candidate says at each step."""
    sources = jnp.concatenate([part.xs, part.units], axis=-1)
    return unfold(unit, sources, lengths=part.lengths)[0][..., 0]


@eqx.filter_jit
def _with_unit(unit: RecurrentCascade, parts: tuple[_Part, ...], k: Int[Array, ""]) -> tuple[_Part, ...]:
    """The parts with the values of unit k (from 0)."""
    return tuple(part._replace(units=part.units.at[..., k].set(_values(unit, part))) for part in parts)


def _climb(
    score: Callable[[Any], Float[Array, ""]], start: Any, how: tuple[int, int, float, float]
) -> tuple[Any, Float[Array, ""], Int[Array, ""]]:
    """Rprop up the score, from several starts at once (leading axis), until the best of them stagnates.

    Returns: the best that was seen, its score, and the passes taken.
    """
    epochs, patience, change, first_step = how
    rprop = optax.rprop(first_step)

    def body(now: tuple[Any, ...]) -> tuple[Any, ...]:
        tree, memory, best, scores, mark, since, count = now
        values, slopes = jax.vmap(jax.value_and_grad(score))(tree)
        better = values > scores
        best = jax.tree.map(
            lambda new, old: jnp.where(better.reshape((-1,) + (1,) * (new.ndim - 1)), new, old), tree, best
        )
        scores = jnp.where(better, values, scores)
        top = scores.max()
        risen = (count == 0) | (top - mark > change * jnp.abs(mark))
        with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):  # as optax is written for
            steps, memory = rprop.update(jax.tree.map(jnp.negative, slopes), memory)
        mark, since = jnp.where(risen, top, mark), jnp.where(risen, 0, since + 1)
        return eqx.apply_updates(tree, steps), memory, best, scores, mark, since, count + 1

    def goes_on(now: tuple[Any, ...]) -> Bool[Array, ""]:
        return (now[6] < epochs) & (now[5] < patience)

    leaf = jax.tree.leaves(start)[0]
    scores = jnp.full(leaf.shape[0], -jnp.inf, leaf.dtype)
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        memory = rprop.init(start)
    nothing = jnp.zeros((), jnp.int32)
    begin = (start, memory, start, scores, jnp.zeros((), leaf.dtype), nothing, nothing)
    _, _, best, scores, _, _, count = lax.while_loop(goes_on, body, begin)
    place = scores.argmax()
    return jax.tree.map(lambda leaf: leaf[place], best), scores[place], count
