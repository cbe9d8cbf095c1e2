"""What the tests of searches share: a loss whose least value is known, and learners without gradients."""

import functools

import jax
import numpy as np

from mnemon.cells import LeakyESN, gaussian
from mnemon.layers import Network, Readout
from mnemon.learning import Batch, Examples, Learner, NoGradient, Population, SquaredError, Until, train
from mnemon.sequences import Sequences

UNITS = 2
_RNG = np.random.default_rng(3)
XS = Sequences([_RNG.normal(size=(length, 2)) for length in (3, 5, 4, 5, 3, 4, 5, 2, 5, 3)])
TARGETS = _RNG.normal(size=(10, 1))
DATA = Examples(XS, TARGETS)


def fixed_layer(key) -> Network:
    """A reservoir, which is not trained, and a linear readout: three weights, and a quadratic loss."""
    below, above = jax.random.split(key)
    return Network(LeakyESN(2, UNITS, initialiser=gaussian(2.0), key=below), Readout(UNITS, 1, key=above))


@functools.cache
def three() -> Population:
    return Population.make(fixed_layer, 3, 0)


def least_squares(network: Network) -> tuple[np.ndarray, float]:
    """The best readout, bias last, and its mean squared error, by NumPy."""
    values, lengths = XS.pad(dtype=network.readout.weights.dtype)
    seen = np.asarray(network.seen(jax.numpy.asarray(values), jax.numpy.asarray(lengths)).values, float)
    design = np.hstack([seen, np.ones((10, 1))])
    best, (rest,), *_ = np.linalg.lstsq(design, TARGETS, rcond=None)
    return best[:, 0], rest / 10


def readout_of(network: Network) -> np.ndarray:
    return np.concatenate([np.asarray(network.readout.weights[0]), np.asarray(network.readout.bias)])


def by(update, size=None) -> Learner:
    return Learner(NoGradient(), update, Batch(size))


def search(update, networks=None, epochs=100, **how):
    people = three() if networks is None else networks
    return train(people, by(update), DATA, **{"loss": SquaredError(), "until": Until(epochs)} | how)
