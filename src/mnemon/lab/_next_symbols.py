"""Next symbols foretold at every step: what an answer costs, and when all that may follow is known."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..layers import Answer
from ..learning import Loss, SquaredError, Targets
from ..problems import Sample


class _Judged(Loss):
    """A loss of which the score is the share of strings that is right.

    Args:
        right: `(answers, what is allowed) -> (batch,)`, a problem's own. Judged data have what is allowed as targets.

    """

    right: Callable[[Any, Any], Any] = eqx.field(static=True)

    score_name: ClassVar[str] = "strings foretold"

    def score(self, answer: Answer, targets: Float[Array, "batch time symbols"]) -> Float[Array, " batch"]:
        """See `Loss`."""
        return self.right(answer.values, targets).astype(answer.values.dtype)


class NextSymbols(_Judged):
    """The error of strings, summed over their steps, as the papers sum it; the score is the share that is right.

        "squares":   E = sum over t and k  (d_k(t) - z_k(t))^2 / 2
        "surprise":  E = - sum over t and k  d_k(t) log softmax(z(t))_k

    Args:
        right: whether a string is right; `(answers, what is allowed) -> (batch,)`.
        kind: "squares" or "surprise".

    """

    kind: Literal["squares", "surprise"] = eqx.field(static=True, default="squares")

    def check_targets(self, targets: Targets, outputs: int) -> None:
        """Made by the problems themselves."""

    def __call__(self, answer: Answer, targets: Float[Array, "batch time symbols"]) -> Float[Array, " batch"]:
        """See `Loss`."""
        known = ~jnp.isnan(targets)
        wanted = jnp.where(known, targets, jnp.zeros_like(targets))
        if self.kind == "squares":
            each = jnp.square(wanted - answer.values) / 2
        else:
            each = -wanted * jax.nn.log_softmax(answer.values, axis=-1)
        return jnp.where(known, each, jnp.zeros_like(each)).sum(axis=(-2, -1))


@dataclass(frozen=True, eq=False)
class Drawn:
    """Strings drawn from a fixed set, with repetition, as a problem for `Fresh`.

    Args:
        strings: the set.
        name: what tells it from others, for checkpoints.

    """

    strings: Sample
    name: str

    def __repr__(self) -> str:
        return f"Drawn({self.name})"

    @property
    def longest(self) -> int:
        """Of the set."""
        return int(self.strings.xs.lengths.max())

    def sample(self, key: Any, n: int) -> Sample:
        """`n` of them."""
        rows = np.asarray(jax.random.randint(key, (n,), 0, len(self.strings.xs)))
        xs: Any = self.strings.xs
        targets: Any = self.strings.targets
        return Sample(xs[rows], targets.take(rows))


class JudgedSquares(_Judged, SquaredError):
    """`SquaredError`, judged like `NextSymbols`."""
