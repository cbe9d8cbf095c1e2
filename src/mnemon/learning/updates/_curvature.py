"""Products with the Gauss-Newton matrix of a network, and with that of structural damping.

    G v = J' H J v,                    J = dz/dw, H = d2E/dz2 at the answers z
    S v = sum_t J_h' D J_h v           J_h = dh(t)/dw of what the layers say at all steps of all sequences

One pass forwards along v, then H, then one pass back: N. Schraudolph, Neural Computation 14(7):1723-1738, 2002,
doi:10.1162/08997660260028683. G has no negative eigenvalue where the loss is convex in the answers, as squared errors
and cross-entropies are. S is the Gauss-Newton matrix of a distance between the units before and after a change of
weights: J. Martens and I. Sutskever, "Learning recurrent neural networks with Hessian-free optimization", ICML 2011.
D is 1 for half the squared distance; for the cross-entropy between units that lie in [0, 1] or in [-1, 1], taken as
probabilities, it is 1 / h (1 - h) or 1 / (1 - h^2), which is 1 / f' of logistic units and of tanh.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from ...cells import split
from ...layers import Answer, Layer, Mode, Network, Passage
from ..losses import Loss

if TYPE_CHECKING:  # gradients import updates
    from ..gradients import Chunk

Distance = Literal["squared", "tanh", "logistic"]
DISTANCES = ("squared", "tanh", "logistic")
Product = Callable[[Float[Array, " weights"]], Float[Array, " weights"]]

# Units this close to their limits count as if they were so far from them.
LEAST_ROOM = 1e-4


def gauss_newton(
    network: Network, loss: Loss, chunk: "Chunk", *, structural: Any = None, distance: Distance = "tanh"
) -> Product:
    """The function v -> (G + structural S) v for a chunk of sequences.

    Args:
        network: any network; its engine is the plain one, for others cannot be differentiated forwards.
        loss: convex in the answers.
        chunk: sequences, with what each counts (`weights`) in G and S.
        structural: what S counts; None leaves it out.
        distance: between units.

    Returns:
        A function of one flat vector, in the order of `ravel_pytree` of the trainable weights.

    """
    moving, rest = split(network)
    flat, unravel = ravel_pytree(moving)

    def said(flat: Float[Array, " weights"]) -> tuple[tuple[Array, list[Array]], tuple[Any, list[Any]]]:
        """Answers, and what layers say; beside them where answers count, and how long the layers' sequences are."""
        answer, passages = _listen(eqx.combine(unravel(flat), rest), chunk)
        outputs = [] if structural is None else [passage.outputs for passage in passages]
        return (answer.values, outputs), (answer.marks, [passage.lengths for passage in passages])

    (values, outputs), along, (marks, lengths) = jax.linearize(said, flat, has_aux=True)
    back = jax.linear_transpose(along, flat)

    def by_answers(values: Array) -> Array:
        return jax.grad(lambda z: (loss(Answer(z, marks), chunk.targets) * chunk.weights).sum())(values)

    counts = [_counts(h, ends, chunk.weights, distance) for h, ends in zip(outputs, lengths)]

    def product(v: Float[Array, " weights"]) -> Float[Array, " weights"]:
        moved, heard = along(v)
        _, bent = jax.jvp(by_answers, (values,), (moved,))
        (result,) = back((bent, [structural * d * h for d, h in zip(counts, heard)]))
        return result

    return product


def squared_slopes(network: Network, loss: Loss, chunk: "Chunk", *, rows: int = 32) -> Float[Array, " weights"]:
    """Sum over sequences of what each counts times the squares of its own gradient; `rows` of them at a time."""
    moving, rest = split(network)
    flat, unravel = ravel_pytree(moving)

    def of_one(x: Any, length: Any, target: Any) -> Array:
        def cost(flat: Array) -> Array:
            answer = eqx.combine(unravel(flat), rest)(x, length)
            return loss(answer, target).sum()

        return jnp.square(jax.grad(cost)(flat))

    batch = chunk.weights.size
    rows = min(rows, batch)
    parts = -(-batch // rows)
    places = jnp.minimum(jnp.arange(parts * rows), batch - 1).reshape(parts, rows)
    real = (jnp.arange(parts * rows) < batch).reshape(parts, rows)

    def add(total: Array, now: tuple[Array, Array]) -> tuple[Array, None]:
        places, real = now
        some = (chunk.xs, chunk.lengths, chunk.targets)
        single = jax.tree.map(lambda leaf: leaf[places][:, None], some)  # each a batch of one
        each = jax.vmap(of_one)(*single)
        shares = jnp.where(real, chunk.weights[places], 0)
        return total + shares @ each, None

    return jax.lax.scan(add, jnp.zeros_like(flat), (places, real))[0]


def some_sequences(chunk: "Chunk", count: int) -> "Chunk":
    """So many sequences of a chunk, drawn by its key; their weights have the sum that all had."""
    if count >= chunk.weights.size:
        return chunk
    idle = (chunk.weights == 0).astype(chunk.weights.dtype)
    drawn = idle if chunk.key is None else idle + jax.random.uniform(_own(chunk.key), idle.shape, idle.dtype, 0, 0.5)
    rows = jnp.argsort(drawn)[:count]  # those that only fill up come last
    xs, lengths, targets, weights = jax.tree.map(
        lambda leaf: leaf[rows], (chunk.xs, chunk.lengths, chunk.targets, chunk.weights)
    )
    whole = weights.sum()
    weights = weights * (chunk.weights.sum() / jnp.where(whole > 0, whole, 1))
    return chunk._replace(xs=xs, lengths=lengths, targets=targets, weights=weights)


def _own(key: PRNGKeyArray) -> PRNGKeyArray:
    """Another key than that of dropout."""
    return jax.random.fold_in(key, 1)


class _Heard(Layer):
    """A layer that leaves what it hands on in a list, besides handing it on."""

    layer: Layer
    heard: Callable[[Passage], None] = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, layer: Layer, heard: Callable[[Passage], None]) -> None:
        self.layer = layer
        self.heard = heard
        self.input_size = layer.input_size
        self.output_size = layer.output_size

    @property
    def reads_symbols(self) -> bool:
        """As the layer does."""
        return self.layer.reads_symbols

    @property
    def spells(self) -> bool:
        """As the layer does."""
        return self.layer.spells

    @property
    def keeps_pace(self) -> bool:
        """As the layer does."""
        return self.layer.keeps_pace

    @property
    def causal(self) -> bool:
        """As the layer is."""
        return self.layer.causal

    def __call__(
        self,
        xs: PyTree[Array],
        lengths: Int[Array, "*batch"] | None = None,
        *,
        key: PRNGKeyArray | None = None,
        mode: Mode = Mode(),  # noqa: B008 - a frozen module
    ) -> Passage:
        """The layer's own."""
        passage = self.layer(xs, lengths, key=key, mode=mode)
        self.heard(passage)
        return passage


def _listen(network: Network, chunk: "Chunk") -> tuple[Answer, list[Passage]]:
    """The answer to a chunk, and what each layer handed on."""
    passages: list[Passage] = []
    layers = tuple(_Heard(layer, passages.append) for layer in network.layers.layers)
    listening = eqx.tree_at(lambda n: n.layers.layers, network, layers)
    return listening(chunk.xs, chunk.lengths, key=chunk.key, mode=Mode(engine="plain")), passages


def _counts(
    outputs: Float[Array, "batch time units"],
    lengths: Int[Array, " batch"] | None,
    weights: Float[Array, " batch"],
    distance: Distance,
) -> Float[Array, "batch time units"]:
    """What each unit counts at each step: the sequence's weight times D, 0 behind the sequence's end."""
    shares = jnp.broadcast_to(weights[:, None, None], outputs.shape)
    if lengths is not None:
        alive = jnp.arange(outputs.shape[1])[None] < lengths[:, None]
        shares = jnp.where(alive[..., None], shares, jnp.zeros_like(shares))
    if distance == "squared":
        return shares
    room = outputs * (1 - outputs) if distance == "logistic" else 1 - jnp.square(outputs)
    return shares / jnp.maximum(room, LEAST_ROOM)
