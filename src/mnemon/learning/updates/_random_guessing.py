"""Random weight guessing, which draws all weights anew until they happen to solve the task: S. Hochreiter and
J. Schmidhuber, "LSTM can solve hard long time lag problems", NIPS 9:473-479, 1996; J. Schmidhuber, S. Hochreiter and
Y. Bengio, "Evaluating benchmark problems by random guessing", in J. Kolen and S. Kremer (eds.), A Field Guide to
Dynamical Recurrent Networks, IEEE Press, 2001.

    repeat: draw w uniform in [-reach, reach]^n     until all training sequences are answered right

It learns nothing, and says how hard a benchmark is: where a draw in p solves it, the number of draws is geometric with
mean 1/p. Most draws fail on the first few sequences they are shown, and are shown no more; this changes no outcome.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from ...layers import Network
from ._candidates import (
    Rebuild,
    Search,
    as_vector,
    check_counts,
    check_numbers,
    costs_of,
    in_slices,
    randomness,
    spread,
)


class GuessingMemory(NamedTuple):
    """How many networks were drawn, and the number (from 1) of the draw that is kept; 0: the network as it came."""

    drawn: Int[Array, ""]
    kept: Int[Array, ""]


class RandomGuessing(Search):
    """Draws whole networks and keeps the best so far; of equals, the first.

    With `right`, a draw's value is the weighted share of the chunk's sequences that it does not answer right, where
    those it was not shown count as not right. `Until(loss=1e-6)` then ends the search with the first draw that answers
    all of them right, and `Solution.memory.kept` says, by member, how many draws it took. Without `right`, the value is
    the loss. The value in the history is that of the network kept, after the call.

    Args:
        reach: weights are uniform in [-reach, reach]; or one a network of the population.
        draws: networks drawn in one call.
        screen: with `right`: sequences that every draw is shown first, spread over the targets; only a draw that
            answers all of these right is shown the others.
        right: `(answers, targets) -> (batch,)`, True where right: a problem's own.
        readout: whether the readout's weights are drawn too; otherwise they stay as they are, for cells whose outputs
            are the answers (`OutputLoop`).

    Raises:
        InvalidInput: a reach that is not positive; no draws, or no screen.

    Example:
        >>> from mnemon.learning import Batch, Learner, NoGradient, RandomGuessing
        >>> learner = Learner(NoGradient(), RandomGuessing(100.0, draws=256), Batch(None))

    """

    reach: Any = 100.0
    draws: int = eqx.field(static=True, default=64)
    screen: int = eqx.field(static=True, default=4)
    right: Callable[[Any, Any], Any] | None = eqx.field(static=True, default=None)
    readout: bool = eqx.field(static=True, default=True)

    def __check_init__(self) -> None:
        check_numbers(self, "reach")
        check_counts(self, draws=1, screen=1)

    @property
    def evaluations(self) -> int:
        """The networks drawn; another look at the one kept is not counted."""
        return self.draws

    def for_members(self, members: int, dtype: Any) -> Self:
        """See `Update`."""
        return spread(self, ["reach"], members, dtype)

    def init(self, network: Network) -> GuessingMemory:
        """Nothing drawn."""
        return GuessingMemory(jnp.zeros((), jnp.int32), jnp.zeros((), jnp.int32))

    def learn(
        self, memory: GuessingMemory, network: Network, gradient: Any, carry: Any, loss: Any, chunk: Any
    ) -> tuple[GuessingMemory, Network, Any, Float[Array, ""]]:
        """See `Update`; the value is the kept network's."""
        now, rebuild = as_vector(network, self.readout)
        key = randomness(chunk, memory.drawn)
        drawn = self.reach * jax.random.uniform(key, (self.draws, now.size), now.dtype, -1, 1)
        each = jnp.concatenate([now[None], drawn])
        values = costs_of(each, rebuild, loss, chunk) if self.right is None else self._wrong(each, rebuild, chunk)
        best = jnp.argmin(values)  # the first of equals
        kept = jnp.where(best > 0, memory.drawn + best.astype(jnp.int32), memory.kept)
        return GuessingMemory(memory.drawn + self.draws, kept), rebuild(each[best]), carry, values[best]

    def _wrong(self, vectors: Float[Array, "some weights"], rebuild: Rebuild, chunk: Any) -> Float[Array, " some"]:
        """The share not right; only those right on the whole screen are looked at further, until one is all right."""
        rows = chunk.weights.shape[0]
        every = chunk.weights.sum()
        if rows <= self.screen:
            right = in_slices(lambda vector: self._right(rebuild(vector), chunk), vectors, chunk)
            return (jnp.where(right, 0, 1).astype(every.dtype) * chunk.weights[None]).sum(axis=1)
        order = jnp.argsort(chunk.targets.reshape(rows, -1)[:, 0])
        shown = order[(2 * np.arange(self.screen) + 1) * rows // (2 * self.screen)]
        few = chunk._replace(**{
            name: jax.tree.map(lambda leaf: leaf[shown], getattr(chunk, name))
            for name in ("xs", "lengths", "targets", "weights")
        })  # fmt: skip
        right = in_slices(lambda vector: self._right(rebuild(vector), few), vectors, few)
        values = every - (right.astype(every.dtype) * few.weights[None]).sum(axis=1)

        def looking(now: tuple[Array, Array, Array]) -> Bool[Array, ""]:
            _, promising, solved = now
            return promising.any() & ~solved

        def look(now: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
            values, promising, _ = now
            next_one = jnp.argmax(promising)
            right = self._right(rebuild(vectors[next_one]), chunk)
            wrong = (jnp.where(right, 0, 1).astype(every.dtype) * chunk.weights).sum()
            return values.at[next_one].set(wrong), promising.at[next_one].set(False), right.all()

        return lax.while_loop(looking, look, (values, right.all(axis=1), jnp.zeros((), bool)))[0]

    def _right(self, network: Network, chunk: Any) -> Bool[Array, " rows"]:
        """Which sequences are answered right; those that only fill up the chunk are."""
        assert self.right is not None  # only then asked
        answer = network(chunk.xs, chunk.lengths)
        at_steps = chunk.targets.ndim == answer.values.ndim and answer.marks is not None
        return self.right(answer.values if at_steps else answer.at_end(), chunk.targets) | (chunk.weights == 0)
