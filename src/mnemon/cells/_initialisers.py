"""How weights start: functions `(key, shape) -> array`, whose rows are units and whose columns are their sources.

A cell takes either one function for all its weights, as the classic experiments do (`uniform(0.1)`), or a `Start` that
names one for the inputs, one for the recurrent weights and one for the biases.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

Initialiser = Callable[[PRNGKeyArray, tuple[int, ...]], Float[Array, "..."]]


def uniform(reach: float) -> Initialiser:
    """Uniform in [-reach, reach], the start of the classic experiments (0.1, 0.2, 0.3 ...)."""

    def initialise(key: PRNGKeyArray, shape: tuple[int, ...]) -> Array:
        return jax.random.uniform(key, shape, minval=-reach, maxval=reach)

    return initialise


def glorot(key: PRNGKeyArray, shape: tuple[int, ...]) -> Array:
    """Uniform with variance 2 / (units + sources): Glorot and Bengio, AISTATS 2010."""
    return jax.nn.initializers.glorot_uniform(in_axis=-1, out_axis=-2)(key, shape, jnp.result_type(float))


def orthogonal(key: PRNGKeyArray, shape: tuple[int, ...]) -> Array:
    """Orthonormal columns in each square block of rows: Saxe, McClelland and Ganguli, ICLR 2014 (arXiv:1312.6120).

    A recurrent matrix of several gates is a pile of square blocks; each block is drawn apart, so that each gate's
    product keeps the length of the state.
    """
    rows, columns = shape
    blocks = -(-rows // columns)
    draw = jax.nn.initializers.orthogonal()
    piles = [draw(k, (columns, columns), jnp.result_type(float)) for k in jax.random.split(key, blocks)]
    return jnp.concatenate(piles)[:rows]


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
