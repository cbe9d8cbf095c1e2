"""The gradients that error flow is made of: of the loss, and of the answer at the end, by every state and every input.

One forward pass with zero nudges at all states; one reverse pass for the loss, and one for each output. The loss's
errors enter wherever the network answers. The answer's enter at the end only, so that its gradient says how far back
anything can be learnt that matters at the end, also where the error itself is 0.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int, PyTree

from ..layers import Network, Passage
from ..learning import Loss
from ._watching import Nudge, Sight, Tape, watched, zero_nudges

# Of an answer of more numbers, random directions stand for them: the mean square of their gradients is the same.
DIRECTIONS = 32


class Gradients(NamedTuple):
    """What one look at a network brings.

    Attributes:
        cost: (batch,), the loss of each sequence.
        answers: (batch, outputs), the answer at each sequence's end.
        errors: by layer, dE/dstates and dE/dinputs, (batch, time, ...) each.
        influence: by layer, the root of the sum over outputs of (dy/ds)^2, shaped as `errors`.
        sights: by layer, what it read and which states it went through.

    """

    cost: Float[Array, " batch"]
    answers: Float[Array, "batch outputs"]
    errors: dict[str, Nudge]
    influence: dict[str, Nudge]
    sights: dict[str, Sight]


def gradients(
    network: Network, xs: PyTree[Array], lengths: Int[Array, " batch"] | None, targets: Array, loss: Loss
) -> Gradients:
    """Look at `network` on a batch; inputs are numbers (batch, time, features), `Steps` where they bring boundaries."""
    return _gradients(network, xs, lengths, targets, loss, directions(network.output_size))


def directions(outputs: int) -> np.ndarray:
    """(directions, outputs): each output by itself, or random signs whose mean square is that of all together."""
    if outputs <= DIRECTIONS:
        return np.eye(outputs)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (DIRECTIONS, outputs))
    return signs / np.sqrt(DIRECTIONS)


@eqx.filter_jit
def _gradients(network: Network, xs: Any, lengths: Any, targets: Array, loss: Loss, along: np.ndarray) -> Gradients:
    def run(nudges: dict[str, Nudge]) -> Any:
        tape = Tape(nudges)
        inside = watched(network, tape)
        passage = inside.passage(xs, lengths)
        cost = loss(inside.read(passage, xs), targets)
        answers = inside.read(at_own_end(network, passage), xs).at_end()
        return (cost, answers), tape.sights

    (cost, answers), pull, sights = jax.vjp(run, zero_nudges(network, xs, lengths), has_aux=True)
    (errors,) = pull((jnp.ones_like(cost), jnp.zeros_like(answers)))

    def one(total: Any, direction: Array) -> tuple[Any, None]:
        (found,) = pull((jnp.zeros_like(cost), jnp.broadcast_to(direction[None], answers.shape)))
        return jax.tree.map(lambda t, g: t + jnp.square(g), total, found), None

    squares, _ = lax.scan(one, jax.tree.map(jnp.zeros_like, errors), jnp.asarray(along, answers.dtype))
    return Gradients(cost, answers, errors, jax.tree.map(jnp.sqrt, squares), sights)


def at_own_end(network: Network, passage: Passage) -> Passage:
    """A passage whose answer is given once each layer has read the whole sequence.

    A readout at every step answers the last one from both halves of a bidirectional layer, of which the backward half
    has read but one step there. It is asked instead for what it would say of what each half says last. Pools and
    readouts at the end stay as they are.
    """
    if network.readout.at not in ("steps", "segments"):
        return passage
    return passage._replace(outputs=jnp.broadcast_to(passage.last[..., None, :], passage.outputs.shape))
