"""The fully recurrent network, every unit fed by every unit and input: R. J. Williams and D. Zipser, "A learning
algorithm for continually running fully recurrent neural networks", Neural Computation 1(2):270-280, 1989,
doi:10.1162/neco.1989.1.2.270.

    y(t) = f( W x(t) + U y(t-1) + b ),    of which the first `outputs` units are the outputs

There is no layer above: a target may be given for an output unit at any step. f is logistic in the paper; tanh is what
most use today.
"""

from jaxtyping import Array, Float, PRNGKeyArray

from ..errors import InvalidInput
from ._initialisers import Initialiser, Start
from ._squashed_units import SquashedUnits


class FullyRecurrent(SquashedUnits):
    """Fully recurrent network of `units` units, of which the first `outputs` are seen from outside.

    Weights: `input_weights` (units, input_size), `recurrent_weights` (units, units), `bias` (units,) or None;
    units * (input_size + units + 1) of them with biases.

    Args:
        input_size: features of a step.
        units: number of units.
        outputs: how many of them are outputs; all if None.
        squashing: "tanh" or "logistic" (or "relu", "identity").
        bias: whether units have biases.
        initialiser: a `Start`, or one `(key, shape) -> array` for all weights.
        key: random key.

    Raises:
        InvalidInput: an unknown squashing function, or more outputs than units.

    Example:
        >>> import jax
        >>> from mnemon.cells import FullyRecurrent
        >>> cell = FullyRecurrent(2, 8, outputs=3, squashing="logistic", key=jax.random.key(0))
        >>> cell.output(cell.initial_state()).shape
        (3,)

    """

    def __init__(
        self,
        input_size: int,
        units: int,
        *,
        outputs: int | None = None,
        squashing: str = "tanh",
        bias: bool = True,
        initialiser: Initialiser | Start | None = None,
        key: PRNGKeyArray,
    ) -> None:
        outputs = units if outputs is None else outputs
        if not 1 <= outputs <= units:
            raise InvalidInput(f"outputs={outputs}; expected 1 to {units}, the number of units")
        super().__init__(input_size, units, outputs, squashing=squashing, bias=bias, initialiser=initialiser, key=key)

    def step(self, state: Float[Array, " units"], drive: Float[Array, " units"]) -> Float[Array, " units"]:
        """f(drive)."""
        return self.squashing(drive)

    def output(self, state: Float[Array, " units"]) -> Float[Array, " outputs"]:
        """The first units."""
        return state[: self.output_size]
