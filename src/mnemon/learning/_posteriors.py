"""Forward and backward through an input-output hidden Markov model, in logarithms: how probable the targets of a
sequence are, and which steps its hidden path took. Y. Bengio and P. Frasconi, IEEE Trans. Neural Networks
7(5):1231-1249, 1996, doi:10.1109/72.536317.

    alpha_i(t) = b_i(t) sum over j  phi_ij(t) alpha_j(t-1)           alpha(0) = zeta(0)
    beta_j(t-1) = sum over i  phi_ij(t) b_i(t) beta_i(t)             beta(T) = 1
    P = sum over i  alpha_i(T)
    h_ij(t) = alpha_j(t-1) phi_ij(t) b_i(t) beta_i(t) / P            the step from j to i, given all targets

b_i(t) is the probability (of values, the density) of the target at step t in state i, and 1 where there is none. Both
recursions are cells, which go through `unfold` like all others.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from ..cells import Cell, InputOutputHMM
from ..layers import unfold


class Observed(NamedTuple):
    """Sequences as a hidden Markov model sees them.

    Attributes:
        xs: (n, time, features).
        targets: (n, time) classes or (n, time, outputs) values; anything where nothing is asked.
        asked: (n, time), True at the steps that have a target.
        lengths: (n,).
        weights: (n,), what each sequence counts.

    """

    xs: Float[Array, "n time features"]
    targets: Array
    asked: Bool[Array, "n time"]
    lengths: Int[Array, " n"]
    weights: Float[Array, " n"]


class Posteriors(NamedTuple):
    """What is known of the paths once all targets are.

    Attributes:
        log_likelihood: (n,), log P of each sequence's targets, given its inputs.
        start: (n, states), of the state before the first step.
        states: (n, time, states), of the state at each step; 0 behind a sequence's end.
        steps: (n, time, states, states), of the step from state (third axis) to state.

    """

    log_likelihood: Float[Array, " n"]
    start: Float[Array, "n states"]
    states: Float[Array, "n time states"]
    steps: Float[Array, "n time states states"]


class Messages(Cell):
    """One of the two recursions: log alpha, or log beta of the step before.

    Inputs are log b (time, states) and log phi (time, states, states), the latter from state to state.
    """

    first: Float[Array, " states"]
    backwards: bool = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, first: Float[Array, " states"], *, backwards: bool = False) -> None:
        self.first = first
        self.backwards = backwards
        self.input_size = self.output_size = first.shape[0]

    def initial_state(self) -> Float[Array, " states"]:
        """Log alpha(0), or log beta(T)."""
        return self.first

    def project(self, xs: tuple[Array, Array]) -> tuple[Array, Array]:
        """The inputs as they are."""
        return xs

    def step(self, state: Float[Array, " states"], drive: tuple[Array, Array]) -> Float[Array, " states"]:
        """The equations above."""
        seen, moves = drive
        if self.backwards:
            return jax.nn.logsumexp(moves + (seen + state)[None, :], axis=1)
        return seen + jax.nn.logsumexp(moves + state[:, None], axis=0)

    def output(self, state: Float[Array, " states"]) -> Float[Array, " states"]:
        """The message itself."""
        return state


def log_emissions(cell: InputOutputHMM, data: Observed) -> Float[Array, "n time states"]:
    """Log b."""
    said = cell.answers(data.xs)
    assert said is not None  # a cell that says classes or values
    if cell.log_deviations is None:
        classes = jnp.where(data.asked, data.targets, 0)
        logs = jnp.take_along_axis(said, classes[:, :, None, None], axis=-1)[..., 0]
    else:
        wanted = jnp.where(data.asked[..., None], data.targets, jnp.zeros_like(data.targets))
        spread = cell.log_deviations[None, None]
        errors = (wanted[:, :, None] - said) * jnp.exp(-spread)
        logs = (-0.5 * jnp.square(errors) - spread - 0.5 * jnp.log(2 * jnp.pi).astype(said.dtype)).sum(axis=-1)
    return jnp.where(data.asked[..., None], logs, jnp.zeros_like(logs))


def log_likelihood(cell: InputOutputHMM, data: Observed) -> Float[Array, " n"]:
    """Log P of each sequence's targets, given its inputs; forwards only."""
    _, last = _forward(cell, log_emissions(cell, data), cell.log_transitions(data.xs), data)
    return jax.nn.logsumexp(last, axis=-1)


def posteriors(cell: InputOutputHMM, data: Observed) -> Posteriors:
    """What the targets say of the paths."""
    seen, moves = log_emissions(cell, data), cell.log_transitions(data.xs)
    start = jax.nn.log_softmax(cell.start)
    alphas, last = _forward(cell, seen, moves, data)
    betas, _ = unfold(
        Messages(jnp.zeros_like(start), backwards=True), (seen, moves), lengths=data.lengths, reverse=True,
        engine="plain",
    )  # fmt: skip
    total = jax.nn.logsumexp(last, axis=-1)
    rows, time = seen.shape[:2]
    before = jnp.concatenate([jnp.broadcast_to(start[None, None], (rows, 1, len(start))), alphas[:, :-1]], axis=1)
    steps = jnp.arange(time)[None]
    after = jnp.concatenate([betas[:, 1:], jnp.zeros_like(betas[:, :1])], axis=1)
    after = jnp.where((steps < data.lengths[:, None] - 1)[..., None], after, jnp.zeros_like(after))
    alive = (steps < data.lengths[:, None])[..., None]
    paths = before[..., :, None] + moves + (seen + after)[..., None, :] - total[:, None, None, None]
    return Posteriors(
        total,
        jnp.exp(start[None] + betas[:, 0] - total[:, None]),
        jnp.where(alive, jnp.exp(alphas + after - total[:, None, None]), jnp.zeros_like(alphas)),
        jnp.where(alive[..., None], jnp.exp(paths), jnp.zeros_like(paths)),
    )


def _forward(cell: InputOutputHMM, seen: Array, moves: Array, data: Observed) -> tuple[Array, Array]:
    """Log alpha at each step and at the end."""
    return unfold(Messages(jax.nn.log_softmax(cell.start)), (seen, moves), lengths=data.lengths, engine="plain")
