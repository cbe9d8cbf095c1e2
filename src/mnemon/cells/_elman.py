"""The simple recurrent network: J. L. Elman, "Finding structure in time", Cognitive Science 14:179-211, 1990,
doi:10.1207/s15516709cog1402_1.

    h(t) = f( W x(t) + U h(t-1) + b )

f is the logistic function in the paper and in the segmented-memory networks; tanh is what most use today.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ..kernels import StandardForm
from ._initialisers import Initialiser, Start
from ._squashed_units import SquashedUnits
from ._squashing import SQUASHING


class Elman(SquashedUnits):
    """Simple recurrent network of `units` fully connected units.

    Weights: `input_weights` (units, input_size), `recurrent_weights` (units, units), `bias` (units,) or None;
    units * (input_size + units + 1) of them with biases.

    Args:
        input_size: features of a step.
        units: number of units.
        squashing: "tanh" or "logistic" (or "relu", "identity").
        bias: whether units have biases (the published segmented-memory equations have none).
        initialiser: a `Start`, or one `(key, shape) -> array` for all weights.
        key: random key.

    Raises:
        InvalidInput: an unknown squashing function.

    Example:
        >>> import jax
        >>> from mnemon.cells import Elman
        >>> cell = Elman(2, 8, squashing="logistic", key=jax.random.key(0))
        >>> cell.output(cell.initial_state()).shape
        (8,)

    """

    def __init__(
        self,
        input_size: int,
        units: int,
        *,
        squashing: str = "tanh",
        bias: bool = True,
        initialiser: Initialiser | Start | None = None,
        key: PRNGKeyArray,
    ) -> None:
        super().__init__(input_size, units, units, squashing=squashing, bias=bias, initialiser=initialiser, key=key)

    def step(self, state: Float[Array, " units"], drive: Float[Array, " units"]) -> Float[Array, " units"]:
        """f(drive)."""
        return self.squashing(drive)

    def output(self, state: Float[Array, " units"]) -> Float[Array, " units"]:
        """The units themselves."""
        return state

    def standard(self) -> StandardForm | None:
        """See `Cell`; a subclass with a step of its own has none."""
        squashing = self.squashing.__name__
        if type(self).step is not Elman.step or SQUASHING.get(squashing) is not self.squashing:
            return None
        bias = jnp.zeros(self.output_size, self.recurrent_weights.dtype) if self.bias is None else self.bias
        return StandardForm(
            "elman", self.input_weights, self.recurrent_weights, bias,
            enter=lambda state: (state, state[..., :0]), leave=lambda sources, cells: sources, squash_in=squashing,
        )  # fmt: skip
