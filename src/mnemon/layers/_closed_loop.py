"""Forecasting networks that go on with their own forecasts where nothing is measured.

    x~(t) = x(t) where it is known,  z(t-1) where x(t) is NaN             z is 0 before the start
    z(t)  = network( x~(t), u(t) )

The network forecasts its own first inputs, one step ahead; u is what else it is given. Errors run back through what was
fed, so that it learns under the very conditions that it is used in:

- all x known: the open, "series-parallel" loop; x known for a while, and NaN behind: the closed, "parallel" loop over a
  horizon (K. Narendra and K. Parthasarathy, IEEE Trans. Neural Networks 1(1):4-27, 1990, doi:10.1109/72.80202).
- x NaN at random: scheduled sampling (S. Bengio, O. Vinyals, N. Jaitly and N. Shazeer, NeurIPS 2015, arXiv:1506.03099),
  here with errors through what was sampled.
"""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ..errors import InvalidInput
from ._network import Network
from ._network_cell import NetworkState
from ._own_answers import OwnAnswers
from ._readout import Through
from ._recurrent import Recurrent


class ClosedLoopState(NamedTuple):
    """The network's state, which holds its last answer, and which inputs were known.

    A state that counts, `known`, tells rules that carry derivatives forward that what reaches what changes with time.
    """

    network: NetworkState
    known: Bool[Array, "... fed"]


class ClosedLoop(OwnAnswers):
    """A network that reads its own last answer where its first inputs are NaN; a cell of the network's sizes.

    Dropout of the network is silent in the loop.

    Args:
        network: a causal network; its first inputs are what it forecasts.
        fed: which of its answers are fed, in the order of the inputs that they stand for; all if None. A network that
            answers by quantiles feeds the middle ones, one that answers by means and deviations the means.

    Raises:
        InvalidInput: a network that is not causal, that reads symbols, or with fewer inputs than answers that are fed;
            places of answers that it does not have.

    Example:
        >>> import jax
        >>> from mnemon.cells import GRU
        >>> from mnemon.layers import Network, Readout, closed
        >>> a, b = jax.random.split(jax.random.key(0))
        >>> network = Network(GRU(2, 8, key=a), Readout(8, 1, at="steps", key=b))
        >>> xs = jax.numpy.ones((1, 20, 2)).at[:, 12:, 0].set(jax.numpy.nan)
        >>> forecast = closed(network)(xs).values
        >>> forecast.shape, bool(jax.numpy.isfinite(forecast).all())
        ((1, 20, 1), True)

    """

    fed: tuple[int, ...] = eqx.field(static=True)

    def __init__(self, network: Network, fed: tuple[int, ...] | None = None) -> None:
        super().__init__(network, network.input_size)
        self.fed = tuple(range(network.output_size) if fed is None else fed)
        wrong = [k for k in self.fed if not 0 <= k < network.output_size]
        if not self.fed or wrong:
            raise InvalidInput(
                f"ClosedLoop: fed={fed}; expected places of answers from 0 to {network.output_size - 1}, at least one"
            )
        if len(self.fed) > network.input_size:
            raise InvalidInput(
                f"ClosedLoop: {len(self.fed)} answers are fed, but the network takes {network.input_size} inputs; say "
                "by fed=... which answers stand for its first inputs"
            )
        if network.layers.reads_symbols:
            raise InvalidInput("ClosedLoop: the network reads symbols, none of which can be NaN; see `generate`")

    def initial_state(self) -> ClosedLoopState:
        """The network's, and an answer of zero."""
        return ClosedLoopState(self.cell.initial_state(), jnp.ones(len(self.fed), bool))

    def step(self, state: ClosedLoopState, drive: Float[Array, " inputs"]) -> ClosedLoopState:
        """The equations above."""
        given, others = drive[: len(self.fed)], drive[len(self.fed) :]
        known = ~jnp.isnan(given)
        own = state.network.answer[jnp.asarray(self.fed)]
        seen = jnp.concatenate([jnp.where(known, given, own), others])
        return ClosedLoopState(self.cell.step(state.network, seen), known)


def closed(network: Network, fed: tuple[int, ...] | None = None) -> Network:
    """A network around `network` that goes on with its own answers, at every step; see `ClosedLoop`.

    It has the same weights, also where `network` is that of a population; training it trains them, and `opened` gives
    them back.
    """
    return Network(ClosedLoop(network, fed), Through(network.output_size, at="steps"))


def opened(network: Network) -> Network:
    """The network that `closed` closed, with its present weights: it runs over whole sequences, and reads no NaN.

    Raises:
        InvalidInput: a network that `closed` has not made.

    """
    layer = network.layers.layers[0]
    if len(network.layers.layers) > 1 or not isinstance(layer, Recurrent) or not isinstance(layer.cell, ClosedLoop):
        raise InvalidInput("opened: expected a network that `closed` has made")
    return layer.cell.network
