"""Expectation maximisation of input-output hidden Markov models: Y. Bengio and P. Frasconi, "An EM approach to learning
sequential behavior", NIPS 7:427-434, 1995; IEEE Trans. Neural Networks 7(5):1231-1249, 1996, doi:10.1109/72.536317;
A. Dempster, N. Laird and D. Rubin, J. Royal Statistical Society B 39(1):1-38, 1977.

    E:  how probable each hidden step and state is, given all targets          (`_posteriors`)
    M:  weights under which such paths are more probable than before:
            zeta(0)      the mean posterior of the state before the first step
            W_j, b_j     a logistic regression of where state j leads to       (`_soft_regression`)
            V_i, c_i     one of the classes seen in state i; of values, weighted least squares, with deviations

The likelihood of the targets never falls (with only a few steps of each regression it is a generalised EM). No error
flows back through time: the posteriors say at every step what it should have been.
"""

from collections.abc import Iterator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..cells import InputOutputHMM
from ..errors import InvalidInput, raise_together
from ..layers import Network, Recurrent, Steps
from ._evaluate import judged
from ._examples import Bucket
from ._hosted import Generation, Hosted
from ._posteriors import Observed, Posteriors, posteriors
from ._soft_regression import soft_regression
from .losses import CrossEntropy, Loss, SquaredError

# The least deviation of values, in units of that of all targets: below it a state would keep one target for itself.
LEAST_DEVIATION = 1e-3
# Added to least squares, in units of the mean diagonal, for inputs that are not independent.
RIDGE = 1e-9


class ExpectationMaximisation(Hosted):
    """Maximum likelihood of an `InputOutputHMM` that says classes or values; an epoch of `train` is one iteration.

    Targets stand at the end or at steps; with a readout at="steps", those of a sequence are one joint observation, so
    that later ones tell earlier states, and the likelihood is not the sum of the losses step by step. The cell is the
    network: what it says is the answer, and the readout becomes the identity. Float64 inside, whatever the network's
    precision. Posteriors of all steps are kept at once: sequences x time x states x states numbers.

    Args:
        steps: of each logistic regression in an iteration.
        penalty: strength of a quadratic penalty on the weights of the logistic regressions, which then have a
            posterior maximum also where classes can be told without error; with it the penalised likelihood never
            falls.

    Raises:
        InvalidInput: numbers that make no sense; (in training) a network that is not one such cell under a readout of
            its size, or a loss that is not its likelihood (`CrossEntropy` of classes, `SquaredError` of values).

    Example:
        >>> import jax
        >>> import numpy as np
        >>> from mnemon.cells import InputOutputHMM
        >>> from mnemon.layers import Network, Readout
        >>> from mnemon.learning import CrossEntropy, Examples, ExpectationMaximisation, Until, train
        >>> from mnemon.sequences import Sequences
        >>> a, b = jax.random.split(jax.random.key(0))
        >>> network = Network(InputOutputHMM(1, 2, outputs=2, key=a), Readout(2, 2, key=b))
        >>> bits = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
        >>> data = Examples(Sequences(bits), np.array([0, 0, 1, 1]))  # the first bit tells
        >>> solution = train(network, ExpectationMaximisation(), data, loss=CrossEntropy(), until=Until(20))
        >>> bool(solution.history["loss"][-1, 0] < solution.history["loss"][0, 0])
        True

    """

    steps: int = eqx.field(static=True, default=3)
    penalty: float = eqx.field(static=True, default=0.0)

    def __check_init__(self) -> None:
        wrong = [] if self.steps >= 1 else [f"steps={self.steps!r}; expected at least 1"]
        if not 0 <= self.penalty < float("inf"):
            wrong.append(f"penalty={self.penalty!r}; expected a number of at least 0")
        raise_together(wrong, "ExpectationMaximisation")

    def generations(self, network: Network, buckets: tuple[Bucket, ...], loss: Loss, seed: int) -> Iterator[Generation]:
        """See `Hosted`: after each iteration, with its one pass over the data."""
        cell = _cell_of(network, loss)
        size, dtype = cell.output_size, network.dtype
        if network.readout.weighs:
            network = eqx.tree_at(lambda n: n.readout.weights, network, jnp.eye(size, dtype=dtype))
        if network.readout.bias is not None:
            network = eqx.tree_at(lambda n: n.readout.bias, network, jnp.zeros(size, dtype))
        with jax.enable_x64(True):
            cell = _cast(cell, np.float64)
            data = tuple(observed(bucket, network) for bucket in buckets)
        while True:
            with jax.enable_x64(True):
                cell, _ = iterate(cell, data, self)
                now = _cast(cell, dtype)
            network = eqx.tree_at(lambda n: n.layers.layers[0].cell, network, now)
            yield Generation(network, float(_cost(network, buckets, loss)), 1)


def observed(bucket: Bucket, network: Network) -> Observed:
    """A bucket in float64, with one target a sequence put where the network is asked for it."""
    readable = network.readable(bucket.xs)
    xs = jnp.asarray(np.asarray(readable.values if isinstance(readable, Steps) else readable), np.float64)
    lengths, targets = np.asarray(bucket.known_lengths(), int), np.asarray(bucket.targets)
    whole = np.issubdtype(targets.dtype, np.integer)
    steps = np.arange(xs.shape[1])[None]
    places = steps < lengths[:, None] if network.readout.at == "steps" else steps == lengths[:, None] - 1
    if targets.ndim == (1 if whole else 2):
        targets = np.broadcast_to(targets[:, None], (*places.shape, *targets.shape[1:]))
    known = targets >= 0 if whole else ~np.isnan(targets).any(axis=-1)
    shown = jnp.asarray(targets, int if whole else np.float64)
    weights = jnp.asarray(np.asarray(bucket.weights), np.float64)
    return Observed(xs, shown, jnp.asarray(places & known), jnp.asarray(lengths), weights)


@eqx.filter_jit
def iterate(
    cell: InputOutputHMM, data: tuple[Observed, ...], how: ExpectationMaximisation
) -> tuple[InputOutputHMM, Float[Array, ""]]:
    """One iteration: the new cell, and the weighted log likelihood of the old one."""
    found = [posteriors(cell, part) for part in data]
    total = sum((part.weights * post.log_likelihood).sum() for part, post in zip(data, found))
    return maximise(cell, data, found, how), jnp.asarray(total)


def maximise(
    cell: InputOutputHMM, data: tuple[Observed, ...], found: list[Posteriors], how: ExpectationMaximisation
) -> InputOutputHMM:
    """The M step: the cell under which paths as they were found are more probable."""
    rows = _flat([_with_one(part.xs) for part in data])
    counts = _flat([part.weights[:, None, None, None] * post.steps for part, post in zip(data, found)])
    occupied = _flat([part.weights[:, None, None] * post.states for part, post in zip(data, found)])
    asked = jnp.concatenate([part.asked.reshape(-1) for part in data])
    occupied = jnp.where(asked[:, None], occupied, jnp.zeros_like(occupied))
    begun = sum((part.weights[:, None] * post.start).sum(axis=0) for part, post in zip(data, found))

    def regress(now: tuple[Array, Array]) -> Array:
        return soft_regression(now[0], rows, now[1], how.steps, how.penalty)

    def fit(weights: Array, bias: Array, counts: Float[Array, "states rows classes"]) -> tuple[Array, Array]:
        joined = jnp.concatenate([weights, bias[..., None]], axis=-1)
        solved = jax.lax.map(regress, (joined, counts))
        return solved[..., :-1], solved[..., -1]

    moves = fit(cell.transition_weights, cell.transition_bias, jnp.swapaxes(counts, 0, 1))
    start = jnp.log(jnp.maximum(jnp.asarray(begun), jnp.finfo(rows.dtype).tiny))
    cell = eqx.tree_at(lambda c: (c.transition_weights, c.transition_bias, c.start), cell, (*moves, start))
    targets = _flat([part.targets for part in data])
    if cell.says == "classes":
        classes = jax.nn.one_hot(targets, cell.output_size, dtype=rows.dtype)
        assert cell.output_weights is not None  # it says something
        assert cell.output_bias is not None
        said = fit(cell.output_weights, cell.output_bias, occupied.T[:, :, None] * classes[None])
        return eqx.tree_at(lambda c: (c.output_weights, c.output_bias), cell, said)
    wanted = jnp.where(asked[:, None], targets, jnp.zeros_like(targets))
    share = asked.astype(rows.dtype)[:, None] / jnp.maximum(asked.sum(), 1).astype(rows.dtype)
    mean = (wanted * share).sum(axis=0)
    least = LEAST_DEVIATION**2 * (jnp.square(wanted - mean[None]) * share).sum(axis=0)
    solved, spread = jax.lax.map(lambda share: _least_squares(rows, wanted, share, least), occupied.T)
    return eqx.tree_at(
        lambda c: (c.output_weights, c.output_bias, c.log_deviations),
        cell,
        (solved[..., :-1], solved[..., -1], 0.5 * jnp.log(spread)),
    )


def _least_squares(rows: Array, wanted: Array, share: Array, least: Array) -> tuple[Array, Array]:
    """The affine map of one state, (outputs, sources), and its variances (outputs,)."""
    weighted = rows * share[:, None]
    square = weighted.T @ rows
    tiny = RIDGE * jnp.trace(square) / len(square) + jnp.finfo(rows.dtype).tiny ** 0.5
    solved = jnp.linalg.solve(square + tiny * jnp.eye(len(square), dtype=rows.dtype), weighted.T @ wanted).T
    errors = jnp.square(wanted - rows @ solved.T) * share[:, None]
    total = jnp.maximum(share.sum(), jnp.finfo(rows.dtype).tiny ** 0.5)
    return solved, jnp.maximum(errors.sum(axis=0) / total, jnp.maximum(least, jnp.finfo(rows.dtype).tiny ** 0.5))


def _with_one(xs: Array) -> Array:
    return jnp.concatenate([xs, jnp.ones_like(xs[..., :1])], axis=-1)


def _flat(parts: list[Array]) -> Array:
    """(n, time, ...) of several buckets as rows."""
    return jnp.concatenate([part.reshape(-1, *part.shape[2:]) for part in parts])


def _cast(cell: InputOutputHMM, dtype: Any) -> InputOutputHMM:
    return jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf), dtype) if eqx.is_array(leaf) else leaf, cell)


@eqx.filter_jit
def _cost(network: Network, buckets: tuple[Bucket, ...], loss: Loss) -> Array:
    return judged(network, buckets, loss)[0]


def _cell_of(network: Network, loss: Loss) -> InputOutputHMM:
    """The cell that is trained, if all is as it has to be."""
    layers, readout = network.layers.layers, network.readout
    layer: Any = layers[0]
    cell: Any = getattr(layer, "cell", layer)
    known = len(layers) == 1 and isinstance(layer, Recurrent) and isinstance(cell, InputOutputHMM)
    if not known or cell.says == "states" or layer.reverse or network.layers.residual:
        names = ", ".join(type(getattr(layer, "cell", layer)).__name__ for layer in layers)
        raise InvalidInput(
            "ExpectationMaximisation trains one InputOutputHMM(outputs=...) that says classes or values, read forwards "
            f"and without residual connections; got {names}"
        )
    problems = []
    if readout.at not in ("end", "steps"):
        problems.append(f'at={readout.at!r}; the targets of a hidden Markov model stand at="end" or at="steps"')
    if readout.output_size != cell.output_size or readout.sees_input or not readout.answers_linearly:
        problems.append(
            f"expected a readout of {cell.output_size} outputs that sees no input and does not squash, so that it can "
            "hand on what the cell says"
        )
    wanted = CrossEntropy if cell.says == "classes" else SquaredError
    if not isinstance(loss, wanted) or (isinstance(loss, CrossEntropy) and loss.weights is not None):
        problems.append(
            f"{type(loss).__name__} is not the likelihood of {cell.says}; expected {wanted.__name__}(), all classes "
            "counting the same"
        )
    raise_together(problems, "ExpectationMaximisation")
    return cell
