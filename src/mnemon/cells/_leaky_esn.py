"""The reservoir of leaky integrator units: H. Jaeger, M. Lukosevicius, D. Popovici and U. Siewert, "Optimization and
applications of echo state networks with leaky-integrator neurons", Neural Networks 20(3):335-352, 2007,
doi:10.1016/j.neunet.2007.04.016; without leak, H. Jaeger, GMD Report 148, 2001, doi:10.24406/publica-fhg-291111.

    x(t) = (1 - a) x(t-1) + a f( W u(t) + U x(t-1) + b )

W, U and b are drawn once and never trained; only what reads the reservoir is. a is the leaking rate: with a = 1 the
units are ordinary ones. U is sparse and scaled to its spectral radius, which for zero inputs to be forgotten has to be
below 1; inputs of some size allow more.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ..errors import InvalidInput
from ._cell import Cell
from ._frozen import Frozen
from ._initialisers import Initialiser, Start, uniform
from ._initialisers import spectral_radius as of_radius
from ._squashing import squashing_function


class LeakyESN(Cell):
    """Reservoir of `units` leaky units with fixed weights, for a readout that is trained.

    No weight is trained: `input_weights` (units, input_size), `recurrent_weights` (units, units) and `bias` (units,)
    are `Frozen`.

    Args:
        input_size: features of a step.
        units: number of units.
        leak: a, the leaking rate, in (0, 1].
        spectral_radius: largest absolute eigenvalue of the recurrent weights.
        connections: how many units feed each unit; None for all.
        input_scale: input weights are uniform in [-input_scale, input_scale].
        bias_scale: biases are uniform in [-bias_scale, bias_scale].
        squashing: "tanh" or "logistic" (or "relu", "identity").
        initialiser: a `Start`, or one `(key, shape) -> array`, in place of the four arguments above.
        key: random key.

    Raises:
        InvalidInput: an unknown squashing function, or a leak outside (0, 1].

    Example:
        >>> import jax
        >>> from mnemon.cells import LeakyESN, trainable
        >>> cell = LeakyESN(1, 50, leak=0.3, spectral_radius=0.95, key=jax.random.key(0))
        >>> jax.tree.leaves(trainable(cell))
        []

    """

    input_weights: Frozen
    recurrent_weights: Frozen
    bias: Frozen
    leak: float = eqx.field(static=True)
    squashing: Callable[[Array], Array] = eqx.field(static=True)
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        units: int,
        *,
        leak: float = 0.3,
        spectral_radius: float = 0.9,
        connections: int | None = 10,
        input_scale: float = 1.0,
        bias_scale: float = 0.2,
        squashing: str = "tanh",
        initialiser: Initialiser | Start | None = None,
        key: PRNGKeyArray,
    ) -> None:
        if not 0 < leak <= 1:
            raise InvalidInput(f"leak={leak}; expected a number in (0, 1]")
        if initialiser is None:
            recurrent = of_radius(spectral_radius, connections)
            initialiser = Start(uniform(input_scale), recurrent, uniform(bias_scale))
        input_key, recurrent_key, bias_key = jax.random.split(key, 3)
        start = Start.of(initialiser)
        self.input_weights = Frozen(start.inputs(input_key, (units, input_size)))
        self.recurrent_weights = Frozen(start.recurrent(recurrent_key, (units, units)))
        self.bias = Frozen(start.bias(bias_key, (units,)))
        self.leak = leak
        self.squashing = squashing_function(squashing)
        self.input_size = input_size
        self.output_size = units

    def initial_state(self) -> Float[Array, " units"]:
        """Zeros."""
        return jnp.zeros(self.output_size, self.recurrent_weights.value.dtype)

    def project(self, xs: Float[Array, "time inputs"]) -> Float[Array, "time units"]:
        """W u + b."""
        weights, bias = jax.lax.stop_gradient((self.input_weights.value, self.bias.value))
        return xs @ weights.T + bias[None]

    def recur(self, state: Float[Array, " units"]) -> Float[Array, " units"]:
        """U x."""
        return jax.lax.stop_gradient(self.recurrent_weights.value) @ state

    def step(self, state: Float[Array, " units"], drive: Float[Array, " units"]) -> Float[Array, " units"]:
        """The equation above."""
        return state + self.leak * (self.squashing(drive) - state)

    def output(self, state: Float[Array, " units"]) -> Float[Array, " units"]:
        """The units themselves."""
        return state
