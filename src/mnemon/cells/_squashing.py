"""Squashing functions by their names in the papers; a model file names them, so that they can be found again."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array

from ..errors import InvalidInput, suggest


def logistic(a: Array) -> Array:
    """f(a) = 1 / (1 + exp(-a)), in [0, 1]."""
    return jax.nn.sigmoid(a)


def tanh(a: Array) -> Array:
    """Hyperbolic tangent, in [-1, 1]."""
    return jnp.tanh(a)


def relu(a: Array) -> Array:
    """max(0, a)."""
    return jax.nn.relu(a)


def identity(a: Array) -> Array:
    """A itself: the squashing that Gers and Schmidhuber (2001) left out."""
    return a


def logistic1(a: Array) -> Array:
    """h(s) = 2 f(s) - 1, in [-1, 1]: cell outputs of Hochreiter and Schmidhuber (1997)."""
    return 2 * jax.nn.sigmoid(a) - 1


def logistic2(a: Array) -> Array:
    """g(a) = 4 f(a) - 2, in [-2, 2]: cell inputs of Hochreiter and Schmidhuber (1997)."""
    return 4 * jax.nn.sigmoid(a) - 2


SQUASHING = {f.__name__: f for f in (logistic, tanh, relu, identity, logistic1, logistic2)}
# Their slopes, by their values.
SLOPES: dict[str, Callable[[Array], Array]] = {
    "logistic": lambda f: f - f * f,
    "tanh": lambda f: 1 - f * f,
    "relu": lambda f: (f > 0).astype(f.dtype),
    "identity": jnp.ones_like,
    "logistic1": lambda f: (1 - f * f) / 2,
    "logistic2": lambda f: 1 - f * f / 4,
}


def squashing_function(name: str) -> Callable[[Array], Array]:
    """The squashing function of that name.

    Raises:
        InvalidInput: an unknown one.

    """
    if name not in SQUASHING:
        raise InvalidInput(f"squashing={name!r}: {suggest(name, SQUASHING)}")
    return SQUASHING[name]
