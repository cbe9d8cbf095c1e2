"""The dynamic networks that forecasts and models of plants are classically made of, by name.

    dlnn     y = W d(t) + b                                                     d(t) = ( x(t), ... x(t-n+1) )
    dmlp     h = f( W d(t) + b ),  y = V h + c                                  f = tanh, further layers alike
    rmlp     h(t) = f( W d(t) + U h(t-1) + b ),  y = V h(t) + c
    narx     h(t) = f( W d(t) + U ( y(t-1), ... y(t-m) ) + b ),  y(t) = V h(t) + c

dmlp: A. Lapedes and R. Farber, Los Alamos report LA-UR-87-2662, 1987. rmlp: G. Puskorius and L. Feldkamp, IEEE Trans.
Neural Networks 5(2):279-297, 1994, doi:10.1109/72.279191. narx: H. Siegelmann, B. Horne and C. Giles, IEEE Trans. SMC
B 27(2):208-215, 1997, doi:10.1109/3477.558801; T. Lin, B. Horne, P. Tino and C. Giles, "Learning long-term
dependencies in NARX recurrent neural networks", IEEE Trans. Neural Networks 7(6):1329-1338, 1996,
doi:10.1109/72.548162. All four side by side: A. Chernodub, "Training dynamic neural networks using the extended Kalman
filter for multi-step-ahead predictions", in Koprinkova-Hristova and others (eds), Springer 2014, pp. 221-244.

A forecaster reads the series itself among its inputs x and is asked for the next value; `closed` runs the first three
on their own forecasts.
"""

from collections.abc import Sequence

import jax
from jaxtyping import PRNGKeyArray

from ..cells import Elman, Initialiser, Start
from ..errors import InvalidInput
from ._convolution import Convolution
from ._delay_line import DelayLine
from ._feedback import Feedback
from ._layer import Layer
from ._network import Network
from ._readout import Readout, Through
from ._recurrent import Recurrent
from ._stack import Stack

How = Initialiser | Start | None


def dlnn(inputs: int, outputs: int, *, taps: int, initialiser: How = None, key: PRNGKeyArray) -> Network:
    """Dynamic linear network: linear autoregression, outputs (taps * inputs + 1) weights.

    Args:
        inputs, outputs: numbers of them.
        taps: how many steps of the inputs are seen.
        initialiser: a `Start`, or one `(key, shape) -> array` for all weights.
        key: random key.

    """
    line = DelayLine(inputs, taps)
    return Network(line, Readout(line.output_size, outputs, at="steps", initialiser=initialiser, key=key))


def dmlp(
    inputs: int,
    outputs: int,
    *,
    taps: int,
    units: int | Sequence[int],
    initialiser: How = None,
    key: PRNGKeyArray,
) -> Network:
    """Dynamic multilayer perceptron: hidden layers of tanh units on the delayed inputs.

    With n units: n (taps * inputs + 1) + outputs (n + 1) weights, and m (n + 1) more for a second layer of m, whose
    readout is outputs (m + 1).

    Args:
        inputs, outputs, taps, initialiser, key: see `dlnn`.
        units: units of the hidden layer, or of each of them from the lowest up.

    Raises:
        InvalidInput: no hidden layer, or an empty one.

    Example:
        >>> import jax
        >>> from mnemon.layers import dmlp
        >>> dmlp(1, 1, taps=5, units=8, key=jax.random.key(0)).weight_count()
        57

    """
    return _with_readout(_hidden(inputs, taps, units, initialiser, key), outputs, initialiser, key)


def rmlp(
    inputs: int,
    outputs: int,
    *,
    units: int | Sequence[int],
    taps: int = 1,
    initialiser: How = None,
    key: PRNGKeyArray,
) -> Network:
    """Recurrent multilayer perceptron: each hidden layer is fed its own units of the step before.

    With n units: n (taps * inputs + n + 1) + outputs (n + 1) weights.

    Args:
        inputs, outputs, taps, units, initialiser, key: see `dmlp`.

    Raises:
        InvalidInput: no hidden layer, or an empty one.

    """
    layers: list[Layer] = [DelayLine(inputs, taps)] if taps != 1 else []  # one tap is no line: native engines see more
    size = taps * inputs
    for count, layer_key in _each(units, key):
        layers.append(Recurrent(Elman(size, count, initialiser=initialiser, key=layer_key)))
        size = count
    return _with_readout(layers, outputs, initialiser, key)


def narx(
    inputs: int,
    outputs: int,
    *,
    taps: int,
    feedback: int,
    units: int | Sequence[int],
    initialiser: How = None,
    key: PRNGKeyArray,
) -> Network:
    """Nonlinear autoregressive network with exogenous inputs: sees its own last answers beside the delayed inputs.

    As it is it runs in the closed, "parallel" loop. The hidden layers by themselves run in the open, "series-parallel"
    one, by targets in place of answers (the example). With n units: n (taps * inputs + feedback * outputs + 1) +
    outputs (n + 1) weights.

    Args:
        inputs, outputs, taps, units, initialiser, key: see `dmlp`; with 0 inputs it sees its own answers alone.
        feedback: how many of its last answers it sees.

    Raises:
        InvalidInput: no hidden layer, or an empty one; no feedback.

    Example:
        >>> import jax
        >>> from mnemon.layers import narx
        >>> network = narx(1, 1, taps=2, feedback=3, units=4, key=jax.random.key(0))
        >>> xs, targets = jax.numpy.ones((5, 20, 1)), jax.numpy.ones((5, 20, 1))
        >>> parallel = network(xs).values
        >>> line, loop = network.layers.layers
        >>> forced = loop.cell.forced(line(xs).outputs, targets)
        >>> series_parallel = loop.cell.network(forced).values
        >>> parallel.shape == series_parallel.shape
        True

    """
    if feedback < 1:
        raise InvalidInput(f"narx: feedback={feedback}; expected at least 1 answer to be seen, or take dmlp")
    line = DelayLine(inputs, taps)
    hidden = _hidden(line.output_size + feedback * outputs, 1, units, initialiser, key)
    inner = _with_readout(hidden, outputs, initialiser, key)
    return Network(Stack(line, Feedback(inner, tuple(range(1, feedback + 1)))), Through(outputs))


def _hidden(inputs: int, taps: int, units: int | Sequence[int], initialiser: How, key: PRNGKeyArray) -> list[Layer]:
    """Layers of tanh units, of which the lowest sees so many steps."""
    layers: list[Layer] = []
    size, width = inputs, taps
    for count, layer_key in _each(units, key):
        layers.append(
            Convolution(size, count, width, squashing="tanh", causal=True, initialiser=initialiser, key=layer_key)
        )
        size, width = count, 1
    return layers


def _with_readout(layers: list[Layer], outputs: int, initialiser: How, key: PRNGKeyArray) -> Network:
    readout_key = jax.random.fold_in(key, 0)
    readout = Readout(layers[-1].output_size, outputs, at="steps", initialiser=initialiser, key=readout_key)
    return Network(Stack(*layers), readout)


def _each(units: int | Sequence[int], key: PRNGKeyArray) -> list[tuple[int, PRNGKeyArray]]:
    """The hidden layers' sizes, with a key for each."""
    sizes = (units,) if isinstance(units, int) else tuple(units)
    if not sizes or min(sizes) < 1:
        raise InvalidInput(f"units={units!r}: expected at least one hidden layer, of at least 1 unit")
    return [(size, jax.random.fold_in(key, number)) for number, size in enumerate(sizes, start=1)]
