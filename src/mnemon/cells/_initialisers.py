"""How weights start: functions `(key, shape) -> array`, whose rows are units and whose columns are their sources.

A cell takes either one function for all its weights, as the classic experiments do (`uniform(0.1)`), or a `Start` that
names one for the inputs, one for the recurrent weights and one for the biases. Those that take numbers are small
objects, called as functions are, so that a saved model can name them. A recurrent matrix of several gates is a pile of
square blocks; `orthogonal`, `identity`, `spectral_radius` and `sparse_spectral` draw each block apart. Biases that hold
a gate open at the start are the `gate_bias` of `LSTM`, on top of what is drawn here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, PRNGKeyArray

from ..errors import InvalidInput

Initialiser = Callable[[PRNGKeyArray, tuple[int, ...]], Float[Array, "..."]]

# Squarings of a matrix after which the growth of its powers is the largest eigenvalue, in double precision too.
SQUARINGS = 40


@dataclass(frozen=True)
class uniform:
    """Uniform in [-reach, reach], the start of the classic experiments (0.1, 0.2, 0.3 ...).

    Example:
        >>> import jax
        >>> from mnemon.cells import Elman, uniform
        >>> cell = Elman(2, 8, initialiser=uniform(0.1), key=jax.random.key(0))
        >>> bool(abs(cell.recurrent_weights).max() <= 0.1)
        True

    """

    reach: float

    def __call__(self, key: PRNGKeyArray, shape: tuple[int, ...]) -> Array:
        return jax.random.uniform(key, shape, minval=-self.reach, maxval=self.reach)


@dataclass(frozen=True)
class gaussian:
    """Normal with mean 0 and the given standard deviation."""

    deviation: float

    def __call__(self, key: PRNGKeyArray, shape: tuple[int, ...]) -> Array:
        return self.deviation * jax.random.normal(key, shape)


def glorot(key: PRNGKeyArray, shape: tuple[int, ...]) -> Array:
    """Uniform with variance 2 / (units + sources): Glorot and Bengio, AISTATS 2010."""
    return jax.nn.initializers.glorot_uniform(in_axis=-1, out_axis=-2)(key, shape, jnp.result_type(float))


def orthogonal(key: PRNGKeyArray, shape: tuple[int, ...]) -> Array:
    """Orthonormal columns in each square block of rows: Saxe, McClelland and Ganguli, ICLR 2014 (arXiv:1312.6120).

    Each block keeps the length of the state, and so does each gate's product.
    """
    draw = jax.nn.initializers.orthogonal()
    return _piled(key, shape, "orthogonal", lambda k, size: draw(k, (size, size), jnp.result_type(float)))


@dataclass(frozen=True)
class identity:
    """`scale` times the identity in each square block of rows: Le, Jaitly and Hinton 2015 (arXiv:1504.00941)."""

    scale: float = 1.0

    def __call__(self, key: PRNGKeyArray, shape: tuple[int, ...]) -> Array:
        return _piled(key, shape, "identity", lambda _, size: self.scale * jnp.eye(size))


@dataclass(frozen=True)
class spectral_radius:
    """Square blocks whose largest absolute eigenvalue is `radius`: Jaeger 2001 (doi:10.24406/publica-fhg-291111).

    Entries are uniform, `connections` of them in each row and the others 0 (None: all are drawn). The eigenvalue is
    the rate at which the powers of the block grow, |A^n|^(1/n) with n = 2^40, by repeated squaring (Gelfand's formula):
    matrix products alone, so it works on every device, compiled or not, and for whole populations.

    Raises:
        InvalidInput: fewer than one connection, or a vector to draw.

    """

    radius: float
    connections: int | None = None

    def __post_init__(self) -> None:
        if self.connections is not None and self.connections < 1:
            raise InvalidInput(f"spectral_radius: connections={self.connections}; expected at least 1, or None for all")

    def __call__(self, key: PRNGKeyArray, shape: tuple[int, ...]) -> Array:
        def draw(key: PRNGKeyArray, size: int) -> Array:
            value_key, place_key = jax.random.split(key)
            block = jax.random.uniform(value_key, (size, size), minval=-1.0, maxval=1.0)
            if self.connections is not None:
                block = jnp.where(_places(place_key, (size, size), self.connections), block, jnp.zeros_like(block))
            return _scaled(block, self.radius)

        return _piled(key, shape, "spectral_radius", draw)


@dataclass(frozen=True)
class sparse:
    """A few normal weights into each unit, the others 0: J. Martens, "Deep learning via Hessian-free optimization",
    ICML 2010. Each unit has `connections` sources, or all where there are fewer; vectors are drawn whole.

    Raises:
        InvalidInput: fewer than one connection.

    """

    connections: int = 15
    deviation: float = 1.0

    def __post_init__(self) -> None:
        if self.connections < 1:
            raise InvalidInput(f"sparse: connections={self.connections}; expected at least 1")

    def __call__(self, key: PRNGKeyArray, shape: tuple[int, ...]) -> Array:
        value_key, place_key = jax.random.split(key)
        drawn = self.deviation * jax.random.normal(value_key, shape)
        if len(shape) < 2:
            return drawn
        return jnp.where(_places(place_key, shape, self.connections), drawn, jnp.zeros_like(drawn))


@dataclass(frozen=True)
class sparse_spectral:
    """Square blocks of a few normal weights into each unit, scaled to a spectral radius: R. Pascanu, T. Mikolov and
    Y. Bengio, ICML 2013 (arXiv:1211.5063), whose "smart tanh" start it is; I. Sutskever and others took 1.1.

    The deviation of the weights before they are scaled makes no difference.

    Raises:
        InvalidInput: fewer than one connection, no positive radius, or a vector to draw.

    Example:
        >>> import jax
        >>> from mnemon.cells import Elman, Start, gaussian, sparse_spectral, zeros
        >>> smart = Start(gaussian(0.01), sparse_spectral(), zeros)
        >>> Elman(6, 50, initialiser=smart, key=jax.random.key(0)).recurrent_weights.shape
        (50, 50)

    """

    connections: int = 15
    radius: float = 0.95

    def __post_init__(self) -> None:
        if self.connections < 1:
            raise InvalidInput(f"sparse_spectral: connections={self.connections}; expected at least 1")
        if not self.radius > 0:
            raise InvalidInput(f"sparse_spectral: radius={self.radius}; expected a positive number")

    def __call__(self, key: PRNGKeyArray, shape: tuple[int, ...]) -> Array:
        drawn = sparse(self.connections)
        return _piled(key, shape, "sparse_spectral", lambda k, size: _scaled(drawn(k, (size, size)), self.radius))


def zeros(key: PRNGKeyArray, shape: tuple[int, ...]) -> Array:
    """All zero; usual for biases."""
    del key
    return jnp.zeros(shape)


class Start(NamedTuple):
    """One initialiser for each kind of weight. The default is the usual one of today."""

    inputs: Initialiser = glorot
    recurrent: Initialiser = orthogonal
    bias: Initialiser = zeros

    @classmethod
    def of(cls, initialiser: "Initialiser | Start | None") -> "Start":
        """A `Start` as it is; one function for all three; the default for None."""
        if initialiser is None:
            return cls()
        return initialiser if isinstance(initialiser, Start) else cls(initialiser, initialiser, initialiser)


# The starts of Pascanu, Mikolov and Bengio (arXiv:1211.5063), by their names there; the first is for logistic units.
# Readouts start like inputs.
REGIMES: dict[str, Start] = {
    "sigmoid": Start(gaussian(0.01), gaussian(0.01), zeros),
    "basic tanh": Start(gaussian(0.1), gaussian(0.1), zeros),
    "smart tanh": Start(gaussian(0.01), sparse_spectral(15, 0.95), zeros),
}


def largest_eigenvalue(matrix: Float[Array, "n n"]) -> Float[Array, ""]:
    """The largest absolute eigenvalue, the spectral radius, by Gelfand's formula."""

    def square(carry: tuple[Array, Array], weight: Array) -> tuple[tuple[Array, Array], None]:
        power, growth = carry
        length = jnp.sqrt((power**2).sum())
        power = power / jnp.where(length > 0, length, 1)
        return (jnp.matmul(power, power, precision=lax.Precision.HIGHEST), growth + weight * jnp.log(length)), None

    # log |A^n| / n: what is divided out at the k-th squaring counts 2^-k.
    weights = 0.5 ** jnp.arange(SQUARINGS, dtype=matrix.dtype)
    (_, growth), _ = lax.scan(square, (matrix, jnp.zeros((), matrix.dtype)), weights)
    return jnp.exp(growth)


def _scaled(block: Float[Array, "n n"], radius: float) -> Float[Array, "n n"]:
    """The block with that spectral radius."""
    return block * (radius / jnp.maximum(largest_eigenvalue(block), jnp.finfo(block.dtype).tiny))


def _places(key: PRNGKeyArray, shape: tuple[int, ...], connections: int) -> Array:
    """True at `connections` places of each row."""
    first = jnp.broadcast_to(jnp.arange(shape[-1]) < connections, shape)
    return jax.random.permutation(key, first, axis=-1, independent=True)


def _piled(key: PRNGKeyArray, shape: tuple[int, ...], name: str, draw: Callable[[PRNGKeyArray, int], Array]) -> Array:
    """Square blocks on top of each other, the last one cut where the rows end."""
    if len(shape) != 2:
        raise InvalidInput(f"{name} draws matrices only; give biases their own, as in Start(recurrent={name})")
    rows, columns = shape
    blocks = -(-rows // columns)
    return jnp.concatenate([draw(k, columns) for k in jax.random.split(key, blocks)])[:rows]
